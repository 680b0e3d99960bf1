"""Run the course or its tests: ``python course.py lab`` or ``python course.py test``.

For teachers there are ``grade``, ``classroom`` and ``bundle``; ``site`` builds the course's web
pages; ``home`` gives a fork its own address. The first call creates the environment ``.venv`` next
to this file; later calls start at once. With ``--offline FOLDER`` it is made from what ``bundle``
packed. With ``--tensorflow``, TensorFlow is added for notebook 11, and ``test`` tests only what
runs on it; ``test --browser`` tests the web pages in Chromium.
This file uses only the standard library and works the same on Linux, macOS and Windows, with
Python 3.11 to 3.13. Its syntax can be read by Python 3.6, so that an old Python prints a helpful
message instead of a syntax error.
"""

import argparse
import ast
import hashlib
import importlib.machinery
import importlib.util
import os
import pathlib
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
#: Settings of pip, as variables or in its files, that would send packages somewhere other than
#: .venv or change what pip does here. Settings for indexes, proxies and certificates are kept.
MISLEADING = {
    "dry-run", "editable", "implementation", "no-deps", "platform", "prefix", "python",
    "python-version", "require-hashes", "requirement", "root", "target", "user",
}  # fmt: skip
#: Variables that other Pythons or other programs need, but that are wrong for the one in .venv.
OF_OTHERS = (
    "PYTHONEXECUTABLE", "PYTHONHOME", "PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONSTARTUP",
    "__PYVENV_LAUNCHER__",
)  # fmt: skip
#: Folders that are synced to the internet, file by file.
SYNCED = re.compile(r"OneDrive|Dropbox|Google ?Drive|iCloud|Mobile Documents|Nextcloud")
#: Further commands, each a script of its own, run with the Python of the environment.
SCRIPTS = {
    "grade": os.path.join("classroom", "grade.py"),
    "classroom": os.path.join("classroom", "export.py"),
    "bundle": os.path.join("classroom", "bundle.py"),
    "site": os.path.join("site", "build.py"),
    "home": os.path.join("tools", "home.py"),
}
START = os.path.join("notebooks", "00_start_here.ipynb")
PARTS = ("requirements.txt", "requirements.lock", "pyproject.toml", "ser_helpers", "tests", START)
TENSORFLOW = "requirements-tensorflow.txt"
BROWSER_TESTS = os.path.join("tests", "browser")
STAMP_BROWSER = os.path.join(ENVIRONMENT, "course-ready-browser")
# What uses Keras, whose backend is TensorFlow or PyTorch.
KERAS_TESTS = ("test_keras_twin.py", "test_by_hand_11.py")
KERAS_NOTEBOOK = os.path.join("notebooks", "11_keras_and_tensorflow.ipynb")
TORCH_CPU = "https://download.pytorch.org/whl/cpu"
NEEDED_GB = 3
NEEDED_GB_TENSORFLOW = 2
NOTHING_CHOSEN = 5  # pytest's exit code if no test was selected, e.g. after `-k word`
NO_VENV = (
    "on Debian and Ubuntu `sudo apt install python3-venv`; elsewhere install Python from "
    "python.org; if .venv is damaged, delete that folder and run the same command again"
)
NO_NETWORK = (
    "check the internet connection (and proxy) and the free disk space, then run the same command "
    "again"
)
NO_TORCH = NO_NETWORK + (
    "; there is no PyTorch for 32-bit systems or Macs with an Intel processor: use Colab there"
)
NO_TENSORFLOW = NO_NETWORK + (
    "; notebook 11 also runs without TensorFlow, with Keras on PyTorch: leave out --tensorflow"
)


#: What pip and venv print, and what to do about it; if nothing matches, the step's own advice.
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
        "make sure that you may write to the course's folder and to everything in .venv (delete "
        ".venv if somebody else made it), then run the same command again",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
        "this network uses its own certificates: set PIP_CERT to their file (ask whoever runs the "
        "network), then run the same command again",
    ),
    (
        r"--user|--target|--prefix|[Cc]onstraint|ResolutionImpossible|pip\.(conf|ini)",
        "check pip's settings (`pip config list`): remove user, target, prefix and constraint, "
        "then run the same command again",
    ),
)


