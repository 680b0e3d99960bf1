"""Make the demo voices: ``python tools/make_demo_voices.py`` (for maintainers).

espeak-ng speaks CREMA-D's twelve sentences neutrally; the WORLD vocoder (Morise et al. 2016)
splits each into pitch, spectrum and noise, which are changed to suit a virtual actor and an
emotion, and puts them together again. The size of each cue is read from
``ser_helpers/demo_voices/cues.csv``; the README there explains the cues and says what to
install. All random numbers come from one seed.
"""

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path

import make_checksums
import numpy as np
import pandas as pd
import pyworld
import soundfile
import soxr
from scipy import signal
from voices.cremad import (
    EMOTION_SECONDS,
    MEAN_SECONDS,
    SENTENCE_SECONDS,
    SILENCE,
    Clip,
    list_clips,
    write_corpus,
)
from voices.opus import write_opus
from voices.world import FRAME, HERTZ, OCTAVES, SEMITONE, SR, take_apart

from ser_helpers import data
from ser_helpers.files import replace_file

SEED = 2014  # the year of CREMA-D's paper
FOLDER = data.DEMO_FOLDER
#: How strongly an emotion is acted, as a multiple of the table's sizes: median and spread (log).
STRENGTH = {"LO": (0.45, 0.30), "MD": (0.85, 0.25), "HI": (1.30, 0.20), "XX": (0.75, 0.45)}
#: Cues that are not in the table: breathiness (0 to 1), jitter (sd of log F0), slope of the pitch
#: over the sentence (semitones), formant shift (a factor; a smile shortens the vocal tract).
COLOUR = {
    "ANG": (0.00, 0.020, -2.5, 1.02),
    "DIS": (0.10, 0.025, -2.0, 0.96),
    "FEA": (0.30, 0.030, 2.5, 1.02),
    "HAP": (0.02, 0.008, 1.0, 1.05),
    "NEU": (0.00, 0.008, 0.0, 1.00),
    "SAD": (0.30, 0.012, -1.5, 0.98),
}
#: The largest change of a voice's tilt from espeak-ng's own, in dB/octave: with more, an angry
#: voice would be nothing but hiss.
TILT_MOST = 5.0
#: The table gives cues relative to neutral.
NO_CUES = {"f0_mean": 0.0, "f0_range": 1.0, "intensity": 0.0, "rate": 1.0, "tilt": 0.0}


@dataclass(frozen=True)
class Actor:
    """What stays the same in all clips of a virtual actor."""

    number: int
    sex: str
    age: int
    voice: str  # espeak-ng voice and variant
    f0: float  # Hz
    tract: float  # multiplies the formants
    tempo: float  # multiplies durations
    level: float  # dB
    tilt: float  # dB/octave
    breath: float
    noise: float  # dB below full scale
    echo: float  # seconds of reverberation
    peak: tuple[float, float]  # Hz and dB of the channel's resonance
    own_way: dict[str, dict[str, float]] = field(repr=False)  # emotion → cue → factor


@dataclass(frozen=True)
class Spoken:
    """A neutral sentence, split into its parts by WORLD."""

    log_f0: np.ndarray  # (n_frames,) log of Hz, mean removed, interpolated where unvoiced
    voiced: np.ndarray  # (n_frames,) bool
    spectrum: np.ndarray  # (n_frames, n_fft // 2 + 1) power
    noise: np.ndarray  # (n_frames, n_fft // 2 + 1) share of noise, 0 to 1

    def at(self, frames: np.ndarray) -> "Spoken":
        """Interpolate at other times: fractional positions in frames, shape (n_new,)."""
        low = np.floor(frames).astype(int)
        high = np.minimum(low + 1, len(self.log_f0) - 1)
        part = (frames - low)[:, np.newaxis]

        def between(values: np.ndarray) -> np.ndarray:
            return values[low] * (1 - part) + values[high] * part

        return Spoken(
            between(self.log_f0[:, np.newaxis])[:, 0],
            self.voiced[np.round(frames).astype(int)],
            between(self.spectrum),
            between(self.noise),
        )


def read_cues() -> dict[str, dict[str, float]]:
    """Read the table of cues: emotion → cue → size, including neutral."""
    table = pd.read_csv(FOLDER / "cues.csv")
    cues = {
        emotion: dict(zip(t.cue, t["size"], strict=True)) for emotion, t in table.groupby("emotion")
    }
    return {emotion: NO_CUES | cues.get(emotion, {}) for emotion in data.EMOTIONS}


