"""Run the course or its tests: ``python course.py lab`` or ``python course.py test``.

The first call makes the environment ``.venv`` beside this file; later calls start at once. With
``--tensorflow``, TensorFlow is added for notebook 11, and ``test`` tests only what runs on it.
Standard library only, the same on Linux, macOS and Windows, Python 3.11 to 3.13. Nothing here is
newer than Python 3.6 can read, so that an old one gets a sentence instead of a syntax error.
"""

import argparse
import ast
import hashlib
import importlib.machinery
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

OLDEST, NEWEST = (3, 11), (3, 13)
THIS_PYTHON = "{}.{}".format(*sys.version_info)
ROOT = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = os.path.join(ROOT, ".venv")
BIN = os.path.join(ENVIRONMENT, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")
STAMP = os.path.join(ENVIRONMENT, "course-ready")
STAMP_TENSORFLOW = os.path.join(ENVIRONMENT, "course-ready-tensorflow")
#: Settings of pip, as variables or in its files, that send packages elsewhere than into .venv, or
#: let pip do something else than is asked here. Those of indexes, proxies, certificates are kept.
MISLEADING = {
    "dry-run", "editable", "implementation", "no-deps", "platform", "prefix", "python",
    "python-version", "require-hashes", "requirement", "root", "target", "user",
}  # fmt: skip
#: Variables that other Pythons, or other programs, need, and that are wrong for the one in .venv.
OF_OTHERS = (
    "PYTHONEXECUTABLE", "PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONSTARTUP",
    "__PYVENV_LAUNCHER__",
)  # fmt: skip
#: Folders that are copied to the internet, file by file.
SYNCED = re.compile(r"OneDrive|Dropbox|Google ?Drive|iCloud|Mobile Documents|Nextcloud")
START = os.path.join("notebooks", "00_start_here.ipynb")
PARTS = ("requirements.txt", "requirements.lock", "pyproject.toml", "ser_helpers", "tests", START)
TENSORFLOW = "requirements-tensorflow.txt"
# What computes with Keras, whose backend is TensorFlow or PyTorch.
KERAS_TESTS = ("test_keras_twin.py", "test_by_hand_11.py")
KERAS_NOTEBOOK = os.path.join("notebooks", "11_keras_and_tensorflow.ipynb")
TORCH_CPU = "https://download.pytorch.org/whl/cpu"
NEEDED_GB = 3
NEEDED_GB_TENSORFLOW = 2
NOTHING_CHOSEN = 5  # pytest's exit code, for instance after `-k word`
NO_VENV = (
    "on Debian and Ubuntu `sudo apt install python3-venv`; elsewhere install Python from "
    "python.org; if .venv is damaged, delete that folder and run the same command again"
)
NO_NETWORK = (
    "check the internet connection (and proxy) and the free disk space, then run the same command "
    "again"
)
NO_TORCH = NO_NETWORK + (
    "; there is no PyTorch for 32-bit systems and Macs with an Intel processor: use Colab there"
)
NO_TENSORFLOW = NO_NETWORK + (
    "; without TensorFlow notebook 11 runs as well, with Keras on PyTorch: leave out --tensorflow"
)


#: What pip and venv say, and what is then to be done; else what the step itself advises.
REASONS = (
    (
        r"WinError 206|(file ?name|path).* too long|long path",
        "move the course to a folder with a shorter path, e.g. C:\\ser",
    ),
    (
        r"No space left|not enough space|Errno 28\b|[Dd]isk quota",
        "make room on this disk, or move the course to another, then run the same command again",
    ),
    (
        r"WinError 32|used by another process|Text file busy",
        "close JupyterLab and other programs that use .venv, then run the same command again",
    ),
    (
        r"Permission denied|Access is denied|WinError 5\b|Read-only file system",
        "see that you may write to the folder of the course and to all in .venv (delete .venv if "
        "somebody else made it), then run the same command again",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
        "this network has certificates of its own: set PIP_CERT to their file (ask who runs the "
        "network), then run the same command again",
    ),
    (
        r"--user|--target|--prefix|[Cc]onstraint|ResolutionImpossible|pip\.(conf|ini)",
        "look into pip's settings (`pip config list`): take out user, target, prefix, constraint, "
        "then run the same command again",
    ),
)


class StepError(Exception):
    """A step failed; the message says what to do next, ``reason`` is the last line it printed."""

    def __init__(self, message, reason=""):
        super().__init__(message)
        self.reason = reason


def say(text):
    write("course: " + text + "\n")


def write(text):
    """Print text, unless nobody reads it any more, as after ``| head``."""
    try:
        print(text, end="", flush=True)
    except OSError:  # Windows reports a closed pipe as an invalid argument
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fingerprint(*more):
    """Hash what the environment is made from, and where, so that a change is noticed."""
    digest = hashlib.sha256(os.fsencode(ROOT) + str(python_of_environment()).encode())
    for name in PARTS[:3] + more:
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def is_ready(stamp, *more):
    try:
        with open(stamp) as file:
            return file.read() == fingerprint(*more) and os.path.exists(PYTHON)
    except OSError:
        return False


def write_stamp(stamp, *more):
    with open(stamp + ".part", "w") as file:
        file.write(fingerprint(*more))
    os.replace(stamp + ".part", stamp)


def step(what, command, advice):
    """Run one step of the set-up; on failure show the end of its output and what to do."""
    say(what + " ...")
    start = time.time()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=set_up_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode:
        said = done.stdout.strip().splitlines()[-12:] or ["(nothing)"]
        if done.returncode < 0:
            said.append(killed_by(done.returncode))
            advice = "close other programs, then run the same command again"
        fitting = [better for pattern, better in REASONS if re.search(pattern, done.stdout)]
        advice = fitting[0] if fitting else advice
        message = (
            f"{what} failed.\n  Command: {subprocess.list2cmdline(command)}\n  It said:\n    "
            + "\n    ".join(said)
            + f"\n  What to do: {advice}"
        )
        raise StepError(message, said[-1].strip())
    say(f"  done in {time.time() - start:.0f} s")


def set_up_environment():
    """Return the variables for a step: nothing that would send packages elsewhere than .venv."""
    given = {}
    for name, value in os.environ.items():
        setting = name[4:].lower().replace("_", "-") if name.startswith("PIP_") else ""
        # A constraint in a variable is some other project's; in pip's files, the administrator's.
        if name not in OF_OTHERS and setting not in MISLEADING | {"constraint"}:
            given[name] = value
    if "PIP_NO_INDEX" in given and "PIP_FIND_LINKS" not in given:
        del given["PIP_NO_INDEX"]  # with neither, there is nowhere to look
    in_files = settings_in_files()
    if MISLEADING & set(in_files):  # then pip reads none of its files, and gets the rest from us
        given["PIP_CONFIG_FILE"] = os.devnull
        for setting in set(in_files) - MISLEADING:
            given.setdefault("PIP_" + setting.upper().replace("-", "_"), in_files[setting])
    return given


def settings_in_files():
    """Return what pip's configuration files set for installing, e.g. ``{"proxy": "http://…"}``."""
    if not os.path.exists(PYTHON):
        return {}
    done = subprocess.run(
        [PYTHON, "-m", "pip", "config", "list"],
        env=dict(os.environ, PIP_USER="0"),  # else `user` in a file lists that user's file only
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    found = re.findall(r"^(global|install)\.([\w-]+)=(.+)$", done.stdout, re.MULTILINE)
    # Sorted, because what is set for `install` goes before what is set for all commands.
    return {setting: ast.literal_eval(value) for _, setting, value in sorted(found)}


def killed_by(code):
    """Say what a negative exit code means."""
    return f"(killed by signal {-code}; if it is 9, there was probably too little memory)"


def first_that_works(*steps):
    """Run one step after the other until one works; the last one's failure counts."""
    for arguments in steps[:-1]:
        try:
            return step(*arguments)
        except StepError as error:
            say(f"  failed ({error.reason}); trying the next way")
    return step(*steps[-1])


def python_of_environment():
    """Return "3.11" or alike, of which ``.venv`` was made; None if that cannot be told."""
    try:
        with open(os.path.join(ENVIRONMENT, "pyvenv.cfg"), encoding="utf-8") as file:
            found = re.search(r"^version\s*=\s*(\d+\.\d+)", file.read(), re.MULTILINE)
    except OSError:
        return None
    return found and found.group(1)


def make_environment():
    """Make ``.venv`` or mend it; one of another Python is made again: its packages do not fit."""
    if os.path.realpath(sys.prefix) == os.path.realpath(ENVIRONMENT):
        return  # this very Python is that of .venv
    command = [sys.executable, "-m", "venv", ENVIRONMENT]
    found = python_of_environment()
    if found and (found != THIS_PYTHON or not os.path.exists(PYTHON)):
        say(f"the .venv here is of Python {found}, this is {THIS_PYTHON}: making it again")
        command.append("--clear")
    step("making the environment", command, NO_VENV)


def set_up():
    """Make or mend ``.venv``; the stamp is written last, so a broken-off set-up is resumed."""
    if is_ready(STAMP):
        return
    check_place()
    complete = os.path.exists(STAMP) and os.path.exists(PYTHON)
    if complete:
        say("the requirements or the folder have changed: updating .venv")
        os.remove(STAMP)
    elif os.path.exists(ENVIRONMENT):
        say("an unfinished .venv is here: continuing with it")
    else:
        say("first use: setting up .venv (once; some minutes and about 2 GB)")
        if SYNCED.search(ROOT):
            say("this folder is copied to the internet: better stop with Ctrl-C and move it, or")
            say("40,000 files in .venv are copied, too")
        check_room(NEEDED_GB)
    if not complete:  # else it stays, whichever Python this is: less to download
        make_environment()
    pip = pip_install()
    lock, ranges = (os.path.join(ROOT, name) for name in ("requirements.lock", "requirements.txt"))
    with open(lock, encoding="utf-8") as file:
        torch = next(line.split()[0] for line in file if line.startswith("torch=="))
    # The plain index has, for Linux, the build with gigabytes of CUDA: the CPU build first.
    cpu = [*pip, "--no-deps", "--timeout", "8", "--retries", "0", "--index-url", TORCH_CPU, torch]
    tries = [
        ("installing PyTorch (CPU build, about 200 MB)", cpu, NO_TORCH),
        ("installing PyTorch from the package index (Linux: 5 GB)", [*pip, torch], NO_TORCH),
    ]
    first_that_works(*tries[sys.platform == "darwin" :])  # for a Mac there is one build only
    first_that_works(
        ("installing the tested versions", [*pip, "--requirement", lock], NO_NETWORK),
        ("installing versions within the ranges", [*pip, "--requirement", ranges], NO_NETWORK),
    )
    step("installing ser_helpers", [*pip, "--no-deps", "--editable", ROOT], NO_NETWORK)
    write_stamp(STAMP)
    say("ready")


def add_tensorflow():
    """Add TensorFlow to ``.venv``, once; what is there keeps its tested version if that is fit."""
    if sys.platform == "darwin":
        say("on a Mac, TensorFlow may hang beside pyarrow: notebook 11 takes it only if you set")
        say("KERAS_BACKEND=tensorflow yourself, as `test --tensorflow` does")
    if is_ready(STAMP_TENSORFLOW, TENSORFLOW):
        return
    check_place()
    check_room(NEEDED_GB_TENSORFLOW)
    wanted = [*pip_install(), "--requirement", os.path.join(ROOT, TENSORFLOW)]
    tested = [*wanted, "--constraint", os.path.join(ROOT, "requirements.lock")]
    first_that_works(
        ("adding TensorFlow (once; 250 to 400 MB, 1.5 GB on the disk)", tested, NO_TENSORFLOW),
        ("adding TensorFlow to versions within the ranges", wanted, NO_TENSORFLOW),
    )
    write_stamp(STAMP_TENSORFLOW, TENSORFLOW)


def why_not_writable(folder):
    """Try to write to a folder; return the system's reason, or None if it can be written to."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


def check_place():
    """Raise a StepError if there can be no .venv in this folder."""
    reason = why_not_writable(ROOT)
    if reason:
        raise StepError(
            f"nothing can be written to {ROOT} ({reason}): copy the course to a folder of your own "
            "and run it there; or, if this Python has all packages, add --here"
        )
    if os.pathsep in ROOT:
        raise StepError(
            f"no environment can be made in {ROOT}: the sign {os.pathsep} in a path separates "
            "folders; rename the folder, or move the course to another"
        )


def check_room(needed):
    free = shutil.disk_usage(ROOT).free / 1e9
    if free < needed:
        raise StepError(
            f"only {free:.1f} GB are free and {needed} GB are needed: make room, or put the "
            "course on another disk"
        )


def check_here(what, tensorflow=False):
    """Raise a StepError if the running Python lacks what ``--here`` needs."""
    needed = ["jupyterlab"] if what == "lab" else ["pytest", "nbval"]
    if tensorflow:
        needed.append("tensorflow")
    from importlib import metadata  # an old Python, which lacks it, has been turned away

    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        listed = TENSORFLOW if missing == ["tensorflow"] else "requirements.txt"
        raise StepError(
            f"this Python ({sys.executable}) has no {' and no '.join(missing)}: leave out --here, "
            "and the course makes an environment of its own; or install what is missing with "
            f'`"{sys.executable}" -m pip install -r {listed}`'
        )
    try:
        metadata.distribution("ser-helpers")
    except metadata.PackageNotFoundError:
        # sys.path begins with this folder, in which no notebook starts.
        if importlib.machinery.PathFinder.find_spec("ser_helpers", sys.path[1:]) is None:
            raise StepError(
                "the notebooks will not find ser_helpers: install it here with "
                f'`"{sys.executable}" -m pip install --no-deps --editable .`'
            ) from None


def pip_install():
    return [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]


def child_environment(here):
    environment = dict(os.environ, JUPYTER_PLATFORM_DIRS="1", PYDEVD_DISABLE_FILE_VALIDATION="1")
    environment.pop("MPLBACKEND", None)  # notebooks draw inline, tests without a window
    if not here:  # as `activate` does, so that kernels and tools are those of .venv
        if environment.get("PYTHONPATH"):
            say("PYTHONPATH is left out: what it names may hide packages of .venv")
        for name in OF_OTHERS:
            environment.pop(name, None)
        environment["VIRTUAL_ENV"] = ENVIRONMENT
        environment["PATH"] = BIN + os.pathsep + environment.get("PATH", "")
    return environment


def wait_for(command, environment):
    """Run a command that the user watches, and return its exit code."""
    child = subprocess.Popen(command, cwd=ROOT, env=environment)
    wait_until_all_end([child])
    return child.returncode


def wait_until_all_end(children):
    """Wait; Ctrl-C is first the children's to answer, then ours."""
    interrupted = False
    while any(child.returncode is None for child in children):
        try:
            for child in children:
                child.wait()
        except KeyboardInterrupt:  # they have it too: JupyterLab asks, pytest sums up
            interrupted = True
    if interrupted:
        raise KeyboardInterrupt


def run_tests(python, environment, extra, tensorflow=False):
    """Run pytest and nbval, both in any case; return 0 only if both pass.

    With two processors, both run at once: what nbval says is kept back until pytest has ended.
    """
    package, notebooks = ["tests"], ["notebooks"]
    if tensorflow:
        say("only what computes with Keras, on TensorFlow; without --tensorflow all, on PyTorch")
        environment["KERAS_BACKEND"] = "tensorflow"
        package = [os.path.join("tests", name) for name in KERAS_TESTS]
        notebooks = [KERAS_NOTEBOOK]
    else:  # the same tests, whether TensorFlow was added or not
        environment.setdefault("KERAS_BACKEND", "torch")
    # The stored outputs are those of the demo voices, and what a learner made stays as it is.
    environment.setdefault("SER_DATA", "demo")
    if "SER_WORK" not in environment and why_not_writable(ROOT):
        environment["SER_WORK"] = tempfile.mkdtemp(prefix="ser-test-")
    environment.setdefault("SER_WORK", os.path.join(ROOT, "work", "test"))
    at_once = (os.cpu_count() or 1) > 1 and "--pdb" not in extra
    of_notebooks = environment
    if at_once:
        environment.setdefault("OMP_NUM_THREADS", "1")  # a processor each
        # What numba compiles for librosa, first called in two processes, can spoil its cache.
        numba = os.path.join(environment["SER_WORK"], "numba")
        of_notebooks = dict(environment, NUMBA_CACHE_DIR=numba)
    pytest = [python, "-m", "pytest", "-q"]
    nbval = [*pytest, "--nbval-lax", "--nbval-cell-timeout=300", "-p", "no:cacheprovider"]
    paths = [argument for argument in extra if is_path(argument)]
    if paths:
        extra = [argument for argument in extra if argument not in paths]
        notebooks = [path for path in paths if path.startswith("notebooks")]
        package = [path for path in paths if path not in notebooks]
    runs = [
        ("ser_helpers", [*pytest, *package, *extra], environment) if package else None,
        ("notebooks", [*nbval, *notebooks, *extra], of_notebooks) if notebooks else None,
    ]
    runs = [run for run in runs if run]
    codes = run_at_once(*runs) if at_once and len(runs) > 1 else run_in_turn(runs)
    for name, code in codes.items():
        if code == NOTHING_CHOSEN and extra:
            say(f"{name}: no test fits {' '.join(extra)}")
        else:
            killed = killed_by(code) if code < 0 else f"(exit code {code})"
            say(f"{name}: " + (f"FAILED {killed}" if code else "passed"))
    fine = {0, NOTHING_CHOSEN} if extra and 0 in codes.values() else {0}
    return 0 if set(codes.values()) <= fine else 1


def is_path(argument):
    """Return whether this names a file of tests, or a test in it: ``tests/test_x.py::test_y``."""
    return "/" in argument.replace(os.sep, "/") and os.path.exists(
        os.path.join(ROOT, argument.partition("::")[0])
    )


def run_in_turn(runs):
    codes = {}
    for name, command, environment in runs:
        say(f"testing {name} ...")
        codes[name] = wait_for(command, environment)
    return codes


def run_at_once(watched, other):
    """Run two commands at the same time: the output of the other follows that of the first."""
    (name, command, environment), (its_name, its_command, its_environment) = watched, other
    say(f"testing {name} and, at the same time, {its_name} ...")
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        first = subprocess.Popen(command, cwd=ROOT, env=environment)
        second = subprocess.Popen(
            its_command, cwd=ROOT, env=its_environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_until_all_end([first])
            say(f"{its_name}: waiting for the rest ...")
        finally:  # after Ctrl-C nothing is left running
            wait_until_all_end([second])
        log.seek(0)
        write(log.read())
    return {name: first.returncode, its_name: second.returncode}


def main():
    parser = argparse.ArgumentParser(
        description="Run the course, or its tests. What follows is handed on to JupyterLab "
        "(e.g. --no-browser) or to pytest (e.g. -x)."
    )
    parser.add_argument("what", choices=("lab", "test"), help="open JupyterLab, or run all tests")
    parser.add_argument(
        "--here", action="store_true", help="use the running Python as it is; set up nothing"
    )
    parser.add_argument(
        "--tensorflow",
        action="store_true",
        help="add TensorFlow to .venv; with `test`, test only what runs on it",
    )
    options, extra = parser.parse_known_args()
    if hasattr(sys.stdout, "reconfigure"):  # an old Windows console has not every sign
        sys.stdout.reconfigure(errors="replace")
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        say(
            f"this is Python {THIS_PYTHON}; the course needs 3.11, 3.12 or 3.13: install one from "
            "python.org and start it by its name, e.g. `python3.12 course.py lab`"
        )
        return 1
    needed = PARTS + ((TENSORFLOW, KERAS_NOTEBOOK) if options.tensorflow else ())
    missing = [name for name in needed if not os.path.exists(os.path.join(ROOT, name))]
    if missing:  # said before the set-up, which would be wasted
        say(f"not found beside course.py: {', '.join(missing)}. Get the whole repository again")
        return 1
    try:
        if not options.here:
            set_up()
            if options.tensorflow:
                add_tensorflow()
        python = sys.executable if options.here else PYTHON
        if options.here:
            check_here(options.what, options.tensorflow)
        environment = child_environment(options.here)
        if options.what == "test":
            return run_tests(python, environment, extra, options.tensorflow)
        if why_not_writable(ROOT):
            say("nothing can be written here: save notebooks elsewhere (File, Save Notebook As)")
            say("and let SER_WORK name a folder that keeps what the course computes")
        say("opening JupyterLab; stop it here with Ctrl-C")
        # Not `jupyterlab START`: its file browser would not show what lies beside notebooks/.
        first = "--LabApp.default_url=/lab/tree/" + START.replace(os.sep, "/")
        return wait_for([python, "-m", "jupyterlab", first, *extra], environment)
    except (StepError, OSError) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main())
