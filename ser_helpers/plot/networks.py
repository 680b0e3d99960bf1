"""Draw networks, and how they learn."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ser_helpers.errors import DataError
from ser_helpers.plot.base import (
    COLOURS,
    OTHER_COLOUR,
    PART_COLOURS,
    check_not_empty,
    check_same_clips,
    emotion_name,
    emotions_in,
    new_axes,
    subplots,
    title_of,
)


def network(
    sizes: Sequence[int],
    *,
    names: Sequence[str],
    outputs: Sequence[str],
    title: str,
    shown: int = 8,
    ax: Axes | None = None,
) -> Axes:
    """Draw a fully connected network: a column of circles per layer, a line per weight.

    Parameters
    ----------
    sizes : sequence of int
        Units of each layer, inputs first.
    names : sequence of str
        What to write under each layer.
    outputs : sequence of str
        What to write beside each unit of the last layer, at most ``shown``; emotions get the
        course's colours.
    title : str
    shown : int
        Most circles in a column, an even number; where a layer has more, dots stand for the rest.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or new_axes(7.5, 4)
    columns = []
    for size in sizes:
        y = np.linspace(1, -1, min(size, shown)) if size > 1 else np.zeros(1)
        columns.append(np.sign(y) * (0.16 + 0.84 * np.abs(y)) if size > shown else y)
    for x, (left, right) in enumerate(pairwise(columns)):
        ends = np.stack(np.broadcast_arrays(left[:, None], right[None, :])).reshape(2, -1)
        ax.plot([x, x + 1], ends, color="#BBBBBB", linewidth=0.5, zorder=1)
    for x, (y, size, name) in enumerate(zip(columns, sizes, names, strict=True)):
        last = x == len(sizes) - 1
        colours = [COLOURS.get(o, OTHER_COLOUR) for o in outputs] if last else "#FFFFFF"
        ax.scatter(np.full(len(y), x), y, s=110, c=colours, edgecolors="black", zorder=2)
        if size > shown:
            ax.text(x, 0, "⋮", ha="center", va="center", fontsize=14)
        ax.text(x, -1.2, f"{name}\n{size}", ha="center", va="top")
    for y, output in zip(columns[-1], outputs, strict=True):
        ax.text(len(sizes) - 1 + 0.1, y, output, va="center")
    ax.set(title=title, xlim=(-0.4, len(sizes) - 0.4), ylim=(-1.6, 1.15))
    ax.axis("off")
    return ax


def history(table: pd.DataFrame, *, best_epoch: int | None = None) -> Figure:
    """Draw learning curves: loss and UAR of train and validation over the epochs.

    Parameters
    ----------
    table : pandas.DataFrame
        ``Result.history``.
    best_epoch : int, optional
        Marked by a line.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If there is no epoch, or a column is missing.
    """
    needed = [f"{part}_{m}" for part in ("train", "validation") for m in ("loss", "uar")]
    if missing := [name for name in needed if name not in table]:
        raise DataError(
            f"the history lacks the column(s) {', '.join(missing)}: give Result.history"
        )
    check_not_empty(table, "history")
    figure, axes = subplots(1, 2, figsize=(9, 3.2))
    for ax, measure, label in zip(
        axes, ("loss", "uar"), ("cross-entropy loss (nats)", "UAR (0 to 1)"), strict=True
    ):
        for part, style in (("train", "--"), ("validation", "-")):
            ax.plot(
                table.index, table[f"{part}_{measure}"], style, label=part, color=PART_COLOURS[part]
            )
        if best_epoch is not None:
            ax.axvline(best_epoch, color="black", linewidth=0.8, linestyle=":", label="kept")
        ax.set(xlabel="epoch", ylabel=label, title=title_of(label))
        ax.legend()
    return figure


LINES = (
    ("-", "#0072B2"),
    ("--", "#D55E00"),
    ("-.", "#009E73"),
    (":", "#CC79A7"),
    ((0, (5, 1, 1, 1, 1, 1)), "#E69F00"),
)  # told apart without colours, too
_THREE = (("#0072B2", "-"), ("#D55E00", "--"), ("#000000", ":"))


def lines(
    curves: dict[str, pd.Series],
    *,
    title: str,
    xlabel: str,
    ylabel: str,
    levels: dict[str, float] | None = None,
    points: dict[str, tuple[float, float]] | None = None,
) -> Axes:
    """Draw up to five curves, each named, with levels and points to compare them with.

    Parameters
    ----------
    curves : dict of str to pandas.Series
        Name and values; the index is the horizontal axis.
    title, xlabel, ylabel : str
    levels : dict of str to float, optional
        Heights that are marked by a dotted line, each with its name above it.
    points : dict of str to (float, float), optional
        Places that are marked by a dot, each with its name beside it.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there is no curve, or there are more than can be told apart.
    """
    if not 1 <= len(curves) <= len(LINES):
        raise DataError(f"{len(curves)} curves cannot be told apart: draw 1 to {len(LINES)}")
    ax = new_axes(7, 3.4)
    for (name, curve), (style, colour) in zip(curves.items(), LINES, strict=False):
        ax.plot(curve.index, curve, linestyle=style, color=colour, label=name, linewidth=1.8)
    right = max(curve.index[-1] for curve in curves.values())
    for name, height in (levels or {}).items():
        ax.axhline(height, color="black", linestyle=":", linewidth=0.8)
        ax.annotate(
            f"{name}: {height:.2f}", (right, height), (0, 3), textcoords="offset points", ha="right"
        )
    for name, place in (points or {}).items():
        ax.plot(*place, "o", color="black")
        ax.annotate(f" {name}", place, (5, 5), textcoords="offset points")
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    if len(curves) > 1:
        ax.legend(fontsize="small")
    return ax


