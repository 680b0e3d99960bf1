"""The command ``python -m ser_helpers.predict``: answer recordings in a terminal."""

import argparse
import glob
import json
import sys
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from ser_helpers import predict
from ser_helpers.data import open_corpus
from ser_helpers.errors import DataError
from ser_helpers.features import extract
from ser_helpers.names import EMOTION_NAMES
from ser_helpers.split import by_speaker


def main(arguments: Sequence[str] | None = None) -> int:
    """Answer recordings from the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line; ``sys.argv`` if left out.

    Returns
    -------
    int
        0: every file has an answer; 1: at least one has none, and stderr says why; 2: wrong
        arguments.
    """
    parser = argparse.ArgumentParser(
        prog="python -m ser_helpers.predict",
        description="Print the probability of each emotion for recordings of one spoken sentence.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="WAV, FLAC, OGG, ...; or *.wav")
    parser.add_argument(
        "--recogniser",
        metavar="FILE",
        help="as saved by notebook 05 or `python -m ser_helpers` (default: one trained on the demo "
        "voices, which are synthetic: trained once, and stored in work/)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    try:
        recogniser = predict.load(options.recogniser) if options.recogniser else _of_demo_voices()
    except DataError as error:
        print(f"ser_helpers.predict: {error}", file=sys.stderr)
        return 1
    # cmd.exe hands patterns over as they are.
    patterns = [f if Path(f).exists() else sorted(glob.glob(f)) or f for f in options.files]
    files = [name for f in patterns for name in ([f] if isinstance(f, str) else f)]
    answers, warned, failed = {}, {}, {}
    for name in files:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                answers[name] = predict.predict_file(recogniser, name)
            except DataError as error:
                failed[name] = str(error)
        warned[name] = [str(warning.message) for warning in caught]
    if options.json:
        told = {
            "recogniser": asdict(recogniser.provenance) | {"classes": recogniser.classes},
            "files": {
                name: {"error": failed[name]}
                if name in failed
                else {
                    "probabilities": {e: round(float(p), 4) for e, p in answers[name].items()},
                    "warnings": warned[name],
                }
                for name in files
            },
        }
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        print(recogniser)
        if answers:
            table = pd.DataFrame(answers).T.mul(100).round().astype(int)
            table["answer"] = table.idxmax(axis=1).map(EMOTION_NAMES)
            print(f"\nProbabilities in %:\n{table.to_string()}")
        for text in (text for said in warned.values() for text in said):
            print(f"warning: {text}", file=sys.stderr)
    for text in failed.values():
        print(f"ser_helpers.predict: {text}", file=sys.stderr)
    return 1 if failed else 0


def _of_demo_voices() -> predict.Recogniser:
    corpus = open_corpus("demo")
    table = extract(corpus.clips, progress=False)
    return predict.stored(corpus, table, by_speaker(corpus.clips.loc[table.index]))
