"""Measure the results in the README's table: ``python benchmarks/measure.py [--data FOLDER]``.

Six folds: each speaker (or row) is in the test part once; the next fold chooses the epoch, and the
others train. The course's features are compared with those of the usual tutorials, with the same
network and the same folds, and unseen speakers with random rows, which leak. Writes one JSON file
per corpus to ``ser_helpers/results/``; ``tools/readme.py`` copies the results to the README.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import joblib
import librosa
import numpy as np
import pandas as pd
import record

from ser_helpers import data, evaluate, features, split, train

N_FOLDS = 6
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


def measure(
    table: pd.DataFrame, clips: pd.DataFrame, folds: pd.Series, seeds: Sequence[int]
) -> dict:
    """Cross-validate with a few seeds; average the scores and interval bounds over them."""
    of_seeds = []
    for seed in seeds:
        settings = train.TrainSettings(seed=seed)
        unseen = train.cross_validate(table, clips.emotion, folds, settings=settings)
        of_seeds.append(evaluate.intervals(clips.emotion, unseen.idxmax(axis=1), clips.actor))
    mean = sum(of_seeds) / len(of_seeds)
    return {
        metric: mean.loc[metric].round(4).to_dict()
        | {"of_each_seed": [round(float(table.value[metric]), 4) for table in of_seeds]}
        for metric in evaluate.METRICS
    }


def measure_all(corpus: data.Corpus, *, seeds: Sequence[int] = SEEDS) -> dict:
    """Measure both feature sets under both protocols."""
    course = features.extract(corpus.clips)
    clips = corpus.clips.loc[course.index]
    tutorial = tutorial_table(clips)
    by_speaker = split.folds_by_speaker(clips, N_FOLDS)
    by_rows = split.folds_by_rows(clips, N_FOLDS)
    return {
        **record.about(corpus, clips),
        "seeds": list(seeds),
        "interval": "95 %, bootstrap over speakers, mean over the seeds",
        "scores": {
            "course, unseen speakers": measure(course, clips, by_speaker, seeds),
            "course, random rows (leaks)": measure(course, clips, by_rows, seeds),
            "tutorials' features, unseen speakers": measure(tutorial, clips, by_speaker, seeds),
            "tutorials' features, random rows (leaks)": measure(tutorial, clips, by_rows, seeds),
        },
        "protocols": {"unseen speakers": by_speaker.name, "random rows": by_rows.name},
        "baselines": evaluate.baselines(clips.emotion, listeners=True).round(4).to_dict("index"),
        "versions": record.versions(*PACKAGES),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="like SER_DATA; default: demo voices", default="demo")
    corpus = data.open_corpus(parser.parse_args().data)
    print(corpus)
    result = measure_all(corpus)
    for name, scores in result["scores"].items():
        print(f"{name:42} UAR {scores['uar']['value']:.1%}", scores["uar"]["of_each_seed"])
    record.write(record.name_of(corpus), result)


if __name__ == "__main__":
    main()
