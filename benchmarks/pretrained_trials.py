"""Try what may be better than a regression on means: ``pretrained_trials.py [--data FOLDER]``.

Only the *validation* parts of the first three folds are scored, as in ``measure_temporal.py``; the
test parts are not even passed on, so that the speakers of the other three folds (0, 4 and 5) are
never scored while something is chosen. Every trial is added to ``results/pretrained_<corpus>.json``
under ``trials``; ``--only WORD`` runs those whose name holds a word.
"""

import argparse
import time
from collections.abc import Callable, Iterator

import joblib
import numpy as np
import pandas as pd
import record
import torch
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits
from torch import nn

from ser_helpers import data, evaluate, features, split
from ser_helpers.further import adapt, heads, pretrained, whisper_weights
from ser_helpers.spectrum import decibels, frame

N_FOLDS = 6
TRIAL_FOLDS = (0, 1, 2)
Table = pd.DataFrame
Score = Callable[[pd.Series], float]  # of a split without a test part


def listen(path: str, encoder: pretrained.Encoder) -> tuple[np.ndarray, np.ndarray]:
    """Return the frames of layers 0 to 4 as float16, and each frame's level below the loudest."""
    y = data.load_clip(path)
    frames = pretrained.listen(y, encoder)[:5].astype(np.float16)
    level = decibels(np.square(frame(y, 400, 320)).mean(axis=0))[: frames.shape[1]]
    return frames, np.pad(level - level.max(), (0, frames.shape[1] - len(level)), mode="edge")


def listen_to_all(paths: list[str], fingerprint: str) -> list[tuple[np.ndarray, np.ndarray]]:
    encoder = pretrained.load()
    return [listen(path, encoder) for path in paths]


def pooled(
    heard: list, layers: tuple[int, ...], *, quantiles=(), above: float = -200
) -> np.ndarray:
    """Pool each clip's frames: mean, standard deviation and quantiles over the louder frames."""
    rows = []
    for frames, level in heard:
        x = frames[list(layers)][:, level > above].astype(np.float32)
        pieces = [x.mean(axis=1), x.std(axis=1)]
        pieces += list(np.quantile(x, quantiles, axis=1)) if quantiles else []
        rows.append(np.concatenate([piece.ravel() for piece in pieces]))
    return np.stack(rows)


def score(labels: pd.Series, probabilities: pd.DataFrame) -> float:
    own = labels[probabilities.index]
    return evaluate.scores(own, probabilities.idxmax(axis=1))["uar"]


def trials(corpus: data.Corpus) -> Iterator[tuple[str, Score]]:
    """Name each trial, and what returns its UAR on the validation part of a split."""
    memory = joblib.Memory(data.work_folder() / "benchmarks", verbose=0)
    whole = pretrained.embed(corpus.clips, range(6), n_jobs=1)
    clips = corpus.clips.loc[whole.index]
    labels = clips.emotion
    mfccs = features.extract(clips, n_jobs=1).add_prefix("mfcc ")

    def of(*layers: int) -> Table:
        return whole[pretrained.feature_names(layers)]

    def regress(table: Table) -> Score:
        return lambda parts: heads.validated(table, labels, parts)[2]

    def averaged(*tables: Table) -> Score:
        def uar(parts: pd.Series) -> float:
            said = [heads.validated(table, labels, parts)[0] for table in tables]
            return score(labels, sum(said) / len(said))

        return uar

    def vectors(table: Table, gamma: float) -> Score:
        """Support vectors with a radial kernel, one C for all: 10."""

        def uar(parts: pd.Series) -> float:
            train, validation = (parts.index[parts == p] for p in ("train", "validation"))
            x, other = heads.rotate(table.loc[train].to_numpy(), table.loc[validation].to_numpy())
            machine = SVC(C=10, gamma=gamma / table.shape[1]).fit(x, labels[train])
            said = pd.Series(machine.predict(other), validation)
            return evaluate.scores(labels[validation], said)["uar"]

        return uar

    for layers in ((0,), (1,), (2,), (3,), (4,), (5,), (2, 3), (1, 2, 3), (2, 3, 4), (1, 2, 3, 4)):
        yield f"layers {layers}", regress(of(*layers))
    for layers in ((2, 3), (2, 3, 4), (1, 2, 3, 4)):
        for gamma in (0.3, 1.0):
            yield f"layers {layers}, support vectors, gamma {gamma}", vectors(of(*layers), gamma)
    yield "layers 1 to 4, one head each, averaged", averaged(*(of(i) for i in (1, 2, 3, 4)))
    yield "layers 2 and 3, one head each, averaged", averaged(of(2), of(3))
    yield "MFCCs", regress(mfccs)
    yield "layers 2 to 4 and MFCCs", regress(of(2, 3, 4).join(mfccs))
    yield "layers 2 to 4, averaged with MFCCs", averaged(of(2, 3, 4), mfccs)
    heard = memory.cache(listen_to_all)(
        [str(path) for path in clips.path], whisper_weights.TINY_EN.fingerprint
    )
    for above in (-25, -35, -45):
        table = pd.DataFrame(pooled(heard, (2, 3, 4), above=above), whole.index)
        yield f"layers 2 to 4, frames above {above} dB", regress(table)
    table = pd.DataFrame(pooled(heard, (2, 3, 4), quantiles=(0.1, 0.5, 0.9)), whole.index)
    yield "layers 2 to 4, with quantiles", regress(table)
    for layers in ((2,), (2, 3), (2, 3, 4), (1, 2, 3, 4)):
        table = adapt.standardise_by_speaker(of(*layers), clips.actor)
        yield f"layers {layers}, by speaker", regress(table)
    for settings in ({}, {"dropout": 0.5}, {"width": 256}):
        yield (
            f"attentive pooling, weighted layers, {settings}",
            attentive(heard, labels, **settings),
        )


