"""What notebook 01 says of the cues of real actors is what the benchmark measures."""

import os

import numpy as np
import pytest
from conftest import ROOT, load_script, results
from notebook_code import functions_of

from ser_helpers import data, features, published
from ser_helpers.errors import DataError


@pytest.fixture(scope="module")
def benchmark():
    return load_script(ROOT / "benchmarks" / "measure_cues.py")


def test_the_benchmark_measures_a_clip_as_the_notebook_does(benchmark):
    for path in data.open_corpus("demo").clips.path[::500]:
        theirs, ours = benchmark.measure_clip(path), functions_of("01").measure(path)
        assert theirs["loudness"] == pytest.approx(ours["loudness"], abs=1e-3)
        assert theirs["pitch"] == pytest.approx(12 * np.log2(ours["pitch"]), abs=1e-6)
        assert ours["speech"] == len(features.trim(data.load_clip(path))) / data.SAMPLE_RATE


def test_the_results_are_what_the_benchmark_measures(benchmark):
    folder = os.environ.get("SER_RAVDESS")
    if folder is None:
        pytest.skip("set SER_RAVDESS to a folder of RAVDESS's clips to measure its cues again")
    told = results("cues_ravdess")
    now = benchmark.measure_all(data.open_corpus(folder))
    for cue, table in told["cues"].items():
        for emotion, row in table.items():
            assert now["cues"][cue][emotion] == pytest.approx(row, abs=0.1)


def test_what_the_notebook_says_of_real_actors_is_in_the_results():
    pitch, loudness = (published.cues("ravdess", cue) for cue in ("pitch", "loudness"))
    n_actors = results("cues_ravdess")["n_actors"]
    assert n_actors == 24
    for table in (pitch, loudness):
        assert (table.loc[["ANG", "FEA", "HAP"], "actors_above"] == n_actors).all()
        strong, weak = table.loc[["ANG", "FEA", "HAP"]], table.loc[["DIS", "SAD"]]
        assert strong["median"].min() > weak["median"].max()
        assert (table.low <= table["median"]).all()
        assert (table["median"] <= table.high).all()
    assert 0.25 < loudness.actors_above["SAD"] / n_actors < 0.75  # some softer, some louder


def test_what_was_not_measured_is_answered_by_what_was():
    with pytest.raises(DataError, match="'emodb' were not measured: there are those of 'ravdess'"):
        published.cues("emodb", "pitch")
    with pytest.raises(DataError, match="no cue 'tempo': choose from loudness, pitch"):
        published.cues("ravdess", "tempo")
