"""Run the notebooks as on Colab: ``.venv/bin/python .ci/colab.py [NUMBER ...]``.

Needs Python 3.13 on the PATH, in pyenv, or named by COLAB_PYTHON. An environment ``.venv-colab``
gets what Colab has (colab-pins.txt), and each notebook runs in an empty folder, with a module
``google.colab`` that is a fake, so that its first cell installs the course by pip. At the end the
list of installed packages must be what it was, but for those named in ADDED.
"""

import argparse
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / ".venv-colab"
#: What the set-up cell may add: the course, and what Colab's dask lacks to make a cluster.
ADDED = {"ser-helpers", "distributed", "sortedcontainers", "tblib", "zict"}
CPU = "https://download.pytorch.org/whl/cpu"
TORCH = ("2.11.0", "2.13.0")
FAKE = "import sys, types\nsys.modules['google.colab'] = types.ModuleType('google.colab')\n"
SPEC = {"display_name": "Colab", "language": "python"}


def find_python() -> str:
    """Return a Python 3.13."""
    named = os.environ.get("COLAB_PYTHON") or shutil.which("python3.13")
    pyenv = glob.glob(os.path.expanduser("~/.pyenv/versions/3.13.*/bin/python"))
    if not (named or pyenv):
        sys.exit("colab.py: no Python 3.13 here; name one in COLAB_PYTHON")
    return named or pyenv[0]


def pip(*arguments: str) -> subprocess.CompletedProcess:
    """Call the pip of that environment."""
    command = [str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    return subprocess.run([*command, *arguments], capture_output=True, text=True)


def make_environment() -> None:
    """Install what Colab has, once."""
    ready = ENVIRONMENT / "ready"
    pins = Path(__file__).with_name("colab-pins.txt")
    if ready.exists() and ready.read_text() == pins.read_text():
        return
    subprocess.run([find_python(), "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
    for wanted in ([f"torch=={TORCH[0]}", "--index-url", CPU], [f"torch=={TORCH[1]}"]):
        if pip("install", "--quiet", "--timeout", "8", "--retries", "0", *wanted).returncode == 0:
            break
    done = pip("install", "--quiet", "--requirement", str(pins))
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    shutil.copy(pins, ready)


def installed() -> set[str]:
    """List its packages with their versions."""
    lines = pip("list", "--format", "freeze").stdout.split()
    return {line for line in lines if line.partition("==")[0] != "pip"}


def run(path: Path, folder: Path, package: Path) -> str | None:
    """Run one notebook in an empty folder; return what failed."""
    notebook = nbformat.read(path, as_version=4)
    cell = notebook.cells[1]
    with (ROOT / "pyproject.toml").open("rb") as file:
        address = "git+" + tomllib.load(file)["project"]["urls"]["Repository"]
    assert address in cell.source, f"{path.name}: its second cell is not the one for Colab"
    cell.source = cell.source.replace(address, str(package))
    client = NotebookClient(
        notebook, timeout=600, kernel_name="colab", resources={"metadata": {"path": str(folder)}}
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return str(error)[-2000:]
    return None


def main() -> int:
    """Run them; return 0 if all passed and nothing else was changed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("numbers", nargs="*", metavar="NUMBER", help="default: all notebooks")
    numbers = parser.parse_args().numbers
    make_environment()
    pip("uninstall", "--yes", *ADDED)  # of an earlier run
    before, failed = installed(), []
    with tempfile.TemporaryDirectory() as place:
        fake, spec = Path(place, "fake"), Path(place, "jupyter", "kernels", "colab")
        fake.mkdir()
        (fake / "sitecustomize.py").write_text(FAKE)
        spec.mkdir(parents=True)
        python = str(ENVIRONMENT / "bin" / "python")
        argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        own = {"PYTHONPATH": str(fake), "KERAS_BACKEND": "torch", "PATH": os.environ["PATH"]}
        (spec / "kernel.json").write_text(json.dumps(SPEC | {"argv": argv, "env": own}))
        os.environ["JUPYTER_PATH"] = str(Path(place, "jupyter"))
        package = Path(place, "course")  # a copy: pip leaves a folder `build` where it builds
        for name in ("ser_helpers", "LICENSES"):
            shutil.copytree(ROOT / name, package / name)
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, package)
        for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
            if numbers and path.name[:2] not in numbers:
                continue
            folder = Path(place, path.stem)
            folder.mkdir()
            problem = run(path, folder, package)
            print(f"{path.name}: {problem or 'passed'}", flush=True)
            failed += [path.name] if problem else []
    changed = {line.partition("==")[0].lower() for line in before ^ installed()}
    if extra := changed - ADDED:
        print("changed, and should not have been:", ", ".join(sorted(extra)))
        return 1
    print("added:", ", ".join(sorted(changed)))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
