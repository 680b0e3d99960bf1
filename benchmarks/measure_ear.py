"""Measure the better ear of notebook 10: ``python benchmarks/measure_ear.py --data FOLDER``.

Its head learns from the training speakers of the demo voices and answers real people; beside it the
course's network, which learnt from the same speakers. Both answer the same clips, and are compared
by a paired difference over speakers. Needs the weights (requirements-pretrained.txt).
Writes ``results/ear_<corpus>.json``.
"""

import argparse
from dataclasses import replace

import numpy as np
import pandas as pd
import protocol
import record

from ser_helpers import data, evaluate, features, predict, split
from ser_helpers.further import ear, pretrained

PACKAGES = ("librosa", "numpy", "scikit-learn", "torch")


def measure(corpus: data.Corpus) -> dict:
    """Let both answer every clip of the corpus."""
    demo = data.open_corpus("demo")
    rows = pretrained.embed(corpus.clips, ear.LAYERS)
    table = features.extract(corpus.clips)
    both = table.index.intersection(rows.index, sort=False)
    clips = corpus.clips.loc[both]
    theirs = features.extract(demo.clips)
    parts = split.by_speaker(demo.clips.loc[theirs.index])
    known = replace(demo, clips=demo.clips.loc[parts.index[parts == "train"]])
    heard = pd.Series(ear.learn(known).head.predict(rows.loc[both].to_numpy(np.float64)), both)
    network = predict.stored(demo, theirs, parts)
    seen = predict.predict(network, table.loc[both]).idxmax(axis=1)
    found = evaluate.difference(clips.emotion, heard, seen, clips.actor)
    scores = {"learnt from demo voices": heard, "the course's network, same voices": seen}
    return {
        **record.about(corpus, clips),
        "protocol": "trained on 32 demo voices, tested on all clips of the corpus",
        "interval": "95 %, bootstrap over speakers",
        **{name: protocol.scores(clips, said) for name, said in scores.items()},
        "better ear minus the course's network": {"uar": record.bounds(found)},
        "versions": record.versions(*PACKAGES),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="recordings of real people, like SER_DATA")
    corpus = data.open_corpus(parser.parse_args().data)
    result = measure(corpus)
    for name, scores in result.items():
        if isinstance(scores, dict) and "uar" in scores:
            print(name, scores["uar"])
    record.write(f"ear_{record.name_of(corpus)}", result)


if __name__ == "__main__":
    main()
