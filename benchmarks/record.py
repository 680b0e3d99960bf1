"""What every benchmark writes beside its figures, and how: ``results/<topic>_<corpus>.json``."""

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd

import ser_helpers
from ser_helpers import data
from ser_helpers.files import replace_file

RESULTS = Path(ser_helpers.__file__).parent / "results"


def name_of(corpus: data.Corpus) -> str:
    """Return the name of a corpus in names of files, e.g. ``demo``."""
    return "demo" if corpus.synthetic else corpus.name.split()[0].lower()


def about(corpus: data.Corpus, clips: pd.DataFrame) -> dict:
    """Tell which corpus was measured, and how much of it."""
    return {
        "corpus": corpus.name,
        "synthetic": corpus.synthetic,
        "n_clips": len(clips),
        "n_actors": int(clips.actor.nunique()),
    }


def versions(*packages: str) -> dict[str, str]:
    """Return the versions of Python and of those packages that are installed."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # TensorFlow goes by one of two names, or is not here
            continue
    return found


def read(name: str) -> object:
    """Read ``results/<name>.json``; an empty dict where there is none yet."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(name: str, result: object) -> Path:
    """Write ``results/<name>.json``; an older one is replaced only by a whole one."""
    path = RESULTS / f"{name}.json"
    content = json.dumps(result, indent=2, ensure_ascii=False) + "\n"
    replace_file(path, content.encode())
    return path
