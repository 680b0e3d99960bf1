"""Read and write results of benchmarks, ``results/<topic>_<corpus>.json``, and what all share."""

import contextlib
import json
import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

import ser_helpers
from ser_helpers import data
from ser_helpers.files import replace_file
from ser_helpers.paired import Difference

RESULTS = Path(ser_helpers.__file__).parent / "results"


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


def bounds(found: Difference) -> dict[str, float]:
    """Return a difference with its interval as results keep them: to a hundredth of a point."""
    return {name: round(float(getattr(found, name)), 4) for name in ("value", "low", "high")}


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
