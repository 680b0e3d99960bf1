"""Measure what 04 and 05 change: ``python benchmarks/measure_recipes.py [--data FOLDER]``.

On the development speakers only, since both notebooks stand before the envelope: six folds by
speaker, of which one is answered, the next one validates and the others train. Each recipe changes
one thing of the course's: a second softmax, another learning rate, no brakes against learning by
heart. Scores and paired differences are over speakers, each with the answers of all seeds: the UAR
of the answers put together is the mean over the seeds. Also scores the one neuron whose two weights
notebook 04 chooses by thinking. Writes ``results/recipes_<corpus>.json``.
"""

from dataclasses import replace
from unittest import mock

import numpy as np
import pandas as pd
import record
import torch
from sklearn.preprocessing import StandardScaler

from ser_helpers import data, evaluate, features, split, train
from ser_helpers.model import EmotionNet

SEEDS = range(3)
PACKAGES = ("librosa", "numpy", "scikit-learn", "torch")
COURSE = train.TrainSettings()
NO_BRAKES = replace(COURSE, dropout=0.0, noise=0.0, label_smoothing=0.0, weight_decay=0.0)


class SoftmaxTwice(EmotionNet):
    """The course's network with a softmax too many, as notebook 04 has it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute probabilities, which the loss takes for logits."""
        return torch.softmax(self.layers(x), dim=1)


#: Each recipe: the kind of network, and its settings.
RECIPES = {
    "course": (EmotionNet, COURSE),
    "softmax twice": (SoftmaxTwice, COURSE),
    "rate 0.0001": (EmotionNet, replace(COURSE, lr=1e-4)),
    "rate 0.01": (EmotionNet, replace(COURSE, lr=1e-2)),
    "no brakes": (EmotionNet, NO_BRAKES),
}


def one_neuron(table: pd.DataFrame, clips: pd.DataFrame, parts: pd.Series) -> dict[str, float]:
    """Score 2 · loudness − 1 · softness above 0 as anger, else sadness."""
    columns = ["mfcc00_mean", "mfcc01_mean"]
    scaler = StandardScaler().fit(table.loc[parts == "train", columns])
    loudness, softness = scaler.transform(table[columns]).T
    pair = clips.emotion.isin(["ANG", "SAD"])
    said = pd.Series(np.where(2 * loudness - softness > 0, "ANG", "SAD"), clips.index)[pair]
    scores = evaluate.intervals(clips.emotion[pair], said, clips.actor[pair])
    return record.rounded(scores.loc["uar"].to_dict())


def answers(
    table: pd.DataFrame, clips: pd.DataFrame, folds: pd.Series, recipe: str, seed: int
) -> tuple[pd.Series, float]:
    """Answer each clip by a network that had not heard its speaker; mean of the kept epochs."""
    kind, settings = RECIPES[recipe]
    said, kept = [], []
    with mock.patch.object(train, "EmotionNet", kind):
        for fold in sorted(folds.unique()):
            result = train.fit(
                table,
                clips.emotion,
                split.parts_of_fold(folds, fold),
                settings=replace(settings, seed=seed),
                progress=False,
            )
            said.append(result.predictions[result.parts == "test"])
            kept.append(result.best_epoch)
    return pd.concat(said).loc[table.index], float(np.mean(kept))


def measure_all(corpus: data.Corpus, *, seeds: range | list[int] = SEEDS) -> dict:
    """Measure every recipe and its difference from the course's."""
    clips = split.development(corpus.clips)
    table = features.extract(clips, progress=False)
    clips = clips.loc[table.index]
    folds = split.folds_by_speaker(clips)
    parts = split.by_speaker(corpus.clips)[clips.index]
    said, result = {}, record.about(corpus, clips)
    result |= {
        "speakers": "development",
        "protocol": folds.name,
        "seeds": list(seeds),
        "measure": "UAR; 'minus' is a paired difference",
        "interval": "95 %, bootstrap over speakers, the answers of all seeds together",
        "one neuron, anger or sadness": {"uar": one_neuron(table, clips, parts)},
    }
    truth, actor = (pd.concat({seed: clips[of] for seed in seeds}) for of in ("emotion", "actor"))
    for recipe in RECIPES:
        by_seed = {seed: answers(table, clips, folds, recipe, seed) for seed in seeds}
        uars = [evaluate.scores(clips.emotion, each)["uar"] for each, _ in by_seed.values()]
        said[recipe] = pd.concat({seed: answered for seed, (answered, _) in by_seed.items()})
        score = evaluate.intervals(truth, said[recipe], actor).loc["uar"]
        result[f"{recipe}, development folds"] = {
            "uar": record.rounded(score.to_dict()) | {"of_each_seed": [round(u, 4) for u in uars]},
            "mean_kept_epoch": round(float(np.mean([kept for _, kept in by_seed.values()])), 1),
        }
        print(f"{recipe:14}", [f"{u:.1%}" for u in uars], flush=True)
        if recipe != "course":
            found = evaluate.difference(truth, said[recipe], said["course"], actor)
            print(" " * 14, found, flush=True)
            result[f"{recipe} minus course"] = {"uar": record.bounds(found)}
    return result | {"versions": record.versions(*PACKAGES)}


def main() -> None:
    corpus = data.open_corpus(record.parser(__doc__).parse_args().data)
    print(corpus)
    record.write(f"recipes_{record.name_of(corpus)}", measure_all(corpus))


if __name__ == "__main__":
    main()
