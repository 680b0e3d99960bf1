"""The concept drawings: legible, described, and right in every number."""

import inspect
import re
import warnings
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import scipy.fft
import scipy.special
import torch
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from sklearn.metrics import precision_score, recall_score
from sklearn.preprocessing import StandardScaler

from ser_helpers import sketches
from ser_helpers.errors import DataError
from ser_helpers.sketches import network, sound
from ser_helpers.sketches.beyond import schedule, slide

NAMES = [name for name in sketches.__all__ if name not in ("Sketch", "road")]
#: As they are, and with numbers that a notebook might choose.
DRAWN = [("road", {"step": step}) for step in sketches.way.STEPS] + [(name, {}) for name in NAMES]
DRAWN += [
    ("sampling", {"frequency": 5, "rates": (50, 6)}),
    ("matching", {"clip": 4, "tries": (4, 7)}),
    ("framing", {"n_samples": 60, "n_fft": 20, "hop_length": 20}),
    ("framing", {"n_samples": 20, "n_fft": 20}),
    ("framing", {"n_samples": 80, "n_fft": 10, "hop_length": 14}),
    ("mel_filters", {"n_mels": 20}),
    ("mfcc", {"n_mels": 12, "n_mfcc": 5}),
    ("clip_row", {"mfccs": np.arange(28).reshape(4, 7) - 140.0}),
    ("clip_row", {"mfccs": [[1, 3]]}),
    ("rows_or_speakers", {"n_speakers": 10, "n_clips": 7}),
    ("folds", {"n_development": 14, "n_test": 4, "n_folds": 6}),
    ("folds", {"n_development": 4, "n_test": 3, "n_folds": 2}),
    ("peeking_scaler", {"train": (10, 20, 30, 40), "test": 100}),
    ("neuron", {"inputs": (-1, -2, -3, -4, -5), "weights": (1,) * 5, "bias": -1}),
    ("neuron", {"inputs": (1,), "weights": (2,), "bias": 0}),
    ("layer", {"inputs": np.eye(3, 4), "weights": -np.ones((4, 4)), "biases": [0.5] * 4}),
    ("relu", {"values": (-1, -0.2, 0.3, 3)}),
    ("softmax", {"scores": (5, -5), "names": ("yes", "no")}),
    ("dropout", {"p": 0.25, "n_units": 3}),
    ("backpropagation", {"weights": (-0.8, 0.6), "bias": 0, "target": 0}),
    ("step_down", {"start": 5, "lr": 1.8, "n_steps": 5}),
    ("early_stopping", {"patience": 3}),
    ("early_stopping", {"patience": 20, "overfits": 0.01}),
    ("confusion_by_row", {"counts": np.full((4, 4), 100), "names": list("ABCD")}),
    ("confusion_by_row", {"counts": [[1, 0], [0, 1]], "names": ("anger", "others")}),
    ("recall_and_precision", {"found": 30, "missed": 30, "false_alarms": 30, "others": 30}),
    ("bootstrap", {"scores": np.linspace(0, 1, 10), "seed": 3}),
    ("paired", {"a": [0.5, 0.4, 0.6, 0.3], "b": [0.4, 0.5, 0.6, 0.31]}),
    ("sliding_filter", {"position": 9}),
    ("masks", {"time_share": 0.5, "mel_share": 0.5}),
    ("attention", {"scores": [5] + [-5] * 9}),
    ("workers", {"seconds": [1] * 12, "n_workers": 5}),
    ("taking", {"queries": -5 * np.eye(6, 2), "keys": 5 * np.ones((6, 2)), "values": [-9] * 6}),
    ("taking", {"queries": np.ones((3, 2)), "keys": np.ones((3, 2)), "values": [1] * 3, "asks": 0}),
    ("frozen", {"n_blocks": 5, "trained": 2}),
]
DRAWN_IDS = [f"{name}-{i}" for i, (name, _) in enumerate(DRAWN)]


