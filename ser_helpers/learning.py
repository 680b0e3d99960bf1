"""What every training loop of the course shares, in PyTorch or Keras: checks, the best epoch."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from ser_helpers.align import to_clips
from ser_helpers.errors import DataError
from ser_helpers.names import EMOTIONS
from ser_helpers.split import PARTS

#: Settings that are shares: below 1, or at most 1.
BELOW_1 = ("dropout", "label_smoothing", "speed", "tempo")
AT_MOST_1 = ("time_share", "mel_share")
MAY_BE_0 = ("seed", "time_masks", "mel_masks")  # of the whole numbers


def prepare(
    table: pd.DataFrame, labels: pd.Series, parts: pd.Series
) -> tuple[pd.Series, pd.Series, tuple[str, ...]]:
    """Join labels and parts to a table, check all three, and choose the classes.

    Parameters
    ----------
    table, labels, parts
        As in :func:`ser_helpers.train.fit`.

    Returns
    -------
    labels, parts : pandas.Series of str
        In the order of the table.
    classes : tuple of str
        The emotions of the train part, in the order of ``EMOTIONS``.

    Raises
    ------
    DataError
        As :func:`ser_helpers.train.fit`.
    """
    labels = to_clips(table.index, labels, what="label")
    parts = to_clips(table.index, parts, what="part")
    for name, found, known in (("emotion", labels, EMOTIONS), ("part", parts, PARTS)):
        if foreign := sorted(set(found) - set(known), key=str):
            raise DataError(f"unknown {name}(s) {foreign}: known are {', '.join(known)}")
    for part in ("train", "validation"):
        if not (parts == part).any():
            raise DataError(f"the {part} part has no clips: split again")
    bad = ~np.isfinite(table.to_numpy()).all(axis=1)
    if bad.any():
        raise DataError(
            f"{bad.sum()} rows hold features that are not numbers, first {table.index[bad][0]}: "
            "look at that clip, or leave it out"
        )
    present = set(labels[parts == "train"])
    if len(present) < 2:
        (only,) = present
        raise DataError(
            f"the train part has clips of {only} only, and a network that hears only clips of "
            f"{only} answers {only} to everything: at least two emotions are needed"
        )
    if unknown := sorted(set(labels) - present):
        raise DataError(
            f"the train part has no clip of {', '.join(unknown)}, so it cannot be learnt: the "
            "train part needs each that the other parts have; split again, or leave it out"
        )
    return labels, parts, tuple(emotion for emotion in EMOTIONS if emotion in present)


class BestEpoch:
    """Keep the weights of the epoch with the lowest validation loss.

    Parameters
    ----------
    model : torch.nn.Module
        The network in training.

    Attributes
    ----------
    epoch : int
        The best one so far, from 1; 0 before the first.
    loss : float
        Its validation loss.
    """

    def __init__(self, model: nn.Module) -> None:
        self.epoch, self.loss = 0, float("inf")
        self._model = model
        self._weights: dict[str, torch.Tensor] = {}

    def update(self, epoch: int, loss: float) -> None:
        """Note the loss of an epoch, and keep a copy of the weights if it is the lowest."""
        if loss < self.loss:
            self.epoch, self.loss = epoch, loss
            self._weights = copy.deepcopy(self._model.state_dict())

    def restore(self, lr: float) -> int:
        """Give the network its best weights, in evaluation mode; return their epoch.

        Raises
        ------
        DataError
            If the loss was never a number; ``lr`` is named as the likely reason.
        """
        if not self._weights:
            raise DataError(diverged(lr))
        self._model.load_state_dict(self._weights)
        self._model.eval()
        return self.epoch


def uar(true: Any, said: Any) -> float:
    """Compute the unweighted average recall over the classes that truly occur.

    Parameters
    ----------
    true, said : array-like of int, shape (n_clips,)
        Numbers of the classes.
    """
    from sklearn.metrics import recall_score  # takes a while to import

    labels = np.unique(true)
    return float(recall_score(true, said, labels=labels, average="macro", zero_division=0))


def diverged(lr: float) -> str:
    """Say that the loss was never a number, and what to try."""
    return f"the loss was never a number: lr={lr} is probably too high; try 0.001"


def check_settings(settings: Any) -> None:
    """Raise a ValueError that names the first setting that cannot be.

    Parameters
    ----------
    settings : dataclass instance
        Whole numbers, and those in tuples, must be at least 1, ``MAY_BE_0`` at least 0; other
        numbers at least 0, ``lr`` above 0, shares as in ``BELOW_1`` and ``AT_MOST_1``.
    """
    for name, kind in {field.name: str(field.type) for field in fields(settings)}.items():
        value = getattr(settings, name)
        if "int" in kind:
            sizes = value if isinstance(value, (tuple, list)) else (value,)
            least, many = int(name not in MAY_BE_0), "tuple" in kind
            right = many == isinstance(value, (tuple, list))
            if not right or not all(_is_number(v, whole=True) and v >= least for v in sizes):
                kind = "a tuple of whole numbers, each" if many else "a whole number,"
                raise ValueError(f"{name}={value!r} must be {kind} {least} or more")
        elif "float" in kind:
            low = 1e-12 if name == "lr" else 0
            most = np.nextafter(1, 0) if name in BELOW_1 else 1 if name in AT_MOST_1 else 1e300
            if not _is_number(value) or not low <= value <= most:
                limit = " and below 1" * (name in BELOW_1) + " and at most 1" * (name in AT_MOST_1)
                raise ValueError(f"{name}={value!r} must be a number, {low:g} or more{limit}")


def _is_number(value: object, *, whole: bool = False) -> bool:
    kinds = (int, np.integer) if whole else (int, float, np.number)
    return isinstance(value, kinds) and not isinstance(value, bool)


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch use one thread: as fast for so small a network, and sums keep their order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
