"""What the course's benchmarks measured: ``results/*.json``, each number with its interval."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import nan

import pandas as pd

from ser_helpers.errors import DataError
from ser_helpers.scoring import METRICS

_PLAIN = ("scores", "baselines")  # what stands here goes by its own name


@dataclass(frozen=True)
class Published:
    """A score that a benchmark measured.

    Attributes
    ----------
    value, low, high : float
        As :func:`ser_helpers.evaluate.intervals` gives them: shares, from 0 to 1 (differences from
        -1). The interval is NaN where none was measured.
    metric : {"accuracy", "uar", "macro_f1"}
    name : str
        The full name of what was scored.
    corpus : str
        What it was measured on, e.g. "RAVDESS (named like CREMA-D)".
    n_actors : int or None
        How many people that corpus has; None where the benchmark does not say.
    """

    value: float
    low: float
    high: float
    metric: str
    name: str
    corpus: str
    n_actors: int | None


def published(corpus: str, name: str, *, metric: str = "uar") -> Published:
    """Read what a benchmark measured, to stand beside a score of your own.

    Parameters
    ----------
    corpus : str
        "demo" or "ravdess"; of "cremad" there is what its listeners reached.
    name : str
        What was scored, as the benchmark calls it: "course, unseen speakers", or "chance". What
        belongs to a topic has that before it, "temporal / frames, unseen speakers", and may be
        called by the end of its name alone where only one name ends so.
    metric : {"uar", "accuracy", "macro_f1"}

    Returns
    -------
    Published

    Raises
    ------
    DataError
        If there is no such corpus, name or metric; the message lists those there are.

    Examples
    --------
    >>> people = published("ravdess", "course, unseen speakers")
    >>> people.low < people.value < people.high
    True
    """
    by_corpus = _read_results()
    known = by_corpus.get(corpus, {})
    if not known:
        there = ", ".join(sorted(by_corpus))
        raise DataError(f"nothing was published of the corpus {corpus!r}: choose from {there}")
    every = dict.fromkeys(full for full, _ in known)
    fits = [n for n in every if n == name] or [n for n in every if n.endswith(f" / {name}")]
    if len(fits) != 1:
        problem = "could be several things" if fits else "is not known"
        raise DataError(
            f"{name!r} {problem} among what was published of {corpus}; choose one of these:\n"
            + "\n".join(fits or every)
        )
    if (fits[0], metric) not in known:
        there = ", ".join(m for n, m in known if n == fits[0])
        raise DataError(f"{fits[0]!r} was not published with the metric {metric!r}, but: {there}")
    return known[fits[0], metric]


def cues(corpus: str, cue: str) -> pd.DataFrame:
    """Read how far the actors of a corpus move from their own neutral, by emotion.

    Parameters
    ----------
    corpus : {"ravdess"}
    cue : {"loudness", "pitch"}
        Loudness of the speech in dB, or its median pitch in semitones.

    Returns
    -------
    pandas.DataFrame
        One row per emotion. Columns ``low``, ``median``, ``high``: quartiles over the actors;
        ``actors_above``: how many lie above their own neutral.

    Raises
    ------
    DataError
        If there is no such corpus or cue.

    Examples
    --------
    >>> int(cues("ravdess", "loudness").actors_above["ANG"])
    24
    """
    tree = tree_of("cues", corpus)["cues"]
    if cue not in tree:
        raise DataError(f"there is no cue {cue!r}: choose from {', '.join(tree)}")
    return pd.DataFrame.from_dict(tree[cue], orient="index").astype({"actors_above": int})


def tree_of(topic: str, corpus: str) -> dict:
    """Read all that a benchmark stored: ``results/<topic>_<corpus>.json``.

    Raises
    ------
    DataError
        If the topic was not measured on this corpus; the message names those it was measured on.
    """
    folder = resources.files("ser_helpers") / "results"
    file = folder / f"{topic}_{corpus}.json"
    if not file.is_file():
        names = sorted(file.name.removesuffix(".json").rpartition("_") for file in folder.iterdir())
        there = ", ".join(repr(of) for about, _, of in names if about == topic)
        raise DataError(f"the {topic} of {corpus!r} were not measured: there are those of {there}")
    return json.loads(file.read_text(encoding="utf-8"))


@cache
def _read_results() -> dict[str, dict[tuple[str, str], Published]]:
    """Read the scores of all files once: of each corpus, by full name and metric."""
    found: dict[str, dict[tuple[str, str], Published]] = {}
    files = resources.files("ser_helpers") / "results"
    for file in sorted(files.iterdir(), key=lambda file: file.name):
        topic, _, corpus = file.name.removesuffix(".json").rpartition("_")
        tree = json.loads(file.read_text(encoding="utf-8"))
        for name, metric, score in _scores(tree, topic) if isinstance(tree, dict) else ():
            about = tree.get("corpus") or tree["source"], tree.get("n_actors")
            of_corpus = found.setdefault(corpus, {})
            of_corpus[name, metric] = Published(*score, metric, name, *about)
    return found


def _scores(tree: dict, topic: str) -> Iterator[tuple[str, str, tuple[float, float, float]]]:
    """Yield name, metric, and value with interval of each score in a file."""
    measure = f"{tree.get('interval')} {tree.get('measure')}"

    def walk(node: object, way: tuple[str, ...]) -> Iterator:
        if not isinstance(node, dict):
            return
        last = way[-1] if way else ""
        if {"value", "low", "high"} <= set(node):
            named = last in METRICS
            # What does not name its metric is a UAR if the file says so, or nothing for us.
            if named or "uar" in f"{measure} {' '.join(way)}".lower():
                full = " / ".join(way[:-1] if named else way)
                yield full, last if named else "uar", (node["value"], node["low"], node["high"])
        for key, below in node.items():
            if key in METRICS and isinstance(below, float):
                yield " / ".join(way), key, (below, nan, nan)
            else:
                yield from walk(below, way if key in _PLAIN else (*way, key))

    yield from walk(tree, (topic,) if topic else ())
