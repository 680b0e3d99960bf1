"""Exercises of a class on notebook 05: dealing batches, and walking downhill with momentum."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ser_helpers.exercises.checking import Exercise, Mistake


def deal_batches(n: int, size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Deal the places 0 to n - 1 into batches, shuffled; each place comes once an epoch.

    Each batch holds ``size`` places, the last one what is left.
    """
    order = rng.permutation(n)
    return [order[start : start + size] for start in range(0, n, size)]


def _epochs(rng: np.random.Generator) -> Iterator[tuple]:
    for n, size in ((50, 8), (32, 8), (13, 20), (21, 4)):
        yield n, size, np.random.default_rng(int(rng.integers(1000)))


def _how_dealt(function: Any, n: int, size: int, rng: Any) -> dict | None:
    """Observe what every right way of dealing has in common."""
    seed = int(rng.integers(1000))
    deals = []
    for i in (0, 1):
        batches = function(n, size, np.random.default_rng(seed + i))
        if batches is None:
            return None
        deals.append([[int(place) for place in batch] for batch in batches])
    first, second = deals
    places = [place for batch in first for place in batch]
    return {
        "sizes of the batches": [len(batch) for batch in first],
        "places that never come": sorted(set(range(n)) - set(places)),
        "places that come twice": sorted({p for p in places if places.count(p) > 1}),
        "in another order with another rng": first != second,
    }


def _unshuffled(n: int, size: int, rng: np.random.Generator) -> list[np.ndarray]:
    return [np.arange(start, min(start + size, n)) for start in range(0, n, size)]


def _full_ones_only(n: int, size: int, rng: np.random.Generator) -> list[np.ndarray]:
    return [batch for batch in deal_batches(n, size, rng) if len(batch) == size]


def _drawn_again(n: int, size: int, rng: np.random.Generator) -> list[np.ndarray]:
    return [rng.integers(0, n, size=len(batch)) for batch in _unshuffled(n, size, rng)]


def _evened_out(n: int, size: int, rng: np.random.Generator) -> list[np.ndarray]:
    return np.array_split(rng.permutation(n), -(-n // size))


def walk_with_momentum(
    slope: Callable[[float], float], start: float, lr: float, momentum: float, n_steps: int
) -> list[float]:
    """Return the places visited, ``start`` first, when walking downhill with momentum.

    The speed begins at 0. At each step it becomes ``momentum`` times itself plus the slope at the
    present place, and the place moves by ``-lr`` times the speed.
    """
    places, speed = [float(start)], 0.0
    for _ in range(n_steps):
        speed = momentum * speed + slope(places[-1])
        places.append(places[-1] - lr * speed)
    return places


def _bowl(place: float) -> float:
    return 2 * (place - 3)


def _two_bowls(place: float) -> float:
    return place**3 - place


def _walks(rng: np.random.Generator) -> Iterator[tuple]:
    for slope, momentum in ((_bowl, 0.9), (_two_bowls, 0.5), (_bowl, 0.0)):
        yield slope, float(rng.uniform(-1.5, -0.5)), float(rng.uniform(0.02, 0.1)), momentum, 8
    yield _bowl, 1.0, 0.1, 0.9, 0  # no step at all


Slope = Callable[[float], float]


def _no_momentum(
    slope: Slope, start: float, lr: float, momentum: float, n_steps: int
) -> list[float]:
    return walk_with_momentum(slope, start, lr, 0.0, n_steps)


def _uphill(slope: Slope, start: float, lr: float, momentum: float, n_steps: int) -> list[float]:
    return walk_with_momentum(slope, start, -lr, momentum, n_steps)


def _start_left_out(
    slope: Slope, start: float, lr: float, momentum: float, n_steps: int
) -> list[float]:
    return walk_with_momentum(slope, start, lr, momentum, n_steps)[1:]


def _last_only(slope: Slope, start: float, lr: float, momentum: float, n_steps: int) -> float:
    return walk_with_momentum(slope, start, lr, momentum, n_steps)[-1]


def _slope_at_the_start(
    slope: Slope, start: float, lr: float, momentum: float, n_steps: int
) -> list[float]:
    return walk_with_momentum(lambda _: slope(start), start, lr, momentum, n_steps)


EXERCISES = (
    Exercise(
        deal_batches,
        _epochs,
        (
            Mistake(
                _unshuffled,
                "The places come in the order of the table, where neighbours are one actor's.",
            ),
            Mistake(_full_ones_only, "The last, smaller batch is missing; its clips never train."),
            Mistake(
                _drawn_again,
                "Places are drawn anew for each batch: some come twice, others never. Shuffle "
                "once, then cut.",
            ),
            Mistake(
                _evened_out,
                "The batches were made equally long. Each is to be `size` long, but the last.",
            ),
        ),
        observe=_how_dealt,
    ),
    Exercise(
        walk_with_momentum,
        _walks,
        (
            Mistake(_no_momentum, "That is the walk without momentum: what remains of the speed?"),
            Mistake(_uphill, "You walk uphill. The slope points to where the loss grows."),
            Mistake(_start_left_out, "The start belongs to the list; it is its first place."),
            Mistake(_last_only, "Wanted are all places of the walk, not only the last."),
            Mistake(
                _slope_at_the_start,
                "The slope is always that of the start. It changes with the place.",
            ),
        ),
    ),
)
