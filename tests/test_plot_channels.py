"""The figures of notebook 10 show what they are given, on common scales."""

import numpy as np
import pandas as pd
import pytest

from ser_helpers import plot
from ser_helpers.errors import DataError

SR = 16_000


def tone(loud: float, seconds: float = 0.5) -> np.ndarray:
    return (loud * np.sin(2 * np.pi * 440 * np.arange(int(SR * seconds)) / SR)).astype(np.float32)


def test_probabilities_over_time_are_stacked_under_the_sound():
    answers = pd.DataFrame({"ANG": [0.2, np.nan, 0.5], "SAD": [0.8, np.nan, 0.5]}, [0.5, 1.0, 1.5])
    figure = plot.probabilities_over_time(tone(0.1), SR, answers, title="A", borders=[0.2])
    top, bottom = figure.axes
    assert top.get_title() == "A" and bottom.get_ylim() == (0, 100)
    assert [text.get_text() for text in bottom.get_legend().get_texts()] == ["ANG", "SAD"]


def test_a_soft_sound_looks_soft_beside_a_loud_one():
    figure = plot.spectrograms_together({"loud": tone(0.5), "soft": tone(0.05)})
    loud, soft = (ax.images[0].get_array().max() for ax in figure.axes[:2])
    assert loud == pytest.approx(0, abs=1e-4)
    assert soft == pytest.approx(-20, abs=0.1)
    with pytest.raises(DataError, match="list of sounds is empty"):
        plot.spectrograms_together({})


def test_right_and_sure_stand_in_one_row():
    table = pd.DataFrame({"right": [0.5, 0.2], "sure": [0.5, 0.7]}, ["as recorded", "telephone"])
    figure = plot.right_and_sure({"demo": table, "people": table}, chance=1 / 6, title="T")
    ax = figure.axes[0]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["as recorded", "telephone"]
    right, sure, chance = ax.lines
    assert right.get_xdata().tolist() == [50, 20] and sure.get_xdata().tolist() == [50, 70]
    assert chance.get_xdata()[0] == pytest.approx(100 / 6)


def rows(*groups: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "panel": "p",
            "row": [f"r{i % 2}" for i in range(len(groups))],
            "group": groups,
            "value": 0.1,
            "low": 0.0,
            "high": 0.3,
        }
    )


def test_dots_have_intervals_and_groups_have_looks():
    figure = plot.dots_in_groups(rows("a", "a", "b", "b"), title="T", xlabel="points", line=0)
    (ax,) = figure.axes
    assert [t.get_text() for t in ax.get_yticklabels()] == ["r0", "r1"]
    bars = [c.get_segments() for c in ax.collections]
    assert [segment[:, 0].tolist() for segment in bars[0]] == [[0, 30], [0, 30]]
    with pytest.raises(DataError, match="5 groups"):
        plot.dots_in_groups(rows(*"abcde"), title="T", xlabel="points")


def test_coverage_is_drawn_from_where_there_are_some_clips():
    curve = pd.DataFrame(
        {"coverage": [0.01, 0.5, 1.0], "accuracy": [0.0, 0.8, 0.5]}, pd.Index([0.9, 0.6, 0.2])
    )
    ax = plot.accuracy_over_coverage({"clean": curve}, title="T", thresholds={"clean": 0.6})
    line, dot = ax.lines
    assert line.get_xdata().tolist() == [50, 100]
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (50, 80)
    with pytest.raises(DataError, match="5 curves"):
        plot.accuracy_over_coverage(dict.fromkeys("abcde", curve), title="T")
