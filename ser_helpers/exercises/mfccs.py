"""Exercises of notebook 02: from samples to frames, a spectrum, mel bands and one row per clip."""

from collections.abc import Iterator

import numpy as np

from ser_helpers.exercises.checking import Exercise, Mistake


def frame_signal(y: np.ndarray, frame_length: int, hop_length: int) -> np.ndarray:
    """Return the frames as columns, shape (frame_length, n_frames)."""
    starts = range(0, len(y) - frame_length + 1, hop_length)
    return np.stack([y[start : start + frame_length] for start in starts], axis=1)


def _sounds_to_frame(rng: np.random.Generator) -> Iterator[tuple]:
    for n, frame_length, hop_length in (
        (105, 25, 10),  # the last frame ends with the last sample
        (103, 25, 10),  # three samples are left over
        (60, 20, 20),  # no overlap
        (50, 10, 15),  # gaps
        (16, 16, 4),  # one frame
    ):
        yield rng.normal(size=n), frame_length, hop_length


def _as_rows(y: np.ndarray, frame_length: int, hop_length: int) -> np.ndarray:
    return frame_signal(y, frame_length, hop_length).T


def _one_too_few(y: np.ndarray, frame_length: int, hop_length: int) -> np.ndarray:
    return frame_signal(y, frame_length, hop_length)[:, :-1]


def _with_zeros_behind(y: np.ndarray, frame_length: int, hop_length: int) -> np.ndarray:
    starts = range(0, len(y), hop_length)
    longer = np.pad(y, (0, frame_length))
    return np.stack([longer[start : start + frame_length] for start in starts], axis=1)


def _end_to_end(y: np.ndarray, frame_length: int, hop_length: int) -> np.ndarray:
    return frame_signal(y, frame_length, frame_length)


def power_at(y: np.ndarray, sr: int, frequency: float) -> float:
    """Return the power of the sound at one frequency (Hz): two sums of products, squared, added."""
    angle = 2 * np.pi * frequency * np.arange(len(y)) / sr
    return np.sum(y * np.cos(angle)) ** 2 + np.sum(y * np.sin(angle)) ** 2


def _sounds_and_frequencies(rng: np.random.Generator) -> Iterator[tuple]:
    for n, sr, frequency in (
        (64, 1000, 128.3),
        (50, 8000, 440.0),
        (80, 16_000, 0.0),
        (1, 16_000, 100.0),
    ):
        phase = rng.uniform(0.5, 1)  # neither a cosine nor a sine
        tone = np.cos(2 * np.pi * frequency * np.arange(n) / sr + phase)
        yield tone + 0.1 * rng.normal(size=n), sr, frequency


def _cosine_only(y: np.ndarray, sr: int, frequency: float) -> float:
    return np.sum(y * np.cos(2 * np.pi * frequency * np.arange(len(y)) / sr)) ** 2


def _without_turns(y: np.ndarray, sr: int, frequency: float) -> float:
    return power_at(y, sr, frequency / (2 * np.pi))


def _samples_as_seconds(y: np.ndarray, sr: int, frequency: float) -> float:
    return power_at(y, 1, frequency)


def _root(y: np.ndarray, sr: int, frequency: float) -> float:
    return np.sqrt(power_at(y, sr, frequency))


def _squared_before_adding(y: np.ndarray, sr: int, frequency: float) -> float:
    return np.sum(y**2)  # cos² + sin² is 1 for every sample


def one_row(mfccs: np.ndarray) -> np.ndarray:
    """Return the mean of each coefficient over time, then the sd of each."""
    return np.concatenate([mfccs.mean(axis=1), mfccs.std(axis=1)])


def _mfccs(rng: np.random.Generator) -> Iterator[tuple]:
    for shape in ((5, 12), (4, 4), (30, 8), (3, 1)):
        yield (rng.normal(size=shape) + np.arange(shape[0])[:, np.newaxis],)


def _over_coefficients(mfccs: np.ndarray) -> np.ndarray:
    return np.concatenate([mfccs.mean(axis=0), mfccs.std(axis=0)])


def _over_coefficients_and_cut(mfccs: np.ndarray) -> np.ndarray:
    return np.resize(_over_coefficients(mfccs), 2 * len(mfccs))


def _with_n_minus_one(mfccs: np.ndarray) -> np.ndarray:
    return np.concatenate([mfccs.mean(axis=1), mfccs.std(axis=1, ddof=1)])


def _in_turns(mfccs: np.ndarray) -> np.ndarray:
    return one_row(mfccs).reshape(2, -1).T.ravel()


_AXIS = (
    "Which way does time run in `mfccs`, whose shape is (coefficients, frames)? A mean over time "
    "leaves one number per coefficient, however many frames there are."
)


