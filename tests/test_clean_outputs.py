"""What pre-commit runs: stored outputs are clean, and each kind of dirt is found."""

import json
import sys

import pytest
import yaml
from conftest import ROOT, load_script

tool = load_script(ROOT / "tools" / "clean_outputs.py")


def notebook(**output) -> dict:
    return {"cells": [{"cell_type": "markdown"}, {"cell_type": "code", "outputs": [output]}]}


def found(user: str = "meier", **output) -> list[tuple[int, str]]:
    return list(tool.dirt(notebook(**output), user))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("kept in /home/anna/ser/work\n", "/home/anna/ser/work"),
        ("PosixPath('/Users/anna/a b.wav')", "/Users/anna/a"),
        ("see /tmp/x_1.", "/tmp/x_1."),
        (r"C:\Users\anna\ser.wav: no such file", r"C:\Users\anna\ser.wav:"),
        (r"WindowsPath('D:\\data\\x')", r"D:\\data\\x"),
        ("D:/data/x.wav", "D:/data/x.wav"),
        ("file:///srv/x", "file:///srv/x"),
    ],
)
def test_a_path_is_found_in_every_kind_of_text(text, path):
    expected = [(1, f"a path: {path}")]
    assert found(output_type="stream", name="stdout", text=[text]) == expected
    assert found(output_type="execute_result", data={"text/plain": text}) == expected
    assert found(output_type="error", traceback=[text]) == expected


@pytest.mark.parametrize(
    "text",
    [
        "work/test and notebooks/00.ipynb", "https://a.org/home/x/y", "m/s, and/or, 3 /work",
        "<b>x</home/y>", "a:b x:\\n", "ratio C:D", "data:audio/wav;base64,AA/home/meier/BB==",
    ],
)  # fmt: skip
def test_what_is_no_path_is_left_alone(text):
    assert found(output_type="display_data", data={"text/html": text}) == []


def test_a_picture_is_no_text():
    assert found(output_type="display_data", data={"image/png": "/home/meier/x"}) == []


def test_the_users_name_is_found_but_not_within_words_and_not_a_machines():
    assert found(data={"text/plain": "hello meier_2"}) == [
        (1, "the name of the user who ran it: meier")
    ]
    assert found(data={"text/plain": "Hausmeierei"}) == []
    assert found("root", data={"text/plain": "the root of it"}) == []


def test_a_warning_is_found():
    ((cell, what),) = found(name="stderr", text="x.py:1: UserWarning: no\n  speech\n")
    assert (cell, what) == (1, "a warning (stderr):   speech")


def test_the_command_tells_file_and_cell(tmp_path, monkeypatch, capsys):
    clean, dirty = tmp_path / "clean.ipynb", tmp_path / "dirty.ipynb"
    clean.write_text(json.dumps(notebook(text="fine")))
    dirty.write_text(json.dumps(notebook(text="/home/anna/x /home/anna/x")))
    monkeypatch.setattr(sys, "argv", ["clean_outputs.py", str(clean)])
    assert tool.main() == 0
    monkeypatch.setattr(sys, "argv", ["clean_outputs.py", str(clean), str(dirty)])
    assert tool.main() == 1
    assert f"{dirty}, cell 1: a path: /home/anna/x\nMend" in capsys.readouterr().out


def test_the_courses_own_notebooks_are_clean(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["clean_outputs.py"])
    assert tool.main() == 0, capsys.readouterr().out


def test_pre_commit_has_the_locks_ruff_and_runs_what_exists():
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (repo,) = yaml.safe_load(text)["repos"]
    hooks = {hook["id"]: hook for hook in repo["hooks"]}
    assert set(hooks) == {"ruff-check", "ruff-format", "clean-outputs", "notebook-form"}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    for name in ("ruff-check", "ruff-format"):
        (ruff,) = hooks[name]["additional_dependencies"]
        assert ruff in lock
    for hook in hooks.values():
        for word in hook["entry"].split():
            assert (ROOT / word).exists() or not word.endswith(".py"), word
