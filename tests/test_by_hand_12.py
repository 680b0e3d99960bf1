"""Notebook 12: what is built by hand is what the helper or the library does; its figures hold."""

import ast
import os
import shutil

import numpy as np
import pytest
import torch
from conftest import ROOT, load_script, results
from hypothesis import given
from hypothesis import strategies as st
from notebook_code import NOTEBOOKS, code_of, functions_of
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

from ser_helpers import data, evaluate, features
from ser_helpers.further import streams

CORPORA = {"demo": "demo", "ravdess": os.environ.get("SER_RAVDESS")}
TOLERANCE = 0.03  # of one fold: between processors floating point differs, and with it the epoch

# As in the notebook, and in the helper.
pytestmark = pytest.mark.usefixtures("one_thread")


def told(name: str) -> dict:
    return results(f"scale_{name}")


def test_the_steps_give_the_helpers_row_and_a_time_each():
    for path in data.open_corpus("demo").clips.path[::500]:
        row, cost = functions_of("12").steps_by_hand(path, features.AudioSettings())
        np.testing.assert_array_equal(row, features.describe(data.load_clip(path)))
        assert len(cost) == 7
        assert (cost >= 0).all()


@given(seed=st.integers(0, 99), n=st.integers(2, 20))
def test_the_line_is_numpys(seed, n):
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.uniform(1, 1000, size=n))
    y = rng.normal() * x + rng.normal(size=n)
    ours = functions_of("12").line_by_hand(x, y)
    np.testing.assert_allclose(ours, np.polyfit(x, y, 1), rtol=1e-6, atol=1e-6)


def test_a_million_clips_on_paper_are_what_one_file_and_one_row_are_times_a_million():
    needs = functions_of("12").needs_by_hand(1e6, 3.6)
    assert needs["hours of sound"] == pytest.approx(1e6 * 2.54 / 3600)
    assert needs["work (hours)"] == pytest.approx(1)
    assert needs["sound (GB)"] == pytest.approx(2.54 * data.SAMPLE_RATE * 2 * 1e6 / 1e9)
    row = features.describe(np.sin(np.arange(16_000), dtype=np.float32))
    assert needs["features (GB)"] == pytest.approx(row.nbytes * 1e6 / 1e9)
    settings = features.AudioSettings()
    frames = features.mfcc(np.zeros(10 * settings.sr, dtype=np.float32)).shape[1] / 10
    assert needs["frames (GB)"] == pytest.approx(2.54 * frames * 64 * 4 * 1e6 / 1e9, rel=0.01)


@given(serial=st.floats(0, 1), n=st.integers(1, 10_000))
def test_amdahls_law_is_the_time_of_one_over_the_time_of_n(serial, n):
    speed_up = functions_of("12").amdahl_by_hand(serial, n)
    seconds = 1000 * serial + 1000 * (1 - serial) / n
    assert speed_up == pytest.approx(1000 / seconds)
    assert 1 - 1e-9 <= speed_up <= n + 1e-9


def frames_of(tmp_path, sizes=(3, 40, 5)) -> list:
    rng, files = np.random.default_rng(0), []
    for number, n in enumerate(sizes):
        files.append(tmp_path / f"frames-{number}.npz")
        x = rng.normal(size=(n, 64, 20)).astype(np.float32)
        np.savez(files[-1], x=x, y=rng.integers(6, size=n))
    return files


def by_hand(files):
    """Run the notebook's class, which `functions_of` does not take out."""
    (path,) = NOTEBOOKS.glob("12_*.ipynb")
    (source,) = [s for s in code_of(path) if isinstance(s, ast.ClassDef)]
    namespace = {"IterableDataset": IterableDataset, "np": np}
    exec(compile(ast.Module([source], type_ignores=[]), path.name, "exec"), namespace)
    return namespace["StreamByHand"](files)


def test_the_stream_by_hand_is_the_helpers(tmp_path):
    files = frames_of(tmp_path)
    ours, theirs = (
        list(DataLoader(stream, batch_size=7))
        for stream in (by_hand(files), streams.FrameStream(files))
    )
    assert len(ours) == len(theirs) == 7
    for (x, y), (x_2, y_2) in zip(ours, theirs, strict=True):
        assert torch.equal(x, x_2) and torch.equal(y, y_2)


