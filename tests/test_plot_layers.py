"""The figures of notebook 13: titles, axes with units, and what is drawn."""

import numpy as np
import pandas as pd
import pytest

from ser_helpers import plot
from ser_helpers.errors import DataError

pytestmark = pytest.mark.usefixtures("no_windows")


def test_a_map_stands_under_its_clip_on_the_same_seconds():
    maps = {"one": np.eye(10), "other": np.full((10, 10), 0.1)}
    figure = plot.attention_maps(np.zeros((8, 20)), maps, seconds=0.4, title="It")
    tops, below = figure.axes[:2], figure.axes[2:]
    assert [ax.get_title() for ax in tops] == ["one", "other"]
    for top, ax in zip(tops, below, strict=True):
        assert top.get_xlim() == ax.get_xlim() == (0, 0.4)
        assert "(s)" in ax.get_xlabel() and "(s)" in ax.get_ylabel()
        assert ax.get_ylim() == (0.4, 0)  # the first frame that asks is above
    np.testing.assert_allclose(below[1].images[0].get_array(), 0.1**0.5)


def test_lines_over_the_layers_begin_behind_the_mfccs():
    table = pd.DataFrame(
        {"speaker": [0.3, 0.9, 0.5], "emotion": [0.4, 0.5, 0.6]}, index=["MFCCs", "a", "b"]
    )
    chance = {"It": pd.Series({"speaker": 0.05, "emotion": 0.2})}
    figure = plot.by_layer({"It": table}, chance=chance, title="All")
    (ax,) = figure.axes
    lines = {line.get_label(): line for line in ax.lines}
    np.testing.assert_allclose(lines["speaker"].get_xydata(), [[1, 90], [2, 50]])
    alone = [line.get_xydata()[0] for line in ax.lines if len(line.get_xydata()) == 1]
    np.testing.assert_allclose(alone, [[0, 30], [0, 40]])
    levels = [line.get_ydata()[0] for line in ax.lines if line.get_linestyle() == ":"]
    np.testing.assert_allclose(levels, [5, 20])
    assert "(%)" in ax.get_ylabel()


def test_a_curve_has_its_intervals_over_the_number_of_speakers():
    table = pd.DataFrame(
        {"value": [0.3, 0.5], "low": [0.2, 0.45], "high": [0.4, 0.55]}, index=[2, 16]
    )
    figure = plot.over_speakers({"It": {"MFCCs": table}}, title="All")
    (ax,) = figure.axes
    (drawn,) = ax.containers
    np.testing.assert_allclose(drawn[0].get_xydata(), [[2, 30], [16, 50]])
    (arms,) = drawn[2]
    np.testing.assert_allclose(arms.get_segments()[0][:, 1], [20, 40])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["2", "16"]
    assert ax.get_xlabel() == "training speakers" and "(%)" in ax.get_ylabel()


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plot.attention_maps(np.zeros((2, 2)), {}, seconds=1, title=""),
        lambda: plot.by_layer({}, chance={}, title=""),
        lambda: plot.over_speakers({}, title=""),
    ],
)
def test_nothing_is_not_drawn(draw):
    with pytest.raises(DataError, match="nothing to draw"):
        draw()
