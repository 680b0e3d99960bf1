"""Exercises of notebook 01: aliases, loudness, pitch against one's own, pairs that are missing."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from ser_helpers.exercises.checking import Exercise, Mistake
from ser_helpers.names import EMOTIONS, LEVELS

SR = 16_000


# --- aliased --------------------------------------------------------------------------------------


def aliased(frequency: int, sr: int) -> int:
    """Return the frequency (Hz) that is heard if a tone is sampled at ``sr`` without a filter."""
    return abs(frequency - sr * round(frequency / sr))


def _frequencies(rng: np.random.Generator) -> Iterator[tuple]:
    yield 5000, 8000
    yield 440, 16_000
    yield int(rng.integers(9000, 12_000)), 8000
    yield int(rng.integers(21_000, 23_000)), 6000
    yield 4000, 8000
    yield 8000, 8000


def _distance_to_the_rate(frequency: int, sr: int) -> int:
    return sr - frequency


def _rest(frequency: int, sr: int) -> int:
    return frequency % sr


def _at_most_half(frequency: int, sr: int) -> float:
    return min(frequency, sr / 2)


def _mirrored_once(frequency: int, sr: int) -> int:
    return abs(sr - frequency) if frequency > sr / 2 else frequency


# --- rms ------------------------------------------------------------------------------------------


def rms(y: np.ndarray) -> float:
    """Return the root of the mean of the squares of the samples."""
    return float(np.sqrt(np.mean(y**2)))


def _sounds(rng: np.random.Generator) -> Iterator[tuple]:
    yield (rng.normal(0.02, 0.1, 400),)
    yield (np.sin(2 * np.pi * np.arange(160) / 16),)
    yield (np.array([-0.25]),)
    yield (np.zeros(5),)


def _mean_square(y: np.ndarray) -> float:
    return np.mean(y**2)


def _root_of_the_sum(y: np.ndarray) -> float:
    return np.sqrt(np.sum(y**2))


def _mean_size(y: np.ndarray) -> float:
    return np.mean(np.abs(y))


def _spread(y: np.ndarray) -> float:
    return np.std(y)


def _square_of_the_mean(y: np.ndarray) -> float:
    return np.sqrt(np.mean(y) ** 2)


# --- own_semitones --------------------------------------------------------------------------------


def own_semitones(measured: pd.DataFrame) -> pd.Series:
    """Return how many semitones each clip lies above the median of its actor's neutral clips."""
    own = measured[measured.emotion == "NEU"].groupby("actor").pitch.median()
    return 12 * np.log2(measured.pitch / measured.actor.map(own))


def _people(rng: np.random.Generator, n_actors: int, n_each: int) -> pd.DataFrame:
    """Make clips of some actors, in an order that is not theirs; one of them has a clip more."""
    n = len(EMOTIONS) * n_each
    table = pd.DataFrame(
        {
            "actor": np.repeat(np.arange(1, n_actors + 1), n),
            "emotion": [*EMOTIONS] * n_each * n_actors,
        }
    )
    table.loc[len(table)] = [1, "NEU"]
    voice = rng.uniform(90, 260, n_actors)[table.actor - 1]
    table["pitch"] = voice * rng.uniform(0.8, 1.9, len(table))
    table.index = [f"clip{i}" for i in range(len(table))]
    return table.sample(frac=1, random_state=int(rng.integers(99)))


def _tables(rng: np.random.Generator) -> Iterator[tuple]:
    yield (_people(rng, 3, 3),)
    yield (_people(rng, 1, 1),)
    yield (pd.DataFrame({"actor": [7, 7], "emotion": ["ANG", "NEU"], "pitch": [200.0, 100.0]}),)


def _neutral_of_everybody(measured: pd.DataFrame) -> pd.Series:
    return 12 * np.log2(measured.pitch / measured.pitch[measured.emotion == "NEU"].median())


def _all_of_ones_own(measured: pd.DataFrame) -> pd.Series:
    return 12 * np.log2(measured.pitch / measured.groupby("actor").pitch.transform("median"))


def _ratio(measured: pd.DataFrame) -> pd.Series:
    own = measured[measured.emotion == "NEU"].groupby("actor").pitch.median()
    return measured.pitch / measured.actor.map(own)


def _hertz(measured: pd.DataFrame) -> pd.Series:
    own = measured[measured.emotion == "NEU"].groupby("actor").pitch.median()
    return measured.pitch - measured.actor.map(own)


def _natural_logarithm(measured: pd.DataFrame) -> pd.Series:
    own = measured[measured.emotion == "NEU"].groupby("actor").pitch.median()
    return 12 * np.log(measured.pitch / measured.actor.map(own))


# --- halve_rate -----------------------------------------------------------------------------------


