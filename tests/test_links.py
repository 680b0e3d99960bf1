"""The weekly check of links: it tells what is gone from what only turns programs away."""

import json
import sys

import pytest
from conftest import ROOT, load_script
from little_server import serve, status

links = load_script(ROOT / "tools" / "links.py")


@pytest.fixture
def course(tmp_path):
    """Make a folder whose README and notebook link to a server here."""

    def make(*targets: str):
        (tmp_path / "README.md").write_text(
            " ".join(f"[a]({target})" for target in targets[::2]) + " [b](docs/x.md) `(http://no)`"
        )
        cells = [
            {"cell_type": "markdown", "source": [f"[c]({target})\n"]} for target in targets[1::2]
        ]
        cells.append({"cell_type": "code", "source": ["# [d](http://127.0.0.1:1/code)"]})
        (tmp_path / "notebooks").mkdir(exist_ok=True)
        (tmp_path / "notebooks" / "00.ipynb").write_text(json.dumps({"cells": cells}))
        return tmp_path

    return make


def run(folder, monkeypatch) -> int:
    monkeypatch.setattr(sys, "argv", ["links.py", str(folder)])
    return links.main()


def test_what_is_there_is_asked_once_whatever_part_of_it_is_meant(course, monkeypatch, capsys):
    with serve({"a_(b).html": b"x"}) as server:
        page = server.base + "a_(b).html"
        assert run(course(page, page + "#one"), monkeypatch) == 0
        assert server.count("a_(b).html") == 1
    assert capsys.readouterr().out == "1 addresses asked, 0 gone\n"


def test_what_is_gone_is_told_with_the_files_and_what_turns_away_is_no_failure(
    course, monkeypatch, capsys
):
    plays = {"shut": [status(403)], "busy": [status(503)]}
    with serve({"shut": b"", "busy": b""}, plays=plays) as server:
        gone, shut, busy = (server.base + name for name in ("gone", "shut", "busy"))
        assert run(course(shut, busy), monkeypatch) == 0
        assert run(course(gone, gone, shut), monkeypatch) == 1
    said = capsys.readouterr().out
    assert f"look: {shut} answers 403" in said and f"look: {busy} answers 503" in said
    assert f"GONE  {gone} answers 404 Not Found; in README.md, notebooks/00.ipynb" in said


def test_a_host_that_nobody_knows_is_gone_and_a_closed_door_is_not():
    assert links.ask("http://nobody.invalid/")[1]
    problem, gone = links.ask("http://127.0.0.1:9/", timeout=2)
    assert "no answer" in problem and not gone


def test_the_courses_own_pages_are_read():
    found = links.addresses(ROOT)
    assert len(found) > 30
    assert "https://doi.org/10.1109/TAFFC.2014.2336244" in found
    assert not any("mybinder.org/v2" in address for address in found)  # it would start a machine
    sources = {name.partition("/")[0] for files in found.values() for name in files}
    assert {"README.md", "notebooks", "classroom"} <= sources
