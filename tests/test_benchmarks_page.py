"""The page of all benchmarks shows what was measured."""

import re

import page
import pytest
from PIL import Image

TEXT = page.PAGE.read_text(encoding="utf-8")


def test_made_again_it_is_the_same():
    assert page.text() == TEXT, "run benchmarks/page.py"


@pytest.mark.parametrize("name", page.DRAWN)
def test_each_figure_shows_the_results_of_today(name):
    with Image.open(page.HERE / page.figure_name(name)) as picture:
        assert picture.text["Description"] == page.fingerprint(name), "run benchmarks/page.py"
    assert re.search(rf"!\[[^\]]{{20,}}\]\({page.figure_name(name)}\)", TEXT), "alt text, please"


def test_the_scripts_that_it_names_are_there():
    for script in re.findall(r"`(\w+\.py)[ `]", TEXT):
        assert (page.HERE / script).exists(), script


def test_every_part_says_where_and_when():
    parts = TEXT.split("\n## ")[1:]
    assert len(parts) == 5
    for part in parts:
        assert re.search(r"\*[^*]+cores|\*\d+ processors", part), part[:30]


def test_differences_are_written_with_a_true_minus():
    assert page.points({"value": -0.012, "low": -0.03, "high": 0.004}) == "−1.2 [−3.0, +0.4]"
    assert page.share({"value": 0.524, "low": 0.48, "high": 0.58}) == "52.4 [48–58]"
