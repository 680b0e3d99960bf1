"""Measure what emotions change in voices: ``python benchmarks/measure_cues.py [--data FOLDER]``.

Loudness and pitch of every clip, as notebook 01 measures them, against the median of the same
actor's neutral clips. Writes ``ser_helpers/results/cues_<corpus>.json``: for each emotion the
median over the actors and their quartiles, and how many lie above their own neutral.
"""

from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import record

from ser_helpers import data, features

CUES = {"loudness": "dB", "pitch": "semitones"}
QUARTILES = {"low": 0.25, "median": 0.5, "high": 0.75}


def measure_clip(path: Path) -> dict[str, float]:
    """Measure the speech of one clip: loudness in dB, pitch in semitones above 1 Hz."""
    y = features.trim(data.load_clip(path))
    options = {"frame_length": 1024, "hop_length": 256}
    f0 = librosa.yin(y, fmin=65, fmax=500, sr=data.SAMPLE_RATE, **options)
    level = librosa.feature.rms(y=y, **options)[0]
    pitch = np.median(f0[level > 0.1 * level.max()])
    rms = np.sqrt(np.mean(y.astype(float) ** 2))
    return {"loudness": 20 * np.log10(rms), "pitch": 12 * np.log2(pitch)}


def measure_all(corpus: data.Corpus) -> dict:
    """Measure all clips of a corpus."""
    clips = corpus.clips
    measured = pd.DataFrame([measure_clip(path) for path in clips.path], index=clips.index)
    neutral = measured[clips.emotion == "NEU"].groupby(clips.actor).median()
    changes = measured - neutral.loc[clips.actor].to_numpy()
    of_actors = changes.groupby([clips.emotion, clips.actor]).median()
    cues = {}
    for cue in CUES:
        table = of_actors[cue].unstack("emotion").drop(columns="NEU")
        spread = table.quantile(list(QUARTILES.values())).set_axis(list(QUARTILES)).T.round(2)
        above = (table > 0).sum().rename("actors_above")
        cues[cue] = spread.join(above).astype(object).to_dict("index")
    return {
        **record.about(corpus, clips),
        "units": CUES,
        "spread": "median and quartiles over the actors of each actor's own median",
        "cues": cues,
        "versions": record.versions("librosa", "numpy"),
    }


def main() -> None:
    corpus = data.open_corpus(record.parser(__doc__).parse_args().data)
    print(record.write(f"cues_{record.name_of(corpus)}", measure_all(corpus)))


if __name__ == "__main__":
    main()
