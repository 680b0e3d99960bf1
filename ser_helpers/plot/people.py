"""Draw who is in which part, and what listeners heard."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ser_helpers.plot.base import (
    COLOURS,
    PART_COLOURS,
    emotion_name,
    emotions_in,
    new_axes,
    subplots,
)
from ser_helpers.plot.scores import confusion


def who_learns(
    clips: pd.DataFrame, turns: dict[str, tuple[np.ndarray, np.ndarray]], *, blocks: pd.Series
) -> Figure:
    """Draw, for one turn of some protocols, which clips learn, are tested, or are not used.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table with the columns ``actor``, ``sentence`` and ``emotion``.
    turns : dict of (learn, test)
        Name of a protocol → positions in ``clips``; one panel each.
    blocks : pandas.Series of int, shape (n_clips,)
        Columns of the same number stand together, groups of sentences say; lines separate them.

    Returns
    -------
    Figure
    """
    order = clips.assign(block=blocks.to_numpy(), row=np.arange(len(clips)))
    order = order.sort_values(["actor", "block", "sentence", "emotion"], kind="stable")
    x = order.groupby("actor").cumcount()
    y = pd.Series(pd.factorize(order.actor)[0], order.index)
    x, y = (values.set_axis(order.row).sort_index().to_numpy() for values in (x, y))
    shades = {"learns": PART_COLOURS["train"], "tested": PART_COLOURS["test"]}
    figure, axes = subplots(
        1, len(turns), figsize=(3.6 * len(turns), 3.8), sharey=True, squeeze=False
    )
    longest = order.actor.value_counts().idxmax()
    ends = np.flatnonzero(np.diff(order.block[order.actor == longest].to_numpy())) + 0.5
    for ax, (name, turn) in zip(axes[0], turns.items(), strict=True):
        picture = np.ones((y.max() + 1, x.max() + 1, 3))
        for rows, shade in zip(turn, shades.values(), strict=True):
            picture[y[rows], x[rows]] = plt.matplotlib.colors.to_rgb(shade)
        ax.imshow(picture, aspect="auto", interpolation="nearest")
        for end in ends:
            ax.axvline(end, color=COLOURS["ANG"], linewidth=1.5)
        ax.set(title=name, xlabel="clips, in groups of sentences")
        ax.grid(False)
    axes[0, 0].set_ylabel("speaker, from first to last")
    patches = [plt.Rectangle((0, 0), 1, 1, color=shade, label=n) for n, shade in shades.items()]
    patches.append(plt.Rectangle((0, 0), 1, 1, fc="white", ec="#777777", label="not used"))
    figure.legend(handles=patches, loc="outside lower center", ncols=3)
    return figure


def votes(matrices: Mapping[str, pd.DataFrame], *, title: str) -> Figure:
    """Draw confusion matrices of votes side by side, each row in per cent.

    Parameters
    ----------
    matrices : dict of pandas.DataFrame
        What the listeners had before them → counts, as of :func:`ser_helpers.evaluate.listeners`.
    title : str

    Returns
    -------
    Figure
    """
    figure, axes = subplots(1, len(matrices), figsize=(3.9 * len(matrices), 4), squeeze=False)
    for ax, (name, matrix) in zip(axes[0], matrices.items(), strict=True):
        confusion(matrix, title=name, ax=ax)
        ax.set(xlabel="vote", ylabel="emotion asked for" if ax is axes[0, 0] else "")
        if ax is not axes[0, -1]:
            ax.collections[0].colorbar.remove()
    axes[0, -1].collections[0].colorbar.set_label("% of the votes on this emotion")
    figure.suptitle(title)
    return figure


def agreement(of_sums: pd.Series, of_clips: pd.Series, *, title: str) -> Axes:
    """Draw how often two listeners agree: on two clips of an emotion, and on the same clip.

    Parameters
    ----------
    of_sums, of_clips : pandas.Series of float
        Indexed by emotion, 0 to 1.
    title : str

    Returns
    -------
    Axes
    """
    ax = new_axes(7, 3.6)
    emotions = emotions_in(of_sums.index)
    for x, emotion in enumerate(emotions):
        ends = 100 * of_sums[emotion], 100 * of_clips[emotion]
        ax.plot([x, x], ends, color=COLOURS[emotion], linewidth=3, zorder=1)
        for end, inside in zip(ends, ("white", COLOURS[emotion]), strict=True):
            look = {"color": COLOURS[emotion], "markerfacecolor": inside, "markersize": 10}
            ax.plot(x, end, "o", zorder=2, **look)
    ax.plot([], [], "ko", markerfacecolor="white", label="two clips of this emotion (from sums)")
    ax.plot([], [], "ko", label="the same clip (counted clip by clip)")
    ax.set_xticks(range(len(emotions)), [emotion_name(e) for e in emotions])
    ax.set(title=title, xlabel="emotion asked for", ylabel="two votes are the same (%)")
    ax.legend(bbox_to_anchor=(0.5, -0.22), loc="upper center", ncols=2, fontsize="small")
    return ax


def heard_by(spreads: Mapping[str, pd.DataFrame], *, title: str) -> Figure:
    """Draw stacked bars: how many of a clip's listeners heard what was intended.

    Parameters
    ----------
    spreads : dict of pandas.DataFrame
        What the listeners had before them → clips (rows: emotion; columns: from nobody to
        everybody), as of :func:`ser_helpers.further.listeners.published_spread`.
    title : str

    Returns
    -------
    Figure
    """
    figure, axes = subplots(1, len(spreads), figsize=(11, 3.6), sharey=True, squeeze=False)
    for ax, (name, spread) in zip(axes[0], spreads.items(), strict=True):
        percent = spread.div(spread.sum(axis=1), axis=0) * 100
        shades = plt.get_cmap("Blues_r")(np.linspace(0.05, 0.95, spread.shape[1]))
        shades[0] = (0, 0, 0, 1)  # nobody
        left = np.zeros(len(percent))
        for group, shade in zip(spread.columns, shades, strict=True):
            look = {"color": shade, "edgecolor": "black", "linewidth": 0.6, "label": group}
            ax.barh([emotion_name(e) for e in percent.index], percent[group], left=left, **look)
            left += percent[group].to_numpy()
        ax.set(title=name, xlabel="% of the emotion's clips", xlim=(0, 100))
        ax.grid(False)
    axes[0, 0].set_ylabel("emotion asked for")
    axes[0, 0].invert_yaxis()
    place = {"bbox_to_anchor": (1, 1), "loc": "upper left"}
    axes[0, -1].legend(title="heard as intended by", **place)
    figure.suptitle(title)
    return figure
