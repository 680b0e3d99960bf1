"""The check is short when all is well, and otherwise says what is wrong and what to do."""

import io
import os
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import ROOT
from jupyter_client import kernelspec

from ser_helpers import check, terminal


@pytest.fixture(autouse=True)
def demo_voices(monkeypatch):
    monkeypatch.setenv("SER_DATA", "demo")


def pretend_installed(monkeypatch, **versions: str | None) -> None:
    """Let some packages seem to have other versions, or to be missing (None)."""
    real = metadata.version

    def version(name: str) -> str:
        if (told := versions.get(name.replace("-", "_"), "")) is None:
            raise metadata.PackageNotFoundError(name)
        return told or real(name)

    monkeypatch.setattr(check.metadata, "version", version)


def test_a_ready_machine_gets_about_ten_lines_and_exit_code_0(capsys):
    assert check.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert 8 <= len(lines) <= 12
    assert all(line.startswith("ok ") for line in lines[:-1])
    assert lines[-1] == "This machine is ready."
    names = [line.split()[1] for line in lines[:-1]]
    assert names == [
        "Python", "packages", "sound", "features", "figures", "PyTorch", "notebooks", "disk",
        "work", "memory", "corpus",
    ]  # fmt: skip
    text = "\n".join(lines)
    for word in (f"librosa {metadata.version('librosa')}", "libsndfile", "GB free", "synthetic"):
        assert word in text


def test_packages_missing_or_outside_their_ranges_have_a_line_and_a_remedy_each(
    monkeypatch, capsys
):
    pretend_installed(monkeypatch, seaborn=None, librosa="0.8.1", scikit_learn="9.0")
    assert check.main([]) == 1
    out = capsys.readouterr().out
    assert "BAD  seaborn    not installed, >=0.13.2,<1 needed\n     what to do run `python" in out
    assert "BAD  librosa    0.8.1 is outside >=0.11,<2\n     what to do" in out
    assert "BAD  scikit-learn 9.0 is outside" in out
    assert "Not ready: 3 to mend" in out
    assert "within their ranges" not in out


def test_on_colab_nothing_is_asked_for_that_colab_has_or_needs_not(monkeypatch):
    everywhere = check.groups()
    pretend_installed(monkeypatch, mypy=None, nbval=None, ipython="7.34.0", keras="3.8.0")
    assert any(not line.ok for line in check.packages())
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())
    assert check.required().keys() == everywhere["road"].keys() | everywhere["further"].keys()
    (line,) = check.packages()
    assert line.ok and not line.remedy
    pretend_installed(monkeypatch, distributed=None)
    (_, line) = check.packages()
    assert "distributed missing" in line.found and "notebooks 11 to 13" in line.found


def test_what_only_an_extra_needs_is_no_obstacle(monkeypatch, capsys):
    pretend_installed(monkeypatch, keras=None, pyarrow="1.0", jupytext=None)
    packages, further, test = check.packages()
    assert packages.ok and further.ok and test.ok
    n = len(check.required())
    assert packages.found.startswith(f"{n - 3} of {n} within their ranges: librosa")
    start = "--   further    keras, pyarrow missing or outside the range; needed for notebooks 11"
    assert str(further).startswith(start)
    assert 'pip install "keras>=3.12,<4" "pyarrow>=18,<30"' in str(further).splitlines()[1]
    assert "the tests" in test.found
    assert check.main([]) == 0
    assert capsys.readouterr().out.endswith("This machine is ready.\n")


def test_hardly_anything_installed_is_one_line(monkeypatch):
    pretend_installed(monkeypatch, **dict.fromkeys(["numpy", "torch", "pandas", "scipy", "tqdm"]))
    (line,) = check.packages()
    assert not line.ok
    assert line.remedy.startswith("run `python course.py lab`")
    many = f"5 of {len(check.required())} missing or outside their ranges"
    assert line.found == f"{many}: numpy, scipy, pandas, torch, tqdm"


def test_an_installed_package_without_the_repository_knows_its_requirements(monkeypatch, tmp_path):
    """As pip writes them, setuptools having put the extras into markers."""
    beside = check.groups()
    lines = [f"{name}{range_}" for name, range_ in beside["road"].items()]
    lines += [
        f'{name}{range_}; extra == "{extra}"'
        for extra in check.EXTRAS
        for name, range_ in beside[extra].items()
    ]
    lines += ['colorama>=1; sys_platform == "win32"', "pip (>=20) ; extra == 'docs'"]
    monkeypatch.setattr(check.metadata, "requires", lambda _: lines)
    monkeypatch.setattr(check, "__file__", str(tmp_path / "ser_helpers" / "check.py"))
    installed = check.groups()
    assert installed.pop("docs") == {"pip": ">=20"}
    assert installed == beside
    pretend_installed(monkeypatch, jupyterlab=None)
    packages, notebooks = check.packages()  # the commands need none
    assert packages.ok and notebooks.ok
    assert "jupyterlab missing" in notebooks.found
    monkeypatch.setitem(sys.modules, "jupyter_client.kernelspec", None)
    assert check.kernel().ok
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "jupyter_client.kernelspec", None)
    assert not check._guarded("notebooks", check.kernel, "").ok  # a checkout has notebooks


