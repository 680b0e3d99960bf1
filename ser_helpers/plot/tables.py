"""Draw tables of clips and features."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ser_helpers.errors import DataError
from ser_helpers.features import AudioSettings
from ser_helpers.names import LEVELS
from ser_helpers.plot.base import (
    COLOURS,
    OTHER_COLOUR,
    PART_COLOURS,
    check_not_empty,
    check_same_clips,
    emotion_name,
    emotions_in,
    new_axes,
    over_time,
    subplots,
    title_of,
)

MOST_BARS = 200


def counts(clips: pd.DataFrame, column: str, *, ax: Axes | None = None) -> Axes:
    """Draw how many clips there are of each value of a column, stacked by emotion.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table.
    column : str
        A column with a few values, such as ``actor``, ``sex``, ``age`` or ``level``; clips
        without a value are counted as "unknown".
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there is no such column, it is empty or has more values than can be drawn, or an emotion
        is unknown.
    """
    check_not_empty(clips, "clips table")
    if column not in clips:
        raise DataError(f"there is no column {column!r}: choose from {', '.join(clips.columns)}")
    if clips[column].isna().all():
        raise DataError(
            f"the column {column!r} has no value for any clip, so there is nothing to count. Age "
            "and sex come from a table of the actors: actors.csv beside the clips"
        )
    emotions = emotions_in(clips.emotion)
    values = clips[column].map(_as_text)
    shown = _in_order(clips[column], column)
    if len(shown) > MOST_BARS:
        raise DataError(
            f"the column {column!r} has {len(shown)} different values, too many for one bar each: "
            "choose a column with fewer, or draw a histogram"
        )
    ax = ax or new_axes(8, 3)
    if column == "emotion":
        table = clips.emotion.value_counts().reindex(emotions, fill_value=0)
        ax.bar(table.index, table, color=[COLOURS[e] for e in table.index])
    else:
        table = pd.crosstab(values, clips.emotion).reindex(shown, columns=emotions, fill_value=0)
        table.plot.bar(stacked=True, color=COLOURS, width=0.85, ax=ax, legend=True)
        ax.legend(title="emotion", ncols=1, bbox_to_anchor=(1, 1), loc="upper left")
    ax.set(xlabel=column, ylabel="clips", title=f"Clips by {column}")
    ax.grid(axis="x", visible=False)
    return ax


def by_emotion(
    values: pd.Series, emotion: pd.Series, *, label: str, ax: Axes | None = None
) -> Axes:
    """Draw box plots of a measure by emotion (box: quartiles; whiskers: 1.5 times their range).

    Parameters
    ----------
    values : pandas.Series of float
        Clips without a value (NaN) are left out, and counted below the figure.
    emotion : pandas.Series of str
        In the same order.
    label : str
        What was measured, with its unit.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If no clip has a value, an emotion is unknown, or the two do not belong together.
    """
    check_same_clips(values, emotion)
    shown = emotions_in(emotion)
    measured = np.asarray(values, dtype=float)
    kept = np.isfinite(measured)
    if not kept.any():
        raise DataError(f"there is nothing to draw: {label} has no value for any clip")
    names = np.asarray(emotion)[kept]
    ax = ax or new_axes(6, 3.2)
    drawn = ax.boxplot(
        [measured[kept][names == name] for name in shown],
        tick_labels=shown,
        widths=0.8,
        patch_artist=True,
        medianprops={"color": "black"},
        flierprops={"marker": "o", "markersize": 1.5, "markerfacecolor": "black"},
    )
    for box, name in zip(drawn["boxes"], shown, strict=True):
        box.set_facecolor(COLOURS[name])
    ax.grid(axis="x", visible=False)
    left_out = f" ({np.count_nonzero(~kept)} of {len(kept)} clips have no value)"
    ax.set(xlabel="emotion" + left_out * (not kept.all()), ylabel=label)
    ax.set(title=f"{title_of(label)} by emotion")
    return ax


def matrix(
    values: np.ndarray,
    settings: AudioSettings = AudioSettings(),
    *,
    title: str,
    ylabel: str,
    label: str,
    ax: Axes | None = None,
) -> Axes:
    """Draw anything computed frame by frame, such as MFCCs, over time.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_rows, n_frames)
    settings : AudioSettings
        ``hop_length`` and ``sr`` turn frames into seconds.
    title, ylabel, label : str
        Title, name of the rows, and name of the colour with its unit.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If it is no matrix, or an empty one.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 2 or not values.size:
        raise DataError(
            f"a matrix of rows and frames is needed; the values have the shape {values.shape}"
        )
    ax = ax or new_axes(8, 3)
    seconds = values.shape[1] * settings.hop_length / settings.sr
    image = over_time(ax, values, seconds, cmap="cividis")
    ax.figure.colorbar(image, ax=ax, label=label)
    ax.set(xlabel="time (s)", ylabel=ylabel, title=title)
    return ax


