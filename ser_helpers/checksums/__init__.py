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
