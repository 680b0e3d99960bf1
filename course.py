"""Run the course or its tests: ``python course.py lab`` or ``python course.py test``.

The first call makes the environment ``.venv`` beside this file; later calls start at once.
Standard library only, the same on Linux, macOS and Windows, Python 3.11 to 3.13.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time

OLDEST, NEWEST = (3, 11), (3, 13)
ROOT = os.path.dirname(os.path.abspath(__file__))
ENVIRONMENT = os.path.join(ROOT, ".venv")
BIN = os.path.join(ENVIRONMENT, "Scripts" if os.name == "nt" else "bin")
PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")
STAMP = os.path.join(ENVIRONMENT, "course-ready")
LOCK = os.path.join(ROOT, "requirements.lock")
RANGES = os.path.join(ROOT, "requirements.txt")
START = os.path.join("notebooks", "00_start_here.ipynb")
TORCH_CPU = "https://download.pytorch.org/whl/cpu"
NEEDED_GB = 3


class StepError(Exception):
    """A step failed; the message says what to do next."""


def say(text):
    print("course: " + text, flush=True)


def fingerprint():
    """Hash what the environment is made from, so that a change is noticed."""
    digest = hashlib.sha256(sys.version.split()[0].encode())
    for name in ("requirements.txt", "requirements.lock", "pyproject.toml"):
        path = os.path.join(ROOT, name)
        if os.path.exists(path):
            with open(path, "rb") as file:
                digest.update(file.read().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def is_ready():
    try:
        with open(STAMP) as file:
            return file.read() == fingerprint() and os.path.exists(PYTHON)
    except OSError:
        return False


def step(what, command, advice):
    """Run one step of the set-up; on failure show the end of its output and what to do."""
    say(what)
    start = time.time()
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace",
    )  # fmt: skip
    if done.returncode:
        tail = "\n    ".join(done.stdout.strip().splitlines()[-12:])
        raise StepError(
            "%s failed.\n  Command: %s\n  It said:\n    %s\n  What to do: %s"
            % (what.rstrip(" …"), " ".join(command), tail, advice)
        )
    say("  done in %.0f s" % (time.time() - start))


def attempt(*tries):
    """Run the first step that works; the last one's failure counts."""
    for number, arguments in enumerate(tries, start=1):
        try:
            return step(*arguments)
        except StepError as error:
            if number == len(tries):
                raise
            say("  that did not work (%s); trying another way" % str(error).splitlines()[-2].strip())


def set_up():
    """Make or mend ``.venv``; the stamp is written last, so a broken-off set-up is resumed."""
    if is_ready():
        return
    if os.path.exists(STAMP):
        say("the requirements or this Python have changed: updating .venv")
        os.remove(STAMP)
    elif os.path.exists(ENVIRONMENT):
        say("an unfinished .venv is here: going on with it")
    else:
        say("first use: setting up .venv (once; some minutes and about 2 GB)")
        free = shutil.disk_usage(ROOT).free / 1e9
        if free < NEEDED_GB:
            raise StepError(
                "only %.1f GB are free and %d GB are needed: make room, or put the course on "
                "another disk" % (free, NEEDED_GB)
            )
    online = "check the internet connection (and proxy), then run the same command again"
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    step(
        "making the environment …",
        [sys.executable, "-m", "venv", ENVIRONMENT],
        "on Debian and Ubuntu `sudo apt install python3-venv`; elsewhere install Python from "
        "python.org; if .venv is damaged, delete that folder",
    )
    with open(LOCK) as lock:
        torch = next(line.split()[0] for line in lock if line.startswith("torch=="))
    plain = ("installing PyTorch from the package index …", [*pip, torch], online)
    if sys.platform == "darwin":
        attempt(plain)
    else:
        # The plain index has, for Linux, the build with gigabytes of CUDA: the CPU build first.
        cpu = [*pip, "--no-deps", "--timeout", "8", "--retries", "0", "--index-url", TORCH_CPU]
        attempt(("installing PyTorch (CPU build, about 200 MB) …", [*cpu, torch], online), plain)
    attempt(
        ("installing the tested versions …", [*pip, "-r", LOCK], online),
        ("installing versions within the ranges …", [*pip, "-r", RANGES], online),
    )
    step(
        "installing the course's own package …",
        [*pip, "--no-deps", "--editable", ROOT],
        "look at the output above; pyproject.toml may have been changed",
    )
    with open(STAMP + ".part", "w") as file:
        file.write(fingerprint())
    os.replace(STAMP + ".part", STAMP)
    say("ready")


def child_environment(here):
    environment = dict(os.environ, JUPYTER_PLATFORM_DIRS="1", PYDEVD_DISABLE_FILE_VALIDATION="1")
    if not here:  # as `activate` does, so that kernels and tools are those of .venv
        environment["VIRTUAL_ENV"] = ENVIRONMENT
        environment["PATH"] = BIN + os.pathsep + environment.get("PATH", "")
    return environment


def run_tests(python, environment, extra):
    """Run pytest and nbval, both in any case; return 0 only if both pass."""
    notebooks = [n for n in os.listdir(os.path.join(ROOT, "notebooks")) if n.endswith(".ipynb")]
    if not notebooks:
        say("no notebook found in notebooks/: is this folder the whole course?")
        return 1
    nbval = ["--nbval-lax", "--nbval-cell-timeout=300", "-p", "no:cacheprovider", "notebooks"]
    codes = {}
    for name, arguments in (("ser_helpers", ["tests"]), ("notebooks", nbval)):
        say("testing %s …" % name)
        command = [python, "-m", "pytest", "-q", *arguments, *extra]
        codes[name] = subprocess.call(command, cwd=ROOT, env=environment)
    for name, code in codes.items():
        say("%s: %s" % (name, "passed" if code == 0 else "FAILED (exit code %d)" % code))
    return 1 if any(codes.values()) else 0


def main():
    parser = argparse.ArgumentParser(description="Run the course, or its tests.")
    parser.add_argument("what", choices=("lab", "test"), help="open JupyterLab, or run all tests")
    parser.add_argument(
        "--here", action="store_true", help="use the running Python as it is; set up nothing"
    )
    options, extra = parser.parse_known_args()
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        say(
            "this is Python %d.%d; the course needs 3.11, 3.12 or 3.13: install one from "
            "python.org and start it by its name, e.g. `python3.12 course.py lab`"
            % sys.version_info[:2]
        )
        return 1
    try:
        if not options.here:
            set_up()
        python = sys.executable if options.here else PYTHON
        environment = child_environment(options.here)
        if options.what == "test":
            return run_tests(python, environment, extra)
        say("opening JupyterLab; stop it here with Ctrl-C")
        return subprocess.call(
            [python, "-m", "jupyter", "lab", START, *extra], cwd=ROOT, env=environment
        )
    except StepError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("stopped")
        return 130


if __name__ == "__main__":
    sys.exit(main())
