"""The figures of notebook 02 show what they are given, with titles, units and nothing cut off."""

import numpy as np
import pandas as pd
import pytest
from conftest import SR, tone
from matplotlib.colors import to_hex

from ser_helpers import features, plot
from ser_helpers.features import AudioSettings

S = AudioSettings()
Y = tone(5003, "HAP")  # a harmonic tone of 130 Hz
MFCCS = features.mfcc(Y)
EMOTION = pd.Series(list(plot.COLOURS)[:6] * 5)
TABLE = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=list("abc"))

pytestmark = pytest.mark.usefixtures("no_windows")


def assert_labelled(figure) -> None:
    axes = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    assert all(ax.get_title() and ax.get_ylabel() for ax in axes)
    assert any("(" in ax.get_xlabel() or "emotion" in ax.get_xlabel() for ax in axes)
    figure.draw_without_rendering()


def test_mfccs_over_time_have_row_0_apart_and_zero_in_the_middle_of_the_colours():
    figure = plot.mfccs_over_time(Y, MFCCS, title="A tone")
    wave, line, picture, _ = figure.axes
    assert wave.get_title() == "A tone"
    np.testing.assert_array_equal(line.lines[0].get_ydata(), MFCCS[0])
    image = picture.images[0]
    np.testing.assert_array_equal(image.get_array(), MFCCS[1:])
    assert sum(image.get_clim()) == 0
    assert picture.get_ylim() == (0.5, 29.5)  # row n is drawn at n
    assert_labelled(figure)


def test_frames_on_a_wave_say_how_often_it_repeats_and_stand_where_they_hear():
    ax = plot.frames_on_wave(Y, 30)
    assert f"every {1000 / 130:.1f} ms" in ax.get_title()
    bars = [line.get_xdata() for line in ax.lines[1:6]]
    np.testing.assert_allclose([bar.mean() for bar in bars], [280, 290, 300, 310, 320])
    np.testing.assert_allclose([np.ptp(bar) for bar in bars], 25)
    beats = [segment[0, 0] for segment in ax.collections[0].get_segments()]
    assert len(beats) >= 3
    assert min(beats) >= bars[2][0] and max(beats) <= bars[2][1]
    assert_labelled(ax.figure)
    for frame in (0, 60):  # at the ends there is less to be seen, but something
        assert plot.frames_on_wave(Y, frame).has_data()


def test_a_window_is_compared_with_a_cut_of_the_same_length():
    window = np.pad(np.hanning(402)[1:-1], 56)
    figure = plot.window_and_spectrum(np.ones(512), window, SR)
    cut, faded, spectra = figure.axes
    assert np.count_nonzero(cut.lines[0].get_ydata()) == 400
    np.testing.assert_allclose(faded.lines[0].get_ydata(), window)
    assert [line.get_xdata().max() for line in spectra.lines] == [4000, 4000]
    assert_labelled(figure)


def test_power_and_decibels_are_drawn_from_the_floor():
    power = np.array([1.0, 10, 1e-3])
    figure = plot.power_and_decibels(power, 10 * np.log10(power))
    top, bottom = figure.axes
    assert [bar.get_height() for bar in top.patches] == power.tolist()
    assert [bar.get_y() + bar.get_height() for bar in bottom.patches] == [0, 10, -30]
    top.set_xlabel("mel band (0)")
    assert_labelled(figure)


def test_what_is_rebuilt_says_how_far_away_it_is():
    level = np.arange(8.0)
    ax = plot.rebuilt_from_mfccs(level, {1: level + 3, 2: level}, title="Rebuilt")
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts[:2] == ["from 1 MFCCs\n(3.0 dB away)", "from 2 MFCCs\n(0.0 dB away)"]
    assert_labelled(ax.figure)


def test_percentiles_are_lines_at_their_values():
    values = np.arange(101.0)
    ax = plot.percentiles_over_time(values, (5, 50), S, label="MFCC 0 (dB)", title="Lines")
    assert [line.get_ydata()[0] for line in ax.lines[1:]] == [5, 50]
    assert [text.get_text() for text in ax.texts] == ["p05", "p50"]
    assert_labelled(ax.figure)


def test_boxes_have_the_title_and_unit_of_their_label():
    labels = {"a": "Loudness: mean (dB)", "b": "Tilt: mean (dB)", "c": "Length: duration (s)"}
    figure = plot.boxes_by_emotion(TABLE, EMOTION, labels)
    assert [ax.get_title() for ax in figure.axes] == ["Loudness", "Tilt", "Length"]
    assert [ax.get_ylabel() for ax in figure.axes] == ["mean (dB)", "mean (dB)", "duration (s)"]
    assert_labelled(figure)


def test_groups_in_a_plane_are_coloured_one_by_one():
    points = TABLE.to_numpy()[:, :2]
    one = np.arange(30) < 4
    figure = plot.groups_in_plane(
        points, [{"ANG": one, "SAD": ~one}, {"actor 1": one}], shares=np.array([0.4, 0.1])
    )
    anger, sadness, actor = figure.axes
    assert [ax.get_title() for ax in figure.axes] == ["anger", "sadness", "actor 1"]
    grey, colour = anger.collections
    assert (len(grey.get_offsets()), len(colour.get_offsets())) == (26, 4)
    assert to_hex(colour.get_facecolor()[0]).upper() == plot.COLOURS["ANG"]
    assert len(sadness.collections[1].get_offsets()) == 26
    assert actor.get_xlim() == anger.get_xlim()
    assert "(40% of the variance)" in figure.get_supxlabel()