def halve_rate(y: np.ndarray) -> np.ndarray:
    """Return the sound at half its sampling rate, without aliases."""
    import soxr  # as librosa.resample does it

    return soxr.resample(y, SR, SR // 2)


def _tones(rng: np.random.Generator) -> Iterator[tuple]:
    time = np.arange(SR // 2) / SR
    low, high = (
        np.sin(2 * np.pi * rng.integers(*between) * time) for between in ((500, 2500), (5200, 7000))
    )
    yield (low,)
    yield (high,)
    yield (0.2 * low + 0.5 * high,)
    yield (0.5 * low[:4001],)


def _heard(function: Callable, y: np.ndarray) -> dict[str, Any] | str:
    """Measure the middle of what comes out, where a filter's beginning and end do no harm."""
    out = np.asarray(function(y))
    if out.ndim != 1 or out.size < 8 or out.dtype.kind not in "fiu":
        return f"no array of samples but {str(function(y))[:20]}"
    middle = out[len(out) // 8 : -(len(out) // 8)].astype(float)
    strength = float(np.sqrt(np.mean(middle**2)))
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    loudest = float(np.argmax(spectrum)) * SR / 2 / len(middle)
    return {
        "number of samples": len(out),
        "strength (RMS)": strength,
        "loudest frequency (Hz)": loudest if strength > 0.1 else 0.0,
    }


def _every_second_sample(y: np.ndarray) -> np.ndarray:
    return y[::2]


def _means_of_pairs(y: np.ndarray) -> np.ndarray:
    return (y[: len(y) // 2 * 2 : 2] + y[1::2]) / 2


def _first_half(y: np.ndarray) -> np.ndarray:
    return y[: len(y) // 2]


def _only_filtered(y: np.ndarray) -> np.ndarray:
    import soxr

    return soxr.resample(soxr.resample(y, SR, SR // 2), SR // 2, SR)


# --- missing_pairs --------------------------------------------------------------------------------


def missing_pairs(clips: pd.DataFrame, first: str, second: str) -> list[tuple]:
    """List the pairs of values of two columns that no clip has, sorted."""
    there = set(zip(clips[first], clips[second], strict=True))
    every = [(a, b) for a in sorted(set(clips[first])) for b in sorted(set(clips[second]))]
    return [pair for pair in every if pair not in there]


def _corpora(rng: np.random.Generator) -> Iterator[tuple]:
    sentences = ["DFA", "IEO", "TAI"]
    clips = pd.DataFrame(
        [(s, level, e) for s in sentences for level in LEVELS for e in EMOTIONS for _ in range(2)],
        columns=["sentence", "level", "emotion"],
    ).sample(frac=1, random_state=int(rng.integers(99)))
    only_one = (clips.sentence == "IEO") | (clips.level == "XX")
    neutral = (clips.emotion != "NEU") | (clips.level == "XX")
    once = ~clips.duplicated() | (clips.emotion != "ANG")
    yield clips[only_one & neutral & once], "sentence", "level"
    yield clips[only_one & neutral & once], "emotion", "level"
    yield clips, "sentence", "emotion"
    yield clips.head(1), "sentence", "level"


def _pairs_that_are_there(clips: pd.DataFrame, first: str, second: str) -> list[tuple]:
    return sorted(set(zip(clips[first], clips[second], strict=True)))


def _turned(clips: pd.DataFrame, first: str, second: str) -> list[tuple]:
    return missing_pairs(clips, second, first)


def _beside_each_other(clips: pd.DataFrame, first: str, second: str) -> list[tuple]:
    values = sorted(set(clips[first])), sorted(set(clips[second]))
    there = set(zip(clips[first], clips[second], strict=True))
    return [pair for pair in zip(*values, strict=False) if pair not in there]


EXERCISES = (
    Exercise(
        aliased,
        _frequencies,
        (
            Mistake(
                _distance_to_the_rate,
                "You count from the sampling rate down. A tone that fits needs no mirror, and no "
                "frequency is below zero.",
            ),
            Mistake(
                _rest,
                "You go back by whole sampling rates. What is left may still lie above the Nyquist "
                "frequency.",
            ),
            Mistake(
                _at_most_half,
                "The line in the middle picture did not stop at the Nyquist frequency. Where did "
                "it go?",
            ),
            Mistake(
                _mirrored_once,
                "Right for tones up to the sampling rate. A tone far above it is mirrored again "
                "and again: which multiple of the rate is nearest?",
            ),
        ),
    ),
    Exercise(
        rms,
        _sounds,
        (
            Mistake(_mean_square, "That is the mean of the squares. What does the R stand for?"),
            Mistake(
                _root_of_the_sum,
                "A clip that lasts twice as long would be louder. What does the M stand for?",
            ),
            Mistake(_mean_size, "You take the size of each sample, not its square."),
            Mistake(
                _spread,
                "`np.std` subtracts the mean first. Here the samples are squared as they are.",
            ),
            Mistake(_square_of_the_mean, "Square each sample first, and take the mean then."),
        ),
    ),
    Exercise(
        own_semitones,
        _tables,
        (
            Mistake(
                _neutral_of_everybody,
                "You compare with the neutral of all actors together. Whose neutral is it to be?",
            ),
            Mistake(
                _all_of_ones_own,
                "You compare with all clips of the actor. Which of them are to be the yardstick?",
            ),
            Mistake(_ratio, "That is how many times as high. How many semitones are an octave?"),
            Mistake(_hertz, "That is a difference in hertz. The ear hears ratios."),
            Mistake(
                _natural_logarithm,
                "An octave would come out as 8.3 semitones. Which logarithm counts doublings?",
            ),
        ),
    ),
    Exercise(
        halve_rate,
        _tones,
        (
            Mistake(
                _every_second_sample,
                "What lay above 4,000 Hz is still there, as an alias. Take it out before you drop "
                "samples, or let a library do both.",
            ),
            Mistake(
                _means_of_pairs,
                "The mean of two neighbours is a filter, but a weak one: much of the high tone "
                "comes through. What did the notebook use?",
            ),
            Mistake(
                _first_half,
                "That is half of the sound, not half of the rate: everything is there for half of "
                "the time, and an octave too low.",
            ),
            Mistake(
                _only_filtered,
                "The high tone is gone, but there are as many samples as before.",
            ),
        ),
        observe=_heard,
        rtol=0.02,
        atol=0.03,
    ),
    Exercise(
        missing_pairs,
        _corpora,
        (
            Mistake(_pairs_that_are_there, "Those are the pairs that the corpus has."),
            Mistake(_turned, "Each pair is the wrong way round: the value of `first` comes first."),
            Mistake(
                _beside_each_other,
                "`zip` pairs the first with the first and the second with the second. Here each "
                "value of one column meets each value of the other.",
            ),
        ),
    ),
)