class StepError(Exception):
    """A step failed; the message says what to do next; ``reason`` is the last line of output."""

    def __init__(self, message, reason=""):
        super().__init__(message)
        self.reason = reason


def say(text):
    write("course: " + text + "\n")


def write(text):
    """Print text, unless nobody is reading it any more, as after ``| head``."""
    try:
        print(text, end="", flush=True)
    except OSError:  # Windows reports a closed pipe as an invalid argument
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def fingerprint(*more):
    """Hash what the environment is built from, and where, so that a change is noticed."""
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
    """Run one step of the set-up; if it fails, show the end of its output and what to do."""
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
        output = done.stdout.strip().splitlines()[-12:] or ["(nothing)"]
        if done.returncode < 0:
            output.append(killed_by(done.returncode))
            advice = "close other programs, then run the same command again"
        matching = [better for pattern, better in REASONS if re.search(pattern, done.stdout)]
        advice = matching[0] if matching else advice
        message = (
            f"{what} failed.\n  Command: {subprocess.list2cmdline(command)}"
            + "\n  Its output ended with:\n    "
            + "\n    ".join(output)
            + f"\n  What to do: {advice}"
        )
        raise StepError(message, output[-1].strip())
    say(f"  done in {time.time() - start:.0f} s")


def set_up_environment():
    """Return the variables for a step, without those that would send packages outside .venv."""
    given = {}
    for name, value in os.environ.items():
        setting = name[4:].lower().replace("_", "-") if name.startswith("PIP_") else ""
        # A constraint in a variable belongs to another project; in pip's files, it is the
        # administrator's.
        if name not in OF_OTHERS and setting not in MISLEADING | {"constraint"}:
            given[name] = value
    if "PIP_NO_INDEX" in given and "PIP_FIND_LINKS" not in given:
        del given["PIP_NO_INDEX"]  # with neither, there is nowhere to look
    in_files = settings_in_files()
    if MISLEADING & set(in_files):  # then pip skips its files and gets the other settings from us
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
        env=dict(os.environ, PIP_USER="0"),  # else `user` makes pip list only the user's file
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    found = re.findall(r"^(global|install)\.([\w-]+)=(.+)$", done.stdout, re.MULTILINE)
    # Sorted, because a setting for `install` overrides one for all commands.
    return {setting: ast.literal_eval(value) for _, setting, value in sorted(found)}


def look_only_in(bundle):
    """Let pip install from the wheels of a folder that ``bundle`` packed, and from nowhere else."""
    wheels = pathlib.Path(bundle).absolute() / "wheels"
    if not wheels.is_dir():
        raise StepError(
            f"there is no folder {wheels}: --offline needs the folder that "
            "`python course.py bundle FOLDER` made on a machine with internet"
        )
    # As an address, because pip takes a space in this variable for the end of a path.
    os.environ.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=wheels.as_uri())


def killed_by(code):
    """Explain a negative exit code."""
    return f"(killed by signal {-code}; if it is 9, there was probably too little memory)"


def first_that_works(*steps):
    """Run the steps in turn until one works; if none does, raise the last one's error."""
    for arguments in steps[:-1]:
        try:
            return step(*arguments)
        except StepError as error:
            say(f"  failed ({error.reason}); trying the next way")
    return step(*steps[-1])


def python_of_environment():
    """Return the Python version of ``.venv``, e.g. "3.11", or None if it is unknown."""
    try:
        with open(os.path.join(ENVIRONMENT, "pyvenv.cfg"), encoding="utf-8") as file:
            found = re.search(r"^version\s*=\s*(\d+\.\d+)", file.read(), re.MULTILINE)
    except OSError:
        return None
    return found and found.group(1)


def make_environment():
    """Make or repair ``.venv``; if it is for another Python version, make it from scratch."""
    if os.path.realpath(sys.prefix) == os.path.realpath(ENVIRONMENT):
        return  # we are running on the Python of .venv itself
    command = [sys.executable, "-m", "venv", ENVIRONMENT]
    found = python_of_environment()
    if found and (found != THIS_PYTHON or not os.path.exists(PYTHON)):
        say(f"the .venv here is for Python {found}, this is {THIS_PYTHON}: making it again")
        command.append("--clear")
    step("making the environment", command, NO_VENV)


