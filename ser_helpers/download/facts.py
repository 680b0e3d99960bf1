"""What is known about the real corpora: their clips' names, their addresses, their checksums.

Facts of CREMA-D from CheyneyComputerScience/CREMA-D, commit 1658cd34 (Cao et al. 2014,
doi:10.1109/TAFFC.2014.2336244; ODbL 1.0, contents DbCL 1.0); of RAVDESS from Zenodo record 1188976
(Livingstone & Russo 2018, doi:10.1371/journal.pone.0196391; CC BY-NC-SA 4.0).
"""

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from itertools import product

from ser_helpers.checksums import TABLES
from ser_helpers.names import EMOTIONS, SENTENCES

ACTORS = range(1001, 1092)
#: What these actors did not record, as (sentence, emotion); no emotion: none of the six.
NOT_RECORDED = {
    1002: ("TIE", "NEU"),
    1008: ("WSI", None),
    1009: ("MTI", None),
    1019: ("ITH", None),
    1076: ("ITS", "NEU"),
}
#: Clips that copies of CREMA-D older than October 2022 have under another name.
ALIASES = {"1040_ITH_SAD_XX": "1040_ITH_SAD_X"}
GITHUB = "CheyneyComputerScience/CREMA-D"
MIRROR = "https://gitlab.com/cs-cooper-lab/crema-d-mirror/-/raw/master/"


@dataclass(frozen=True)
class Fingerprint:
    """How an actor's clips are known to be the right ones.

    Attributes
    ----------
    n_bytes : int
        Size of all of them together.
    sha256 : str
        Of what :func:`fingerprint` hashes.
    """

    n_bytes: int
    sha256: str


@dataclass(frozen=True)
class Cremad:
    """CREMA-D: which files it has, where they are, how to know them.

    Attributes
    ----------
    clips : mapping of int to tuple of str
        Names of each actor's clips, without suffix, sorted.
    fingerprints : mapping of int to Fingerprint
    tables : mapping of str to str
        Path of each table to the SHA-256 of its text.
    clip_bases, table_bases : tuple of str
        Addresses to ask, in this order; ``AudioWAV/<name>.wav`` or a table's path follows.
    """

    clips: Mapping[int, tuple[str, ...]]
    fingerprints: Mapping[int, Fingerprint]
    tables: Mapping[str, str]
    clip_bases: tuple[str, ...]
    table_bases: tuple[str, ...]


@dataclass(frozen=True)
class Ravdess:
    """RAVDESS, the part that is spoken: one zip.

    Attributes
    ----------
    clips : tuple of str
        Names without suffix, sorted.
    archive : str
        Name of the zip.
    n_bytes : int
        Its size.
    md5 : str
    bases : tuple of str
        Addresses to ask, in this order; the name of the zip follows.
    """

    clips: tuple[str, ...]
    archive: str
    n_bytes: int
    md5: str
    bases: tuple[str, ...]


def cremad() -> Cremad:
    """Return the facts of CREMA-D as published."""
    file = resources.files("ser_helpers.download") / "checksums" / "cremad.csv"
    with file.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return Cremad(
        clips={actor: cremad_names(actor) for actor in ACTORS},
        fingerprints={int(r["actor"]): Fingerprint(int(r["bytes"]), r["sha256"]) for r in rows},
        tables=TABLES,
        # The first is where GitHub keeps what is under Git LFS; the other two serve plain files.
        clip_bases=(f"https://media.githubusercontent.com/media/{GITHUB}/master/", MIRROR),
        table_bases=(
            f"https://raw.githubusercontent.com/{GITHUB}/1658cd342dff90010aa843eaeebd53610a08b1dc/",
            MIRROR,
        ),
    )


def ravdess() -> Ravdess:
    """Return the facts of RAVDESS as published."""
    return Ravdess(
        clips=tuple(name for actor in range(1, 25) for name in ravdess_names(actor)),
        archive="Audio_Speech_Actors_01-24.zip",
        n_bytes=208_468_073,
        md5="bc696df654c87fed845eb13823edef8a",
        bases=("https://zenodo.org/records/1188976/files/",),
    )


def cremad_names(actor: int) -> tuple[str, ...]:
    """Name the clips of one actor of CREMA-D.

    All spoke twelve sentences in six emotions; "It's eleven o'clock" at three levels, except
    neutral: 82 clips, less what is in ``NOT_RECORDED``.
    """
    names = []
    sentences = list(SENTENCES)[:12]  # the others are RAVDESS's
    for sentence, emotion in product(sentences, EMOTIONS):
        missing = NOT_RECORDED.get(actor)
        if missing and sentence == missing[0] and missing[1] in (None, emotion):
            continue
        graded = sentence == "IEO" and emotion != "NEU"
        levels = ("LO", "MD", "HI") if graded else ("XX",)
        names += [f"{actor}_{sentence}_{emotion}_{level}" for level in levels]
    return tuple(sorted(names))


def ravdess_names(actor: int) -> tuple[str, ...]:
    """Name the 60 spoken clips of one actor of RAVDESS (neutral, 01, has no strong level)."""
    return tuple(
        f"03-01-{emotion:02}-{level:02}-{statement:02}-{take:02}-{actor:02}"
        for emotion, level, statement, take in product(range(1, 9), (1, 2), (1, 2), (1, 2))
        if (emotion, level) != (1, 2)
    )


def fingerprint(hashes: Iterable[tuple[str, str]]) -> str:
    """Hash the hashes of an actor's clips.

    Parameters
    ----------
    hashes : iterable of (str, str)
        Name of each clip without suffix, and the SHA-256 of its file.

    Returns
    -------
    str
        SHA-256 of the lines ``<sha256>  <name>.wav``, as ``sha256sum`` writes them, in the order
        of the names.
    """
    lines = "".join(f"{sha256}  {name}.wav\n" for name, sha256 in sorted(hashes))
    return hashlib.sha256(lines.encode()).hexdigest()
