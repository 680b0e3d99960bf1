"""The folds that all benchmarks share, those on which something is chosen by trials, and scores.

Each of six folds is the test fold once, the next one validates, and the others train. A trial is
scored on the validation parts of the first three folds alone, so the speakers of the other three
(0, 4 and 5) are never scored while anything is chosen.
"""

from collections.abc import Iterable

import pandas as pd

from ser_helpers import evaluate, split

N_FOLDS = 6
TRIAL_FOLDS = (0, 1, 2)  # their validation parts are the folds 1, 2 and 3


def all_parts(folds: pd.Series) -> list[pd.Series]:
    """Return who trains, validates and tests, for each fold as the test fold."""
    return [split.parts_of_fold(folds, fold) for fold in range(folds.max() + 1)]


def trial_parts(folds: pd.Series, of: Iterable[int] = TRIAL_FOLDS) -> list[pd.Series]:
    """Return the same for trials: the test parts are not even passed on."""
    every = all_parts(folds)
    return [parts[parts != "test"] for parts in (every[fold] for fold in of)]


def never_tried(folds: pd.Series) -> pd.Series:
    """Say of each clip whether no trial has scored it."""
    return ~folds.isin([fold + 1 for fold in TRIAL_FOLDS])


def whole(parts: pd.Series, folds: pd.Series) -> pd.Series:
    """Give a split of :func:`trial_parts` its test part back; one that has it stays as it is."""
    (validates,) = folds[parts.index[parts == "validation"]].unique()
    found = split.parts_of_fold(folds, (validates - 1) % (folds.max() + 1))
    assert found[parts.index].equals(parts), "these are not the parts of one of these folds"
    return found


def scores(clips: pd.DataFrame, said: pd.Series) -> dict[str, dict[str, float]]:
    """Score the answers to some clips, with intervals over speakers, as results are kept."""
    return evaluate.intervals(clips.emotion, said, clips.actor).round(4).to_dict("index")
