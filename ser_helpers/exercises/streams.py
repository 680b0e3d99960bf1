"""Exercises of notebook 12: when helpers pay, and what can be done without holding everything."""

import math
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from ser_helpers.exercises.checking import Exercise, Mistake

Line = tuple[float, float]


# --- when do helpers pay? ------------------------------------------------------------------------


def helpers_pay_from(alone: Line, helped: Line) -> float:
    """Return the number of clips from which helpers are faster; each line is (start, per clip)."""
    (start, per_clip), (start_2, per_clip_2) = alone, helped
    if per_clip_2 >= per_clip:
        return math.inf
    return max(0.0, (start_2 - start) / (per_clip - per_clip_2))


def _lines(rng: np.random.Generator) -> Iterator[tuple]:
    yield (0.5, 0.05), (2.0, 0.02)
    for _ in range(3):
        start, per_clip = rng.uniform(0.1, 1), rng.uniform(0.01, 0.1)
        yield (start, per_clip), (start + rng.uniform(1, 5), per_clip * rng.uniform(0.3, 0.8))
    yield (0.1, 0.003), (2.0, 0.0035)
    yield (0.1, 0.003), (2.0, 0.003)
    yield (1.0, 0.003), (0.5, 0.002)


def _whole(function: Callable, alone: Line, helped: Line) -> object:
    """Round up: whoever says "from 50 clips on" and who says "from 49.08" are both right."""
    found = function(alone, helped)
    finite = isinstance(found, int | float | np.number) and math.isfinite(found)
    return math.ceil(found - 1e-9) if finite else found


def _by_their_cost(alone: Line, helped: Line) -> float:
    return math.inf if helped[1] >= alone[1] else max(0.0, (helped[0] - alone[0]) / helped[1])


def _without_own_start(alone: Line, helped: Line) -> float:
    return math.inf if helped[1] >= alone[1] else helped[0] / (alone[1] - helped[1])


def _crossing_anywhere(alone: Line, helped: Line) -> float:
    return (helped[0] - alone[0]) / (alone[1] - helped[1])


# --- mean and standard deviation of a stream -----------------------------------------------------


