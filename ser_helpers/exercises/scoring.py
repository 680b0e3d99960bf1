"""Exercises of notebook 06: scores, draws of people, alarms, and answers that are held back."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ser_helpers.exercises.checking import Exercise, Mistake
from ser_helpers.names import EMOTIONS


def _rates(true: np.ndarray, said: np.ndarray, emotion: str) -> tuple[float, float]:
    """Return precision and recall of one emotion; 0 where nothing was said or is there."""
    right = float(np.sum((true == emotion) & (said == emotion)))
    called, are = np.sum(said == emotion), np.sum(true == emotion)
    return (right / called if called else 0.0), (right / are if are else 0.0)


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def macro_f1(y_true: Sequence[str], y_pred: Sequence[str]) -> float:
    """Return the mean F1 over the emotions that occur; one that was never found counts as 0."""
    true, said = np.asarray(y_true), np.asarray(y_pred)
    return float(np.mean([_f1(*_rates(true, said, emotion)) for emotion in set(y_true)]))


def _answers(rng: np.random.Generator) -> Iterator[tuple]:
    for n, k in ((40, 3), (60, 6), (30, 2)):
        true = rng.choice(EMOTIONS[:k], n, p=rng.dirichlet(np.full(k, 5)))
        said = np.where(rng.random(n) < 0.5, true, rng.choice(EMOTIONS[:k], n))
        yield [str(e) for e in true], [str(e) for e in said]
    yield ["ANG", "ANG", "SAD"], ["ANG", "ANG", "ANG"]  # sadness was never said
    yield ["ANG", "SAD"], ["SAD", "ANG"]  # nothing is right
    yield ["ANG", "ANG", "SAD"], ["ANG", "HAP", "SAD"]  # happiness does not occur


def _macro_recall(y_true: Sequence[str], y_pred: Sequence[str]) -> float:
    true, said = np.asarray(y_true), np.asarray(y_pred)
    return float(np.mean([_rates(true, said, e)[1] for e in sorted(set(y_true))]))


def _f1_of_the_means(y_true: Sequence[str], y_pred: Sequence[str]) -> float:
    true, said = np.asarray(y_true), np.asarray(y_pred)
    precision, recall = np.mean([_rates(true, said, e) for e in sorted(set(y_true))], axis=0)
    return _f1(precision, recall)


def _whatever_was_said(y_true: Sequence[str], y_pred: Sequence[str]) -> float:
    true, said = np.asarray(y_true), np.asarray(y_pred)
    return float(np.mean([_f1(*_rates(true, said, e)) for e in {*y_true, *y_pred}]))


def _plain_mean(y_true: Sequence[str], y_pred: Sequence[str]) -> float:
    true, said = np.asarray(y_true), np.asarray(y_pred)
    return float(np.mean([np.mean(_rates(true, said, e)) for e in sorted(set(y_true))]))


def _accuracy(y_true: Sequence[str], y_pred: Sequence[str]) -> float:
    return float(np.mean(np.asarray(y_true) == np.asarray(y_pred)))


def draw_people(speakers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw as many speakers as there are, with replacement; return the rows of their clips."""
    names = np.unique(speakers)
    drawn = rng.choice(names, size=len(names))
    return np.concatenate([np.flatnonzero(speakers == name) for name in drawn])


def _speakers(rng: np.random.Generator) -> Iterator[tuple]:
    for n, clips in ((6, 4), (12, 3), (2, 5)):
        speakers = rng.permutation(np.repeat(np.arange(2001, 2001 + n), clips))
        yield speakers, np.random.default_rng(rng.integers(1000))


def _how_drawn(function: Any, speakers: np.ndarray, rng: np.random.Generator) -> dict:
    """Observe what every right draw of people has in common, over forty draws."""
    names, n_own = np.unique(speakers, return_counts=True)
    whole, sizes, twice, draws = True, set(), False, set()
    for seed in range(40):
        rows = np.asarray(function(speakers.copy(), np.random.default_rng(seed))).astype(int)
        times = np.bincount(rows, minlength=len(speakers))
        of_each = [np.unique(times[speakers == name]) for name in names]
        whole = whole and all(len(t) == 1 for t in of_each)
        sizes.add(len(rows))
        twice = twice or bool((times > 1).any())
        draws.add(tuple(times))
    return {
        "all clips of a drawn speaker are there": whole,
        "numbers of clips in a draw": sorted(sizes) if len(set(n_own)) == 1 else None,
        "somebody comes twice in some draw": twice,
        "the draws differ": len(draws) > 1,
    }


def _draw_clips(speakers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, len(speakers), len(speakers))


