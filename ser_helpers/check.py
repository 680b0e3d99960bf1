"""Is this machine ready? ``python -m ser_helpers.check`` says so in ten lines.

It must speak when half of the packages are missing, so everything that is not in the standard
library is imported inside a ``try``, when its own line is made.
"""

from __future__ import annotations  # so that an old Python can read this file, and be told

import ctypes
import importlib
import io
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType

from ser_helpers.files import project_folder, why_not_writable, work_folder
from ser_helpers.shadows import advice, hiding, loaded_from

PYTHONS = ((3, 11), (3, 13))  # oldest and newest that the course is tested on
NEEDED_DISK_GB = 1.0  # features, recognisers and figures; a real corpus needs its own room
NEEDED_MEMORY_GB = 1.5  # the main road: 0.9 on two processors, 0.2 more for each further; Binder: 2
NUMBA = (
    "set NUMBA_CACHE_DIR to a folder that you may write to, for example "
    "NUMBA_CACHE_DIR=/tmp/numba: librosa keeps compiled code there"
)
SET_UP = "run `python course.py lab`, or `pip install --upgrade -r requirements.txt`"
STAYS_BROKEN = SET_UP + "; if it stays broken, delete .venv and run it again"
USE_PYTHON = "use Python 3.11, 3.12 or 3.13 from python.org"
#: Packages shown with their versions; every required one is checked.
SHOWN = ("librosa", "numpy", "pandas", "scikit-learn", "torch")
#: The extras of ``pyproject.toml``, and what their packages are needed for.
EXTRAS = {
    "notebooks": "the notebooks",
    "further": "notebooks 11 to 13",
    "test": "the tests, and to edit notebooks as text",
}
MANY = 4  # bad packages that get a line each

#: A requirement, and its extra if it has one; those for some systems only are passed over.
_REQUIREMENT = re.compile(
    r"""(?P<name>[A-Za-z0-9][\w.-]*)\s*\(?(?P<range>[^;()]*?)\)?\s*"""
    r"""(;\s*extra\s*==\s*["'](?P<extra>\w+)["']\s*)?$"""
)


