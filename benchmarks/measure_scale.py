"""Measure cost and streaming for notebook 12: ``python benchmarks/measure_scale.py``.

It runs on the demo voices, or on ``--data FOLDER``, and measures the milliseconds per clip of each
step; seconds against clips, with a fitted line, for cheap and dear work, in one process, in
joblib's processes and on two Dask workers, all in one run; the memory for streams of frames up to
a million clips, in a process of its own; and the UAR of a small network trained on frames from
memory and from streams, over six folds, with the paired differences. Work, lines and training are
the notebook's own code. Writes ``ser_helpers/results/scale_<corpus>.json``.
Seconds depend on the machine and on what else it is doing.
"""

import json
import logging
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
import pandas as pd
import record
import torch
from dask import config
from distributed import Client, LocalCluster
from protocol import N_FOLDS
from torch.utils.data import DataLoader, TensorDataset

from ser_helpers import data, evaluate, features, split
from ser_helpers.further import streams

ROOT = Path(__file__).parents[1]
#: Dask tells its workers to give freed memory back at once, which doubles the time of such work.
WORKERS = {"distributed.nanny.pre-spawn-environ": {"OMP_NUM_THREADS": 1}}
SIZES = {"cheap": (100, 200, 400, 800), "dear": (10, 20, 40, 80)}
MOST_CLIPS = (2_000, 20_000, 1_000_000)  # of a stream, about
EPOCHS = 5
BUFFER = 0.2  # of the training clips
PACKAGES = ("dask", "joblib", "librosa", "numpy", "pyarrow", "scikit-learn", "torch")
#: Go through a stream in a fresh process, and print how many clips came and the most memory added.
STREAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from torch.utils.data import DataLoader
import torch
import measure_scale
from ser_helpers.further import streams
torch.set_num_threads(1)
files, times = json.loads(sys.argv[2]), int(sys.argv[3])
loader = DataLoader(streams.FrameStream(files * times), batch_size=32)
next(iter(loader))
print(json.dumps(measure_scale.notebook().most_memory_by_hand(loader)))
"""


def notebook() -> SimpleNamespace:
    """Load the functions that notebook 12 defines."""
    return record.load_script(ROOT / "tests" / "notebook_code.py").functions_of("12")


def measure_steps(clips: pd.DataFrame) -> dict:
    """Time the steps for about 200 clips, best of three; return medians in milliseconds."""
    steps, settings = notebook().steps_by_hand, features.AudioSettings()
    chosen = clips.path[:: max(1, len(clips) // 200)]
    steps(chosen.iloc[0], settings)
    quickest = [pd.DataFrame([steps(p, settings)[1] for _ in range(3)]).min() for p in chosen]
    cost = pd.DataFrame(quickest).median()
    return {
        "file": chosen.iloc[0].suffix,
        "ms": cost.round(3).to_dict(),
        "sum": round(cost.sum(), 2),
    }


def measure_sizes(clips: pd.DataFrame, here: Path) -> dict:
    """Do ever more work of two kinds in three ways; return seconds, lines, where helpers pay."""
    code = notebook()
    config.set(WORKERS)
    start = time.perf_counter()
    cluster = LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=":0",
        local_directory=here / "dask",
        silence_logs=logging.CRITICAL,
    )
    with cluster, Client(cluster) as client:
        starting = time.perf_counter() - start
        ask = {
            "one process": map,
            "two processes": lambda work, paths: joblib.Parallel(n_jobs=2)(
                joblib.delayed(work)(path) for path in paths
            ),
            "two Dask workers": lambda work, paths: client.gather(
                client.map(work, paths, pure=False)
            ),
        }
        found: dict = {"clips": {}, "work": {}}
        for kind, work in (("cheap", code.cheap), ("dear", code.dear)):
            sizes = [size for size in SIZES[kind] if size <= len(clips)]
            found["clips"][kind] = sizes
            for way in ask.values():  # libraries are loaded, processes started
                list(way(work, clips.path[:8]))
            found["work"][kind] = {
                name: as_line(sizes, [seconds(work, clips.path[:n], way) for n in sizes])
                for name, way in ask.items()
            }
    for by in found["work"].values():
        one, dask = by["one process"], by["two Dask workers"]
        saved = (one["ms_per_clip"] - dask["ms_per_clip"]) / 1000
        later = starting + dask["intercept"] - one["intercept"]
        dask["pays_from"] = round(max(0, later / saved)) if saved > 0 else None
    return {"start_of_the_cluster": round(starting, 2), **found}


def seconds(work: Callable, paths: pd.Series, way: Callable) -> float:
    start = time.perf_counter()
    list(way(work, paths))
    return time.perf_counter() - start


def as_line(sizes: list[int], times: list[float]) -> dict:
    slope, intercept = notebook().line_by_hand(np.array(sizes), np.array(times))
    return {
        "seconds": np.round(times, 2).tolist(),
        "ms_per_clip": round(slope * 1000, 2),
        "intercept": round(intercept, 2),
    }


def measure_memory(files: list[Path]) -> dict:
    """Send streams of ever more clips through a fresh process; return GB and the most memory."""
    held = {str(file): np.load(file)["x"].shape for file in files}
    n_clips, each = sum(shape[0] for shape in held.values()), 4 * streams.N_FRAMES * 64
    rows = []
    for most in MOST_CLIPS:
        times = str(max(1, -(-most // n_clips)))
        arguments = [str(Path(__file__).parent), json.dumps(list(held)), times]
        out = subprocess.run(
            [sys.executable, "-c", STREAM, *arguments], check=True, capture_output=True, text=True
        )
        came, peak = json.loads(out.stdout)
        rows.append({"clips": came, "gb": round(came * each / 1e9, 2), "peak_mb": round(peak, 1)})
    return pd.DataFrame(rows).to_dict("list")


def train_and_answer(files: dict[int, Path], parts: dict, way: str) -> pd.Series:
    """Train on the frames of the learners, from memory or streamed; answer for the tested."""
    code = notebook()
    learners = [files[actor] for actor in parts["learners"]]
    everything = list(streams.FrameStream(learners))
    x = torch.stack([one for one, _ in everything])
    y = torch.tensor([number for _, number in everything])
    buffer = round(BUFFER * len(y)) if way == "with a buffer" else 0

    def open_batches(epoch: int) -> DataLoader:
        if way == "in memory":
            return DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
        stream = streams.FrameStream(learners, buffer=buffer, seed=epoch)
        return DataLoader(stream, batch_size=32)

    torch.manual_seed(0)
    net = code.train_by_hand(code.net_by_hand(), open_batches, epochs=EPOCHS)
    tested = streams.FrameStream([files[actor] for actor in parts["tested"]])
    with torch.no_grad():
        said = [net(x).argmax(dim=1) for x, _ in DataLoader(tested, batch_size=256)]
    return torch.cat(said).numpy()


def measure_training(clips: pd.DataFrame, folder: Path, folds_of: int = N_FOLDS) -> dict:
    """Cross-validate by speaker, from memory and from streams; UAR, and paired differences."""
    files = {int(path.stem.split("-")[1]): path for path in streams.write(clips, folder)}
    folds = split.folds_by_speaker(clips, N_FOLDS)
    ways = ("in memory", "with a buffer", "without a buffer")
    said: dict[str, list] = {way: [] for way in ways}
    for fold in range(folds_of):
        tested = sorted(set(clips.actor[folds == fold]))
        parts = {"tested": tested, "learners": [a for a in files if a not in tested]}
        index = pd.Index([c for actor in tested for c in clips.index[clips.actor == actor]])
        for way in ways:
            answers = np.take(data.EMOTIONS, train_and_answer(files, parts, way))
            said[way].append(pd.Series(answers, index=index))
    scores, whole = {}, {way: pd.concat(of_folds) for way, of_folds in said.items()}
    for way, answers in whole.items():
        tested = clips.loc[answers.index]
        uar = evaluate.intervals(tested.emotion, answers, tested.actor).loc["uar"]
        first = evaluate.scores(clips.emotion[said[way][0].index], said[way][0])["uar"]
        scores[f"frames {way}"] = uar.round(4).to_dict() | {"first_fold": round(first, 4)}
    for way in ways[1:]:
        apart = evaluate.difference(tested.emotion, whole[way], whole["in memory"], tested.actor)
        scores[f"frames {way} minus memory"] = record.bounds(apart)
    return scores


def measure_cost(corpus: data.Corpus, here: Path) -> dict:
    """Measure what depends on the machine and on what else it is doing."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return {
        "machine": f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}",
        "load_before": round(load, 1),
        "cost_of_a_clip": measure_steps(corpus.clips),
        "seconds_against_clips": measure_sizes(corpus.clips, here),
    }


