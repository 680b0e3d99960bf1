"""The figures of notebook 01 have labels with units and show what they were given."""

import inspect

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import SR, tone

from ser_helpers import plot, published

LEVEL = np.array([-70.0, -70, -20, -5, -50, 0, -29, -60, -70])
F0 = np.array([100.0, 400, 110, 120, 90])
KEPT = np.array([True, False, True, True, False])
SPREAD = pd.DataFrame({"low": [1.0, -2], "median": [2.0, 0], "high": [3.0, 1]}, ["ANG", "SAD"])
CALLS = {
    "speech_ends": (lambda **ax: plot.speech_ends(LEVEL, **ax), "time (s)", "(dB"),
    "melody": (lambda **ax: plot.melody(F0, KEPT, **ax), "time (s)", "pitch (Hz)"),
    "changes": (
        lambda **ax: plot.changes(
            SPREAD,
            published.cues("ravdess", "pitch"),
            label="pitch (semitones)",
            names=("a", "b"),
            **ax,
        ),
        "emotion",
        "pitch (semitones)",
    ),
    "dips": (
        lambda **ax: plot.dips(np.arange(2, 9), np.ones(7), sr=SR, period=0.004, **ax),
        "shift (ms)",
        "misfit",
    ),
}

pytestmark = pytest.mark.usefixtures("no_windows")


@pytest.mark.parametrize("name", CALLS)
def test_axes_are_labelled_with_units_and_those_given_are_drawn_on(name):
    call, x, y = CALLS[name]
    assert "ax" in inspect.signature(getattr(plot, name)).parameters
    _, given = plt.subplots()
    for ax in (call(), call(ax=given)):
        assert x in ax.get_xlabel()
        assert y in ax.get_ylabel()
        assert ax.get_title()
        assert ax.get_legend() is not None
    assert ax is given


def test_speech_is_kept_from_the_first_loud_frame_to_the_last():
    ax = plot.speech_ends(LEVEL, top_db=30, step=0.01)
    (span,) = ax.patches
    assert (span.get_x(), span.get_x() + span.get_width()) == pytest.approx((0.02, 0.07))


def test_the_median_of_a_melody_is_that_of_the_dots():
    crosses, dots, median = plot.melody(F0, KEPT).lines
    assert list(dots.get_ydata()) == [100, 110, 120]
    assert list(crosses.get_ydata()) == [400, 90]
    assert set(median.get_ydata()) == {110}


def test_a_sound_is_drawn_over_itself():
    y = np.sin(2 * np.pi * np.arange(400) / 80)
    figure = plot.laid_over(y, SR, [40, 80])
    for ax, sign in zip(figure.axes, (-1, 1), strict=True):
        first, shifted = (line.get_ydata() for line in ax.lines)
        np.testing.assert_allclose(shifted, sign * first, atol=1e-9)
        assert "amplitude" in ax.get_ylabel()
    assert figure.axes[-1].get_xlabel() == "time (ms)"
    assert "5.0 ms" in figure.axes[1].get_title()


def test_actors_are_sorted_by_their_medians_and_coloured_by_sex(corpus):
    clips = corpus.clips
    values = pd.Series(1000.0 - clips.actor, clips.index)
    ax = plot.by_actor(values, clips, label="pitch (Hz)")
    medians = [line.get_ydata()[0] for line in ax.lines if len(line.get_ydata())]
    assert ax.get_ylabel() == "pitch (Hz)"
    assert f"{clips.actor.nunique()} actors" in ax.get_xlabel()
    assert sorted(set(medians)) == sorted(set(values))
    named = {text.get_text() for text in ax.get_legend().get_texts()}
    assert named == set(clips.sex)


def test_changes_are_drawn_where_they_were_measured():
    ax = plot.changes(SPREAD, SPREAD + 1, label="loudness (dB)", names=("ours", "theirs"))
    dots = [line.get_ydata()[0] for line in ax.lines if len(line.get_xdata()) == 1]
    assert dots == [2, 0, 3, 1]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["ours", "theirs"]


def test_the_grid_of_speech_has_one_scale_and_no_silence(tmp_path):
    import soundfile

    paths = [tmp_path / f"{gain}.wav" for gain in (1, 0.1)]
    for path, gain in zip(paths, (1, 0.1), strict=True):
        y = tone(5001, "HAP")
        soundfile.write(path, np.concatenate([np.zeros(SR), gain * y, np.zeros(SR)]), SR)
    figure = plot.speech_grid(pd.DataFrame({"path": paths}), ["loud", "soft"], n_columns=2)
    loud, soft = figure.axes[:2]
    assert [ax.get_title() for ax in (loud, soft)] == ["loud", "soft"]
    peaks = [ax.images[0].get_array().max() for ax in (loud, soft)]
    assert peaks[0] - peaks[1] == pytest.approx(20, abs=0.5)
    assert loud.images[0].get_extent()[1] < 1.2 * len(tone(5001, "HAP")) / SR
    assert "dB" in figure.axes[-1].get_ylabel()