def scatter(
    points: np.ndarray, group: pd.Series, *, title: str, shares: np.ndarray, ax: Axes | None = None
) -> Axes:
    """Draw clips in the plane of two principal components, coloured by a group.

    Parameters
    ----------
    points : numpy.ndarray, shape (n_clips, 2)
    group : pandas.Series, shape (n_clips,)
        Emotions get the course's colours, anything else a palette of its own; clips without a
        group are drawn as "unknown".
    title : str
    shares : numpy.ndarray, shape (2,)
        Share of the variance on each component, 0 to 1.
    ax : Axes, optional

    Returns
    -------
    Axes
        Up to eight groups are named in a legend.

    Raises
    ------
    DataError
        If there is not one point of two numbers per clip.
    """
    points = np.asarray(points, dtype=float)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points) or len(points) != len(group):
        raise DataError(
            f"one point of two numbers per clip is needed: there are {len(group)} clips, and the "
            f"points have the shape {points.shape}"
        )
    if not np.isfinite(points).all():
        raise DataError("some points are not numbers (NaN or infinity) and have no place here")
    ax = ax or new_axes(5.5, 4.5)
    named = np.array([_as_text(value) for value in group])
    names = _in_order(pd.Series(np.asarray(group)), "emotion")
    if set(names) <= set(COLOURS):
        colours = COLOURS
    else:
        colours = dict(zip(names, sns.color_palette("husl", len(names)), strict=True))
        colours["unknown"] = OTHER_COLOUR
    for name in names:
        inside = named == name
        ax.scatter(*points[inside].T, s=7, alpha=0.7, color=colours[name], label=name)
    if len(names) <= 8:
        ax.legend(markerscale=2, bbox_to_anchor=(1, 1), loc="upper left")
    ax.set(
        title=title,
        xlabel=f"first component ({shares[0]:.0%} of the variance)",
        ylabel=f"second component ({shares[1]:.0%})",
    )
    return ax


def parts(clips: pd.DataFrame, splits: Mapping[str, pd.Series]) -> Figure:
    """Draw in which parts of a split each actor's clips are: a bar per actor, a row per split.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table with the column ``actor``.
    splits : mapping of pandas.Series
        Title → part of each clip ("train", "validation", "test").

    Returns
    -------
    Figure
    """
    check_not_empty(dict(splits), "dict of splits")
    figure, axes = subplots(
        len(splits), 1, figsize=(8, 1 + 1.6 * len(splits)), sharex=True, squeeze=False
    )
    for ax, (title, of_clips) in zip(axes.flat, splits.items(), strict=True):
        counted = pd.crosstab(clips.actor, of_clips)
        below = np.zeros(len(counted))
        for part, colour in PART_COLOURS.items():
            if part in counted:
                ax.bar(range(len(counted)), counted[part], bottom=below, color=colour, label=part)
                below += counted[part].to_numpy()
        ax.set(title=title, ylabel="clips")
        ax.grid(axis="x", visible=False)
    axes[-1, 0].set_xlabel("actor, a bar each")
    axes[-1, 0].set_xticks([])
    axes[0, 0].legend(bbox_to_anchor=(1, 1), loc="upper left")
    return figure


def boxes(table: pd.DataFrame, *, title: str, ylabel: str) -> Axes:
    """Draw a box per column: the middle half of its values, their median, whiskers and outliers.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n_rows, n_columns)
    title, ylabel : str

    Returns
    -------
    Axes
    """
    check_not_empty(table, "table")
    ax = new_axes(7, 3.4)
    drawn = ax.boxplot(table.to_numpy(), tick_labels=[*table.columns], sym=".", patch_artist=True)
    for box in drawn["boxes"]:
        box.set_facecolor("#56B4E9")
    for line in drawn["medians"]:
        line.set_color("black")
    ax.tick_params(axis="x", rotation=20)
    ax.set(title=title, ylabel=ylabel, xlabel="feature")
    return ax


