"""Recipes that may be better than a regression on means, for ``pretrained_trials.py``.

A recipe is a function of a split, ``parts``. It trains on the train part, chooses what it chooses
(a strength, an epoch) on the validation part, and returns the probabilities of the clips of the
validation part and of the test part; None for the latter if the split has none.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import joblib
import measure_temporal
import numpy as np
import pandas as pd
import torch
from fine_tuning import tensor
from scipy.signal import resample_poly
from sklearn.base import ClassifierMixin
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.svm import SVC
from torch import nn

from ser_helpers import data, evaluate, features, split
from ser_helpers.further import adapt, frames, heads, pretrained, temporal, whisper_weights
from ser_helpers.spectrum import decibels, frame

Answers = tuple[pd.DataFrame, pd.DataFrame | None]  # of the validation and of the test part
Recipe = Callable[[pd.Series], Answers]

#: A clip played a tenth slower and faster: its pitch and its formants move as well, so that it
#: sounds like somebody else. Up, down: as ``resample_poly`` wants it.
SPEEDS = {"slower": (10, 9), "faster": (10, 11)}
#: A fifth slower and faster as well.
MORE_SPEEDS = SPEEDS | {"much slower": (10, 8), "much faster": (10, 12)}
LEVEL = -200  # dB; below every frame
PADDED = 30  # seconds


def rows_of(parts: pd.Series) -> dict[str, pd.Index]:
    """Return the clips of each part that the split has."""
    return {part: parts.index[parts == part] for part in split.PARTS if (parts == part).any()}


def once(recipe: Recipe) -> Recipe:
    """Keep what a recipe answered, as several averages ask it."""
    known: dict[tuple, Answers] = {}

    def answers(parts: pd.Series) -> Answers:
        key = parts.name, len(parts)
        if key not in known:
            known[key] = recipe(parts)
        return known[key]

    return answers


def averaged(*recipes: Recipe) -> Recipe:
    """Average the probabilities of several recipes."""

    def answers(parts: pd.Series) -> Answers:
        validation, test = zip(*(recipe(parts) for recipe in recipes), strict=True)
        return sum(validation) / len(recipes), (
            None if test[0] is None else sum(test) / len(recipes)
        )

    return answers


# ---- heads on a table of embeddings


def regression(table: pd.DataFrame, labels: pd.Series, *, refit: bool = False) -> Recipe:
    """Return the head of notebook 13."""
    return once(lambda parts: heads.validated(table, labels, parts, refit=refit)[:2])


def spoken_faster(
    listen: Callable[[], Sequence[pd.DataFrame]],
    labels: pd.Series,
    *,
    asked: bool,
    refit: bool = False,
) -> Recipe:
    """Train the head on every clip at several speeds.

    ``listen`` returns the tables when it is asked; the first is of the clips as they are.
    ``asked``: the clips of the other parts are heard at all speeds as well, and the answers
    averaged. ``refit``: what answers for the test part is trained on the validation part, too.
    """

    def answers(parts: pd.Series) -> Answers:
        rows, own, emotions = [], [], []
        for i, table in enumerate(listen()):
            kept = parts if asked or not i else parts[parts == "train"]
            names = [(clip, i) for clip in kept.index]
            index = pd.Index(names, tupleize_cols=False)
            rows.append(table.loc[kept.index].set_axis(index))
            own.append(kept.set_axis(index))
            emotions.append(labels[kept.index].set_axis(index))
        x, y = pd.concat(rows), pd.concat(emotions)
        found = heads.validated(x, y, pd.concat(own), refit=refit)[:2]
        return tuple(
            p if p is None else p.groupby([clip for clip, _ in p.index], sort=False).mean()
            for p in found
        )

    return once(answers)


def shares(head: ClassifierMixin, x: np.ndarray) -> np.ndarray:
    """Ask a classifier for its probabilities."""
    return head.predict_proba(x)


def votes(head: ClassifierMixin, x: np.ndarray) -> np.ndarray:
    """Ask a classifier without probabilities: all for the emotion that it names."""
    return (head.predict(x)[:, None] == head.classes_).astype(float)


def fitted(
    make: Callable[[], ClassifierMixin],
    table: pd.DataFrame,
    labels: pd.Series,
    *,
    n_axes: int | None = None,
    ask: Callable[[ClassifierMixin, np.ndarray], np.ndarray] = shares,
) -> Recipe:
    """Train another classifier of scikit-learn.

    ``n_axes``: on that many principal components. ``ask`` returns its answers, (n, 6).
    """

    def answers(parts: pd.Series) -> Answers:
        rows = rows_of(parts)
        x, *others = heads.rotate(*(table.loc[own].to_numpy() for own in rows.values()))
        if n_axes:
            pca = PCA(n_axes, whiten=True, random_state=0).fit(x)
            x, *others = (pca.transform(each) for each in (x, *others))
        head = make().fit(x, labels[rows["train"]])
        found = [
            pd.DataFrame(ask(head, other), own, head.classes_)
            for other, own in zip(others, list(rows.values())[1:], strict=True)
        ]
        return found[0], found[1] if len(found) > 1 else None

    return once(answers)


def discriminant() -> LinearDiscriminantAnalysis:
    """Return linear discriminants of a covariance shrunken as Ledoit and Wolf say."""
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")


def vectors(gamma: float) -> Callable[[pd.DataFrame, pd.Series], Recipe]:
    """Return support vectors with a radial kernel, one C for all: 10."""

    def recipe(table: pd.DataFrame, labels: pd.Series) -> Recipe:
        machine = partial(SVC, C=10, gamma=gamma / table.shape[1])
        return fitted(machine, table, labels, ask=votes)

    return recipe


# ---- what is heard


def spoken(y: np.ndarray, speed: str) -> np.ndarray:
    """Play a clip faster or slower."""
    return resample_poly(y, *MORE_SPEEDS[speed]).astype(np.float32)


def described(clips: pd.DataFrame, describe: Callable[[np.ndarray], np.ndarray]) -> pd.DataFrame:
    """Describe each clip by a row over all layers; nothing is cached."""
    rows = [describe(data.load_clip(path)) for path in clips.path]
    return pd.DataFrame(np.stack(rows), clips.index, pretrained.feature_names(range(6)))


def table_at(clips: pd.DataFrame, speed: str) -> pd.DataFrame:
    """Compute the rows of all layers for clips that are played faster or slower."""
    encoder = pretrained.load()
    return described(clips, lambda y: pretrained.describe(spoken(y, speed), encoder))


def table_padded(clips: pd.DataFrame) -> pd.DataFrame:
    """Compute the rows of clips filled up to 30 s, from the frames of the clip alone."""
    encoder = pretrained.load()

    def describe(y: np.ndarray) -> np.ndarray:
        n_frames = -(-(len(y) // pretrained.AUDIO.hop_length) // 2)
        long = np.pad(y, (0, PADDED * data.SAMPLE_RATE - len(y)))
        x = pretrained.listen(long, encoder)[:, :n_frames]
        return np.stack([x.mean(axis=1), x.std(axis=1)], axis=1).ravel()

    return described(clips, describe)


def listen(path: str, encoder: pretrained.Encoder) -> tuple[np.ndarray, np.ndarray]:
    """Return the frames of layers 0 to 4 as float16, and each frame's level below the loudest."""
    y = data.load_clip(path)
    heard = pretrained.listen(y, encoder)[:5].astype(np.float16)
    level = decibels(np.square(frame(y, 400, 320)).mean(axis=0))[: heard.shape[1]]
    return heard, np.pad(level - level.max(), (0, heard.shape[1] - len(level)), mode="edge")


