"""Measure cost and streaming for notebook 12: ``python benchmarks/measure_scale.py``.

It runs on the demo voices, or on ``--data FOLDER``, and measures the milliseconds per clip of each
step; seconds against clips, with a fitted line, in one process, in joblib's processes and on two
Dask workers, all in one run; the memory for reading shards at once and in pieces; and the UAR of a
network trained from shards, with its rows in several orders, compared with
:func:`ser_helpers.train.fit` over six folds. Training uses the notebook's own code,
``fit_by_hand``. Writes ``ser_helpers/results/scale_<corpus>.json``. Seconds depend on the machine
and on what else it is doing.
"""

import argparse
import importlib.util
import json
import logging
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
import pandas as pd
import record
import torch
from distributed import Client, LocalCluster
from sklearn.preprocessing import StandardScaler

from ser_helpers import data, evaluate, features, model, split, train
from ser_helpers.further import shards

ROOT = Path(__file__).parents[1]
SIZES = (125, 250, 500, 1000)
COPIES = (1, 3, 6, 10)
N_SHARDS = 12
N_FOLDS = 6
PACKAGES = ("dask", "joblib", "librosa", "numpy", "pyarrow", "scikit-learn", "torch")
#: How the rows reach the network: whether the files are shuffled in each epoch, the size of the
#: buffer as a share of the training rows, and whether the scaler sees only the first shard.
ORDERS = {
    "streamed": {"seeded": True, "buffer": 0.2},
    "buffer for everything": {"seeded": False, "buffer": 1.0},
    "files in order, no buffer": {"seeded": False, "buffer": 0.0},
    "scaler of the first shard": {"seeded": True, "buffer": 0.2, "first": True},
}


def notebook() -> SimpleNamespace:
    """Load the functions that notebook 12 defines."""
    path = ROOT / "tests" / "notebook_code.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.functions_of("12")


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
    """Extract ever larger parts of a corpus, without a cache, in three ways at each size."""
    extract = {"one process": lambda few, cache: seconds(few, cache, n_jobs=1)}
    extract["two processes"] = lambda few, cache: seconds(few, cache, n_jobs=2)
    extract["two Dask workers"] = on_dask
    start = time.perf_counter()
    cluster = LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=":0",
        local_directory=here / "dask",
        silence_logs=logging.CRITICAL,
    )
    with cluster, Client(cluster):
        starting = time.perf_counter() - start
        first = {name: run(clips[-250:], here / f"{name} 0") for name, run in extract.items()}
        sizes = [size for size in SIZES if size <= len(clips)]
        found = {name: [] for name in extract}
        for size in sizes:
            for name, run in extract.items():
                found[name].append(run(clips[:size], here / f"{name} {size}"))
    lines = {}
    for name, times in found.items():
        slope, intercept = notebook().line_by_hand(np.array(sizes), np.array(times))
        lines[name] = {
            "seconds": np.round(times, 2).tolist(),
            "first_250_clips": round(first[name], 2),
            "ms_a_clip": round(slope * 1000, 2),
            "intercept": round(intercept, 2),
        }
    return {"clips": sizes, "start_of_the_cluster": round(starting, 2), "ways": lines}


def seconds(clips: pd.DataFrame, cache: Path, **options: int) -> float:
    start = time.perf_counter()
    features.extract(clips, cache=cache, progress=False, **options)
    return time.perf_counter() - start


def on_dask(clips: pd.DataFrame, cache: Path) -> float:
    with joblib.parallel_config(backend="dask"):
        return seconds(clips, cache)


def measure_memory(folder: Path, here: Path) -> dict:
    """Measure the memory for reading copies of the shards, at once and in pieces."""
    peak, parts = notebook().peak_of, sorted(folder.glob(shards.PATTERN))
    here.mkdir()
    rows = []
    for copies in COPIES:
        for number in range(len(list(here.iterdir())), copies * len(parts)):
            content = parts[number % len(parts)].read_bytes()
            (here / f"part-{number:05d}.parquet").write_bytes(content)
        n_rows, at_once = peak([pd.read_parquet(here)])
        _, in_pieces = peak(shards.batches(here))
        rows.append({"rows": n_rows, "at_once_mb": at_once, "in_pieces_mb": in_pieces})
    return pd.DataFrame(rows).round(2).to_dict("list")


def bytes_a_clip(clips: pd.DataFrame, here: Path) -> dict[str, int]:
    """Return the bytes per clip on disk in shards of different sizes."""
    found = {}
    for n_rows in (100, 500, min(2000, len(clips))):
        shards.write(clips[:n_rows], here / str(n_rows), rows_per_shard=n_rows, progress=False)
        found[str(n_rows)] = round(
            (here / str(n_rows) / "part-00000.parquet").stat().st_size / n_rows
        )
    return found


