"""Compare the course's speed with that of others: ``python benchmarks/speed.py``.

It uses the corpus of ``SER_DATA`` or ``--data FOLDER`` and one core, and reads clips from the
disk's cache. It times, in an order that alternates from repeat to repeat:

- reading only: ``soundfile.read``;
- ours: ``load_clip`` and ``features.describe`` (02), ``frames.log_mel`` (09), and the encoder of
  13, clip by clip and eight clips of similar length at once;
- the tutorials' loop: ``librosa.load`` at 22,050 Hz, means of 40 MFCCs at librosa's defaults;
- what ``peers.py`` has of others: Kaggle's and DataFlair's features, openSMILE's eGeMAPS, MFCCs in
  PyTorch and in Kaldi's C++.

What is not installed here is left out (``benchmarks/requirements.txt``, the weights of 13). Then it
times importing torch, and importing the course's main modules after it, each in a new process.
Milliseconds are those of the processor, on one thread; they depend on the machine and still a
little on what else it is doing. The ratios are computed within each repeat. Writes
``ser_helpers/results/speed_<corpus>.json``.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import peers
import record
import soundfile
import torch
from threadpoolctl import threadpool_limits

from ser_helpers import data
from ser_helpers.further import frames, pretrained, whisper_weights

REPEATS = 5
PACKAGES = (
    "librosa", "numpy", "scipy", "soundfile", "soxr", "torch", "opensmile", "kaldi-native-fbank",
)  # fmt: skip
IMPORTS = """
import time
start = time.perf_counter()
import torch
between = time.perf_counter()
from ser_helpers import data, evaluate, features, split, train
print(between - start, time.perf_counter() - between)
"""


def reading(path: Path) -> np.ndarray:
    return soundfile.read(path)[0]


def film(path: Path) -> np.ndarray:
    return frames.log_mel(data.load_clip(path))


class Batches:
    """Describe eight clips at once by 13's encoder, filled up to the longest of them.

    The clips are handed over one by one; each eighth call does the work for the last eight, so that
    it can be timed as the other ways are. A frame of silence behind a clip changes its own frames a
    little, which is why the course does not do it so.
    """

    def __init__(self, encoder: pretrained.Encoder, *, at_once: int = 8) -> None:
        self.encoder, self.at_once = encoder, at_once
        self.waiting: list[np.ndarray] = []

    def __call__(self, path: Path) -> None:
        """Take one more clip; listen to all that wait if there are enough."""
        self.waiting.append(pretrained.log_mel(data.load_clip(path)))
        if len(self.waiting) == self.at_once:
            long = max(mel.shape[1] for mel in self.waiting)
            filled = [np.pad(mel, ((0, 0), (0, long - mel.shape[1]))) for mel in self.waiting]
            with torch.inference_mode():
                for layer in self.encoder(torch.from_numpy(np.stack(filled))):
                    layer.mean(dim=1), layer.std(dim=1)
            self.waiting = []


def ways() -> dict[str, Callable]:
    """Return what can be timed here, by name."""
    found: dict[str, Callable] = {"reading": reading, "ours": peers.ours, "ours, frames (09)": film}
    if whisper_weights.find() is not None:
        encoder = pretrained.load()
        found["ours, encoder (13)"] = lambda path: pretrained.describe(
            data.load_clip(path), encoder
        )
        found["ours, encoder (13), eight at once"] = Batches(encoder)
    found |= {
        "tutorials": peers.tutorial,
        "Kaggle's 162": peers.kaggle,
        "DataFlair's 180": peers.dataflair,
        "PyTorch's 40 MFCCs": peers.torch_mfcc,
    }
    if importlib.util.find_spec("kaldi_native_fbank"):
        found["Kaldi's 40 MFCCs"] = peers.kaldi_mfcc
    if importlib.util.find_spec("opensmile"):
        found["openSMILE's eGeMAPS"] = peers.egemaps
    return found


def milliseconds(work: Callable, paths: list[Path]) -> float:
    """Measure what a clip takes of the processor, on average."""
    start = time.process_time()
    for path in paths:
        work(path)
    return 1000 * (time.process_time() - start) / len(paths)


def measure(paths: list[Path], *, repeats: int = REPEATS) -> pd.DataFrame:
    """Time each way a few times; return milliseconds per clip, one row per repeat."""
    known = ways()
    for path in paths:
        reading(path)  # so that files are in the disk's cache
    for work in known.values():
        milliseconds(work, paths[:8])  # so that code is compiled
    rows = []
    for repeat in range(repeats):
        order = list(known)[:: 1 if repeat % 2 else -1]
        rows.append({name: milliseconds(known[name], paths) for name in order})
    return pd.DataFrame(rows)[list(known)]


def ratios(found: pd.DataFrame) -> pd.DataFrame:
    """Divide within each repeat: all by ours, and ours by reading alone."""
    by_ours = found.drop(columns=["reading", "ours"]).div(found.ours, axis=0).add_suffix(" / ours")
    return by_ours.assign(**{"ours / reading": found.ours / found.reading})


def importing() -> dict:
    """Time importing torch and then the main modules, in a new process each time; in seconds."""
    command = [sys.executable, "-c", IMPORTS]
    times = [subprocess.check_output(command, text=True).split() for _ in range(REPEATS)]
    return record.spread(pd.DataFrame(times, columns=["torch", "road after torch"], dtype=float))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="like SER_DATA")
    parser.add_argument(
        "--clips", type=int, default=96, help="number of clips, evenly spaced, sorted by length"
    )
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # Linux: one core, even if a library would use more
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    corpus = data.open_corpus(options.data)
    clips = corpus.clips.iloc[:: max(1, len(corpus.clips) // options.clips)][: options.clips]
    clips = clips.sort_values("duration")
    print(corpus)
    with threadpool_limits(1):  # several threads on one core would wait for each other
        torch.set_num_threads(1)
        found = measure(list(clips.path))
    result = {
        **record.about(corpus, clips),
        "file": clips.path.iloc[0].suffix,
        "mean_seconds_per_clip": round(float(clips.duration.mean()), 2),
        "repeats": REPEATS,
        "ms_per_clip": record.spread(found),
        "ratios": record.spread(ratios(found)),
        "import_seconds": importing(),
        "machine": record.machine() | {"cores_used": 1},
        "versions": record.versions(*PACKAGES),
    }
    print(json.dumps(result, indent=2))
    record.write(f"speed_{record.name_of(corpus)}", result)


if __name__ == "__main__":
    main()
