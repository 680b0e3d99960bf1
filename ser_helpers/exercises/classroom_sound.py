"""Exercises of a class on notebook 01: levels in decibels, and the pitch of a voice."""

from collections.abc import Iterator

import numpy as np

from ser_helpers.exercises.checking import Exercise, Mistake


def level_difference(y: np.ndarray, other: np.ndarray) -> float:
    """Return how many decibels ``y`` is louder than ``other``, by their RMS."""
    return float(10 * np.log10(np.mean(y**2) / np.mean(other**2)))


def _two_sounds(rng: np.random.Generator) -> Iterator[tuple]:
    for n, m, factor in ((400, 300, 3.0), (200, 500, 0.2), (100, 100, 1.0)):
        yield rng.normal(0, 0.1 * factor, n), rng.normal(0, 0.1, m)
    tone = np.sin(np.arange(160) / 5)
    yield tone, 0.5 * tone  # half the amplitude: 6 dB


def _power_by_twenty(y: np.ndarray, other: np.ndarray) -> float:
    return 2 * level_difference(y, other)


def _root_by_ten(y: np.ndarray, other: np.ndarray) -> float:
    return level_difference(y, other) / 2


def _natural(y: np.ndarray, other: np.ndarray) -> float:
    return level_difference(y, other) * float(np.log(10))


def _turned_round(y: np.ndarray, other: np.ndarray) -> float:
    return -level_difference(y, other)


def _of_sums(y: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(np.sum(y**2) / np.sum(other**2)))


def pitch_by_shifts(y: np.ndarray, sr: int, lowest: float, highest: float) -> float:
    """Return the pitch (Hz): the shift at which the sound is most like itself.

    Only whole shifts from ``sr / highest`` to ``sr / lowest`` samples are tried, both rounded; the
    sum of the products of the sound and its shifted self says how alike they are.
    """
    shifts = np.arange(round(sr / highest), round(sr / lowest) + 1)
    sums = [np.sum(y[: len(y) - shift] * y[shift:]) for shift in shifts]
    return float(sr / shifts[int(np.argmax(sums))])


def _voices(rng: np.random.Generator) -> Iterator[tuple]:
    for period, sr in ((80, 16_000), (133, 16_000), (50, 8000)):
        one = rng.normal(size=period).cumsum()
        wave = np.tile(one - one.mean(), 12)
        yield wave + 0.01 * rng.normal(size=len(wave)), sr, 70.0, 400.0
    tone = np.sin(2 * np.pi * np.arange(1200) / 100)
    yield tone, 16_000, 150.0, 170.0  # the period is one of very few shifts


def _the_shift_itself(y: np.ndarray, sr: int, lowest: float, highest: float) -> float:
    return sr / pitch_by_shifts(y, sr, lowest, highest)


def _all_shifts(y: np.ndarray, sr: int, lowest: float, highest: float) -> float:
    return pitch_by_shifts(y, sr, lowest, float(sr))


def _counted_from_zero(y: np.ndarray, sr: int, lowest: float, highest: float) -> float:
    period = sr / pitch_by_shifts(y, sr, lowest, highest)
    return float(sr / max(1.0, period - round(sr / highest)))


def _least_alike(y: np.ndarray, sr: int, lowest: float, highest: float) -> float:
    shifts = np.arange(round(sr / highest), round(sr / lowest) + 1)
    sums = [np.sum(y[: len(y) - shift] * y[shift:]) for shift in shifts]
    return float(sr / shifts[int(np.argmin(sums))])


EXERCISES = (
    Exercise(
        level_difference,
        _two_sounds,
        (
            Mistake(
                _power_by_twenty,
                "Twice as many decibels as there are. 20 belongs to amplitudes; what have you "
                "divided?",
            ),
            Mistake(
                _root_by_ten,
                "Half as many decibels as there are. 10 belongs to powers; what have you divided?",
            ),
            Mistake(_natural, "`np.log` is the natural logarithm. Decibels take another one."),
            Mistake(_turned_round, "The sign: it is to be positive if `y` is the louder one."),
            Mistake(
                _of_sums,
                "A longer sound is not a louder one. What do you have to do with the sum of the "
                "squares?",
            ),
        ),
    ),
    Exercise(
        pitch_by_shifts,
        _voices,
        (
            Mistake(
                _the_shift_itself,
                "That is the shift, in samples. How many such periods fit into one second?",
            ),
            Mistake(
                _all_shifts,
                "A sound is most like itself if it is hardly shifted. Which is the shortest shift "
                "to be tried?",
            ),
            Mistake(
                _counted_from_zero,
                "`argmax` counts from 0, and your first shift is not 0. Which shift is it?",
            ),
            Mistake(_least_alike, "You found where the sound is *least* like itself."),
        ),
    ),
)