def test_a_broken_package_is_a_line_and_not_a_traceback(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)  # as if it could not be imported

    def crash(*_, **__):
        raise OSError("cannot load library 'libsndfile.so'")

    monkeypatch.setattr("soundfile.write", crash)
    lines = {line.name: line for line in check.run()}
    assert not lines["PyTorch"].ok
    assert "ModuleNotFoundError" in lines["PyTorch"].found
    assert "cannot load library" in lines["sound"].found
    assert "libsndfile" in lines["sound"].remedy
    assert lines["features"].ok


@pytest.mark.parametrize("content", [None, "nothing.txt", "1001_IEO_ANG_HI.wav"])
def test_a_corpus_that_cannot_be_opened_says_why(monkeypatch, tmp_path, capsys, content):
    folder = tmp_path / "voices"
    if content:
        folder.mkdir()
        (folder / content).write_text("no sound")
    monkeypatch.setenv("SER_DATA", str(folder))
    assert check.main([]) == 1
    out = capsys.readouterr().out
    assert f"BAD  corpus     cannot be opened (SER_DATA is {str(folder)!r})" in out
    reason = {None: "there is no folder", "nothing.txt": "only files ending in .txt"}
    assert reason.get(content, "it begins with b'no sound'") in out
    assert "Not ready: 1 to mend" in out


def test_too_little_disk_or_memory(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0.2e9))
    monkeypatch.setattr(check, "memory_bytes", lambda: 0.9e9)
    lines = {line.name: line for line in check.run()}
    assert str(lines["disk"]).startswith("BAD  disk       0.2 GB free, 1 GB needed\n")
    assert "make room" in lines["disk"].remedy
    assert lines["memory"].found.startswith("0.9 GB")
    assert "Colab" in lines["memory"].remedy
    assert check.disk(needed_gb=0.1).ok


def test_memory_is_that_of_the_container_if_it_has_less(monkeypatch):
    here = check.memory_bytes()
    assert 0.5e9 < here < 1e14
    if os.name == "nt":
        return
    read_text = Path.read_text

    def limited(path, *args, **kwargs):
        return "1000000000\n" if path.name == "memory.max" else read_text(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", limited)
    assert check.memory_bytes() == 1_000_000_000


def test_a_kernel_of_another_environment_is_found_out(monkeypatch, tmp_path):
    other = tmp_path / "bin" / "python"
    other.parent.mkdir()
    if os.name == "nt":
        other.touch()
    else:
        other.symlink_to(sys.executable)  # as every environment of one Python has it
    spec = SimpleNamespace(argv=[str(other), "-m", "ipykernel_launcher"])
    monkeypatch.setattr(kernelspec.KernelSpecManager, "get_kernel_spec", lambda *_: spec)
    line = check.kernel()
    assert not line.ok
    assert str(other) in line.found
    assert "python course.py lab" in line.remedy
    spec.argv[0] = sys.executable
    assert check.kernel().ok
    spec.argv[0] = "python"  # found by the PATH, which course.py sets
    assert check.kernel().ok


@pytest.mark.parametrize(
    ("version", "ok"), [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False)]
)
def test_the_range_of_pythons(monkeypatch, version, ok):
    monkeypatch.setattr(check.sys, "version_info", (*version, 0))
    assert check.python().ok == ok
    assert ("3.12" in check.python().remedy) == (not ok)


@pytest.mark.parametrize(("arguments", "code"), [(["--help"], 0), (["-h"], 0), (["--fast"], 2)])
def test_arguments(arguments, code, capsys):
    assert check.main(arguments) == code
    assert capsys.readouterr().out.startswith("usage: ")


def test_a_console_without_some_signs_is_no_reason_to_stop(monkeypatch):
    console = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", console)
    assert terminal.run(lambda: check.main([]), name="check") == 0
    console.flush()
    assert b"demo voices (synthetic) ? " in console.buffer.getvalue()


def test_it_speaks_where_nothing_is_installed(tmp_path):
    """A Python that sees the package's files and its own library, and nothing else."""
    environment = dict(os.environ, PYTHONPATH=str(ROOT), PYTHONIOENCODING="ascii")
    command = [sys.executable, "-S", "-m", "ser_helpers.check"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    n = len(check.required())
    assert f"{n} of {n} missing" in done.stdout
    assert "what to do run `python course.py lab`" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["librosa.py", "random.py", "torch/__init__.py"])
def test_a_file_that_hides_a_package_is_named(tmp_path, monkeypatch, name):
    (path := tmp_path / name).parent.mkdir(exist_ok=True)
    path.write_text("x = 1\n")
    (tmp_path / "my_own.py").touch()
    monkeypatch.chdir(tmp_path)
    (line,) = check.hidden()
    assert not line.ok
    assert f"{tmp_path / name.split('/')[0]} hides the package" in line.found
    assert "rename it" in line.remedy


