"""The whole road by one command: what it writes, what it returns, and what it never touches."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import SR, write_corpus

from ser_helpers import __main__ as road
from ser_helpers import data, files, predict, terminal, train

QUICK = train.TrainSettings(max_epochs=3, hidden=(8,))
KEYS = {
    "corpus", "synthetic", "n_clips", "n_actors", "n_set_aside", "protocol", "n_clips_scored",
    "n_actors_scored", "accuracy", "uar", "macro_f1", "baselines", "confusion", "classes",
}  # fmt: skip


def tree(*folders: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for folder in folders for p in folder.rglob("*") if p.is_file()}


def strict(path: Path) -> dict:
    """Read JSON as other languages do: NaN is not in it."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)


@pytest.fixture
def somewhere(tmp_path, monkeypatch) -> Path:
    """An empty folder to start from, which is no project."""
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    monkeypatch.delenv("SER_WORK", raising=False)
    return tmp_path


@pytest.fixture
def out(somewhere, cache, table) -> Path:
    """A folder for the results in which the features are there already, to be fast."""
    shutil.copytree(cache, "out/cache")
    return Path("out")


def test_the_true_command_writes_into_out_and_nowhere_else(corpus_folder, tmp_path):
    project = tmp_path / "project"  # its work/ and data/ must stay as they are
    for folder in ("work", "notebooks", "home"):
        (project / folder).mkdir(parents=True)
    (project / "course.py").touch()
    shutil.copytree(corpus_folder, project / "clips")
    before = tree(project)
    out = tmp_path / "out"
    environment = dict(os.environ, SER_DATA="clips", PYTHONIOENCODING="ascii")
    environment.pop("SER_WORK", None)
    done = subprocess.run(
        [sys.executable, "-m", "ser_helpers", "--out", str(out)],
        cwd=project / "notebooks",
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert tree(project) == before
    assert sorted(p.name for p in out.iterdir()) == [
        "cache", "confusion.png", "recogniser.npz", "report.json"
    ]  # fmt: skip
    report = strict(out / "report.json")
    assert set(report) == KEYS
    for line in ("Corpus: clips", "108 clips", "UAR", "chance", str(out / "report.json")):
        assert line in done.stdout
    answer = predict.predict_file(
        predict.load(out / "recogniser.npz"), next(corpus_folder.glob("*.wav"))
    )
    assert tuple(answer.index) == data.EMOTIONS


def test_the_report_says_what_was_measured(corpus_folder, out):
    report = road.run(corpus_folder, out, settings=QUICK)
    assert strict(out / "report.json") == report
    assert list(Path().iterdir()) == [out]
    assert (report["n_clips"], report["n_actors"], report["n_set_aside"]) == (108, 6, 0)
    assert report["corpus"] == corpus_folder.name
    assert report["synthetic"] is False
    assert report["protocol"] == "by speaker, seed 42, test part"
    assert (report["n_clips_scored"], report["n_actors_scored"]) == (18, 1)
    confusion = np.array(report["confusion"])
    assert confusion.sum() == 18
    assert report["accuracy"]["value"] == pytest.approx(confusion.trace() / 18, abs=1e-4)
    # One speaker was scored: there is no interval, and it does not pretend to have one.
    assert report["uar"]["low"] is report["uar"]["high"] is None
    assert (out / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_folds_score_every_clip_and_have_intervals(corpus_folder, out):
    report = road.run(corpus_folder, out, n_folds=3, settings=QUICK)
    assert report["protocol"] == "3 folds by speaker, seed 42"
    assert (report["n_clips_scored"], report["n_actors_scored"]) == (108, 6)
    for metric in ("accuracy", "uar", "macro_f1"):
        row = report[metric]
        assert 0 <= row["low"] <= row["value"] <= row["high"] <= 1
    assert report["baselines"]["chance"]["uar"] == pytest.approx(1 / 6, abs=1e-4)


@pytest.mark.parametrize("n_folds", [None, 3])
def test_a_random_split_is_named_as_such(corpus_folder, out, n_folds):
    report = road.run(corpus_folder, out, split_by="random", n_folds=n_folds, settings=QUICK)
    assert "random rows" in report["protocol"]
    assert report["n_actors_scored"] == 6  # the same people as in training


def test_the_same_seed_gives_the_same_report(corpus_folder, out):
    first = road.run(corpus_folder, out, settings=QUICK)
    fresh = Path("fresh")  # without a cache
    assert road.run(corpus_folder, fresh, settings=QUICK) == first
    for name in ("report.json", "confusion.png", "recogniser.npz"):
        assert (fresh / name).read_bytes() == (out / name).read_bytes(), name


def test_bad_clips_are_named_set_aside_and_counted(corpus_folder, out, capsys):
    folder = shutil.copytree(corpus_folder, Path("clips"))
    (folder / "holiday.wav").write_bytes(b"RIFF")
    (folder / "5001_IEO_ANG_XX.wav").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    soundfile.write(folder / "5002_IEO_ANG_XX.wav", np.zeros(SR), SR)
    report = road.run(folder, out, settings=QUICK)
    assert (report["n_clips"], report["n_set_aside"]) == (106, 3)
    said = capsys.readouterr().out
    assert said.count("set aside: ") == 3
    for reason in ("holiday.wav", "this is a pointer of 43 bytes", "5002_IEO_ANG_XX.wav is silent"):
        assert reason in said


def test_a_class_missing_is_no_obstacle(somewhere):
    folder = write_corpus(somewhere / "clips", actors=4, emotions=("ANG", "NEU", "SAD"))
    report = road.run(folder, "out", settings=QUICK)
    assert report["baselines"]["chance"]["uar"] == pytest.approx(1 / 3, abs=1e-4)
    assert np.array(report["confusion"])[[1, 2, 3]].sum() == 0
    assert predict.load("out/recogniser.npz").classes == ("ANG", "NEU", "SAD")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--data", "nowhere"], "there is no folder nowhere"),
        (["--data", "empty"], "nothing was found"),
        (["--data", "alone"], "1 speaker(s) cannot be split into train, validation and test"),
        (["--data", "alone", "--folds", "3"], "3 folds by speaker cannot be made"),
        (["--data", "alone", "--split", "random"], "too few to have each emotion in each part"),
        (["--data", "few", "--folds", "2"], "2 folds by speaker cannot be made"),
        (["--data", "few", "--folds", "0"], "0 folds by speaker cannot be made"),
        (["--data", "few", "--out", "file"], "; try another --out"),
        (["--data", "few", "--out", "file/under"], "; try another --out"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_exits_with_1_and_a_sentence(somewhere, capsys, arguments, says):
    Path("empty").mkdir()
    Path("file").touch()
    write_corpus(Path("alone"), actors=1, emotions=("ANG", "SAD"))
    write_corpus(Path("few"), actors=3, emotions=("ANG", "SAD"))
    assert road.main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith("ser_helpers: ")
    assert says in said
    assert "Traceback" not in said


@pytest.mark.parametrize("arguments", [["--folds", "many"], ["--split", "sex"], ["--fast"], ["x"]])
def test_wrong_arguments_exit_with_2(somewhere, capsys, arguments):
    with pytest.raises(SystemExit) as exit_:
        road.main(arguments)
    assert exit_.value.code == 2
    assert "usage: python -m ser_helpers" in capsys.readouterr().err
    assert list(Path().iterdir()) == []


def test_a_failure_leaves_the_older_report_whole(corpus_folder, out, monkeypatch):
    road.run(corpus_folder, out, settings=QUICK)
    before = tree(out)

    def full_disk(*_):
        raise OSError(28, "No space left on device", "out/report.json")

    monkeypatch.setattr(files.os, "replace", full_disk)
    assert road.main(["--data", str(corpus_folder), "--out", "out", "--folds", "3"]) == 1
    assert tree(out) == before


def test_what_cannot_be_written_is_said_before_anything_is_computed(
    corpus_folder, somewhere, monkeypatch, capsys
):
    monkeypatch.setattr(road, "why_not_writable", lambda _: "Read-only file system")
    monkeypatch.setattr(road.features, "extract", None)  # not called
    assert road.main(["--data", str(corpus_folder), "--out", "shared"]) == 1
    said = capsys.readouterr().err
    assert said == (
        "ser_helpers: shared cannot be written to (Read-only file system); try another --out\n"
    )
    assert not Path("shared").exists()


def test_a_recogniser_that_cannot_be_kept_loses_no_score(corpus_folder, out, monkeypatch, capsys):
    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(road.predict, "save", full_disk)
    assert road.main(["--data", str(corpus_folder), "--out", "out"]) == 1
    out, err = capsys.readouterr()
    assert "UAR" in out
    assert "No space left" in err and "Traceback" not in err


def test_many_reasons_are_counted(corpus_folder, out, capsys):
    folder = shutil.copytree(corpus_folder, Path("clips"))
    for number in range(30):
        (folder / f"holiday{number}.wav").write_bytes(b"RIFF")
        (folder / f"60{number:02d}_IEO_ANG_XX.wav").write_bytes(b"\0" * (number + 1))
    (folder / "5001_IEO_ANG_XX.m4a").write_bytes(b"\0\0\0\x18ftypM4A ")
    report = road.run(folder, out, settings=QUICK)
    lines = [line for line in capsys.readouterr().out.splitlines() if "set aside: " in line]
    assert 3 <= len(lines) <= 11
    more = re.fullmatch(r"  set aside: (\d+) more", lines[-1])
    assert more or len(lines) < 11
    assert report["n_set_aside"] == 61


def test_ctrl_c_is_no_traceback(somewhere, monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(road.data, "open_corpus", interrupt)
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, getattr(sys, name))  # put back afterwards
    assert terminal.run(lambda: road.main([]), name="ser_helpers") == 130
    assert "stopped" in capsys.readouterr().err


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as exit_:
        road.main(["--help"])
    assert exit_.value.code == 0
    said = capsys.readouterr().out
    assert all(option in said for option in ("--data", "--out", "--split", "--folds"))
