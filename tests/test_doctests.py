"""The examples in the docstrings run and print what they say: no network, nothing left behind."""

import doctest
from importlib import import_module

import pytest
from conftest import ROOT

MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "ser_helpers").rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SER_DATA", "demo")
    monkeypatch.setenv("SER_WORK", str(tmp_path / "work"))
    done = doctest.testmod(import_module(name), optionflags=OPTIONS)
    assert not done.failed, "see the output above"
