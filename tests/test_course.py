"""course.py sets up once, resumes, falls back, and says what to do; no network is touched."""

import importlib.metadata
import importlib.util
import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import ROOT, load_script

CPU, PLAIN = "the CPU build", "the plain index"
LOCK, RANGES, EDITABLE, VENV = "the lock", "the ranges", "ser_helpers", "venv"
TENSORFLOW, ANY_TENSORFLOW = "TensorFlow beside the lock", "TensorFlow"
PLAYWRIGHT = "Playwright"


class Machine:
    """A copy of course.py in a folder of its own; what it would run is written down instead."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch
        for name in ("ser_helpers", "tests", "notebooks"):
            (folder / name).mkdir(parents=True)
        for name in ("requirements.txt", "pyproject.toml", "notebooks/00_start_here.ipynb"):
            (folder / name).write_bytes(b"something\n")
        (folder / "requirements.lock").write_bytes(b"numpy==2.0\ntorch==2.9.1\n")
        shutil.copy(ROOT / "course.py", folder)
        self.ran: list[str] = []
        self.broken: set[str] = set()  # steps that fail
        self.codes: dict[str, int] = {}  # exit codes of what the user watches
        self.watched: list[tuple[list[str], dict]] = []
        self.kept_back: list[list[str]] = []  # whose output goes to a file first
        self.free = 100e9
        self.pip_config = ""  # what `pip config list` prints
        self.environments: list[dict] = []  # of the steps
        for name in ("PYTHONPATH", "PIP_NO_INDEX", "PIP_USER"):
            monkeypatch.delenv(name, raising=False)
        self.load()

    def load(self) -> None:
        self.course = load_script(self.folder / "course.py")
        usage = SimpleNamespace(disk_usage=lambda _: SimpleNamespace(free=self.free))
        self.monkeypatch.setattr(self.course, "shutil", usage)
        fake = SimpleNamespace(
            run=self.run,
            Popen=self.popen,
            PIPE=subprocess.PIPE,
            DEVNULL=subprocess.DEVNULL,
            STDOUT=subprocess.STDOUT,
            list2cmdline=subprocess.list2cmdline,
        )
        self.monkeypatch.setattr(self.course, "subprocess", fake)

    def run(self, command: list[str], **given: object) -> SimpleNamespace:
        if command[1:] == ["-m", "pip", "config", "list"]:
            assert given["env"]["PIP_USER"] == "0"  # it would list the user's file only
            return SimpleNamespace(returncode=0, stdout=self.pip_config)
        self.environments.append(given["env"])
        step = self.name(command)
        self.ran.append(step)
        if step in self.broken:
            return SimpleNamespace(returncode=1, stdout="Looking …\nERROR: no route to é\n")
        if step.startswith(VENV):
            self.make_venv(self.course.THIS_PYTHON)
        return SimpleNamespace(returncode=0, stdout="")

    def make_venv(self, python: str) -> None:
        Path(self.course.BIN).mkdir(parents=True, exist_ok=True)
        Path(self.course.PYTHON).touch()
        config = Path(self.course.ENVIRONMENT, "pyvenv.cfg")
        config.write_text(f"home = /usr/bin\nversion = {python}.7\n")

    def name(self, command: list[str]) -> str:
        if "venv" in command:
            return VENV + " --clear" * ("--clear" in command)
        assert command[0] == self.course.PYTHON
        assert command[1:3] == ["-m", "pip"]
        if command[-1] == "torch==2.9.1":
            return CPU if self.course.TORCH_CPU in command else PLAIN
        tensorflow = str(self.folder / "requirements-tensorflow.txt")
        if tensorflow in command:
            beside = ["--constraint", str(self.folder / "requirements.lock")]
            return TENSORFLOW if command[-2:] == beside else ANY_TENSORFLOW
        if command[-1].endswith(os.path.join("browser", "requirements.txt")):
            return PLAYWRIGHT
        for end, step in (("lock", LOCK), ("txt", RANGES), (str(self.folder), EDITABLE)):
            if command[-1].endswith(end):
                return step
        raise AssertionError(command)

    def popen(self, command: list[str], *, cwd: str, env: dict, **output: object) -> object:
        assert cwd == str(self.folder)
        self.watched.append((command, env))
        if output:
            self.kept_back.append(command)
            output["stdout"].write(f"report of {command[-1]}\n")
        child = SimpleNamespace(returncode=None)

        def wait() -> None:
            code = next((self.codes[name] for name in self.codes if name in command), 0)
            child.returncode = code

        child.wait = wait
        return child

    def __call__(self, *arguments: str) -> int:
        self.monkeypatch.setattr(sys, "argv", ["course.py", *arguments])
        self.ran.clear()
        return self.course.main()


@pytest.fixture
def machine(tmp_path, monkeypatch) -> Machine:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    return Machine(tmp_path / "course", monkeypatch)


MISLEADING = (
    "PIP_CONSTRAINT", "PIP_DRY_RUN", "PIP_NO_DEPS", "PIP_NO_INDEX", "PIP_PREFIX", "PIP_PYTHON",
    "PIP_REQUIREMENT", "PIP_ROOT", "PIP_TARGET", "PIP_USER", "PYTHONHOME", "PYTHONPATH",
    "PYTHONSTARTUP",
)  # fmt: skip
ALL_WELL = [VENV, CPU, LOCK, EDITABLE]


def test_the_first_use_sets_up_and_later_calls_start_at_once(machine, capsys):
    assert machine("lab", "--no-browser") == 0
    assert machine.ran == ALL_WELL
    assert "first use" in capsys.readouterr().out
    command, environment = machine.watched[0]
    assert command[0] == machine.course.PYTHON
    first = "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb"
    assert command[-3:] == [first, "--LabApp.news_url=None", "--no-browser"]
    assert environment["PATH"].startswith(machine.course.BIN)
    assert environment["VIRTUAL_ENV"] == machine.course.ENVIRONMENT
    assert machine("lab") == 0
    assert machine.ran == []
    assert capsys.readouterr().out.count("\n") == 1  # that JupyterLab is opened, and no more


def test_each_way_that_does_not_work_has_another(machine, capsys):
    machine.broken = {CPU, LOCK}
    assert machine("lab") == 0
    assert machine.ran == [VENV, CPU, PLAIN, LOCK, RANGES, EDITABLE]
    assert capsys.readouterr().out.count("failed (ERROR: no route to é); trying the next way") == 2


def test_a_mac_has_one_build_of_pytorch(machine, monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert machine("lab") == 0
    assert machine.ran == [VENV, PLAIN, LOCK, EDITABLE]


@pytest.mark.parametrize(
    ("broken", "advice"),
    [
        ({VENV}, "python3-venv"),
        ({CPU, PLAIN}, "internet connection"),
        ({LOCK, RANGES}, "internet connection"),
        ({EDITABLE}, "internet connection"),
    ],
)
def test_a_failed_step_says_what_to_do_and_the_next_call_goes_on(machine, capsys, broken, advice):
    machine.broken = broken
    assert machine("lab") == 1
    said = capsys.readouterr().out
    assert "failed.\n  Command: " in said
    assert "ERROR: no route to é" in said
    assert advice in said.partition("What to do: ")[2]
    assert machine.watched == []  # nothing is opened on a half-made environment
    machine.broken = set()
    Path(machine.course.ENVIRONMENT).mkdir(exist_ok=True)  # where venv broke off, it was begun
    assert machine("lab") == 0
    assert machine.ran == ALL_WELL
    assert "unfinished" in capsys.readouterr().out


def test_an_interrupted_set_up_is_resumed(machine, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(machine.course, "first_that_works", interrupt)
    assert machine("test") == 130
    machine.load()
    assert machine("lab") == 0
    assert machine.ran == ALL_WELL
    assert "unfinished" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["requirements.txt", "requirements.lock", "pyproject.toml"])
def test_changed_requirements_are_installed_into_what_is_there(machine, capsys, name):
    machine("lab")
    file = machine.folder / name
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))  # git on Windows: no change
    assert machine("lab") == 0
    assert machine.ran == []
    file.write_bytes(file.read_bytes() + b"# new\n")
    capsys.readouterr()
    machine.broken = {EDITABLE}
    assert machine("lab") == 1
    assert machine.ran == [CPU, LOCK, EDITABLE]
    assert "have changed: updating" in capsys.readouterr().out
    machine.broken = set()
    assert machine("lab") == 0
    assert machine.ran == ALL_WELL  # the update was not finished: nothing is taken on trust


def test_a_ready_environment_serves_whichever_python_starts_it(machine):
    machine("lab")
    machine.course.THIS_PYTHON = "3.99"
    assert machine("lab") == 0
    assert machine.ran == []


def test_an_unfinished_environment_of_another_python_is_begun_anew(machine, capsys):
    machine.make_venv("3.8")
    assert machine("lab") == 0
    assert machine.ran == [VENV + " --clear", *ALL_WELL[1:]]
    assert "the .venv here is for Python 3.8" in capsys.readouterr().out


def test_an_environment_whose_python_is_gone_is_made_anew(machine):
    machine("lab")
    Path(machine.course.PYTHON).unlink()
    assert machine("lab") == 0
    assert machine.ran == [VENV + " --clear", *ALL_WELL[1:]]


def test_a_copied_folder_does_not_run_the_code_of_the_old_one(machine):
    machine("lab")
    machine.folder = machine.folder.rename(machine.folder.with_name("copy"))
    machine.load()
    assert machine("lab") == 0
    assert EDITABLE in machine.ran


def test_too_small_a_disk_is_said_before_anything_is_made(machine, capsys):
    machine.free = 1e9
    assert machine("lab") == 1
    assert machine.ran == []
    assert "only 1.0 GB are free and 3 GB are needed: make room" in capsys.readouterr().out


def test_here_uses_the_running_python_and_sets_up_nothing(machine):
    assert machine("test", "--here", "-x") == 0
    assert machine.ran == []
    assert not Path(machine.course.ENVIRONMENT).exists()
    for command, environment in machine.watched:
        assert command[0] == sys.executable
        assert command[-1] == "-x"
        assert environment["PATH"] == os.environ["PATH"]


@pytest.mark.parametrize("processors", [1, 2])
@pytest.mark.parametrize(
    ("of_package", "of_notebooks", "expected"),
    [(0, 0, 0), (1, 0, 1), (0, 1, 1), (2, 3, 1), (-11, 0, 1), (5, 0, 1), (0, 5, 1)],
)
def test_both_kinds_of_tests_run_and_either_failure_counts(
    machine, capsys, monkeypatch, of_package, of_notebooks, expected, processors
):
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    machine.codes = {"tests": of_package, "notebooks": of_notebooks}
    assert machine("test", "--here") == expected
    assert [command[-1] for command, _ in machine.watched] == ["tests", "notebooks"]
    assert "--nbval-lax" in machine.watched[1][0]
    said = capsys.readouterr().out
    assert said.count("FAILED") == bool(of_package) + bool(of_notebooks)
    assert said.count("report of notebooks\n") == (processors == 2)  # else the user saw it come


def test_two_processors_are_used_with_one_thread_each_and_a_cache_of_numba_each(machine):
    assert machine("test", "--here", "-x") == 0
    (_, package), (notebooks, its) = machine.watched
    assert machine.kept_back == [notebooks]
    assert package["OMP_NUM_THREADS"] == its["OMP_NUM_THREADS"] == "1"
    assert its["NUMBA_CACHE_DIR"].startswith(its["SER_WORK"])
    assert package.get("NUMBA_CACHE_DIR") != its["NUMBA_CACHE_DIR"]
    machine.watched.clear()
    machine.kept_back.clear()
    assert machine("test", "--here", "--pdb") == 0  # who asks questions sees what is asked
    assert len(machine.watched) == 2
    assert machine.kept_back == []


@pytest.mark.parametrize(
    ("codes", "expected"), [((0, 5), 0), ((5, 0), 0), ((5, 5), 1), ((1, 5), 1)]
)
def test_a_choice_of_tests_may_choose_none_of_one_kind(machine, codes, expected):
    machine.codes = dict(zip(("tests", "notebooks"), codes, strict=True))
    assert machine("test", "--here", "-k", "word") == expected


def test_a_path_chooses_what_is_started(machine):
    (machine.folder / "tests" / "test_x.py").touch()
    test, notebook = "tests/test_x.py::test_y", "notebooks/00_start_here.ipynb"
    assert machine("test", "--here", test, "-x") == 0
    assert machine("test", "--here", notebook) == 0
    assert machine("test", "--here", test, notebook) == 0
    started = [command[command.index("-q") + 1 :] for command, _ in machine.watched]
    nbval = ["--nbval-lax", "--nbval-cell-timeout=300", "-p", "no:cacheprovider", notebook]
    assert started == [[test, "-x"], nbval, [test], nbval]


def test_what_needs_a_browser_is_tested_only_if_asked_and_playwright_is_added_once(machine):
    needed = machine.folder / "tests" / "browser" / "requirements.txt"
    needed.parent.mkdir()
    needed.write_bytes(b"playwright\n")
    browser_tests = machine.course.BROWSER_TESTS
    assert machine("test", "--browser", "-x") == 0
    assert machine.ran == [*ALL_WELL, PLAYWRIGHT]
    assert machine.watched.pop()[0][1:] == ["-m", "pytest", "-q", browser_tests, "-x"]
    assert machine("test", "--browser") == 0
    assert machine.ran == []
    machine.watched.clear()
    assert machine("test") == 0
    assert f"--ignore={browser_tests}" in machine.watched[0][0]
    assert machine("lab", "--browser=firefox") == 0  # is JupyterLab's own
    assert machine.watched[-1][0][-1] == "--browser=firefox"


@pytest.fixture
def with_tensorflow(machine) -> Machine:
    for name in (machine.course.TENSORFLOW, machine.course.KERAS_NOTEBOOK):
        (machine.folder / name).write_bytes(b"something\n")
    return machine


def test_tensorflow_is_added_once_and_again_when_something_changes(with_tensorflow):
    machine = with_tensorflow
    assert machine("lab", "--tensorflow", "--no-browser") == 0
    assert machine.ran == [*ALL_WELL, TENSORFLOW]
    assert machine.watched[0][0][-1] == "--no-browser"  # and JupyterLab is not told of it
    assert machine("lab", "--tensorflow") == 0
    assert machine.ran == []
    file = machine.folder / machine.course.TENSORFLOW
    file.write_bytes(b"something else\n")
    assert machine("lab") == 0
    assert machine.ran == []  # who does not ask for it need not wait
    assert machine("lab", "--tensorflow") == 0
    assert machine.ran == [TENSORFLOW]
    lock = machine.folder / "requirements.lock"
    lock.write_bytes(lock.read_bytes() + b"# new\n")
    assert machine("lab", "--tensorflow") == 0
    assert machine.ran == [CPU, LOCK, EDITABLE, TENSORFLOW]


def test_tensorflow_that_does_not_fit_the_lock_is_tried_without_and_may_fail(
    with_tensorflow, capsys
):
    machine = with_tensorflow
    machine.broken = {TENSORFLOW}
    assert machine("lab", "--tensorflow") == 0
    assert machine.ran == [*ALL_WELL, TENSORFLOW, ANY_TENSORFLOW]
    (machine.folder / machine.course.TENSORFLOW).write_bytes(b"something else\n")
    machine.broken = {TENSORFLOW, ANY_TENSORFLOW}
    machine.watched.clear()
    assert machine("test", "--tensorflow") == 1
    assert "leave out --tensorflow" in capsys.readouterr().out.partition("What to do: ")[2]
    assert machine.watched == []
    assert machine("lab") == 0  # the rest of the course is not held up


def test_too_small_a_disk_for_tensorflow_is_said_before(with_tensorflow, capsys):
    with_tensorflow("lab")
    with_tensorflow.free = 1e9
    assert with_tensorflow("lab", "--tensorflow") == 1
    assert with_tensorflow.ran == []
    assert "only 1.0 GB are free and 2 GB are needed" in capsys.readouterr().out


@pytest.mark.parametrize("chosen", [None, "jax"])
def test_the_tests_of_keras_run_on_tensorflow_if_asked_and_else_on_pytorch(
    with_tensorflow, monkeypatch, chosen
):
    machine = with_tensorflow
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)  # TensorFlow is here
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if chosen:
        monkeypatch.setenv("KERAS_BACKEND", chosen)
    assert machine("test", "--here", "--tensorflow", "-x") == 0
    assert machine.ran == []
    package, notebooks = machine.watched
    tests = [os.path.join("tests", name) for name in machine.course.KERAS_TESTS]
    assert package[0][-len(tests) - 1 :] == [*tests, "-x"]
    assert notebooks[0][-2:] == [machine.course.KERAS_NOTEBOOK, "-x"]
    assert {environment["KERAS_BACKEND"] for _, environment in machine.watched} == {"tensorflow"}
    machine.watched.clear()
    assert machine("test", "--here") == 0
    assert [command[-1] for command, _ in machine.watched] == ["tests", "notebooks"]
    backends = {environment["KERAS_BACKEND"] for _, environment in machine.watched}
    assert backends == {chosen or "torch"}


def test_what_tensorflow_needs_is_there_and_named_where_it_is_not(machine, capsys):
    course = load_script(ROOT / "course.py")
    needed = [os.path.join("tests", name) for name in course.KERAS_TESTS]
    for name in (course.TENSORFLOW, course.KERAS_NOTEBOOK, *needed):
        assert (ROOT / name).exists(), name
    assert machine("test", "--tensorflow") == 1
    said = capsys.readouterr().out
    assert f"{course.TENSORFLOW}, {course.KERAS_NOTEBOOK}. Get the whole" in said
    assert machine.ran == []


def test_ctrl_c_is_answered_by_the_child_first(machine, capsys):
    child = SimpleNamespace(returncode=None, waits=0)

    def wait() -> None:
        child.waits += 1
        if child.waits == 1:
            raise KeyboardInterrupt
        child.returncode = 0

    child.wait = wait
    machine.course.subprocess.Popen = lambda *_, **__: child
    assert machine("lab", "--here") == 130
    assert child.waits == 2
    assert capsys.readouterr().out.endswith("stopped\n")


def test_an_unfit_python_is_told_which_to_take(machine, capsys):
    machine.course.OLDEST = (9, 0)
    assert machine("lab") == 1
    said = capsys.readouterr().out
    assert f"this is Python {sys.version_info[0]}.{sys.version_info[1]};" in said
    assert "`python3.12 course.py lab`" in said
    assert not Path(machine.course.ENVIRONMENT).exists()


def test_missing_files_are_named_before_the_set_up(machine, capsys):
    (machine.folder / "requirements.lock").unlink()
    shutil.rmtree(machine.folder / "notebooks")
    assert machine("lab") == 1
    said = capsys.readouterr().out
    assert f"requirements.lock, {machine.course.START}. Get the whole repository again" in said
    assert machine.ran == []


def test_wrong_arguments_exit_with_2(machine, capsys):
    for arguments in ([], ["run"]):
        with pytest.raises(SystemExit) as exit_:
            machine(*arguments)
        assert exit_.value.code == 2
    assert "lab" in capsys.readouterr().err


def test_a_console_without_some_signs_is_no_reason_to_stop(machine, monkeypatch):
    console = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", console)
    machine.broken = {CPU, PLAIN}
    assert machine("lab") == 1
    console.flush()
    assert b"no route to ?" in console.buffer.getvalue()


def test_a_real_step_shows_the_end_of_what_it_said():
    course = load_script(ROOT / "course.py")
    code = "import sys; print(*range(99), sep='\\n'); print('boom', file=sys.stderr); sys.exit(3)"
    with pytest.raises(course.StepError) as error:
        course.step("counting", [sys.executable, "-c", code], "count again")
    assert error.value.reason == "boom"
    lines = str(error.value).splitlines()
    assert lines[0] == "counting failed."
    assert lines[-3:] == ["    98", "    boom", "  What to do: count again"]
    assert len(lines) == 16


def test_here_says_that_the_notebooks_would_not_find_the_package(machine, monkeypatch, capsys):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    monkeypatch.setattr(sys, "path", [str(ROOT)])
    assert machine("lab", "--here") == 1
    assert "pip install --no-deps --editable ." in capsys.readouterr().out
    monkeypatch.setattr(sys, "path", ["", str(ROOT)])  # by PYTHONPATH, say
    assert machine("lab", "--here") == 0


def test_nothing_sends_packages_elsewhere_than_the_environment(machine, monkeypatch):
    bad = dict.fromkeys(MISLEADING, "1")
    good = {"PIP_INDEX_URL": "https://mirror.example/simple", "PIP_CERT": "/our.pem"}
    for name, value in {**bad, **good}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    assert machine("lab") == 0
    for given in (*machine.environments, machine.watched[0][1]):
        assert good.items() <= given.items()
    for given in machine.environments:
        assert not set(MISLEADING) & set(given)
    assert not {name for name in MISLEADING if name.startswith("PY")} & set(machine.watched[0][1])


def test_an_index_may_be_left_out_where_there_are_wheels(machine, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "/usb/wheels")
    assert machine.course.set_up_environment()["PIP_NO_INDEX"] == "1"


@pytest.mark.parametrize(
    "line", ["global.user='true'", "install.target='/x'", "global.prefix='/x'"]
)
def test_pip_conf_that_sends_packages_elsewhere_is_not_read_but_its_network_is(
    machine, monkeypatch, line
):
    monkeypatch.delenv("PIP_PROXY", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://in.the.shell/")
    machine.pip_config = (
        f"{line}\nglobal.proxy='http://school:3128'\nglobal.index-url='https://in.the.file/'\n"
        "global.extra-index-url='https://one https://two'\n:env:.user='1'\nfreeze.timeout='1'\n"
    )
    assert machine("lab") == 0
    venv, *of_pip = machine.environments
    assert "PIP_CONFIG_FILE" not in venv  # there is no pip yet; venv takes no settings
    for given in of_pip:
        assert given["PIP_CONFIG_FILE"] == os.devnull
        assert given["PIP_PROXY"] == "http://school:3128"
        assert given["PIP_INDEX_URL"] == "https://in.the.shell/"  # as pip would have it
        assert given["PIP_EXTRA_INDEX_URL"] == "https://one https://two"
        assert not {"PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_TIMEOUT"} & set(given)


def test_pip_conf_that_does_no_harm_is_left_alone(machine):
    machine.pip_config = "global.constraint='/etc/constraints.txt'\nglobal.cert='/our.pem'\n"
    assert machine("lab") == 0
    assert not any("PIP_CONFIG_FILE" in given for given in machine.environments)


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (
            "ERROR: Can not perform a '--user' install. User site-packages are not",
            "pip config list",
        ),
        ("ERROR: ResolutionImpossible: for help visit", "constraint"),
        ("ERROR: Could not install: [Errno 28] No space left on device", "make room"),
        ("PermissionError: [WinError 32] The process cannot access the file", "close JupyterLab"),
        ("OSError: [Errno 13] Permission denied: '/x/.venv/lib'", "may write"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "PIP_CERT"),
        ("FileNotFoundError: [WinError 206] The filename or extension is too long", "shorter path"),
        ("ERROR: Could not find a version that satisfies the requirement numpy", "connection"),
    ],
)
def test_the_advice_fits_what_was_said(machine, monkeypatch, capsys, said, advice):
    def fails(*_, **__):
        return SimpleNamespace(returncode=1, stdout=f"Looking …\n{said}\nsee https://pip.pypa.io\n")

    monkeypatch.setattr(machine.course.subprocess, "run", fails)
    assert machine("lab") == 1
    advised = capsys.readouterr().out.partition("What to do: ")[2]
    if advice == "connection":  # the first step is venv's, which has an advice of its own
        assert "python3-venv" in advised
    else:
        assert advice in advised


def test_a_killed_step_and_killed_tests_are_said_to_be_killed(machine, monkeypatch, capsys):
    machine.codes = {"tests": -9}
    assert machine("test", "--here") == 1
    assert (
        "ser_helpers: FAILED (killed by signal 9; if it is 9, there was" in capsys.readouterr().out
    )
    killed = SimpleNamespace(returncode=-9, stdout="Collecting torch\n")
    monkeypatch.setattr(machine.course.subprocess, "run", lambda *_, **__: killed)
    assert machine("lab") == 1
    said = capsys.readouterr().out
    assert "too little memory" in said
    assert "What to do: close other programs" in said


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_made(
    machine, monkeypatch, capsys
):
    real = machine.course.why_not_writable
    refused = lambda _: "Read-only file system"  # noqa: E731
    machine.course.why_not_writable = refused
    assert machine("lab") == 1
    assert machine.ran == []
    said = capsys.readouterr().out
    assert f"nothing can be written to {machine.folder} (Read-only file system): copy" in said
    machine.course.why_not_writable = real
    assert machine("lab") == 0
    machine.course.why_not_writable = refused
    capsys.readouterr()
    assert machine("lab") == 0  # what an administrator has set up can be used
    assert "SER_WORK" in capsys.readouterr().out
    monkeypatch.delenv("SER_WORK", raising=False)
    assert machine("test") == 0
    work = machine.watched[-1][1]["SER_WORK"]
    assert not work.startswith(str(machine.folder))
    shutil.rmtree(work)


def test_what_cannot_be_written_is_found_out(machine, tmp_path):
    assert machine.course.why_not_writable(str(tmp_path)) is None
    assert list(tmp_path.iterdir()) == [machine.folder]
    (tmp_path / "file").touch()
    assert machine.course.why_not_writable(str(tmp_path / "file"))


@pytest.mark.skipif(os.name == "nt", reason="there the sign is not allowed in names")
def test_a_folder_that_no_environment_can_be_in_is_named(tmp_path, monkeypatch, capsys):
    odd = Machine(tmp_path / "course: ümlaut & space", monkeypatch)
    assert odd("lab") == 1
    assert odd.ran == []
    assert "the character : in a path" in capsys.readouterr().out


def test_a_folder_that_is_copied_to_the_internet_is_warned_of(tmp_path, monkeypatch, capsys):
    synced = Machine(tmp_path / "OneDrive - Schule" / "course", monkeypatch)
    assert synced("lab") == 0
    assert "copied to the internet" in capsys.readouterr().out
    assert synced("lab") == 0
    assert "copied" not in capsys.readouterr().out  # said once


def test_what_was_meant_for_other_pythons_does_not_reach_the_notebooks(
    machine, monkeypatch, capsys
):
    for name in ("PYTHONPATH", "PYTHONSTARTUP", "MPLBACKEND"):
        monkeypatch.setenv(name, "of_old")
    assert machine("lab") == 0
    assert not {"PYTHONPATH", "PYTHONSTARTUP", "MPLBACKEND"} & set(machine.watched[0][1])
    assert "PYTHONPATH is left out" in capsys.readouterr().out
    assert machine("lab", "--here") == 0
    assert machine.watched[1][1]["PYTHONPATH"] == "of_old"  # this Python as it is
    assert "MPLBACKEND" not in machine.watched[1][1]


def test_a_reader_that_leaves_ends_nothing():
    """As `python course.py lab | head -1` does it."""
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
import course
for number in range(100_000):
    course.say("line %d" % number)
print("all done", file=sys.stderr)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stdout.readline().split() == [b"course:", b"line", b"0"]
    child.stdout.close()
    assert child.stderr.read().split() == [b"all", b"done"]
    child.stderr.close()
    assert child.wait() == 0


@pytest.mark.parametrize(
    ("what", "package"), [("lab", "jupyterlab"), ("test", "nbval"), ("test", "tensorflow")]
)
def test_here_says_what_the_running_python_lacks(
    with_tensorflow, monkeypatch, capsys, what, package
):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == package else name)
    more = ["--tensorflow"] if package == "tensorflow" else []
    assert with_tensorflow(what, "--here", *more) == 1
    said = capsys.readouterr().out
    assert f"has no {package}: leave out --here" in said and "pip install" in said


@pytest.mark.parametrize("words", [["--help"], ["class", "-h"], ["--here", "-h"]])
def test_a_script_is_asked_for_its_own_help(monkeypatch, words):
    course = load_script(ROOT / "course.py")
    ran = []
    for name in ("set_up", "check_here"):
        monkeypatch.setattr(course, name, lambda *_: None)
    monkeypatch.setattr(course, "wait_for", lambda command, *_: ran.append(command) or 0)
    monkeypatch.setattr(sys, "argv", ["course.py", "grade", *words])
    assert course.main() == 0
    ((_, script, *given),) = ran
    assert script.endswith(os.path.join("classroom", "grade.py")) and given[-1] == "--help"


def test_course_py_itself_is_asked_for_its_help(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["course.py", "--help"])
    with pytest.raises(SystemExit):
        load_script(ROOT / "course.py").main()
    assert "usage: course.py" in capsys.readouterr().out
