"""What a network is made of, and how it learns: all with numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes

from ser_helpers import plot
from ser_helpers.errors import DataError
from ser_helpers.names import EMOTION_NAMES, EMOTIONS
from ser_helpers.sketches.drawing import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    RED,
    SMALL,
    Sketch,
    arrow,
    box,
    canvas,
    chart,
    disc,
    pale,
    say,
    signed,
)


def neuron(
    *,
    inputs: Sequence[float] = (0.5, -1.0, 2.0),
    weights: Sequence[float] = (0.8, 0.2, -0.3),
    bias: float = 0.5,
) -> Sketch:
    """Draw one neuron with numbers: weighted sum, bias, ReLU.

    Parameters
    ----------
    inputs, weights : sequence of float
        Equally many, 1 to 5.
    bias : float

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if not 1 <= len(inputs) == len(weights) <= 5:
        raise DataError("a neuron is drawn with 1 to 5 inputs, and one weight for each")
    products = np.multiply(inputs, weights)
    total = float(products.sum() + bias)
    output = max(0.0, total)
    height = 24 + 9 * len(inputs)
    figure, ax = canvas(height, "One neuron: multiply, add up, cut off below zero")
    middle = 10 + 9 * len(inputs) / 2
    for name, x in (("inputs", 6), ("× weights", 23.5), ("sum + bias", 50), ("ReLU", 73)):
        say(ax, x, height - 9, name, bold=True)
    say(ax, 92, height - 9, "output", bold=True)
    for i, (value, weight) in enumerate(zip(inputs, weights, strict=True)):
        y = 10 + 9 * (len(inputs) - i - 0.5)
        disc(ax, 6, y, 3.6, signed(value, 1), fill=pale(BLUE, 0.2))
        ax.plot([9.6, 18], [y, y], color=INK, lw=1.2)
        box(ax, 18, y - 2.2, 11, 4.4, f"× {signed(weight, 1)}")
        aim = 0.35 * (y - middle)
        arrow(ax, (29, y), (50 - (49 - aim**2) ** 0.5, middle + aim))
    disc(ax, 50, middle, 7, signed(total), fill=pale(ORANGE, 0.5), size=12)
    say(ax, 50, middle - 9.5, f"bias {signed(bias, 1)}", size=SMALL)
    arrow(ax, (57, middle), (67, middle))
    box(ax, 67, middle - 4, 12, 8)
    ax.plot([68.5, 73, 77.5], [middle - 2, middle - 2, middle + 2.5], color=INK, lw=2, zorder=3)
    arrow(ax, (79, middle), (87, middle))
    disc(ax, 92, middle, 4.5, signed(output), fill=pale(GREEN, 0.4), size=12)
    terms = " + ".join(_bracketed(signed(term)) for term in (*products, bias))
    formula = f"{terms} = {signed(total)}"
    say(ax, 50, 3, f"{formula};  max(0, {signed(total)}) = {signed(output)}")
    alt = (
        f"A neuron with {len(inputs)} inputs: each is multiplied with its weight, the products "
        f"and the bias {signed(bias, 1)} add up to {signed(total)}, and ReLU makes of it the "
        f"output {signed(output)}."
    )
    return Sketch(figure, alt)


def _bracketed(text: str) -> str:
    """Put a number that is written with a minus into brackets."""
    return f"({text})" if text.startswith("−") else text


