"""Measure the results in the README's table: ``python benchmarks/measure.py [--data FOLDER]``.

Six folds: each speaker (or row) is in the test part once; the next fold chooses the epoch, and the
others train. The course's features are compared with those of the usual tutorials, with the same
network and the same folds, and unseen speakers with random rows, which leak; each comparison is a
paired difference over speakers, too. Writes one JSON file per corpus to ``ser_helpers/results/``;
``tools/readme.py`` copies the results to the README.
"""

from collections.abc import Sequence
from pathlib import Path

import joblib
import librosa
import numpy as np
import pandas as pd
import record
from protocol import N_FOLDS

from ser_helpers import data, evaluate, features, split, train

SEEDS = range(3)  # for the network; the folds stay the same
PACKAGES = ("librosa", "numpy", "scikit-learn", "torch")


def tutorial_row(path: Path) -> np.ndarray:
    """Compute the features of most tutorials: means over time of 40 MFCCs, librosa's defaults."""
    y = data.load_clip(path, sr=22_050)
    return librosa.feature.mfcc(y=y, sr=22_050, n_mfcc=40).mean(axis=1)


def tutorial_table(clips: pd.DataFrame) -> pd.DataFrame:
    tutorial_row(clips.path.iloc[0])  # call it once before any pool, see features.extract
    rows = joblib.Parallel(n_jobs=-1)(joblib.delayed(tutorial_row)(path) for path in clips.path)
    return pd.DataFrame(np.stack(rows), index=clips.index).astype(np.float32)


def answers(
    table: pd.DataFrame, clips: pd.DataFrame, folds: pd.Series, seeds: Sequence[int]
) -> dict[int, pd.Series]:
    """Cross-validate with a few seeds; return what each answers to all clips."""
    return {
        seed: train.cross_validate(
            table, clips.emotion, folds, settings=train.TrainSettings(seed=seed)
        ).idxmax(axis=1)
        for seed in seeds
    }


def scores(clips: pd.DataFrame, said: dict[int, pd.Series]) -> dict:
    """Average the scores and the bounds of their intervals over the seeds."""
    of_seeds = [evaluate.intervals(clips.emotion, each, clips.actor) for each in said.values()]
    mean = sum(of_seeds) / len(of_seeds)
    return {
        metric: mean.loc[metric].round(4).to_dict()
        | {"of_each_seed": [round(float(table.value[metric]), 4) for table in of_seeds]}
        for metric in evaluate.METRICS
    }


def difference(clips: pd.DataFrame, a: dict[int, pd.Series], b: dict[int, pd.Series]) -> dict:
    """Subtract two systems by speaker, each heard with the answers of all its seeds."""
    truth, actor = (pd.concat({seed: clips[of] for seed in a}) for of in ("emotion", "actor"))
    found = evaluate.difference(truth, pd.concat(a), pd.concat(b), actor)
    return {"uar": record.bounds(found)}


def measure_all(corpus: data.Corpus, *, seeds: Sequence[int] = SEEDS) -> dict:
    """Measure both feature sets under both protocols."""
    course = features.extract(corpus.clips)
    clips = corpus.clips.loc[course.index]
    tutorial = tutorial_table(clips)
    by_speaker = split.folds_by_speaker(clips, N_FOLDS)
    by_rows = split.folds_by_rows(clips, N_FOLDS)
    said = {
        "course, unseen speakers": answers(course, clips, by_speaker, seeds),
        "course, random rows (leaks)": answers(course, clips, by_rows, seeds),
        "tutorials' features, unseen speakers": answers(tutorial, clips, by_speaker, seeds),
        "tutorials' features, random rows (leaks)": answers(tutorial, clips, by_rows, seeds),
    }
    pairs = [
        ("course, random rows (leaks)", "course, unseen speakers"),
        ("tutorials' features, random rows (leaks)", "tutorials' features, unseen speakers"),
        ("course, unseen speakers", "tutorials' features, unseen speakers"),
    ]
    return {
        **record.about(corpus, clips),
        "seeds": list(seeds),
        "interval": "95 %, bootstrap over speakers, mean over the seeds",
        "scores": {name: scores(clips, of_seeds) for name, of_seeds in said.items()},
        "differences": {f"{a} minus {b}": difference(clips, said[a], said[b]) for a, b in pairs},
        "protocols": {"unseen speakers": by_speaker.name, "random rows": by_rows.name},
        "baselines": evaluate.baselines(clips.emotion, listeners=True).round(4).to_dict("index"),
        "versions": record.versions(*PACKAGES),
    }


def main() -> None:
    corpus = data.open_corpus(record.parser(__doc__).parse_args().data)
    print(corpus)
    result = measure_all(corpus)
    for name, found in result["scores"].items():
        print(f"{name:42} UAR {found['uar']['value']:.1%}", found["uar"]["of_each_seed"])
    record.write(record.name_of(corpus), result)


if __name__ == "__main__":
    main()
