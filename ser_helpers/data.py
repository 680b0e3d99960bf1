"""Step 1: from files to a table of clips, and from a clip to samples.

Names follow CREMA-D's scheme ``ACTOR_SENTENCE_EMOTION_LEVEL``, e.g. ``1001_IEO_ANG_HI.wav``
(Cao et al. 2014, doi:10.1109/TAFFC.2014.2336244). RAVDESS's own names, e.g.
``03-01-05-02-01-01-12.wav`` (Livingstone & Russo 2018, doi:10.1371/journal.pone.0196391), are read
into the same columns.
"""

import hashlib
import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import soundfile
import soxr

if TYPE_CHECKING:
    from ser_helpers.download import Report

#: The six emotions in the order that every table, model and figure of the course uses.
EMOTIONS = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
EMOTION_NAMES = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happiness",
    "NEU": "neutral",
    "SAD": "sadness",
}
#: RAVDESS has two more. They are in a clips table only if asked for: ``open_corpus(emotions=...)``.
OTHER_EMOTIONS = {"CAL": "calm", "SUR": "surprise"}
#: How strongly the actor was asked to show the emotion; XX: not specified.
LEVELS = {"LO": "low", "MD": "medium", "HI": "high", "XX": "not specified"}
SENTENCES = {
    "IEO": "It's eleven o'clock",
    "TIE": "That is exactly what happened",
    "IOM": "I'm on my way to the meeting",
    "IWW": "I wonder what this is about",
    "TAI": "The airplane is almost full",
    "MTI": "Maybe tomorrow it will be cold",
    "IWL": "I would like a new alarm clock",
    "ITH": "I think I have a doctor's appointment",
    "DFA": "Don't forget a jacket",
    "ITS": "I think I've seen this before",
    "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
    # RAVDESS: two sentences, two takes each.
    "KIA": "Kids are talking by the door",
    "KIB": "Kids are talking by the door",
    "DOA": "Dogs are sitting by the door",
    "DOB": "Dogs are sitting by the door",
}
SAMPLE_RATE = 16_000  # Hz, CREMA-D's own
SHORTEST, LONGEST = (
    0.2,
    60.0,
)  # seconds; outside of it a file is hardly one spoken sentence
LOUDEST = 8.0  # of full scale; a float file may go beyond 1, but not as far as 16-bit integers do
SUFFIXES = (".wav", ".flac", ".ogg")
SCHEME = "ACTOR_SENTENCE_EMOTION_LEVEL, for example 1001_IEO_ANG_HI.wav"
DEMO_FOLDER = Path(__file__).parent / "demo_voices"
ACTOR_TABLES = ("actors.csv", "VideoDemographics.csv")
#: Folders of the real corpora, below ``data/`` in the project, as ``download`` makes them.
CORPUS_FOLDERS = {"cremad": "CREMA-D", "ravdess": "RAVDESS"}
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
#: What the voters of CREMA-D had before them, by the first digit of a row's number.
CHANNELS = {1: "voice", 2: "face", 3: "both"}
KNOWN_BAD = {"1076_MTI_SAD_XX": "CREMA-D's one clip without speech, left out by everybody"}
CREMAD_CLIPS = 7_441  # without that one

_NAME = re.compile(
    r"(?P<actor>\d{4})_(?P<sentence>[A-Z]{3})_(?P<emotion>[A-Z]{3})_(?P<level>LO|MD|HI|XX?)"
)
_RAVDESS_NAME = re.compile(
    r"(?P<modality>0[1-3])-(?P<channel>0[12])-(?P<emotion>0[1-8])-(?P<level>0[12])"
    r"-(?P<statement>0[12])-(?P<take>0[12])-(?P<actor>0[1-9]|1\d|2[0-4])"
)
_VOTE_COLUMNS = {emotion[0]: emotion for emotion in EMOTIONS} | {"fileName": "clip"}
_RAVDESS_EMOTIONS = ("NEU", "CAL", "HAP", "SAD", "ANG", "FEA", "DIS", "SUR")  # 01 to 08


class DataError(ValueError):
    """Something is wrong with a file, a folder or a name; the message says what to do."""


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