def layer(
    *,
    inputs: Sequence[Sequence[float]] = ((1, 2, 0), (0, 1, -1)),
    weights: Sequence[Sequence[float]] = ((2, 0, 1, -1), (1, -1, 0, 2), (0, 3, 1, 1)),
    biases: Sequence[float] = (1, 0, 0, -1),
) -> Sketch:
    """Draw a layer as a product of tables; one number is followed.

    Parameters
    ----------
    inputs : sequence of sequence of float, shape (n_clips, n_features)
        At most 3 by 4.
    weights : sequence of sequence of float, shape (n_features, n_units)
        At most 4 units. PyTorch keeps it on its side: (n_units, n_features).
    biases : sequence of float, shape (n_units,)

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    x, w, b = (np.asarray(table, dtype=float) for table in (inputs, weights, biases))
    if x.shape[1] != w.shape[0] or w.shape[1] != len(b) or max(*x.shape, *w.shape) > 4:
        raise DataError("the tables do not fit together, or are larger than 4 by 4")
    result = x @ w + b
    row, column = 0, w.shape[1] - 1
    tall = 5.0 * max(len(x), len(w))
    height = tall + 25
    figure, ax = canvas(height, "A layer is a table: all neurons and all clips at once")
    middle = 11 + tall / 2
    cell = min(5.2, 78 / (x.shape[1] + 3 * w.shape[1]))
    left = (100 - cell * (x.shape[1] + 3 * w.shape[1]) - 18) / 2
    words = (f"{len(x)} clips", f"weights, {w.shape[1]} neurons", "biases", "outputs")
    marks = (
        lambda i, j: i == row,
        lambda i, j: j == column,
        lambda i, j: j == column,
        lambda i, j: (i, j) == (row, column),
    )
    tables = (x, w, b[None], result)
    for table, word, marked, sign in zip(tables, words, marks, ("×", "+", "=", ""), strict=True):
        top = middle + 2.5 * len(table)
        for i, j in np.ndindex(table.shape):
            chosen = marked(i, j)
            place = (left + cell * j, top - 5 * (i + 1), cell, 5)
            fill = pale(ORANGE, 0.7) if chosen else "white"
            box(ax, *place, _short(table[i, j]), fill=fill, bold=chosen)
        width = cell * table.shape[1]
        say(ax, left + width / 2, 11 + tall + 3, word, size=SMALL)
        say(ax, left + width / 2, 8.3, f"{table.shape[0]} × {table.shape[1]}", size=SMALL)
        say(ax, left + width + 3, middle, sign, size=14)
        left += width + 6
    products = zip(x[row], w[:, column], strict=True)
    terms = [f"{_bracketed(_short(one))}·{_bracketed(_short(other))}" for one, other in products]
    value = _short(result[row, column])
    say(ax, 50, 3, f"{' + '.join(terms)} + {_bracketed(_short(b[column]))} = {value}")
    alt = (
        f"A table of {len(x)} clips with {x.shape[1]} features times a table of weights for "
        f"{w.shape[1]} neurons, plus biases, gives {w.shape[1]} outputs per clip. The first "
        f"clip's row and the last neuron's column give {value}."
    )
    return Sketch(figure, alt)


def _short(number: float) -> str:
    """Write a number with as few digits as it needs, and a proper minus."""
    return f"{number:g}".replace("-", "−")


def relu(*, values: Sequence[float] = (-2.0, -0.5, 1.5)) -> Sketch:
    """Draw ReLU, with some values before and after.

    Parameters
    ----------
    values : sequence of float
        1 to 4, between -3 and 3.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if not 1 <= len(values) <= 4 or np.abs(values).max() > 3:
        raise DataError("1 to 4 values from -3 to 3 can be drawn")
    figure, ax = chart(3.4)
    ax.plot([-3, 0, 3], [0, 0, 3], color=INK, lw=2)
    after = [max(0.0, value) for value in values]
    ax.plot(values, after, "o", color=RED, ms=8)
    for i, value in enumerate(sorted(values)):
        result = max(0.0, value)
        place = (value, -0.6 - 0.5 * (i % 2)) if value <= 0 else (value - 1.1, result + 0.2)
        ax.annotate(
            f"{signed(value, 1)} → {signed(result, 1)}",
            (value, result),
            place,
            ha="center",
            fontsize=11,
            arrowprops={"arrowstyle": "-", "color": GREY},
        )
    ax.set(xlabel="sum of a neuron", ylabel="output", xlim=(-3, 3), ylim=(-1.4, 3.6))
    ax.set_yticks(range(4))
    ax.set_title("ReLU: what is negative becomes 0, what is positive passes")
    pairs = ", ".join(
        f"{signed(v, 1)} gives {signed(a, 1)}" for v, a in zip(values, after, strict=True)
    )
    alt = f"The curve of ReLU: flat at zero on the left, then rising one to one; {pairs}."
    return Sketch(figure, alt)


