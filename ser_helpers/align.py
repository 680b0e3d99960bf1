"""Join what belongs to the same clips: by the clip's name, never by its position.

Labels, parts, speakers and predictions are made at different times and in different orders. Every
function that takes more than one of them joins them here, before anything is computed.
"""

from typing import Any

import numpy as np
import pandas as pd

from ser_helpers.errors import DataError


def to_clips(
    clips: pd.Index,
    values: Any,
    *,
    what: str,
    exact: bool = False,
    empty: bool = False,
    of: str = "table",
) -> pd.Series:
    """Bring values into the order of some clips; refuse duplicates and gaps.

    Parameters
    ----------
    clips : pandas.Index, shape (n_clips,)
        Names of the clips, in the order wanted.
    values : pandas.Series, or array-like of shape (n_clips,)
        A Series is joined by its index. An array has no names: it is taken to be in the order of
        ``clips`` and must be as long.
    what : str
        What the values are, in the singular, for the message: "label", "part".
    exact : bool
        Refuse values of clips that are not in ``clips``; otherwise these are left out.
    empty : bool
        Let missing values (NaN) pass.
    of : str
        Where the names of the clips come from, for the message.

    Returns
    -------
    pandas.Series, shape (n_clips,)
        Indexed by ``clips``.

    Raises
    ------
    DataError
        If a clip occurs twice, on either side, has no value, or an empty one (NaN); the message
        names the first such clip.

    Examples
    --------
    >>> emotion = pd.Series({"b": "SAD", "a": "ANG", "c": "HAP"})
    >>> to_clips(pd.Index(["a", "b"]), emotion, what="label").to_dict()
    {'a': 'ANG', 'b': 'SAD'}
    """
    refuse_duplicates(clips, what=of)
    if isinstance(values, pd.Series):
        refuse_duplicates(values.index, what=f"{what}s")
        refuse_gaps(clips, values.index, what=what)
        if exact and len(values) > len(clips):
            extra = values.index.difference(clips, sort=False)
            raise DataError(
                f"{len(extra)} clips have a {what} but are not among the others, first "
                f"{extra[0]}: select the same clips everywhere"
            )
        joined = values.loc[clips]
    else:
        if np.ndim(values) != 1 or len(values) != len(clips):
            raise DataError(
                f"{len(clips)} clips need as many {what}s, and these have the shape "
                f"{np.shape(values)}"
            )
        joined = pd.Series(np.asarray(values), index=clips)
    missing = joined.isna().to_numpy()
    if missing.any() and not empty:
        raise DataError(
            f"{missing.sum()} clips have an empty {what} (NaN), first {clips[missing][0]}: fill "
            "it in, or leave these clips out"
        )
    return joined


def refuse_duplicates(clips: pd.Index, *, what: str) -> None:
    """Raise a DataError that names the first clip that occurs twice."""
    twice = clips.duplicated()
    if twice.any():
        raise DataError(
            f"{twice.sum()} clips occur twice in the {what}, first {clips[twice][0]}: keep one "
            "of each, x[~x.index.duplicated()], or give arrays to draw clips repeatedly on purpose"
        )


def refuse_gaps(clips: pd.Index, known: pd.Index, *, what: str) -> None:
    """Raise a DataError that names the first of ``clips`` that is not among the ``known``."""
    lost = clips[~clips.isin(known)]
    if len(lost):
        raise DataError(
            f"{len(lost)} clips have no {what}, first {lost[0]}: values are joined by the clip's "
            "name, so give all of them the clips as index"
        )
