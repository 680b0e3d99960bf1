"""Step 1: from files to a table of clips."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ser_helpers.audio import (
    LONGEST,
    SAMPLE_RATE,
    SHORTEST,
    SUFFIXES,
    check_file,
    load_clip,
)
from ser_helpers.errors import DataError
from ser_helpers.files import project_folder, work_folder
from ser_helpers.names import (
    CORPUS_FOLDERS,
    CREMAD_CLIPS,
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

if TYPE_CHECKING:
    from ser_helpers.download import Report

#: Names, samples and files are modules of their own, below this one; what every notebook needs of
#: them is also reached from here, as ``data.load_clip``.
__all__ = [
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

DEMO_FOLDER = Path(__file__).parent / "demo_voices"
ACTOR_TABLES = ("actors.csv", "VideoDemographics.csv")


@dataclass(frozen=True)
class Corpus:
    """An open corpus: what it is, its clips, and what had to be set aside.

    Attributes
    ----------
    name : str
        What to call it in a report.
    folder : Path
        Where its files are.
    synthetic : bool
        True for the demo voices: made by a program, not spoken by people.
    clips : pandas.DataFrame
        One row a clip, indexed by ``clip`` (its name without suffix), sorted. Columns ``path``,
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
        if self.name == "CREMA-D" and n_clips < CREMAD_CLIPS:
            text += f" · a part of it: the whole has {CREMAD_CLIPS:,} clips of 91 actors"
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
        ``"demo"``; ``"cremad"`` or ``"ravdess"`` as :func:`download` brought them; a folder,
        searched with its subfolders for WAV, FLAC and OGG; or ``"auto"``: ``data/CREMA-D`` in the
        project if clips are there, else the demo voices. Left out, the environment variable
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
    synthetic = DEMO_FOLDER in (folder, *folder.parents)

    files = _sound_files(folder)
    rows, aside = [], []
    for path in files:
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
            aside.append({"file": str(path.relative_to(folder)), "reason": str(error)})
    clips = pd.DataFrame(
        rows,
        columns=["clip", "path", "actor", "sentence", "emotion", "level", "duration"],
    )
    twin = clips.duplicated("clip")
    for path, clip in zip(clips.path[twin], clips["clip"][twin], strict=True):
        first = clips.path[clips["clip"] == clip].iloc[0].relative_to(folder)
        aside.append(
            {
                "file": str(path.relative_to(folder)),
                "reason": f"the clip {clip} is there twice; {first} is used, keep one of them",
            }
        )
    clips = clips[~twin].set_index("clip").sort_index()
    set_aside = pd.DataFrame(aside, columns=["file", "reason"])
    if clips.empty:
        raise DataError(_nothing_usable(folder, set_aside))
    clips = _add_actors(clips, folder)
    return Corpus(_corpus_name(clips, folder, synthetic), folder, synthetic, clips, set_aside)


def download(corpus: str, **options) -> "Report":
    """Bring a real corpus to this machine; what is here already is checked, not fetched again.

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


def folder_of(source: str | Path | None) -> Path:
    """Return the folder that ``open_corpus(source)`` opens."""
    source = str(source or os.environ.get("SER_DATA") or "auto")
    data_folder = project_folder() / "data"
    if source == "auto":
        source = "cremad" if _sound_files(data_folder / CORPUS_FOLDERS["cremad"]) else "demo"
    if source in CORPUS_FOLDERS:
        folder = data_folder / CORPUS_FOLDERS[source]
        if not folder.is_dir():
            raise DataError(
                f"{folder} is not there: get it by `python -m ser_helpers.download {source}`"
            )
        return folder
    return DEMO_FOLDER if source == "demo" else _resolve(Path(source))


def _resolve(folder: Path) -> Path:
    """Find a folder given relative to the current folder or to the project."""
    folder = folder.expanduser()
    for candidate in (folder, project_folder() / folder):
        if candidate.is_dir():
            return candidate.resolve()
    if folder.exists():
        raise DataError(f"{folder} is a file; give the folder that holds the clips")
    raise DataError(
        f"there is no folder {folder} (looked from {Path.cwd()}): check SER_DATA or the path, or "
        "use 'demo' for the voices that come with the course"
    )


def _sound_files(folder: Path) -> list[Path]:
    # macOS leaves a twin `._name.wav`, no sound, beside each file that it copies to a USB stick.
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES and not path.name.startswith("._")
    )


def _nothing_usable(folder: Path, set_aside: pd.DataFrame) -> str:
    """Say why no clip of a folder can be used."""
    if set_aside.empty:
        others = sorted({p.suffix for p in folder.rglob("*") if p.is_file()} - {""})
        found = f"only files ending in {', '.join(others)}" if others else "nothing"
        return (
            f"{folder} has no clips: WAV, FLAC or OGG files are needed, {found} was found. "
            f"Names: {SCHEME}"
        )
    lines = [f"  {row.file}: {row.reason}" for row in set_aside.head(5).itertuples()]
    return (
        f"none of the {len(set_aside)} sound files in {folder} can be used. Names must be "
        f"{SCHEME}. The first ones:\n" + "\n".join(lines)
    )


def _add_actors(clips: pd.DataFrame, folder: Path) -> pd.DataFrame:
    """Add ``sex`` and ``age`` from the corpus's table of actors, where there is one."""
    tables = [f / name for f in (folder, folder.parent) for name in ACTOR_TABLES]
    found = next((table for table in tables if table.is_file()), None)
    sex = pd.Series("unknown", index=sorted(clips.actor.unique()), dtype=object)
    age = pd.Series(np.nan, index=sex.index)
    if found is not None:
        table = pd.read_csv(found)
        missing = {"ActorID", "Sex", "Age"} - set(table.columns)
        if missing:
            raise DataError(
                f"{found} lacks the column(s) {', '.join(sorted(missing))}: it needs ActorID, "
                "Age and Sex, as CREMA-D's VideoDemographics.csv has them"
            )
        table = table.drop_duplicates("ActorID").set_index("ActorID")
        sex.update(table.Sex.str.lower())
        age.update(pd.to_numeric(table.Age, errors="coerce"))
    elif sex.index.isin(range(3001, 3025)).all():
        # RAVDESS, numbered 3000 + n: odd numbers are men (Livingstone & Russo 2018).
        sex[:] = np.where(sex.index % 2, "male", "female")
    clips = clips.assign(sex=clips.actor.map(sex).astype(str), age=clips.actor.map(age))
    return clips[["path", "actor", "sentence", "emotion", "level", "sex", "age", "duration"]]


def _corpus_name(clips: pd.DataFrame, folder: Path, synthetic: bool) -> str:
    if synthetic:
        return "demo voices (synthetic)"
    if clips.actor.between(1001, 1091).all():
        return "CREMA-D"
    if clips.actor.between(3001, 3024).all():
        own = all(is_ravdess_name(path.stem) for path in clips.path)
        return "RAVDESS" if own else "RAVDESS (named like CREMA-D)"
    return folder.name