def draw_actors() -> list[Actor]:
    """Draw 24 actors, alternating between men and women."""
    rng = np.random.default_rng(SEED)
    accents = ["en-us", "en-us", "en-us", "en-gb", "en-029", "en-gb-x-rp"]
    actors = []
    for i in range(24):
        man = i % 2 == 0
        age = int(np.clip(rng.gamma(6, 6), 20, 74))
        variant = f"+{'m' if man else 'f'}{1 + (i // 2) % (7 if man else 5)}"
        own_way = {
            emotion: {cue: float(rng.normal(1, 0.45)) for cue in [*NO_CUES, "colour", "all"]}
            for emotion in data.EMOTIONS
        }
        actors.append(
            Actor(
                number=2001 + i,
                sex="Male" if man else "Female",
                age=age,
                voice=str(rng.choice(accents)) + variant,
                f0=float(rng.normal(118, 14) if man else rng.normal(205, 20)),
                tract=float(rng.normal(0.97 if man else 1.08, 0.035)),
                tempo=float(rng.normal(1, 0.24 / MEAN_SECONDS)),
                level=float(rng.normal(0, 2.0)),
                tilt=float(rng.normal(0, 1.0)),
                breath=float(rng.uniform(0, 0.15)),
                noise=float(rng.normal(-66, 3)),
                echo=float(rng.uniform(0.08, 0.25)),
                peak=(float(rng.uniform(300, 4000)), float(rng.normal(0, 3))),
                own_way=own_way,
            )
        )
    return actors


