"""Count who took what for what, and score it: what all of step 6 stands on."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ser_helpers.align import to_clips
from ser_helpers.errors import DataError
from ser_helpers.names import EMOTIONS

METRICS = ("accuracy", "uar", "macro_f1")
METRIC_NAMES = {"accuracy": "accuracy", "uar": "UAR", "macro_f1": "macro F1"}


def join(y_true: Any, y_pred: Any, **others: Any) -> list[pd.Series]:
    """Join predictions, and what else belongs to the clips, to the true labels.

    Parameters
    ----------
    y_true, y_pred : pandas.Series, or array-like of shape (n_clips,)
    **others : pandas.Series, or array-like of shape (n_clips,)
        By what they are in the singular, as the message says it. Another ``..._prediction`` must
        hold the very same clips; a ``group`` may have gaps (NaN).

    Returns
    -------
    list of pandas.Series, each of shape (n_clips,)
        In the order of ``y_true``.

    Raises
    ------
    DataError
        If there is no clip, or :func:`ser_helpers.align.to_clips` refuses to join.
    """
    given = {"label": y_true, "prediction": y_pred, **others}
    series = (values.index for values in given.values() if isinstance(values, pd.Series))
    clips = next(series, pd.RangeIndex(len(y_true)))
    if not len(clips):
        raise DataError("there is no clip to score")
    return [
        to_clips(
            clips,
            values,
            what=what.replace("_", " "),
            exact=what.endswith("prediction"),
            empty=what == "group",
            of="labels",
        )
        for what, values in given.items()
    ]


def confusions(y_true: Sequence, y_pred: Sequence, groups: Sequence | None = None) -> np.ndarray:
    """Count which emotion was taken for which, in each group of clips.

    Parameters
    ----------
    y_true, y_pred : array-like of str, shape (n_clips,)
        Emotions, in the same order.
    groups : array-like, shape (n_clips,), optional
        Speaker of each clip, say. Left out, all clips are one group.

    Returns
    -------
    numpy.ndarray of int, shape (n_groups, 6, 6)
        Groups in sorted order; rows: true, columns: predicted, in the order of ``EMOTIONS``.

    Raises
    ------
    DataError
        If a label is not one of ``EMOTIONS``.

    Examples
    --------
    >>> confusions(["ANG", "ANG"], ["ANG", "SAD"])[0, 0]
    array([1, 0, 0, 0, 0, 1])
    """
    foreign = sorted((set(y_true) | set(y_pred)) - set(EMOTIONS), key=str)
    if foreign:  # counted, these clips would vanish without a word
        raise DataError(f"unknown emotion(s) {foreign}: known are {', '.join(EMOTIONS)}")
    k = len(EMOTIONS)
    true, said = (pd.Index(EMOTIONS).get_indexer(np.asarray(y)) for y in (y_true, y_pred))
    names, group = np.unique(np.zeros(len(true)) if groups is None else groups, return_inverse=True)
    cells = (group * k + true) * k + said
    return np.bincount(cells, minlength=len(names) * k * k).reshape(len(names), k, k)


def draw_people(n_people: int, n_draws: int, *, seed: int) -> np.ndarray:
    """Draw people with replacement, as many as there are; count how often each one is drawn.

    Clips of one speaker resemble each other, so a bootstrap draws speakers, not clips. Confusion
    matrices add up: ``np.tensordot(draws, by_speaker, axes=1)`` is those of the draws.

    Parameters
    ----------
    n_people, n_draws : int
    seed : int

    Returns
    -------
    numpy.ndarray of int, shape (n_draws, n_people)
        Each row adds up to ``n_people``.
    """
    even = np.full(n_people, 1 / n_people)
    return np.random.default_rng(seed).multinomial(n_people, even, size=n_draws)


def score(matrices: np.ndarray) -> pd.DataFrame:
    """Score confusion matrices over the classes that truly occur.

    Parameters
    ----------
    matrices : numpy.ndarray of int, shape (n, 6, 6)

    Returns
    -------
    pandas.DataFrame, shape (n, 3)
        Columns ``accuracy``, ``uar``, ``macro_f1``, from 0 to 1; see
        :func:`ser_helpers.evaluate.scores`.
    """
    right = np.diagonal(matrices, axis1=1, axis2=2)
    true, said = matrices.sum(axis=2), matrices.sum(axis=1)
    occurs = true > 0
    n_classes = occurs.sum(axis=1)
    recall = np.where(occurs, right / np.maximum(true, 1), 0)
    f1 = np.where(occurs, 2 * right / np.maximum(true + said, 1), 0)
    return pd.DataFrame(
        {
            "accuracy": right.sum(axis=1) / true.sum(axis=1),
            "uar": recall.sum(axis=1) / n_classes,
            "macro_f1": f1.sum(axis=1) / n_classes,
        }
    )
