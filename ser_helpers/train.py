"""Step 5: the training loop: mini-batches, Adam, early stopping on the validation speakers."""

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from ser_helpers.align import refuse_duplicates, refuse_gaps, to_clips
from ser_helpers.errors import DataError
from ser_helpers.learning import BestEpoch, check_settings, one_thread, prepare, uar
from ser_helpers.model import EmotionNet
from ser_helpers.origin import origin_of
from ser_helpers.split import parts_of_fold

if TYPE_CHECKING:
    from sklearn.preprocessing import StandardScaler


@dataclass(frozen=True)
class TrainSettings:
    """How the network is built and trained.

    Attributes
    ----------
    hidden : tuple of int
        Units of each hidden layer.
    dropout : float
        Share of hidden units switched off in training.
    noise : float
        Standard deviation of the noise added to the standardised features in training only
        (Bishop 1995, doi:10.1162/neco.1995.7.1.108): a clip may not be learnt by heart.
    lr : float
        Adam's step size (Kingma & Ba 2015, arXiv:1412.6980).
    weight_decay : float
        Pull of the weights towards zero.
    label_smoothing : float
        Share of each label spread over all classes (Szegedy et al. 2016, arXiv:1512.00567).
    batch_size : int
        Clips a step.
    max_epochs : int
        Most passes over the training clips.
    patience : int
        Epochs without a better validation loss before training stops.
    seed : int
        Fixes first weights, order of batches and dropout.
    """

    hidden: tuple[int, ...] = (256,)
    dropout: float = 0.5
    noise: float = 1.0
    lr: float = 1e-3
    weight_decay: float = 1e-3
    label_smoothing: float = 0.1
    batch_size: int = 32
    max_epochs: int = 150
    patience: int = 15
    seed: int = 0

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True)
class Result:
    """A trained network and how it came to be.

    Attributes
    ----------
    model : EmotionNet
        With the weights of the best epoch, in evaluation mode.
    scaler : sklearn.preprocessing.StandardScaler
        Fitted on the training clips only.
    classes : tuple of str
        The emotions, in the order of the network's outputs.
    history : pandas.DataFrame
        One row an epoch, index ``epoch`` from 1: ``train_loss``, ``validation_loss``,
        ``train_uar``, ``validation_uar``, all measured with dropout and noise off.
    best_epoch : int
        The epoch whose weights were kept: lowest validation loss.
    labels, parts : pandas.Series of str
        Emotion and part of each clip, indexed like ``probabilities``.
    probabilities : pandas.DataFrame of float32, shape (n_clips, n_classes)
        Of every clip, in whatever part.
    settings : TrainSettings
    origin : dict
        Where the feature table came from, :func:`ser_helpers.origin.origin_of`.
    """

    model: EmotionNet
    scaler: "StandardScaler"
    classes: tuple[str, ...]
    history: pd.DataFrame
    best_epoch: int
    labels: pd.Series
    parts: pd.Series
    probabilities: pd.DataFrame
    settings: TrainSettings
    origin: dict = field(default_factory=dict)

    @property
    def predictions(self) -> pd.Series:
        """The most probable emotion of each clip."""
        return self.probabilities.idxmax(axis=1).rename("predicted")

    def answers(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Compute class probabilities of further rows, made as the training table was made.

        Parameters
        ----------
        rows : pandas.DataFrame of float, shape (n_clips, n_features)
            With the columns of the training table.

        Returns
        -------
        pandas.DataFrame of float32, shape (n_clips, n_classes)

        Raises
        ------
        DataError
            If the columns are others, or the rows were adapted and the training table was not.
        """
        names = getattr(self.scaler, "feature_names_in_", range(self.scaler.n_features_in_))
        adapted = rows.attrs.get("adapted", "")
        if list(rows.columns) != list(names) or adapted not in self.origin.get("changed", ""):
            raise DataError(
                f"rows with the {len(names)} columns of the training table are needed, adapted as "
                f"it was; these have {rows.shape[1]} and are {adapted or 'not adapted'}"
            )
        x = torch.from_numpy(self.scaler.transform(rows).astype(np.float32))
        return pd.DataFrame(model_probabilities(self.model, x), rows.index, list(self.classes))


def fit(
    table: pd.DataFrame,
    labels: pd.Series,
    parts: pd.Series,
    *,
    settings: TrainSettings = TrainSettings(),
    progress: bool = True,
    targets: pd.DataFrame | None = None,
) -> Result:
    """Train the network on the train part, stop by the validation part.

    Parameters
    ----------
    table : pandas.DataFrame of float32, shape (n_clips, n_features)
        Feature table, indexed by clip; a clip that is not in it is not used.
    labels : pandas.Series of str
        Emotion of each clip, indexed by clip.
    parts : pandas.Series of str
        "train", "validation" or "test" of each clip, indexed by clip.
    settings : TrainSettings
    progress : bool
        Show a progress bar over the epochs.
    targets : pandas.DataFrame of float, shape (n_clips, n_classes), optional
        Soft labels: probabilities of each train and validation clip, indexed by clip, one column
        an emotion. Given, both losses compare the network with them in place of ``labels``, from
        which the classes and the UAR still come. ``settings.label_smoothing`` comes on top.

    Returns
    -------
    Result

    Raises
    ------
    DataError
        If a clip has no label or part or occurs twice, a part is empty, a feature is not a number,
        an emotion to be recognised never occurs in the train part, or a target is no probability.

    Notes
    -----
    The same input and seed give the same result on the same machine; between processors,
    floating point differs in the last digits.
    """
    from sklearn.preprocessing import StandardScaler  # when needed: loading it takes 0.7 s

    labels, parts, classes = prepare(table, labels, parts)
    scaler = StandardScaler().fit(table[parts == "train"])
    x = torch.from_numpy(scaler.transform(table).astype(np.float32))
    y = torch.tensor([classes.index(label) for label in labels])
    wanted = y if targets is None else _soft(targets, parts, classes)
    rows = {part: torch.from_numpy(np.flatnonzero(parts == part)) for part in parts.unique()}

    with one_thread(), torch.random.fork_rng(devices=[]):  # the caller's own is left alone
        torch.manual_seed(settings.seed)
        model = EmotionNet(
            x.shape[1], len(classes), hidden=settings.hidden, dropout=settings.dropout
        )
        history, best_epoch = _run(model, x, y, wanted, rows, settings, progress)

    probabilities = pd.DataFrame(model_probabilities(model, x), table.index, list(classes))
    return Result(
        model,
        scaler,
        classes,
        history,
        best_epoch,
        labels,
        parts,
        probabilities,
        settings,
        origin_of(table),
    )


def cross_validate(
    table: pd.DataFrame,
    labels: pd.Series,
    folds: pd.Series,
    *,
    settings: TrainSettings = TrainSettings(),
    progress: bool = True,
) -> pd.DataFrame:
    """Train once per fold, so that each clip is in the test part exactly once.

    Parameters
    ----------
    table, labels
        As in :func:`fit`.
    folds : pandas.Series of int
        Fold of each clip, from 0 (:func:`ser_helpers.split.folds_by_speaker`): each tests once,
        while the next one validates and the others train.
    settings : TrainSettings
    progress : bool
        Show a progress bar over the folds.

    Returns
    -------
    pandas.DataFrame of float32, shape (n_clips, n_classes)
        Probabilities of each clip by the network that had not heard its fold.

    Raises
    ------
    DataError
        As :func:`fit`.
    """
    folds = to_clips(table.index, folds, what="fold")
    numbers = sorted(folds.unique())
    unseen = []
    for fold in tqdm(numbers, desc="folds", disable=not progress, file=sys.stdout, leave=False):
        parts = parts_of_fold(folds, fold)
        result = fit(table, labels, parts, settings=settings, progress=False)
        unseen.append(result.probabilities[result.parts == "test"])
    return pd.concat(unseen).loc[table.index]


def model_probabilities(model: EmotionNet, x: torch.Tensor) -> np.ndarray:
    """Compute class probabilities on one thread, so that every process gets the same bits."""
    with one_thread():
        return model.probabilities(x).numpy()


def _run(
    model: EmotionNet,
    x: torch.Tensor,
    y: torch.Tensor,
    wanted: torch.Tensor,
    rows: dict[str, torch.Tensor],
    settings: TrainSettings,
    progress: bool,
) -> tuple[pd.DataFrame, int]:
    """Train ``model`` in place towards ``wanted``; leave it with the weights of its best epoch."""
    loss_of = nn.CrossEntropyLoss(label_smoothing=settings.label_smoothing)
    optimizer = torch.optim.Adam(
        model.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
    )
    history, best = [], BestEpoch(model)
    bar = tqdm(
        range(1, settings.max_epochs + 1),
        desc="training",
        unit="epoch",
        disable=not progress,
        file=sys.stdout,
        leave=False,
    )
    for epoch in bar:
        model.train()
        order = rows["train"][torch.randperm(len(rows["train"]))]
        for batch in order.split(settings.batch_size):
            optimizer.zero_grad()
            noisy = x[batch] + settings.noise * torch.randn_like(x[batch])
            loss_of(model(noisy), wanted[batch]).backward()
            optimizer.step()

        scores = {"epoch": epoch}
        for part in ("train", "validation"):
            loss, uar = _measure(model, x[rows[part]], y[rows[part]], wanted[rows[part]])
            scores |= {f"{part}_loss": loss, f"{part}_uar": uar}
        history.append(scores)
        best.update(epoch, scores["validation_loss"])
        if epoch - best.epoch >= settings.patience:
            bar.close()
            break
    best_epoch = best.restore(settings.lr)
    return pd.DataFrame(history).set_index("epoch"), best_epoch


@torch.no_grad()
def _measure(
    model: EmotionNet, x: torch.Tensor, y: torch.Tensor, wanted: torch.Tensor
) -> tuple[float, float]:
    """Measure loss (no smoothing) and UAR with dropout and noise off."""
    model.eval()
    logits = model(x)
    loss = nn.functional.cross_entropy(logits, wanted).item()
    return loss, uar(y, logits.argmax(dim=1))


def _soft(targets: pd.DataFrame, parts: pd.Series, classes: tuple[str, ...]) -> torch.Tensor:
    """Join soft labels to the clips, in the order of the classes, and check them."""
    needed = parts.index[parts.isin(["train", "validation"])]
    refuse_duplicates(targets.index, what="targets")
    refuse_gaps(needed, targets.index, what="target")
    if not targets.columns.is_unique:
        raise DataError("targets has an emotion twice: keep one column each")
    if set(targets.columns) != set(classes):
        raise DataError(
            f"targets has the columns {', '.join(map(str, targets.columns))}, the labels have "
            f"{', '.join(classes)}: one column each of these is needed"
        )
    # Nothing is learnt from a test clip, so that its target, if it has one, is not even read.
    soft = targets.loc[needed, list(classes)].astype(float)
    sums = soft.to_numpy().sum(axis=1)  # NaN, where a number is missing
    bad = (soft < 0).any(axis=1) | ~np.isclose(sums, 1, atol=1e-4)
    if bad.any():
        raise DataError(
            f"{bad.sum()} targets are no probabilities, first that of {soft.index[bad][0]}: none "
            "may be below 0, and each row must sum to 1; divide counts of votes by their sum"
        )
    return torch.tensor(soft.reindex(parts.index).to_numpy(), dtype=torch.float32)
