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
#: What Colab has in versions of its own, and what only the tests need, which are not run there.
NOT_ON_COLAB = {
    "ipython", "ipywidgets", "jupyterlab", "traitlets", "anywidget",
    "keras", "dask", "distributed", "pyarrow",
    "pytest", "nbval", "hypothesis", "nbformat", "nbclient", "nbconvert", "jupytext", "ruff",
}  # fmt: skip
#: What the course imports, by the names that a file must not have.
IMPORTED = (
    "librosa", "soundfile", "soxr", "numpy", "scipy", "pandas", "sklearn", "torch", "joblib",
    "tqdm", "threadpoolctl", "requests", "pooch", "filelock", "keras", "dask", "distributed",
    "pyarrow",
    "matplotlib", "seaborn", "IPython", "ipywidgets", "traitlets", "anywidget", "jupyterlab",
)  # fmt: skip
MANY = 4  # bad packages that get a line each

_REQUIREMENT = re.compile(r"\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?P<range>[^#;]*)")


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
        What to do; empty if ``ok``.
    """

    ok: bool
    name: str
    found: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return the line as printed, the remedy in a line of its own."""
        text = f"{'ok ' if self.ok else 'BAD'}  {self.name:<10} {self.found}"
        return text if self.ok else f"{text}\n     {'what to do':<10} {self.remedy}"


def run() -> list[Line]:
    """Look at this machine.

    Returns
    -------
    list of Line
        About ten; a package that is missing or outside its range has a line of its own. Never
        raises: what breaks is a line that is not ok.
    """
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
    return lines


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
        One for each such file or folder in the current folder, and in the course's notebooks.
    """
    here = Path.cwd()
    names = set(sys.stdlib_module_names) | set(IMPORTED)
    return [
        Line(
            False,
            "names",
            f"{path} hides the package {path.stem} from every program started there",
            f"rename it, for instance to my_{path.name}",
        )
        for folder in dict.fromkeys((here, here / "notebooks"))
        for path in sorted(folder.glob("*"))
        if path.stem in names and (path.suffix == ".py" or (path / "__init__.py").is_file())
    ]


def packages() -> list[Line]:
    """Compare the installed versions with the ranges in ``requirements.txt``.

    Returns
    -------
    list of Line
        One line if all is well; one for each package that is missing or out of its range; one for
        all of these together if they are many.
    """
    try:
        ranges = required()
    except (metadata.PackageNotFoundError, OSError):
        return [Line(False, "packages", "the list of requirements was not found", SET_UP)]
    bad = [line for name, wanted in ranges.items() if (line := _package(name, wanted))]
    if len(bad) > MANY:  # hardly anything is here: one line says it better than twenty
        found = f"{len(bad)} of {len(ranges)} missing or outside their ranges: "
        return [Line(False, "packages", found + ", ".join(line.name for line in bad), SET_UP)]
    if bad:
        return bad
    shown = ", ".join(f"{name} {metadata.version(name)}" for name in SHOWN if name in ranges)
    return [Line(True, "packages", f"all {len(ranges)} within their ranges: {shown}")]


def required() -> dict[str, str]:
    """Read the packages that the course requires, and their ranges.

    The file beside the package is read first, because it is the newer of the two after an update
    of the course; an installed package without it has what the road needs in its metadata. On
    Colab, which has a notebook of its own, the packages ``NOT_ON_COLAB`` are left out.

    Returns
    -------
    dict of str to str
        Name to range, e.g. ``{"librosa": ">=0.11,<2"}``.

    Raises
    ------
    importlib.metadata.PackageNotFoundError
        If there is neither.
    """
    file = Path(__file__).parents[1] / "requirements.txt"
    if file.is_file() and (file.parent / "course.py").is_file():
        given = file.read_text(encoding="utf-8").splitlines()
    else:
        given = metadata.requires("ser-helpers") or []
    found = {match["name"]: match["range"].strip() for line in given if (match := _matched(line))}
    left_out = NOT_ON_COLAB if "google.colab" in sys.modules else ()
    return {name: range_ for name, range_ in found.items() if name not in left_out}


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
    backend = os.environ.get("MPLBACKEND")
    try:
        import matplotlib.pyplot as plt

        plt.close(plt.figure())
    except Exception as error:
        if not backend:
            raise
        reason = f"MPLBACKEND is {backend!r} ({' '.join(str(error).split())[:80]})"
        return Line(False, "figures", reason, "unset MPLBACKEND, or set it to agg")
    return Line(True, "figures", f"matplotlib draws ({plt.get_backend()})")


def work() -> Line:
    """Check that the folder for features and recognisers can be written to."""
    from ser_helpers.files import work_folder

    folder = work_folder()
    place = next(p for p in (folder, *folder.parents) if p.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        found = f"{folder} cannot be written to ({error.strerror or error}): every run starts anew"
        remedy = "set SER_WORK to a folder that you may write to, for example SER_WORK=~/ser-work"
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
    from jupyter_client.kernelspec import KernelSpecManager

    spec = KernelSpecManager().get_kernel_spec("python3")
    started = spec.argv[0]
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
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    found = f"{free:.1f} GB free"
    if free >= needed_gb:
        return Line(True, "disk", found)
    remedy = "make room on this disk, or move the course to another"
    return Line(False, "disk", f"{found}, {needed_gb:g} GB needed", remedy)


def memory(*, needed_gb: float = NEEDED_MEMORY_GB) -> Line:
    """Check the memory that this process may use."""
    total = memory_bytes() / 1e9
    found = f"{total:.1f} GB, {os.cpu_count()} processors"
    if total >= needed_gb:
        return Line(True, "memory", found)
    remedy = "use a larger machine, or Colab by the badge at the top of a notebook"
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


def _matched(line: str) -> re.Match | None:
    """Match one requirement; None for comments, and for those of other systems or extras."""
    return None if ";" in line else _REQUIREMENT.match(line)


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