def probabilities(scores: Sequence[float] | np.ndarray) -> np.ndarray:
    """Compute the softmax: shares of the exponentials, which sum to 1."""
    exponentials = np.exp(np.asarray(scores, dtype=float) - np.max(scores))
    return exponentials / exponentials.sum()


def softmax(
    scores: Sequence[float] = (2.0, 0.5, -0.5, 1.0, 0.0, -1.0),
    *,
    names: Sequence[str] = EMOTIONS,
) -> Sketch:
    """Draw how scores (logits) become probabilities.

    Parameters
    ----------
    scores : sequence of float
        2 to 6, from -5 to 5.
    names : sequence of str
        Of the classes; the course's emotions if left out.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if not 2 <= len(scores) <= min(6, len(names)) or np.abs(scores).max() > 5:
        raise DataError("2 to 6 scores from -5 to 5, and a name for each, can be drawn")
    names = names[: len(scores)]
    exponentials = np.exp(scores)
    shares = probabilities(scores)
    height = 19.5 + 5.5 * len(scores)
    figure, ax = canvas(height, "Softmax: from scores to shares of 100%")
    for x, head in ((26, "score z"), (44, "exp(z)"), (76, "share of the sum")):
        say(ax, x, height - 9, head, bold=True)
    for i, name in enumerate(names):
        y = height - 14.5 - 5.5 * i
        say(ax, 17, y, EMOTION_NAMES.get(name, name), at="right")
        say(ax, 26, y, signed(scores[i], 1))
        arrow(ax, (31, y), (37, y))
        say(ax, 44, y, f"{exponentials[i]:.2f}")
        arrow(ax, (49.5, y), (55.5, y))
        box(ax, 57, y - 1.9, 32 * shares[i], 3.8, fill=plot.COLOURS.get(name, BLUE))
        say(ax, 58 + 32 * shares[i], y, f"{shares[i]:.1%}", at="left")
    y = height - 15.5 - 5.5 * len(names)
    ax.plot([38, 95], [y + 2.7, y + 2.7], color=INK, lw=1)
    say(ax, 17, y, "sum", at="right", bold=True)
    say(ax, 44, y, f"{exponentials.sum():.2f}", bold=True)
    say(ax, 58, y, f"{shares.sum():.0%}", at="left", bold=True)
    best = int(np.argmax(shares))
    alt = (
        f"Scores of {len(scores)} classes are put through exp and divided by their sum, "
        f"{exponentials.sum():.2f}: shares that add up to {shares.sum():.0%}. The largest is "
        f"{EMOTION_NAMES.get(names[best], names[best])} with {shares[best]:.1%}."
    )
    return Sketch(figure, alt)


def dropout(*, p: float = 0.5, n_units: int = 8, seed: int = 6) -> Sketch:
    """Draw two steps of training, with units switched off at random, and the test.

    Parameters
    ----------
    p : float
        Share that is switched off, from 0 to below 1.
    n_units : int
        3 to 8.
    seed : int

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if not (0 <= p < 1 and 3 <= n_units <= 8):
        raise DataError("p is from 0 to below 1, and 3 to 8 units can be drawn")
    random = np.random.default_rng(seed)
    figure, ax = canvas(
        22 + 5.6 * n_units, "Dropout: each training step switches off some units at random"
    )
    heads = ("training, step 1", "training, step 2", "validation and test")
    kept = [*(random.random((2, n_units)) >= p), np.ones(n_units, dtype=bool)]
    middle = 9 + 2.8 * n_units
    for left, head, on in zip((3, 36, 69), heads, kept, strict=True):
        say(ax, left + 14, 13 + 5.6 * n_units, head, bold=True)
        ins = [middle + 9 * k for k in (-1, 0, 1)]
        outs = [middle + 9 * k for k in (-0.5, 0.5)]
        for i, works in enumerate(on):
            y = 9 + 5.6 * (i + 0.5)
            if works:
                for other in ins:
                    ax.plot([left + 2, left + 14], [other, y], color=GREY, lw=0.6, zorder=1)
                for other in outs:
                    ax.plot([left + 14, left + 26], [y, other], color=GREY, lw=0.6, zorder=1)
            fill = pale(BLUE, 0.45) if works else "white"
            disc(ax, left + 14, y, 2.2, "" if works else "×", fill=fill, dashed=not works, size=12)
        for y in ins:
            disc(ax, left + 2, y, 1.6)
        for y in outs:
            disc(ax, left + 26, y, 1.6)
        gain = 1 / (1 - p)
        words = f"{on.sum()} of {n_units} units, each × {gain:.3g}"
        say(ax, left + 14, 5, words if on is not kept[2] else f"all {n_units} units, as they are")
    alt = (
        f"One layer of {n_units} units, three times. In two steps of training, {kept[0].sum()} "
        f"and {kept[1].sum()} work, drawn anew each time and multiplied by {1 / (1 - p):.3g}; "
        "in validation and test all work as they are."
    )
    return Sketch(figure, alt)


