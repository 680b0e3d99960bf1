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

SHARES = ("dropout", "label_smoothing")


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
        raise DataError(
            f"the train part has clips of {' and '.join(present)} only, so every answer would be "
            "right: at least two emotions are needed"
        )
    if unknown := sorted(set(labels) - present):
        raise DataError(
            f"the train part has no clip of {', '.join(unknown)}, so it cannot be learnt: split "
            "again, or leave this emotion out"
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


def diverged(lr: float) -> str:
    """Say that the loss was never a number, and what to try."""
    return f"the loss was never a number: lr={lr} is probably too high; try 0.001"


def check_settings(settings: Any) -> None:
    """Raise a ValueError that names the first setting that cannot be.

    Parameters
    ----------
    settings : dataclass instance
        Whole numbers must be at least 1, ``seed`` at least 0; other numbers at least 0, shares
        (``SHARES``) below 1 and ``lr`` above 0.
    """
    for name, kind in {field.name: field.type for field in fields(settings)}.items():
        if kind not in (int, float, "int", "float"):
            continue
        value, whole = getattr(settings, name), kind in (int, "int")
        low = int(name != "seed") if whole else 1e-12 if name == "lr" else 0
        right = isinstance(value, (int, np.integer) if whole else (int, float, np.number))
        if not right or not low <= value < (1 if name in SHARES else float("inf")):
            raise ValueError(
                f"{name}={value!r} must be {'a whole number' if whole else 'a number'}, "
                f"{low:g} or more{' and below 1' * (name in SHARES)}"
            )


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch use one thread: as fast for so small a network, and sums keep their order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
