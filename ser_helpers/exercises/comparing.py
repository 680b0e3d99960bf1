"""Say how an answer differs from the one expected, in words that a learner can act on."""

from collections.abc import Mapping, Sequence, Set
from numbers import Number
from typing import Any

import numpy as np
import pandas as pd


def difference(expected: Any, got: Any, *, rtol: float = 1e-4, atol: float = 1e-6) -> str | None:
    """Describe the first difference between two answers.

    What is equal to a reader is equal here: a list, a tensor and an array of the same numbers; a
    Series in another order with the same names. Numbers may differ by ``atol + rtol * expected``.

    Parameters
    ----------
    expected, got : object
        Numbers, texts, arrays, tensors, Series, DataFrames, or tuples, lists, sets and mappings of
        those.
    rtol, atol : float
        Relative and absolute tolerance of numbers.

    Returns
    -------
    str or None
        One sentence, without a full stop; None if there is no difference.

    Examples
    --------
    >>> difference(np.zeros((3, 2)), np.zeros((2, 3)))
    'expected the shape (3, 2), yours is (2, 3)'
    >>> difference(0.5, 0.25)
    'expected 0.5, yours is 0.25'
    >>> difference([1, 2], np.array([1.0, 2.0])) is None
    True
    """
    expected, got = _plain(expected), _plain(got)
    tolerance = {"rtol": rtol, "atol": atol}
    if got is None and expected is not None:
        return "it returns nothing (None): does it end with `return`?"
    if isinstance(expected, Mapping):
        return _of_mappings(expected, got, tolerance)
    if isinstance(expected, pd.DataFrame):
        return _of_tables(expected, got, tolerance)
    if isinstance(expected, pd.Series):
        return _of_series(expected, got, tolerance)
    if isinstance(expected, (str, bool, Set)) or expected is None:
        return _of_values(expected, got)
    if isinstance(expected, Number):
        return _of_numbers(expected, got, tolerance)
    if isinstance(expected, np.ndarray) or _is_flat(expected):
        return _of_arrays(np.asarray(expected), got, tolerance)
    if isinstance(expected, Sequence):
        return _of_sequences(expected, got, tolerance)
    return _of_values(expected, got)


def short(value: Any) -> str:
    """Describe a value in a few words: large ones by their shape.

    Examples
    --------
    >>> short(np.zeros((2, 400))), short(0.123456), short("ANG")
    ('array of shape (2, 400)', '0.1235', "'ANG'")
    """
    value = _plain(value)
    if isinstance(value, (np.ndarray, pd.DataFrame)) and value.size > 8:
        kind = "table" if isinstance(value, pd.DataFrame) else "array"
        return f"{kind} of shape {value.shape}"
    if isinstance(value, pd.Series):
        if len(value) > 8:
            return f"Series of {len(value)} values"
        value = value.tolist()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        if len(value) > 8:
            return f"{type(value).__name__} of {len(value)} items"
        inside = ", ".join(short(item) for item in value)
        return f"[{inside}]" if isinstance(value, list) else f"({inside})"
    if hasattr(value, "named_children") and not isinstance(value, type):
        parts = [name for name, _ in value.named_children()]
        if parts:  # PyTorch's own description of a network fills a page
            return f"network of {', '.join(parts)}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _plain(value: Any) -> Any:
    """Turn tensors into arrays, and the scalars of NumPy into Python's."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    if isinstance(value, pd.Index):
        return value.to_numpy()
    return value


def _is_flat(value: Any) -> bool:
    """Tell whether these are numbers or texts in a row, of one kind."""
    return isinstance(value, (list, tuple)) and (
        all(isinstance(item, Number) for item in value)
        or all(isinstance(item, str) for item in value)
    )


def _of_values(expected: Any, got: Any) -> str | None:
    same = type(expected) is type(got) and expected == got
    if isinstance(expected, Set) and isinstance(got, (Set, Sequence, np.ndarray)):
        same = set(got) == expected
    return None if same else f"expected {short(expected)}, yours is {short(got)}"


def _of_numbers(expected: Any, got: Any, tolerance: dict) -> str | None:
    if isinstance(got, bool) or not isinstance(got, Number):
        return f"expected the number {short(expected)}, yours is {short(got)}"
    if np.isclose(np.asarray(got), expected, equal_nan=True, **tolerance):
        return None
    return f"expected {short(expected)}, yours is {short(got)}"


def _of_arrays(expected: np.ndarray, got: Any, tolerance: dict) -> str | None:
    if isinstance(got, (str, Mapping, Set)) or np.isscalar(got):
        return f"expected an array of shape {expected.shape}, yours is {short(got)}"
    try:
        got = np.asarray(got)
    except ValueError:
        return "the parts of your answer have different lengths"
    if got.shape != expected.shape:
        return f"expected the shape {expected.shape}, yours is {got.shape}"
    if not np.issubdtype(expected.dtype, np.number):
        wrong = expected.astype(object) != got.astype(object)
    elif not (np.issubdtype(got.dtype, np.number) or got.dtype == bool):
        return f"expected numbers, yours holds {short(got.flat[0]) if got.size else got.dtype}"
    else:
        wrong = ~np.isclose(
            got, expected, rtol=tolerance["rtol"], atol=tolerance["atol"], equal_nan=True
        )
    if not wrong.any():
        return None
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    where = f"at [{', '.join(map(str, place))}] "
    return f"{where}expected {short(expected[place])}, yours is {short(got[place])}"


def _of_series(expected: pd.Series, got: Any, tolerance: dict) -> str | None:
    if isinstance(got, Mapping):
        got = pd.Series(got)
    if isinstance(got, pd.Series):
        if set(got.index) != set(expected.index) or len(got) != len(expected):
            return f"expected the index {short(list(expected.index))}, " + (
                f"yours is {short(list(got.index))}"
            )
        if got.index.is_unique:
            got = got.reindex(expected.index)
        got = got.to_numpy()
    return _of_arrays(expected.to_numpy(), got, tolerance)


def _of_tables(expected: pd.DataFrame, got: Any, tolerance: dict) -> str | None:
    if not isinstance(got, pd.DataFrame):
        return f"expected a table (DataFrame), yours is {short(got)}"
    if got.shape != expected.shape:
        return f"expected the shape {expected.shape}, yours is {got.shape}"
    for name, ours, theirs in (
        ("columns", expected.columns, got.columns),
        ("index", expected.index, got.index),
    ):
        if list(ours) != list(theirs):
            return f"expected the {name} {short(list(ours))}, yours are {short(list(theirs))}"
    for column in expected:
        if told := difference(expected[column], got[column], **tolerance):
            return f"column {column!r}: {told}"
    return None


def _of_mappings(expected: Mapping, got: Any, tolerance: dict) -> str | None:
    if isinstance(got, pd.Series):
        got = got.to_dict()
    if not isinstance(got, Mapping):
        return f"expected a dict, yours is {short(got)}"
    if set(expected) != set(got):
        return f"expected the keys {short(list(expected))}, yours are {short(list(got))}"
    for key, value in expected.items():
        if told := difference(value, got[key], **tolerance):
            return f"{key}: {told}"
    return None


def _of_sequences(expected: Sequence, got: Any, tolerance: dict) -> str | None:
    if isinstance(got, (str, Mapping)) or not hasattr(got, "__len__"):
        return f"expected {len(expected)} things, yours is {short(got)}"
    if len(expected) != len(got):
        return f"expected {len(expected)} things, yours are {len(got)}"
    for i, (ours, theirs) in enumerate(zip(expected, got, strict=True)):
        if told := difference(ours, theirs, **tolerance):
            return f"number {i}: {told}"
    return None
