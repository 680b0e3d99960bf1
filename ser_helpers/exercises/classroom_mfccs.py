"""Exercises of a class on notebook 02: how bright a frame is, and a row that knows the order."""

from collections.abc import Iterator

import numpy as np

from ser_helpers.exercises.checking import Exercise, Mistake


def centre_of_gravity(power: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """Return the mean frequency of each frame (column), weighted by its power; 0 in silence."""
    total = power.sum(axis=0)
    return hertz @ power / np.where(total > 0, total, 1.0)


def _spectra(rng: np.random.Generator) -> Iterator[tuple]:
    for n_frequencies, n_frames in ((9, 5), (6, 6), (17, 1)):
        power = rng.exponential(size=(n_frequencies, n_frames)) + 0.1
        yield power, np.linspace(0, 8000, n_frequencies)
    power = rng.exponential(size=(5, 4))
    power[:, [1, 3]] = 0  # two frames of silence
    yield power, np.array([0.0, 100.0, 300.0, 700.0, 1500.0])


def _nan_in_silence(power: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return hertz @ power / power.sum(axis=0)


def _not_divided(power: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    return hertz @ power


def _the_loudest(power: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    return np.where(power.sum(axis=0) > 0, hertz[power.argmax(axis=0)], 0.0)


def _of_the_clip(power: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    return hertz @ power / power.sum()


def row_of_thirds(mfccs: np.ndarray) -> np.ndarray:
    """Return the mean of each coefficient over the first, the middle and the last third.

    Frames that are left over when dividing by three go to the first thirds, one each, as
    ``numpy.array_split`` does. All means of the first third come first.
    """
    thirds = np.array_split(mfccs, 3, axis=1)
    return np.concatenate([third.mean(axis=1) for third in thirds])


def _clips(rng: np.random.Generator) -> Iterator[tuple]:
    for shape in ((4, 12), (5, 13), (3, 3), (6, 20)):
        yield (rng.normal(size=shape).cumsum(axis=1),)


def _interleaved(mfccs: np.ndarray) -> np.ndarray:
    return row_of_thirds(mfccs).reshape(3, -1).T.ravel()


def _one_mean(mfccs: np.ndarray) -> np.ndarray:
    return np.tile(mfccs.mean(axis=1), 3)


def _rest_cut_off(mfccs: np.ndarray) -> np.ndarray:
    return row_of_thirds(mfccs[:, : mfccs.shape[1] // 3 * 3])


def _rest_to_the_last(mfccs: np.ndarray) -> np.ndarray:
    n = mfccs.shape[1] // 3
    thirds = (mfccs[:, :n], mfccs[:, n : 2 * n], mfccs[:, 2 * n :])
    return np.concatenate([third.mean(axis=1) for third in thirds])


def _thirds_of_coefficients(mfccs: np.ndarray) -> np.ndarray:
    return np.concatenate([third.mean(axis=0) for third in np.array_split(mfccs, 3, axis=0)])


_LEFT_OVER = "The frames that are left over are missing, or in the wrong third. Read it again."

EXERCISES = (
    Exercise(
        centre_of_gravity,
        _spectra,
        (
            Mistake(
                _nan_in_silence,
                "In silence the total power is 0, and 0 / 0 is not a number. Such a frame gets 0.",
            ),
            Mistake(
                _not_divided,
                "That is the sum of power times frequency. What makes it a *mean*?",
            ),
            Mistake(
                _the_loudest,
                "That is the loudest frequency of each frame. Wanted is the mean of them all.",
            ),
            Mistake(_of_the_clip, "You divided by the power of the whole clip, not of the frame."),
        ),
    ),
    Exercise(
        row_of_thirds,
        _clips,
        (
            Mistake(_interleaved, "The numbers are right. First come all of the first third."),
            Mistake(_one_mean, "Your three thirds are equal: the mean was taken over all frames."),
            Mistake(_rest_cut_off, _LEFT_OVER),
            Mistake(_rest_to_the_last, _LEFT_OVER),
            Mistake(
                _thirds_of_coefficients,
                "You cut the coefficients into thirds. Time runs to the right: which axis is that?",
            ),
        ),
    ),
)
