"""A network that sees time: convolutions over log-mel frames, pooled over time, and its training.

Beside the main road's ``features`` → ``model`` → ``train`` → ``predict`` it is another way for
the same clips, labels, parts and scores.
"""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from ser_helpers.data import Corpus
from ser_helpers.errors import DataError
from ser_helpers.features import AudioSettings
from ser_helpers.further.frames import (
    AugmentSettings,
    augment,
    mask,
    pad,
    standardise,
)
from ser_helpers.learning import BestEpoch, check_settings, prepare, uar
from ser_helpers.origin import origin_of
from ser_helpers.weights import Provenance, provenance


class TemporalNet(nn.Module):
    """Convolutions over bands and frames, then mean and standard deviation over time.

    Each block is a convolution, batch normalisation (Ioffe & Szegedy 2015, arXiv:1502.03167),
    ReLU, and a halving of both axes: the first by striding, two more by max pooling; the last
    halves the bands only. Padding is set to zero again after each block, which is what a
    convolution sees at a clip's end anyway: so it never changes the answer. The statistics over
    time make one row of any number of frames (as in x-vectors: Snyder et al. 2018,
    doi:10.1109/ICASSP.2018.8461375).

    Parameters
    ----------
    n_mels, n_classes : int
        Number of bands, 16 or a multiple of it, and of outputs.
    channels : sequence of int
        Patterns that each of the four blocks looks for.
    dropout : float
        Share of the pooled numbers switched off at random in training.

    Examples
    --------
    >>> net = TemporalNet(64, 6)
    >>> net(torch.zeros(2, 64, 120), torch.tensor([120, 90])).shape
    torch.Size([2, 6])
    """

    def __init__(
        self,
        n_mels: int,
        n_classes: int,
        *,
        channels: tuple[int, ...] = (24, 32, 48, 64),
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        if n_mels < 16 or n_mels % 16 or len(channels) != 4 or not 0 <= dropout < 1:
            raise ValueError(
                "n_mels must be a multiple of 16, channels four numbers and dropout from 0 to "
                f"below 1, not n_mels={n_mels}, channels={channels}, dropout={dropout}"
            )
        self.convolutions = nn.ModuleList(
            nn.Conv2d(n_in, n_out, 3, padding=1, bias=False)
            if n_in > 1
            else nn.Conv2d(1, n_out, 5, stride=2, padding=2, bias=False)
            for n_in, n_out in zip((1, *channels), channels, strict=False)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(n) for n in channels)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(2 * channels[-1] * n_mels // 16, n_classes)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # three times as fast on a CPU

    def forward(self, x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Compute logits.

        Parameters
        ----------
        x : torch.Tensor of float32, shape (n_clips, n_mels, n_frames)
            Standardised frames.
        lengths : torch.Tensor of int64, shape (n_clips,)
            Real frames of each clip; at least 16.

        Returns
        -------
        torch.Tensor of float32, shape (n_clips, n_classes)
        """
        x = (x * mask(lengths, x.shape[2]))[:, None].contiguous(memory_format=torch.channels_last)
        for i, (convolution, norm) in enumerate(zip(self.convolutions, self.norms, strict=True)):
            x = torch.relu(norm(convolution(x)))
            if i == 0:
                lengths = (lengths + 1) // 2
            else:
                halved = 2 if i < 3 else 1
                x = nn.functional.max_pool2d(x, (2, halved))
                lengths = lengths // halved
            x = x * mask(lengths, x.shape[3])[:, None]
        x = x.flatten(1, 2)  # (n_clips, channels × bands, frames)
        inside = mask(lengths, x.shape[2])
        n = inside.sum(dim=2)
        mean = (x * inside).sum(dim=2) / n
        variance = ((x - mean[:, :, None]) ** 2 * inside).sum(dim=2) / n
        pooled = torch.cat([mean, (variance + 1e-4).sqrt()], dim=1)  # √0 has no slope
        return self.output(self.dropout(pooled))


@dataclass(frozen=True)
class TemporalSettings:
    """How the network is built and trained.

    Attributes
    ----------
    channels : tuple of int
        Patterns that each of the four blocks looks for.
    dropout : float
        Share of the pooled numbers switched off in training.
    lr : float
        Highest step size of the one cycle up and down (Smith & Topin 2019, arXiv:1708.07120).
    weight_decay : float
        Of AdamW (Loshchilov & Hutter 2019, arXiv:1711.05101).
    label_smoothing : float
        Share of each label spread over all classes.
    batch_size : int
        Clips a step.
    epochs : int
        Passes over the training clips; the best by validation loss is kept.
    augment : AugmentSettings or None
        How training clips are changed; None leaves them as they are.
    seed : int
        Fixes first weights, order of batches, changes and dropout.
    """

    channels: tuple[int, ...] = (24, 32, 48, 64)
    dropout: float = 0.3
    lr: float = 4e-3
    weight_decay: float = 0.02
    label_smoothing: float = 0.1
    batch_size: int = 16
    epochs: int = 100
    augment: AugmentSettings | None = AugmentSettings()
    seed: int = 0

    def __post_init__(self) -> None:
        check_settings(self)


@dataclass(frozen=True)
class TemporalRecogniser:
    """Everything needed to go from a recording to probabilities, and where it came from.

    Attributes
    ----------
    model : TemporalNet
        In evaluation mode.
    classes : tuple of str
        In the order of the network's outputs.
    audio_settings : AudioSettings
        Those of the frames that it was trained on.
    history : pandas.DataFrame
        One row an epoch, index ``epoch`` from 1: ``train_loss`` and ``train_uar`` of the changed
        clips while training on them, ``validation_loss`` and ``validation_uar`` after it.
    best_epoch : int
        The epoch whose weights ``model`` has.
    provenance : Provenance
        What it was trained on, if that was noted; ``print(recogniser)`` shows it.
    """

    model: TemporalNet
    classes: tuple[str, ...]
    audio_settings: AudioSettings
    history: pd.DataFrame
    best_epoch: int
    provenance: Provenance = Provenance()

    def __str__(self) -> str:
        return f"Recogniser of {', '.join(self.classes)} from frames\n{self.provenance}"


@dataclass(frozen=True)
class TemporalResult:
    """A trained recogniser beside the clips, to be scored by :func:`ser_helpers.evaluate.report`.

    Attributes
    ----------
    recogniser : TemporalRecogniser
    labels, parts : pandas.Series of str, shape (n_clips,)
    probabilities : pandas.DataFrame of float32, shape (n_clips, n_classes)
        Of every clip, in whatever part.
    settings : TemporalSettings
    """

    recogniser: TemporalRecogniser
    labels: pd.Series
    parts: pd.Series
    probabilities: pd.DataFrame
    settings: TemporalSettings

    @property
    def predictions(self) -> pd.Series:
        """The most probable emotion of each clip."""
        return self.probabilities.idxmax(axis=1).rename("predicted")


def fit(
    frames: pd.Series,
    labels: pd.Series,
    parts: pd.Series,
    *,
    settings: TemporalSettings = TemporalSettings(),
    corpus: Corpus | None = None,
    progress: bool = True,
) -> TemporalResult:
    """Train on the train part, keep the epoch with the lowest loss on the validation part.

    Parameters
    ----------
    frames : pandas.Series of numpy.ndarray
        Of :func:`ser_helpers.further.frames.extract`, indexed by clip.
    labels, parts : pandas.Series of str
        Emotion, and "train", "validation" or "test", of each clip, indexed by clip.
    settings : TemporalSettings
    corpus : Corpus, optional
        What it is trained on, to be noted in the recogniser; left out, the frames' own notes say.
    progress : bool
        Show a progress bar over the epochs.

    Returns
    -------
    TemporalResult

    Raises
    ------
    DataError
        As :func:`ser_helpers.train.fit`, or if the frames do not say their audio settings.

    Notes
    -----
    The same input, seed and ``torch.get_num_threads()`` give the same result on one machine. A
    network this small gains little from a second thread, and loses much on a busy machine:
    ``torch.set_num_threads(1)``, and a fold for each processor, is the fastest.
    The test part plays no role in it; its probabilities are computed at the end.
    """
    means = pd.DataFrame({"mean": [float(clip.mean()) for clip in frames]}, index=frames.index)
    labels, parts, classes = prepare(means, labels, parts)
    if not frames.attrs.get("settings"):
        raise DataError(
            "the frames do not say their audio settings (frames.attrs['settings']): train on the "
            "series that frames.extract returned"
        )
    audio_settings = AudioSettings(**frames.attrs["settings"])
    y = torch.tensor([classes.index(label) for label in labels])
    with torch.random.fork_rng(devices=[]):  # leaves the caller's random numbers alone
        torch.manual_seed(settings.seed)
        model = TemporalNet(
            frames.iloc[0].shape[0],
            len(classes),
            channels=settings.channels,
            dropout=settings.dropout,
        )
        history, best_epoch = _run(
            model, list(frames), y, parts.to_numpy(), settings, audio_settings, progress
        )
    noted = provenance(origin_of(frames), labels, parts, corpus=corpus, seed=settings.seed)
    recogniser = TemporalRecogniser(model, classes, audio_settings, history, best_epoch, noted)
    return TemporalResult(recogniser, labels, parts, predict(recogniser, frames), settings)


def predict(recogniser: TemporalRecogniser, frames: pd.Series) -> pd.DataFrame:
    """Predict from frames.

    Parameters
    ----------
    recogniser : TemporalRecogniser
    frames : pandas.Series of numpy.ndarray, each of float32, shape (n_mels, n_frames)
        dB, made with the recogniser's own settings.

    Returns
    -------
    pandas.DataFrame of float32, shape (n_clips, n_classes)
        Probabilities; columns in the order of the classes.

    Raises
    ------
    DataError
        If the frames say that they were made with other settings.
    """
    made_with = frames.attrs.get("settings", asdict(recogniser.audio_settings))
    if made_with != asdict(recogniser.audio_settings):
        raise DataError(
            f"these frames were made with {made_with}, the network learnt from frames made with "
            f"{asdict(recogniser.audio_settings)}: extract them again with the latter"
        )
    logits = _logits(recogniser.model, list(frames))
    return pd.DataFrame(
        torch.softmax(logits, dim=1).numpy(), index=frames.index, columns=list(recogniser.classes)
    )


def occlusion(
    recogniser: TemporalRecogniser,
    clip: np.ndarray,
    emotion: str,
    *,
    bands: int = 8,
    frames: int = 16,
) -> np.ndarray:
    """Measure what the network looks at: cover a patch, see how far the probability falls.

    Parameters
    ----------
    recogniser : TemporalRecogniser
    clip : numpy.ndarray of float32, shape (n_mels, n_frames)
        dB.
    emotion : str
        Whose probability is watched.
    bands, frames : int
        Size of the patch, which is moved by half of it and covered with the clip's mean.

    Returns
    -------
    numpy.ndarray of float32, shape (n_mels, n_frames)
        Mean fall of the probability (−1 to 1) over the patches that cover each point: high where
        the network found what speaks for ``emotion``, below 0 for what speaks against it.

    References
    ----------
    Zeiler & Fergus 2014, doi:10.1007/978-3-319-10590-1_53.
    """
    x = standardise(*pad([clip]))
    n_mels, n_frames = clip.shape
    rows = range(0, n_mels - bands // 2, max(1, bands // 2))
    columns = range(0, n_frames - frames // 2, max(1, frames // 2))
    patches = [np.s_[r : r + bands, c : c + frames] for r in rows for c in columns]
    covered = x.repeat(len(patches) + 1, 1, 1)  # the last one stays whole
    for picture, patch in zip(covered, patches, strict=False):
        picture[patch] = 0
    target = recogniser.classes.index(emotion)
    with torch.no_grad():  # a few at a time: hundreds at once would take hundreds of MB
        logits = [recogniser.model(c, torch.full((len(c),), n_frames)) for c in covered.split(32)]
    probability = torch.softmax(torch.cat(logits), dim=1)[:, target].numpy()
    total, times = np.zeros((2, n_mels, n_frames), dtype=np.float32)
    for patch, left in zip(patches, probability, strict=False):
        total[patch] += probability[-1] - left
        times[patch] += 1
    return total / times.clip(min=1)


def _run(
    model: TemporalNet,
    clips: list[np.ndarray],
    y: torch.Tensor,
    parts: np.ndarray,
    settings: TemporalSettings,
    audio_settings: AudioSettings,
    progress: bool,
) -> tuple[pd.DataFrame, int]:
    """Train ``model`` in place; leave it with the weights of its best epoch."""
    train, validation = (
        torch.from_numpy(np.flatnonzero(parts == p)) for p in ("train", "validation")
    )
    lengths = torch.tensor([clip.shape[1] for clip in clips])
    loss_of = nn.CrossEntropyLoss(label_smoothing=settings.label_smoothing)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
    )
    n_steps = settings.epochs * len(_batches(train, lengths, settings.batch_size))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, settings.lr, total_steps=n_steps)
    history, best = [], BestEpoch(model)
    epochs = range(1, settings.epochs + 1)
    for epoch in tqdm(
        epochs, "training", unit="epoch", disable=not progress, file=sys.stdout, leave=False
    ):
        model.train()
        said, true = [], []
        for batch in _batches(train, lengths, settings.batch_size):
            x, n = pad([clips[i] for i in batch])
            if settings.augment is None:
                x = standardise(x, n)
            else:
                x, n = augment(x, n, settings=settings.augment, audio_settings=audio_settings)
            optimizer.zero_grad()
            logits = model(x, n)
            loss_of(logits, y[batch]).backward()
            optimizer.step()
            schedule.step()
            said.append(logits.detach())
            true.append(y[batch])
        heard = _logits(model, [clips[i] for i in validation])
        scores = {"epoch": epoch}
        for part, logits, truth in (
            ("train", torch.cat(said), torch.cat(true)),
            ("validation", heard, y[validation]),
        ):
            scores[f"{part}_loss"] = nn.functional.cross_entropy(logits, truth).item()
            scores[f"{part}_uar"] = uar(truth, logits.argmax(dim=1))
        history.append(scores)
        best.update(epoch, scores["validation_loss"])
    best_epoch = best.restore(settings.lr)
    return pd.DataFrame(history).set_index("epoch"), best_epoch


def _batches(rows: torch.Tensor, lengths: torch.Tensor, size: int) -> list[torch.Tensor]:
    """Shuffle rows into batches of clips about as long as each other: little padding is wasted."""
    batches = []
    for some in rows[torch.randperm(len(rows))].split(8 * size):
        batches += some[lengths[some].argsort(stable=True)].split(size)
    return [batches[i] for i in torch.randperm(len(batches))]


@torch.no_grad()
def _logits(model: TemporalNet, clips: Sequence[np.ndarray]) -> torch.Tensor:
    """Compute logits of clips as they are, never changed, with dropout off."""
    model.eval()
    lengths = torch.tensor([clip.shape[1] for clip in clips])
    logits = torch.empty(len(clips), model.output.out_features)
    for batch in lengths.argsort(stable=True).split(32):
        x, n = pad([clips[i] for i in batch])
        logits[batch] = model(standardise(x, n), n)
    return logits
