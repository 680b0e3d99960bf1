"""On Colab: what is lacking is added, and nothing that is there may be changed."""

import re
import subprocess
import sys
from importlib import metadata
from types import SimpleNamespace

import pytest

from ser_helpers import check, colab


@pytest.fixture(autouse=True)
def on_colab(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", SimpleNamespace())


@pytest.fixture
def lacking(monkeypatch):
    """Pretend that some packages are not installed."""

    def pretend(*names):
        real = metadata.version

        def version(name):
            if name in names:
                raise metadata.PackageNotFoundError(name)
            return real(name)

        monkeypatch.setattr(colab.metadata, "version", version)

    return pretend


@pytest.fixture
def pip(monkeypatch):
    """Catch what pip would be asked; it fails if told to."""
    asked = SimpleNamespace(commands=[], held=[], code=0, output="")

    def run(command, **_):
        asked.commands.append(command)
        with open(command[command.index("--constraint") + 1], encoding="utf-8") as file:
            asked.held = file.read().split()
        return subprocess.CompletedProcess(command, asked.code, asked.output)

    monkeypatch.setattr(colab.subprocess, "run", run)
    return asked


def test_nothing_is_done_where_nothing_is_missing(pip, capsys):
    colab.add_missing()
    assert (pip.commands, capsys.readouterr().out) == ([], "")


def test_distributed_comes_in_the_version_of_colabs_dask(lacking, pip, capsys):
    lacking("distributed")
    colab.add_missing()
    (command,) = pip.commands
    assert command[-1] == f"distributed=={metadata.version('dask')}"
    assert capsys.readouterr().out == f"added: {command[-1]}\n"


def test_what_is_installed_is_held_whatever_its_version(lacking, pip):
    lacking("distributed", "pyarrow")
    colab.add_missing()
    (command,) = pip.commands
    assert command[-2:] == [colab.missing()[0], "pyarrow"]
    held = dict(line.split("==") for line in pip.held)
    for name in ("numpy", "torch", "pandas", "ipywidgets", "ipython"):
        assert held[name] == metadata.version(name)
        assert not any(re.match(rf"{name}\b", each) for each in command[4:])


def test_a_failure_is_told_and_stops_nobody(lacking, pip, capsys):
    lacking("distributed")
    pip.code, pip.output = 1, "Collecting\nERROR: ResolutionImpossible\n"
    colab.add_missing()
    said = capsys.readouterr().out
    assert "could not be added (ERROR: ResolutionImpossible); the notebooks 00 to 10" in said


def test_colab_is_asked_for_the_road_and_the_further_notebooks_only():
    assert "nbval" not in check.required() and "distributed" in check.required()