def mel_triangles(points: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """Return one triangle per row, 1 high, shape (len(points) - 2, len(hertz))."""
    rows = []
    for left, middle, right in zip(points[:-2], points[1:-1], points[2:], strict=True):
        rising = (hertz - left) / (middle - left)
        falling = (right - hertz) / (right - middle)
        rows.append(np.maximum(0, np.minimum(rising, falling)))
    return np.array(rows)


def _points_and_frequencies(rng: np.random.Generator) -> Iterator[tuple]:
    for n_points, n_frequencies in ((6, 33), (3, 17), (10, 65)):
        steps = rng.uniform(50, 400, size=n_points).round()
        yield steps.cumsum(), np.linspace(0, steps.sum() + 100, n_frequencies)
    yield np.array([0.0, 100, 300, 700]), np.array([0.0, 100, 200, 300, 700])


def _below_zero(points: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    left, middle, right = (p[:, np.newaxis] for p in (points[:-2], points[1:-1], points[2:]))
    return np.minimum((hertz - left) / (middle - left), (right - hertz) / (right - middle))


def _only_rising(points: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    left, middle = points[:-2, np.newaxis], points[1:-1, np.newaxis]
    return np.clip((hertz - left) / (middle - left), 0, 1)


def _standing(points: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    return mel_triangles(points, hertz).T


def _of_area_one(points: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    return mel_triangles(points, hertz) * (2 / (points[2:] - points[:-2]))[:, np.newaxis]


def nearest_stranger(rows: np.ndarray, actors: np.ndarray) -> np.ndarray:
    """Return, for each row, the position of the row of another actor that is most like it."""
    distances = np.linalg.norm(rows[:, np.newaxis] - rows, axis=2)
    distances[actors[:, np.newaxis] == actors] = np.inf
    return distances.argmin(axis=1)


def _rows_and_actors(rng: np.random.Generator) -> Iterator[tuple]:
    for actors in (
        np.array([3, 1, 2, 1, 3, 2, 1, 2, 3, 1, 3, 2]),
        np.array(["b", "a", "a", "b", "b"]),
        np.array([7, 8]),
    ):
        of_actor = np.unique(actors, return_inverse=True)[1][:, np.newaxis]
        yield rng.normal(size=(len(actors), 3)) + 2 * of_actor, actors


def _itself(rows: np.ndarray, actors: np.ndarray) -> np.ndarray:
    return np.arange(len(rows))


def _anybody(rows: np.ndarray, actors: np.ndarray) -> np.ndarray:
    return nearest_stranger(rows, np.arange(len(rows)))


def _counted_among_strangers(rows: np.ndarray, actors: np.ndarray) -> np.ndarray:
    found = []
    for row, actor in zip(rows, actors, strict=True):
        others = rows[actors != actor]
        found.append(np.linalg.norm(others - row, axis=1).argmin())
    return np.array(found)


EXERCISES = (
    Exercise(
        frame_signal,
        _sounds_to_frame,
        (
            Mistake(_as_rows, "These are the right frames, one per row. Time is to run sideways."),
            Mistake(
                _one_too_few,
                "A frame is missing at the end: the last one may end with the last sample. What "
                "does `range` do with its second number?",
            ),
            Mistake(
                _with_zeros_behind,
                "The last frames reach beyond the sound. Only whole frames count here: where may "
                "the last one begin?",
            ),
            Mistake(_end_to_end, "Your frames stand end to end. How far apart should they begin?"),
        ),
    ),
    Exercise(
        power_at,
        _sounds_and_frequencies,
        (
            Mistake(
                _cosine_only,
                "A wave that begins a quarter of its period later is missed by the cosine. Which "
                "second wave finds it?",
            ),
            Mistake(
                _without_turns,
                "Your wave is too slow, by about six times. `np.cos` counts in radians: how many "
                "of them are one period?",
            ),
            Mistake(
                _samples_as_seconds,
                "The frequency is in periods a second, and you count samples. How many seconds "
                "after the first sample is sample number n?",
            ),
            Mistake(_root, "That is the root of the power. Leave the squares as they are."),
            Mistake(
                _squared_before_adding,
                "You square each product and then add, so that nothing can cancel out. Add up "
                "first.",
            ),
        ),
    ),
    Exercise(
        one_row,
        _mfccs,
        (
            Mistake(_over_coefficients, _AXIS),
            Mistake(_over_coefficients_and_cut, _AXIS),
            Mistake(
                _with_n_minus_one,
                "Your sd is a little too large: pandas divides by the number of frames minus 1, "
                "the course, like numpy, by their number.",
            ),
            Mistake(_in_turns, "The numbers are right. First come all means, then all sds."),
        ),
    ),
    Exercise(
        mel_triangles,
        _points_and_frequencies,
        (
            Mistake(
                _below_zero,
                "Far away from a triangle your weights are negative. What should a filter let "
                "through there?",
            ),
            Mistake(
                _only_rising,
                "Your filters rise, and never fall again. Each is back at zero at its third point.",
            ),
            Mistake(_standing, "The triangles are right, but they stand in columns: one per row."),
            Mistake(_of_area_one, "Each triangle is to be 1 high. librosa's have the area 1."),
        ),
    ),
    Exercise(
        nearest_stranger,
        _rows_and_actors,
        (
            Mistake(_itself, "Each clip is most like itself. Who may be a neighbour here?"),
            Mistake(
                _anybody,
                "Some neighbours are clips of the same actor. Make those infinitely far away, or "
                "leave them out.",
            ),
            Mistake(
                _counted_among_strangers,
                "You count among the strangers' rows only. Which position has that row in the "
                "whole table?",
            ),
        ),
    ),
)
