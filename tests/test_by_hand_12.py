"""Notebook 12: what is built by hand is what the helper or the library does; its figures hold."""

import json
import os
import shutil

import numpy as np
import pytest
import torch
from conftest import ROOT, load_script, made_up
from hypothesis import given
from hypothesis import strategies as st
from notebook_code import NOTEBOOKS, functions_of
from sklearn.preprocessing import StandardScaler
from torch import nn

from ser_helpers import data, features, model, train

CORPORA = {"demo": "demo", "ravdess": os.environ.get("SER_RAVDESS")}
TOLERANCE = 0.03  # of one fold: between processors floating point differs, and with it the epoch
RESULTS = ROOT / "ser_helpers" / "results"


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)  # as in the notebook, and in the helper
    yield
    torch.set_num_threads(before)


def told(name: str) -> dict:
    return json.loads((RESULTS / f"scale_{name}.json").read_text(encoding="utf-8"))


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
    needs = functions_of("12").needs_by_hand(1e6 * 2.54 / 3600, 3.6)
    assert needs["clips"] == 1e6
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


@given(seed=st.integers(0, 99), cuts=st.lists(st.integers(1, 99), min_size=1, max_size=8))
def test_merged_triples_are_those_of_all_rows(seed, cuts):
    rows = np.random.default_rng(seed).normal(loc=-300, scale=40, size=(100, 3))
    pieces = [piece for piece in np.split(rows, sorted(set(cuts))) if len(piece)]
    seen = functions_of("12").triple_by_hand(pieces[0])
    for piece in pieces[1:]:
        seen = functions_of("12").merge_by_hand(seen, functions_of("12").triple_by_hand(piece))
    scaler = StandardScaler().fit(rows)
    assert seen[0] == 100
    np.testing.assert_allclose(seen[1], scaler.mean_, rtol=1e-9)
    np.testing.assert_allclose(seen[2] / 100, scaler.var_, rtol=1e-9)


@given(
    sizes=st.lists(st.integers(1, 30), min_size=1, max_size=8),
    buffer=st.integers(0, 200),
    batch_size=st.integers(1, 40),
)
def test_a_buffer_deals_every_row_once_and_holds_no_more_than_it_may(sizes, buffer, batch_size):
    numbers = torch.arange(sum(sizes))
    taken = 0

    def blocks():
        nonlocal taken
        for block in numbers.split(sizes):
            taken += len(block)
            yield block, 10 * block

    dealt, given_out = [], 0
    for x, y in functions_of("12").shuffled_by_hand(blocks(), buffer=buffer, batch_size=batch_size):
        assert torch.equal(y, 10 * x)
        assert taken - given_out <= buffer + batch_size + max(sizes)
        given_out += len(x)
        dealt.append(x)
    assert torch.equal(torch.cat(dealt).sort().values, numbers)
    assert all(len(batch) == batch_size for batch in dealt[:-1])


