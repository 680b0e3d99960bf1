"""Draw scores, intervals and differences."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ser_helpers.errors import DataError
from ser_helpers.paired import Difference
from ser_helpers.plot.base import COLOURS, check_not_empty, new_axes, subplots
from ser_helpers.plot.sound import waveform
from ser_helpers.published import Published
from ser_helpers.scoring import METRIC_NAMES, METRICS


def confusion(table: pd.DataFrame, *, title: str, ax: Axes | None = None) -> Axes:
    """Draw a confusion matrix as a heat map, each row in per cent of its true emotion.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n_classes, n_classes)
        Counts or shares; rows: true, columns: predicted. The row of an emotion without clips stays
        blank and is marked "no clips".
    title : str
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If it is empty, or holds what is no count.
    """
    if not table.size or not table.to_numpy(dtype=float).sum() > 0:
        raise DataError("this confusion matrix is empty: not one clip was counted")
    if not (table.to_numpy(dtype=float) >= 0).all():
        raise DataError("a confusion matrix holds counts or shares: none may be negative or NaN")
    ax = ax or new_axes(5, 4)
    total = table.sum(axis=1).replace(0, np.nan)
    percent = table.div(total, axis=0) * 100
    sns.heatmap(
        percent,
        annot=True,
        fmt=".0f",
        cmap="Blues",
        vmin=0,
        vmax=100,
        square=True,
        cbar_kws={"label": "% of the true emotion's clips"},
        yticklabels=[f"{e}\n(no clips)" if np.isnan(n) else e for e, n in total.items()],
        ax=ax,
    )
    ax.set(title=title, xlabel="predicted emotion", ylabel="true emotion")
    ax.tick_params(axis="y", rotation=0)
    return ax


def intervals(
    scores: Mapping[str, pd.DataFrame | Published],
    baselines: pd.DataFrame,
    *,
    metric: str = "uar",
) -> Axes:
    """Draw scores with their intervals, beside chance, majority and listeners.

    Parameters
    ----------
    scores : mapping of pandas.DataFrame or Published
        Name → table of :func:`ser_helpers.evaluate.intervals`, or what was published, drawn as a
        square in another colour. One whose interval is not known, as with a single speaker, is
        marked "no interval".
    baselines : pandas.DataFrame
        Of :func:`ser_helpers.evaluate.baselines`; each row is drawn as a line.
    metric : {"uar", "accuracy", "macro_f1"}

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no such metric.
    DataError
        If there are no scores, or one is not known.
    """
    if metric not in METRICS:
        raise ValueError(f"there is no metric {metric!r}; choose from {', '.join(METRICS)}")
    check_not_empty(scores, "dict of scores")
    ax = new_axes(7, 0.6 * len(scores) + 1.6)
    styles = {"chance": ":", "majority": "-.", "listeners": "--"}
    of_baselines = (baselines[metric] * 100).round(1)
    for at, same in of_baselines.groupby(of_baselines):  # in UAR, chance is what the majority gets
        label = " = ".join("listeners (on CREMA-D)" if n == "listeners" else n for n in same.index)
        style = styles.get(same.index[0], (0, (5, 5)))
        ax.axvline(at, linestyle=style, color="black", label=label)
    names, ends = [], list(of_baselines)
    for i, (name, table) in enumerate(reversed(list(scores.items()))):
        people = isinstance(table, Published)
        row = table if people else table.loc[metric]
        value, low, high = row.value * 100, row.low * 100, row.high * 100
        if np.isnan(value):
            raise DataError(f"the {METRIC_NAMES[metric]} of {name!r} is not a number (NaN)")
        known = np.isfinite([low, high]).all()
        error = arms_of(value, low, high)[:, None] if known else None
        ends += [value, low, high] if known else [value]
        look = {"fmt": "s", "color": "#D55E00"} if people else {"fmt": "o", "color": "#0072B2"}
        ax.errorbar(value, i, xerr=error, capsize=4, **look)
        names.append(name if known else f"{name}\n(no interval)")
    ax.set_yticks(range(len(scores)), names)
    ax.set(
        xlabel=f"{METRIC_NAMES[metric]} (%)",
        ylabel="what was scored",
        title=f"{METRIC_NAMES[metric]} with 95 % intervals over speakers",
        xlim=(max(0, min(ends) - 5), min(100, max(ends) + 5)),
        ylim=(-0.6, len(scores) - 0.4),
    )
    ax.legend(bbox_to_anchor=(1, 1), loc="upper left", fontsize="small")
    return ax


def paired(scores: Mapping[str, pd.Series], difference: Difference, *, metric: str = "UAR") -> Axes:
    """Draw two systems' scores of each speaker, joined by a line, with their paired difference.

    Parameters
    ----------
    scores : mapping of pandas.Series
        Two names → score of each speaker (0 to 1), indexed by speaker.
    difference : Difference
        Of :func:`ser_helpers.evaluate.difference`, first system minus second; it is the title.
    metric : str
        What the scores are, for the axis.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there are not two systems, or they were not tried on the same speakers.
    """
    if len(scores) != 2:
        raise DataError(f"a pair is two systems, not {len(scores)}: {list(scores)}")
    (one, first), (two, second) = scores.items()
    if set(first.index) != set(second.index):
        raise DataError(f"{one!r} and {two!r} were not tried on the same speakers")
    return slopes(
        pd.DataFrame({two: second, one: first}) * 100,
        title=str(difference).replace(": ", ":\n"),
        what="speaker",
        ylabel=f"{metric} of a speaker (%)",
    )


def slopes(table: pd.DataFrame, *, title: str, what: str, ylabel: str) -> Axes:
    """Draw a line per row between the values of two columns, and their mean.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n_rows, 2)
    title, ylabel : str
    what : str
        What a row is, in the singular.

    Returns
    -------
    Axes
    """
    left, right = table.columns
    ax = new_axes(5, 4)
    rises = table[right] >= table[left]
    for up, colour in ((True, "#0072B2"), (False, "#D55E00")):
        rows = table[rises == up].T
        ax.plot([0, 1], rows, "-o", color=colour, linewidth=0.8, markersize=3)
    ax.plot([0, 1], table.mean(), "-o", color="black", linewidth=2.5, label="mean")
    ax.set_xticks([0, 1], [left, right])
    told = f"a line per {what}: {rises.sum()} rise or stay, {(~rises).sum()} fall"
    ax.set(xlim=(-0.25, 1.25), xlabel=told, ylabel=ylabel, title=title)
    ax.legend(loc="best", fontsize="small")
    return ax


def slices(table: pd.DataFrame, *, title: str, chance: float) -> Axes:
    """Draw the UAR of each slice with its interval, where it has one.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`ser_helpers.evaluate.slices`.
    title : str
    chance : float
        UAR of guessing, 0 to 1.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there is no slice, or the UAR of one is not known.
    """
    check_not_empty(table, "table of slices")
    if table.uar.isna().any():
        raise DataError(f"the slice {table.index[table.uar.isna()][0]!r} has no UAR (NaN)")
    many = len(table) > 24  # of CREMA-D's 91 actors, names stand upright and close together
    ax = new_axes(max(4.0, (0.16 if many else 0.5) * len(table) + 2), 3.4 if many else 3.2)
    x = np.arange(len(table))
    ax.bar(x, table.uar * 100, color="#56B4E9")
    if "low" in table and table.low.notna().any():
        error = arms_of(table.uar * 100, table.low * 100, table.high * 100)
        ax.errorbar(x, table.uar * 100, yerr=error, fmt="none", color="black", capsize=3)
    ax.axhline(chance * 100, color="black", linestyle=":", label="chance")
    names = [str(name) if many else f"{name}\n{n:.0f} clips" for name, n in table.clips.items()]
    ax.set_xticks(x, names, fontsize="small", rotation=90 if many else 0)
    ax.margins(x=0.5 / len(table) if many else None)
    ax.set(xlabel=table.index.name, ylabel="UAR (%)", title=title)
    ax.set_ylim(0, min(100, ax.dataLim.ymax * 1.2))
    ax.legend()
    return ax


def reliability(table: pd.DataFrame, *, title: str = "Reliability curve") -> Axes:
    """Draw how often the network was right against how sure it was.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :func:`ser_helpers.calibration.reliability`.
    title : str

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If no clip was counted.
    """
    check_not_empty(table, "table of confidences")
    ax = new_axes(4.4, 4)
    ax.plot([0, 1], [0, 1], ":", color="black", label="calibrated")
    ax.plot(table.confidence, table.accuracy, "-", color="#0072B2", linewidth=1)
    ax.scatter(
        table.confidence,
        table.accuracy,
        s=20 + 300 * table.clips / table.clips.sum(),
        color="#0072B2",
        label="this network (size: clips)",
    )
    ax.set(
        xlabel="how sure it was (highest probability)",
        ylabel="how often it was right (share)",
        title=title,
        xlim=(0, 1),
        ylim=(0, 1),
    )
    ax.legend(loc="upper left", fontsize="small")
    return ax


def arms_of(value: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Turn an interval into error bars; that of few speakers may not hold the value itself."""
    return np.maximum(np.array([value - low, high - value], dtype=float), 0)


