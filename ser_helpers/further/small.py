"""What a small class still allows: folds, halves and calibration clips, as many as its clips give.

A class of six people with two sentences each runs notebook 10 to its end. What there are too few
speakers or clips for is left out, and a warning says so: nothing is made up.
"""

import warnings
from collections.abc import Sequence

import pandas as pd

from ser_helpers import split
from ser_helpers.errors import DataError
from ser_helpers.names import EMOTIONS

FEWEST_SPEAKERS = 3  # of a group with folds: one each to test, to validate and to train on
FEWEST_CLIPS = 2  # of a speaker, to know a mean and a spread; see :mod:`ser_helpers.further.adapt`


def halves(clips: pd.DataFrame) -> pd.Series:
    """Cut the speakers in two: women and men, or two halves where the sexes are not known.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table with the columns ``actor`` and ``sex``.

    Returns
    -------
    pandas.Series of str, shape (n_clips,)
        "female" and "male" if each speaker is one of them and both occur, else "first half" and
        "second half" of the speakers in the order of their numbers; indexed like ``clips``.

    Raises
    ------
    DataError
        With a single speaker.
    """
    if set(clips.sex) == {"female", "male"}:
        return clips.sex.rename("half")
    speakers = sorted(clips.actor.unique())
    if len(speakers) < 2:
        raise DataError("one speaker cannot be cut in two halves: record more people")
    first = set(speakers[: (len(speakers) + 1) // 2])
    return clips.actor.map(lambda a: "first half" if a in first else "second half").rename("half")


def folds(clips: pd.DataFrame, most: int = 6) -> pd.Series:
    """Deal the speakers into as many folds as there are speakers for.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table with the columns ``actor`` and ``sex``.
    most : int
        With more speakers, this many folds.

    Returns
    -------
    pandas.Series of int, shape (n_clips,)
        As of :func:`ser_helpers.split.folds_by_speaker`. Empty with fewer than three speakers,
        which a warning says.

    Warns
    -----
    UserWarning
        If there are fewer folds than ``most``, or none.
    """
    n = clips.actor.nunique()
    if n < FEWEST_SPEAKERS:
        warnings.warn(
            f"{n} speaker(s) are too few for folds: one is needed to test, one to validate and one "
            "to train on. What needs these folds is left out",
            stacklevel=2,
        )
        return pd.Series(dtype=int, name="no folds")
    if n < most:
        warnings.warn(f"{n} speakers make {n} folds, not {most}", stacklevel=2)
    return split.folds_by_speaker(clips, min(n, most))


def calibration_pool(clips: pd.DataFrame) -> pd.Series:
    """Set clips apart from which each speaker's calibration clips are taken.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table.

    Returns
    -------
    pandas.Series of bool, shape (n_clips,)
        True for the first half of the sentences, so that no sentence is in both. Where there is
        only one sentence, or a speaker has fewer than two clips of that half, every other clip of
        each speaker, which a warning says.
    """
    sentences = sorted(clips.sentence.unique())
    pool = clips.sentence.isin(sentences[: len(sentences) // 2])
    if pool.groupby(clips.actor).sum().min() >= FEWEST_CLIPS:
        return pool
    warnings.warn(
        "there are too few sentences to calibrate with some and to score others: every other clip "
        "of each speaker is taken, so that the words scored are those of the calibration",
        stacklevel=2,
    )
    ordered = clips.assign(order=clips.emotion.map(EMOTIONS.index)).sort_values(["actor", "order"])
    place = ordered.groupby("actor").cumcount()
    return (place % 2 == 0).reindex(clips.index)


def first_clips(clips: pd.DataFrame, numbers: Sequence[int]) -> dict[int, pd.Index]:
    """Take the first few clips of each speaker, once for each number that every speaker has.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips to choose from, in any order that is wanted.
    numbers : sequence of int

    Returns
    -------
    dict of int to pandas.Index
        Number → the clips chosen; a number that some speaker does not reach is left out, which a
        warning says.
    """
    has = clips.groupby("actor").size()
    if left_out := [n for n in numbers if n > has.min()]:
        warnings.warn(
            f"speaker {has.idxmin()} has {has.min()} clips to choose from, so {_listed(left_out)} "
            "clips are left out",
            stacklevel=2,
        )
    return {n: clips.groupby("actor").head(n).index for n in numbers if n <= has.min()}


def clips_of_one_mood(
    clips: pd.DataFrame, emotions: Sequence[str] = EMOTIONS, *, most: int = 10
) -> dict[str, pd.Index]:
    """Take clips of one emotion of each speaker, once for each emotion with enough of them.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips to choose from.
    emotions : sequence of str
    most : int
        Clips per speaker; there may be fewer.

    Returns
    -------
    dict of str to pandas.Index
        Emotion → the clips chosen; an emotion of which some speaker has fewer than two is left
        out, which a warning says.
    """
    has = pd.crosstab(clips.actor, clips.emotion).reindex(columns=list(emotions), fill_value=0)
    enough = has.min() >= FEWEST_CLIPS
    if not enough.all():
        warnings.warn(
            f"some speaker has fewer than {FEWEST_CLIPS} clips of {_listed(has.columns[~enough])} "
            "to choose from: left out",
            stacklevel=2,
        )
    return {
        emotion: clips[clips.emotion == emotion].groupby("actor").head(most).index
        for emotion in has.columns[enough]
    }


def _listed(values: Sequence) -> str:
    return ", ".join(map(str, values))