def texts(figure):
    """List the words that are really drawn, as (words, box)."""
    FigureCanvasAgg(figure).draw()  # a closed figure has lost its own
    hidden = set()
    for axis in figure.findobj(Axis):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
                hidden |= {tick.label1, tick.label2}
    for ax in figure.axes:
        if not ax.axison:
            hidden |= {text for axis in (ax.xaxis, ax.yaxis) for text in axis.findobj(Text)}
    shown = [t for t in figure.findobj(Text) if t.get_visible() and t not in hidden]
    return [(t, t.get_window_extent()) for t in shown if t.get_text().strip()]


@pytest.mark.parametrize(("name", "options"), DRAWN, ids=DRAWN_IDS)
def test_a_drawing_is_legible_at_700_pixels_and_described(name, options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sketch = getattr(sketches, name)(**options)
        sketch.figure.set_dpi(90)  # as plot.show has it
        words = texts(sketch.figure)
    assert not plt.fignum_exists(sketch.figure.number), "would be shown twice in a notebook"
    assert 10 <= len(sketch.alt.split()) <= 60, sketch.alt
    width, height = sketch.figure.canvas.get_width_height()
    assert width <= 700
    for text, box in words:
        assert text.get_fontsize() >= 9, text
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
        assert inside, f"{text.get_text()!r} leaves the figure: {box}"
    for (one, box), (other, second) in combinations(words, 2):
        wide = min(box.x1, second.x1) - max(box.x0, second.x0)
        tall = min(box.y1, second.y1) - max(box.y0, second.y0)
        assert wide <= 1 or tall <= 1, f"{one.get_text()!r} lies over {other.get_text()!r}"


def written(sketch):
    return " | ".join(text.get_text() for text, _ in texts(sketch.figure))


def test_a_notebook_gets_the_picture_with_its_alt_text(monkeypatch):
    published = []
    monkeypatch.setattr("IPython.display.display", lambda data, **rest: published.append(rest))
    sketch = sketches.road(3)
    sketch._ipython_display_()
    assert published[0]["metadata"]["image/png"]["alt"] == sketch.alt
    assert "notebook 03" in sketch.alt


def test_numbers_beyond_what_can_be_drawn_are_refused():
    for name, options in (
        ("road", {"step": 15}),
        ("framing", {"n_samples": 4}),
        ("framing", {"hop_length": 1}),
        ("neuron", {"weights": (1,)}),
        ("layer", {"biases": (1,)}),
        ("peeking_scaler", {"train": (1, 1)}),
        ("confusion_by_row", {"counts": [[0, 0], [1, 1]], "names": ("a", "b")}),
        ("sampling", {"frequency": 3, "rates": (40, 6)}),
        ("recall_and_precision", {"found": 0}),
        ("paired", {"a": (0.5,) * 4}),
        ("workers", {"n_workers": 1}),
    ):
        with pytest.raises(DataError):
            getattr(sketches, name)(**options)


def test_numbers_are_given_by_name():
    for name in NAMES:
        parameters = list(inspect.signature(getattr(sketches, name)).parameters.values())
        free = [p.name for p in parameters if p.kind is not p.KEYWORD_ONLY]
        assert free in ([], ["scores"]), name


def test_softmax_is_that_of_scipy():
    scores = [2.0, 0.5, -0.5, 1.0, 0.0, -1.0]
    shares = network.probabilities(scores)
    np.testing.assert_allclose(shares, scipy.special.softmax(scores))
    words = written(sketches.softmax(scores))
    assert all(f"{share:.1%}" in words for share in shares)
    assert "100%" in words


@pytest.mark.parametrize("target", [0, 1])
@pytest.mark.parametrize("bias", [0.2, -3.0])  # of a neuron that works, and of a silent one
def test_the_gradients_are_those_of_autograd(target, bias):
    x = torch.tensor([0.5, -1.0], dtype=torch.float64)
    w = torch.tensor([0.8, -0.6], dtype=torch.float64, requires_grad=True)
    b = torch.tensor(bias, dtype=torch.float64, requires_grad=True)
    v = torch.tensor([1.2, -0.7], dtype=torch.float64, requires_grad=True)
    hidden = torch.relu(x @ w + b)
    hidden.retain_grad()
    scores = v * hidden
    scores.retain_grad()
    loss = torch.nn.functional.cross_entropy(scores[None], torch.tensor([target]))
    loss.backward()
    net = network.run_tiny(
        x.tolist(), w.tolist(), bias=bias, output_weights=v.tolist(), target=target
    )
    assert net.loss == pytest.approx(loss.item())
    for ours, theirs in (
        (net.d_inputs_weights, w.grad),
        (net.d_total, b.grad),
        (net.d_output_weights, v.grad),
        (net.d_hidden, hidden.grad),
        (net.d_scores, scores.grad),
    ):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-12)
    drawn = sketches.backpropagation(bias=bias, target=target)
    assert f"{loss.item():.2f}" in written(drawn)
    for gradient in (*w.grad, *v.grad):
        text = f"{abs(gradient.item()):.2f}"
        assert f"∂ {text}" in written(drawn) or f"∂ −{text}" in written(drawn)


