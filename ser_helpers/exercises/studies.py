"""Exercises of notebook 14: what a study of one's own needs besides a network."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ser_helpers.exercises.checking import Exercise, Mistake
from ser_helpers.names import EMOTIONS


def most_frequent_baseline(labels: pd.Series, folds: pd.Series) -> pd.Series:
    """Answer each clip with the most frequent label of the other folds (the first of equals)."""
    answers = pd.Series(index=labels.index, dtype=object)
    for fold in folds.unique():
        answers[folds == fold] = labels[folds != fold].value_counts().sort_index().idxmax()
    return answers


def _labelled(rng: np.random.Generator) -> Iterator[tuple]:
    for n, n_folds in ((31, 3), (20, 4)):
        names = [f"clip{i:02d}" for i in range(n)]
        shares = rng.dirichlet(np.full(4, 2))
        labels = pd.Series(rng.choice(EMOTIONS[:4], n, p=shares), names)
        yield labels, pd.Series(rng.permutation(n) % n_folds, names)
    names = list("abcdef")
    yield (  # fold 0 sees as many SAD as ANG
        pd.Series(["NEU", "NEU", "SAD", "ANG", "SAD", "ANG"], names),
        pd.Series([0, 0, 1, 1, 2, 2], names),
    )
    yield (
        pd.Series(["SAD", "SAD", "SAD", "ANG", "ANG", "NEU"], names),
        pd.Series([0, 0, 0, 1, 1, 2], names),
    )


def _of_everybody(labels: pd.Series, folds: pd.Series) -> pd.Series:
    return pd.Series(labels.value_counts().sort_index().idxmax(), labels.index)


def _of_the_same_fold(labels: pd.Series, folds: pd.Series) -> pd.Series:
    answers = pd.Series(index=labels.index, dtype=object)
    for fold in folds.unique():
        answers[folds == fold] = labels[folds == fold].value_counts().sort_index().idxmax()
    return answers


def paired_interval(
    a: pd.Series, b: pd.Series, n_draws: int, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the middle 95 % of the mean difference a - b, over draws of speakers.

    ``a``, ``b``: the score of each speaker under two systems, indexed by speaker.
    """
    differences = (a - b.reindex(a.index)).to_numpy()
    drawn = rng.integers(0, len(differences), (n_draws, len(differences)))
    low, high = np.quantile(differences[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _scored(rng: np.random.Generator) -> Iterator[tuple]:
    for n, gain in ((24, 0.05), (40, 0.0), (12, -0.1)):
        names = list(range(2001, 2001 + n))
        easy = rng.normal(0.5, 0.15, n)  # some people are easy for both systems
        b = pd.Series(easy, names)
        a = pd.Series(easy + gain + rng.normal(0, 0.03, n), names)
        yield a, b.sample(frac=1, random_state=int(rng.integers(99))), 4000, rng


def _ends(function: Any, a: pd.Series, b: pd.Series, n_draws: int, rng: Any) -> dict:
    """Observe both ends, to within what 4000 draws leave to chance."""
    low, high = function(a.copy(), b.copy(), n_draws, np.random.default_rng(int(rng.integers(99))))
    paired = float((a - b.reindex(a.index)).std(ddof=0) / np.sqrt(len(a)))
    middle = float((a - b.reindex(a.index)).mean())
    return {
        "low end, in standard errors from the mean": (low - middle) / paired,
        "high end, in standard errors from the mean": (high - middle) / paired,
    }


def _not_paired(
    a: pd.Series, b: pd.Series, n_draws: int, rng: np.random.Generator
) -> tuple[float, float]:
    means = [x.to_numpy()[rng.integers(0, len(x), (n_draws, len(x)))].mean(axis=1) for x in (a, b)]
    low, high = np.quantile(means[0] - means[1], [0.025, 0.975])
    return float(low), float(high)


def _of_single_speakers(
    a: pd.Series, b: pd.Series, n_draws: int, rng: np.random.Generator
) -> tuple[float, float]:
    low, high = np.quantile(a - b.reindex(a.index), [0.025, 0.975])
    return float(low), float(high)


def _middle_90(
    a: pd.Series, b: pd.Series, n_draws: int, rng: np.random.Generator
) -> tuple[float, float]:
    differences = (a - b.reindex(a.index)).to_numpy()
    drawn = rng.integers(0, len(differences), (n_draws, len(differences)))
    low, high = np.quantile(differences[drawn].mean(axis=1), [0.05, 0.95])
    return float(low), float(high)


def _b_minus_a(
    a: pd.Series, b: pd.Series, n_draws: int, rng: np.random.Generator
) -> tuple[float, float]:
    return paired_interval(b, a, n_draws, rng)


def sentence_of(value: float, low: float, high: float, n_speakers: int) -> str:
    """Say what a difference in points lets one claim: "better", "worse" or "cannot tell".

    Fewer than six speakers never tell, whatever the interval says.
    """
    if n_speakers < 6 or low <= 0 <= high:
        return "cannot tell"
    return "better" if value > 0 else "worse"


def _differences(rng: np.random.Generator) -> Iterator[tuple]:
    yield 4.0, 1.0, 7.0, 24
    yield -4.0, -7.0, -1.0, 24
    yield 3.0, -1.0, 7.0, 24
    yield 4.0, 1.0, 7.0, 5
    yield 4.0, 0.0, 8.0, 12
    yield -2.0, -5.0, 1.0, 30
    for _ in range(6):
        value, half = float(rng.normal(0, 4)), float(rng.uniform(0.5, 4))
        yield value, value - half, value + half, int(rng.integers(3, 30))


def _by_the_sign(value: float, low: float, high: float, n_speakers: int) -> str:
    return "better" if value > 0 else "worse"


def _any_number(value: float, low: float, high: float, n_speakers: int) -> str:
    return sentence_of(value, low, high, 99)


def _never_worse(value: float, low: float, high: float, n_speakers: int) -> str:
    return "better" if low > 0 and n_speakers >= 6 else "cannot tell"


EXERCISES = (
    Exercise(
        most_frequent_baseline,
        _labelled,
        (
            Mistake(
                _of_everybody,
                "You counted the labels of all clips. The fold that is tested is not known yet.",
            ),
            Mistake(
                _of_the_same_fold,
                "You counted the labels of the very fold that is tested. Count the others.",
            ),
        ),
    ),
    Exercise(
        paired_interval,
        _scored,
        (
            Mistake(
                _not_paired,
                "You draw the people of each system separately. Draw once, and take the "
                "differences of the people in that draw.",
            ),
            Mistake(
                _of_single_speakers,
                "That is how much single speakers differ. Wanted is the *mean* over each draw.",
            ),
            Mistake(_b_minus_a, "The sign: a minus b was asked for."),
            Mistake(_middle_90, "The middle 95 % leaves 2.5 % on either side; you leave 5 %."),
        ),
        observe=_ends,
        atol=0.25,  # what 4000 draws leave to chance; the middle 90 % would end 0.3 earlier
    ),
    Exercise(
        sentence_of,
        _differences,
        (
            Mistake(_by_the_sign, "An interval that holds zero lets you claim nothing."),
            Mistake(
                _any_number,
                "With fewer than six speakers even unanimity may be luck (notebook 06).",
            ),
            Mistake(_never_worse, "What is below zero with its whole interval is worse."),
        ),
    ),
)
