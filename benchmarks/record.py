"""Read and write results of benchmarks, ``results/<topic>_<corpus>.json``, and what all share."""

import argparse
import contextlib
import importlib.util
import json
import os
import platform
import sys
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

import joblib
import pandas as pd

import ser_helpers
from ser_helpers import data
from ser_helpers.files import replace_file
from ser_helpers.paired import Difference

#: The three ways in which systems are compared, as results and pages call them.
PLAIN, OWN, RANDOM = "unseen speakers", "standardised by speaker", "random rows (leaks)"
RESULTS = Path(ser_helpers.__file__).parent / "results"


def load_script(path: Path) -> ModuleType:
    """Import a file that is not part of a package, under its own name."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # a dataclass looks its module up there
    spec.loader.exec_module(module)
    return module


def parser(doc: str) -> argparse.ArgumentParser:
    """Begin the command line of a script that measures a corpus: ``doc`` is the script's own."""
    begun = argparse.ArgumentParser(description=doc.splitlines()[0])
    begun.add_argument("--data", help="like SER_DATA; default: demo voices", default="demo")
    return begun


def memory() -> joblib.Memory:
    """Open the cache in ``work/`` that lets an interrupted run go on."""
    return joblib.Memory(data.work_folder() / "benchmarks", verbose=0)


def name_of(corpus: data.Corpus) -> str:
    """Return a corpus's name for use in file names, e.g. ``demo``."""
    return "demo" if corpus.synthetic else corpus.name.split()[0].lower()


def about(corpus: data.Corpus, clips: pd.DataFrame) -> dict:
    """Describe which corpus was measured, and how much of it."""
    return {
        "corpus": corpus.name,
        "synthetic": corpus.synthetic,
        "n_clips": len(clips),
        "n_actors": int(clips.actor.nunique()),
    }


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of those of the packages that are installed."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # TensorFlow has one of two names, or is not installed
            continue
    return found


def machine() -> dict:
    """Say on what something was measured, when, and what else the machine was doing."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load": load and round(load, 1),  # about 1 if nothing else was running
        "date": time.strftime("%Y-%m-%d"),
    }


def _processor() -> str:
    """Return the processor's name; Linux keeps it where ``platform`` does not look."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def rounded(values: Mapping[str, float]) -> dict[str, float]:
    """Round as results are kept: to a hundredth of a point."""
    return {name: round(float(value), 4) for name, value in values.items()}


def interval(found: Difference) -> dict[str, float]:
    """Return a difference with its interval, not rounded yet."""
    return {name: float(getattr(found, name)) for name in ("value", "low", "high")}


def bounds(found: Difference) -> dict[str, float]:
    """Return a difference with its interval, rounded."""
    return rounded(interval(found))


def compared(found: Difference) -> dict[str, float | bool]:
    """Return what :func:`bounds` does, how much people differ in it, and whether it tells."""
    return bounds(found) | {"spread": round(float(found.spread), 4), "tells": bool(found.tells)}


def spread(table: pd.DataFrame) -> dict:
    """Return the median, minimum and maximum of each column."""
    return table.agg(["median", "min", "max"]).round(2).to_dict()


def read(name: str) -> object:
    """Read ``results/<name>.json``; return an empty dict if there is none yet."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(name: str, result: object) -> Path:
    """Write ``results/<name>.json``; an older file is replaced only by a complete one."""
    path = RESULTS / f"{name}.json"
    content = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    replace_file(path, content.encode())
    return path
