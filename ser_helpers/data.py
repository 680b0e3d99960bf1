"""Step 1: from files to a table of clips."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ser_helpers import people
from ser_helpers.audio import LONGEST, SAMPLE_RATE, SHORTEST, check_file, load_clip
from ser_helpers.errors import DataError, printable
from ser_helpers.files import walk, work_folder
from ser_helpers.names import (
    CORPUS_FOLDERS,
    EMOTION_NAMES,
    EMOTIONS,
    KNOWN_BAD,
    LEVELS,
    OTHER_EMOTIONS,
    SCHEME,
    SENTENCES,
    is_ravdess_name,
    make_name,
    parse_name,
)
from ser_helpers.places import DEMO_FOLDER, folder_of, sound_files
from ser_helpers.recognise import recognise

if TYPE_CHECKING:
    from ser_helpers.download import Report

#: Names, samples and files are modules of their own, below this one; what every notebook needs of
#: them is also reached from here, as ``data.load_clip``.
__all__ = [
    "DEMO_FOLDER",
    "EMOTIONS",
    "EMOTION_NAMES",
    "LEVELS",
    "OTHER_EMOTIONS",
    "SAMPLE_RATE",
    "SENTENCES",
    "Corpus",
    "DataError",
    "check_file",
    "download",
    "folder_of",
    "load_clip",
    "make_name",
    "one_of_each",
    "open_corpus",
    "parse_name",
    "work_folder",
]


@dataclass(frozen=True)
class Corpus:
    """An open corpus: what it is, its clips, and what had to be set aside.

    Attributes
    ----------
    name : str
        What to call it in a report. CREMA-D, RAVDESS and the demo voices are recognised by the
        names, lengths and contents of their clips; a part of one says which part it is.
    folder : Path
        Where its files are.
    synthetic : bool
        True if demo voices are in it, wherever they lie: made by a program, not by people.
    clips : pandas.DataFrame
        One row per clip, indexed by ``clip`` (its name without suffix), sorted. Columns ``path``,
        ``actor`` (int), ``sentence``, ``emotion``, ``level``, ``sex`` ("female", "male" or
        "unknown"), ``age`` (years, NaN where unknown), ``duration`` (seconds).
    set_aside : pandas.DataFrame
        Columns ``file`` and ``reason``: what is in the folder but not in ``clips``.
    """

    name: str
    folder: Path
    synthetic: bool
    clips: pd.DataFrame
    set_aside: pd.DataFrame

    def __str__(self) -> str:
        n_clips, n_actors = len(self.clips), self.clips.actor.nunique()
        text = f"Corpus: {self.name} · {n_clips:,} clips · {n_actors} actors"
        text += " · synthetic voices: learn the steps here, draw conclusions on CREMA-D" * (
            self.synthetic
        )
        if len(self.set_aside):
            text += f" · {len(self.set_aside)} files set aside (see corpus.set_aside)"
        return text


def open_corpus(
    source: str | Path | None = None, *, emotions: Collection[str] = EMOTIONS
) -> Corpus:
    """Open the demo voices, CREMA-D, RAVDESS or any folder of clips named like CREMA-D's.

    Parameters
    ----------
    source : str or Path, optional
        ``"demo"``; ``"cremad"`` or ``"ravdess"`` as :func:`download` stored them; a folder,
        searched with its subfolders, links included, for sound; or ``"auto"``: ``data/CREMA-D`` in
        the project if clips are there, else the demo voices. Left out, the environment variable
        ``SER_DATA`` decides, and without it ``"auto"``.
    emotions : collection of str
        Clips of other emotions are set aside. The course's network, reports and figures know the
        six; to look at RAVDESS's calm and surprise, ask for ``(*EMOTIONS, *OTHER_EMOTIONS)``.

    Returns
    -------
    Corpus

    Raises
    ------
    DataError
        If the folder is missing, or no clip in it can be used.
    ValueError
        If ``emotions`` holds a code that nobody knows.
    """
    if unknown := sorted(set(emotions) - {*EMOTIONS, *OTHER_EMOTIONS}):
        known = ", ".join((*EMOTIONS, *OTHER_EMOTIONS))
        raise ValueError(f"unknown emotion(s) {', '.join(unknown)} in emotions: known are {known}")
    folder = folder_of(source)
    unreadable: list[tuple[Path, str]] = []
    rows, aside = [], []
    for path in sound_files(folder, unreadable):
        try:
            fields = parse_name(path.stem)
            # The canonical name, so that `…_X.wav` and `…_XX.wav` are seen to be the same clip.
            clip = make_name(**fields)
            if clip in KNOWN_BAD:
                raise DataError(KNOWN_BAD[clip])
            if fields["emotion"] not in emotions:
                raise DataError(f"the emotion {fields['emotion']} is not among those asked for")
            duration = check_file(path)
            if not SHORTEST <= duration <= LONGEST:
                raise DataError(
                    f"{duration:.2f} s long; one spoken sentence takes {SHORTEST} to {LONGEST:.0f} "
                    "s: cut it, or leave it out"
                )
            rows.append({"clip": clip, "path": path, **fields, "duration": duration})
        except DataError as error:
            aside.append((path, str(error)))
    columns = ["clip", "path", "actor", "sentence", "emotion", "level", "duration"]
    clips = pd.DataFrame(rows, columns=columns)
    used: dict[str, Path] = {}  # by the clip, and by what is really there at the end of a link
    twins = []
    for row in clips.itertuples():
        real = str(row.path.resolve() if row.path.is_symlink() else row.path)
        first = used.get(row.clip) or used.get(real)
        if first is None:
            used |= {row.clip: row.path, real: row.path}
            continue
        twins.append(row.Index)
        if row.path.suffix.lower() == ".mp3" != first.suffix.lower():
            continue  # CREMA-D's repository has each clip as WAV and as MP3
        used_is = first.relative_to(folder)
        aside.append((row.path, f"the clip {row.clip} is there twice; {used_is} is used, keep one"))
    clips = clips.drop(twins).set_index("clip").sort_index()
    aside += [(path, f"this folder cannot be opened: {reason}") for path, reason in unreadable]
    shown = [(printable(str(path.relative_to(folder))), printable(why)) for path, why in aside]
    set_aside = pd.DataFrame(shown, columns=["file", "reason"])
    if clips.empty:
        raise DataError(_nothing_usable(folder, set_aside))
    identity = recognise(clips)
    clips = people.add(clips, folder, identity)
    name = identity.name(printable(folder.name))
    if identity.corpus == "ravdess" and not all(is_ravdess_name(p.stem) for p in clips.path):
        name = name.replace("RAVDESS", "RAVDESS (named like CREMA-D)")
    clips.attrs["corpus"] = name  # goes with the features, into a recogniser's file
    return Corpus(name, folder, identity.synthetic, clips, set_aside)


def download(corpus: str, **options: Any) -> "Report":
    """Download a real corpus; what is here already is checked, not fetched again.

    Parameters
    ----------
    corpus : {"cremad", "ravdess"}
    **options
        Of :func:`ser_helpers.download.cremad` and :func:`ser_helpers.download.ravdess`, for
        instance ``actors="1001-1010"`` or ``source="D:/cremad.zip"``.

    Returns
    -------
    Report
        What is here, verified or missing; print it.

    Raises
    ------
    DataError
        If there is no such corpus, no room on the disk, or a download into that folder is running.
    """
    # Imported here because download stands on this module.
    from ser_helpers import download as module

    if corpus not in CORPUS_FOLDERS:
        raise DataError(f"there is no corpus {corpus!r}: choose from {', '.join(CORPUS_FOLDERS)}")
    return getattr(module, corpus)(**options)


def one_of_each(clips: pd.DataFrame, *, actor: int | None = None) -> pd.DataFrame:
    """Choose one clip of each emotion: one actor, one sentence, acted as strongly as there is.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table.
    actor : int, optional
        Left out, the first actor who said one sentence with the most emotions.

    Returns
    -------
    pandas.DataFrame, shape (6, n_columns)
        Rows of the clips table in the order of ``EMOTIONS``; fewer where an emotion is missing.

    Raises
    ------
    DataError
        If this actor has no clips.
    """
    clips = clips[clips.emotion.isin(EMOTIONS)]  # RAVDESS may be open with two more
    own = clips if actor is None else clips[clips.actor == actor]
    if own.empty:
        raise DataError(f"there is no clip of actor {actor}: choose one of clips.actor.unique()")
    # Among the sentences said with the most emotions, one with graded levels shows them best.
    variety = own.groupby(["actor", "sentence"]).agg(
        emotions=("emotion", "nunique"), levels=("level", "nunique")
    )
    complete = variety[variety.emotions == variety.emotions.max()]
    who = complete.index.get_level_values("actor").min()
    sentence = complete.levels[who].idxmax()
    rows = own[(own.actor == who) & (own.sentence == sentence)]
    strength = rows.level.map({"HI": 0, "XX": 1, "MD": 2, "LO": 3})
    rows = rows.iloc[strength.argsort(kind="stable")].drop_duplicates("emotion")
    return rows.iloc[rows.emotion.map(EMOTIONS.index).argsort()]


def _nothing_usable(folder: Path, set_aside: pd.DataFrame) -> str:
    """Say why no clip of a folder can be used."""
    if set_aside.empty:
        others = sorted({path.suffix for path in walk(folder)} - {""})
        found = f"only files ending in {', '.join(others)}" if others else "nothing"
        return (
            f"{folder} has no clips: sound files (WAV, FLAC, OGG, ...) are needed, {found} was "
            f"found. Names: {SCHEME}"
        )
    lines = [f"  {row.file}: {row.reason}" for row in set_aside.head(5).itertuples()]
    return (
        f"none of the {len(set_aside)} sound files in {folder} can be used. Names must be "
        f"{SCHEME}. The first ones:\n" + "\n".join(lines)
    )