@dataclass(frozen=True)
class Line:
    """One line of the answer.

    Attributes
    ----------
    ok : bool
        True if nothing needs to be done.
    name : str
        What was looked at.
    found : str
        What was found.
    remedy : str
        What to do. If ``ok``: what to do for those who want what is missing here.
    """

    ok: bool
    name: str
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return the line as printed, the remedy in a line of its own."""
        sign = "BAD" if not self.ok else "-- " if self.remedy else "ok "
        text = f"{sign}  {self.name:<10} {self.found}"
        return f"{text}\n     {'what to do':<10} {self.remedy}" if self.remedy else text


def run() -> list[Line]:
    """Look at this machine.

    Returns
    -------
    list of Line
        About ten; a package that is missing or outside its range has a line of its own. Never
        raises: what breaks is a line that is not ok.
    """
    before = set(sys.modules)
    lines = [
        _guarded("Python", python, USE_PYTHON),
        *hidden(),
        *packages(),
    ]
    for name, look, remedy in (
        ("sound", sound, SET_UP + "; on an old system install libsndfile 1.1 or newer"),
        ("features", mfcc, STAYS_BROKEN),
        ("figures", figures, STAYS_BROKEN),
        ("PyTorch", pytorch, STAYS_BROKEN),
        ("notebooks", kernel, SET_UP),
        ("disk", disk, "make room on this disk, or move the course to another"),
        ("work", work, "set SER_WORK to a folder that you may write to"),
        ("memory", memory, "close other programs and browser tabs"),
        ("corpus", corpus, "set SER_DATA to a folder of clips, or to `demo`"),
    ):
        lines.append(_guarded(name, look, remedy))
    return lines + _imported_from_here(before, known=lines)


def python() -> Line:
    """Check the version of Python."""
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    oldest, newest = PYTHONS
    ok = oldest <= sys.version_info[:2] <= newest
    return Line(ok, "Python", found, "" if ok else USE_PYTHON)


def hidden() -> list[Line]:
    """Find files of the learner that hide a package: ``librosa.py`` beside a notebook, say.

    Returns
    -------
    list of Line
        One for each such file or folder in the current folder, and in the course's notebooks; one
        for each folder in ``PYTHONPATH`` that hides packages of this Python.
    """
    places = dict.fromkeys((Path.cwd(), Path.cwd() / "notebooks", project_folder() / "notebooks"))
    lines = [_hides(*found) for place in places for found in hiding(str(place))]
    for entry in filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep)):
        later = sys.path[sys.path.index(entry) + 1 :] if entry in sys.path else []
        names = {name for _, name in hiding(entry)}
        twice = names & {name for other in later if other != entry for _, name in hiding(other)}
        if twice and Path(entry) not in places:
            shown = ", ".join(sorted(twice))
            found = f"PYTHONPATH names {entry}, which hides {shown} of this Python"
            lines.append(Line(False, "names", found, "unset PYTHONPATH"))
    return lines


def packages() -> list[Line]:
    """Compare the installed versions with the ranges that the course requires.

    Returns
    -------
    list of Line
        One line if all is well; one for each package that is missing or out of its range; one for
        all of these together if they are many. What only an extra needs is no obstacle: a line per
        extra says what it is for, and is ok. In a checkout of the course, notebooks are no extra.
    """
    try:
        wanted = groups()
    except (metadata.PackageNotFoundError, OSError, ImportError):  # no tomllib before Python 3.11
        return [Line(False, "packages", "the list of requirements was not found", SET_UP)]
    bad = {
        group: [line for item in ranges.items() if (line := _package(*item))]
        for group, ranges in wanted.items()
    }
    n, every = sum(map(len, wanted.values())), [line for lines in bad.values() for line in lines]
    needed = bad.pop("road") + (bad.pop("notebooks", []) if _checkout() else [])
    if len(needed) > MANY:  # hardly anything is here: one line says it better than twenty
        found = f"{len(every)} of {n} missing or outside their ranges: "
        return [Line(False, "packages", found + ", ".join(line.name for line in every), SET_UP)]
    notes = [_note(extra, lines, wanted[extra]) for extra, lines in bad.items() if lines]
    if needed:
        return needed + notes
    shown = ", ".join(f"{name} {metadata.version(name)}" for name in SHOWN)
    how_many = f"{n - len(every)} of {n}" if every else f"all {n}"
    return [Line(True, "packages", f"{how_many} within their ranges: {shown}"), *notes]


def groups() -> dict[str, dict[str, str]]:
    """Read the packages that the course requires, and their ranges, by what needs them.

    ``pyproject.toml`` beside the package is read first, because it is the newer of the two after an
    update of the course; an installed package without it has the same lists in its metadata.

    Returns
    -------
    dict of dict
        ``"road"`` and the ``EXTRAS``: name to range, e.g. ``{"librosa": ">=0.11,<2"}``. Colab has
        versions of its own and runs no tests: there, packages of the notebooks and the tests are
        left out, and those of the further notebooks may have any version.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        If there is neither.
    """
    found: dict[str, dict[str, str]] = {"road": {}, **{extra: {} for extra in EXTRAS}}
    if folder := _checkout():
        import tomllib

        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        lines = [*project["dependencies"]]
        for extra, some in project["optional-dependencies"].items():
            lines += [f'{line}; extra == "{extra}"' for line in some]
    else:
        lines = metadata.requires("ser-helpers") or []
    for match in filter(None, map(_REQUIREMENT.match, lines)):
        found.setdefault(match["extra"] or "road", {})[match["name"]] = match["range"]
    if "google.colab" in sys.modules:
        return {"road": found["road"], "further": dict.fromkeys(found["further"], "")}
    return found


def required() -> dict[str, str]:
    """Return name and range of all packages of :func:`groups`, those of the road first."""
    return {name: wanted for group in groups().values() for name, wanted in group.items()}


def sound() -> Line:
    """Write and read back WAV and OGG/Opus, the format of the demo voices, in memory."""
    import numpy as np
    import soundfile

    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    for kind, subtype in (("WAV", "PCM_16"), ("OGG", "OPUS")):
        memory_file = io.BytesIO()
        soundfile.write(memory_file, tone, 16_000, format=kind, subtype=subtype)
        memory_file.seek(0)
        back, sr = soundfile.read(memory_file)
        if sr != 16_000 or len(back) != len(tone):
            raise RuntimeError(f"{kind} came back as {len(back)} samples at {sr} Hz")
    return Line(True, "sound", f"WAV and OGG/Opus work (libsndfile {_libsndfile(soundfile)})")


def mfcc() -> Line:
    """Describe one second of noise, and track its pitch, as notebook 01 does."""
    import librosa
    import numpy as np

    from ser_helpers import features

    noise = np.random.default_rng(0).normal(scale=0.1, size=16_000).astype(np.float32)
    row = features.describe(noise)
    librosa.yin(noise, fmin=80, fmax=400, sr=16_000)
    return Line(True, "features", f"{len(row)} numbers describe one second; pitch tracking works")


def figures() -> Line:
    """Draw an empty figure on the backend that is set."""
    try:
        import matplotlib.pyplot as plt

        plt.close(plt.figure())
    except Exception as error:
        reason = " ".join(str(error).split())[:80]
        if backend := os.environ.get("MPLBACKEND"):
            found = f"MPLBACKEND is {backend!r} ({reason})"
            return Line(False, "figures", found, "unset MPLBACKEND, or set it to agg")
        if named := _backend_in_a_file():
            remedy = "delete that line of the file, or set MPLBACKEND=agg"
            return Line(False, "figures", f"{named} ({reason})", remedy)
        raise
    return Line(True, "figures", f"matplotlib draws ({plt.get_backend()})")


def work() -> Line:
    """Check that the folder for features and recognisers can be written to, and those in it."""
    folder = work_folder()
    for place in (folder, *sorted(p for p in folder.glob("*") if p.is_dir())):
        if reason := why_not_writable(place):
            found = f"{place} cannot be written to ({reason}): every run starts anew"
            remedy = f"set SER_WORK to a folder that you may write to, e.g. SER_WORK={_own()}"
            return Line(False, "work", found, remedy)
    return Line(True, "work", f"what the course makes is kept in {folder}")


def pytorch() -> Line:
    """Multiply two small matrices; say whether there is a GPU (the course needs none)."""
    import torch

    if (torch.ones(2, 3) @ torch.ones(3, 2)).sum().item() != 12:
        raise RuntimeError("a product of two small matrices came out wrong")
    gpu = torch.cuda.is_available()
    where = torch.cuda.get_device_name(0) if gpu else "CPU, which is all that the course needs"
    return Line(True, "PyTorch", f"works ({where})")


def kernel() -> Line:
    """Find the kernel that JupyterLab starts the notebooks with."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager
        from jupyter_core.paths import jupyter_runtime_dir
    except ImportError:
        if _checkout():
            raise
        return Line(True, "notebooks", "no JupyterLab here; the commands need none")
    runtime = Path(jupyter_runtime_dir())
    if reason := why_not_writable(runtime):  # where a kernel leaves word how it can be reached
        found = f"no kernel can start: {runtime} cannot be written to ({reason})"
        remedy = "set JUPYTER_RUNTIME_DIR to a folder that you may write to"
        return Line(False, "notebooks", found, remedy)
    started = KernelSpecManager().get_kernel_spec("python3").argv[0]
    # Folders are compared: the Pythons of two environments may be links to one and the same file.
    folders = [os.path.dirname(path) for path in (started, sys.executable)]
    if not os.path.isabs(started) or os.path.samefile(*folders):
        return Line(True, "notebooks", "JupyterLab's kernel `python3` is this Python")
    return Line(
        False,
        "notebooks",
        f"the kernel `python3` is another Python: {started}",
        "start JupyterLab by `python course.py lab`",
    )


