"""The scores that README and notebooks print are repeated here, as far as a CPU repeats them."""

import json
import os
import re

import nbformat
import pytest
from conftest import ROOT, load_script

from ser_helpers import data, evaluate, features, split, train

TOLERANCE = 0.02  # between processors floating point differs, and with it the epoch that is kept
CORPORA = {"demo": "demo", "ravdess": os.environ.get("SER_RAVDESS")}


@pytest.fixture(scope="module")
def benchmark():
    return load_script(ROOT / "benchmarks" / "measure.py")


@pytest.mark.parametrize("name", CORPORA)
def test_the_results_are_what_the_benchmark_measures_with_the_first_seed(benchmark, name):
    if CORPORA[name] is None:
        pytest.skip("set SER_RAVDESS to a folder of RAVDESS's clips to repeat its scores")
    told = json.loads((ROOT / "ser_helpers" / "results" / f"{name}.json").read_text("utf-8"))
    seed = told["seeds"][0]
    corpus = data.open_corpus(CORPORA[name])
    measured = benchmark.measure_all(corpus, seeds=[seed])
    assert measured["n_clips"] == told["n_clips"]
    for protocol, scores in told["scores"].items():
        for metric, score in scores.items():
            now = measured["scores"][protocol][metric]["value"]
            assert now == pytest.approx(score["of_each_seed"][0], abs=TOLERANCE), protocol
    for baseline, scores in told["baselines"].items():
        assert measured["baselines"][baseline] == pytest.approx(scores, abs=1e-3)


@pytest.mark.parametrize("name", CORPORA)
def test_what_notebook_10_tells_of_shifts_is_what_the_benchmark_measures(name):
    if CORPORA[name] is None:
        pytest.skip("set SER_RAVDESS to a folder of RAVDESS's clips to repeat its scores")
    told = json.loads((ROOT / "ser_helpers" / "results" / f"shift_{name}.json").read_text("utf-8"))
    benchmark = load_script(ROOT / "benchmarks" / "measure_shift.py")
    two = ("as recorded", "telephone")
    now = benchmark.measure_all(data.open_corpus(CORPORA[name]), seeds=told["seeds"][:1], only=two)
    assert now["n_clips"] == told["n_clips"]
    kinds = [kind for kind, scores in told.items() if isinstance(scores, dict)]
    kinds.remove("versions")
    assert len(kinds) == 6
    for kind in kinds:
        of_shifts = "telephone" in told[kind]
        for what in two if of_shifts else told[kind]:
            (value,) = now[kind][what]["of_each_seed"]
            # Some of these learn from half of the speakers, or hear what they never learnt.
            expected = pytest.approx(told[kind][what]["of_each_seed"][0], abs=2 * TOLERANCE)
            assert value == expected, (kind, what)


def test_the_table_of_shifts_in_notebook_10_is_that_of_the_results():
    text = (ROOT / "notebooks" / "10_your_own_voice.ipynb").read_text("utf-8")
    columns = (
        "as recorded", "telephone", "white noise, 20 dB", "babble, 10 dB", "room, 0.8 s",
        "20 dB softer", "20 dB louder, cut off",
    )  # fmt: skip
    for name, label in (("demo", r"demo voices[^|]*"), ("ravdess", r"RAVDESS \(real\)")):
        path = ROOT / "ser_helpers" / "results" / f"shift_{name}.json"
        shift = json.loads(path.read_text("utf-8"))["shift"]
        row = re.search(rf"\| {label} \|([^\\\n\"]+)", text)[1]
        printed = re.findall(r"(\d+) \((\d+)\)", row)
        expected = [(shift[c]["value"], shift[c]["confidence"]) for c in columns]
        assert printed == [(f"{100 * u:.0f}", f"{100 * sure:.0f}") for u, sure in expected]


def test_the_report_in_the_first_notebook_is_that_of_the_road_it_shows():
    clips = data.open_corpus("demo").clips
    table = features.extract(clips, progress=False)
    result = train.fit(table, clips.emotion, split.by_speaker(clips), progress=False)
    scores = evaluate.report(result, clips).scores.value
    notebook = nbformat.read(ROOT / "notebooks" / "00_start_here.ipynb", as_version=4)
    texts = [o.text for c in notebook.cells for o in c.get("outputs", []) if "text" in o]
    line = re.search(r"this network, %(.+)", "\n".join(texts))[1]
    printed = [float(value) / 100 for value in re.findall(r"([\d.]+) \[", line)]
    assert printed == pytest.approx(scores[list(evaluate.METRICS)].tolist(), abs=TOLERANCE)
