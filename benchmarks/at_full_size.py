"""Measure time and memory at CREMA-D's size: ``python benchmarks/at_full_size.py``.

This makes a folder outside the repository with CREMA-D's 7,442 file names and the same number of
bytes per actor, but with clips cut from another corpus (the demo voices, or ``--from FOLDER``): the
load is realistic, but the scores mean nothing. It then measures, each in a fresh process, the
feature table (cold and warm) and ``python -m ser_helpers`` at five sizes, and with ``--notebooks``
every notebook at full size (or those named: ``--notebooks 07 08``). Writes
``ser_helpers/results/full_size.json``.
"""

import argparse
import contextlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import record
import soundfile
from tqdm import tqdm

from ser_helpers import data
from ser_helpers.checksums import published

ROOT = Path(__file__).parents[1]
SIZES = (500, 1000, 2000, 4000, 7442)
SHORTEST, LONGEST = 1.27, 5.01  # seconds, as in CREMA-D
EMOTION_SECONDS = {"ANG": 2.58, "DIS": 2.78, "FEA": 2.51, "HAP": 2.34, "NEU": 2.43, "SAD": 2.59}
SPREAD = 0.45  # seconds, standard deviation within an emotion
HEADER = 44  # bytes of a WAV file's header
FEATURES = """
import json, sys, time
from ser_helpers import data, features
start = time.perf_counter()
corpus = data.open_corpus(sys.argv[1])
opened = time.perf_counter()
table = features.extract(corpus.clips, cache=sys.argv[2], progress=False)
done = time.perf_counter()
print(json.dumps({"clips": len(table), "open_seconds": round(opened - start, 2),
                  "seconds": round(done - opened, 2)}))
"""


def make_folder(folder: Path, source: str) -> Path:
    """Write 7,442 clips with the emotions of CREMA-D's clips and similar lengths."""
    rng = np.random.default_rng(0)
    known: dict[int, list[str]] = {}
    for name in published("cremad"):
        known.setdefault(data.parse_name(name)["actor"], []).append(name)
    pool = data.open_corpus(source).clips
    speech = {
        emotion: [data.load_clip(path) for path in pool.path[pool.emotion == emotion]]
        for emotion in data.EMOTIONS
    }
    (folder / "AudioWAV").mkdir(parents=True, exist_ok=True)
    for names in tqdm(known.values(), desc="making clips", unit="actor"):
        emotions = [data.parse_name(name)["emotion"] for name in names]
        seconds = rng.normal([EMOTION_SECONDS[e] for e in emotions], SPREAD)
        n_samples = sum(published("cremad")[name].n_bytes - HEADER for name in names) / 2
        seconds *= n_samples / data.SAMPLE_RATE / seconds.sum()  # to match this actor's bytes
        for name, emotion, length in zip(names, emotions, seconds, strict=True):
            y = speech[emotion][rng.integers(len(speech[emotion]))]
            y = np.roll(y, rng.integers(len(y))) * rng.uniform(0.5, 1)
            y = np.resize(y, int(np.clip(length, SHORTEST, LONGEST) * data.SAMPLE_RATE))
            soundfile.write(folder / "AudioWAV" / f"{name}.wav", y, data.SAMPLE_RATE)
    sexes = rng.permutation(["Male"] * 48 + ["Female"] * 43)
    ages = rng.integers(20, 75, size=len(known))
    people = pd.DataFrame({"ActorID": list(known), "Age": ages, "Sex": sexes})
    people.to_csv(folder / "actors.csv", index=False)
    return folder


def part_of(folder: Path, n_clips: int, to: Path) -> Path:
    """Make a folder of the first clips, sorted by actor, without copying them."""
    for path in sorted((folder / "AudioWAV").glob("*.wav"))[:n_clips]:
        (to / "AudioWAV").mkdir(parents=True, exist_ok=True)
        os.link(path, to / "AudioWAV" / path.name)
    shutil.copy(folder / "actors.csv", to)
    return to


def watch(command: list[str], **environment: str) -> tuple[dict, str]:
    """Run a command; return its seconds and peak memory, and the last line that it printed.

    ``seconds`` depends on what else the machine is doing; ``cpu_seconds`` hardly does. The memory
    is what the process and all its children hold together. On Linux a page that several of them
    share is counted once, as a container counts it (the sum of their proportional set sizes);
    elsewhere once for each.
    """
    start, cpu, peak = time.perf_counter(), _cpu_of_children(), 0
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        process = psutil.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, env=os.environ | environment, cwd=ROOT
        )
        while process.poll() is None:
            family = [process]
            resident = 0
            with contextlib.suppress(psutil.Error):
                family += process.children(recursive=True)
            for member in family:
                with contextlib.suppress(psutil.Error):
                    resident += _held(member)
            peak = max(peak, resident)
            time.sleep(0.05)
        seconds = time.perf_counter() - start
        out.seek(0)
        output = out.read()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{output[-3000:]}")
    cost = {
        "seconds": round(seconds, 1),
        "cpu_seconds": round(_cpu_of_children() - cpu, 1),
        "peak_mb": round(peak / 1e6),
    }
    return cost, output.strip().splitlines()[-1]


