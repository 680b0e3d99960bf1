"""Measure the speed of the road beside the tutorials' loop: ``python benchmarks/speed.py``.

On the corpus that is open (``SER_DATA``; ``--data FOLDER``), one core, clips read from the disk's
cache. Three ways, in an order that alternates from repeat to repeat:

- the tutorials' loop: ``librosa.load`` at 22,050 Hz, means of 40 MFCCs at librosa's defaults;
- ours: ``load_clip`` and ``describe``;
- reading alone: ``soundfile.read``.

Then, in processes of their own, importing torch, and importing the road after it. Milliseconds
depend on the machine and on what else it does; the ratios are taken within each repeat. Writes
``ser_helpers/results/speed_<corpus>.json``.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import record
import soundfile
from threadpoolctl import threadpool_limits

from ser_helpers import data, features

REPEATS = 5
PACKAGES = ("librosa", "numpy", "scipy", "soundfile", "soxr", "torch")
IMPORTS = """
import time
start = time.perf_counter()
import torch
between = time.perf_counter()
from ser_helpers import data, evaluate, features, split, train
print(between - start, time.perf_counter() - between)
"""


def tutorials(path: Path) -> np.ndarray:
    y, sr = librosa.load(path, sr=22_050)
    return librosa.feature.mfcc(y=y, sr=sr, n_mfcc=40).mean(axis=1)


def ours(path: Path) -> np.ndarray:
    return features.describe(data.load_clip(path))


def reading(path: Path) -> np.ndarray:
    return soundfile.read(path)[0]


WAYS = {"tutorials": tutorials, "ours": ours, "reading": reading}


def milliseconds(work: Callable, paths: list[Path]) -> float:
    """Measure the time of one clip, on average over all."""
    start = time.perf_counter()
    for path in paths:
        work(path)
    return 1000 * (time.perf_counter() - start) / len(paths)


def measure(paths: list[Path]) -> pd.DataFrame:
    """Measure each way ``REPEATS`` times; a row per repeat, milliseconds per clip."""
    for work in WAYS.values():
        milliseconds(work, paths[:20])  # compiled, cached and read once
    rows = []
    for repeat in range(REPEATS):
        order = list(WAYS)[:: 1 if repeat % 2 else -1]
        rows.append({name: milliseconds(WAYS[name], paths) for name in order})
    return pd.DataFrame(rows)[list(WAYS)]


def importing() -> dict:
    """Measure importing torch, and the road after it, each time in a new process; seconds."""
    command = [sys.executable, "-c", IMPORTS]
    told = [subprocess.check_output(command, text=True).split() for _ in range(REPEATS)]
    return spread(pd.DataFrame(told, columns=["torch", "road after torch"], dtype=float))


def spread(table: pd.DataFrame) -> dict:
    """Give median, least and most of each column."""
    return table.agg(["median", "min", "max"]).round(2).to_dict()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="as SER_DATA")
    parser.add_argument("--clips", type=int, default=528, help="at most, evenly spaced")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # Linux: one core, whatever a library would like
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    corpus = data.open_corpus(options.data)
    clips = corpus.clips.iloc[:: -(-len(corpus.clips) // options.clips)]
    print(corpus)
    with threadpool_limits(1):  # several threads on one core would wait for each other
        found = measure(list(clips.path))
    ratios = pd.DataFrame(
        {
            "tutorials / ours": found.tutorials / found.ours,
            "ours / reading": found.ours / found.reading,
        }
    )
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    result = {
        **record.about(corpus, clips),
        "file": clips.path.iloc[0].suffix,
        "mean_seconds_per_clip": round(float(clips.duration.mean()), 2),
        "repeats": REPEATS,
        "ms_per_clip": spread(found),
        "ratios": spread(ratios),
        "import_seconds": importing(),
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "system": platform.system(),
            "cores_of_the_machine": os.cpu_count(),
            "cores_used": 1,
            "load_at_the_end": load and round(load, 2),  # about 1 if nothing else was running
        },
        "versions": record.versions(*PACKAGES),
    }
    print(json.dumps(result, indent=2))
    record.write(f"speed_{record.name_of(corpus)}", result)


if __name__ == "__main__":
    main()
