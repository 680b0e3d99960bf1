"""Make the demo voices: ``python tools/voices/make.py`` (for maintainers).

Kokoro-82M speaks each clip's sentence neutrally, one take a clip (``kokoro``); WORLD takes it
apart, and an actor with an emotion puts it together again (``actors``, ``cues``, ``acting``).
Everything random comes from one seed, drawn by the clip's name. ``requirements.txt`` beside this
says what to install.
"""

import argparse
import sys
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np
import soxr
from acting import act, analyse
from actors import SEED, draw_actors
from cremad import (
    EMOTION_SECONDS,
    MEAN_SECONDS,
    SENTENCE_SECONDS,
    SILENCE,
    Clip,
    list_clips,
    write_corpus,
)
from cues import Cues, at_strength, read
from kokoro import SR as KOKORO_SR
from kokoro import Kokoro, phonemes
from opus import write_opus
from scipy import signal
from world import FRAME, SR

from ser_helpers.names import SENTENCES

#: Six of CREMA-D's sentences.
SPOKEN = ("DFA", "IEO", "ITS", "IWW", "TAI", "WSI")
#: How strongly an emotion is acted (0.5: as RAVDESS's normal level; 1: its strong one): median, and
#: spread of the log.
STRENGTH = {"LO": (0.42, 0.25), "MD": (0.76, 0.20), "HI": (1.15, 0.15), "XX": (0.92, 0.30)}
#: How sentences may end: each take draws one, whatever the emotion.
ENDS = (".", "!", ",", "…")
PEAK = 0.9  # of full scale: of the loudest clips of an actor
OTHER_VOICE = 0.12  # share of another voice in a take
STYLE_NOISE = 0.04  # of the style's own spread


def generator(clip: Clip, what: str) -> np.random.Generator:
    """Return the clip's own random numbers for a step."""
    return np.random.default_rng([SEED, *f"{clip.name} {what}".encode()])


def take(clip: Clip, kokoro: Kokoro, sounds: str) -> np.ndarray:
    """Speak a clip's sentence once, neutrally: no two takes are alike, whatever the emotion.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
        At 16 kHz.
    """
    rng = generator(clip, "take")
    style = sum(share * kokoro.voices[name] for name, share in clip.actor.voices.items())
    others = [v for v in kokoro.voices if v[1] == next(iter(clip.actor.voices))[1]]
    style = (1 - OTHER_VOICE) * style + OTHER_VOICE * kokoro.voices[str(rng.choice(others))]
    style = style + STYLE_NOISE * style.std() * rng.normal(size=256)
    said = sounds + str(rng.choice(ENDS))
    y = kokoro.say(said, style.astype(np.float32), speed=float(rng.uniform(0.88, 1.12)))
    return soxr.resample(y, KOKORO_SR, SR)


def perform(clip: Clip, spoken: np.ndarray, cues: dict[tuple[str, str], Cues]) -> np.ndarray:
    """Act a take; the level is the actor's at the microphone, not yet that of the recording."""
    rng = generator(clip, "act")
    median, spread = STRENGTH[clip.level]
    strength = clip.actor.strength * median * np.exp(rng.normal(0, spread))
    silence = np.clip(rng.normal(SILENCE, 0.10), 0.15, 0.8)
    slower = SENTENCE_SECONDS[clip.sentence] * EMOTION_SECONDS[clip.emotion] / MEAN_SECONDS
    slower *= clip.actor.tempo
    slower *= np.exp(rng.normal(0, 0.08) + 0.08 * clip.actor.own_way[clip.emotion]["dur"])
    y = act(
        analyse(spoken),
        at_strength(cues, clip.emotion, min(strength, 1.5)),
        clip.actor,
        emotion=clip.emotion,
        seconds=max(slower - silence.sum(), 0.7),
        rng=rng,
    )
    before, after = (silence * SR).astype(int)
    edge = np.minimum(1, np.arange(len(y)) / (2 * FRAME * SR))
    return np.concatenate([np.zeros(before), y * edge * edge[::-1], np.zeros(after)])


def record(performances: list[tuple[Clip, np.ndarray]]) -> Iterator[tuple[Clip, np.ndarray]]:
    """Record one actor: one microphone and one gain for all clips.

    As at a recording desk it is set for all but the loudest (one in twenty), which are turned down.
    """
    highpass = signal.butter(2, 70, "highpass", fs=SR, output="sos")
    clean = []
    for clip, y in performances:
        hiss = signal.lfilter([1], [1, -0.85], generator(clip, "hiss").normal(0, 1, len(y)))
        y = y + hiss * 10 ** (clip.actor.noise / 20) / hiss.std()
        clean.append(signal.sosfilt(highpass, y))
    peaks = [np.abs(y).max() for y in clean]
    gain = PEAK / np.quantile(peaks, 0.95)
    for (clip, _), y, peak in zip(performances, clean, peaks, strict=True):
        yield clip, (min(gain, PEAK / peak) * y).astype(np.float32)


def make(
    clips: list[Clip], folder: Path, *, options: argparse.Namespace, sounds: dict[str, str]
) -> None:
    """Make and write the clips of one actor."""
    kokoro = cache(partial(Kokoro, options.model, options.voices, vocabulary=options.vocabulary))
    cues = read()
    performed = []
    for clip in clips:
        kept = options.takes and options.takes / f"{clip.name}.npy"
        if kept and kept.exists():
            spoken = np.load(kept)
        else:
            spoken = take(clip, kokoro(), sounds[clip.sentence])
            if kept:
                np.save(kept, spoken)
        performed.append((clip, perform(clip, spoken, cues)))
    for clip, y in record(performed):
        write_opus(folder / f"{clip.name}.ogg", y, SR)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help=".onnx, or the folder of the unpacked wheels")
    parser.add_argument("voices", type=Path, help="folder of af_*.bin and am_*.bin")
    parser.add_argument("to", type=Path, help="folder that gets actors.csv and clips/")
    parser.add_argument("--vocabulary", type=Path, help="JSON with Kokoro's vocab")
    parser.add_argument("--actors", type=int, default=48, help="only the first N")
    parser.add_argument("--takes", type=Path, help="folder that keeps the neutral takes")
    options = parser.parse_args()
    if options.takes:
        options.takes.mkdir(parents=True, exist_ok=True)
    names = sorted(path.stem for path in options.voices.glob("a[fm]_*.bin"))
    actors = draw_actors(names)[: options.actors]
    sounds = {sentence: phonemes(SENTENCES[sentence]) for sentence in SPOKEN}
    clips = list_clips(actors, SPOKEN)
    write_corpus(options.to, clips, partial(make, options=options, sounds=sounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