def listen_to_all(paths: list[str], fingerprint: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Listen to all clips; ``fingerprint`` names the weights for the cache."""
    del fingerprint
    encoder = pretrained.load()
    return [listen(path, encoder) for path in paths]


def pooled(
    heard: list, layers: Sequence[int], *, quantiles: tuple = (), above: float = LEVEL
) -> np.ndarray:
    """Pool each clip's frames: mean, standard deviation and quantiles over the louder frames."""
    rows = []
    for both, level in heard:
        x = both[list(layers)][:, level > above].astype(np.float32)
        pieces = [x.mean(axis=1), x.std(axis=1)]
        pieces += list(np.quantile(x, quantiles, axis=1)) if quantiles else []
        rows.append(np.concatenate([piece.ravel() for piece in pieces]))
    return np.stack(rows)


def in_thirds(heard: list, layers: Sequence[int], *, above: float = -35) -> np.ndarray:
    """Pool the beginning, the middle and the end of what is spoken: the mean of each."""
    rows = []
    for both, level in heard:
        first, last = np.flatnonzero(level > above)[[0, -1]]
        x = both[list(layers), first : last + 1].astype(np.float32)
        rows.append(
            np.concatenate([third.mean(axis=1).ravel() for third in np.array_split(x, 3, axis=1)])
        )
    return np.stack(rows)


def moved(heard: list, layers: Sequence[int]) -> np.ndarray:
    """Pool how unevenly each number moves: the spread of its differences over 0.1 s."""
    return np.stack(
        [
            (x[:, 5:].astype(np.float32) - x[:, :-5]).std(axis=1).ravel()
            for x in (both[list(layers)] for both, _ in heard)
        ]
    )


class Ears:
    """A corpus, and all that the recipes hear of it; what takes minutes is kept in ``work/``."""

    def __init__(self, corpus: data.Corpus) -> None:
        self.memory = joblib.Memory(data.work_folder() / "benchmarks", verbose=0)
        self.whole = pretrained.embed(corpus.clips, range(6), n_jobs=1)
        self.clips = corpus.clips.loc[self.whole.index]
        self.labels = self.clips.emotion
        self.mfccs = features.extract(self.clips, n_jobs=1).add_prefix("mfcc ")

    def frames(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the frames of all clips: 0.8 GB for RAVDESS."""
        paths = [str(path) for path in self.clips.path]
        return self.memory.cache(listen_to_all)(paths, whisper_weights.TINY_EN.fingerprint)

    def at_all_speeds(self, speeds: Iterable[str] = SPEEDS) -> list[pd.DataFrame]:
        """Return the rows of the clips as they are, and at each other speed."""
        return [self.whole] + [self.memory.cache(table_at)(self.clips, s) for s in speeds]

    def padded(self) -> pd.DataFrame:
        """Return the rows of clips filled up to 30 s."""
        return self.memory.cache(table_padded)(self.clips)

    def own(self, table: pd.DataFrame) -> pd.DataFrame:
        """Standardise a table by speaker."""
        return adapt.standardise_by_speaker(table, self.clips.actor)

    def network_over_time(self) -> Recipe:
        """Return the network of notebook 09, trained as for part "frames" of the benchmark."""
        table = frames.extract(self.clips, progress=False)
        folds = split.folds_by_speaker(self.clips, measure_temporal.N_FOLDS)

        def answers(parts: pd.Series) -> Answers:
            # The whole split is what the benchmark's cache knows; the test clips are not trained
            # on, and are dropped here if this recipe is not to see them.
            (whole,) = (
                own
                for own in (
                    split.parts_of_fold(folds, fold) for fold in range(measure_temporal.N_FOLDS)
                )
                if own.name == parts.name
            )
            ((_, found),) = measure_temporal.run_folds(
                table, self.clips, [whole], temporal.TemporalSettings(), n_jobs=1
            )
            rows = rows_of(parts)
            test = found.loc[rows["test"]] if "test" in rows else None
            return found.loc[rows["validation"]], test

        return once(answers)


# ---- networks over the frames


class Attentive(nn.Module):
    """A weighted sum of layers (arXiv 2104.03502), attention over time, mean and spread, a head.

    ``n_views`` heads of attention; with 0 of them, all frames count the same.
    """

    def __init__(
        self, n_layers: int, n_in: int, *, n_views: int = 4, width: int = 128, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(n_layers))
        self.narrow = nn.Sequential(nn.Linear(n_in, width), nn.ReLU(), nn.Dropout(dropout))
        self.attention = nn.Linear(width, n_views) if n_views else None
        wide = 2 * max(n_views, 1) * width
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(wide, len(data.EMOTIONS)))

    def forward(self, x: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
        """Map frames (n, layers, time, n_in), mask (n, time) to logits (n, 6)."""
        x = torch.einsum("l,nltw->ntw", self.weights.softmax(0), x)
        x = self.narrow(x)
        view = self.attention(x) if self.attention else torch.zeros_like(x[..., :1])
        share = view.masked_fill(~inside[..., None], -torch.inf).softmax(1)
        mean = torch.einsum("nth,ntw->nhw", share, x)
        spread = (torch.einsum("nth,ntw->nhw", share, x**2) - mean**2).clamp(min=1e-5).sqrt()
        return self.head(torch.cat([mean, spread], dim=1).flatten(1))


def attentive(
    ears: Ears,
    layers: Sequence[int],
    *,
    seeds: Sequence[int] = (0,),
    by_speaker: bool = False,
    epochs: int = 15,
    **settings: float,
) -> Recipe:
    """Train a small network on every second frame, once per seed.

    Each one's epoch is chosen by validation.
    """
    place = {clip: i for i, clip in enumerate(ears.labels.index)}
    y = torch.from_numpy(pd.Index(data.EMOTIONS).get_indexer(ears.labels))

    def scaled(train: list[int]) -> list[torch.Tensor]:
        """Standardise the frames by those of the train part, or by those of each speaker."""
        heard = [both[list(layers), ::2] for both, _ in ears.frames()]
        own = list(ears.clips.actor) if by_speaker else ["all"] * len(heard)
        known: dict[object, tuple] = {}
        for name in dict.fromkeys(own):
            rows = [i for i, of in enumerate(own) if of == name]
            rows = rows if by_speaker else train
            some = np.concatenate([heard[i][:, ::3] for i in rows], axis=1).astype(np.float32)
            known[name] = some.mean(axis=1)[:, None], some.std(axis=1)[:, None]
        return [
            tensor(((x - known[name][0]) / known[name][1]).astype(np.float16))
            for x, name in zip(heard, own, strict=True)
        ]

    def batch(x: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        long = max(clip.shape[1] for clip in x)
        filled = torch.zeros(len(x), x[0].shape[0], long, x[0].shape[2])
        inside = torch.zeros(len(x), long, dtype=torch.bool)
        for row, mask, clip in zip(filled, inside, x, strict=True):
            row[:, : clip.shape[1]] = clip
            mask[: clip.shape[1]] = True
        return filled, inside

    def asked(model: Attentive, x: list[torch.Tensor], rows: pd.Index) -> pd.DataFrame:
        model.eval()
        of = [place[clip] for clip in rows]
        with torch.no_grad():
            logits = [
                model(*batch([x[i] for i in of[first : first + 64]]))
                for first in range(0, len(of), 64)
            ]
        return pd.DataFrame(torch.cat(logits).softmax(1).numpy(), rows, list(data.EMOTIONS))

    def train_one(seed: int, x: list[torch.Tensor], rows: dict[str, pd.Index]) -> Answers:
        torch.manual_seed(seed)
        train = [place[clip] for clip in rows["train"]]
        model = Attentive(len(layers), x[0].shape[2], **settings)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
        steps = -(-len(train) // 32) * epochs
        falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        best: tuple = (-1.0,)
        for _ in range(epochs):
            model.train()
            for own in torch.tensor(train)[torch.randperm(len(train))].split(32):
                logits = model(*batch([x[i] for i in own]))
                loss = nn.functional.cross_entropy(logits, y[own], label_smoothing=0.1)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                falling.step()
            validation = asked(model, x, rows["validation"])
            uar = uar_of(ears.labels, validation)
            if uar > best[0]:
                test = asked(model, x, rows["test"]) if "test" in rows else None
                best = uar, validation, test
        return best[1:]

    def answers(parts: pd.Series) -> Answers:
        rows = rows_of(parts)
        x = scaled([place[clip] for clip in rows["train"]])
        return averaged(*(lambda _, seed=seed: train_one(seed, x, rows) for seed in seeds))(parts)

    return once(answers)


def uar_of(labels: pd.Series, probabilities: pd.DataFrame) -> float:
    """Score the most probable emotion of each clip."""
    said = probabilities.idxmax(axis=1)
    return evaluate.scores(labels[probabilities.index], said)["uar"]
