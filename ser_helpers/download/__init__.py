"""The real corpora, brought to this machine: ``python -m ser_helpers.download cremad``.

Nothing is trusted because it is there: each clip is looked at when it comes in, and all clips of
an actor together must have the published fingerprint. What is here already is kept, whatever
happens; the same command goes on where the last one ended.

``facts`` (names, addresses, checksums) → ``sources`` (an address, a folder, a zip) → ``fetcher``
(one file, whichever source gives it whole) → ``target`` (the folder: lock, room, what is in it)
→ ``run`` (many files at a time) → ``bring_cremad`` and ``bring_ravdess``.
"""

from ser_helpers.download.bring_cremad import cremad, parse_actors
from ser_helpers.download.bring_ravdess import ravdess
from ser_helpers.download.run import Report
from ser_helpers.download.sources import Patience

__all__ = ["Patience", "Report", "cremad", "parse_actors", "ravdess"]
