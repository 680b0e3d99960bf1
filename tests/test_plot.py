"""Every figure has a title and labelled axes with units, alt text, and colours for all eyes."""

import base64
import inspect
import itertools
import re
import warnings
from pathlib import Path

import librosa
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import SR, tone
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb

from ser_helpers import calibration, data, evaluate, features, plot, split
from ser_helpers.errors import DataError
from ser_helpers.features import AudioSettings

Y = tone(5001, "HAP")
NO_AXES = {"network"}  # a diagram: nothing is measured along its sides


pytestmark = pytest.mark.usefixtures("no_windows")


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(scope="module")
def scored(corpus) -> tuple[pd.Series, pd.Series, pd.Series]:
    true = corpus.clips.emotion
    rng = np.random.default_rng(0)
    lucky = rng.uniform(size=len(true)) < 0.5
    return true, true.where(lucky, "NEU").rename("predicted"), corpus.clips.actor


#: Function → how it is called, and words that must stand at its x axis, its y axis and its title.
PAIR = (("right", 0), ("said", 1))
CALLS = {
    "waveform": (lambda d, **ax: plot.waveform(Y, SR, **ax), "time (s)", "amplitude (", "Waveform"),
    "mel_spectrogram": (
        lambda d, **ax: plot.mel_spectrogram(Y, **ax), "time (s)", "frequency (Hz", "Mel"
    ),
    "counts": (
        lambda d, **ax: plot.counts(d.clips, "actor", **ax), "actor", "clips", "Clips by actor"
    ),
    "by_emotion": (
        lambda d, **ax: plot.by_emotion(
            d.clips.duration, d.clips.emotion, label="mean F0 (Hz)", **ax
        ),
        "emotion", "mean F0 (Hz)", "Mean F0 by emotion",
    ),
    "matrix": (
        lambda d, **ax: plot.matrix(
            features.mfcc(Y), title="MFCCs", ylabel="coefficient", label="value (dB)", **ax
        ),
        "time (s)", "coefficient", "MFCCs",
    ),
    "occlusion": (
        lambda d, **ax: plot.occlusion(
            np.random.default_rng(0).normal(-30, 10, (64, 90)), np.eye(64, 90), title="Anger", **ax
        ),
        "time (s)", "frequency (Hz", "Anger",
    ),
    "scatter": (
        lambda d, **ax: plot.scatter(
            np.random.default_rng(0).normal(size=(len(d.clips), 2)),
            d.clips.emotion, title="PCA", shares=np.array([0.4, 0.1]), **ax,
        ),
        "(40% of the variance)", "(10%", "PCA",
    ),
    "confusion": (
        lambda d, **ax: plot.confusion(evaluate.confusion(*d.scored[:2]), title="A network", **ax),
        "predicted emotion", "true emotion", "A network",
    ),
    "intervals": (
        lambda d: plot.intervals(
            {"a": evaluate.intervals(*d.scored)}, evaluate.baselines(d.scored[0])
        ),
        "UAR (%)", "scored", "95 % intervals",
    ),
    "slopes": (
        lambda d: plot.slopes(
            pd.DataFrame({"before": [1.0, 2.0], "after": [2.0, 1.0]}),
            title="Two", what="repeat", ylabel="points",
        ),
        "a line per repeat: 1 rise or stay, 1 fall", "points", "Two",
    ),
    "parts": (
        lambda d: plot.parts(d.clips, {"By rows": split.by_rows(d.clips)}).axes[0],
        "actor", "clips", "By rows",
    ),
    "boxes": (
        lambda d: plot.boxes(
            pd.DataFrame({"a": [1.0, 2.0, 9.0]}), title="Boxes", ylabel="value"
        ),
        "feature", "value", "Boxes",
    ),
    "paired": (
        lambda d: plot.paired(
            {n: evaluate.slices(d.scored[0], d.scored[i], d.scored[2]).uar for n, i in PAIR},
            evaluate.difference(d.scored[0], d.scored[0], *d.scored[1:]),
        ),
        "a line per speaker", "UAR of a speaker (%)", "UAR +",
    ),
    "slices": (
        lambda d: plot.slices(
            evaluate.slices(*d.scored[:2], d.clips.sentence, speakers=d.scored[2]),
            title="By sentence", chance=1 / 6,
        ),
        "sentence", "UAR (%)", "By sentence",
    ),
    "reliability": (
        lambda d: plot.reliability(
            calibration.reliability(pd.get_dummies(d.scored[1]).astype(float) * 0.9, d.scored[0])
        ),
        "probability", "share", "Reliability",
    ),
    "network": (
        lambda d, **ax: plot.network(
            [20, 4, 6], names=["in", "hidden", "out"], outputs=data.EMOTIONS, title="It", **ax
        ),
        "", "", "It",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def drawn(corpus, scored):
    class Drawn:
        clips = corpus.clips

    Drawn.scored = scored
    return Drawn


def assert_labelled(ax: Axes, x: str, y: str, title: str) -> None:
    for wanted, got in ((x, ax.get_xlabel()), (y, ax.get_ylabel()), (title, ax.get_title())):
        assert wanted in got
        assert bool(wanted) == bool(got)
    assert ax.has_data()


@pytest.mark.parametrize("name", CALLS)
def test_axes_are_labelled_with_units(drawn, name):
    call, x, y, title = CALLS[name]
    before = set(plt.get_fignums())
    ax = call(drawn)
    assert len(set(plt.get_fignums()) - before) == 1  # one new figure
    assert_labelled(ax, x, y, title)
    for bar in ax.figure.axes[1:]:  # the colour's own axis has a unit too
        assert bar.get_ylabel()
    ax.figure.draw_without_rendering()


@pytest.mark.parametrize(
    "name", [n for n in CALLS if "ax" in inspect.signature(getattr(plot, n)).parameters]
)
def test_given_axes_are_drawn_on(drawn, name):
    call, x, y, title = CALLS[name]
    _, (left, right) = plt.subplots(1, 2)
    before = plt.get_fignums()
    assert call(drawn, ax=right) is right
    assert plt.get_fignums() == before
    assert not left.has_data()
    assert_labelled(right, x, y, title)


def test_every_public_function_is_drawn_here():
    public = {
        name
        for name, thing in inspect.getmembers(plot, inspect.isfunction)
        if thing.__module__.startswith(plot.__name__) and not name.startswith("_")
    }
    others = {"show", "subplots", "clip_grid", "history"}
    for file in Path(__file__).parent.glob("test_plot_*.py"):  # the figures of one notebook
        others |= set(re.findall(r"plot\.(\w+)\(", file.read_text(encoding="utf-8"))) & public
    assert public == set(CALLS) | others | {"emotion_name", "emotions_in", "mel_position"}
    assert {name for name, (_, x, *_) in CALLS.items() if not x} == NO_AXES


def test_the_grid_of_clips_has_one_scale_for_all(corpus):
    clips = corpus.clips[corpus.clips.actor == 5001].drop_duplicates("emotion")
    figure = plot.clip_grid(clips)
    tops, bottoms = np.array(figure.axes[:12]).reshape(2, 6)
    assert [ax.get_title() for ax in tops] == [data.EMOTION_NAMES[e] for e in clips.emotion]
    assert len({ax.get_ylim() for ax in tops}) == len({ax.get_xlim() for ax in bottoms}) == 1
    assert {ax.get_xlabel() for ax in bottoms} == {"time (s)"}
    assert "amplitude" in tops[0].get_ylabel()
    assert "frequency (Hz" in bottoms[0].get_ylabel()
    loudest = [ax.images[0].get_array().max() for ax in bottoms]
    assert max(loudest) == pytest.approx(0, abs=1e-3)
    assert min(loudest) < -3  # a soft clip is drawn softer than a loud one
    assert "dB" in figure.axes[-1].get_ylabel()


def test_the_occlusion_map_is_strong_where_it_matters_and_refuses_another_clips_map():
    fall = np.zeros((64, 90))
    fall[10, 20], fall[30, 40] = 0.4, -0.2
    ax = plot.occlusion(np.zeros((64, 90)), fall, title="Anger")
    overlay = ax.images[1]
    assert overlay.get_clim() == (-40, 40)
    alpha = overlay.get_alpha()
    assert alpha[10, 20] == 2 * alpha[30, 40] > 0
    assert np.count_nonzero(alpha) == 2
    plot.occlusion(np.zeros((64, 90)), np.zeros((64, 90)), title="no fall at all")
    with pytest.raises(ValueError, match=r"\(64, 80\).*\(64, 90\)"):
        plot.occlusion(np.zeros((64, 90)), fall[:, :80], title="Anger")


def test_learning_curves(result):
    figure = plot.history(result.history, best_epoch=result.best_epoch)
    loss, uar = figure.axes
    assert_labelled(loss, "epoch", "cross-entropy loss (nats)", "Cross-entropy loss")
    assert_labelled(uar, "epoch", "UAR (0 to 1)", "UAR")
    for ax in figure.axes:
        assert [line.get_label() for line in ax.lines] == ["train", "validation", "kept"]
    np.testing.assert_array_equal(loss.lines[1].get_ydata(), result.history.validation_loss)


def test_what_is_drawn_is_what_was_given(drawn):
    bars = plot.counts(drawn.clips, "emotion").patches
    assert [bar.get_height() for bar in bars] == [18] * 6
    heat = plot.confusion(pd.DataFrame(np.diag([3] * 6)), title="all right").collections[0]
    np.testing.assert_array_equal(heat.get_array().reshape(6, 6), np.eye(6) * 100)
    true, said, speakers = drawn.scored
    table = evaluate.intervals(true, said, speakers)
    ax = plot.intervals({"a": table}, evaluate.baselines(true))
    (segment,) = ax.collections[0].get_segments()
    np.testing.assert_allclose(segment[:, 0], table.loc["uar", ["low", "high"]] * 100)


def test_intervals_that_are_not_known_or_miss_the_value_can_be_drawn(drawn):
    true, said, _ = drawn.scored
    alone = evaluate.intervals(true, said, pd.Series(1, index=true.index))
    skewed = alone.assign(low=alone.value + 0.1, high=alone.value + 0.2)
    ax = plot.intervals({"one speaker": alone, "few": skewed}, evaluate.baselines(true))
    ax.figure.draw_without_rendering()
    table = evaluate.slices(true, said, drawn.clips.actor, speakers=drawn.clips.actor)
    plot.slices(table, title="actors", chance=1 / 6).figure.draw_without_rendering()
    with pytest.raises(ValueError, match="no metric 'f1'"):
        plot.intervals({}, evaluate.baselines(true), metric="f1")


def test_extreme_sounds_can_be_drawn():
    for y in (np.zeros(SR, np.float32), Y[:600], np.full(SR, 1.0, np.float32)):
        assert np.isfinite(plot.mel_spectrogram(y).images[0].get_array()).all()


@pytest.mark.parametrize("settings", [AudioSettings(), AudioSettings(n_mels=32, fmin=80.0)])
@pytest.mark.parametrize("draw", ["spectrogram", "occlusion"])
def test_a_pure_tone_lights_the_band_under_its_tick(settings, draw):
    ticks = {}
    for wanted in (250, 1000, 2000, 4000, 6000):
        y = 0.5 * np.sin(2 * np.pi * wanted * np.arange(SR) / SR).astype(np.float32)
        if draw == "spectrogram":
            ax = plot.mel_spectrogram(y, settings)
        else:
            level = 10 * np.log10(features.mel_power(y, settings) + 1e-9)
            ax = plot.occlusion(level, np.zeros_like(level), settings, title="A tone")
        ticks = dict(
            zip((t.get_text() for t in ax.get_yticklabels()), ax.get_yticks(), strict=True)
        )
        picture = ax.images[0]
        *_, bottom, top = picture.get_extent()
        assert (bottom, top) == ax.get_ylim() == (-0.5, settings.n_mels - 0.5)
        loudest = np.argmax(picture.get_array().sum(axis=1))
        # Half a band; 4000 Hz lies between two, and the narrower one has the higher triangle.
        assert abs(ticks[str(wanted)] - loudest) < 0.55
    assert len(ticks) == 5


def test_a_frequency_stands_where_the_filter_around_it_is_centred():
    weights = librosa.filters.mel(sr=SR, n_fft=2**15, n_mels=64, fmax=8000)
    peaks = np.fft.rfftfreq(2**15, 1 / SR)[weights.argmax(axis=1)]
    np.testing.assert_allclose(plot.mel_position(peaks), np.arange(64), atol=0.02)


def with_calm(clips: pd.DataFrame) -> pd.DataFrame:
    """Rename some clips, as RAVDESS has calm and surprise."""
    return clips.assign(emotion=clips.emotion.replace({"SAD": "CAL", "DIS": "SUR"}))


@pytest.mark.parametrize("column", ["emotion", "actor", "level", "sex"])
def test_no_clip_is_left_out_of_the_counts(drawn, column):
    clips = with_calm(drawn.clips)
    clips.loc[clips.index[:5], column] = {"emotion": "SUR", "actor": np.nan}.get(column, "??")
    ax = plot.counts(clips, column)
    assert sum(bar.get_height() for bar in ax.patches) == len(clips)
    if column == "actor":
        assert [t.get_text() for t in ax.get_xticklabels()][-1] == "unknown"
    shown = {to_hex(bar.get_facecolor()).upper() for bar in ax.patches}
    assert shown == set(plot.COLOURS.values())


@pytest.mark.parametrize(
    ("change", "column", "says"),
    [
        (lambda c: c, "age", "'age' has no value for any clip"),
        (lambda c: c, "colour", "no column 'colour': choose from path, actor"),
        (lambda c: c.iloc[:0], "actor", "empty"),
        (lambda c: c.assign(emotion="JOY"), "actor", "unknown emotion 'JOY'"),
        (lambda c: c.assign(emotion=c.emotion.where(c.actor > 5001)), "actor", "emotion nan"),
        (lambda c: pd.concat([c, c]).assign(n=range(2 * len(c))), "n", "too many"),
    ],
)
def test_what_cannot_be_counted_is_refused_by_name(drawn, change, column, says):
    with pytest.raises(data.DataError, match=says):
        plot.counts(change(drawn.clips), column)


def test_box_plots_show_every_emotion_and_say_what_has_no_value(drawn):
    clips = with_calm(drawn.clips)
    values = clips.duration.where(np.arange(len(clips)) > 4)
    ax = plot.by_emotion(values, clips.emotion, label="pitch (Hz)")
    assert [t.get_text() for t in ax.get_xticklabels()] == list(plot.COLOURS)
    assert ax.get_xlabel() == f"emotion (5 of {len(clips)} clips have no value)"
    for wrong, emotion, says in (
        (values * np.nan, clips.emotion, "no value for any clip"),
        (values, clips.emotion.replace("CAL", "JOY"), "unknown emotion 'JOY'"),
        (values[::-1], clips.emotion, "same clips in the same order"),
        (values[1:], clips.emotion, "107 values"),
    ):
        with pytest.raises(data.DataError, match=says):
            plot.by_emotion(wrong, emotion, label="pitch (Hz)")


def test_groups_of_a_scatter_are_all_drawn(drawn):
    points = np.random.default_rng(0).normal(size=(len(drawn.clips), 2))
    ages = pd.Series(np.arange(len(points)) % 3 + 20.0, index=drawn.clips.index)
    for group in (with_calm(drawn.clips).emotion, ages.where(ages > 20), drawn.clips.sentence):
        ax = plot.scatter(points, group, title="PCA", shares=np.array([0.4, 0.1]))
        assert sum(len(marks.get_offsets()) for marks in ax.collections) == len(points)
    for wrong in (points[1:], points[:, :1], np.where(points > 2, np.nan, points)):
        with pytest.raises(data.DataError, match="point"):
            plot.scatter(wrong, ages, title="PCA", shares=np.array([0.4, 0.1]))


def test_what_has_no_clips_or_no_interval_is_marked(drawn):
    table = pd.DataFrame(np.diag([3, 3, 0]), index=list("abc"), columns=list("abc"))
    ax = plot.confusion(table, title="three")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b", "c\n(no clips)"]
    true, said, _ = drawn.scored
    alone = evaluate.intervals(true, said, pd.Series(1, index=true.index))
    ax = plot.intervals({"me": alone}, evaluate.baselines(true))
    assert [t.get_text() for t in ax.get_yticklabels()] == ["me\n(no interval)"]
    assert len(ax.lines) == 2  # chance, which the majority gets as well, and the dot


def test_ninety_one_actors_fit_on_a_page():
    table = pd.DataFrame({"clips": 82, "uar": 0.5}, index=pd.Index(range(1001, 1092), name="actor"))
    ax = plot.slices(table, title="Actors", chance=1 / 6)
    assert ax.figure.get_size_inches()[0] < 21
    assert len(ax.get_xticklabels()) == 91


@pytest.mark.parametrize(
    "call",
    [
        lambda d: plot.clip_grid(d.clips.iloc[:0]),
        lambda d: plot.clip_grid(d.clips.iloc[:1].assign(emotion="JOY")),
        lambda d: plot.confusion(pd.DataFrame(np.zeros((6, 6))), title=""),
        lambda d: plot.confusion(pd.DataFrame([[1, np.nan], [1, 1]]), title=""),
        lambda d: plot.intervals({}, evaluate.baselines(d.scored[0])),
        lambda d: plot.slices(pd.DataFrame({"clips": [], "uar": []}), title="", chance=0.1),
        lambda d: plot.slices(pd.DataFrame({"clips": [1], "uar": [np.nan]}), title="", chance=0.1),
        lambda d: plot.reliability(pd.DataFrame({"confidence": []})),
        lambda d: plot.history(pd.DataFrame({"train_loss": [1.0]})),
        lambda d: plot.matrix(np.zeros(4), title="", ylabel="", label=""),
        lambda d: plot.waveform(np.zeros(0), SR),
        lambda d: plot.mel_spectrogram(np.full(SR, np.nan)),
    ],
)
def test_what_cannot_be_drawn_is_refused_and_no_figure_is_left(drawn, call):
    with pytest.raises(data.DataError):
        call(drawn)
    assert plt.get_fignums() == []


def test_samples_as_whole_numbers_are_drawn_at_their_scale():
    whole = np.round(Y * 32768).astype(np.int16)
    drawn, wanted = (plot.waveform(y, SR).lines[0].get_ydata() for y in (whole, Y))
    np.testing.assert_allclose(drawn, wanted, atol=1e-4)
    drawn, wanted = (plot.mel_spectrogram(y).images[0].get_array() for y in (whole, Y))
    np.testing.assert_allclose(drawn.clip(-40), wanted.clip(-40), atol=0.1)


@pytest.mark.parametrize("kind", ["figure", "axes"])
def test_show_gives_the_alt_text_and_closes_the_figure(monkeypatch, kind):
    shown = []
    monkeypatch.setattr(
        "IPython.display.display", lambda *given, **more: shown.append((given, more))
    )
    ax = plot.waveform(Y, SR)
    plot.show(ax if kind == "axes" else ax.figure, alt="A tone of 0.6 s.")
    (((bundle,), more),) = shown
    assert more["raw"]
    assert more["metadata"] == {"image/png": {"alt": "A tone of 0.6 s."}}
    assert bundle["text/plain"] == "[figure: A tone of 0.6 s.]"
    assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG")
    assert len(bundle["image/png"]) < 100_000
    assert plt.get_fignums() == []


def test_the_style_is_not_left_behind():
    plt.rcdefaults()
    before = dict(plt.rcParams)
    figure, axes = plot.subplots(2, 2, figsize=(4, 4))
    assert axes.shape == (2, 2)
    assert figure.get_size_inches().tolist() == [4, 4]
    assert not axes[0, 0].spines["top"].get_visible()
    assert dict(plt.rcParams) == before


#: How colours look to those who lack one kind of cone, on linear RGB: Machado, Oliveira &
#: Fernandes 2009, doi:10.1109/TVCG.2009.113, severity 1.
EYES = {
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
    "all three cones": np.eye(3),
}  # fmt: skip
RGB_TO_XYZ = [[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]]


def lab(colour: str, eyes: list) -> np.ndarray:
    """Turn a colour as seen by some eyes into CIE L*a*b* (white: D65)."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = RGB_TO_XYZ @ np.clip(eyes @ linear, 0, 1) / np.array([0.9505, 1, 1.0888])
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("palette", [plot.COLOURS, plot.PART_COLOURS], ids=["emotions", "parts"])
def test_colours_can_be_told_apart_by_everybody(eyes, palette):
    """A difference of 2 is just seen when two areas touch; 15 is plain also for small marks."""
    seen = {name: lab(colour, EYES[eyes]) for name, colour in palette.items()}
    distances = {
        (a, b): np.linalg.norm(seen[a] - seen[b]) for a, b in itertools.combinations(seen, 2)
    }
    assert min(distances.values()) > 15, min(distances, key=distances.get)


def test_each_emotion_has_a_colour():
    assert tuple(plot.COLOURS) == (*data.EMOTIONS, *data.OTHER_EMOTIONS)
    red, green = (lab(c, EYES["deuteranopia"]) for c in ("#FF0000", "#6C6C00"))
    assert np.linalg.norm(red - green) < 25  # the simulation does see red and green as alike


def test_what_was_published_stands_beside_a_score(drawn):
    people = evaluate.published("ravdess", "course, unseen speakers")
    table = evaluate.intervals(*drawn.scored)
    ax = plot.intervals(
        {"here": table, "24 real actors": people}, evaluate.baselines(drawn.scored[0])
    )
    segments = [collection.get_segments()[0] for collection in ax.collections]
    np.testing.assert_allclose(segments[0][:, 0], [people.low * 100, people.high * 100])
    np.testing.assert_allclose(segments[1][:, 0], table.loc["uar", ["low", "high"]] * 100)


def test_a_pair_is_a_line_per_speaker(drawn):
    true, said, speakers = drawn.scored
    of = [evaluate.slices(true, answers, speakers).uar for answers in (true, said)]
    measured = evaluate.difference(true, true, said, speakers)
    ax = plot.paired({"all right": of[0], "by luck": of[1]}, measured)
    assert len(ax.lines) == len(of[0]) + 1
    assert f"{len(of[0])} rise or stay" in ax.get_xlabel()
    np.testing.assert_allclose(ax.lines[-1].get_ydata(), [of[1].mean() * 100, 100])
    with pytest.raises(DataError, match="not tried on the same speakers"):
        plot.paired({"a": of[0], "b": of[1].head(2)}, measured)
    with pytest.raises(DataError, match="two systems, not 1"):
        plot.paired({"a": of[0]}, measured)
