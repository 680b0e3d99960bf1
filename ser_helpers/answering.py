"""Answer recordings in a terminal: the command ``python -m ser_helpers.predict``."""

import argparse
import glob
import json
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from ser_helpers.further.ear import Ear
    from ser_helpers.predict import Recogniser

    Answer = Callable[[str], pd.Series]

NAME = "ser_helpers.predict"


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
    options = _parser().parse_args(arguments)
    from ser_helpers.errors import DataError  # here, so that --help need not wait for it

    try:
        recogniser, answer = _better_ear() if options.pretrained else _network(options.recogniser)
    except DataError as error:
        print(f"{NAME}: {error}", file=sys.stderr)
        return 1
    answers, failed, warned = {}, {}, {}
    for name in _files(options.files):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                answers[name] = answer(name)
            except DataError as error:
                failed[name] = str(error)
            except (MemoryError, OSError) as error:
                failed[name] = f"{name} cannot be read: {error or type(error).__name__}"
        ours = [w for w in caught if issubclass(w.category, UserWarning)]  # not of the libraries
        warned[name] = [str(warning.message) for warning in ours]
    if options.json:
        print(_as_json(recogniser, answers, failed, warned))
    else:
        _print_table(recogniser, answers, warned)
    for text in failed.values():
        print(f"{NAME}: {text}", file=sys.stderr)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ser_helpers.predict",
        description="Print the probability of each emotion for recordings of one spoken sentence.",
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="WAV, FLAC, OGG, ...; a pattern; or a folder"
    )
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--recogniser",
        metavar="FILE",
        help="as saved by notebook 05 or `python -m ser_helpers` (default: one trained on the demo "
        "voices, which are synthetic: trained once, and stored in work/)",
    )
    who.add_argument(
        "--pretrained",
        action="store_true",
        help="let Whisper's encoder listen (notebook 13; its weights, 75 MB, must be here), with a "
        "head that is trained now, on the corpus that SER_DATA names or on the demo voices",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser


def _files(given: Sequence[str]) -> list[str]:
    """List the recordings: of a folder its sound, of a pattern (cmd.exe hands it over) its files.

    What is neither there nor fits anything stays, and is reported as missing.
    """
    from ser_helpers.places import sound_files

    files: dict[str, None] = {}  # each once, in the order given
    for name in given:
        found = [name] if Path(name).exists() else sorted(glob.glob(name, recursive=True))
        for each in found or [name]:
            inside = map(str, sound_files(Path(each)) if Path(each).is_dir() else ())
            files |= dict.fromkeys(sorted(inside) or [each])
    return list(files)


def _network(file: str | None) -> "tuple[Recogniser, Answer]":
    """Load a recogniser, or make one of the demo voices; and what asks it."""
    from ser_helpers import data, features, predict, split

    if file:
        recogniser = predict.load(file)
    else:
        print(f"{NAME}: no --recogniser: answering as one of the demo voices", file=sys.stderr)
        corpus = data.open_corpus("demo")
        table = features.extract(corpus.clips, progress=False)
        parts = split.by_speaker(corpus.clips.loc[table.index])
        recogniser = predict.stored(corpus, table, parts)
    return recogniser, partial(predict.predict_file, recogniser)


def _better_ear() -> "tuple[Ear, Answer]":
    """Load the pretrained encoder and train its head; and what asks it."""
    from ser_helpers import data
    from ser_helpers.further import ear, pretrained

    encoder = pretrained.load()  # first, because most machines lack it
    trained = ear.learn(data.open_corpus(os.environ.get("SER_DATA") or "demo"))
    return trained, partial(ear.answer_file, trained, encoder=encoder)


def _as_json(recogniser: "Recogniser | Ear", answers: dict, failed: dict, warned: dict) -> str:
    files = {name: {"error": failed[name], "warnings": warned[name]} for name in failed}
    for name, answer in answers.items():
        files[name] = {
            "answer": answer.idxmax(),
            "probabilities": {emotion: round(float(p), 4) for emotion, p in answer.items()},
            "warnings": warned[name],
        }
    origin = asdict(recogniser.provenance) | {"classes": recogniser.classes}
    told = {"recogniser": origin, "files": {name: files[name] for name in warned}}
    return json.dumps(told, indent=2, ensure_ascii=False)


def _print_table(recogniser: "Recogniser | Ear", answers: dict, warned: dict) -> None:
    import pandas as pd

    from ser_helpers.names import EMOTION_NAMES

    print(recogniser)
    if "synthetic" in recogniser.provenance.corpus:
        print("  These voices are synthetic: its answers about people mean little.")
    if answers:
        percent = pd.DataFrame(answers).T
        table = percent.mul(100).round().astype(int)
        table["answer"] = percent.idxmax(axis=1).map(EMOTION_NAMES)
        print(f"\nProbabilities in %:\n{table.to_string()}")
    for text in (text for said in warned.values() for text in said):
        print(f"warning: {text}", file=sys.stderr)
