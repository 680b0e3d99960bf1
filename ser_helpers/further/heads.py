"""A logistic regression on many features and few clips, fast: the small head of notebook 13."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ser_helpers import evaluate, split

STRENGTHS = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)  # C: small is cautious


def rotate(train: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """Standardise features and turn their space, so that no more axes are left than clips.

    Nothing is lost: a logistic regression with a squared penalty gives the same answers before and
    after, and with 700 clips of 3,000 features it is found several times faster.
    """
    scaler = StandardScaler().fit(train)
    tables = [scaler.transform(rows).astype(np.float64) for rows in (train, *others)]
    values, axes = np.linalg.eigh(tables[0] @ tables[0].T)
    kept = values > 1e-8 * values.max()
    turn = tables[0].T @ (axes[:, kept] / np.sqrt(values[kept]))
    return [rows @ turn for rows in tables]


def regression(strength: float) -> LogisticRegression:
    """Return the head as all comparisons train it: quickly, for many strengths in turn."""
    return LogisticRegression(C=strength, max_iter=300, tol=1e-3, warm_start=True)


def path_of(
    x: np.ndarray, y: np.ndarray, *others: np.ndarray, strengths: Sequence[float] = STRENGTHS
) -> list[list[pd.DataFrame]]:
    """Train once per strength; return each one's probabilities of all others, sorted by class."""
    head = regression(strengths[0])
    x, *turned = rotate(x, *others)
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for strength in strengths:
            head.set_params(C=strength).fit(x, y)
            found.append(
                [pd.DataFrame(head.predict_proba(o), columns=head.classes_) for o in turned]
            )
    return found


def validated(
    table: pd.DataFrame,
    labels: pd.Series,
    parts: pd.Series,
    *,
    refit: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame | None, float, float]:
    """Train on the train part, choose the strength on the validation part.

    Parameters
    ----------
    table : pandas.DataFrame
        Features, indexed by clip.
    labels : pandas.Series
        Emotion of each clip.
    parts : pandas.Series
        "train", "validation" or "test" of each clip that takes part.
    refit : bool
        Train what answers for the test part once more with the chosen strength, on the clips of
        both other parts.

    Returns
    -------
    validation, test : pandas.DataFrame
        Probabilities; None for the test part if there is none.
    uar, strength : float
        UAR on the validation part, and the strength that reached it.
    """
    rows = {part: parts.index[parts == part] for part in split.PARTS}
    own = [table.loc[rows[part]].to_numpy() for part in split.PARTS if len(rows[part])]
    best: tuple = (-1.0,)
    for strength, heard in zip(
        STRENGTHS, path_of(own[0], labels[rows["train"]].to_numpy(), *own[1:]), strict=True
    ):
        heard = [p.set_index(rows[part]) for p, part in zip(heard, split.PARTS[1:], strict=False)]
        validation = heard[0]
        uar = evaluate.scores(labels[rows["validation"]], validation.idxmax(axis=1))["uar"]
        if uar > best[0]:
            best = uar, strength, validation, heard[1] if len(heard) > 1 else None
    uar, strength, validation, test = best
    if refit and test is not None:
        both = rows["train"].append(rows["validation"])
        x, y = table.loc[both].to_numpy(), labels[both].to_numpy()
        ((test,),) = path_of(x, y, own[2], strengths=[strength])
        test = test.set_index(rows["test"])
    return validation, test, uar, strength


def cross_validated(
    table: pd.DataFrame,
    labels: pd.Series,
    folds: pd.Series,
    *,
    refit: bool = False,
) -> tuple[pd.DataFrame, list[dict]]:
    """Test each fold once, the next one validating.

    Parameters
    ----------
    table, labels, refit
        As in :func:`validated`.
    folds : pandas.Series
        Number of each clip's fold, of :func:`ser_helpers.split.folds_by_speaker`.

    Returns
    -------
    probabilities : pandas.DataFrame
        Of all clips, each from the fold in which it was in the test part.
    rows : list of dict
        Fold, strength, UAR on the validation and the test part.
    """
    unseen, rows = [], []
    for fold in range(folds.max() + 1):
        parts = split.parts_of_fold(folds, fold)
        _, test, uar, strength = validated(table, labels, parts, refit=refit)
        assert test is not None
        unseen.append(test)
        said = evaluate.scores(labels[test.index], test.idxmax(axis=1))["uar"]
        row = {"fold": parts.name, "strength": strength}
        rows.append(row | {"validation_uar": round(uar, 4), "test_uar": round(said, 4)})
    return pd.concat(unseen).loc[folds.index], rows