def disk(*, needed_gb: float = NEEDED_DISK_GB) -> Line:
    """Check the room on the disk that holds the working folder."""
    folder = work_folder()
    place = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(place).free / 1e9
    found = f"{free:.1f} GB free"
    if free >= needed_gb:
        return Line(True, "disk", found)
    remedy = "make room on this disk, or set SER_WORK to a folder on another"
    return Line(False, "disk", f"{found}, {needed_gb:g} GB needed", remedy)


def memory(*, needed_gb: float = NEEDED_MEMORY_GB) -> Line:
    """Check the memory that this process may use."""
    total = memory_bytes() / 1e9
    found = f"{total:.1f} GB, {os.cpu_count()} processors"
    if total >= needed_gb:
        return Line(True, "memory", found)
    remedy = "use a larger machine, or Colab by the link at the top of a notebook"
    return Line(False, "memory", f"{found}; {needed_gb:g} GB needed", remedy)


def memory_bytes() -> int:
    """Return the memory of this machine, or of its container if that has less, in bytes."""
    if os.name == "nt":
        return _windows_memory()
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(limit).read_text()))
        except (OSError, ValueError):  # not in a container, or "max": no limit
            continue
    return total


def corpus() -> Line:
    """Open the corpus that the notebooks would open."""
    from ser_helpers import data

    try:
        return Line(True, "corpus", str(data.open_corpus()).removeprefix("Corpus: "))
    except data.DataError as error:
        source = os.environ.get("SER_DATA", "auto")
        return Line(False, "corpus", f"cannot be opened (SER_DATA is {source!r})", str(error))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the lines of :func:`run`; return 0 if all are ok, else 1."""
    given = sys.argv[1:] if arguments is None else arguments
    if given:
        print("usage: python -m ser_helpers.check    says whether this machine is ready")
        return 0 if set(given) <= {"-h", "--help"} else 2
    lines = run()
    print(*lines, sep="\n")
    n_bad = sum(not line.ok for line in lines)
    print("This machine is ready." if not n_bad else f"Not ready: {n_bad} to mend, see above.")
    return 1 if n_bad else 0


def _guarded(name: str, look: Callable[[], Line], remedy: str) -> Line:
    """Turn whatever breaks while looking into a line: a broken package may raise anything."""
    try:
        return look()
    except Exception as error:
        text = " ".join(str(error).split())[:200]
        if "cannot cache function" in text:
            remedy = NUMBA
        elif isinstance(error, ImportError):
            remedy = SET_UP
        return Line(False, name, f"does not work ({type(error).__name__}: {text})", remedy)


def _package(name: str, wanted: str) -> Line | None:
    """Return a line if a package is missing or outside its range, else None."""
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Line(False, name, f"not installed, {wanted or 'any version'} needed", SET_UP)
    try:
        specifiers = importlib.import_module("packaging.specifiers")
    except ImportError:  # then `packaging` itself has a line, and presence is all one can check
        return None
    if specifiers.SpecifierSet(wanted).contains(version, prereleases=True):
        return None
    return Line(False, name, f"{version} is outside {wanted}", SET_UP)


def _note(extra: str, bad: list[Line], wanted: dict[str, str]) -> Line:
    """Say what only an extra needs, and is missing or outside its range."""
    names = ", ".join(line.name for line in bad)
    found = f"{names} missing or outside the range; needed for {EXTRAS[extra]}"
    install = " ".join(f'"{line.name}{wanted[line.name]}"' for line in bad)
    return Line(True, extra, found, f"to have it: pip install {install}")


def _checkout() -> Path | None:
    """Return the folder of the course, if this package lies in it."""
    folder = Path(__file__).parents[1]
    here = (folder / "course.py").is_file() and (folder / "pyproject.toml").is_file()
    return folder if here else None


def _hides(path: str, name: str) -> Line:
    found = f"{path} hides the package {name} from every program started there"
    return Line(False, "names", found, advice(path))


def _imported_from_here(before: set[str], *, known: list[Line]) -> list[Line]:
    """Find what was imported from the current folder while looking: it hides some package."""
    said = " ".join(line.found for line in known if line.name == "names")
    return [
        _hides(path, name)
        for path, name in loaded_from(str(Path.cwd()))
        if name not in before and name != "ser_helpers" and path not in said
    ]


def _backend_in_a_file() -> str:
    """Say which matplotlibrc names a backend; empty if none does."""
    import matplotlib

    file = Path(matplotlib.matplotlib_fname()).absolute()
    named = re.search(r"^\s*backend\s*:\s*(\S+)", file.read_text("utf-8"), re.MULTILINE)
    return f"{file} asks for the backend {named[1]!r}" if named else ""


def _own() -> str:
    """Name a folder that its user can most likely write to."""
    places = (Path.home() / "ser-work", Path(tempfile.gettempdir()) / "ser-work")
    return str(next((place for place in places if not why_not_writable(place)), places[0]))


def _libsndfile(soundfile: ModuleType) -> str:
    return getattr(soundfile, "__libsndfile_version__", "of unknown version")


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API (learn.microsoft.com, sysinfoapi.h)."""

    _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
        (field, ctypes.c_ulonglong)
        for field in ("total", "free", "page", "page_free", "virtual", "virtual_free", "extended")
    ]


def _windows_memory() -> int:
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009  there on Windows only
    kernel.GlobalMemoryStatusEx(ctypes.byref(status))
    return status.total


if __name__ == "__main__":
    from ser_helpers import terminal

    sys.exit(terminal.run(main, name="ser_helpers.check"))
