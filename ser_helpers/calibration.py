"""Step 6, continued: does a network know when it is right?"""

import numpy as np
import pandas as pd

from ser_helpers.align import to_clips
from ser_helpers.errors import DataError


def reliability(
    probabilities: pd.DataFrame, y_true: pd.Series, *, n_bins: int = 10
) -> pd.DataFrame:
    """Compare how sure the network was with how often it was right (Guo et al. 2017).

    Parameters
    ----------
    probabilities : pandas.DataFrame, shape (n_clips, n_classes)
    y_true : pandas.Series of str, shape (n_clips,)
    n_bins : int
        Bins of equal width from 0 to 1; empty ones are left out.

    Returns
    -------
    pandas.DataFrame
        One row per bin: ``confidence`` (mean of the highest probability), ``accuracy``, ``clips``.
        ``attrs["ece"]`` is the expected calibration error: the mean gap, weighted by clips.

    References
    ----------
    Guo et al. 2017, On Calibration of Modern Neural Networks, arXiv:1706.04599.
    """
    confidence, right = _sureness(probabilities, y_true)
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    table = (
        pd.DataFrame({"confidence": confidence, "accuracy": right, "bin": bins})
        .groupby("bin")
        .agg(
            confidence=("confidence", "mean"),
            accuracy=("accuracy", "mean"),
            clips=("accuracy", "size"),
        )
    )
    gap = (table.confidence - table.accuracy).abs()
    table.attrs["ece"] = float((gap * table.clips).sum() / table.clips.sum())
    return table


def coverage(probabilities: pd.DataFrame, y_true: pd.Series) -> pd.DataFrame:
    """Find how often answers are right if only the surest are given.

    Parameters
    ----------
    probabilities : pandas.DataFrame, shape (n_clips, n_classes)
    y_true : pandas.Series of str, shape (n_clips,)

    Returns
    -------
    pandas.DataFrame
        Index ``threshold``, each highest probability that occurs, falling; ``coverage``: share of
        the clips that are at least so sure; ``accuracy``: share of these that is right.

    References
    ----------
    The accuracy–coverage (or risk–coverage) curve: El-Yaniv & Wiener 2010, On the foundations of
    noise-free selective classification, JMLR 11.
    """
    sure, right = _sureness(probabilities, y_true)
    order = np.argsort(-sure, kind="stable")
    n = np.arange(1, len(sure) + 1)
    table = pd.DataFrame(
        {"coverage": n / len(n), "accuracy": np.cumsum(right[order]) / n},
        index=pd.Index(sure[order], name="threshold"),
    )
    return table[~table.index.duplicated(keep="last")]  # who is equally sure is in or out together


def _sureness(probabilities: pd.DataFrame, y_true: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return the highest probability of each clip, and whether its class is the true one."""
    y_true = to_clips(probabilities.index, y_true, what="label", exact=True)
    if unanswered := int(probabilities.isna().any(axis=1).sum()):
        raise DataError(f"{unanswered} clips have no probabilities (NaN): leave them out")
    sure = probabilities.max(axis=1).to_numpy()
    return sure, probabilities.idxmax(axis=1).to_numpy() == y_true.to_numpy()