def _as_text(value: object) -> str:
    """Write a value below a bar: an age read as 33.0 is 33, and one that is missing "unknown"."""
    if pd.isna(value):
        return "unknown"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _in_order(values: pd.Series, column: str) -> list[str]:
    """List the values of a column as texts: levels and emotions in their order, "unknown" last."""
    known = {"level": list(LEVELS), "emotion": list(COLOURS)}.get(column, [])
    there = values.dropna().unique().tolist()
    try:
        there = sorted(there)
    except TypeError:  # numbers and words
        there = sorted(there, key=str)
    texts = [_as_text(value) for value in there]
    first = [name for name in known if name in texts]
    rest = [text for text in texts if text not in first and text != "unknown"]
    last = ["unknown"] if "unknown" in texts or values.isna().any() else []
    return list(dict.fromkeys([*first, *rest, *last]))


SEX_COLOURS = {"male": "#E69F00", "female": "#56B4E9", "unknown": OTHER_COLOUR}


def by_actor(values: pd.Series, clips: pd.DataFrame, *, label: str, ax: Axes | None = None) -> Axes:
    """Draw one box per actor, sorted by the median and coloured by sex.

    Parameters
    ----------
    values : pandas.Series of float
        Indexed like ``clips``.
    clips : pandas.DataFrame
        Clips table with the columns ``actor`` and ``sex``.
    label : str
        What was measured, with its unit.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or new_axes(7.6, 3.2)
    groups = dict(list(values.groupby(clips.actor)))
    order = sorted(groups, key=lambda actor: groups[actor].median())
    sexes = clips.drop_duplicates("actor").set_index("actor").sex
    drawn = ax.boxplot(
        [groups[actor] for actor in order],
        widths=0.75,
        patch_artist=True,
        medianprops={"color": "black"},
        flierprops={"marker": "o", "markersize": 1.5, "markerfacecolor": "black"},
    )
    for box, actor in zip(drawn["boxes"], order, strict=True):
        box.set_facecolor(SEX_COLOURS[sexes[actor]])
        box.set_label(sexes[actor])
    named = {box.get_label(): box for box in drawn["boxes"]}
    ax.legend(named.values(), named, loc="upper left")
    ax.set(xticks=[], xlabel=f"{len(order)} actors, from the lowest median to the highest")
    ax.set(ylabel=label, title=f"{title_of(label)} by actor")
    return ax


def changes(
    ours: pd.DataFrame,
    theirs: pd.DataFrame,
    *,
    label: str,
    names: tuple[str, str],
    ax: Axes | None = None,
) -> Axes:
    """Draw a change by emotion on two corpora: dots for medians, lines for the middle half.

    Parameters
    ----------
    ours, theirs : pandas.DataFrame
        One row per emotion, columns ``low``, ``median`` and ``high``.
    label : str
        What changes, with its unit.
    names : tuple of str
        What to call the two.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    shown = [e for e in emotions_in([*ours.index, *theirs.index]) if e in ours.index]
    ax = ax or new_axes(3.8, 3.4)
    for table, aside, marker, fill in ((ours, -0.15, "o", True), (theirs, 0.15, "D", False)):
        for place, emotion in enumerate(shown):
            if emotion not in table.index:
                continue
            row, colour = table.loc[emotion], COLOURS[emotion]
            ax.plot([place + aside] * 2, [row.low, row.high], color=colour, linewidth=2)
            face = colour if fill else "white"
            ax.plot(place + aside, row["median"], marker, color=colour, markerfacecolor=face)
        ax.plot([], [], marker, color="black", markerfacecolor="black" if fill else "white")
    handles = [line for line in ax.lines if not len(line.get_xdata())]
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.2 * (high - low))  # room for the legend
    ax.legend(handles, names, fontsize="small", loc="upper right")
    ax.axhline(0, color="black", linestyle=":")
    ax.set_xticks(range(len(shown)), shown)
    ax.set(xlabel="emotion", ylabel=label, title=title_of(label))
    ax.grid(axis="x", visible=False)
    return ax


