"""Exercises of notebook 10: noise, level, a known voice, temperature, silence."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ser_helpers.exercises.checking import Exercise, Mistake


def noise_at_snr(y: np.ndarray, noise: np.ndarray, snr: float) -> np.ndarray:
    """Add noise that is ``snr`` decibels weaker than the speech."""
    wanted = np.mean(y**2) / 10 ** (snr / 10)
    return y + noise * np.sqrt(wanted / np.mean(noise**2))


def _sounds(rng: np.random.Generator) -> Iterator[tuple]:
    for snr, n, loud in ((10.0, 400, 3.0), (0.0, 50, 0.2), (-6.0, 200, 1.5), (20.0, 1, 0.5)):
        y = rng.normal(scale=0.1, size=n)
        yield y, rng.normal(scale=loud, size=n), snr


def _power_for_amplitude(y: np.ndarray, noise: np.ndarray, snr: float) -> np.ndarray:
    return y + noise * np.mean(y**2) / 10 ** (snr / 10) / np.mean(noise**2)


def _as_loud_as_it_came(y: np.ndarray, noise: np.ndarray, snr: float) -> np.ndarray:
    return y + noise * np.sqrt(np.mean(y**2) / 10 ** (snr / 10))


def _twenty(y: np.ndarray, noise: np.ndarray, snr: float) -> np.ndarray:
    return y + noise * np.sqrt(np.mean(y**2) / 10 ** (snr / 20) / np.mean(noise**2))


def without_level(table: pd.DataFrame) -> pd.DataFrame:
    """Subtract each clip's mean C0 from C0's mean and percentiles."""
    done = table.copy()
    follows = [name for name in table if name.startswith(("mfcc00_mean", "mfcc00_p"))]
    done[follows] = table[follows].sub(table["mfcc00_mean"], axis=0)
    return done


#: In the order of a feature table, which ``.loc`` with a slice of names relies on.
_STATISTICS = ("mean", "sd", "p05", "p25", "p50", "p75", "p95", "delta_sd", "delta2_sd")
_COLUMNS = (*(f"mfcc{i:02d}_{name}" for i in range(2) for name in _STATISTICS), "log_duration")


def _tables(rng: np.random.Generator) -> Iterator[tuple]:
    for n in (6, 3, 1):
        rows = rng.normal(-200, 40, size=(n, len(_COLUMNS)))
        yield (pd.DataFrame(rows, [f"clip{i}" for i in range(n)], list(_COLUMNS)),)


def _mean_only(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(mfcc00_mean=0.0)


def _spread_too(table: pd.DataFrame) -> pd.DataFrame:
    done = table.copy()
    every = [name for name in table if name.startswith("mfcc00_")]
    done[every] = table[every].sub(table["mfcc00_mean"], axis=0)
    return done


def _mean_over_clips(table: pd.DataFrame) -> pd.DataFrame:
    done = table.copy()
    follows = [name for name in table if name.startswith(("mfcc00_mean", "mfcc00_p"))]
    done[follows] = table[follows] - table["mfcc00_mean"].mean()
    return done


def threshold_for_coverage(sure: np.ndarray, share: float) -> float:
    """Return the highest threshold at which at least this share of the clips is answered."""
    n_answered = int(np.ceil(share * len(sure)))
    return float(np.sort(sure)[::-1][n_answered - 1])


def _sureness(rng: np.random.Generator) -> Iterator[tuple]:
    for n, share in ((20, 0.25), (7, 0.5), (8, 1.0), (1, 0.5)):
        yield rng.uniform(0.2, 1.0, n), share


def _from_the_bottom(sure: np.ndarray, share: float) -> float:
    return float(np.sort(sure)[int(np.ceil(share * len(sure))) - 1])


def _one_too_many(sure: np.ndarray, share: float) -> float:
    ordered = np.sort(sure)[::-1]
    return float(ordered[min(int(np.ceil(share * len(sure))), len(sure) - 1)])


def _share_itself(sure: np.ndarray, share: float) -> float:
    return share


def used_to_voice(rows: np.ndarray, minute: np.ndarray) -> np.ndarray:
    """Measure rows against the mean and spread of a speaker's minute."""
    spread = minute.std(axis=0)
    return (rows - minute.mean(axis=0)) / np.where(spread > 1e-9, spread, 1)