def set_up():
    """Make or repair ``.venv``; the stamp is written last, so an interrupted set-up is resumed."""
    if is_ready(STAMP):
        return
    check_place()
    complete = os.path.exists(STAMP) and os.path.exists(PYTHON)
    if complete:
        say("the requirements or the folder have changed: updating .venv")
        os.remove(STAMP)
    elif os.path.exists(ENVIRONMENT):
        say("there is an unfinished .venv here: continuing with it")
    else:
        say("first use: setting up .venv (once; takes a few minutes and about 2 GB)")
        if SYNCED.search(ROOT):
            say("this folder is copied to the internet: stop with Ctrl-C and move it elsewhere,")
            say("otherwise the 40,000 files in .venv will be copied, too")
        check_room(NEEDED_GB)
    if not complete:  # otherwise it is kept, whichever Python this is: less to download
        make_environment()
    pip = pip_install()
    lock, ranges = (os.path.join(ROOT, name) for name in ("requirements.lock", "requirements.txt"))
    with open(lock, encoding="utf-8") as file:
        torch = next(line.split()[0] for line in file if line.startswith("torch=="))
    # For Linux, the plain index has the build with gigabytes of CUDA: try the CPU build first.
    cpu = [*pip, "--no-deps", "--timeout", "8", "--retries", "0", "--index-url", TORCH_CPU, torch]
    tries = [
        ("installing PyTorch (CPU build, about 200 MB)", cpu, NO_TORCH),
        ("installing PyTorch from the package index (Linux: 5 GB)", [*pip, torch], NO_TORCH),
    ]
    first_that_works(*tries[sys.platform == "darwin" :])  # for a Mac there is only one build
    first_that_works(
        ("installing the tested versions", [*pip, "--requirement", lock], NO_NETWORK),
        ("installing versions within the ranges", [*pip, "--requirement", ranges], NO_NETWORK),
    )
    step("installing ser_helpers", [*pip, "--no-deps", "--editable", ROOT], NO_NETWORK)
    write_stamp(STAMP)
    say("ready")


def add_tensorflow():
    """Add TensorFlow to ``.venv``, once; other packages keep their tested versions if possible."""
    if sys.platform == "darwin":
        say("on a Mac, TensorFlow may hang together with pyarrow: notebook 11 uses it only if you")
        say("set KERAS_BACKEND=tensorflow yourself, as `test --tensorflow` does")
    if is_ready(STAMP_TENSORFLOW, TENSORFLOW):
        return
    check_place()
    check_room(NEEDED_GB_TENSORFLOW)
    wanted = [*pip_install(), "--requirement", os.path.join(ROOT, TENSORFLOW)]
    tested = [*wanted, "--constraint", os.path.join(ROOT, "requirements.lock")]
    first_that_works(
        (
            "adding TensorFlow (once; 250 to 400 MB, 1.5 GB on the disk)",
            tested,
            NO_TENSORFLOW,
        ),
        ("adding TensorFlow to versions within the ranges", wanted, NO_TENSORFLOW),
    )
    write_stamp(STAMP_TENSORFLOW, TENSORFLOW)


def add_browser():
    """Add to ``.venv`` what drives a browser, once; the browser itself is the system's Chromium."""
    needed = os.path.join(BROWSER_TESTS, "requirements.txt")
    if is_ready(STAMP_BROWSER, needed):
        return
    wanted = [*pip_install(), "--requirement", os.path.join(ROOT, needed)]
    step("adding Playwright, which drives a browser (once; 50 MB)", wanted, NO_NETWORK)
    write_stamp(STAMP_BROWSER, needed)