def mean_and_sd(pieces: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column over the rows of all pieces."""
    n, mean, squares = 0, np.zeros(1), np.zeros(1)
    for piece in pieces:
        piece = np.asarray(piece, dtype=float)
        m, other = len(piece), piece.mean(axis=0)
        apart = other - mean
        squares = squares + ((piece - other) ** 2).sum(axis=0) + apart**2 * n * m / (n + m)
        mean = mean + apart * m / (n + m)
        n += m
    return mean, np.sqrt(squares / n)


def _pieces(rng: np.random.Generator) -> Iterator[tuple]:
    for sizes, n_columns in (((5, 3, 8), 2), ((10, 1), 3), ((4,), 2), ((1, 1, 30), 4)):
        rows = rng.normal(-300, 40, size=(sum(sizes), n_columns))
        rows += np.arange(len(rows))[:, None]  # later pieces lie elsewhere
        yield (np.split(rows, np.cumsum(sizes)[:-1]),)


def _one_by_one(function: Callable, pieces: Sequence[np.ndarray]) -> object:
    """Hand out one piece after the other, and watch how many of them are still held."""
    alive: list[weakref.ref] = []
    most = 0

    def stream() -> Iterator[np.ndarray]:
        nonlocal most
        for piece in pieces:
            handed = piece.copy()
            alive.append(weakref.ref(handed))
            yield handed
            del handed
            most = max(most, sum(ref() is not None for ref in alive))

    found = function(stream())
    if not isinstance(found, tuple | list | np.ndarray) or len(found) != 2:
        return found
    # Two: the one in hand, and perhaps the first, from which somebody took the number of columns.
    return {"mean": found[0], "sd": found[1], "pieces are let go again": most <= 2}


def _mean_of_means(pieces: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    both = [(piece.mean(axis=0), piece.std(axis=0)) for piece in pieces]
    mean, sd = np.mean(both, axis=0)
    return mean, sd


def _spread_inside(pieces: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    n, total, inside = 0, np.zeros(1), np.zeros(1)
    for piece in pieces:
        n += len(piece)
        total = total + piece.sum(axis=0)
        inside = inside + ((piece - piece.mean(axis=0)) ** 2).sum(axis=0)
    return total / n, np.sqrt(inside / n)


def _of_a_sample(pieces: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    n = 0

    def counted() -> Iterator[np.ndarray]:
        nonlocal n
        for piece in pieces:
            n += len(piece)
            yield piece
            del piece

    mean, sd = mean_and_sd(counted())
    return mean, sd * np.sqrt(n / (n - 1))


def _all_together(pieces: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    rows = np.concatenate(list(pieces))
    return rows.mean(axis=0), rows.std(axis=0)


# --- a shuffle buffer ----------------------------------------------------------------------------


def shuffle_buffer(items: Iterable, size: int, seed: int) -> Iterator:
    """Yield items in mixed order while holding at most ``size`` of them back."""
    rng, held = np.random.default_rng(seed), []
    for item in items:
        held.append(item)
        if len(held) > size:
            yield held.pop(int(rng.integers(len(held))))
    rng.shuffle(held)
    yield from held


def _streams(rng: np.random.Generator) -> Iterator[tuple]:
    for n, size in ((40, 8), (30, 60), (12, 0), (20, 1)):
        yield rng.permutation(100)[:n].tolist(), size, int(rng.integers(100))


def _watch(function: Callable, items: list, size: int, seed: int) -> dict:
    """Watch what goes in and what comes out."""
    taken, most = 0, 0
    given_out = []

    def counted() -> Iterator:
        nonlocal taken
        for item in items:
            taken += 1
            yield item

    for item in function(counted(), size, seed):
        given_out.append(item)
        most = max(most, taken - len(given_out))
    mixed = given_out != items
    return {
        "the items, sorted": sorted(given_out),
        "no more than `size` are held back": most <= size,
        "the order has changed": mixed if size > 1 else False,
    }


def _without_the_rest(items: Iterable, size: int, seed: int) -> Iterator:
    rng, held = np.random.default_rng(seed), []
    for item in items:
        held.append(item)
        if len(held) > size:
            yield held.pop(int(rng.integers(len(held))))


def _everything_at_once(items: Iterable, size: int, seed: int) -> Iterator:
    held = list(items)
    np.random.default_rng(seed).shuffle(held)
    yield from held


def _kept_in_the_buffer(items: Iterable, size: int, seed: int) -> Iterator:
    rng, held = np.random.default_rng(seed), []
    for item in items:
        held.append(item)
        if len(held) > size:
            yield held[int(rng.integers(len(held)))]
    yield from held


def _oldest_first(items: Iterable, size: int, seed: int) -> Iterator:
    held = []
    for item in items:
        held.append(item)
        if len(held) > size:
            yield held.pop(0)
    yield from held


# --- files for workers ---------------------------------------------------------------------------


def files_of_worker(files: Sequence[str], n_workers: int, worker: int) -> list[str]:
    """Return the files that worker number ``worker`` of ``n_workers`` reads."""
    return list(files[worker::n_workers])


def _shares(rng: np.random.Generator) -> Iterator[tuple]:
    for n_files, n_workers in ((7, 2), (9, 4), (3, 1), (2, 3)):
        yield [f"frames-{i}.npz" for i in rng.permutation(100)[:n_files]], n_workers, 0


def _all_workers(function: Callable, files: list, n_workers: int, worker: int) -> dict:
    """Ask each worker, whatever number is given."""
    parts = [list(function(files, n_workers, number)) for number in range(n_workers)]
    fair = max(map(len, parts)) <= -(-len(files) // n_workers)
    return {
        "read by all workers together": sorted(file for part in parts for file in part),
        "shared out fairly": fair,
    }


def _everybody_everything(files: Sequence[str], n_workers: int, worker: int) -> list[str]:
    return list(files)


def _blocks_without_the_rest(files: Sequence[str], n_workers: int, worker: int) -> list[str]:
    n = len(files) // n_workers
    return list(files[worker * n : (worker + 1) * n])


def _first_reads_all(files: Sequence[str], n_workers: int, worker: int) -> list[str]:
    return [] if worker else list(files)


# --- how many workers? ---------------------------------------------------------------------------


def workers_needed(work: float, serial: float, deadline: float) -> int | None:
    """Return the fewest workers that are done in time (all in hours), or None if none ever are."""
    if serial >= deadline:
        return None
    return max(1, math.ceil(work / (deadline - serial)))


def _nights(rng: np.random.Generator) -> Iterator[tuple]:
    yield 101.0, 5.0, 8.0
    for _ in range(3):
        yield float(rng.uniform(50, 500)), float(rng.uniform(1, 3)), float(rng.uniform(6, 10))
    yield 2.0, 0.5, 8.0
    yield 10.0, 9.0, 8.0


def _without_serial(work: float, serial: float, deadline: float) -> int | None:
    return None if serial >= deadline else math.ceil(work / deadline)


def _rounded_down(work: float, serial: float, deadline: float) -> int | None:
    return None if serial >= deadline else int(work / (deadline - serial))


def _all_shared(work: float, serial: float, deadline: float) -> int | None:
    return None if serial >= deadline else math.ceil((work + serial) / deadline)


def _never_impossible(work: float, serial: float, deadline: float) -> int | None:
    return max(1, math.ceil(work / (deadline - serial)))


EXERCISES = (
    Exercise(
        helpers_pay_from,
        _lines,
        (
            Mistake(
                _by_their_cost,
                "You divide by what a clip costs the helpers. What do they save on each clip?",
            ),
            Mistake(
                _without_own_start,
                "This process has a start of its own. How much later do the helpers begin?",
            ),
            Mistake(
                _crossing_anywhere,
                "Two lines may also cross to the left of zero clips, or never. What does each of "
                "these cases mean for the helpers?",
            ),
        ),
        observe=_whole,
    ),
    Exercise(
        mean_and_sd,
        _pieces,
        (
            Mistake(
                _mean_of_means,
                "You average over the pieces as if all were equally long. How much should a piece "
                "of one row count beside a piece of a thousand?",
            ),
            Mistake(
                _spread_inside,
                "You know how far rows lie from the mean of their own piece. How far do the pieces "
                "lie from each other?",
            ),
            Mistake(
                _of_a_sample,
                "You divide by n − 1. `StandardScaler` divides the squares by n.",
            ),
            Mistake(
                _all_together,
                "The numbers are right, but all pieces are held at once. What must you keep of a "
                "piece when the next one comes?",
            ),
        ),
        observe=_one_by_one,
    ),
    Exercise(
        shuffle_buffer,
        _streams,
        (
            Mistake(
                _without_the_rest, "When no more items come, some are still held. Where do they go?"
            ),
            Mistake(
                _everything_at_once,
                "You take everything in before the first item goes out, as a list would. Which "
                "item can go out as soon as the buffer is full?",
            ),
            Mistake(
                _kept_in_the_buffer,
                "An item that goes out has to leave the buffer, or it comes twice.",
            ),
            Mistake(_oldest_first, "The oldest goes out first. Which one should be drawn instead?"),
        ),
        observe=_watch,
    ),
    Exercise(
        files_of_worker,
        _shares,
        (
            Mistake(
                _everybody_everything,
                "Each worker reads every file, so each clip comes once per worker. Which files are "
                "those of this `worker`?",
            ),
            Mistake(
                _blocks_without_the_rest,
                "If the files cannot be divided evenly, the last ones are read by nobody.",
            ),
            Mistake(_first_reads_all, "One worker does all the work, and the others wait for it."),
        ),
        observe=_all_workers,
    ),
    Exercise(
        workers_needed,
        _nights,
        (
            Mistake(
                _without_serial,
                "The serial work takes its time before or after. How much is left for the rest?",
            ),
            Mistake(_rounded_down, "With a worker too few it is morning before they are done."),
            Mistake(_all_shared, "You share out everything. What cannot be shared out?"),
            Mistake(
                _never_impossible,
                "What if the serial work alone takes longer than there is time?",
            ),
        ),
    ),
)
