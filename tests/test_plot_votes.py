"""The figures of notebook 08."""

import pytest

from ser_helpers import evaluate, plot
from ser_helpers.further import listeners
from ser_helpers.names import EMOTION_NAMES, EMOTIONS

pytestmark = pytest.mark.usefixtures("no_windows")


def test_matrices_of_votes_stand_side_by_side():
    matrices = {channel: evaluate.listeners(channel) for channel in ("voice", "both")}
    figure = plot.votes(matrices, title="Votes")
    panels = [ax for ax in figure.axes if ax.get_title()]
    assert [ax.get_title() for ax in panels] == ["voice", "both"]
    assert {ax.get_xlabel() for ax in panels} == {"vote"}
    assert panels[0].get_ylabel() == "emotion asked for" and panels[1].get_ylabel() == ""


def test_circle_and_dot_stand_where_two_listeners_agree():
    sums = evaluate.listeners("voice", normalise=True).pow(2).sum(axis=1)
    same = listeners.published_agreement().loc["voice"]
    ax = plot.agreement(sums, same, title="Agreement")
    names = [label.get_text() for label in ax.get_xticklabels()]
    assert names == [EMOTION_NAMES[emotion] for emotion in EMOTIONS]
    heights = [line.get_ydata()[0] for line in ax.lines if len(line.get_ydata()) == 1]
    expected = [100 * end for e in EMOTIONS for end in (sums[e], same[e])]
    assert heights == pytest.approx(expected)


def test_bars_from_nobody_to_everybody_fill_a_hundred_per_cent():
    spreads = {channel: listeners.published_spread(channel) for channel in ("voice", "both")}
    figure = plot.heard_by(spreads, title="Heard")
    for ax, spread in zip(figure.axes, spreads.values(), strict=True):
        widths = [[bar.get_width() for bar in bars] for bars in ax.containers]
        assert [sum(row) for row in zip(*widths, strict=True)] == pytest.approx([100] * 6)
        nobody = 100 * spread.nobody / spread.sum(axis=1)
        assert widths[0] == pytest.approx(nobody.tolist())