def test_recall_and_precision_are_those_of_scikit_learn():
    true = [1] * 20 + [0] * 30
    said = [1] * 14 + [0] * 6 + [1] * 8 + [0] * 22
    words = written(sketches.recall_and_precision())
    assert f"= {recall_score(true, said):.0%}" in words
    assert f"= {precision_score(true, said):.0%}" in words


def test_sound_is_counted_right():
    values = np.random.default_rng(0).normal(size=20)
    expected = scipy.fft.dct(values, norm="ortho")[:5]
    np.testing.assert_allclose(sound.cosine_transform(values, 5), expected)
    assert "adds up to 100;" in sketches.matching().alt  # the mean of sin² is a half
    assert "adds up to 0." in sketches.matching().alt.replace("zero adds", "adds")
    time = np.arange(40) / 6
    low = sound.alias(5, 6)
    np.testing.assert_allclose(
        np.sin(2 * np.pi * 5 * time), np.sin(2 * np.pi * low * time), atol=1e-9
    )
    frames = np.lib.stride_tricks.sliding_window_view(np.arange(40), 16)[::6]
    assert f"= {len(frames)} frames" in written(sketches.framing())


def test_scaler_and_row_are_those_of_the_libraries():
    values = np.array([[2.0], [4.0], [6.0], [20.0]])
    for seen in (values, values[:3]):
        scaled = StandardScaler().fit(seen).transform(values)[-1, 0]
        assert f"{scaled:.1f}" in sketches.peeking_scaler().alt
    assert "one row of 4 numbers" in sketches.clip_row(mfccs=[[1, 3], [2, 2]]).alt


def test_a_difference_is_called_one_only_if_its_interval_leaves_out_zero():
    a = np.linspace(0.3, 0.7, 8)
    assert "B is better" in sketches.paired(a=a, b=a + 0.05).alt
    assert "A is better" in sketches.paired(a=a, b=a - 0.05).alt
    assert "cannot tell" in sketches.paired(a=a, b=a + np.tile([0.05, -0.05], 4)).alt


@pytest.mark.parametrize("patience", [3, 10, 20])
@pytest.mark.parametrize("overfits", [0.01, 0.05])
def test_training_stops_when_patience_is_over(patience, overfits):
    alt = sketches.early_stopping(patience=patience, overfits=overfits).alt
    best, stop = (int(re.search(f"{word} epoch (\\d+)", alt)[1]) for word in ("until", "at"))
    assert stop - best == patience


def test_filter_and_schedule():
    picture, pattern = np.random.default_rng(1).normal(size=(4, 9)), np.eye(4, 3)
    theirs = torch.nn.functional.conv2d(
        torch.tensor(picture)[None, None], torch.tensor(pattern)[None, None]
    )
    np.testing.assert_allclose(slide(picture, pattern), theirs.numpy().ravel())
    plan = schedule([4, 1, 1, 3], 2)
    assert plan == [(0, 0, 4), (1, 0, 1), (1, 1, 2), (1, 2, 5)]
