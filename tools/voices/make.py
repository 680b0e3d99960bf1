"""Make the second edition of the demo voices: ``python tools/voices/make.py`` (for maintainers).

Kokoro-82M speaks each clip's sentence neutrally, one take a clip (``kokoro``); WORLD takes it
apart, and an actor with an emotion puts it together again (``actors``, ``cues``, ``acting``).
Everything random comes from one seed, drawn by the clip's name. ``requirements.txt`` beside this
says what to install.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import soxr
from acting import FRAME, SR, act, analyse
from actors import EMOTIONS, SEED, Actor, draw_actors
from cues import Cues, at_strength, read
from kokoro import SR as KOKORO_SR
from kokoro import Kokoro, phonemes
from opus import write_opus
from scipy import signal

#: Six of CREMA-D's sentences, and their mean duration there in seconds, silence included (counted
#: from its file sizes, as that of each emotion).
SENTENCES = {
    "DFA": "Don't forget a jacket",
    "IEO": "It's eleven o'clock",
    "ITS": "I think I've seen this before",
    "IWW": "I wonder what this is about",
    "TAI": "The airplane is almost full",
    "WSI": "We'll stop in a couple of minutes",
}
SENTENCE_SECONDS = {
    "DFA": 2.30, "IEO": 2.28, "ITS": 2.59, "IWW": 2.42, "TAI": 2.64, "WSI": 2.65
}  # fmt: skip
EMOTION_SECONDS = {
    "ANG": 2.58, "DIS": 2.78, "FEA": 2.51, "HAP": 2.34, "NEU": 2.43, "SAD": 2.59
}  # fmt: skip
MEAN_SECONDS = 2.54
#: Mean silence in seconds before and after the voice.
SILENCE = (0.42, 0.45)
#: How strongly an emotion is acted (0.5: as RAVDESS's normal level; 1: its strong one): median, and
#: spread of the log.
STRENGTH = {"LO": (0.45, 0.25), "MD": (0.80, 0.20), "HI": (1.2, 0.15), "XX": (0.95, 0.30)}
#: How sentences may end: each take draws one, whatever the emotion.
ENDS = (".", "!", ",", "…")
OTHER_VOICE = 0.12  # share of another voice in a take
STYLE_NOISE = 0.04  # of the style's own spread


@dataclass(frozen=True)
class Clip:
    """One clip to be made: who, what, how."""

    actor: Actor
    sentence: str
    emotion: str
    level: str

    @property
    def name(self) -> str:
        return f"{self.actor.number}_{self.sentence}_{self.emotion}_{self.level}"

    def rng(self, *, what: str) -> np.random.Generator:
        return np.random.default_rng([SEED, *f"{self.name} {what}".encode()])


def list_clips(actors: list[Actor]) -> Iterator[Clip]:
    """List 46 clips an actor: levels for the sentence IEO only, as CREMA-D has them."""
    for actor in actors:
        for sentence in SENTENCES:
            for emotion in EMOTIONS:
                graded = sentence == "IEO" and emotion != "NEU"
                for level in ("LO", "MD", "HI") if graded else ("XX",):
                    yield Clip(actor, sentence, emotion, level)


def take(clip: Clip, kokoro: Kokoro, sounds: str) -> np.ndarray:
    """Speak a clip's sentence once, neutrally: no two takes are alike, whatever the emotion.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
        At 16 kHz.
    """
    rng = clip.rng(what="take")
    style = sum(share * kokoro.voices[name] for name, share in clip.actor.voices.items())
    others = [v for v in kokoro.voices if v[1] == next(iter(clip.actor.voices))[1]]
    style = (1 - OTHER_VOICE) * style + OTHER_VOICE * kokoro.voices[str(rng.choice(others))]
    style = style + STYLE_NOISE * style.std() * rng.normal(size=256)
    said = sounds + str(rng.choice(ENDS))
    y = kokoro.say(said, style.astype(np.float32), speed=float(rng.uniform(0.88, 1.12)))
    return soxr.resample(y, KOKORO_SR, SR)


def perform(clip: Clip, spoken: np.ndarray, cues: dict[tuple[str, str], Cues]) -> np.ndarray:
    """Act a take; the level is the actor's at the microphone, not yet that of the recording."""
    rng = clip.rng(what="act")
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
    """Record one actor: one microphone and one gain for all clips, set for the loudest."""
    highpass = signal.butter(2, 70, "highpass", fs=SR, output="sos")
    clean = []
    for clip, y in performances:
        hiss = signal.lfilter([1], [1, -0.85], clip.rng(what="hiss").normal(0, 1, len(y)))
        y = y + hiss * 10 ** (clip.actor.noise / 20) / hiss.std()
        clean.append(signal.sosfilt(highpass, y))
    gain = min(1.0, 0.9 / max(np.abs(y).max() for y in clean))
    for (clip, _), y in zip(performances, clean, strict=True):
        yield clip, (gain * y).astype(np.float32)


def make(
    clips: list[Clip], options: argparse.Namespace, sounds: dict[str, str], folder: Path
) -> None:
    """Make and write the clips of one actor."""
    kokoro = Kokoro(options.model, options.voices, vocabulary=options.vocabulary)
    cues = read()
    performed = []
    for clip in clips:
        kept = options.takes and options.takes / f"{clip.name}.npy"
        if kept and kept.exists():
            spoken = np.load(kept)
        else:
            spoken = take(clip, kokoro, sounds[clip.sentence])
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
    sounds = {sentence: phonemes(text) for sentence, text in SENTENCES.items()}
    clips = list(list_clips(actors))
    target = options.to / "clips"
    target.mkdir(parents=True, exist_ok=True)
    # Made aside and moved in when all are there; files of other names stay.
    with tempfile.TemporaryDirectory(dir=options.to, prefix="making-") as work:
        joblib.Parallel(n_jobs=-1, verbose=5)(
            joblib.delayed(make)(
                [c for c in clips if c.actor is actor], options, sounds, Path(work)
            )
            for actor in actors
        )
        for path in Path(work).iterdir():
            os.replace(path, target / path.name)
    table = pd.DataFrame(
        {
            "ActorID": [actor.number for actor in actors],
            "Age": [actor.age for actor in actors],
            "Sex": [actor.sex for actor in actors],
            "Race": "Virtual",
            "Ethnicity": "Virtual",
        }
    )
    table.to_csv(options.to / "actors.csv", index=False)
    size = sum((target / f"{clip.name}.ogg").stat().st_size for clip in clips)
    print(f"{len(clips)} clips, {size / 1e6:.1f} MB in {target}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
