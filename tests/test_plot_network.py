"""The figures that notebooks 04 and 05 call: curves, one neuron's line, a dot per network."""

import numpy as np
import pandas as pd
import pytest

from ser_helpers import plot
from ser_helpers.errors import DataError

pytestmark = pytest.mark.usefixtures("no_windows")


def test_lines_draws_curves_levels_and_points_with_their_names():
    curve = pd.Series([2.0, 1.0], index=[1, 2])
    ax = plot.lines(
        {"logits": curve, "twice": curve + 1},
        title="t",
        xlabel="step",
        ylabel="loss (nats)",
        levels={"guessing": 1.79},
        points={"here": (1, 2.0)},
    )
    drawn = [line for line in ax.lines if line.get_label() in ("logits", "twice")]
    np.testing.assert_array_equal(drawn[1].get_ydata(), [3, 2])
    assert len({line.get_linestyle() for line in drawn}) == 2
    assert {text.get_text().strip() for text in ax.texts} == {"guessing: 1.79", "here"}
    with pytest.raises(DataError, match="told apart"):
        plot.lines({}, title="", xlabel="", ylabel="")


def test_the_line_of_a_neuron_is_where_it_says_zero():
    rng = np.random.default_rng(0)
    points = pd.DataFrame(rng.normal(size=(20, 2)), columns=["loudness", "softness"])
    emotion = pd.Series(["ANG", "SAD"] * 10)
    ax = plot.one_neuron(points, emotion, [2.0, -1.0], 0.5)
    (line,) = (each for each in ax.lines if each.get_label() == "the neuron says 0")
    x, y = line.get_xy1()
    assert 2 * x - y + 0.5 == pytest.approx(0)
    assert line.get_slope() == pytest.approx(2)
    assert "loudness" in ax.get_xlabel() and "softness" in ax.get_ylabel()
    with pytest.raises(DataError, match="the second not 0"):
        plot.one_neuron(points, emotion, [2.0, 0.0], 0.0)


def test_each_network_is_a_dot_beside_the_means():
    table = pd.DataFrame({"rate": ["a", "a", "b"], "loss": [1.0, 2.0, 4.0]})
    ax = plot.each_network(
        table, by="rate", value="loss", title="t", xlabel="loss (nats)", level=1.79
    )
    every, means = ax.lines[:2]
    np.testing.assert_array_equal(every.get_xdata(), table.loss)
    np.testing.assert_array_equal(means.get_xdata(), [4.0, 1.5])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["b", "a"]
    with pytest.raises(DataError, match="empty"):
        plot.each_network(table[:0], by="rate", value="loss", title="", xlabel="")
