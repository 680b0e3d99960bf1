"""What was measured at CREMA-D's size (benchmarks/at_full_size.py) is fast, small and linear."""

import pytest
from conftest import results

MEASURED = results("full_size")
SIZES = MEASURED["sizes"]


def test_it_was_measured_at_all_sizes():
    assert [row["clips"] for row in SIZES] == [500, 1000, 2000, 4000, 7441]  # one has no speech


def test_the_whole_corpus_is_quick_and_fits_into_binder():
    whole = SIZES[-1]
    assert whole["features_cold"]["seconds"] < 60
    assert whole["features_warm"]["seconds"] < 1
    assert whole["whole_run"]["peak_mb"] < 2000


@pytest.mark.parametrize("what", ["features_cold", "features_warm", "whole_run"])
def test_growth_is_linear(what):
    """From 2,000 clips to all, no clip costs more than those before; starting up costs once."""
    few, all_clips = SIZES[2], SIZES[-1]
    ratio = all_clips["clips"] / few["clips"]
    assert all_clips[what]["cpu_seconds"] < 1.2 * ratio * few[what]["cpu_seconds"]
    assert all_clips[what]["peak_mb"] < few[what]["peak_mb"] + 100


@pytest.mark.parametrize("name", sorted(MEASURED.get("notebooks", {})))
def test_every_notebook_takes_less_than_five_minutes_of_the_processor(name):
    assert MEASURED["notebooks"][name]["cpu_seconds"] < 300
    assert MEASURED["notebooks"][name]["peak_mb"] < 2000
