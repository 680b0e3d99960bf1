"""What the clips of the real corpora are known by: size and SHA-256 of each, as published.

``cremad.csv`` holds what the Git LFS pointers of CheyneyComputerScience/CREMA-D say (commit
1658cd34; Cao et al. 2014, doi:10.1109/TAFFC.2014.2336244); ``ravdess.csv`` was computed from the
1,440 clips of Zenodo record 1188976 (Livingstone & Russo 2018, doi:10.1371/journal.pone.0196391),
of which two public copies agree byte for byte. Facts only: no sound is in here.
"""

import csv
import functools
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import NamedTuple

CORPORA = ("cremad", "ravdess")


class Checksum(NamedTuple):
    """What a published file is known by."""

    n_bytes: int
    sha256: str


@functools.cache
def published(corpus: str) -> Mapping[str, Checksum]:
    """Read the checksums of all published clips of a corpus.

    Parameters
    ----------
    corpus : {"cremad", "ravdess"}

    Returns
    -------
    mapping of str to Checksum
        Name of each clip, without suffix, to size and SHA-256 of its WAV.

    Raises
    ------
    ValueError
        If there is no such corpus.

    Examples
    --------
    >>> published("cremad")["1001_DFA_ANG_XX"].n_bytes
    72862
    >>> len(published("ravdess"))
    1440
    """
    if corpus not in CORPORA:
        raise ValueError(f"no checksums are known of {corpus!r}: choose from {', '.join(CORPORA)}")
    file = resources.files(__name__) / f"{corpus}.csv"
    with file.open(encoding="utf-8") as lines:
        rows = csv.DictReader(lines)
        table = {row["clip"]: Checksum(int(row["bytes"]), row["sha256"]) for row in rows}
    return MappingProxyType(table)