def dots(
    rows: Mapping[str, Mapping[str, Any]],
    *,
    title: str,
    xlabel: str,
    line: float | None = None,
    line_label: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw values with their intervals, in per cent, several of them on each row.

    Parameters
    ----------
    rows : dict of dict
        Name of the row → name of the series → what has ``value``, ``low`` and ``high`` (0 to 1),
        as :class:`ser_helpers.paired.Difference` has, a published score, or a row of
        :func:`ser_helpers.evaluate.intervals`. A row may lack a series.
    title, xlabel : str
    line : float, optional
        Draw a dotted line at this per cent: chance, or no difference.
    line_label : str
        What the line is.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    check_not_empty(rows, "dict of rows")
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    ax = ax or new_axes(8, 0.55 * len(rows) + 1.5)
    looks = (("o", "#0072B2", "#0072B2"), ("D", "#D55E00", "white"), ("s", "#000000", "#000000"))
    step = 0.5 / max(len(names), 2)
    if line is not None:
        ax.axvline(line, color="black", linestyle=":", label=line_label or None)
    for series, (mark, colour, inside) in zip(names, looks, strict=False):
        places = [place for place, row in enumerate(rows.values()) if series in row]
        found = [row[series] for row in rows.values() if series in row]
        table = np.array([[f.value, f.low, f.high] for f in found], dtype=float) * 100
        error = np.nan_to_num(arms_of(*table.T))
        y = np.array(places) + step * (names.index(series) - (len(names) - 1) / 2)
        look = {"color": colour, "markerfacecolor": inside, "markersize": 7, "capsize": 3}
        ax.errorbar(table[:, 0], y, xerr=error, fmt=mark, label=series, **look)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.set(title=title, xlabel=xlabel, ylim=(len(rows) - 0.5, -0.5))
    ax.legend(bbox_to_anchor=(0.5, -0.32 if len(rows) < 4 else -0.2), loc="upper center", ncols=3)
    return ax


def dots_in_panels(
    panels: Mapping[str, Mapping[str, Mapping[str, Any]]],
    *,
    xlabel: str,
    line: float | None = None,
    line_label: str = "",
) -> Figure:
    """Draw :func:`dots` side by side, on the same axes and with one legend.

    Parameters
    ----------
    panels : dict
        Title → rows of :func:`dots`, the same ones in each.
    xlabel : str
    line, line_label
        As in :func:`dots`.

    Returns
    -------
    Figure
    """
    n_rows = len(next(iter(panels.values())))
    size = (5.2 * len(panels), 0.5 * n_rows + 1.6)
    figure, axes = subplots(1, len(panels), figsize=size, sharex=True, sharey=True, squeeze=False)
    for ax, (title, rows) in zip(axes[0], panels.items(), strict=True):
        dots(rows, title=title, xlabel=xlabel, line=line, line_label=line_label, ax=ax)
        handles, labels = ax.get_legend_handles_labels()
        ax.get_legend().remove()
    figure.legend(handles, labels, loc="outside lower center", ncols=4)
    return figure


def two_by_speaker(scores: pd.DataFrame, *, title: str) -> Axes:
    """Draw two systems' scores of the same speakers, a line per speaker.

    Parameters
    ----------
    scores : pandas.DataFrame, shape (n_speakers, 2)
        A column per system, named as it is to be labelled; shares from 0 to 1.
    title : str

    Returns
    -------
    Axes
    """
    check_not_empty(scores, "table of scores")
    ax = new_axes(6, 4)
    first, second = (100 * scores.iloc[:, i].to_numpy() for i in (0, 1))
    for one, other in zip(first, second, strict=True):
        ax.plot([0, 1], [one, other], "-" if other >= one else "--", color="#777777", lw=1.2)
    ax.plot(np.zeros(len(first)), first, "s", color="#E69F00", mec="black", ms=7)
    ax.plot(np.ones(len(second)), second, "o", color="#0072B2", mec="black", ms=7)
    ax.set_xticks([0, 1], scores.columns)
    ax.set(xlim=(-0.3, 1.3), xlabel="system", ylabel="UAR of one speaker (%)", title=title)
    return ax


def differences(found: Mapping[str, Any], *, title: str, metric: str = "uar") -> Axes:
    """Draw paired differences with their intervals, beside a line at zero.

    Parameters
    ----------
    found : mapping
        What minus what → something with ``value``, ``low`` and ``high``, from -1 to 1, such as
        :func:`ser_helpers.evaluate.difference` and :func:`ser_helpers.evaluate.published` return.
    title : str
    metric : {"uar", "accuracy", "macro_f1"}

    Returns
    -------
    Axes
    """
    check_not_empty(found, "dict of differences")
    ax = new_axes(8, 0.55 * len(found) + 1.2)
    ax.axvline(0, color="black", linestyle=":")
    for i, one in enumerate(reversed(list(found.values()))):
        value, low, high = (100 * share for share in (one.value, one.low, one.high))
        tells = low > 0 or high < 0
        ax.errorbar(
            value,
            i,
            xerr=arms_of(value, low, high)[:, None],
            fmt="o",
            color="#0072B2",
            mfc="#0072B2" if tells else "white",
            capsize=4,
        )
        ax.text(value, i + 0.14, f"{value:+.1f}".replace("-", "−"), ha="center", va="bottom")
    ax.set_yticks(range(len(found)), list(found)[::-1])
    ax.set(
        xlabel=f"difference of {METRIC_NAMES[metric]} (points); hollow: the interval holds zero",
        ylabel="compared",
        title=title,
        ylim=(-0.5, len(found) - 0.3),
    )
    return ax


def probabilities_over_time(
    y: np.ndarray,
    sr: int,
    answers: pd.DataFrame,
    *,
    title: str,
    borders: Iterable[float] = (),
) -> Figure:
    """Draw what a recogniser says over time, stacked to 100 %, under the waveform.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
    sr : int
        Sampling rate, Hz.
    answers : pandas.DataFrame, shape (n_windows, n_classes)
        Of :func:`ser_helpers.predict.over_time`; a pause, a row of NaN, stays blank.
    title : str
    borders : iterable of float
        Where a sentence begins or ends, seconds; drawn as dashed lines.

    Returns
    -------
    Figure
    """
    check_not_empty(answers, "table of answers")
    figure, (top, bottom) = subplots(2, figsize=(8.5, 4.4), sharex=True, height_ratios=[1, 2])
    waveform(y, sr, ax=top)
    top.set(title=title, xlabel="", ylabel="amplitude\n(full scale = 1)")
    colours = [COLOURS[emotion] for emotion in answers]
    bottom.stackplot(answers.index, answers.T * 100, colors=colours, labels=list(answers))
    for border in borders:
        for ax in (top, bottom):
            ax.axvline(border, color="black", linestyle="--", linewidth=1)
    bottom.set(xlabel="time (s), middle of the window", ylabel="probability (%)", ylim=(0, 100))
    bottom.legend(bbox_to_anchor=(1, 1), loc="upper left")
    return figure


def right_and_sure(tables: dict[str, pd.DataFrame], *, chance: float, title: str) -> Figure:
    """Draw how often a recogniser is right beside how sure it says it is, one panel per table.

    Parameters
    ----------
    tables : dict of pandas.DataFrame
        Title of the panel → a row per condition, columns ``right`` and ``sure``, 0 to 1.
    chance : float
        UAR of guessing, 0 to 1.
    title : str

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If a table is empty, or there is none.
    """
    check_not_empty(tables, "list of tables")
    n_rows = max(map(len, tables.values()))
    figure, axes = subplots(
        1,
        len(tables),
        figsize=(4.4 * len(tables), 0.36 * n_rows + 1.7),
        sharey=True,
        sharex=True,
        squeeze=False,
    )
    for ax, (name, table) in zip(axes.flat, tables.items(), strict=True):
        check_not_empty(table, "table of conditions")
        place = range(len(table))
        ax.hlines(place, table.right * 100, table.sure * 100, color="#999999", linewidth=1)
        ax.plot(table.right * 100, place, "o", color="#0072B2", label="is right (UAR)")
        ax.plot(table.sure * 100, place, "D", color="#D55E00", label="says it is sure (mean)")
        ax.axvline(chance * 100, color="black", linestyle=":", label="chance")
        ax.set_yticks(place, table.index)
        ax.set(title=name, xlabel="%")
    axes[0, 0].invert_yaxis()
    figure.suptitle(title)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def accuracy_over_coverage(
    curves: dict[str, pd.DataFrame], *, title: str, thresholds: dict[str, float] | None = None
) -> Axes:
    """Draw how many of the answers are right if only the surest are given.

    Parameters
    ----------
    curves : dict of pandas.DataFrame
        Name → table of :func:`ser_helpers.calibration.coverage`; at most four.
    title : str
    thresholds : dict of float, optional
        Name → threshold, marked by a dot on its curve.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there is no curve, or there are more than can be told apart.
    """
    check_not_empty(curves, "list of curves")
    looks = (("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."), ("#555555", ":"))
    if len(curves) > len(looks):
        raise DataError(f"{len(curves)} curves cannot be told apart: at most four can be drawn")
    ax = new_axes(6.5, 3.4)
    for (name, curve), (colour, style) in zip(curves.items(), looks, strict=False):
        enough = curve[curve.coverage >= 0.1]  # of fewer clips, the share jumps up and down
        ax.plot(enough.coverage * 100, enough.accuracy * 100, style, color=colour, label=name, lw=2)
        kept = curve[curve.index >= (thresholds or {}).get(name, np.inf)].tail(1) * 100
        ax.plot(kept.coverage, kept.accuracy, "o", color=colour, ms=8)
    ax.set(xlabel="clips that are answered (%)", ylabel="of these right (%)", title=title)
    ax.legend(bbox_to_anchor=(1, 1), loc="upper left")
    return ax


def dots_in_groups(
    table: pd.DataFrame, *, title: str, xlabel: str, line: float | None = None
) -> Figure:
    """Draw values with their intervals as dots in rows, in panels, in groups of one colour each.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``panel``, ``row`` and ``group`` (texts), ``value``, ``low`` and ``high`` (0 to 1);
        at most four groups. Everything is drawn in the order in which it comes.
    title, xlabel : str
    line : float, optional
        Where to draw a vertical line in every panel, 0 to 1; 0 for differences.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If the table is empty, or has more groups than can be told apart.
    """
    check_not_empty(table, "table")
    panels, rows, groups = (list(dict.fromkeys(table[c])) for c in ("panel", "row", "group"))
    if len(groups) > 4:
        raise DataError(f"{len(groups)} groups cannot be told apart: at most four can be drawn")
    figure, axes = subplots(
        1,
        len(panels),
        figsize=(max(6.0, 1.65 * len(panels) + 2.2), 0.42 * len(rows) + 1.7),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    looks = (("#0072B2", "o"), ("#D55E00", "D"), ("#009E73", "s"), ("#555555", "^"))
    for ax, panel in zip(axes.flat, panels, strict=True):
        if line is not None:
            ax.axvline(line * 100, color="black", linewidth=1)
        for i, (group, (colour, marker)) in enumerate(zip(groups, looks, strict=False)):
            own = table[(table.panel == panel) & (table.group == group)]
            place = [rows.index(row) + 0.22 * (i - (len(groups) - 1) / 2) for row in own.row]
            arms = arms_of(own.value.to_numpy(), own.low.to_numpy(), own.high.to_numpy()) * 100
            ax.errorbar(
                own.value * 100, place, xerr=arms, fmt=marker, color=colour, label=group, ms=5
            )
        ax.set(title=panel)
        ax.set_yticks(range(len(rows)), rows)
    axes[0, 0].invert_yaxis()
    axes[0, len(panels) // 2].set_xlabel(xlabel)
    figure.suptitle(title)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return figure
