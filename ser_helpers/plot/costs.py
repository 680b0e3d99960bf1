"""Draw what work costs: time, helpers, memory."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ser_helpers.plot.base import check_not_empty, new_axes, subplots


def step_costs(milliseconds: pd.Series, *, title: str) -> Axes:
    """Draw what each step of one clip costs, as bars from the first step down.

    Parameters
    ----------
    milliseconds : pandas.Series of float
        Indexed by the name of the step.
    title : str

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there is no step.
    """
    check_not_empty(milliseconds, "table of steps")
    ax = new_axes(7, 0.35 * len(milliseconds) + 1)
    upwards = milliseconds[::-1]
    bars = ax.barh(list(upwards.index), upwards, color="#0072B2")
    shares = 100 * upwards / upwards.sum()
    ax.bar_label(bars, [f"{share:.0f} %" for share in shares], padding=3)
    ax.set(xlabel="time (ms per clip)", ylabel="step", title=title)
    ax.margins(x=0.12)
    ax.grid(axis="y", visible=False)
    return ax


def time_lines(measured: pd.DataFrame, lines: pd.DataFrame) -> Figure:
    """Draw seconds against clips, a panel for each kind of work, with the fitted lines.

    Parameters
    ----------
    measured : pandas.DataFrame
        Columns ``work``, ``who``, ``clips``, ``seconds``.
    lines : pandas.DataFrame
        Index ``work``, ``who``; columns ``slope`` (seconds per clip) and ``intercept`` (seconds).

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If nothing was measured.
    """
    check_not_empty(measured, "table of times")
    kinds = list(dict.fromkeys(measured.work))
    figure, axes = subplots(1, len(kinds), figsize=(4.2 * len(kinds), 3.4), squeeze=False)
    styles = [("-", "o", "#0072B2"), ("--", "s", "#D55E00"), (":", "^", "#000000")]
    for ax, kind in zip(axes[0], kinds, strict=True):
        here = measured[measured.work == kind]
        ends = np.array([0, 1.05 * here.clips.max()])
        for who, (style, marker, colour) in zip(dict.fromkeys(here.who), styles, strict=False):
            some, line = here[here.who == who], lines.loc[(kind, who)]
            ax.plot(some.clips, some.seconds, marker, color=colour)
            label = f"{who}: {1000 * line.slope:.1f} ms per clip"
            ax.plot(ends, line.slope * ends + line.intercept, style, color=colour, label=label)
        ax.set(xlabel="clips", ylabel="time, start included (s)", title=kind)
        ax.set(xlim=(0, None), ylim=(0, None))
        ax.legend(fontsize="small")
    return figure


def memory_held(table: pd.DataFrame, *, title: str) -> Axes:
    """Draw the most memory that was held against the number of clips, a line for each way.

    Parameters
    ----------
    table : pandas.DataFrame of float
        Index: clips; a column for each way, MB.
    title : str

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If nothing was measured.
    """
    check_not_empty(table, "table of memory")
    ax = new_axes(7, 3.2)
    styles = [("o-", "#D55E00"), ("s--", "#0072B2"), ("^:", "#000000")]
    for name, (style, colour) in zip(table, styles, strict=False):
        ax.plot(table.index, table[name], style, color=colour, label=name)
    ax.set(xlabel="clips", ylabel="most memory held (MB)", title=title, ylim=(0, None))
    ax.legend()
    return ax
