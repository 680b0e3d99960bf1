"""Compare the course's speed with the tutorials' loop: ``python benchmarks/speed.py``.

It uses the corpus of ``SER_DATA`` or ``--data FOLDER`` and one core, and reads clips from the
disk's cache. It times three ways, in an order that alternates from repeat to repeat:

- the tutorials' loop: ``librosa.load`` at 22,050 Hz, means of 40 MFCCs at librosa's defaults;
- ours: ``load_clip`` and ``describe``;
- reading only: ``soundfile.read``.

Then it times importing torch, and importing the course's main modules after it, each in a new
process. Milliseconds depend on the machine and on what else it is doing; the ratios are computed
within each repeat. Writes ``ser_helpers/results/speed_<corpus>.json``.
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
    """Measure the mean time per clip."""
    start = time.perf_counter()
    for path in paths:
        work(path)
    return 1000 * (time.perf_counter() - start) / len(paths)


def measure(paths: list[Path]) -> pd.DataFrame:
    """Time each way ``REPEATS`` times; return milliseconds per clip, one row per repeat."""
    for work in WAYS.values():
        milliseconds(work, paths[:20])  # so that code is compiled and files are cached
    rows = []
    for repeat in range(REPEATS):
        order = list(WAYS)[:: 1 if repeat % 2 else -1]
        rows.append({name: milliseconds(WAYS[name], paths) for name in order})
    return pd.DataFrame(rows)[list(WAYS)]


def importing() -> dict:
    """Time importing torch and then the main modules, in a new process each time; in seconds."""
    command = [sys.executable, "-c", IMPORTS]
    times = [subprocess.check_output(command, text=True).split() for _ in range(REPEATS)]
    return spread(pd.DataFrame(times, columns=["torch", "road after torch"], dtype=float))


def spread(table: pd.DataFrame) -> dict:
    """Return the median, minimum and maximum of each column."""
    return table.agg(["median", "min", "max"]).round(2).to_dict()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="like SER_DATA")
    parser.add_argument(
        "--clips", type=int, default=528, help="maximum number of clips, evenly spaced"
    )
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # Linux: one core, even if a library would use more
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