def parse_name(name: str) -> dict:
    """Read actor, sentence, emotion and level from a clip's name.

    Parameters
    ----------
    name : str
        A name without suffix. The level ``X``, seen in copies of CREMA-D, is read as ``XX``. A
        name of RAVDESS is read, too: actor 3000 + its number, level MD (normal) or HI (strong).

    Returns
    -------
    dict
        ``actor`` (int), ``sentence``, ``emotion``, ``level`` (str).

    Raises
    ------
    DataError
        If the name does not follow the scheme.

    Examples
    --------
    >>> parse_name("1001_IEO_ANG_HI")
    {'actor': 1001, 'sentence': 'IEO', 'emotion': 'ANG', 'level': 'HI'}
    >>> parse_name("03-01-05-02-01-01-12")
    {'actor': 3012, 'sentence': 'KIA', 'emotion': 'ANG', 'level': 'HI'}
    """
    if match := _RAVDESS_NAME.fullmatch(name):
        return _ravdess_fields(match)
    match = _NAME.fullmatch(name)
    if match is None:
        raise DataError(f"the name {name!r} does not fit {SCHEME}")
    if match["emotion"] not in (*EMOTIONS, *OTHER_EMOTIONS):
        raise DataError(
            f"the name {name!r} has the emotion {match['emotion']!r}, not one of "
            f"{', '.join(EMOTIONS)}"
        )
    fields = match.groupdict()
    return fields | {
        "actor": int(match["actor"]),
        "level": match["level"].ljust(2, "X"),
    }


def make_name(*, actor: int, sentence: str, emotion: str, level: str = "XX") -> str:
    """Write a clip's name: the inverse of :func:`parse_name`."""
    name = f"{actor:04d}_{sentence}_{emotion}_{level}"
    parse_name(name)
    return name


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
    folder = _folder_of(source)
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


def votes(source: str | Path | None = None) -> pd.DataFrame:
    """Count what CREMA-D's listeners voted: one row a clip.

    Parameters
    ----------
    source : str or Path, optional
        Where CREMA-D is, as in :func:`open_corpus`.

    Returns
    -------
    pandas.DataFrame of int, shape (7442, 18)
        Index ``clip``; columns in two levels, so that ``votes().voice`` has one column an
        emotion: ``voice``, ``face`` and ``both`` tell what the voters had before them.

    Raises
    ------
    DataError
        If the table is not there, or is not the published one.

    Examples
    --------
    >>> heard = votes().voice  # doctest: +SKIP
    >>> heard.groupby(corpus.clips.emotion).sum()  # doctest: +SKIP
    """
    path = _cremad_table("processedResults/tabulatedVotes.csv", source)
    table = pd.read_csv(path, index_col=0).rename(columns=_VOTE_COLUMNS)
    channel = table.index // 100_000
    return pd.concat(
        {
            name: table[channel == digit].set_index("clip")[list(EMOTIONS)].sort_index()
            for digit, name in CHANNELS.items()
        },
        axis=1,
    )


def actors(source: str | Path | None = None) -> pd.DataFrame:
    """Read CREMA-D's table of actors.

    Parameters
    ----------
    source : str or Path, optional
        Where CREMA-D is, as in :func:`open_corpus`.

    Returns
    -------
    pandas.DataFrame, shape (91, 4)
        Index ``actor``; columns ``age`` (years), ``sex``, ``race``, ``ethnicity``, as published.

    Raises
    ------
    DataError
        If the table is not there, or is not the published one.
    """
    table = pd.read_csv(_cremad_table("VideoDemographics.csv", source))
    return table.rename(columns=str.lower).set_index("actorid").rename_axis("actor")


def find_table(name: str, folder: Path) -> Path | None:
    """Find one of ``TABLES`` where it lies in CREMA-D's repository, or beside the clips."""
    places = [f / n for f in (folder, folder.parent) for n in (name, Path(name).name)]
    return next((place for place in places if place.is_file()), None)


def is_table(path: Path, sha256: str) -> bool:
    """Tell whether a file is there and its text has this SHA-256, whatever its line ends."""
    # Git on Windows turns LF into CR LF; the table is the same.
    return (
        path.is_file()
        and hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest() == sha256
    )


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


