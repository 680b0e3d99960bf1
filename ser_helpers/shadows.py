"""Find files of the learner that hide a package: a ``random.py`` beside the notebook, say.

Python looks into the current folder first, so such a file is imported instead of the package, and
what breaks is often far away from it. Only ``os`` and ``sys`` are imported here, since any other
module may be the hidden one.
"""

import os
import sys

#: What the course imports, by the names that a file must not have.
IMPORTED = frozenset((
    "librosa", "soundfile", "soxr", "numpy", "scipy", "pandas", "sklearn", "torch", "joblib",
    "tqdm", "threadpoolctl", "requests", "filelock", "matplotlib", "seaborn",
    "IPython", "ipywidgets", "traitlets", "anywidget", "jupyterlab",
    "keras", "dask", "distributed", "pyarrow", "pooch",
))  # fmt: skip
#: Names in Python's own library that a learner may well use, and nothing here imports.
HARMLESS = frozenset(
    ("antigravity", "idlelib", "lib2to3", "test", "this", "tkinter", "turtle", "turtledemo")
)


def hiding(folder: str) -> list[tuple[str, str]]:
    """List what in a folder hides a package of the course, or a module of Python's own.

    Parameters
    ----------
    folder : str

    Returns
    -------
    list of (str, str)
        Path, and name of what it hides; sorted. Empty if the folder cannot be read.
    """
    names = (sys.stdlib_module_names - HARMLESS - set(sys.builtin_module_names)) | IMPORTED
    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        return []
    found = []
    for entry in entries:
        path = os.path.join(folder, entry)
        name = entry.removesuffix(".py")
        is_module = name != entry and os.path.isfile(path)
        is_package = os.path.isfile(os.path.join(path, "__init__.py"))
        if (is_module or is_package) and name in names and not _is_frozen(name):
            found.append((path, name))
    return found


def loaded_from(folder: str) -> list[tuple[str, str]]:
    """List the modules that were imported from a folder: path and name, as of :func:`hiding`."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None) or ""
        path = os.path.dirname(file) if os.path.basename(file) == "__init__.py" else file
        if "." not in name and name[:2] != "__" and os.path.dirname(path) == folder:
            found.append((path, name))
    return sorted(found)


def sentence(path: str, name: str) -> str:
    """Say what is hidden by which file, and what to do.

    Examples
    --------
    >>> print(sentence("notebooks/random.py", "random"))
    notebooks/random.py hides the module random: rename it, for instance to my_random.py
    """
    return f"{path} hides the module {name}: {advice(path)}"


def advice(path: str) -> str:
    """Say how a file stops hiding anything."""
    return f"rename it, for instance to my_{os.path.basename(path)}"


def explain() -> str:
    """Return the sentences for the current folder; empty if nothing there hides anything."""
    return "; ".join(sentence(*found) for found in hiding(os.getcwd()))


def explain_uncaught() -> None:
    """Let an uncaught error end in one sentence, if a file in the current folder may be its cause.

    For the commands (``python -m ser_helpers…``): the error may come while modules are imported.
    """

    def hook(kind: type, error: BaseException, traceback: object) -> None:
        if issubclass(kind, Exception) and (reason := explain()):
            # `check` answers on stdout.
            stream = sys.stdout if "ser_helpers.check" in sys.orig_argv else sys.stderr
            told = str(error) if reason in str(error) else f"{reason} ({kind.__name__}: {error})"
            print(f"ser_helpers: {told}", file=stream)
        else:
            sys.__excepthook__(kind, error, traceback)  # type: ignore[arg-type]

    sys.excepthook = hook


def _is_frozen(name: str) -> bool:
    """Return whether Python has this module inside itself, where no file can hide it."""
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return getattr(spec, "origin", None) == "frozen"
