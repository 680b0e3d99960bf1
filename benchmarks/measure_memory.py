"""Measure the memory of each notebook on the demo voices: ``python benchmarks/measure_memory.py``.

Binder gives 2 GB, some of which JupyterLab takes. Each notebook runs in processes of its own, from
an empty cache, and the most that they hold together is kept: the program that runs it (in
the place of Jupyter's server), the kernel, and what the kernel starts. Unlike seconds, megabytes
hardly depend on what else the machine does. Writes ``results/memory.json``; with ``--notebooks 07
08`` only these are measured, and the others kept.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import record
from at_full_size import ROOT, watch

PACKAGES = ("ipykernel", "librosa", "numpy", "pandas", "torch")


def measure(path: Path) -> int:
    """Run one notebook, without saving it; return its peak memory, MB."""
    with tempfile.TemporaryDirectory(prefix="memory_") as work:
        command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "notebook"]
        command += ["--ExecutePreprocessor.timeout=1200", "--output-dir", work, str(path)]
        cost, _ = watch(command, SER_DATA="demo", SER_WORK=work, KERAS_BACKEND="torch")
    return cost["peak_mb"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notebooks", nargs="*", metavar="NN", help="only these")
    numbers = parser.parse_args().notebooks
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        if numbers and path.name[:2] not in numbers:
            continue
        result = record.read("memory")
        result["peak_mb"] = result.get("peak_mb", {}) | {path.stem: measure(path)}
        result["peak_mb"] = dict(sorted(result["peak_mb"].items()))
        result |= {"machine": record.machine(), "versions": record.versions(*PACKAGES)}
        record.write("memory", result)  # what is done is kept
        print(path.stem, result["peak_mb"][path.stem], flush=True)


if __name__ == "__main__":
    main()
