"""The figures of notebooks 11 and 12: titles, axes with units, and what is drawn."""

import numpy as np
import pandas as pd
import pytest

from ser_helpers import plot
from ser_helpers.errors import DataError
from ser_helpers.paired import Difference

pytestmark = pytest.mark.usefixtures("no_windows")


def test_the_costs_of_steps_are_bars_from_the_first_down_with_their_shares():
    ax = plot.step_costs(pd.Series({"decode": 3.0, "MFCCs": 1.0}), title="It")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["MFCCs", "decode"]
    assert [bar.get_width() for bar in ax.patches] == [1, 3]
    assert {text.get_text() for text in ax.texts} == {"25 %", "75 %"}
    assert "(ms per clip)" in ax.get_xlabel() and ax.get_title() == "It"


def test_lines_of_time_go_through_the_points_from_zero_clips_on():
    rows = [(k, w, n, 1 + n * c) for k, c in (("cheap", 0.1), ("dear", 2))
            for w in ("one", "two") for n in (10, 20)]  # fmt: skip
    measured = pd.DataFrame(rows, columns=["work", "who", "clips", "seconds"])
    keys = [(k, w) for k in ("cheap", "dear") for w in ("one", "two")]
    lines = pd.DataFrame({"slope": [0.1, 0.1, 2, 2], "intercept": 1.0},
                         index=pd.MultiIndex.from_tuples(keys))  # fmt: skip
    figure = plot.time_lines(measured, lines)
    assert [ax.get_title() for ax in figure.axes] == ["cheap", "dear"]
    for ax in figure.axes:
        assert ax.get_xlim()[0] == ax.get_ylim()[0] == 0
        assert "(s)" in ax.get_ylabel() and ax.get_xlabel() == "clips"
        points, line = ax.lines[0].get_xydata(), ax.lines[1].get_xydata()
        np.testing.assert_allclose(np.interp(points[:, 0], *line.T), points[:, 1])
    assert "100.0 ms per clip" in figure.axes[0].get_legend().texts[0].get_text()


def test_memory_is_a_line_for_each_way():
    table = pd.DataFrame({"all kept": [1.0, 2], "streamed": [1.0, 1]}, index=[10, 20])
    ax = plot.memory_held(table, title="It")
    assert [line.get_label() for line in ax.lines] == ["all kept", "streamed"]
    assert ax.get_ylim()[0] == 0 and "(MB)" in ax.get_ylabel()


def test_a_difference_that_cannot_be_told_from_zero_is_a_hollow_dot():
    found = {
        "clear": Difference(0.02, 0.01, 0.03, 24, "uar", 0.95, 0.1),
        "open": Difference(0.01, -0.01, 0.03, 24, "uar", 0.95, 0.1),
    }
    ax = plot.differences(found, title="It")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["open", "clear"]
    fills = [bars[0].get_markerfacecolor() for bars in ax.containers]
    assert fills == ["white", "#0072B2"]
    assert [float(bars[0].get_xdata()[0]) for bars in ax.containers] == [1, 2]
    assert "(points)" in ax.get_xlabel()
    low, high = ax.get_xlim()
    assert low > -5 and high < 10  # the data fill the frame


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plot.step_costs(pd.Series(dtype=float), title="It"),
        lambda: plot.time_lines(pd.DataFrame(), pd.DataFrame()),
        lambda: plot.memory_held(pd.DataFrame(), title="It"),
        lambda: plot.differences({}, title="It"),
    ],
)
def test_nothing_is_not_drawn(draw):
    with pytest.raises(DataError, match="empty"):
        draw()


def test_distributions_are_outlines_of_all_the_numbers():
    rng = np.random.default_rng(0)
    some = {"one": rng.uniform(-1, 1, size=(20, 30)), "two": rng.uniform(-2, 2, size=500)}
    ax = plot.distributions(some, xlabel="weight", title="It")
    assert [patch.get_data().values.sum() for patch in ax.patches] == [600, 500]
    assert ax.get_xlim()[1] < 3 and ax.get_xlabel() == "weight" and ax.get_ylabel()


def test_losses_say_where_they_end_and_where_guessing_lies():
    ax = plot.losses({"right": [2.0, 0.1], "wrong": [2.0, 9]}, guessing=1.79, title="It")
    texts = [text.get_text() for text in ax.get_legend().texts]
    assert texts == ["right: ends at 0.10", "wrong: ends at 9.00", "guessing"]
    assert list(ax.lines[-1].get_ydata()) == [1.79, 1.79]
