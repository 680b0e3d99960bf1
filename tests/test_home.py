"""The repository's address: the same everywhere, and one command moves all of it and back."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, load_script

tool = load_script(ROOT / "tools" / "home.py")
HERE = tool.home(ROOT)
NOT_OURS = {"_build", "build", "data", "node_modules", "work"}
TEXTS = {".cff", ".ipynb", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yml", ""}


def texts(root: Path) -> dict[str, str]:
    """Read every text of the repository that has an address of GitHub, Colab or Binder."""
    found = {}
    for folder, folders, files in os.walk(root):
        folders[:] = [
            name
            for name in folders
            if name not in NOT_OURS
            and not name.endswith(".egg-info")  # of an installation; git does not keep it
            and (not name.startswith(".") or name in (".ci", ".github"))
        ]
        for name in files:
            path = Path(folder, name)
            if path.suffix in TEXTS and name != ".git":
                content = path.read_bytes()
                if b"github" in content or b"mybinder" in content:
                    found[path.relative_to(root).as_posix()] = content.decode("utf-8")
    return found


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("fork")
    for name, text in texts(ROOT).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    return folder


def digests(root: Path) -> dict[str, str]:
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts(root).items()}


def test_every_launch_cell_link_and_the_citation_name_the_same_repository():
    everything = texts(ROOT)
    pattern = r"(?:colab\.research\.google\.com/github|mybinder\.org/v2/gh)/([\w.-]+/[\w.-]+)"
    for name, text in everything.items():
        if name.endswith((".md", ".ipynb")):
            assert set(re.findall(pattern, text)) <= {HERE}, name
            assert set(re.findall(r"git\+https://github\.com/([\w.-]+/[\w.-]+)", text)) <= {HERE}
    citation = everything["CITATION.cff"]
    assert f"repository-code: https://github.com/{HERE}\n" in citation
    assert f"url: {tool.pages(HERE)}\n" in citation
    assert tool.pages(HERE) in everything["README.md"]


def test_a_fork_keeps_no_old_address_and_can_go_back(copy):
    before, n = digests(copy), len(tool.move(copy, "anna-m/My.SER"))
    assert n > 40
    left = [name for name, text in texts(copy).items() if HERE in text or tool.pages(HERE) in text]
    assert left == []
    assert tool.home(copy) == "anna-m/My.SER"
    moved = texts(copy)
    assert "https://anna-m.github.io/My.SER/" in moved["README.md"]
    assert (
        "github/anna-m/My.SER/blob/main/notebooks/03_split.ipynb"
        in moved["notebooks/03_split.ipynb"]
    )
    assert len(tool.move(copy, HERE)) == n
    assert digests(copy) == before


def test_an_interrupted_move_goes_on(copy, monkeypatch):
    before, replace = digests(copy), os.replace

    def stop_at(source, target):
        if Path(target).name == "05_train.ipynb":
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(tool.os, "replace", stop_at)
    with pytest.raises(KeyboardInterrupt):
        tool.move(copy, "anna/ser")
    monkeypatch.undo()
    for part in copy.rglob("*.part"):
        part.unlink()
    assert tool.home(copy) == HERE
    tool.move(copy, "anna/ser")
    assert not any(HERE in text for text in texts(copy).values())
    tool.move(copy, HERE)
    assert digests(copy) == before


def test_other_repositories_stay():
    text = (
        "github.com/a/b github.com/a/b.git github.com/a/b2 github.com/a/b-c github.com/a/b.c x/a/b"
    )
    assert tool.moved(text, "a/b", "n/m") == text.replace("/a/b ", "/n/m ").replace(
        "/a/b.git", "/n/m.git"
    )
    assert tool.moved("(https://a.github.io/b/x)", "a/b", "N/n.github.io") == (
        "(https://n.github.io/x)"
    )


@pytest.mark.parametrize("address", ["anna/ser", "https://github.com/anna/ser.git", "anna/ser/"])
def test_a_whole_address_will_do(address):
    assert tool.parsed(address) == "anna/ser"


@pytest.mark.parametrize("address", ["anna", "gitlab.com/anna/ser", "anna/my ser", "-a/b", ""])
def test_what_is_no_repository_is_told(address):
    with pytest.raises(ValueError, match=r"write OWNER/NAME, e\.g\. anna/ser"):
        tool.parsed(address)


def test_the_command(tmp_path):
    (tmp_path / "tools").mkdir()
    script = shutil.copy(ROOT / "tools" / "home.py", tmp_path / "tools")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def run(*arguments):
        command = [sys.executable, script, *arguments]
        return subprocess.run(command, capture_output=True, text=True)

    assert f"at home at https://github.com/{HERE}; its web pages at" in run().stdout
    assert f"1 files now name anna/ser instead of {HERE}" in run("anna/ser").stdout
    assert f"python course.py home {HERE}" not in run("nonsense").stdout
    assert "write OWNER/NAME" in run("nonsense").stderr
    assert "github.com/anna/ser" in run().stdout
