"""Figures of notebook 09: pictures on one scale, maps, two systems by speaker, differences."""

import numpy as np
import pandas as pd
import pytest

from ser_helpers import plot
from ser_helpers.errors import DataError
from ser_helpers.paired import Difference

RNG = np.random.default_rng(0)

pytestmark = pytest.mark.usefixtures("no_windows")


def test_pictures_one_below_the_other_share_scale_and_time():
    block = RNG.normal(size=(3, 64, 100))
    figure = plot.stacked_pictures(block, ["a", "b", "c"], title="Batch", label="level (dB)")
    *axes, bar = figure.axes
    assert [ax.get_ylabel() for ax in axes] == ["a", "b", "c"]
    assert {ax.images[0].get_clim() for ax in axes} == {(block.min(), block.max())}
    assert axes[0].get_title() == "Batch" and axes[-1].get_xlabel() == "time (s)"
    assert axes[0].images[0].get_extent()[1] == pytest.approx(1.0)
    assert bar.get_ylabel() == "level (dB)"


def test_changed_pictures_mark_the_end_of_the_clip_as_it_is():
    pictures = {"as it is": RNG.normal(size=(8, 100)), "slower": RNG.normal(size=(8, 130))}
    figure = plot.changed_pictures(pictures, title="Changes")
    for ax in figure.axes[:2]:
        assert ax.lines[0].get_xdata()[0] == pytest.approx(1.0)
        assert ax.images[0].get_clim() == (-2.5, 2.5)
    assert figure.axes[1].get_xlim()[1] > 1.3
    assert figure.get_suptitle() == "Changes"


def test_maps_have_one_scale_around_zero():
    pictures = {name: RNG.normal(size=(64, 60)) for name in ("one", "two")}
    falls = {name: RNG.normal(0, 0.05, size=(64, 60)) for name in pictures}
    figure = plot.occlusion_maps(pictures, falls)
    most = 100 * max(np.abs(fall).max() for fall in falls.values())
    maps = [ax for ax in figure.axes if ax.images and ax.images[0].get_cmap().name == "PuOr_r"]
    assert [ax.images[0].get_clim() for ax in maps] == [(-most, most)] * 2
    assert figure.axes[0].get_title("left") == "one"


def test_two_systems_are_joined_speaker_by_speaker():
    scores = pd.DataFrame({"row": [0.4, 0.5, 0.3], "frames": [0.5, 0.4, 0.45]}, index=[1, 2, 3])
    ax = plot.two_by_speaker(scores, title="Three speakers")
    lines = [line.get_ydata() for line in ax.lines if len(line.get_xdata()) == 2]
    np.testing.assert_allclose(lines, [[40, 50], [50, 40], [30, 45]])
    low, high = ax.get_ylim()
    assert 20 < low < 30 and 50 < high < 60  # the data fill the frame
    with pytest.raises(DataError, match="empty"):
        plot.two_by_speaker(scores.iloc[:0], title="Nobody")


def test_differences_are_hollow_where_we_cannot_tell():
    found = {
        "a": Difference(0.05, 0.01, 0.09, 24, "uar", 0.95, 0.1),
        "b": Difference(-0.01, -0.05, 0.03, 24, "uar", 0.95, 0.1),
    }
    ax = plot.differences(found, title="Differences")
    assert [text.get_text() for text in ax.get_yticklabels()] == ["b", "a"]
    assert [text.get_text() for text in ax.texts] == ["−1.0", "+5.0"]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_markerfacecolor() for dot in dots] == ["white", "#0072B2"]
    assert "points" in ax.get_xlabel()
    with pytest.raises(DataError, match="empty"):
        plot.differences({}, title="None")
