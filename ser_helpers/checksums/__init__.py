"""What the clips of the known corpora are known by: size, SHA-256 and length of each.

``cremad.csv`` holds what the Git LFS pointers of CheyneyComputerScience/CREMA-D say (commit
1658cd34; Cao et al. 2014, doi:10.1109/TAFFC.2014.2336244); ``ravdess.csv`` was computed from the
1,440 clips of Zenodo record 1188976 (Livingstone & Russo 2018, doi:10.1371/journal.pone.0196391),
of which two public copies agree byte for byte; ``demo.csv`` from the demo voices
(``tools/make_checksums.py``). Facts only: no sound is in here.
"""

import csv
import functools
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import NamedTuple

CORPORA = ("cremad", "ravdess", "demo")
#: CREMA-D's own tables, and the SHA-256 of their text (lines ending in LF) at commit 1658cd34 of
#: CheyneyComputerScience/CREMA-D.
TABLES = {
    "SentenceFilenames.csv": "d88cb50e84bbc30b2e159cdfc25e1cf87777ad97c7c41d6ab8f75d3383b8f740",
    "VideoDemographics.csv": "e33ddc8b60bedf98541735801127cbb67098b5957271adbdd5dea8a44294eec3",
    "processedResults/summaryTable.csv": (
        "fb0e382700d32c0d9adc0c6815292215a36bcf912f2657048862c91e3bd2b317"
    ),
    "processedResults/tabulatedVotes.csv": (
        "774d9d759cb5caf2542758a39eca8c0f1d2777f9987ff5d5adf8066d192f377b"
    ),
}
CREMAD_HEADER, CREMAD_BYTES = 44, 32_000  # of each WAV; bytes per second: 16 kHz, 16 bit, mono


class Checksum(NamedTuple):
    """What a published file is known by; ``seconds`` is None where its length was not measured."""

    n_bytes: int
    sha256: str
    seconds: float | None


@functools.cache
def published(corpus: str) -> Mapping[str, Checksum]:
    """Read what all published clips of a corpus are known by.

    Parameters
    ----------
    corpus : {"cremad", "ravdess", "demo"}

    Returns
    -------
    mapping of str to Checksum
        Name of each clip, without suffix, as published.

    Raises
    ------
    ValueError
        If there is no such corpus.

    Examples
    --------
    >>> published("cremad")["1001_DFA_ANG_XX"].n_bytes
    72862
    >>> published("ravdess")["03-01-01-01-01-01-01"].seconds
    3.3033
    """
    if corpus not in CORPORA:
        raise ValueError(f"no checksums are known of {corpus!r}: choose from {', '.join(CORPORA)}")
    file = resources.files(__name__) / f"{corpus}.csv"
    with file.open(encoding="utf-8") as lines:
        table = {row["clip"]: _checksum(row) for row in csv.DictReader(lines)}
    return MappingProxyType(table)


def _checksum(row: dict[str, str]) -> Checksum:
    n_bytes = int(row["bytes"])
    seconds: float | None = None
    if "seconds" not in row:
        seconds = (n_bytes - CREMAD_HEADER) / CREMAD_BYTES
    elif row["seconds"]:
        seconds = float(row["seconds"])
    return Checksum(n_bytes, row["sha256"], seconds)