class Attentive(nn.Module):
    """A weighted sum of layers (arXiv 2104.03502), attention over time, mean and spread, a head."""

    def __init__(self, n_layers: int, n_in: int, *, width: int = 128, dropout: float = 0.3) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(n_layers))
        self.narrow = nn.Sequential(nn.Linear(n_in, width), nn.ReLU(), nn.Dropout(dropout))
        self.attention = nn.Linear(width, 4)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * 4 * width, 6))

    def forward(self, x: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
        """Map frames (n, layers, time, n_in), mask (n, time) to logits (n, 6)."""
        x = torch.einsum("l,nltw->ntw", self.weights.softmax(0), x)
        x = self.narrow(x)
        share = self.attention(x).masked_fill(~inside[..., None], -torch.inf).softmax(1)
        mean = torch.einsum("nth,ntw->nhw", share, x)
        spread = (torch.einsum("nth,ntw->nhw", share, x**2) - mean**2).clamp(min=1e-5).sqrt()
        return self.head(torch.cat([mean, spread], dim=1).flatten(1))


def attentive(heard: list, labels: pd.Series, *, epochs: int = 20, **settings: float) -> Score:
    """Train a small network on frames; the epoch is chosen where it is scored."""
    place = {clip: i for i, clip in enumerate(labels.index)}

    def batch(rows: list[int], mean: torch.Tensor, sd: torch.Tensor) -> tuple:
        own = [torch.from_numpy(heard[i][0][1:]).float() for i in rows]
        long = max(x.shape[1] for x in own)
        x = torch.zeros(len(own), own[0].shape[0], long, own[0].shape[2])
        inside = torch.zeros(len(own), long, dtype=torch.bool)
        for row, mask, clip in zip(x, inside, own, strict=True):
            row[:, : clip.shape[1]] = (clip - mean) / sd
            mask[: clip.shape[1]] = True
        return x, inside

    def uar(parts: pd.Series) -> float:
        torch.manual_seed(0)
        train, validation = (
            [place[clip] for clip in parts.index[parts == p]] for p in ("train", "validation")
        )
        some = np.concatenate([heard[i][0][1:, ::8] for i in train], axis=1).astype(np.float32)
        mean, sd = (torch.from_numpy(f(some, axis=1))[:, None] for f in (np.mean, np.std))
        y = torch.from_numpy(pd.Index(data.EMOTIONS).get_indexer(labels))
        model = Attentive(4, 384, **settings)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.05)
        best = 0.0
        for _ in range(epochs):
            model.train()
            for rows in torch.tensor(train)[torch.randperm(len(train))].split(32):
                loss = nn.functional.cross_entropy(
                    model(*batch(rows.tolist(), mean, sd)), y[rows], label_smoothing=0.1
                )
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                logits = [
                    model(*batch(validation[i : i + 64], mean, sd))
                    for i in range(0, len(validation), 64)
                ]
            said = [data.EMOTIONS[i] for i in torch.cat(logits).argmax(1)]
            best = max(best, evaluate.scores(labels.iloc[validation].to_numpy(), said)["uar"])
        return best

    return uar


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="like SER_DATA; default: demo voices", default="demo")
    parser.add_argument("--only", help="trials whose name holds this", default="")
    options = parser.parse_args()
    corpus = data.open_corpus(options.data)
    file = f"pretrained_{record.name_of(corpus)}"
    torch.set_num_threads(1)
    with threadpool_limits(1):
        folds = split.folds_by_speaker(corpus.clips, N_FOLDS)
        of_folds = (split.parts_of_fold(folds, fold) for fold in TRIAL_FOLDS)
        visible = [parts[parts != "test"] for parts in of_folds]
        for name, uar_of in trials(corpus):
            if options.only not in name:
                continue
            start = time.process_time()
            uars = [float(uar_of(parts)) for parts in visible]
            outcome = {
                "validation_uar": round(float(np.mean(uars)), 4),
                "of_each_fold": [round(uar, 4) for uar in uars],
            }
            print(f"{name:60} {outcome} {time.process_time() - start:.0f} s", flush=True)
            stored = record.read(file)
            trials_so_far = stored.get("trials", {}) | {name: outcome}
            record.write(
                file, record.about(corpus, corpus.clips) | stored | {"trials": trials_so_far}
            )


if __name__ == "__main__":
    main()
