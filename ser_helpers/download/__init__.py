"""Download the real corpora to this machine: ``python -m ser_helpers.download cremad``.

Nothing is trusted because it is there: each clip, wherever it comes from, is verified by the
SHA-256 that its corpus was published with (``ser_helpers.checksums``). What is here already is
kept, whatever happens, and the same command goes on where the last one ended.

``facts`` (addresses, checksums) → ``sources`` (an address, a folder, a zip) → ``fetcher`` (one
file, from whichever source has the right one) → ``target`` (the folder: its lock, its room, what
is in it) → ``corpora`` (all files of a corpus, several at a time) → ``report``.
"""

from ser_helpers.download.corpora import cremad, parse_actors, ravdess
from ser_helpers.download.report import Report
from ser_helpers.download.sources import Patience

__all__ = ["Patience", "Report", "cremad", "parse_actors", "ravdess"]