def _voices(rng: np.random.Generator) -> Iterator[tuple]:
    for n_rows, n_minute in ((5, 16), (1, 10)):
        usual = rng.normal(scale=50, size=4)
        yield usual + rng.normal(size=(n_rows, 4)), usual + rng.normal(size=(n_minute, 4)) * 3
    minute = rng.normal(size=(10, 3))
    minute[:, 1] = 7.0  # never changes
    yield rng.normal(size=(4, 3)), minute


def _by_what_is_asked(rows: np.ndarray, minute: np.ndarray) -> np.ndarray:
    spread = rows.std(axis=0)
    return (rows - rows.mean(axis=0)) / np.where(spread > 1e-9, spread, 1)


def _one_mean_for_all(rows: np.ndarray, minute: np.ndarray) -> np.ndarray:
    return (rows - minute.mean()) / minute.std()


def _by_zero(rows: np.ndarray, minute: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return (rows - minute.mean(axis=0)) / minute.std(axis=0)


def at_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Divide the logarithms of probabilities by a temperature, and take the softmax again."""
    raised = probabilities ** (1 / temperature)
    return raised / raised.sum(axis=1, keepdims=True)


def _shares(rng: np.random.Generator) -> Iterator[tuple]:
    for n, temperature in ((4, 2.0), (3, 0.5), (1, 1.0), (2, 10.0)):
        yield rng.dirichlet(np.ones(6), size=n), temperature


def _divided(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    divided = probabilities / temperature
    return divided / divided.sum(axis=1, keepdims=True)


def _hot_for_cold(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    raised = probabilities**temperature
    return raised / raised.sum(axis=1, keepdims=True)


def _softmax_twice(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    raised = np.exp(probabilities / temperature)
    return raised / raised.sum(axis=1, keepdims=True)


def _not_to_one(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    return probabilities ** (1 / temperature)


EXERCISES = (
    Exercise(
        noise_at_snr,
        _sounds,
        (
            Mistake(
                _power_for_amplitude,
                "That factor is a ratio of powers, mean squares. What multiplies samples changes "
                "their power by its square.",
            ),
            Mistake(
                _as_loud_as_it_came,
                "How loud the noise was before counts, too: divide its own power out first.",
            ),
            Mistake(
                _twenty,
                "With 20, decibels are those of amplitudes. Mean squares are powers: 10 dB are "
                "ten times the power.",
            ),
        ),
    ),
    Exercise(
        without_level,
        _tables,
        (
            Mistake(
                _mean_only,
                "The percentiles of C0 move with the level as well, as far as the mean does.",
            ),
            Mistake(
                _spread_too,
                "Turn a clip down: does its standard deviation of C0 change? Leave alone what "
                "does not move with the level.",
            ),
            Mistake(
                _mean_over_clips,
                "You subtract the same number from every clip. Each clip has a mean C0 of its own.",
            ),
        ),
    ),
    Exercise(
        threshold_for_coverage,
        _sureness,
        (
            Mistake(
                _from_the_bottom,
                "With this threshold most clips are answered if few were wanted. Which end of the "
                "sorted list are the surest?",
            ),
            Mistake(
                _one_too_many,
                "One clip more than needed is answered. Counting begins at 0.",
            ),
            Mistake(
                _share_itself,
                "A share of clips is no probability. Sort the clips by how sure the network is.",
            ),
        ),
    ),
    Exercise(
        used_to_voice,
        _voices,
        (
            Mistake(
                _by_what_is_asked,
                "What is usual must come from the minute. A single row, measured against itself, "
                "is always 0.",
            ),
            Mistake(
                _one_mean_for_all,
                "Each feature has its own mean and spread: one number per column.",
            ),
            Mistake(_by_zero, "One feature never changes in this minute: what is its spread?"),
        ),
    ),
    Exercise(
        at_temperature,
        _shares,
        (
            Mistake(
                _divided,
                "Divided and then made to sum to 1 again, they are what they were. The temperature "
                "divides the logarithms.",
            ),
            Mistake(_hot_for_cold, "A temperature above 1 must make the answers less sure."),
            Mistake(
                _softmax_twice,
                "These are probabilities already: the softmax needs their logarithms.",
            ),
            Mistake(_not_to_one, "What is each row's sum now?"),
        ),
    ),
)