def _held(process: psutil.Process) -> int:
    """Return the bytes that a process holds, and its share of those that it shares with others."""
    if sys.platform == "linux":
        return process.memory_full_info().pss
    return process.memory_info().rss


def _cpu_of_children() -> float:
    """Return the processor time of all children that have ended, and of their children."""
    times = os.times()
    return times.children_user + times.children_system


def measure_size(folder: Path, cache: Path) -> dict:
    """Measure the feature table, cold and warm, and a whole run with its own cache."""
    row = {}
    for state in ("cold", "warm"):
        command = [sys.executable, "-c", FEATURES, str(folder), str(cache)]
        cost, output = watch(command)  # includes Python's start; below, `seconds` does not
        inside = json.loads(output)
        row["clips"] = inside["clips"]
        row["open_seconds"] = inside["open_seconds"]
        row[f"features_{state}"] = cost | {"seconds": inside["seconds"]}
    command = [sys.executable, "-m", "ser_helpers", "--data", str(folder)]
    row["whole_run"], _ = watch([*command, "--out", str(cache / "report")])
    return row


def run_notebook(path: Path, out: Path, **environment: str) -> dict:
    """Run a notebook; what it shows goes to a folder ``out``. Return what that cost (`watch`)."""
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "notebook"]
    command += ["--ExecutePreprocessor.timeout=1200", "--output-dir", str(out), str(path)]
    return watch(command, **environment)[0]


def measure_notebooks(folder: Path, work: Path, words: Sequence[str] = ()) -> Iterator[dict]:
    """Run notebooks at full size, in the order of the course, without saving them."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if words and not path.stem.startswith(tuple(words)):
            continue
        environment = {"SER_DATA": str(folder), "SER_WORK": str(work / "work")}
        try:
            row = run_notebook(path, work / "out", **environment)
        except RuntimeError as error:  # the others can still be measured
            print(error)
            yield {path.stem: "failed"}
            continue
        row["load"] = record.machine()["load"]
        print(path.stem, row, flush=True)
        yield {path.stem: row}


@contextlib.contextmanager
def full_folder(given: str | None, source: str) -> Iterator[Path]:
    """Provide the folder of all clips: make it if necessary; remove it if it is temporary."""
    with tempfile.TemporaryDirectory(prefix="full_size_") as temporary:
        folder = Path(given or temporary)
        if not (folder / "actors.csv").exists():  # written last
            make_folder(folder, source)
        yield folder.resolve()


def parser(doc: str) -> argparse.ArgumentParser:
    """Begin the command line of a script that works on :func:`full_folder`."""
    begun = argparse.ArgumentParser(description=doc.splitlines()[0])
    begun.add_argument("--from", dest="source", default="demo", help="corpus to cut clips from")
    begun.add_argument("--folder", help="where to make the clips and keep them for next time")
    return begun


def main() -> None:
    command = parser(__doc__)
    command.add_argument("--sizes", type=int, nargs="*", default=SIZES, help="numbers of clips")
    command.add_argument(
        "--notebooks", nargs="*", metavar="NN", help="run notebooks as well: these, or every one"
    )
    options = command.parse_args()
    result = record.read("full_size")
    result |= {
        "machine": f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "clips_cut_from": data.open_corpus(options.source).name,
    }
    with full_folder(options.folder, options.source) as folder:
        rows = []
        for n_clips in options.sizes:
            # Next to the clips, so that hard links are possible.
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix="part_") as part:
                few = part_of(folder, n_clips, Path(part, "clips"))
                rows.append(measure_size(few, Path(part)))
            print(rows[-1])
        if rows:
            result |= {"sizes": rows, "date": record.machine()["date"]}
        if options.notebooks is not None:
            with tempfile.TemporaryDirectory(prefix="full_size_") as work:
                for row in measure_notebooks(folder, Path(work), options.notebooks):
                    result["notebooks"] = result.get("notebooks", {}) | row
                    record.write("full_size", result)  # what is done is kept
    record.write("full_size", result)


if __name__ == "__main__":
    main()