def one_neuron(points: pd.DataFrame, emotion: pd.Series, weights: list[float], bias: float) -> Axes:
    """Draw clips of two emotions by two features, and the line where a neuron says 0.

    Parameters
    ----------
    points : pandas.DataFrame, shape (n_clips, 2)
        Two standardised features, which name the axes.
    emotion : pandas.Series of str, shape (n_clips,)
        In the same order, of two emotions.
    weights : list of float
        One for each feature; the second is not 0.
    bias : float

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there are not two features, two emotions and a second weight other than 0.
    """
    check_same_clips(points.iloc[:, 0], emotion)
    shown = [name for name in emotions_in(emotion) if (emotion == name).any()]
    if points.shape[1] != 2 or len(weights) != 2 or len(shown) != 2 or not weights[1]:
        raise DataError(
            f"two features, two emotions and two weights are needed, the second not 0; these are "
            f"{points.shape[1]}, {len(shown)} and {weights}"
        )
    ax = new_axes(5.5, 4)
    for name in shown:
        chosen = points[(emotion == name).to_numpy()]
        label = emotion_name(name)
        ax.scatter(*chosen.to_numpy().T, s=8, alpha=0.6, color=COLOURS[name], label=label)
    start, slope = (0, -bias / weights[1]), -weights[0] / weights[1]
    ax.axline(start, slope=slope, color="black", label="the neuron says 0")
    low, high = points.iloc[:, 1].quantile([0.002, 0.998])
    ax.set(ylim=(low - 0.5, high + 0.5), title="A neuron draws a straight line")
    across, up = (f"{name} (standard deviations)" for name in points)
    ax.set(xlabel=across, ylabel=up)
    ax.legend(fontsize="small")
    return ax


def each_network(
    table: pd.DataFrame, *, by: str, value: str, title: str, xlabel: str, level: float | None = None
) -> Axes:
    """Draw each result as a dot in the row of its group, and each group's mean as a bar.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per result.
    by, value : str
        Columns: the group, in the order in which they come, and what was measured.
    title, xlabel : str
    level : float, optional
        Marked by a dotted line, for instance guessing.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If the table is empty.
    """
    check_not_empty(table, "table of results")
    groups = list(dict.fromkeys(table[by]))[::-1]
    ax = new_axes(7, 0.8 + 0.5 * len(groups))
    ax.plot(
        table[value],
        [groups.index(group) for group in table[by]],
        "o",
        color="#0072B2",
        alpha=0.6,
        label="one network",
    )
    means = table.groupby(by)[value].mean()[groups]
    ax.plot(means, range(len(groups)), "|", color="black", markersize=18, label="mean")
    if level is not None:
        ax.axvline(level, color="black", linestyle=":", linewidth=0.8, label="guessing")
    ax.set_yticks(range(len(groups)), [str(group) for group in groups])
    ax.set(xlabel=xlabel, ylabel=by, title=title, ylim=(-0.6, len(groups) - 0.4))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize="small")
    return ax


def distributions(values: Mapping[str, np.ndarray], *, xlabel: str, title: str) -> Axes:
    """Draw up to three distributions over each other, as outlines.

    Parameters
    ----------
    values : mapping
        Name → numbers, of any shape.
    xlabel, title : str

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there are none.
    """
    check_not_empty(values, "table of values")
    ax = new_axes(7, 3.2)
    widest = max(float(np.abs(some).max()) for some in values.values()) * 1.2
    ends = np.linspace(-widest, widest, 61)
    for (name, some), (colour, style) in zip(values.items(), _THREE, strict=False):
        counts, _ = np.histogram(some, ends)
        ax.stairs(counts, ends, color=colour, linestyle=style, linewidth=1.8, label=name)
    ax.set(xlabel=xlabel, ylabel="how many", title=title)
    ax.margins(y=0.25)
    ax.legend(ncols=3, loc="upper center", fontsize="small")
    return ax


def losses(values: Mapping[str, Sequence[float]], *, guessing: float, title: str) -> Axes:
    """Draw up to three losses over the steps of training, each named where it ends.

    Parameters
    ----------
    values : mapping
        Name → loss after each step.
    guessing : float
        The loss of guessing, drawn as a line.
    title : str

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there are none.
    """
    check_not_empty(values, "table of losses")
    ax = new_axes(7, 3.4)
    for (name, some), (colour, style) in zip(values.items(), _THREE, strict=False):
        label = f"{name}: ends at {some[-1]:.2f}"
        ax.plot(some, style, color=colour, label=label, linewidth=1.8)
    ax.axhline(guessing, color="#777777", linewidth=1, linestyle=(0, (1, 3)), label="guessing")
    ax.set(xlabel="step", ylabel="loss, as Keras shows it", title=title)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, fontsize="small")
    return ax