@pytest.mark.parametrize("changes", [{}, {"batch_size": 7, "seed": 3}, {"max_epochs": 2}], ids=str)
def test_with_a_buffer_for_everything_the_stream_gives_the_helpers_network(changes):
    """The same weights to the last digit: the same seed deals the same cards."""
    table, emotion, parts = made_up()
    chosen = train.TrainSettings(**{"max_epochs": 40, "patience": 5} | changes)
    result = train.fit(table, emotion, parts, settings=chosen, progress=False)
    x = torch.from_numpy(result.scaler.transform(table).astype(np.float32))
    y = torch.tensor([data.EMOTIONS.index(name) for name in emotion])

    def blocks(part):
        rows = torch.from_numpy(np.flatnonzero(parts == part))
        return ((x[some], y[some]) for some in rows.split(17))

    torch.manual_seed(chosen.seed)
    net = model.EmotionNet(10, 6)
    losses = functions_of("12").fit_by_hand(
        net, lambda _: blocks("train"), lambda: blocks("validation"), settings=chosen, buffer=150
    )
    loss = functions_of("12").stream_loss_by_hand(net, blocks("test"))
    np.testing.assert_allclose(losses, result.history.validation_loss, rtol=1e-5)
    for ours, theirs in zip(net.parameters(), result.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    in_test = torch.from_numpy(np.flatnonzero(parts == "test"))
    with torch.no_grad():
        whole = nn.functional.cross_entropy(result.model(x[in_test]), y[in_test]).item()
    assert loss == pytest.approx(whole, rel=1e-5)


# --- What notebook 12 says was measured -----------------------------------------------------------


def test_the_text_says_what_was_measured():
    (path,) = NOTEBOOKS.glob("12_*.ipynb")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    demo, real = told("demo"), told("ravdess")
    in_demo, in_real = (t["uar_unseen_speakers"] for t in (demo, real))
    steps, real_steps = demo["cost_of_a_clip"], real["cost_of_a_clip"]
    one, two, dask = (way["ms_a_clip"] for way in demo["seconds_against_clips"]["ways"].values())
    on_disk = demo["bytes_a_clip_in_shards_of"]
    sentences = (
        f"{steps['ms']['decode']:.1f} of {steps['sum']:.1f} ms in a longer measurement",
        f"decoding takes {real_steps['ms']['decode']:.1f} of {real_steps['sum']:.1f} ms, and the "
        f"MFCCs come next with {real_steps['ms']['MFCCs']:.1f}",
        f"one process took {one:.1f} ms a clip, two processes (the usual `n_jobs`) {two:.1f}, and "
        f"two Dask workers {dask:.1f}",
        f"a clip takes {on_disk['100']:,} bytes; in shards of 2,000 it takes {on_disk['2000']:,}",
        f"{percent(in_demo, 'in memory')} in memory and {percent(in_demo, 'streamed')} streamed on "
        f"the demo voices; {percent(in_real, 'in memory')} and {percent(in_real, 'streamed')} on",
        f"{percent(in_demo, 'scaler of the first shard')} instead of "
        f"{percent(in_demo, 'streamed')} on the demo voices, "
        f"{percent(in_real, 'scaler of the first shard')} instead of",
        f"{percent(in_demo, 'files in order, no buffer')}, and two points on the other, "
        f"{percent(in_real, 'files in order, no buffer')}",
    )
    assert [sentence for sentence in sentences if sentence not in text] == []
    assert steps["ms"]["MFCCs"] < steps["sum"] / 4  # "would save less than a quarter"
    whole = json.loads((RESULTS / "full_size.json").read_text(encoding="utf-8"))["sizes"][-1]
    assert whole["features_cold"]["seconds"] < 30  # "less than half a minute"
    for measured in (demo["memory"], real["memory"]):
        assert max(measured["in_pieces_mb"]) < 1.2 * min(measured["in_pieces_mb"])
        rows, megabytes = np.array(measured["rows"]), np.array(measured["at_once_mb"])
        assert functions_of("12").line_by_hand(rows, megabytes)[0] * 1e6 > 2000  # bytes a row


def percent(scores: dict, way: str) -> str:
    return f"{scores[way]['value'] * 100:.1f} %"


@pytest.mark.parametrize("name", CORPORA)
def test_streamed_scores_are_what_the_benchmark_measures_on_the_first_fold(
    name, tmp_path, monkeypatch
):
    if CORPORA[name] is None:
        pytest.skip("set SER_RAVDESS to a folder of RAVDESS's clips to repeat its scores")
    benchmark = load_script(ROOT / "benchmarks" / "measure_scale.py")
    monkeypatch.setattr(benchmark, "ORDERS", {"streamed": benchmark.ORDERS["streamed"]})
    extract = features.extract  # the shards' rows from the course's cache: their making takes long
    monkeypatch.setattr(
        features, "extract", lambda *a, cache=None, **options: extract(*a, **options)
    )
    clips = data.open_corpus(CORPORA[name]).clips
    table = extract(clips, progress=False)
    benchmark.write_shards(clips.loc[table.index], tmp_path / "shards")
    scores = benchmark.measure_training(table, clips.loc[table.index], tmp_path / "shards", 1)
    expected = told(name)["uar_unseen_speakers"]
    assert set(scores) == {"in memory", "streamed"}
    for way, score in scores.items():
        assert score["first_fold"] == pytest.approx(expected[way]["first_fold"], abs=TOLERANCE)
    shutil.rmtree(tmp_path / "shards")  # no file is held open, as Windows would notice