@dataclass(frozen=True)
class Tiny:
    """A network of one hidden neuron and two outputs, run forwards and backwards.

    Attributes
    ----------
    total, hidden : float
        Sum of the hidden neuron, and its output after ReLU.
    scores, shares : numpy.ndarray, shape (2,)
        Logits and probabilities.
    loss : float
        Cross-entropy.
    d_scores, d_output_weights, d_inputs_weights : numpy.ndarray, shape (2,)
        Gradients of the loss.
    d_hidden, d_total : float
    """

    total: float
    hidden: float
    scores: np.ndarray
    shares: np.ndarray
    loss: float
    d_scores: np.ndarray
    d_output_weights: np.ndarray
    d_hidden: float
    d_total: float
    d_inputs_weights: np.ndarray


def run_tiny(
    inputs: Sequence[float],
    weights: Sequence[float],
    *,
    bias: float,
    output_weights: Sequence[float],
    target: int,
) -> Tiny:
    """Run the tiny network forwards, then backwards by the chain rule."""
    x, w, v = (np.asarray(each, dtype=float) for each in (inputs, weights, output_weights))
    total = float(x @ w + bias)
    hidden = max(0.0, total)
    scores = v * hidden
    shares = probabilities(scores)
    d_scores = shares - np.eye(2)[target]
    d_hidden = float(d_scores @ v)
    d_total = d_hidden * (total > 0)
    return Tiny(
        total,
        hidden,
        scores,
        shares,
        float(-np.log(shares[target])),
        d_scores,
        d_scores * hidden,
        d_hidden,
        d_total,
        d_total * x,
    )


