"""Time how soon a learner sees and hears something: ``python benchmarks/start.py [--clone]``.

The first cells of notebook 00 run in a new kernel, five times: when the kernel is ready, when the
first output is there (the corpus and the road), and when the first sound can be heard. With
``--clone`` also once, from ``git clone`` on: a new clone in a temporary folder, the environment as
``course.py`` makes it, and the same cells there. Packages then come from pip's cache where it has
them, so that no network is timed. Writes ``results/start.json``.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pandas as pd
import record
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
REPEATS = 5
NOTEBOOK = Path("notebooks") / "00_start_here.ipynb"
PACKAGES = ("ipykernel", "matplotlib", "numpy", "torch")
#: What the Python of a new clone runs.
INSIDE = "import json, start; print(json.dumps(start.once()))"


def first_cells() -> nbformat.NotebookNode:
    """Return notebook 00 up to the first cell whose stored output holds a player."""
    notebook = nbformat.read(ROOT / NOTEBOOK, as_version=4)
    for number, cell in enumerate(notebook.cells):
        outputs = str(cell.get("outputs", ""))
        if "audio" in outputs:
            notebook.cells = notebook.cells[: number + 1]
            return notebook
    raise RuntimeError(f"no cell of {NOTEBOOK} plays a sound")


def once() -> dict[str, float]:
    """Run the first cells in a new kernel; return seconds from the start of the kernel on."""
    notebook = first_cells()
    ends = {}
    client = NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(ROOT / "notebooks")}}
    )
    start = time.perf_counter()
    with client.setup_kernel():
        ends["kernel is ready"] = time.perf_counter() - start
        for number, cell in enumerate(notebook.cells):
            if cell.cell_type != "code":
                continue
            client.execute_cell(cell, number)
            if cell.outputs and "first output" not in ends:
                ends["first output"] = time.perf_counter() - start
        ends["first sound"] = time.perf_counter() - start
    return {name: round(seconds, 2) for name, seconds in ends.items()}


def from_clone() -> dict[str, float]:
    """Clone the course, set it up and run the first cells, once; return seconds, added up."""
    ends = {}
    with tempfile.TemporaryDirectory(prefix="ser-clone-") as folder:
        to = Path(folder, "ser-course")
        start = time.perf_counter()
        subprocess.run(["git", "clone", "--quiet", ROOT.as_uri(), str(to)], check=True)
        ends["cloned"] = time.perf_counter() - start
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("PYTHONPATH", "VIRTUAL_ENV", "SER_WORK", "SER_DATA")
        }
        base = Path(sys.base_prefix) / ("python.exe" if os.name == "nt" else "bin/python3")
        set_up = "import course; course.set_up()"
        subprocess.run([str(base), "-c", set_up], check=True, cwd=to, env=environment)
        ends["set up"] = time.perf_counter() - start
        python = to / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        out = subprocess.run(
            [str(python), "-c", INSIDE],
            check=True,
            cwd=to / "benchmarks",
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        ends["first sound"] = (
            ends["set up"] + json.loads(out.stdout.splitlines()[-1])["first sound"]
        )
        size = sum(file.stat().st_size for file in to.rglob("*") if file.is_file())
    ends = {name: round(seconds, 1) for name, seconds in ends.items()}
    return ends | {"megabytes_on_disk": round(size / 1e6)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clone", action="store_true", help="also once, from `git clone` on")
    options = parser.parse_args()
    result = record.read("start")
    if options.clone:
        result["from_clone"] = from_clone() | {"machine": record.machine()}
    else:
        found = pd.DataFrame([once() for _ in range(REPEATS)])
        result |= {
            "repeats": REPEATS,
            "seconds": record.spread(found),
            "machine": record.machine(),
            "versions": record.versions(*PACKAGES),
        }
    print(json.dumps(result, indent=2))
    record.write("start", result)


if __name__ == "__main__":
    main()
