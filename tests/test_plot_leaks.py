"""The figures of notebook 07."""

import numpy as np
import pandas as pd
import pytest

from ser_helpers import plot
from ser_helpers.errors import DataError
from ser_helpers.paired import Difference

DIFFERENCES = {
    "known voices": {"here": Difference(0.2, 0.1, 0.3, 24, "uar", 0.95, 0.1)},
    "copies": {
        "here": Difference(0.1, -0.1, 0.3, 24, "uar", 0.95, 0.1),
        "there": pd.Series({"value": 0.05, "low": np.nan, "high": np.nan}),
    },
}

pytestmark = pytest.mark.usefixtures("no_windows")


@pytest.fixture
def clips():
    names = [f"clip {i}" for i in range(24)]
    return pd.DataFrame(
        {
            "actor": np.repeat([7, 3, 5], 8),
            "sentence": ["IEO", "TIE"] * 12,
            "emotion": ["ANG", "ANG", "SAD", "SAD"] * 6,
        },
        names,
    )


def test_dots_stand_at_their_values_in_per_cent():
    ax = plot.dots(DIFFERENCES, title="Suspects", xlabel="points", line=0, line_label="none")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["known voices", "copies"]
    here, there = (container.lines[0] for container in ax.containers)
    assert here.get_xdata().tolist() == pytest.approx([20, 10])
    assert there.get_xdata().tolist() == pytest.approx([5])
    assert np.round(here.get_ydata()).tolist() == [0, 1] and round(there.get_ydata()[0]) == 1
    low, high = ax.containers[0].lines[1]
    assert low.get_xdata().tolist() == pytest.approx([10, -10])
    assert high.get_xdata().tolist() == pytest.approx([30, 30])
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert set(names) == {"none", "here", "there"}
    with pytest.raises(DataError):
        plot.dots({}, title="", xlabel="")


def test_panels_share_one_legend():
    figure = plot.dots_in_panels({"a": DIFFERENCES, "b": DIFFERENCES}, xlabel="points")
    assert [ax.get_title() for ax in figure.axes] == ["a", "b"]
    assert len(figure.legends) == 1
    assert all(ax.get_legend() is None for ax in figure.axes)


def test_each_clip_is_painted_as_what_it_does(clips):
    groups = pd.Series([0, 1] * 12, clips.index)
    test = np.flatnonzero((clips.actor == 5) & (groups == 0))
    learn = np.flatnonzero((clips.actor != 5) & (groups != 0))
    figure = plot.who_learns(clips, {"strict": (learn, test)}, blocks=groups)
    (image,) = figure.axes[0].images
    picture = np.asarray(image.get_array())
    assert picture.shape == (3, 8, 3)
    black, white = (picture == 0).all(axis=2), (picture == 1).all(axis=2)
    assert black.sum() == len(test) and black[1, :4].all()  # actor 5 is the second; block 0 first
    assert white.sum() == 24 - len(test) - len(learn)


def test_own_means_lie_on_zero_after(clips):
    before = pd.Series(np.arange(24.0), clips.index)
    after = before - before.groupby(clips.actor).transform("mean")
    figure = plot.own_means(before, after, clips, label="loudness (dB)", n_speakers=2)
    left, right = figure.axes
    assert left.get_xlabel() == "loudness (dB)"
    marks = [line.get_xdata()[0] for line in right.lines if line.get_marker() == "|"]
    assert marks == pytest.approx([0, 0])
    assert len([line for line in left.lines if line.get_marker() == "|"]) == 2