def _without_replacement(speakers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    names = rng.permutation(np.unique(speakers))
    return np.concatenate([np.flatnonzero(speakers == name) for name in names])


def _with_isin(speakers: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    names = np.unique(speakers)
    return np.flatnonzero(np.isin(speakers, rng.choice(names, size=len(names))))


def right_alarms(share: float, recall: float, false_alarm: float) -> float:
    """Return the share of alarms that are right.

    ``share``: of all calls, how many are angry. ``recall``: of the angry calls, how many raise an
    alarm. ``false_alarm``: of the others, how many raise one all the same.
    """
    found, false = share * recall, (1 - share) * false_alarm
    return found / (found + false)


def _calls(rng: np.random.Generator) -> Iterator[tuple]:
    for share in (0.02, 0.1, 0.3):
        yield share, float(rng.uniform(0.4, 0.9)), float(rng.uniform(0.05, 0.2))
    yield 0.1, 0.6, 0.0  # no false alarm at all
    yield 1.0, 0.6, 0.3  # everybody is angry


def _recall_alone(share: float, recall: float, false_alarm: float) -> float:
    return recall


def _without_the_share(share: float, recall: float, false_alarm: float) -> float:
    return recall / (recall + false_alarm)


def _share_for_both(share: float, recall: float, false_alarm: float) -> float:
    return share * recall / (share * recall + false_alarm)


def _true_alarm(share: float, recall: float, false_alarm: float) -> float:
    return 1 - false_alarm


def accuracy_at(probabilities: pd.DataFrame, y_true: pd.Series, coverage: float) -> float:
    """Return the share that is right among the clips of which the network is surest.

    ``coverage``: of all clips, which share is answered, rounded to whole clips.
    """
    n = round(coverage * len(probabilities))
    surest = probabilities.max(axis=1).sort_values(ascending=False).index[:n]
    return float((probabilities.loc[surest].idxmax(axis=1) == y_true[surest]).mean())


def _sure(rng: np.random.Generator) -> Iterator[tuple]:
    for n, coverage in ((40, 0.25), (30, 0.5), (20, 1.0)):
        names = [f"clip{i:02d}" for i in range(n)]
        p = pd.DataFrame(rng.dirichlet(np.full(6, 0.6), n), names, list(EMOTIONS))
        true = p.idxmax(axis=1).where(rng.random(n) < p.max(axis=1), "NEU")
        yield p, true, coverage


def _of_all(probabilities: pd.DataFrame, y_true: pd.Series, coverage: float) -> float:
    return float((probabilities.idxmax(axis=1) == y_true).mean())


def _least_sure(probabilities: pd.DataFrame, y_true: pd.Series, coverage: float) -> float:
    n = round(coverage * len(probabilities))
    chosen = probabilities.max(axis=1).sort_values().index[:n]
    return float((probabilities.loc[chosen].idxmax(axis=1) == y_true[chosen]).mean())


def _a_threshold(probabilities: pd.DataFrame, y_true: pd.Series, coverage: float) -> float:
    chosen = probabilities.max(axis=1) >= coverage
    right = probabilities.idxmax(axis=1) == y_true
    return float(right[chosen].mean()) if chosen.any() else 0.0


def _first_ones(probabilities: pd.DataFrame, y_true: pd.Series, coverage: float) -> float:
    n = round(coverage * len(probabilities))
    return float((probabilities.idxmax(axis=1) == y_true).iloc[:n].mean())


EXERCISES = (
    Exercise(
        macro_f1,
        _answers,
        (
            Mistake(_macro_recall, "That is the UAR. Where do the false alarms come in?"),
            Mistake(_accuracy, "That is the accuracy. Take the emotions one by one."),
            Mistake(
                _f1_of_the_means,
                "You average precision and recall first. Compute F1 for each emotion, then the "
                "mean of those.",
            ),
            Mistake(_plain_mean, "The harmonic mean is wanted: `2 * p * r / (p + r)`."),
            Mistake(
                _whatever_was_said,
                "An emotion that was said but does not occur is in your mean, too.",
            ),
        ),
    ),
    Exercise(
        draw_people,
        _speakers,
        (
            Mistake(_draw_clips, "You draw clips. Draw speakers, and take all their clips."),
            Mistake(
                _without_replacement,
                "Everybody comes exactly once. *With replacement* means: whoever was drawn goes "
                "back into the hat.",
            ),
            Mistake(
                _with_isin,
                "Somebody who was drawn twice must come with all clips twice; `isin` forgets that.",
            ),
        ),
        observe=_how_drawn,
    ),
    Exercise(
        right_alarms,
        _calls,
        (
            Mistake(
                _recall_alone,
                "That is how many of the angry calls are found. Which share of the *alarms* is it?",
            ),
            Mistake(
                _without_the_share,
                "As if half of all calls were angry. Count: of 1,000 calls, how many alarms come "
                "from angry ones, and how many from the others?",
            ),
            Mistake(
                _share_for_both,
                "False alarms come from the calls that are *not* angry: a share of `1 - share`.",
            ),
            Mistake(
                _true_alarm,
                "`false_alarm` is a share of the calls that are not angry, not of the alarms.",
            ),
        ),
    ),
    Exercise(
        accuracy_at,
        _sure,
        (
            Mistake(_of_all, "That is the accuracy on all clips. Only the surest answers count."),
            Mistake(_least_sure, "These are the *least* sure ones: sort the other way round."),
            Mistake(
                _a_threshold,
                "You use `coverage` as a threshold of sureness. It is the share of clips answered.",
            ),
            Mistake(_first_ones, "These are the first clips. Sort by sureness, then take them."),
        ),
    ),
)
