"""What notebook 02 tells of real people is what the benchmark measured."""

import os

import pytest
from conftest import ROOT, load_script, results
from notebook_code import prose_of

from ser_helpers import data

CORPORA = {"demo": "demo", "ravdess": os.environ.get("SER_RAVDESS")}


def told(name: str) -> dict:
    return results(f"rows_{name}")


@pytest.mark.parametrize("name", CORPORA)
def test_the_results_are_what_the_benchmark_measures(name):
    if CORPORA[name] is None:
        pytest.skip("set SER_RAVDESS to a folder of RAVDESS's clips to repeat its numbers")
    now = load_script(ROOT / "benchmarks" / "measure_rows.py").measure_all(
        data.open_corpus(CORPORA[name])
    )
    for what, expected in told(name).items():
        if isinstance(expected, dict) and what != "versions":
            assert now[what] == pytest.approx(expected, abs=0.01), what
    assert now["n_actors"] == told(name)["n_actors"]


def test_notebook_02_tells_the_numbers_of_real_people():
    text = prose_of(ROOT / "notebooks" / "02_extract_mfccs.ipynb")
    real = told("ravdess")
    share, nearest = real["share of the variance"], real["nearest clip"]
    stranger = real["nearest stranger's emotion"]
    actors = f"{real['n_actors']} real actors"
    for sentence in (
        f"recordings of {actors}, RAVDESS's development speakers",
        f"{share['actor']:.0%} for the actor, {share['emotion']:.0%} for the emotion",
        f"(With the {actors}: {nearest['same actor']:.0%} by the same actor, "
        f"{nearest['same emotion']:.0%} of the same emotion.)",
        f"with the {actors} it was {stranger['as it is']:.0%}",
    ):
        assert sentence.replace("%", " %") in text, sentence