def why_not_writable(folder):
    """Try to write to a folder; return the system's reason if it fails, or None."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror or str(error)


def check_place():
    """Raise a StepError if no .venv can be made in this folder."""
    reason = why_not_writable(ROOT)
    if reason:
        raise StepError(
            f"nothing can be written to {ROOT} ({reason}): copy the course to a folder of your own "
            "and run it there; or, if this Python has all the packages, add --here"
        )
    if os.pathsep in ROOT:
        raise StepError(
            f"no environment can be made in {ROOT}: the character {os.pathsep} in a path separates "
            "folders; rename the folder, or move the course to another one"
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
    from importlib import metadata  # here, because an old Python lacks it

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
        # sys.path begins with this folder, but no notebook starts in it.
        if importlib.machinery.PathFinder.find_spec("ser_helpers", sys.path[1:]) is None:
            raise StepError(
                "the notebooks will not find ser_helpers: install it here with "
                f'`"{sys.executable}" -m pip install --no-deps --editable .`'
            ) from None


def pip_install():
    return [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]


def child_environment(here):
    environment = dict(os.environ, JUPYTER_PLATFORM_DIRS="1", PYDEVD_DISABLE_FILE_VALIDATION="1")
    environment.pop("MPLBACKEND", None)  # notebooks draw inline; tests open no window
    if not here:  # like `activate`, so that kernels and tools are those of .venv
        if environment.get("PYTHONPATH"):
            say("PYTHONPATH is left out: the folders it names may hide packages of .venv")
        for name in OF_OTHERS:
            environment.pop(name, None)
        environment["VIRTUAL_ENV"] = ENVIRONMENT
        environment["PATH"] = BIN + os.pathsep + environment.get("PATH", "")
    return environment


def wait_for(command, environment, folder=ROOT):
    """Run a command in the user's view and return its exit code."""
    child = subprocess.Popen(command, cwd=folder, env=environment)
    wait_until_all_end([child])
    return child.returncode


def wait_until_all_end(children):
    """Wait; after Ctrl-C, let the children respond before we do."""
    interrupted = False
    while any(child.returncode is None for child in children):
        try:
            for child in children:
                child.wait()
        except KeyboardInterrupt:  # they get it too: JupyterLab asks, pytest prints its summary
            interrupted = True
    if interrupted:
        raise KeyboardInterrupt


def run_tests(python, environment, extra, tensorflow=False):
    """Run both pytest and nbval, even if one fails; return 0 only if both pass.

    With two processors, both run at once, and nbval's output is held back until pytest has ended.
    """
    package, notebooks = ["--ignore=" + BROWSER_TESTS, "tests"], ["notebooks"]
    if tensorflow:
        say("testing only what uses Keras, on TensorFlow; to test everything, on PyTorch,")
        say("leave out --tensorflow")
        environment["KERAS_BACKEND"] = "tensorflow"
        package = [os.path.join("tests", name) for name in KERAS_TESTS]
        notebooks = [KERAS_NOTEBOOK]
    else:  # the same tests whether or not TensorFlow was added
        environment.setdefault("KERAS_BACKEND", "torch")
    # The stored outputs come from the demo voices, and a learner's own files must not be changed.
    environment.setdefault("SER_DATA", "demo")
    if "SER_WORK" not in environment and why_not_writable(ROOT):
        environment["SER_WORK"] = tempfile.mkdtemp(prefix="ser-test-")
    environment.setdefault("SER_WORK", os.path.join(ROOT, "work", "test"))
    at_once = (os.cpu_count() or 1) > 1 and "--pdb" not in extra
    of_notebooks = environment
    if at_once:
        environment.setdefault("OMP_NUM_THREADS", "1")  # one processor each
        # Two processes that compile librosa's numba code at once can corrupt its cache.
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
            say(f"{name}: no test matches {' '.join(extra)}")
        else:
            killed = killed_by(code) if code < 0 else f"(exit code {code})"
            say(f"{name}: " + (f"FAILED {killed}" if code else "passed"))
    allowed = {0, NOTHING_CHOSEN} if extra and 0 in codes.values() else {0}
    return 0 if set(codes.values()) <= allowed else 1


