"""Pack the course for a room without internet: ``python course.py bundle FOLDER``.

FOLDER gets ``wheels`` (all packages of ``requirements.lock`` for this Python and this system),
``course`` (this repository, without what was made in it) and ``README.txt``. There,
``python course.py lab --offline FOLDER`` sets up from it alone.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from ser_helpers import terminal

ROOT = Path(__file__).resolve().parents[1]
TORCH_CPU = "https://download.pytorch.org/whl/cpu"  # for Linux; the plain index has that with CUDA
#: What is not part of the repository: made here, or somebody's own.
LEFT_OUT = {
    ".git", ".hypothesis", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache",
    "__pycache__", "_build", "build", "data", "dist", "node_modules", "ser_report", "work",
}  # fmt: skip
GLIBC = [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)]
#: For pip: the names of a system; for markers such as ``sys_platform == "win32"``: what it is.
SYSTEMS: dict[str, tuple[list[str], dict[str, str]]] = {
    "linux": (
        [*GLIBC, "manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"],
        {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    ),
    "macos": (
        ["macosx_14_0_arm64"],
        {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    ),
    "windows": (
        ["win_amd64"],
        {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
    ),
}
README = """\
The course for a room without internet
======================================

Made for {python} on: {systems}.

Copy this folder to each machine, or keep it on a USB stick or a shared drive. Then, in the folder
`course` (copied to where its user may write; it needs about 2 GB):

    python course.py lab --offline PATH_OF_THIS_FOLDER
    python course.py test --offline PATH_OF_THIS_FOLDER

Only the first call reads the packages here; later ones are `python course.py lab`.
{data}"""


class BundleError(Exception):
    """It could not be packed; the message says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(prog="course.py bundle", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="a new or empty folder, e.g. on a USB stick")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="a corpus to take along")
    parser.add_argument(
        "--systems",
        nargs="+",
        choices=SYSTEMS,
        metavar="SYSTEM",
        help=f"packages for other systems, too: {', '.join(SYSTEMS)} (Macs with an M processor)",
    )
    options = parser.parse_args(arguments)
    try:
        bundle(options.folder, data=options.data, systems=options.systems or ())
    except BundleError as error:
        print(f"bundle: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"bundle: {error.filename or options.folder} cannot be written or read "
            f"({error.strerror or error}): check the disk's room and its permissions",
            file=sys.stderr,
        )
        return 1
    return 0


