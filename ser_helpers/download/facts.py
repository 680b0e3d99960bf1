"""What is known about the real corpora: where they are, and how their files are recognised.

CREMA-D: CheyneyComputerScience/CREMA-D, commit 1658cd34 (Cao et al. 2014,
doi:10.1109/TAFFC.2014.2336244; ODbL 1.0, contents DbCL 1.0). RAVDESS: Zenodo record 1188976
(Livingstone & Russo 2018, doi:10.1371/journal.pone.0196391; CC BY-NC-SA 4.0).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ser_helpers.checksums import TABLES, Checksum, published

GITHUB = "CheyneyComputerScience/CREMA-D"
MIRROR = "https://gitlab.com/cs-cooper-lab/crema-d-mirror/-/raw/master/"
#: Clips that copies of CREMA-D older than October 2022 have under another name.
ALIASES = {"1040_ITH_SAD_XX": "1040_ITH_SAD_X"}


class Archive(NamedTuple):
    """A zip that holds a whole corpus."""

    name: str
    n_bytes: int
    md5: str


@dataclass(frozen=True)
class Facts:
    """A corpus: its files, how they are recognised, and where they can be downloaded.

    Attributes
    ----------
    clips : mapping of str to Checksum
        Name of each clip, without suffix, to its size and SHA-256.
    origin : str
        Who published these clips.
    bases : tuple of str
        Addresses to ask, in this order; a clip's path, or the archive's name, follows.
    archive : Archive, optional
        The zip that holds the clips, if they are not published one by one.
    tables : mapping of str to str
        Path of each table to the SHA-256 of its text.
    table_bases : tuple of str
        Addresses to ask for the tables.
    """

    clips: Mapping[str, Checksum]
    origin: str
    bases: tuple[str, ...]
    archive: Archive | None = None
    tables: Mapping[str, str] = field(default_factory=dict)
    table_bases: tuple[str, ...] = ()


def cremad() -> Facts:
    """Return the facts of CREMA-D as published."""
    return Facts(
        clips=published("cremad"),
        origin=f"{GITHUB}, commit 1658cd34",
        # The first is where GitHub keeps what is under Git LFS; the other two serve plain files.
        bases=(f"https://media.githubusercontent.com/media/{GITHUB}/master/", MIRROR),
        tables=TABLES,
        table_bases=(
            f"https://raw.githubusercontent.com/{GITHUB}/1658cd342dff90010aa843eaeebd53610a08b1dc/",
            MIRROR,
        ),
    )


def ravdess() -> Facts:
    """Return the facts of the spoken part of RAVDESS as published."""
    return Facts(
        clips=published("ravdess"),
        origin="Zenodo record 1188976",
        bases=("https://zenodo.org/records/1188976/files/",),
        archive=Archive(
            "Audio_Speech_Actors_01-24.zip", 208_468_073, "bc696df654c87fed845eb13823edef8a"
        ),
    )