def stream(
    folder: Path, actors: set[int], scaler: StandardScaler, *, seed: int | None = None
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield some actors' rows as tensors for the network."""
    names = features.feature_names()
    for piece in shards.batches(folder, actors=actors, seed=seed):
        x = scaler.transform(piece[names]).astype(np.float32)
        y = [data.EMOTIONS.index(emotion) for emotion in piece.emotion]
        yield torch.from_numpy(x), torch.tensor(y)


def train_streamed(
    folder: Path,
    who: dict[str, set[int]],
    *,
    seeded: bool,
    buffer: float,
    first: bool = False,
    settings: train.TrainSettings = train.TrainSettings(),
) -> Callable[[pd.DataFrame], np.ndarray]:
    """Train from shards as notebook 12 does; return a function that predicts emotions."""
    names, scaler = features.feature_names(), StandardScaler()
    n_rows = 0
    for piece in shards.batches(folder, actors=who["train"]):
        n_rows += len(piece)
        if not first or n_rows == len(piece):
            scaler.partial_fit(piece[names])
    torch.manual_seed(settings.seed)
    net = model.EmotionNet(len(names), len(data.EMOTIONS))
    notebook().fit_by_hand(
        net,
        lambda epoch: stream(folder, who["train"], scaler, seed=epoch if seeded else None),
        lambda: stream(folder, who["validation"], scaler),
        settings=settings,
        buffer=round(buffer * n_rows),
    )

    def predict(rows: pd.DataFrame) -> np.ndarray:
        x = torch.from_numpy(scaler.transform(rows[names]).astype(np.float32))
        return np.take(data.EMOTIONS, net.probabilities(x).argmax(dim=1).numpy())

    return predict


def measure_training(
    table: pd.DataFrame, clips: pd.DataFrame, folder: Path, folds_of: int = N_FOLDS
) -> dict:
    """Cross-validate by speaker, in memory and from shards; return UAR with intervals."""
    folds = split.folds_by_speaker(clips, N_FOLDS)
    predicted = {name: [] for name in ("in memory", *ORDERS)}
    for fold in range(folds_of):
        parts = split.parts_of_fold(folds, fold)
        who = {part: set(clips.actor[parts == part]) for part in split.PARTS}
        test = table[parts == "test"]
        result = train.fit(table, clips.emotion, parts, progress=False)
        predicted["in memory"].append(result.predictions[test.index])
        for name, order in ORDERS.items():
            answers = train_streamed(folder, who, **order)(test)
            predicted[name].append(pd.Series(answers, index=test.index))
    scores = {}
    for name, of_folds in predicted.items():
        answers = pd.concat(of_folds)
        tested = clips.loc[answers.index]
        uar = evaluate.intervals(tested.emotion, answers, tested.actor).loc["uar"]
        first = evaluate.scores(clips.emotion[of_folds[0].index], of_folds[0])["uar"]
        scores[name] = uar.round(4).to_dict() | {"first_fold": round(first, 4)}
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
    table = features.extract(corpus.clips, progress=False)
    clips = corpus.clips.loc[table.index]
    write_shards(clips, here / "shards")
    torch.set_num_threads(1)
    return {
        "memory": measure_memory(here / "shards", here / "heavy"),
        "bytes_a_clip_in_shards_of": bytes_a_clip(clips, here / "by size"),
        "uar_unseen_speakers": measure_training(table, clips, here / "shards"),
        "protocol": f"{N_FOLDS} folds by speaker, seed 0, {N_SHARDS} shards sorted by actor",
    }


def write_shards(clips: pd.DataFrame, folder: Path) -> None:
    shards.write(clips, folder, rows_per_shard=-(-len(clips) // N_SHARDS), progress=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="like SER_DATA; default: demo voices", default="demo")
    parts = {"cost": measure_cost, "streams": measure_streams}
    parser.add_argument(
        "--only", choices=parts, help="measure only this part; keep the other's figures"
    )
    options = parser.parse_args()
    corpus = data.open_corpus(options.data)
    print(corpus)
    name = f"scale_{record.name_of(corpus)}"
    result = record.read(name) if options.only else {}
    result |= {"corpus": corpus.name, "synthetic": corpus.synthetic, "n_clips": len(corpus.clips)}
    for part in [options.only] if options.only else parts:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as here:
            result |= parts[part](corpus, Path(here))
    result["versions"] = record.versions(*PACKAGES)
    record.write(name, result)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