def dips(
    shifts: np.ndarray, misfit: np.ndarray, *, sr: int, period: float, ax: Axes | None = None
) -> Axes:
    """Draw how badly a sound fits itself, by the shift, and where a period was found.

    Parameters
    ----------
    shifts, misfit : numpy.ndarray, shape (n_shifts,)
        Samples; 0 is a perfect fit.
    sr : int
        Sampling rate, Hz.
    period : float
        Seconds; a line is drawn there.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or new_axes(7.6, 2.6)
    ax.plot(1000 * np.asarray(shifts) / sr, misfit, color="#0072B2", label="misfit")
    ax.axvline(1000 * period, color="black", linestyle="--", label=f"YIN: {1 / period:.0f} Hz")
    ax.set(xlabel="shift (ms)", ylabel="misfit (0: perfect)", title="A frame laid over itself")
    ax.set_ylim(0, 1.25 * np.max(misfit))
    ax.legend(loc="upper right", ncols=2, fontsize="small")
    return ax


def boxes_by_emotion(table: pd.DataFrame, emotion: pd.Series, labels: dict[str, str]) -> Figure:
    """Draw box plots of some features by emotion, two in a row.

    Parameters
    ----------
    table : pandas.DataFrame
        Feature table.
    emotion : pandas.Series of str
        Of the same clips in the same order.
    labels : dict of str to str
        Column → its title and, in brackets, its unit: "Loudness: mean of MFCC 0 (dB, scaled)".

    Returns
    -------
    Figure
    """
    n_rows = -(-len(labels) // 2)
    figure, axes = subplots(n_rows, 2, figsize=(8, 2.6 * n_rows), squeeze=False, sharex=True)
    for ax, (column, label) in zip(axes.flat, labels.items(), strict=False):
        title, _, unit = label.partition(": ")
        by_emotion(table[column], emotion, label=unit, ax=ax)
        ax.set(title=title, xlabel="")
    for ax in axes[-1]:
        ax.set_xlabel("emotion")
    for ax in axes.flat[len(labels) :]:
        ax.remove()
    return figure


def groups_in_plane(
    points: np.ndarray, rows: Sequence[dict[str, np.ndarray]], *, shares: np.ndarray
) -> Figure:
    """Draw the same points again and again in grey, each time with one group in colour.

    Parameters
    ----------
    points : numpy.ndarray, shape (n_clips, 2)
    rows : sequence of dict of str to numpy.ndarray of bool, each of shape (n_clips,)
        Rows of pictures: name of a group → which clips are in it. Emotions' codes get the course's
        colours and their names.
    shares : numpy.ndarray, shape (2,)
        Share of the variance on each component, 0 to 1.

    Returns
    -------
    Figure
    """
    n_columns = max(len(row) for row in rows)
    size = (1.45 * n_columns + 0.4, 1.6 * len(rows) + 0.5)
    figure, axes = subplots(
        len(rows), n_columns, figsize=size, squeeze=False, sharex=True, sharey=True
    )
    for row, line in zip(rows, axes, strict=True):
        for (name, inside), ax in zip(row.items(), line, strict=False):
            ax.scatter(*points[~inside].T, s=2, color="#DDDDDD")
            ax.scatter(*points[inside].T, s=5, color=COLOURS.get(name, "black"))
            ax.set_title(emotion_name(name) if name in COLOURS else name, fontsize=10)
            ax.grid(False)
        for ax in line[len(row) :]:
            ax.remove()
    figure.supxlabel(f"first component ({shares[0]:.0%} of the variance)", fontsize="medium")
    figure.supylabel(f"second component ({shares[1]:.0%})", fontsize="medium")
    return figure


def own_means(
    before: pd.Series, after: pd.Series, clips: pd.DataFrame, *, label: str, n_speakers: int = 8
) -> Figure:
    """Draw one feature of some speakers before and after each one's own mean is subtracted.

    Parameters
    ----------
    before, after : pandas.Series of float, shape (n_clips,)
    clips : pandas.DataFrame
        Clips table with the columns ``actor`` and ``emotion``, indexed like them.
    label : str
        What the feature is, with its unit.
    n_speakers : int
        As many are drawn: the first ones.

    Returns
    -------
    Figure
    """
    speakers = sorted(clips.actor.unique())[:n_speakers]
    figure, axes = subplots(1, 2, figsize=(9, 0.32 * len(speakers) + 1.9), sharey=True)
    for ax, values, title in zip(
        axes, (before, after), ("as recorded", "own mean subtracted"), strict=True
    ):
        for emotion in emotions_in(clips.emotion):
            some = clips.index[clips.actor.isin(speakers) & (clips.emotion == emotion)]
            rows = [speakers.index(actor) for actor in clips.actor[some]]
            look = {"color": COLOURS[emotion], "alpha": 0.7, "label": emotion_name(emotion)}
            ax.plot(values[some], rows, ".", markersize=5, **look)
        for y, speaker in enumerate(speakers):
            ax.plot(values[clips.index[clips.actor == speaker]].mean(), y, "k|", ms=16, mew=2.5)
        ax.set(title=title, xlabel=label)
    axes[0].set(ylabel="speaker", yticks=range(len(speakers)))
    axes[0].set_yticklabels([f"speaker {n + 1}" for n in range(len(speakers))])
    axes[0].invert_yaxis()
    handles, _ = axes[0].get_legend_handles_labels()
    bar = plt.Line2D([], [], color="black", marker="|", ms=12, mew=2.5, linestyle="", label="mean")
    figure.legend(handles=[*handles, bar], loc="outside lower center", ncols=7, markerscale=1.5)
    return figure
