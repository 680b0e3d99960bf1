"""Take neutral speech apart with WORLD, act an emotion, and put it together again."""

from dataclasses import dataclass

import numpy as np
import pyworld
from actors import Actor, smooth_curves
from cues import BANDS, Cues
from scipy import signal
from world import FRAME, HERTZ, OCTAVES, SEMITONE, SR, take_apart

#: Kokoro speaks more lively than people at rest (RAVDESS: 3.1 semitones of spread; measured after).
LIVELY = 0.74
#: Actors differ by so many of the measured spreads, and moments of one actor by so many of theirs.
DIFFERENT = 1.0
MOMENT = 0.55
#: A curve bends by so much of that: its points' spreads hold the level's and each other's again.
CURVES = 0.75
#: How people's neutral speech in front of a microphone differs from Kokoro's: mean over 96 clips of
#: each (RAVDESS), smoothed; Hz and dB.
MICROPHONE = (
    (80, 150, 250, 400, 1000, 2000, 2600, 3500, 5500, 8000),
    (-9.0, -5.5, -3.5, -1.5, -0.5, -0.5, -2.0, 4.0, 3.5, 2.0),
)
#: A frame is a pause when it is so many dB below the loudest.
PAUSE = 28.0


@dataclass(frozen=True)
class Spoken:
    """A sentence taken apart by WORLD."""

    log_f0: np.ndarray  # (n_frames,) log of Hz, mean removed, continued where there is no voice
    voiced: np.ndarray  # (n_frames,) 0 to 1
    spectrum: np.ndarray  # (n_frames, n_fft // 2 + 1) dB of power
    noise: np.ndarray  # (n_frames, n_fft // 2 + 1) dB, aperiodicity

    @property
    def level(self) -> np.ndarray:
        """Level of each frame in dB."""
        return 10 * np.log10(np.mean(10 ** (self.spectrum / 10), axis=1))

    def at(self, frames: np.ndarray) -> "Spoken":
        """Read it at other moments: fractional positions in frames, shape (n_new,)."""
        low = np.minimum(np.floor(frames).astype(int), len(self.log_f0) - 2)
        part = frames - low

        def between(values: np.ndarray) -> np.ndarray:
            share = part if values.ndim == 1 else part[:, np.newaxis]
            return values[low] * (1 - share) + values[low + 1] * share

        return Spoken(*map(between, (self.log_f0, self.voiced, self.spectrum, self.noise)))


def analyse(y: np.ndarray) -> Spoken:
    """Take speech at 16 kHz apart, silence at its ends removed."""
    power = signal.fftconvolve(y**2, np.ones(320) / 320, mode="same")
    loud = np.flatnonzero(power > power.max() * 10**-3.5)
    y = np.ascontiguousarray(y[loud[0] : loud[-1] + 1], dtype=np.float64)
    log_f0, voiced, spectrum, noise = take_apart(y)
    return Spoken(
        log_f0,
        voiced.astype(float),
        10 * np.log10(spectrum + 1e-12),
        20 * np.log10(np.clip(noise, 1e-3, 1)),
    )


def sizes(cues: Cues, own_way: dict[str, float], rng: np.random.Generator) -> dict[str, float]:
    """Draw a clip's cues: the average, the actor's own way, and the moment's."""
    size = {
        cue: cues.scalars[cue]
        + DIFFERENT * own_way[cue] * cues.between[cue]
        + MOMENT * rng.normal() * cues.within[cue]
        for cue in own_way
        if cue in cues.scalars
    }
    # How bright: the spread of the long-term spectrum's slope follows that of the level.
    size["level"] = _softly(size["level"], -8, 20)
    size["f0"] = _softly(size["f0"], -5, 13)
    size["bright"] = 0.25 * own_way["bright"] * cues.between["level"] + 0.3 * rng.normal()
    return size


