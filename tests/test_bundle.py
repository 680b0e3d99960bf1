"""A room without internet: what `bundle` packs is all that `lab --offline` and `test` need.

A small course with three tiny wheels stands for the real one, so that pip and venv really run.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import bundle as bundler
import pytest
from conftest import ROOT, load_script

BACKEND = """\
import shutil


def build_editable(folder, config_settings=None, metadata_directory=None):
    return shutil.copy("ser_helpers-0-py3-none-any.whl", folder).rpartition("/")[2]
"""


def wheel(folder: Path, name: str, code: str, *, version: str = "1", tag: str = "any") -> Path:
    """Write a wheel with one module."""
    about = f"{name}-{version}.dist-info"
    path = folder / f"{name}-{version}-py3-none-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", code)
        archive.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        archive.writestr(
            f"{about}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-{tag}\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return path


@pytest.fixture
def index(tmp_path) -> Path:
    """A folder that stands for the package index."""
    folder = tmp_path / "index"
    folder.mkdir()
    wheel(folder, "torch", "")
    wheel(folder, "jupyterlab", "import sys\nprint('opened', *sys.argv[1:])\n")
    return folder


@pytest.fixture
def course(tmp_path, index, monkeypatch) -> Path:
    """A small course; what it installs comes from ``index``, and nothing from the network."""
    folder = tmp_path / "the course"
    for name in ("ser_helpers", "tests", "notebooks", "work", ".venv/lib", "data/CREMA-D"):
        (folder / name).mkdir(parents=True)
    (folder / "notebooks" / "00_start_here.ipynb").write_text("{}")
    (folder / "work" / "mine.txt").write_text("a learner's")
    (folder / "requirements.txt").write_text("torch\n")
    (folder / "requirements.lock").write_text(
        '# tested\ntorch==1\njupyterlab==1\nlibrosa==9 ; python_version < "3"\n'
    )
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "ser-helpers"\nversion = "0"\n'
    )
    (folder / "backend.py").write_text(BACKEND)
    wheel(folder, "ser_helpers", "", version="0")
    shutil.copy(ROOT / "course.py", folder)
    monkeypatch.setattr(bundler, "ROOT", folder)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", index.as_uri())
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def without_network() -> list[str]:
    """Return the command that takes the network away, where this system has it and lets us."""
    command = ["unshare", "-n"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], check=False).returncode:
        return []
    return command


def test_lab_is_set_up_from_a_bundle_alone(course, tmp_path, index, monkeypatch, capfd):
    clips = tmp_path / "CREMA-D"
    clips.mkdir()
    (clips / "1001_IEO_ANG_HI.wav").write_bytes(b"RIFF")
    to = tmp_path / "USB stick"
    assert bundler.main([str(to), "--data", str(clips)]) == 0
    assert files(to / "wheels") == {
        "torch-1-py3-none-any.whl",
        "jupyterlab-1-py3-none-any.whl",
    }
    packed = files(to / "course")
    assert {"course.py", "requirements.lock", "data/CREMA-D/1001_IEO_ANG_HI.wav"} <= packed
    assert not any(name.startswith((".venv", "work")) for name in packed)
    assert "Python {}.{}".format(*sys.version_info) in (to / "README.txt").read_text()

    shutil.rmtree(index)
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name)
    here = shutil.copytree(to / "course", tmp_path / "a learner's copy")
    command = [*without_network(), sys.executable, str(here / "course.py"), "lab"]
    done = subprocess.run([*command, "--offline", str(to)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "opened --LabApp.default_url=" in done.stdout
    assert "trying the next way" not in done.stdout
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 0 and "installing" not in again.stdout  # from now on without it


def test_what_is_there_is_not_replaced_and_a_stopped_run_goes_on(course, tmp_path, capsys):
    to = tmp_path / "to"
    (to / "wheels").mkdir(parents=True)
    (to / "wheels" / "torch-1-py3-none-any.whl").write_bytes(b"kept")
    (to / "notes.txt").write_text("mine")
    assert bundler.main([str(to)]) == 1
    assert "holds notes.txt already, and nothing is replaced" in capsys.readouterr().err
    (to / "notes.txt").unlink()
    wheel(to / "wheels", "torch", "# the one that arrived yesterday")
    assert bundler.main([str(to)]) == 0
    assert b"yesterday" in zipfile.ZipFile(to / "wheels" / "torch-1-py3-none-any.whl").read(
        "torch.py"
    )
    assert bundler.main([str(to)]) == 1
    assert "holds README.txt, course already" in capsys.readouterr().err


def test_a_bundle_inside_the_course_does_not_hold_itself(course):
    assert bundler.main([str(course / "for_room_7")]) == 0
    assert "for_room_7" not in os.listdir(course / "for_room_7" / "course")


def test_what_cannot_be_had_is_said(course, tmp_path, index, capfd):
    assert bundler.main([str(tmp_path / "to"), "--data", str(tmp_path / "nothing")]) == 1
    assert "there is no folder" in capfd.readouterr().err
    (index / "jupyterlab-1-py3-none-any.whl").unlink()
    assert bundler.main([str(tmp_path / "to")]) == 1
    said = capfd.readouterr().err
    assert "No matching distribution found for jupyterlab==1" in said
    assert "run the same command again" in said
    assert files(tmp_path / "to") == {"wheels/torch-1-py3-none-any.whl"}


def test_other_systems_get_wheels_of_their_own(course, tmp_path, index, capfd, monkeypatch):
    monkeypatch.setattr(bundler, "only_there", lambda marks: ["onlythere==1"])
    (index / "torch-1-py3-none-any.whl").unlink()
    wheel(index, "torch", "", tag="linux_x86_64" if sys.platform == "linux" else "any")
    for tag in ("win_amd64", "macosx_11_0_arm64", "manylinux_2_17_x86_64"):
        wheel(index, "torch", "", tag=tag)
    wheel(index, "onlythere", "", tag="win_amd64")
    assert bundler.main([str(tmp_path / "to"), "--systems", "windows", "macos"]) == 1
    assert "for macos the package index has no wheel of onlythere==1" in capfd.readouterr().err
    packed = files(tmp_path / "to" / "wheels")
    assert {"torch-1-py3-none-win_amd64.whl", "onlythere-1-py3-none-win_amd64.whl"} <= packed
    assert "torch-1-py3-none-macosx_11_0_arm64.whl" in packed


def test_what_only_windows_needs_is_found():
    needed = bundler.only_there(bundler.SYSTEMS["windows"][1])
    assert any(line.startswith("colorama") for line in needed)
    assert any(line.startswith("pywinpty") for line in needed)


def test_a_folder_that_is_no_bundle_and_wheels_of_another_system_are_told(
    course, tmp_path, monkeypatch, capfd
):
    small = load_script(course / "course.py")
    monkeypatch.setattr(sys, "argv", ["course.py", "lab", "--offline", str(tmp_path)])
    assert small.main() == 1
    assert (
        "--offline needs the folder that `python course.py bundle FOLDER` made"
        in capfd.readouterr().out
    )
    (tmp_path / "wheels").mkdir()
    (course / ".venv" / "lib").rmdir()
    assert small.main() == 1
    said = capfd.readouterr().out
    assert "No matching distribution found for torch==1" in said
    assert f"README.txt in {tmp_path} says for which Python and system it was made" in said
