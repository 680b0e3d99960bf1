"""Draw what the layers of a pretrained network know, and what its attention does."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ser_helpers.plot.base import check_not_empty, subplots
from ser_helpers.plot.scores import arms_of

_LOOKS = (("o", "#0072B2"), ("s", "#D55E00"), ("D", "#009E73"), ("^", "#CC79A7"))


def attention_maps(
    mel: np.ndarray, maps: Mapping[str, np.ndarray], *, seconds: float, title: str
) -> Figure:
    """Draw which frames each frame of a clip takes from, under the clip itself.

    Parameters
    ----------
    mel : numpy.ndarray, shape (n_mels, n_steps)
        The clip's log-mel spectrogram, from its first to its last frame.
    maps : mapping of numpy.ndarray, shape (n_frames, n_frames)
        Name of a head → its weights; each row adds up to 1. Their roots are drawn, so that small
        weights are seen, too.
    seconds : float
        How long the clip is.
    title : str

    Returns
    -------
    Figure
    """
    check_not_empty(maps, "dict of maps")
    figure, axes = subplots(
        2,
        len(maps),
        figsize=(4 * len(maps), 5.2),
        sharex=True,
        squeeze=False,
        height_ratios=[1, 3.2],
    )
    below = {"aspect": "auto", "cmap": "magma"}
    for (top, ax), (name, weights) in zip(axes.T, maps.items(), strict=True):
        extent = (0, seconds, 0, len(mel))
        top.imshow(mel, origin="lower", extent=extent, **below)
        top.set(title=name, yticks=[], ylabel="mel band")
        ax.imshow(np.sqrt(weights), origin="upper", extent=(0, seconds, seconds, 0), **below)
        ax.set(xlabel="taken from the frame at (s)", ylabel="by the frame at (s)")
        for each in (top, ax):
            each.grid(False)
    figure.suptitle(title)
    return figure


def by_layer(
    panels: Mapping[str, pd.DataFrame], *, chance: Mapping[str, pd.Series], title: str
) -> Figure:
    """Draw what is known by each layer, a line per question.

    Parameters
    ----------
    panels : mapping of pandas.DataFrame
        Title of the panel → a row per layer, in their order, and a column per question; shares
        from 0 to 1. A first row "MFCCs" stands apart.
    chance : mapping of pandas.Series
        Title of the panel → share that is right by chance, indexed by question.
    title : str

    Returns
    -------
    Figure
    """

    def draw(ax: Axes, name: str, table: pd.DataFrame) -> None:
        for (mark, colour), question in zip(_LOOKS, table, strict=False):
            values = 100 * table[question]
            apart = int(table.index[0] == "MFCCs")
            ax.plot(
                range(apart, len(table)),
                values.iloc[apart:],
                f"{mark}-",
                color=colour,
                label=question,
            )
            ax.plot(0, values.iloc[0], mark, color=colour)
            ax.axhline(100 * chance[name][question], color=colour, linestyle=":", linewidth=1)
        ax.set_xticks(range(len(table)), table.index, rotation=35, ha="right")
        ax.set(xlabel="described by", ylim=(0, 104))

    check_not_empty(panels, "dict of tables")
    return _side_by_side(
        panels,
        draw,
        height=4.6,
        ylabel="right, mean over classes (%)",
        title=title,
        legend={"ncols": 3, "title": "dotted: by chance"},
    )


def over_speakers(panels: Mapping[str, Mapping[str, pd.DataFrame]], *, title: str) -> Figure:
    """Draw scores over the number of training speakers, with their intervals.

    Parameters
    ----------
    panels : mapping
        Title of the panel → name of the line → table indexed by the number of speakers, with
        columns ``value``, ``low``, ``high``: shares from 0 to 1.
    title : str

    Returns
    -------
    Figure
    """

    def draw(ax: Axes, _: str, curves: Mapping[str, pd.DataFrame]) -> None:
        for i, ((mark, colour), (label, table)) in enumerate(
            zip(_LOOKS, curves.items(), strict=False)
        ):
            value, low, high = (100 * table[column] for column in ("value", "low", "high"))
            ax.errorbar(
                table.index * 1.03**i,  # a little apart, so that intervals do not hide each other
                value,
                yerr=arms_of(value, low, high),
                fmt=f"{mark}-",
                color=colour,
                capsize=3,
                label=label,
            )
        ticks = sorted({n for table in curves.values() for n in table.index})
        ax.set_xscale("log", base=2)
        ax.set_xticks(ticks, ticks)
        ax.minorticks_off()
        ax.set(xlabel="training speakers")

    check_not_empty(panels, "dict of curves")
    return _side_by_side(
        panels,
        draw,
        height=4.2,
        ylabel="UAR, unseen speakers (%)",
        title=title,
        legend={"ncols": 2},
    )


def _side_by_side(
    panels: Mapping[str, Any],
    draw: Callable[[Axes, str, Any], None],
    *,
    height: float,
    ylabel: str,
    title: str,
    legend: Mapping[str, Any],
) -> Figure:
    """Draw the panels with one vertical axis, and one legend for all of them below."""
    size = (3.9 * len(panels), height)
    figure, axes = subplots(1, len(panels), figsize=size, sharey=True, squeeze=False)
    for ax, (name, content) in zip(axes[0], panels.items(), strict=True):
        draw(ax, name, content)
        ax.set_title(name)
    axes[0, 0].set_ylabel(ylabel)
    named = axes[0, 0].get_legend_handles_labels()
    figure.legend(*named, loc="outside lower center", **legend)
    figure.suptitle(title)
    return figure