def backpropagation(
    *,
    inputs: Sequence[float] = (0.5, -1.0),
    weights: Sequence[float] = (0.8, -0.6),
    bias: float = 0.2,
    output_weights: Sequence[float] = (1.2, -0.7),
    target: int = 1,
) -> Sketch:
    """Draw one tiny network forwards and backwards, with every number.

    Parameters
    ----------
    inputs, weights : sequence of float
        Two of each.
    bias : float
        Of the hidden neuron.
    output_weights : sequence of float
        Two, one for each score.
    target : int
        The right class, 0 or 1.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if {len(inputs), len(weights), len(output_weights)} != {2} or target not in (0, 1):
        raise DataError("the tiny network has two inputs and two classes, 0 and 1")
    net = run_tiny(inputs, weights, bias=bias, output_weights=output_weights, target=target)
    figure, ax = canvas(58, "Forward: compute the loss. Backward: how each number changes it")
    up, down, middle = 42.0, 20.0, 31.0
    heads = ((6, "inputs"), (21.5, "weights"), (38, "hidden"), (54, "weights"), (69, "scores"))
    for x, head in (*heads, (83, "shares"), (95, "loss")):
        say(ax, x, 50.5, head, bold=True)
    for i, y in enumerate((up, down)):
        disc(ax, 6, y, 4, signed(inputs[i], 1), fill=pale(BLUE, 0.2))
        arrow(ax, (10, y), (33, middle + 0.15 * (y - middle)))
        between = (y + middle) / 2 + 2.2 * np.sign(y - middle)
        _weight(ax, 21.5, between, weights[i], slope=net.d_inputs_weights[i])
        arrow(ax, (43, middle + 0.15 * (y - middle)), (65, y))
        _weight(ax, 54, between, output_weights[i], slope=net.d_output_weights[i])
        disc(ax, 69, y, 4, signed(net.scores[i]), fill=pale(GREEN, 0.3))
        say(ax, 69, y - 6, f"∂ {signed(net.d_scores[i])}", colour=_BLAME, bold=True)
        arrow(ax, (73, y), (79, y))
        box(ax, 79, y - 2.5, 8, 5, f"{net.shares[i]:.2f}")
        if i == target:
            arrow(ax, (87, y), (91, middle + 0.1 * (y - middle)))
            say(ax, 83, y - 5, "(right class)", size=SMALL)
    disc(ax, 38, middle, 5, signed(net.hidden), fill=pale(ORANGE, 0.5))
    say(ax, 38, middle + 12, f"bias {signed(bias, 1)}", size=SMALL)
    say(ax, 38, middle + 9.5, f"∂ {signed(net.d_total)}", size=SMALL, colour=_BLAME, bold=True)
    say(ax, 38, middle + 7, f"sum {signed(net.total)}", size=SMALL)
    say(ax, 38, middle - 7.5, f"∂ {signed(net.d_hidden)}", colour=_BLAME, bold=True)
    box(ax, 91, middle - 3, 8, 6, f"{net.loss:.2f}", line=2)
    arrow(ax, (3, 11.5), (97, 11.5), colour=INK)
    say(ax, 50, 9, "forward: multiply, add, ReLU, softmax; loss = −log(share of the right class)")
    arrow(ax, (97, 6), (3, 6), colour=_BLAME, dashed=True)
    say(ax, 50, 3, "backward: ∂ is how fast the loss grows with that number", colour=_BLAME)
    alt = (
        f"A network of two inputs, one hidden neuron and two scores. Forwards it gives the right "
        f"class {net.shares[target]:.2f} and the loss {net.loss:.2f}; backwards each weight gets "
        f"its slope, {signed(net.d_output_weights[0])} and {signed(net.d_output_weights[1])} for "
        "those of the scores."
    )
    return Sketch(figure, alt)


_BLAME = "#A04000"


def _weight(ax: Axes, x: float, y: float, value: float, *, slope: float) -> None:
    box(ax, x - 6, y - 3.4, 12, 6.8)
    say(ax, x, y + 1.6, f"w {signed(value, 1)}")
    say(ax, x, y - 1.6, f"∂ {signed(slope)}", colour=_BLAME, bold=True)


def step_down(*, start: float = -1.0, lr: float = 0.2, n_steps: int = 3) -> Sketch:
    """Draw steps of gradient descent down a loss of one weight: 0.5 (w - 2)² + 0.5.

    Parameters
    ----------
    start : float
        First weight, -2 to 6.
    lr : float
        Learning rate, above 0 to 2; from 2 on it would never arrive.
    n_steps : int
        1 to 6.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if not (-2 <= start <= 6 and 0 < lr <= 2 and 1 <= n_steps <= 6):
        raise DataError("draw from -2 to 6, with lr above 0 to 2, and 1 to 6 steps")
    way = [start]
    for _ in range(n_steps):
        way.append(way[-1] - lr * (way[-1] - 2))
    w, line = np.array(way), np.linspace(-2.2, 6.2, 300)
    loss, bowl = (0.5 * (at - 2) ** 2 + 0.5 for at in (w, line))
    figure, ax = chart(3.8)
    ax.plot(line, bowl, color=GREY, lw=1.5)
    slope = float(w[0] - 2)
    step = signed(-lr * slope)
    near = np.array([w[0] - 0.8, w[0] + 0.8])
    ax.plot(near, loss[0] + slope * (near - w[0]), "--", color=RED, lw=2)
    ax.plot(w, loss, "o", color=BLUE, ms=8)
    for before, after in pairwise(zip(w, loss, strict=True)):
        ax.annotate("", after, before, arrowprops={"arrowstyle": "-|>", "color": BLUE})
    words = (
        f"slope at w = {signed(w[0])} (dashed): {signed(slope)}\n"
        f"step: −lr × slope = −{lr:g} × {_bracketed(signed(slope))} = {step}\n"
        f"new w: {signed(w[0])} + {_bracketed(step)} = {signed(w[1])}\n"
        f"loss: {loss[0]:.2f} → {loss[1]:.2f}"
    )
    ax.text(2, 8.3, words, ha="center", va="top", fontsize=10)
    ax.set(xlabel="weight w", ylabel="loss", xlim=(-2.2, 6.2), ylim=(0, 9))
    ax.set_title("Each step goes against the slope, and is shorter where it is flat")
    alt = (
        f"The loss over one weight is a bowl. At w = {signed(w[0])} its slope is "
        f"{signed(slope)}, so a step with learning rate {lr:g} goes to {signed(w[1])}; "
        f"after {n_steps} steps w is {signed(w[-1])}."
    )
    return Sketch(figure, alt)