def test_a_stream_trains_the_network_that_the_whole_table_trains(tmp_path):
    files = frames_of(tmp_path)
    whole = list(by_hand(files))
    x = torch.stack([torch.from_numpy(one) for one, _ in whole])
    table = TensorDataset(x, torch.tensor([number for _, number in whole]))
    nets = []
    for source in (table, by_hand(files)):
        torch.manual_seed(0)
        opened = DataLoader(source, batch_size=7)
        net = functions_of("12").net_by_hand()
        nets.append(functions_of("12").train_by_hand(net, lambda _, o=opened: o, epochs=2))
    for ours, theirs in zip(*(net.parameters() for net in nets), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-7)


def test_memory_that_is_kept_is_noticed():
    kept = []
    batches = ((torch.ones(1_000_000), 0) for _ in range(50))
    n_rows, most = functions_of("12").most_memory_by_hand(kept.append(b) or b for b in batches)
    assert n_rows == 50_000_000
    assert most > 150  # of 200 MB


# --- What notebook 12 says was measured -----------------------------------------------------------


@pytest.mark.parametrize("name", CORPORA)
def test_what_the_text_concludes_is_what_was_measured(name):
    found = told(name)
    steps = found["cost_of_a_clip"]
    if name == "demo":  # "MFCCs that cost nothing would hardly be noticed"
        assert steps["ms"]["decode"] > steps["sum"] / 2
        assert steps["ms"]["MFCCs"] < steps["sum"] / 5
    work = found["seconds_against_clips"]["work"]
    part = {
        kind: by["two Dask workers"]["ms_per_clip"] / by["one process"]["ms_per_clip"]
        for kind, by in work.items()
    }
    assert part["dear"] < part["cheap"]  # "the dearer a clip, the sooner helpers pay"
    dear, cheap = (work[kind]["two Dask workers"]["pays_from"] for kind in ("dear", "cheap"))
    assert cheap is None or cheap > 2000  # "after thousands of clips, or never"
    assert dear < 100  # "after less than a hundred"
    for by in work.values():  # "comes near to 50 in all four rows"
        share = by["two processes"]["ms_per_clip"] / by["one process"]["ms_per_clip"]
        assert 0.45 < share < 0.6
    assert found["load_before"] < 2  # "had nothing else to do"
    assert round(found["seconds_against_clips"]["start_of_the_cluster"]) == 2
    whole = results("full_size")["sizes"][-1]
    assert whole["features_cold"]["seconds"] < 30  # "less than half a minute"


@pytest.mark.parametrize("name", CORPORA)
def test_no_order_of_the_stream_can_be_told_from_memory(name):
    """What the text concludes is what the benchmark measured."""
    for way in ("with a buffer", "without a buffer"):
        apart = evaluate.published(name, f"frames {way} minus memory")
        assert apart.low < 0 < apart.high


def test_a_million_clips_went_through_little_memory():
    memory = told("demo")["memory_of_frames"]
    assert memory["clips"][-1] >= 1e6 and memory["gb"][-1] >= 65
    assert max(memory["peak_mb"]) < 100


@pytest.mark.remeasures
@pytest.mark.parametrize("name", CORPORA)
def test_streamed_scores_are_what_the_benchmark_measures_on_the_first_fold(name, tmp_path):
    if CORPORA[name] is None:
        pytest.skip("set SER_RAVDESS to a folder of RAVDESS's clips to repeat its scores")
    benchmark = load_script(ROOT / "benchmarks" / "measure_scale.py")
    clips = data.open_corpus(CORPORA[name]).clips
    scores = benchmark.measure_training(clips, tmp_path / "frames", 1)
    expected = told(name)["uar_unseen_speakers"]
    assert set(scores) == set(expected)
    for way, score in scores.items():
        if "first_fold" in score:
            assert score["first_fold"] == pytest.approx(expected[way]["first_fold"], abs=TOLERANCE)
    shutil.rmtree(tmp_path / "frames")  # no file is held open, as Windows would notice
