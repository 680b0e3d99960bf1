"""The pool over clips and its store: nothing is lost, doubled, corrupted or kept for ever."""

import os
import signal
import threading
import time
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from ser_helpers import clipwise
from ser_helpers.errors import DataError


@clipwise.or_reason
def size_of(path: Path, factor: float = 1.0) -> np.ndarray:
    if path.name.startswith("bad"):
        raise DataError(f"{path.name} is bad")
    return np.full(3, factor * path.stat().st_size, np.float32)


def dies_at_the_third(path: Path, parent: int) -> str:
    if path.name == "3" and os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return path.name


@pytest.fixture
def paths(tmp_path):
    names = ["one", "twins", "bad1", "twins too", "bad2"]
    made = pd.Series({name: tmp_path / name for name in names})
    for path, content in zip(made, ["voice", "x", "no sound", "x", "no sound"], strict=True):
        path.write_text(content)
    return made


def test_rows_and_reasons_come_in_order_and_twins_are_computed_once(paths, tmp_path):
    store = tmp_path / "s" / "rows.npz"
    results, keys = clipwise.run_stored(size_of, paths, 2.0, store=store, width=3)
    assert list(results) == list(paths.index)
    assert results["bad1"] == "bad1 is bad"
    assert results["bad2"] == "bad2 is bad"  # the same bytes, but each is named
    assert results["twins"] is results["twins too"]
    assert len(set(keys)) == 3
    assert set(clipwise.read_rows(store, 3)) == {keys[0], keys[1]}
    with pytest.warns(UserWarning, match="2 of 5 clips set aside: bad1 is bad; bad2 is bad"):
        assert list(clipwise.set_aside(results)) == ["bad1", "bad2"]
    with pytest.raises(DataError, match="not one of the 1 clips"):
        clipwise.set_aside({"a": "broken"})


def test_runs_at_once_lose_nothing(tmp_path):
    """Each of several runs adds its own rows to one store at the same moment."""
    store, start = tmp_path / "rows.npz", threading.Barrier(6)

    def add(number: int) -> None:
        start.wait()
        for i in range(3):
            rows = {f"{number} {i} {k}": np.full(4, number, np.float32) for k in range(5)}
            clipwise.add_rows(store, rows)

    threads = [threading.Thread(target=add, args=[i]) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = clipwise.read_rows(store, 4)
    assert len(rows) == 6 * 3 * 5
    assert all((row == int(key.split()[0])).all() for key, row in rows.items())
    assert [path.name for path in tmp_path.iterdir()] == ["rows.npz"]


def test_a_lock_that_a_killed_run_left_behind_is_waited_for_once(tmp_path, monkeypatch):
    monkeypatch.setattr(clipwise, "PATIENCE", 0.1)
    store, rows = tmp_path / "rows.npz", {"a": np.zeros(2, np.float32)}
    (tmp_path / "rows.npz.lock").touch()
    clipwise.add_rows(store, rows)
    start = time.monotonic()
    clipwise.add_rows(store, rows)
    assert time.monotonic() - start < 0.1
    assert [path.name for path in tmp_path.iterdir()] == ["rows.npz"]


def test_a_store_forgets_what_was_not_asked_for_the_longest(tmp_path, monkeypatch):
    monkeypatch.setattr(clipwise, "MOST_ROWS", 4)
    store = tmp_path / "rows.npz"

    def ask(keys: str) -> str:
        clipwise.add_rows(store, {key: np.zeros(2, np.float32) for key in keys})
        return "".join(clipwise.read_rows(store, 2))

    assert ask("abc") == "abc"
    assert ask("ad") == "bcad"
    assert ask("e") == "cade"
    assert ask("uvwxyz") == "uvwxyz"  # what one run needs is never cut


def test_a_killed_worker_costs_nothing_but_a_warning():
    todo = {i: (Path(str(i)), os.getpid()) for i in range(8)}
    found = {}
    with (
        joblib.parallel_config(backend="loky"),
        pytest.warns(UserWarning, match="worker process was killed"),
    ):
        clipwise.run(dies_at_the_third, todo, into=found, n_jobs=2, at_once=2)
    assert found == {i: str(i) for i in range(8)}