def early_stopping(*, patience: int = 10, overfits: float = 0.03) -> Sketch:
    """Draw losses of training and validation, the best epoch and where training stops.

    Parameters
    ----------
    patience : int
        Epochs without a better validation loss, 3 to 20.
    overfits : float
        How fast the validation loss rises again, an epoch, 0.01 to 0.05.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if not (3 <= patience <= 20 and 0.01 <= overfits <= 0.05):
        raise DataError("patience is from 3 to 20, and overfits from 0.01 to 0.05")
    epochs = np.arange(1, 61)
    wobble = np.random.default_rng(0).normal(0, 0.015, epochs.size)
    train = 0.3 + 1.5 * np.exp(-epochs / 10)
    valid = 0.55 + 1.3 * np.exp(-epochs / 7) + overfits * np.maximum(0, epochs - 8) * 0.6 + wobble
    best, last = 0, 0
    for last in range(epochs.size):
        if valid[last] < valid[best]:
            best = last
        if last - best >= patience:
            break
    figure, ax = chart(3.6)
    run = slice(0, last + 1)
    ax.plot(epochs[run], train[run], "--", color=BLUE, lw=2)  # as in plot.history
    ax.plot(epochs[run], valid[run], color=INK, lw=2)
    ax.plot(epochs[best], valid[best], "o", color=RED, ms=9)
    end = epochs[last]
    ax.text(end + 0.5, train[last], "training", va="center", color=BLUE)
    ax.text(end + 0.5, valid[last], "validation", va="center")
    ax.axvline(end, color=GREY, ls=":")
    ax.annotate(
        f"epoch {epochs[best]}: best, kept",
        (epochs[best], valid[best]),
        (epochs[best], valid[best] + 0.45),
        ha="center",
        arrowprops={"arrowstyle": "-|>"},
    )
    ax.annotate(
        "", (epochs[best], 0.15), (end, 0.15), arrowprops={"arrowstyle": "<|-|>", "color": INK}
    )
    ax.text((epochs[best] + end) / 2, 0.02, f"patience: {patience} epochs", ha="center")
    ax.set(xlabel="epoch", ylabel="loss", xlim=(0, end * 1.18), ylim=(-0.08, 1.9))
    ax.set_title(f"Training stops after epoch {end}; the weights of epoch {epochs[best]} are kept")
    alt = (
        f"The training loss falls on; the validation loss falls until epoch {epochs[best]}, then "
        f"rises. After {patience} epochs without a better one training stops, at epoch {end}, "
        f"and the weights of epoch {epochs[best]} are kept."
    )
    return Sketch(figure, alt)