def is_path(argument):
    """Return whether this names a test file, or a test in one: ``tests/test_x.py::test_y``."""
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
    """Run two commands at the same time; show the second one's output after the first has ended."""
    (name, command, environment), (its_name, its_command, its_environment) = watched, other
    say(f"testing {name} and, at the same time, {its_name} ...")
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        first = subprocess.Popen(command, cwd=ROOT, env=environment)
        second = subprocess.Popen(
            its_command, cwd=ROOT, env=its_environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            wait_until_all_end([first])
            say(f"{its_name}: waiting for the remaining tests ...")
        finally:  # leave nothing running after Ctrl-C
            wait_until_all_end([second])
        log.seek(0)
        write(log.read())
    return {name: first.returncode, its_name: second.returncode}


def main():
    parser = argparse.ArgumentParser(
        description="Run the course or its tests. Further arguments are passed on to JupyterLab "
        "(e.g. --no-browser), to pytest (e.g. -x), or to the command."
    )
    parser.add_argument(
        "what",
        choices=("lab", "test", *SCRIPTS),
        help="open JupyterLab, or run all tests; for teachers: grade a class's notebooks, make "
        "them, or pack the course for a room without internet; or build the web pages; or move the "
        "course to your fork's address",
    )
    parser.add_argument(
        "--here", action="store_true", help="use the running Python as it is; set up nothing"
    )
    parser.add_argument(
        "--offline", metavar="FOLDER", help="set up from this folder, which `bundle` made"
    )
    parser.add_argument(
        "--tensorflow",
        action="store_true",
        help="add TensorFlow to .venv; with `test`, test only what runs on it",
    )
    arguments = sys.argv[1:]
    asks_script = arguments[:1] and arguments[0] in SCRIPTS and {"-h", "--help"} & set(arguments)
    if asks_script:  # it has options of its own
        arguments = [argument for argument in arguments if argument not in ("-h", "--help")]
    options, extra = parser.parse_known_args(arguments)
    extra += ["--help"] if asks_script else []
    if hasattr(sys.stdout, "reconfigure"):  # an old Windows console lacks some characters
        sys.stdout.reconfigure(errors="replace")
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        say(
            f"this is Python {THIS_PYTHON}; the course needs 3.11, 3.12 or 3.13: install one from "
            "python.org and call it by name, e.g. `python3.12 course.py lab`"
        )
        return 1
    needed = PARTS + ((TENSORFLOW, KERAS_NOTEBOOK) if options.tensorflow else ())
    missing = [name for name in needed if not os.path.exists(os.path.join(ROOT, name))]
    if missing:  # check before the set-up, which would be wasted
        say(f"not found next to course.py: {', '.join(missing)}. Get the whole repository again")
        return 1
    try:
        if options.offline:
            look_only_in(options.offline)
        if not options.here:
            set_up()
            if options.tensorflow:
                add_tensorflow()
        python = sys.executable if options.here else PYTHON
        if options.here:
            check_here(options.what, options.tensorflow)
        environment = child_environment(options.here)
        if options.what == "test" and "--browser" in extra:
            if not options.here:
                add_browser()
            extra.remove("--browser")
            return wait_for([python, "-m", "pytest", "-q", BROWSER_TESTS, *extra], environment)
        if options.what == "test":
            return run_tests(python, environment, extra, options.tensorflow)
        if options.what in SCRIPTS:  # from where the user is: paths are theirs
            script = os.path.join(ROOT, SCRIPTS[options.what])
            return wait_for([python, script, *extra], environment, os.getcwd())
        if why_not_writable(ROOT):
            say("nothing can be written here: save notebooks elsewhere (File, Save Notebook As)")
            say("and set SER_WORK to a folder in which the course can store its results")
        say("opening JupyterLab; press Ctrl-C here to stop it")
        # Not `jupyterlab START`: its file browser would not show what is next to notebooks/.
        first = "--LabApp.default_url=/lab/tree/" + START.replace(os.sep, "/")
        quiet = "--LabApp.news_url=None"  # no question about Jupyter's news in front of the course
        return wait_for([python, "-m", "jupyterlab", first, quiet, *extra], environment)
    except (StepError, OSError) as error:
        say(str(error))
        if options.offline and isinstance(error, StepError) and error.reason:
            say(f"README.txt in {options.offline} says for which Python and system it was made")
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main())