def measure_streams(corpus: data.Corpus, here: Path) -> dict:
    """Measure what should be the same on every machine: memory, bytes on disk, UAR."""
    clips = corpus.clips.loc[features.extract(corpus.clips, progress=False).index]
    torch.set_num_threads(1)
    files = streams.write(clips, here / "frames")
    # Frames weigh the same whoever speaks, and a million clips take minutes: demo voices only.
    memory = {"memory_of_frames": measure_memory(files)} if corpus.synthetic else {}
    return memory | {
        "uar_unseen_speakers": measure_training(clips, here / "frames"),
        "protocol": f"{N_FOLDS} folds by speaker, seed 0, {EPOCHS} epochs",
    }


def main() -> None:
    parser = record.parser(__doc__)
    parts = {"cost": measure_cost, "streams": measure_streams}
    parser.add_argument(
        "--only", choices=parts, help="measure only this part; keep the other's figures"
    )
    options = parser.parse_args()
    corpus = data.open_corpus(options.data)
    print(corpus)
    measured = record.about(corpus, corpus.clips)
    for part in [options.only] if options.only else parts:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as here:
            measured |= parts[part](corpus, Path(here))
    name = f"scale_{record.name_of(corpus)}"
    result = (record.read(name) if options.only else {}) | measured
    result["versions"] = record.versions(*PACKAGES)
    record.write(name, result)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