def analyse(voice: str, sentence: str) -> Spoken:
    """Have espeak-ng speak a sentence, and analyse it with WORLD."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spoken.wav"
        text = data.SENTENCES[sentence] + "."
        subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "-w", path, text], check=True)
        y, sr = soundfile.read(path)
    y = soxr.resample(y, sr, SR)
    loud = np.flatnonzero(np.abs(y) > 0.01 * np.abs(y).max())
    y = np.ascontiguousarray(y[loud[0] : loud[-1] + 1])
    return Spoken(*take_apart(y, f0_floor=60))


def render(clip: Clip, cues: dict[str, dict[str, float]], spoken: Spoken) -> np.ndarray:
    """Act one clip.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
        Samples at 16 kHz, with a peak of at most 0.9.
    """
    actor, emotion, size = clip.actor, clip.emotion, cues[clip.emotion]
    own_way = actor.own_way[emotion]
    rng = np.random.default_rng([SEED, *clip.name.encode()])
    median, spread = STRENGTH[clip.level]
    strength = median * np.exp(rng.normal(0, spread)) * np.clip(own_way["all"], 0.4, 1.6)
    amount = {cue: strength * np.clip(own, -0.2, 2.0) for cue, own in own_way.items()}
    breath, jitter, slope, formants = (
        plain + amount["colour"] * (acted - plain)
        for plain, acted in zip(COLOUR["NEU"], COLOUR[emotion], strict=True)
    )

    # Time: the same frames, faster or slower, with a slightly uneven tempo.
    silence = np.clip(rng.normal(SILENCE, 0.10), 0.15, 0.8)
    seconds = (
        SENTENCE_SECONDS[clip.sentence]
        * (EMOTION_SECONDS[emotion] / MEAN_SECONDS)
        * actor.tempo
        * np.exp(rng.normal(0, 0.08))
    )
    speech = max(seconds - silence.sum(), 0.7)
    n_frames = round(speech / FRAME)
    last = len(spoken.log_f0) - 1
    wobble = signal.lfilter([0.1], [1, -0.9], rng.normal(0, 1, n_frames))
    frames = np.linspace(0, last, n_frames) + 6 * wobble * np.hanning(n_frames)
    voice = spoken.at(np.clip(frames, 0, last))

    # Pitch: mean, range, slope, slow drift, jitter; a tremor for fear.
    mean = np.log(actor.f0) + SEMITONE * (amount["f0_mean"] * size["f0_mean"] + rng.normal(0, 0.7))
    drift = signal.lfilter([0.02], [1, -0.98], rng.normal(0, 1, n_frames))
    contour = voice.log_f0 + 0.25 * drift + 0.06 * wobble
    sloped = contour + SEMITONE * slope * np.linspace(-0.5, 0.5, n_frames)
    range_ = np.clip(size["f0_range"] ** amount["f0_range"], 0.35, 2.6)
    # The slope only shapes the contour; its range is determined by the table.
    range_ *= contour[voice.voiced].std() / sloped[voice.voiced].std()
    log_pitch = mean + range_ * sloped
    log_pitch += np.clip(jitter, 0.003, 0.06) * rng.normal(0, 1, n_frames)
    if emotion == "FEA":
        log_pitch += 0.03 * strength * np.sin(2 * np.pi * 6 * np.arange(n_frames) * FRAME)
    f0 = np.where(voice.voiced, np.clip(np.exp(log_pitch), 60, 600), 0.0)

    # Spectrum: vocal tract, tilt, the channel's resonance, and more noise for a breathy voice.
    warp = np.clip(HERTZ / (actor.tract * formants), 0, SR / 2)
    log_spectrum = np.log(voice.spectrum + 1e-14)
    spectrum = np.exp(np.stack([np.interp(warp, HERTZ, row) for row in log_spectrum]))
    tilt = actor.tilt + amount["tilt"] * size["tilt"] + rng.normal(0, 0.5)
    tilt = np.clip(tilt, -TILT_MOST, TILT_MOST)
    hertz, decibels = actor.peak
    gain = tilt * OCTAVES + decibels * np.exp(-(((HERTZ - hertz) / 400) ** 2))
    spectrum *= 10 ** (np.clip(gain, -40, 20) / 10)
    share = np.clip(actor.breath + breath, 0, 0.6) * (HERTZ / (SR / 2)) ** 0.5
    noise = np.clip(voice.noise + share * (1 - voice.noise), 0, 1)

    y = pyworld.synthesize(f0, spectrum, noise, SR, FRAME * 1000)[: round(speech * SR)]
    loudness = -27 + actor.level + amount["intensity"] * size["intensity"] + rng.normal(0, 1.2)
    y *= 10 ** (loudness / 20) / np.sqrt(np.mean(y**2))
    return record(y, silence, actor, rng)


def record(
    y: np.ndarray, silence: np.ndarray, actor: Actor, rng: np.random.Generator
) -> np.ndarray:
    """Simulate a recording in a room: add silence, echo and noise, and avoid clipping."""
    before, after = (silence * SR).astype(int)
    edge = np.minimum(1, np.arange(len(y)) / (0.01 * SR))
    y = np.concatenate([np.zeros(before), y * edge * edge[::-1], np.zeros(after)])
    n = int(actor.echo * SR)
    room = np.random.default_rng([SEED, actor.number]).normal(0, 1, n)
    room *= 10 ** (-3 * np.arange(n) / n)
    room *= 0.25 / np.sqrt((room**2).sum())
    room[0] += 1
    y = signal.fftconvolve(y, room)[: len(y)]
    hiss = signal.lfilter([1], [1, -0.85], rng.normal(0, 1, len(y)))
    y = y + hiss * 10 ** (actor.noise / 20) / hiss.std()
    y = signal.sosfilt(signal.butter(2, 70, "highpass", fs=SR, output="sos"), y)
    return (y * min(1, 0.9 / np.abs(y).max())).astype(np.float32)


def make(clips: list[Clip], folder: Path, *, cues: dict[str, dict[str, float]]) -> None:
    """Make and write some clips; clips with the same voice and sentence share one analysis."""
    for (voice, sentence), group in groupby(clips, key=lambda c: (c.actor.voice, c.sentence)):
        spoken = analyse(voice, sentence)
        for clip in group:
            write_opus(folder / f"{clip.name}.ogg", render(clip, cues, spoken), SR)


def check(clips: list[Clip], cues: dict[str, dict[str, float]], folder: Path) -> bool:
    """Make every 167th clip again (12 clips) and return whether all match those in the folder."""
    chosen = clips[::167]
    with tempfile.TemporaryDirectory() as work:
        make(chosen, Path(work), cues=cues)
        names = [f"{clip.name}.ogg" for clip in chosen]
        other = [n for n in names if (Path(work) / n).read_bytes() != (folder / n).read_bytes()]
    print(f"{len(names) - len(other)} of {len(names)} clips are identical to the byte", *other)
    return not other


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--to", type=Path, default=FOLDER, help="folder to write actors.csv and clips/ to"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="make 12 clips again and compare them with those in --to",
    )
    options = parser.parse_args()
    cues = read_cues()
    actors = draw_actors()
    clips = list_clips(actors, SENTENCE_SECONDS)
    target = options.to / "clips"
    if options.check:
        return 0 if check(clips, cues, target) else 1

    write_corpus(options.to, clips, partial(make, cues=cues))
    if options.to == FOLDER:  # by which the course recognises its own voices
        replace_file(make_checksums.TABLE, make_checksums.table().encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