def run_check(folder: Path, **variables: str) -> subprocess.CompletedProcess:
    environment = dict(os.environ, SER_DATA="demo", SER_WORK=str(folder / "work"), **variables)
    environment.setdefault("PYTHONPATH", str(ROOT))
    command = [sys.executable, "-m", "ser_helpers.check"]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("name", ["random", "platform", "numba"])  # at once, later, not of ours
def test_the_command_names_what_hides_a_module_whenever_it_is_imported(tmp_path, name):
    (tmp_path / f"{name}.py").write_text("x = 1\n")
    done = run_check(tmp_path, PYTHONPATH=str(ROOT))
    assert done.returncode == 1
    assert done.stderr == ""
    assert f"{tmp_path / name}.py hides" in done.stdout
    assert f"rename it, for instance to my_{name}.py" in done.stdout


def test_files_that_hide_nothing_are_not_named(tmp_path, monkeypatch):
    for name in ("test.py", "turtle.py", "sys.py", "os.py", "my_own.py", "random.txt"):
        (tmp_path / name).touch()
    (tmp_path / "torch").mkdir()  # a folder that is no package comes after those that are
    monkeypatch.chdir(tmp_path)
    assert check.hidden() == []


def test_a_folder_of_another_python_is_named(tmp_path, monkeypatch):
    for folder in ("ros", "environment"):
        for name in ("numpy", "rospy"):
            (package := tmp_path / folder / name).mkdir(parents=True)
            (package / "__init__.py").touch()
    ros, environment = str(tmp_path / "ros"), str(tmp_path / "environment")
    monkeypatch.setenv("PYTHONPATH", ros)
    monkeypatch.setattr(sys, "path", [ros, environment])
    (line,) = check.hidden()
    assert f"PYTHONPATH names {ros}, which hides numpy of this Python" in line.found
    monkeypatch.setattr(sys, "path", [ros])  # where nothing else has it, it hides nothing
    assert check.hidden() == []


def test_a_backend_that_a_file_asks_for_is_named(tmp_path):
    (tmp_path / "matplotlibrc").write_text("font.size: 9\nbackend : gtk4agg  # of old\n")
    look = "from ser_helpers import check; print(check.figures())"
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    environment |= {"PYTHONPATH": str(ROOT), "DISPLAY": ":99"}
    fake = "import matplotlib.pyplot as plt\ndef figure(): raise ImportError('no gtk')\n"
    code = f"{fake}plt.figure = figure\n{look}"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (
        f"BAD  figures    {tmp_path / 'matplotlibrc'} asks for the backend 'gtk4agg'" in done.stdout
    )


def test_a_backend_of_an_old_profile_is_named():
    environment = dict(os.environ, MPLBACKEND="Qt4Agg", PYTHONPATH=str(ROOT), SER_DATA="demo")
    look = "from ser_helpers import check; print(check.figures())"
    done = subprocess.run(
        [sys.executable, "-c", look], env=environment, capture_output=True, text=True
    )
    assert done.stdout.startswith("BAD  figures    MPLBACKEND is 'Qt4Agg'")
    assert "unset MPLBACKEND" in done.stdout
    road = [sys.executable, "-m", "ser_helpers", "--help"]
    assert subprocess.run(road, env=environment, capture_output=True).returncode == 0


def test_a_place_that_cannot_be_written_is_said_beforehand(monkeypatch, tmp_path):
    monkeypatch.setenv("SER_WORK", str(tmp_path / "deep" / "work"))
    assert check.work().ok
    assert not (tmp_path / "deep").exists()
    (tmp_path / "deep" / "work" / "features").mkdir(parents=True)
    real = tempfile.TemporaryFile

    def refuse(*, dir: Path, only: str):
        if Path(dir).name == only:
            raise OSError(30, "Read-only file system")
        return real(dir=dir)

    for only in ("work", "features"):  # made by an administrator, or by a container as root
        monkeypatch.setattr(tempfile, "TemporaryFile", partial(refuse, only=only))
        line = check.work()
        assert not line.ok
        assert f"{only} cannot be written to (Read-only file system)" in line.found
        assert "SER_WORK=" in line.remedy
    monkeypatch.setenv("SER_WORK", str(Path(__file__) / "work"))
    assert "Not a directory" in check.work().found or os.name == "nt"


def test_a_place_where_no_kernel_can_start_is_said_beforehand(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "file" / "runtime"))
    line = check.kernel()
    assert not line.ok
    assert "JUPYTER_RUNTIME_DIR" in line.remedy


def test_room_is_that_of_the_disk_which_holds_the_working_folder(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setenv("SER_WORK", str(tmp_path / "not" / "yet"))
    usage = lambda place: asked.append(place) or SimpleNamespace(free=9e9)  # noqa: E731
    monkeypatch.setattr(shutil, "disk_usage", usage)
    assert check.disk().ok
    assert asked == [tmp_path]


def test_compiled_code_without_a_place_gets_the_right_advice():
    def fails():
        raise RuntimeError("cannot cache function '__o_fold': no locator available")

    assert "NUMBA_CACHE_DIR" in check._guarded("features", fails, "").remedy
