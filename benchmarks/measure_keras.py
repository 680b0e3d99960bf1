"""Measure the course's network in PyTorch and in Keras: ``measure_keras.py [--data FOLDER]``.

The protocol is that of ``measure.py``: six folds by speaker; each is the test fold once, the next
one chooses the epoch, and the others train. Folds and seeds are the same for both. Besides the
scores, it reports their difference with an interval of its own, how often the networks agree, and
how much the probabilities differ after weights are copied from one to the other. Writes
``results/keras_<corpus>.json``.
"""

import json
from collections.abc import Sequence

import numpy as np
import pandas as pd
import record
from measure import scores as mean_scores
from protocol import N_FOLDS

from ser_helpers import data, evaluate, features, split, train
from ser_helpers.further import keras_twin

SEEDS = range(3)
PACKAGES = ("keras", "tensorflow", "tensorflow-cpu", "librosa", "numpy", "scikit-learn", "torch")
FITS = {
    "torch": lambda *data, settings: train.fit(*data, settings=settings, progress=False),
    "keras": keras_twin.fit,
}


def run_fold(
    table: pd.DataFrame, clips: pd.DataFrame, parts: pd.Series, seed: int
) -> tuple[dict[str, pd.Series], float]:
    """Train one fold in both; return both predictions and the error after copying weights."""
    settings = train.TrainSettings(seed=seed)
    results = {n: fit(table, clips.emotion, parts, settings=settings) for n, fit in FITS.items()}
    result = results["torch"]
    x = result.scaler.transform(table).astype(np.float32)
    twin = keras_twin.build(x.shape[1], len(result.classes))
    keras_twin.copy_to_keras(result.model, twin)
    apart = np.abs(keras_twin.probabilities(twin, x) - result.probabilities.to_numpy()).max()
    test = parts.index[parts == "test"]
    return {name: r.predictions[test] for name, r in results.items()}, float(apart)


def difference(
    actual: pd.Series, one: pd.Series, other: pd.Series, speakers: pd.Series
) -> dict[str, float]:
    """Return the UAR of ``one`` minus that of ``other``, and its 95 % interval over speakers."""
    return record.interval(evaluate.difference(actual, one, other, speakers))


def measure(
    table: pd.DataFrame, clips: pd.DataFrame, *, seeds: Sequence[int], folds: Sequence[int]
) -> dict:
    """Measure both with the same folds and seeds; choose a few folds for a quick look."""
    fold_of = split.folds_by_speaker(clips, N_FOLDS)
    predicted: dict[tuple[str, int], pd.Series] = {}
    of_folds: dict[str, list[list[float]]] = {name: [] for name in FITS}
    apart = []
    for seed in seeds:
        runs = []
        for fold in folds:
            predictions, far = run_fold(table, clips, split.parts_of_fold(fold_of, fold), seed)
            runs.append(predictions)
            apart.append(far)
            print(f"seed {seed}, fold {fold}: copies differ by {far:.1e}", flush=True)
        for name in FITS:
            of_fold = [run[name] for run in runs]
            uars = [evaluate.scores(clips.emotion[s.index], s)["uar"] for s in of_fold]
            of_folds[name].append([round(uar, 4) for uar in uars])
            predicted[name, seed] = pd.concat(of_fold)
    clips = clips.loc[predicted["torch", seeds[0]].index]
    scores = {
        name: mean_scores(clips, {seed: predicted[name, seed] for seed in seeds}) for name in FITS
    }
    differences = [
        difference(clips.emotion, predicted["keras", s], predicted["torch", s], clips.actor)
        for s in seeds
    ]
    shares = {
        kind: [
            float((predicted[a] == predicted[b]).mean())
            for a in predicted
            for b in predicted
            if a < b and kind == (a[0] if a[0] == b[0] else "torch and keras")
        ]
        for kind in ("torch", "keras", "torch and keras")
    }
    return {
        "protocol": f"{fold_of.name}; the next fold chooses the epoch",
        "seeds": list(seeds),
        "interval": "95 %, bootstrap over speakers, mean over the seeds",
        "scores": scores,
        "uar_of_each_seed_and_fold": of_folds,
        "uar_keras_minus_torch": pd.DataFrame(differences).mean().round(4).to_dict(),
        "same_answer": {
            kind: round(float(np.mean(found)), 4) for kind, found in shares.items() if found
        },
        "largest_difference_of_probabilities_after_copying": float(f"{max(apart):.1e}"),
    }


def main() -> None:
    corpus = data.open_corpus(record.parser(__doc__).parse_args().data)
    print(corpus)
    backend = keras_twin.choose_backend()
    table = features.extract(corpus.clips)
    clips = corpus.clips.loc[table.index]
    result = {
        **record.about(corpus, clips),
        "backend": backend,
        **measure(table, clips, seeds=SEEDS, folds=range(N_FOLDS)),
        "versions": record.versions(*PACKAGES),
    }
    print(json.dumps(result, indent=2))
    record.write(f"keras_{record.name_of(corpus)}", result)


if __name__ == "__main__":
    main()