def load_clip(path: str | Path, *, sr: int = SAMPLE_RATE) -> np.ndarray:
    """Load one clip as mono samples.

    Parameters
    ----------
    path : str or Path
        WAV (8 to 32 bit, float), FLAC or OGG; stereo is mixed down.
    sr : int
        Sampling rate wanted, in Hz; another rate is resampled with ``soxr``.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
        Samples, full scale ±1.

    Raises
    ------
    DataError
        If the file is missing, is not sound, is cut short, or holds silence or NaN only.
    """
    path = Path(path)
    _check_bytes(path)
    try:
        with soundfile.SoundFile(path) as file:
            frames, file_sr = file.frames, file.samplerate
            y = file.read(dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise DataError(
            f"{path.name} is damaged and cannot be decoded ({error}): get it again"
        ) from None
    if len(y) < frames:
        raise DataError(
            f"{path.name} is cut short: {len(y)} of {frames} samples are there; get it again"
        )
    y = y.mean(axis=1)
    if not np.isfinite(y).all():
        raise DataError(
            f"{path.name} holds {np.count_nonzero(~np.isfinite(y))} samples that are not numbers "
            "(NaN or infinity): record or export it again"
        )
    if y.size == 0 or np.ptp(y) == 0:
        raise DataError(f"{path.name} is silent: every sample has the same value; leave it out")
    if np.abs(y).max() > LOUDEST:
        raise DataError(
            f"{path.name} holds samples up to {np.abs(y).max():.0f} where full scale is 1: it was "
            "written as float without being scaled; divide by 32768 and save it again"
        )
    if file_sr != sr:
        y = soxr.resample(y, file_sr, sr)
    return np.ascontiguousarray(y, dtype=np.float32)


def check_file(path: str | Path) -> float:
    """Look at a sound file's size and header, without decoding it.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    float
        Its duration in seconds.

    Raises
    ------
    DataError
        If it is missing, empty, a Git LFS pointer, not sound, or cut short.
    """
    path = Path(path)
    _check_bytes(path)
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError as error:
        raise DataError(f"{path.name} cannot be read as sound ({error}): get it again") from None
    if info.frames == 0:
        raise DataError(f"{path.name} has a header but no sound (0 samples): get it again")
    return info.frames / info.samplerate


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under a temporary name, then rename it, so that half a file is never seen.

    Parameters
    ----------
    path : Path
        Its folder is made if need be.
    content : bytes

    Raises
    ------
    OSError
        If it cannot be written; what was there before is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def project_folder() -> Path:
    """Return the course's folder: the nearest one from here upwards that holds ``course.py``."""
    here = Path.cwd()
    return next((p for p in (here, *here.parents) if (p / "course.py").is_file()), here)


def work_folder() -> Path:
    """Return the folder for what the course makes (``SER_WORK``, else ``work/`` in the project)."""
    return project_folder() / (os.environ.get("SER_WORK") or "work")


def _check_bytes(path: Path) -> None:
    """Raise a DataError if a file's size and first and last bytes are not those of sound."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(64)
            file.seek(max(0, size - 65_536 - 512))  # an Ogg page has at most 65,307 bytes
            tail = file.read() if head[:4] == b"OggS" else b""
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    if size == 0:
        raise DataError(f"{path.name} is empty (0 bytes): get it again")
    if head.startswith(b"version https://git-lfs"):
        raise DataError(
            f"{path.name}: this is a pointer of {size} bytes, not sound: the folder was cloned "
            "without Git LFS. Run `git lfs pull` there, or download the clips themselves"
        )
    if head[:4] not in (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS"):
        raise DataError(
            f"{path.name} is not sound that can be read here, WAV, FLAC or OGG: it begins with "
            f"{head[:16]!r}. Get it again, or convert it, for instance with Audacity"
        )
    if head[:4] == b"RIFF":
        promised = int.from_bytes(head[4:8], "little") + 8
        # 0 and 0xFFFFFFFF are written by programs that stream and do not know the length.
        if size < promised and promised not in (8, 0xFFFFFFFF + 8):
            raise DataError(f"{path.name} is cut short: {size} of {promised} bytes; get it again")
    if head[:4] == b"OggS" and not _ends_ogg(tail):
        raise DataError(f"{path.name} is cut short: its last Ogg page is missing; get it again")


def _ravdess_fields(match: re.Match) -> dict:
    if (match["modality"], match["channel"]) != ("03", "01"):
        raise DataError(
            f"the name {match[0]!r} is RAVDESS's, but of a song or a video; speech begins 03-01"
        )
    return {
        "actor": 3000 + int(match["actor"]),
        "sentence": ("KI", "DO")[int(match["statement"]) - 1] + "AB"[int(match["take"]) - 1],
        "emotion": _RAVDESS_EMOTIONS[int(match["emotion"]) - 1],
        "level": ("MD", "HI")[int(match["level"]) - 1],
    }


def _cremad_table(name: str, source: str | Path | None) -> Path:
    """Find one of CREMA-D's tables, and make sure that it is the published one."""
    folder = _folder_of(source)
    get_it = "get it by `python -m ser_helpers.download cremad`"
    path = find_table(name, folder)
    if path is None:
        raise DataError(f"{Path(name).name} comes with CREMA-D and is not in {folder}: {get_it}")
    if not is_table(path, TABLES[name]):
        raise DataError(f"{path} is not the table that CREMA-D published (SHA-256): {get_it}")
    return path


def _folder_of(source: str | Path | None) -> Path:
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
        own = all(_RAVDESS_NAME.fullmatch(path.stem) for path in clips.path)
        return "RAVDESS" if own else "RAVDESS (named like CREMA-D)"
    return folder.name


def _ends_ogg(tail: bytes) -> bool:
    """Tell whether the last Ogg page is whole and carries the end-of-stream flag (RFC 3533)."""
    start = tail.rfind(b"OggS")
    page = tail[start:]
    if start < 0 or len(page) < 27 or len(page) < 27 + page[26]:
        return False
    return bool(page[5] & 4) and len(page) >= 27 + page[26] + sum(page[27 : 27 + page[26]])