def bent(cues: Cues, own: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw a clip's curves: the average, bent as the actor does, and as the moment does."""
    moment = smooth_curves(rng)
    return {
        name: curve
        + CURVES * cues.curves_between[name] * (DIFFERENT * own[name] + MOMENT * moment[name])
        for name, curve in cues.curves.items()
    }


def act(
    spoken: Spoken,
    cues: Cues,
    actor: Actor,
    *,
    emotion: str,
    seconds: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Act one clip.

    Parameters
    ----------
    seconds : float
        How long the speech is to last.

    Returns
    -------
    numpy.ndarray of float64, shape (n_samples,)
        Speech at 16 kHz, its level in dB below full scale as the actor's at the microphone.
    """
    size = sizes(cues, actor.own_way[emotion], rng)
    curves = bent(cues, actor.own_curves[emotion], rng)
    voice = spoken.at(_moments(spoken, round(seconds / FRAME), size["pause"], rng))
    n, steady = len(voice.log_f0), voice.voiced > 0.5
    level = voice.level
    centred = np.where(steady, level - level[steady].mean(), 0.0)

    # Pitch: where it lies, how it moves (slowly; quivering at 4 to 12 Hz), and how rough it is.
    slow = _smooth(voice.log_f0, 0.06)
    fast = (voice.log_f0 - slow) * np.exp(0.7 * np.clip(size["trem"], -1, 1))
    contour = LIVELY * np.exp(np.clip(1.3 * size["f0_sd"], -0.9, 0.9)) * slow + fast
    contour += SEMITONE * _over_time(curves["f0c"], n)
    contour += 0.03 * _drift(n, 0.98, rng)
    rough = 0.006 * np.exp(np.clip(size["jit"], -0.5, 1.0))
    contour += rough * _smooth(rng.normal(0, 1, n), 0.006)
    contour -= contour[steady].mean()
    log_f0 = np.log(actor.f0) + SEMITONE * size["f0"] + contour
    f0 = np.where(steady, np.clip(np.exp(log_f0), 65, 650), 0.0)

    # Level over time: the emotion's own course, its spread, and how sharply it rises.
    gain = 0.5 * _over_time(curves["intc"], n)
    gain += np.expm1(np.clip(size["int_sd"], -0.4, 0.4)) * centred
    gain += np.expm1(np.clip(size["onset"], -0.5, 0.7)) * (centred - _smooth(centred, 0.08)) * 0.4
    gain += np.expm1(np.clip(size["shim"], -0.4, 0.4)) * (centred - _smooth(centred, 0.03))
    gain = np.clip(_smooth(gain, 0.02), -12, 9)

    # Spectrum: the vocal tract, then the emotion's colour where there is a voice and where not.
    warp = np.clip(HERTZ / actor.tract, 0, SR / 2)
    spectrum = np.stack([np.interp(warp, HERTZ, row) for row in voice.spectrum])
    middle = curves["ltas"].mean()
    colour = _over_hertz(curves["ltas"] - middle) + (actor.tilt + size["bright"]) * OCTAVES
    breath = _over_hertz(curves["uv"] - middle) + actor.tilt * OCTAVES
    spectrum += np.interp(HERTZ, *MICROPHONE)
    share = _smooth(voice.voiced, 0.01)[:, np.newaxis]
    spectrum += np.clip(share * colour + (1 - share) * breath, -15, 15) + gain[:, np.newaxis]
    noise = np.clip(voice.noise + _over_hertz(curves["ap"]), -60, 0)

    y = pyworld.synthesize(
        f0, 10 ** (spectrum / 10), 10 ** (noise / 20), SR, frame_period=FRAME * 1000
    )[: n * round(FRAME * SR)]
    loudness = actor.loudness + size["level"]
    voiced_samples = np.repeat(steady, round(FRAME * SR))[: len(y)]
    return y * 10 ** (loudness / 20) / np.sqrt(np.mean(y[voiced_samples] ** 2))


def _moments(spoken: Spoken, n: int, pause: float, rng: np.random.Generator) -> np.ndarray:
    """Choose which frame is heard when: pauses get more or less of the time than speech."""
    level = spoken.level
    still = _smooth((level < level.max() - PAUSE).astype(float), 0.01)
    now = np.clip(still.mean(), 0.02, 0.6)
    wanted = np.clip(now + pause, 0.01, 0.6)
    longer = np.clip((wanted / (1 - wanted)) / (now / (1 - now)), 0.5, 3.0)
    ease = np.exp(0.12 * _drift(len(level), 0.97, rng))  # nobody speaks quite evenly
    spent = np.concatenate([[0.0], np.cumsum((1 + (longer - 1) * still) * ease)])
    places = np.interp(np.linspace(0, spent[-1], n), spent, np.arange(len(spent)))
    return np.clip(places, 0, len(level) - 1)


def _softly(value: float, least: float, most: float) -> float:
    """Bend a value so that it stays within limits that a voice and a microphone have."""
    limit = most if value > 0 else -least
    return limit * np.tanh(value / limit)


def _drift(n: int, memory: float, rng: np.random.Generator) -> np.ndarray:
    """Wander slowly, standard deviation 1."""
    steps = rng.normal(0, 1, n + 200)
    return signal.lfilter([np.sqrt(1 - memory**2)], [1, -memory], steps)[200:]


def _smooth(values: np.ndarray, seconds: float) -> np.ndarray:
    width = max(3, 2 * round(seconds / FRAME) + 1)
    window = np.hanning(width + 2)[1:-1]
    padded = np.pad(values, width // 2, mode="edge")
    return np.convolve(padded, window / window.sum(), mode="valid")


def _over_time(curve: np.ndarray, n: int) -> np.ndarray:
    return np.interp(np.linspace(0, len(curve) - 1, n), np.arange(len(curve)), curve)


def _over_hertz(curve: np.ndarray) -> np.ndarray:
    return np.interp(HERTZ, BANDS, curve)
