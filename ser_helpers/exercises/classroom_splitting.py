"""Exercises of a class on notebook 03: holding people out, and the gift of luck."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ser_helpers.exercises.checking import Exercise, Mistake


def hold_out(actors: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Draw this share of the actors, one at least; return True for each of their clips."""
    people = np.unique(actors)
    drawn = rng.choice(people, size=max(1, round(share * len(people))), replace=False)
    return np.isin(actors, drawn)


def _casts(rng: np.random.Generator) -> Iterator[tuple]:
    for n_actors, n_clips, share in ((20, 90, 0.2), (10, 60, 0.3), (8, 40, 0.05), (6, 30, 0.5)):
        # the first actors have most of the clips, and each has one at least
        more = (n_actors * rng.random(n_clips - n_actors) ** 3).astype(int)
        actors = rng.permutation(np.concatenate([np.arange(n_actors), more]))
        yield 3001 + actors, share, np.random.default_rng(int(rng.integers(1000)))


def _who_is_held_out(function: Any, actors: np.ndarray, share: float, rng: Any) -> dict | None:
    """Observe what every right draw has in common, over several draws."""
    seed = int(rng.integers(1000))
    draws = []
    for i in range(6):
        answer = function(actors.copy(), share, np.random.default_rng(seed + i))
        if answer is None:
            return None
        out = np.asarray(answer)
        if out.shape != actors.shape or out.dtype != bool:
            return {"what comes back": f"{out.dtype}, shape {out.shape}"}
        draws.append(out)
    return {
        "what comes back": f"bool, shape {actors.shape}",
        "actors on both sides": max(len(set(actors[out]) & set(actors[~out])) for out in draws),
        "actors who are held out": sorted({len(set(actors[out])) for out in draws}),
        "another rng draws others": len({tuple(out) for out in draws}) > 1,
    }


def _draw_clips(actors: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    return rng.random(len(actors)) < share


def _one_too_many(actors: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    people = np.unique(actors)
    return np.isin(actors, rng.permutation(people)[: max(1, round(share * len(people))) + 1])


def _the_first_ones(actors: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    people = np.unique(actors)
    return np.isin(actors, people[: max(1, round(share * len(people)))])


def _names_not_clips(actors: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    people = np.unique(actors)
    return rng.choice(people, size=max(1, round(share * len(people))), replace=False)


def gift_of_luck(looked_at: np.ndarray, fresh: np.ndarray) -> float:
    """Return what luck gave to the recipe that was best on the speakers that were looked at.

    Its lead over the mean of all recipes there, minus its lead over their mean on fresh speakers.
    """
    winner = int(np.argmax(looked_at))
    lead_there = looked_at[winner] - looked_at.mean()
    return float(lead_there - (fresh[winner] - fresh.mean()))


def _recipes(rng: np.random.Generator) -> Iterator[tuple]:
    for n in (50, 8, 3):
        good = rng.normal(45, 2, n)
        fresh = good + rng.normal(0, 3, n) - 7
        fresh[rng.integers(n)] += 15  # the best on fresh speakers is another one
        looked_at = good + rng.normal(0, 3, n)
        looked_at[fresh.argmin()] += 25
        yield looked_at, fresh


def _two_winners(looked_at: np.ndarray, fresh: np.ndarray) -> float:
    return float(looked_at.max() - looked_at.mean() - (fresh.max() - fresh.mean()))


def _no_means(looked_at: np.ndarray, fresh: np.ndarray) -> float:
    return float(looked_at.max() - fresh[looked_at.argmax()])


def _chosen_by_the_fresh(looked_at: np.ndarray, fresh: np.ndarray) -> float:
    return -gift_of_luck(fresh, looked_at)


def _lead_only(looked_at: np.ndarray, fresh: np.ndarray) -> float:
    return float(looked_at.max() - looked_at.mean())


EXERCISES = (
    Exercise(
        hold_out,
        _casts,
        (
            Mistake(
                _draw_clips,
                "You drew clips. An actor whose clips stand on both sides is known to the network.",
            ),
            Mistake(
                _one_too_many,
                "One actor too many is held out. Where does your slice or your count end?",
            ),
            Mistake(
                _the_first_ones,
                "The first actors are held out, whatever `rng` says. Draw them.",
            ),
            Mistake(
                _names_not_clips,
                "These are the actors who were drawn. Wanted is True or False for each *clip*.",
            ),
        ),
        observe=_who_is_held_out,
    ),
    Exercise(
        gift_of_luck,
        _recipes,
        (
            Mistake(
                _two_winners,
                "You compared two different recipes. The winner is chosen once, and then follows "
                "it to the fresh speakers.",
            ),
            Mistake(
                _no_means,
                "The fresh speakers may be harder for everybody. Take the lead over the mean, on "
                "both sides.",
            ),
            Mistake(
                _chosen_by_the_fresh,
                "The winner was chosen on the fresh speakers. Who was looked at?",
            ),
            Mistake(_lead_only, "That is the lead. How much of it is left on fresh speakers?"),
        ),
    ),
)