def bundle(folder: Path, *, data: Path | None, systems: list[str] | tuple[str, ...]) -> None:
    """Pack wheels, repository and corpus into a folder.

    A folder with the wheels of a run that was stopped is gone on with.

    Raises
    ------
    BundleError
        If the folder holds anything else, there is no such corpus, or pip finds a package nowhere.
    """
    folder = folder.expanduser().absolute()
    if data is not None and not data.expanduser().is_dir():
        raise BundleError(f"there is no folder {data}: name the one that holds the clips")
    if folder.is_dir() and (others := {path.name for path in folder.iterdir()} - {"wheels"}):
        raise BundleError(
            f"{folder} holds {', '.join(sorted(others)[:3])} already, and nothing is replaced: "
            "name a new folder"
        )
    wheels = folder / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    this = {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
    for_this = f"{this} ({platform.machine()})"
    print(f"packages for {for_this}: about 500 MB; what is in {wheels} already is kept")
    download_here(wheels)
    for system in systems:
        if system != this:
            print(f"packages for {system}")
            download_for(system, wheels)
    course = folder / "course.part"
    shutil.rmtree(course, ignore_errors=True)
    copy_repository(course, without=folder)
    if data is not None:
        source = data.expanduser().resolve()
        print(f"the clips in {source}")
        shutil.copytree(source, course / "data" / source.name)
    course.rename(folder / "course")
    names = [for_this, *(system for system in systems if system != this)]
    python = "Python {}.{}".format(*sys.version_info)
    (folder / "README.txt").write_text(
        README.format(python=python, systems=", ".join(names), data=how_to_open(data)),
        encoding="utf-8",
    )
    files = [path for path in folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files) / 1e6
    n_wheels = len(list(wheels.iterdir()))
    print(f"{folder} has {n_wheels} packages and the course, {size:,.0f} MB: read its README.txt")


def download_here(wheels: Path) -> None:
    """Download what this Python needs on this system, PyTorch first, without CUDA."""
    if sys.platform.startswith("linux"):
        cpu = ["--no-deps", "--timeout", "8", "--retries", "0", "--index-url", TORCH_CPU]
        if not pip_download(wheels, [*cpu, torch()]):
            print("  PyTorch's CPU build cannot be reached: taking the one with CUDA (5 GB)")
    wanted = ["--prefer-binary", "--requirement", str(ROOT / "requirements.lock")]
    if not pip_download(wheels, [*wanted, *to_build()], loud=True):
        raise BundleError(
            "pip could not get everything (see above). What has arrived is kept: check the "
            "internet connection and the disk's room, then run the same command again"
        )


def download_for(system: str, wheels: Path) -> None:
    """Download what this version of Python needs on another system."""
    names, marks = SYSTEMS[system]
    version = platform.python_version().rstrip("+")  # for pip, 3.11 would be 3.11.0
    options = ["--no-deps", "--only-binary", ":all:", "--python-version", version]
    options += [word for name in names for word in ("--platform", name)]
    if system == "linux":
        pip_download(wheels, [*options, "--index-url", TORCH_CPU, torch()])
    wanted = [*locked(), *only_there(marks), *to_build()]
    if pip_download(wheels, [*options, *wanted]):
        return
    if lacking := [one for one in wanted if not pip_download(wheels, [*options, one])]:
        raise BundleError(
            f"for {system} the package index has no wheel of {', '.join(lacking)}: make a bundle "
            "on a machine of that system"
        )


def pip_download(wheels: Path, wanted: list[str], *, loud: bool = False) -> bool:
    """Let pip download, wheels that are there first; return whether it could."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet"]
    command += ["--dest", str(wheels), "--find-links", str(wheels), *wanted]
    quiet = None if loud else subprocess.DEVNULL
    return (
        subprocess.run(command, cwd=ROOT, stdout=quiet, stderr=quiet, check=False).returncode == 0
    )


def locked() -> list[str]:
    """List the lines of the lock that hold for this version of Python."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]
    return [f"{r.name}{r.specifier}" for r in wanted if r.marker is None or r.marker.evaluate()]


def only_there(marks: dict[str, str]) -> list[str]:
    """List what the locked packages need on another system and not on this one.

    pip reads markers such as ``sys_platform == "win32"`` for the machine on which it runs, so those
    of the packages that are installed here are read for the other one.
    """
    here = {Requirement(line).name.lower().replace("_", "-") for line in locked()}
    found: dict[str, SpecifierSet] = {}
    for name in here:
        try:
            requires = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for need in map(Requirement, requires):
            if need.marker and need.marker.evaluate({**marks, "extra": ""}):
                other = need.name.lower().replace("_", "-")
                if other not in here and not need.marker.evaluate({"extra": ""}):
                    found[other] = found.get(other, SpecifierSet()) & need.specifier
    return sorted(f"{name}{specifier}" for name, specifier in found.items())


def torch() -> str:
    """Return the lock's line of PyTorch."""
    return next(line for line in locked() if line.startswith("torch=="))


def to_build() -> list[str]:
    """List what pip needs to install the course's own package."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)["build-system"]["requires"]


def copy_repository(to: Path, *, without: Path) -> None:
    """Copy the course, without environments, caches, what was made in it, and the bundle itself."""

    def left_out(folder: str, names: list[str]) -> list[str]:
        inside = Path(folder)
        return [
            name
            for name in names
            if name in LEFT_OUT
            or name.startswith(".venv")
            or name.endswith((".egg-info", ".part"))
            or inside / name == without
        ]

    shutil.copytree(ROOT, to, ignore=left_out)


def how_to_open(data: Path | None) -> str:
    """Say how the corpus that was taken along is opened."""
    if data is None:
        return ""
    name = data.expanduser().resolve().name
    if name == "CREMA-D":
        return "\nThe clips of CREMA-D lie in `course`; the course opens them by itself.\n"
    place = os.path.join("course", "data", name)
    return f"\nA corpus lies in `{place}`: name its full path in SER_DATA to open it.\n"


if __name__ == "__main__":
    sys.exit(terminal.run(main, name="bundle"))
