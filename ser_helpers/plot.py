"""Every figure of the course: one palette, axes with units, alt text.

Each function draws on the axes it is given, or on new ones, and returns them; :func:`show` puts a
figure into a notebook together with its description for those who cannot see it.
:func:`subplots` makes empty ones in the same style.
"""

import base64
import html
import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import librosa
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from ser_helpers.audio import as_samples, load_clip
from ser_helpers.errors import DataError
from ser_helpers.features import AudioSettings, mel_power, trim
from ser_helpers.names import EMOTION_NAMES, EMOTIONS, LEVELS, OTHER_EMOTIONS
from ser_helpers.paired import Difference
from ser_helpers.published import Published
from ser_helpers.scoring import METRIC_NAMES, METRICS

#: One colour per emotion, all through the course: from Okabe & Ito's colour-blind-safe palette
#: (2008); for neutral, a grey dark enough for everybody to distinguish from their green; and for
#: RAVDESS's calm and surprise two of Tol's colours (2021, https://personal.sron.nl/~pault/).
COLOURS = {
    "ANG": "#D55E00",
    "DIS": "#009E73",
    "FEA": "#CC79A7",
    "HAP": "#E69F00",
    "NEU": "#555555",
    "SAD": "#0072B2",
    "CAL": "#88CCEE",
    "SUR": "#661100",
}
OTHER_COLOUR = "#777777"  # of what is no emotion, or not known
MOST_BARS = 200
PART_COLOURS = {"train": "#56B4E9", "validation": "#E69F00", "test": "#000000"}
#: Quiet axes, so that the data speak; applied when axes are made, never to matplotlib as a whole.
STYLE = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E5E5E5",
}


def subplots(
    nrows: int = 1, ncols: int = 1, *, figsize: tuple[float, float], **options: object
) -> tuple[Figure, Axes | np.ndarray]:
    """Make a figure as :func:`matplotlib.pyplot.subplots` does, in the course's style.

    Parameters
    ----------
    nrows, ncols : int
    figsize : tuple of float
        Width and height, inches.
    **options
        Handed on to :func:`matplotlib.pyplot.subplots`.

    Returns
    -------
    Figure, Axes or numpy.ndarray of Axes
    """
    with plt.rc_context(STYLE):
        return plt.subplots(nrows, ncols, figsize=figsize, layout="constrained", **options)


def show(figure: Figure | Axes, *, alt: str, dpi: int = 90, fold: str = "") -> None:
    """Show a figure in a notebook with its alt text, and close it.

    Parameters
    ----------
    figure : Figure or Axes
    alt : str
        What there is to see, in one or two sentences, for those who cannot see it.
    dpi : int
        Dots an inch; 90 keeps a notebook small.
    fold : str
        Hide the figure under this line, for those who were asked to guess first.
    """
    from IPython.display import HTML, display  # figures are also drawn where there is no notebook

    figure = figure.figure if isinstance(figure, Axes) else figure
    image = io.BytesIO()
    figure.savefig(image, format="png", dpi=dpi, bbox_inches="tight")
    plt.close(figure)
    if fold:
        source = "data:image/png;base64," + base64.b64encode(image.getvalue()).decode()
        picture = f'<img src="{source}" alt="{html.escape(alt)}">'
        display(HTML(f"<details><summary>{html.escape(fold)}</summary>{picture}</details>"))
        return
    display(
        {
            "image/png": base64.b64encode(image.getvalue()).decode(),
            "text/plain": f"[figure: {alt}]",
        },
        metadata={"image/png": {"alt": alt}},
        raw=True,
    )


def waveform(y: np.ndarray, sr: int, *, ax: Axes | None = None, colour: str = "#0072B2") -> Axes:
    """Draw samples over time.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
    sr : int
        Sampling rate, Hz.
    ax : Axes, optional
    colour : str

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there are no samples, or some are not numbers.
    """
    y = _samples(y)
    ax = ax or _new(8, 2.2)
    ax.plot(np.arange(len(y)) / sr, y, color=colour, linewidth=0.6)
    ax.set(xlabel="time (s)", ylabel="amplitude (full scale = 1)", title="Waveform")
    ax.margins(x=0)
    return ax


def mel_spectrogram(
    y: np.ndarray,
    settings: AudioSettings = AudioSettings(),
    *,
    ax: Axes | None = None,
    colour_bar: bool = True,
    loudest: float | None = None,
) -> Axes:
    """Draw the mel spectrogram in dB below the loudest point.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Samples at ``settings.sr`` Hz.
    settings : AudioSettings
    ax : Axes, optional
    colour_bar : bool
    loudest : float, optional
        Power that is drawn as 0 dB, to compare clips; left out, this clip's own highest.

    Returns
    -------
    Axes

    Raises
    ------
    DataError
        If there are no samples, or some are not numbers.
    """
    y = _samples(y)
    ax = ax or _new(8, 3)
    power = mel_power(y, settings)
    level = librosa.power_to_db(power, ref=loudest or power.max(), top_db=None)
    image = ax.imshow(
        level,
        origin="lower",
        aspect="auto",
        cmap="magma",
        vmin=-80,
        vmax=0,
        interpolation="nearest",
        extent=(0, len(y) / settings.sr, -0.5, settings.n_mels - 0.5),
    )
    _label_mel_bands(ax, settings)
    ax.set(xlabel="time (s)", title="Mel spectrogram")
    ax.grid(False)
    if colour_bar:
        ax.figure.colorbar(image, ax=ax, label="level (dB re loudest)")
    return ax


def mel_position(
    frequency: np.ndarray | float, settings: AudioSettings = AudioSettings()
) -> np.ndarray:
    """Find where frequencies lie among the mel bands: 3.0 is the centre of band 3.

    Parameters
    ----------
    frequency : array-like of float
        Hz.
    settings : AudioSettings
        ``n_mels``, ``fmin`` and ``fmax`` are used.

    Returns
    -------
    numpy.ndarray of float
        Same shape. Outside of 0 to ``n_mels - 1`` for what lies beyond the outermost centres.

    Examples
    --------
    >>> mel_position([250, 1000, 4000]).round(1)
    array([ 4.4, 20.5, 49.5])
    """
    # The edges and centres of the triangles stand evenly on the mel scale, as
    # librosa.mel_frequencies(n_mels + 2) has them: the first and the last are edges only.
    low, high = librosa.hz_to_mel([settings.fmin, settings.fmax])
    mel = librosa.hz_to_mel(np.asarray(frequency, dtype=float))
    return np.asarray((mel - low) / (high - low) * (settings.n_mels + 1) - 1)


def clip_grid(clips: pd.DataFrame, settings: AudioSettings = AudioSettings()) -> Figure:
    """Draw waveform and mel spectrogram of some clips, one column per clip, on the same scales.

    Parameters
    ----------
    clips : pandas.DataFrame
        Rows of the clips table; six to eight are readable.
    settings : AudioSettings

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If the table is empty, or a clip cannot be read or has an unknown emotion.
    """
    _check_not_empty(clips, "clips table")
    emotions_in(clips.emotion)
    sounds = [load_clip(path, sr=settings.sr) for path in clips.path]
    peak = max(np.abs(y).max() for y in sounds)
    seconds = max(len(y) for y in sounds) / settings.sr
    loudest = max(mel_power(y, settings).max() for y in sounds)
    figure, axes = subplots(
        2, len(clips), figsize=(1.4 * len(clips) + 1, 4.4), squeeze=False, sharex=True
    )
    for i, (y, emotion) in enumerate(zip(sounds, clips.emotion, strict=True)):
        top, bottom = axes[:, i]
        waveform(y, settings.sr, ax=top, colour=COLOURS[emotion])
        mel_spectrogram(y, settings, ax=bottom, colour_bar=False, loudest=loudest)
        top.set(title=emotion_name(emotion), ylim=(-peak, peak), xlabel="")
        bottom.set(title="", xlim=(0, seconds), facecolor="black")
        if i:
            for ax in (top, bottom):
                ax.set(ylabel="", yticklabels=[])
    bar = figure.colorbar(axes[1, 0].images[0], ax=axes[1, :], pad=0.01)
    bar.set_label("level (dB re loudest of all)")
    return figure


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
    _check_not_empty(clips, "clips table")
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
    ax = ax or _new(8, 3)
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
    _check_same_clips(values, emotion)
    shown = emotions_in(emotion)
    measured = np.asarray(values, dtype=float)
    kept = np.isfinite(measured)
    if not kept.any():
        raise DataError(f"there is nothing to draw: {label} has no value for any clip")
    names = np.asarray(emotion)[kept]
    ax = ax or _new(6, 3.2)
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
    ax.set(title=f"{_title(label)} by emotion")
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
    ax = ax or _new(8, 3)
    n_rows, n_frames = values.shape
    seconds = n_frames * settings.hop_length / settings.sr
    image = ax.imshow(
        values,
        origin="lower",
        aspect="auto",
        cmap="cividis",
        interpolation="nearest",
        extent=(0, seconds, -0.5, n_rows - 0.5),
    )
    ax.figure.colorbar(image, ax=ax, label=label)
    ax.set(xlabel="time (s)", ylabel=ylabel, title=title)
    ax.grid(False)
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
    ax = ax or _new(5.5, 4.5)
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
    ax = ax or _new(7.5, 4)
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
    _check_not_empty(table, "history")
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
        ax.set(xlabel="epoch", ylabel=label, title=_title(label))
        ax.legend()
    return figure


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
    ax = ax or _new(5, 4)
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
    _check_not_empty(scores, "dict of scores")
    ax = _new(7, 0.6 * len(scores) + 1.6)
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
        error = _arms(value, low, high)[:, None] if known else None
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
    ax = _new(5, 4)
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
    _check_not_empty(dict(splits), "dict of splits")
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
    _check_not_empty(table, "table")
    ax = _new(7, 3.4)
    drawn = ax.boxplot(table.to_numpy(), tick_labels=[*table.columns], sym=".", patch_artist=True)
    for box in drawn["boxes"]:
        box.set_facecolor("#56B4E9")
    for line in drawn["medians"]:
        line.set_color("black")
    ax.tick_params(axis="x", rotation=20)
    ax.set(title=title, ylabel=ylabel, xlabel="feature")
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
    _check_not_empty(table, "table of slices")
    if table.uar.isna().any():
        raise DataError(f"the slice {table.index[table.uar.isna()][0]!r} has no UAR (NaN)")
    many = len(table) > 24  # of CREMA-D's 91 actors, names stand upright and close together
    ax = _new(max(4.0, (0.16 if many else 0.5) * len(table) + 2), 3.4 if many else 3.2)
    x = np.arange(len(table))
    ax.bar(x, table.uar * 100, color="#56B4E9")
    if "low" in table and table.low.notna().any():
        error = _arms(table.uar * 100, table.low * 100, table.high * 100)
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
    _check_not_empty(table, "table of confidences")
    ax = _new(4.4, 4)
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


def occlusion(
    picture: np.ndarray,
    fall: np.ndarray,
    settings: AudioSettings = AudioSettings(),
    *,
    title: str,
    largest: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw what a network looks at over the log-mel spectrogram that it was given.

    Parameters
    ----------
    picture : numpy.ndarray, shape (n_mels, n_frames)
        Of :func:`ser_helpers.further.frames.log_mel`; drawn in greys, dark where it is strong.
    fall : numpy.ndarray, shape (n_mels, n_frames)
        Of :func:`ser_helpers.further.temporal.occlusion`: orange for what speaks for the
        emotion, purple for what speaks against it, and the fainter, the less it does.
    settings : AudioSettings
        Those of the picture: they turn frames into seconds, and bands into Hz.
    title : str
    largest : float, optional
        Fall of the probability that gets the full colour, to compare clips; left out, this map's
        own largest.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the map is not one of this picture.
    """
    if picture.shape != fall.shape:
        raise ValueError(
            f"the map has shape {fall.shape}, the picture {picture.shape}: give the map of the "
            "same clip"
        )
    ax = ax or _new(8, 3)
    n_mels, n_frames = picture.shape
    seconds = n_frames * settings.hop_length / settings.sr
    place = {
        "origin": "lower",
        "aspect": "auto",
        "interpolation": "nearest",
        "extent": (0, seconds, -0.5, n_mels - 0.5),
    }
    most = 100 * (largest or float(np.abs(fall).max()) or 1.0)
    ax.imshow(picture, cmap="Greys", **place)
    strength = np.clip(np.abs(fall) * 100 / most, 0, 1)
    colour = ax.imshow(
        fall * 100, cmap="PuOr_r", vmin=-most, vmax=most, alpha=0.75 * strength, **place
    )
    bar = ax.figure.colorbar(ScalarMappable(colour.norm, colour.cmap), ax=ax)
    bar.set_label("fall of the probability (points)")
    _label_mel_bands(ax, settings)
    ax.set(xlabel="time (s)", title=title)
    ax.grid(False)
    return ax


def emotion_name(emotion: str) -> str:
    """Return the name of an emotion's code, those of RAVDESS included: ``CAL`` is calm."""
    return {**EMOTION_NAMES, **OTHER_EMOTIONS}[emotion]


def emotions_in(values: Iterable[str]) -> list[str]:
    """List the six emotions, and those of RAVDESS that occur, in the order of the course.

    Parameters
    ----------
    values : iterable of str
        Emotions of clips.

    Returns
    -------
    list of str

    Raises
    ------
    DataError
        If there is another one, or a clip has none: it would be missing from a figure.
    """
    there = set(values)
    if unknown := sorted(there - set(COLOURS), key=str):
        raise DataError(
            f"unknown emotion {unknown[0]!r} in the column emotion: known are {', '.join(COLOURS)}"
        )
    return [*EMOTIONS, *(emotion for emotion in OTHER_EMOTIONS if emotion in there)]


def _samples(y: np.ndarray) -> np.ndarray:
    """Check samples before they are drawn: librosa and matplotlib would not say what is wrong."""
    y = as_samples(y)
    if not y.size:
        raise DataError("there are no samples to draw: the sound is empty")
    return y


def _label_mel_bands(ax: Axes, settings: AudioSettings) -> None:
    """Name the frequencies of an axis on which mel band ``i`` stands at ``i``."""
    hertz = np.array([250, 1000, 2000, 4000, 6000])
    position = mel_position(hertz, settings)
    inside = (position >= -0.5) & (position <= settings.n_mels - 0.5)
    ax.set_yticks(position[inside], hertz[inside])
    ax.set_ylabel("frequency (Hz, mel scale)")


def _check_not_empty(table: pd.DataFrame | pd.Series | Mapping, what: str) -> None:
    if not len(table):
        raise DataError(f"the {what} is empty: there is nothing to draw")


def _check_same_clips(values: pd.Series, emotion: pd.Series) -> None:
    if len(values) != len(emotion):
        raise DataError(f"{len(values)} values cannot be drawn by {len(emotion)} emotions")
    indexes = [each.index for each in (values, emotion) if isinstance(each, pd.Series)]
    if len(indexes) == 2 and not indexes[0].equals(indexes[1]):
        raise DataError(
            "values and emotions are not those of the same clips in the same order: select the "
            "emotions by clips.emotion.loc[values.index]"
        )


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


def _title(label: str) -> str:
    """Turn "mean F0 (Hz)" into "Mean F0"."""
    name = label.split(" (")[0]
    return name[:1].upper() + name[1:]


def _arms(value: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Turn an interval into error bars; that of few speakers may not hold the value itself."""
    return np.maximum(np.array([value - low, high - value], dtype=float), 0)


def _new(width: float, height: float) -> Axes:
    return subplots(figsize=(width, height))[1]


# --- teaching figures of notebook 01 -------------------------------------------------------------

SEX_COLOURS = {"male": "#E69F00", "female": "#56B4E9", "unknown": OTHER_COLOUR}


def speech_grid(clips: pd.DataFrame, titles: Sequence[str], *, n_columns: int = 3) -> Figure:
    """Draw mel spectrograms of the speech in some clips, without the silence, on one scale.

    Parameters
    ----------
    clips : pandas.DataFrame
        Rows of the clips table, row by row of the grid.
    titles : sequence of str
        One per clip.
    n_columns : int

    Returns
    -------
    Figure
    """
    _check_not_empty(clips, "clips table")
    sounds = [trim(load_clip(path)) for path in clips.path]
    loudest = max(mel_power(y).max() for y in sounds)
    n_rows = -(-len(sounds) // n_columns)
    figure, axes = subplots(n_rows, n_columns, figsize=(7.6, 0.6 + 2.1 * n_rows), squeeze=False)
    for ax in axes.flat[len(sounds) :]:
        ax.remove()
    for i, (ax, y, title) in enumerate(zip(axes.flat, sounds, titles, strict=False)):
        mel_spectrogram(y, ax=ax, colour_bar=False, loudest=loudest)
        ax.set_title(title, fontsize=10)
        if i % n_columns:
            ax.set(ylabel="", yticklabels=[])
        if i + n_columns < len(sounds):
            ax.set(xlabel="")
    bar = figure.colorbar(axes[0, 0].images[0], ax=axes, pad=0.01)
    bar.set_label("level (dB re loudest of all)")
    return figure


def speech_ends(
    level: np.ndarray, *, top_db: float = 30, step: float = 0.01, ax: Axes | None = None
) -> Axes:
    """Draw the level over time, the threshold, and what is kept between its ends.

    Parameters
    ----------
    level : numpy.ndarray, shape (n_frames,)
        dB re loudest frame.
    top_db : float
        Threshold, dB below the loudest.
    step : float
        Seconds from frame to frame.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or _new(7.6, 2.8)
    time = np.arange(len(level)) * step
    loud = np.flatnonzero(level > -top_db)
    ax.axvspan(time[loud[0]], time[loud[-1]] + step, color="#56B4E9", alpha=0.25, label="kept")
    ax.plot(time, level, color="#0072B2", linewidth=1)
    ax.axhline(-top_db, color="black", linestyle=":", label="threshold")
    ax.set(xlabel="time (s)", ylabel="level (dB re loudest)", title="Where speech begins and ends")
    ax.set_ylim(max(-80, level.min() - 2), 2)
    ax.margins(x=0)
    ax.legend(loc="upper right", fontsize="small")
    return ax


def laid_over(y: np.ndarray, sr: int, shifts: Sequence[int]) -> Figure:
    """Draw a piece of a sound over itself, shifted by some numbers of samples.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
    sr : int
        Sampling rate, Hz.
    shifts : sequence of int
        One panel for each, samples.

    Returns
    -------
    Figure
    """
    y = _samples(y)
    n = len(y) - max(shifts)
    figure, axes = subplots(
        len(shifts),
        1,
        figsize=(7.6, 0.6 + 1.5 * len(shifts)),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    time = 1000 * np.arange(n) / sr
    for ax, shift in zip(axes[:, 0], shifts, strict=True):
        ax.plot(time, y[:n], color="#0072B2", label="as it is")
        ax.plot(time, y[shift : shift + n], "--", color="#D55E00", label="shifted")
        ax.set_title(f"shifted by {1000 * shift / sr:.1f} ms", fontsize=10)
        ax.set_ylabel("amplitude")
        ax.margins(x=0)
    low, high = axes[0, 0].get_ylim()
    axes[0, 0].set_ylim(low, high + 0.4 * (high - low))  # room for the legend
    axes[0, 0].legend(loc="upper right", ncols=2, fontsize="small")
    axes[-1, 0].set_xlabel("time (ms)")
    return figure


def melody(
    f0: np.ndarray, kept: np.ndarray, *, step: float = 0.016, ax: Axes | None = None
) -> Axes:
    """Draw the pitch of each frame: dots where it counts, crosses where it does not.

    Parameters
    ----------
    f0 : numpy.ndarray, shape (n_frames,)
        Hz.
    kept : numpy.ndarray of bool, shape (n_frames,)
    step : float
        Seconds from frame to frame.
    ax : Axes, optional

    Returns
    -------
    Axes
    """
    ax = ax or _new(7.6, 2.8)
    time = np.arange(len(f0)) * step
    ax.plot(time[~kept], f0[~kept], "x", color="#999999", label="too quiet: ignored")
    ax.plot(time[kept], f0[kept], "o", markersize=4, color="#0072B2", label="kept")
    ax.axhline(np.median(f0[kept]), color="black", linestyle="--", label="median of kept")
    ax.set(xlabel="time (s)", ylabel="pitch (Hz)", title="Pitch of each frame")
    ax.set_ylim(0.8 * f0.min(), 1.3 * f0.max())
    ax.legend(loc="upper right", ncols=3, fontsize="small")
    return ax


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
    ax = ax or _new(7.6, 3.2)
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
    ax.set(ylabel=label, title=f"{_title(label)} by actor")
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
    ax = ax or _new(3.8, 3.4)
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
    ax.set(xlabel="emotion", ylabel=label, title=_title(label))
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
    ax = ax or _new(7.6, 2.6)
    ax.plot(1000 * np.asarray(shifts) / sr, misfit, color="#0072B2", label="misfit")
    ax.axvline(1000 * period, color="black", linestyle="--", label=f"YIN: {1 / period:.0f} Hz")
    ax.set(xlabel="shift (ms)", ylabel="misfit (0: perfect)", title="A frame laid over itself")
    ax.set_ylim(0, 1.25 * np.max(misfit))
    ax.legend(loc="upper right", ncols=2, fontsize="small")
    return ax


def mfccs_over_time(
    y: np.ndarray,
    coefficients: np.ndarray,
    settings: AudioSettings = AudioSettings(),
    *,
    title: str,
) -> Figure:
    """Draw a wave, its MFCC 0 as a line, and the other MFCCs in colours around zero.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Samples at ``settings.sr`` Hz.
    coefficients : numpy.ndarray, shape (n_mfcc, n_frames)
        At least two.
    settings : AudioSettings
        ``hop_length`` and ``sr`` turn frames into seconds.
    title : str

    Returns
    -------
    Figure
    """
    figure, axes = subplots(3, 1, figsize=(8, 5.6), sharex=True, height_ratios=(1, 1, 1.9))
    waveform(y, settings.sr, ax=axes[0])
    axes[0].set(xlabel="", ylabel="amplitude", title=title)
    n_mfcc, n_frames = coefficients.shape
    seconds = np.arange(n_frames) * settings.hop_length / settings.sr
    axes[1].plot(seconds, coefficients[0], color="black", linewidth=1.2)
    axes[1].set(ylabel="dB, scaled", title="MFCC 0")
    most = np.percentile(np.abs(coefficients[1:]), 99)
    image = axes[2].imshow(
        coefficients[1:],
        origin="lower",
        aspect="auto",
        cmap="PuOr_r",
        vmin=-most,
        vmax=most,
        interpolation="nearest",
        extent=(0, seconds[-1], 0.5, n_mfcc - 0.5),
    )
    axes[2].set(xlabel="time (s)", ylabel="coefficient", title=f"MFCCs 1 to {n_mfcc - 1}")
    axes[2].grid(False)
    figure.colorbar(image, ax=axes[2], label="dB, scaled", pad=0.01)
    return figure


def frames_on_wave(
    y: np.ndarray,
    frame: int,
    settings: AudioSettings = AudioSettings(),
    *,
    n_frames: int = 5,
) -> Axes:
    """Draw neighbouring frames over the wave, and where the wave repeats itself.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Samples at ``settings.sr`` Hz.
    frame : int
        Number of the middle one; frame ``t`` has its middle at sample ``t * hop_length``.
    settings : AudioSettings
    n_frames : int
        How many are drawn, an odd number.

    Returns
    -------
    Axes
        The period that repeats best, between 1/400 and 1/80 of a second, is in the title.
    """
    ms = 1000 / settings.sr
    middle, half = frame * settings.hop_length, settings.win_length // 2
    around = n_frames // 2 * settings.hop_length + 2 * half
    shown = np.arange(max(0, middle - around), min(len(y), middle + around))
    piece = y[max(0, middle - 2 * half) : middle + 2 * half]
    fit = librosa.autocorrelate(piece - piece.mean())
    shortest = settings.sr // 400
    period = shortest + int(fit[shortest : settings.sr // 80].argmax())
    ax = _new(8, 3.2)
    ax.plot(shown * ms, y[shown], color="#0072B2", linewidth=1)
    high = np.abs(y[shown]).max()
    for i in range(-(n_frames // 2), n_frames // 2 + 1):
        centre, height = (frame + i) * settings.hop_length, high * (1.6 + 0.2 * i)
        ends = np.array([centre - half, centre + half]) * ms
        ax.plot(ends, [height, height], color="black" if i else "#D55E00", linewidth=4)
        beside, side = (ends[1] + 0.7, "left") if i > 0 else (ends[0] - 0.7, "right")
        ax.text(beside, height, f"frame {frame + i}", va="center", ha=side, fontsize="small")
    near = np.arange(max(0, middle - period // 2), min(len(y), middle + period // 2 + 1))
    peak = int(near[y[near].argmax()])
    beats = peak + period * np.arange(-half // period, half // period + 1)
    beats = beats[np.abs(beats - middle) <= half]
    ax.vlines(beats * ms, -high, high * 1.5, color="#D55E00", linestyle=":", linewidth=1.2)
    ax.set(
        xlabel="time (ms)",
        ylabel="amplitude (full scale = 1)",
        title=f"The wave repeats itself about every {period * ms:.1f} ms (dotted lines)",
    )
    ax.set_yticks(np.array([-1, 0, 1]) * float(f"{high:.1g}"))
    ax.margins(x=0)
    return ax


def window_and_spectrum(
    frame: np.ndarray, window: np.ndarray, sr: int, *, highest: float = 4000
) -> Figure:
    """Draw a frame cut abruptly and one that fades in and out, over time and as spectra.

    Parameters
    ----------
    frame, window : numpy.ndarray, shape (n_fft,)
        What is cut is as long as the part of the window that is not zero.
    sr : int
        Sampling rate, Hz.
    highest : float
        Highest frequency that is drawn, Hz.

    Returns
    -------
    Figure
    """
    figure, axes = subplots(2, 2, figsize=(8.5, 4.2), sharex="col", width_ratios=(1, 1.6))
    grid = axes[0, 1].get_gridspec()
    for ax in axes[:, 1]:
        ax.remove()
    with plt.rc_context(STYLE):
        right = figure.add_subplot(grid[:, 1])
    ms, hertz = np.arange(len(frame)) * 1000 / sr, np.fft.rfftfreq(len(frame), 1 / sr)
    shown = hertz <= highest
    cut, faded = frame * (window > 0), frame * window
    looks = ((cut, "#999999", "cut with scissors"), (faded, "#0072B2", "with the Hann window"))
    for ax, (y, colour, title) in zip(axes[:, 0], looks, strict=True):
        ax.plot(ms, y, color=colour, linewidth=1.2)
        ax.set(ylabel="amplitude", title=title[0].upper() + title[1:])
        level = 10 * np.log10(np.abs(np.fft.rfft(y)) ** 2 + 1e-10)
        right.plot(hertz[shown], level[shown], color=colour, linewidth=1.5, label=title)
    axes[0, 0].plot(ms, window * np.abs(frame).max(), color="#E69F00", label="the window")
    axes[0, 0].legend(loc="upper right", fontsize="small")
    axes[1, 0].set(xlabel="time in the frame (ms)", ylim=axes[0, 0].get_ylim())
    right.set(xlabel="frequency (Hz)", ylabel="power (dB)", title="Their spectra")
    right.legend(fontsize="small")
    right.margins(x=0.01)
    return figure


def power_and_decibels(power: np.ndarray, level: np.ndarray) -> Figure:
    """Draw one frame in mel bands, as power and in decibels.

    Parameters
    ----------
    power, level : numpy.ndarray, shape (n_mels,)
        The same frame; ``level`` in dB.

    Returns
    -------
    Figure
    """
    figure, (top, bottom) = subplots(2, 1, figsize=(8, 4), sharex=True)
    top.bar(range(len(power)), power, color="#777777")
    top.set(title="In plain power the strongest bands hide the others", ylabel="power")
    floor = np.floor(level.min() / 10) * 10
    bottom.bar(range(len(level)), level - floor, bottom=floor, color="#0072B2")
    bottom.set(title="In decibels every band can be seen", ylabel="level (dB)")
    bottom.set(xlabel="mel band (0 = lowest)", ylim=(floor, level.max() + 3))
    top.margins(x=0.01)
    return figure


def rebuilt_from_mfccs(level: np.ndarray, rebuilt: dict[int, np.ndarray], *, title: str) -> Axes:
    """Draw the mel bands of one frame, and what comes back from some of its MFCCs.

    Parameters
    ----------
    level : numpy.ndarray, shape (n_mels,)
        In dB.
    rebuilt : dict of int to numpy.ndarray, each of shape (n_mels,)
        Number of MFCCs → the bands rebuilt from them, at most four; how far they are away, as the
        root of the mean square, stands in the legend.
    title : str

    Returns
    -------
    Axes
    """
    ax = _new(8, 3.4)
    floor = np.floor(level.min() / 10) * 10
    ax.bar(range(len(level)), level - floor, bottom=floor, color="#DDDDDD", label="the frame")
    looks = (("#E69F00", "--"), ("black", "-"), ("#0072B2", "-"), ("#CC79A7", "-."))
    for (n, line), (colour, style) in zip(rebuilt.items(), looks, strict=False):
        away = np.sqrt(np.mean((level - line) ** 2))
        label = f"from {n} MFCCs\n({away:.1f} dB away)"
        ax.plot(line, style, color=colour, linewidth=1.8, label=label)
    ax.set(xlabel="mel band (0 = lowest)", ylabel="level (dB)", title=title)
    ax.margins(x=0.01)
    ax.legend(bbox_to_anchor=(1, 1), loc="upper left", fontsize="small")
    return ax


def percentiles_over_time(
    values: np.ndarray,
    percentiles: Sequence[float],
    settings: AudioSettings = AudioSettings(),
    *,
    label: str,
    title: str,
) -> Axes:
    """Draw one coefficient over time, and lines below which a share of its frames lies.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_frames,)
    percentiles : sequence of float
        0 to 100.
    settings : AudioSettings
        ``hop_length`` and ``sr`` turn frames into seconds.
    label : str
        Name of the values, with their unit.
    title : str

    Returns
    -------
    Axes
    """
    ax = _new(8, 3)
    seconds = np.arange(len(values)) * settings.hop_length / settings.sr
    ax.plot(seconds, values, color="#0072B2", linewidth=1.4)
    sides = {min(percentiles): "top", max(percentiles): "bottom"}  # labels of near lines stay apart
    for p, at in zip(percentiles, np.percentile(values, percentiles), strict=True):
        ax.axhline(at, color="black", linestyle=":", linewidth=1)
        place = {"xycoords": ("axes fraction", "data"), "va": sides.get(p, "center")}
        ax.annotate(f"p{p:02d}", (1.01, at), **place)
    ax.set(xlabel="time (s)", ylabel=label, title=title)
    ax.margins(x=0)
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
    _check_not_empty(rows, "dict of rows")
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    ax = ax or _new(8, 0.55 * len(rows) + 1.5)
    looks = (("o", "#0072B2", "#0072B2"), ("D", "#D55E00", "white"), ("s", "#000000", "#000000"))
    step = 0.5 / max(len(names), 2)
    if line is not None:
        ax.axvline(line, color="black", linestyle=":", label=line_label or None)
    for series, (mark, colour, inside) in zip(names, looks, strict=False):
        places = [place for place, row in enumerate(rows.values()) if series in row]
        found = [row[series] for row in rows.values() if series in row]
        table = np.array([[f.value, f.low, f.high] for f in found], dtype=float) * 100
        error = np.nan_to_num(_arms(*table.T))
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
    ax = _new(7, 3.6)
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


LINES = (
    ("-", "#0072B2"),
    ("--", "#D55E00"),
    ("-.", "#009E73"),
    (":", "#CC79A7"),
    ((0, (5, 1, 1, 1, 1, 1)), "#E69F00"),
)  # told apart without colours, too


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
    ax = _new(7, 3.4)
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
    _check_same_clips(points.iloc[:, 0], emotion)
    shown = [name for name in emotions_in(emotion) if (emotion == name).any()]
    if points.shape[1] != 2 or len(weights) != 2 or len(shown) != 2 or not weights[1]:
        raise DataError(
            f"two features, two emotions and two weights are needed, the second not 0; these are "
            f"{points.shape[1]}, {len(shown)} and {weights}"
        )
    ax = _new(5.5, 4)
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
    _check_not_empty(table, "table of results")
    groups = list(dict.fromkeys(table[by]))[::-1]
    ax = _new(7, 0.8 + 0.5 * len(groups))
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


def stacked_pictures(
    block: np.ndarray,
    names: Sequence[str],
    settings: AudioSettings = AudioSettings(),
    *,
    title: str,
    label: str,
) -> Figure:
    """Draw pictures of the same size one below the other, such as a padded batch, on one scale.

    Parameters
    ----------
    block : numpy.ndarray, shape (n_clips, n_mels, n_frames)
    names : sequence of str
        One per clip, in the batch's order.
    settings : AudioSettings
        ``hop_length`` and ``sr`` turn frames into seconds.
    title, label : str
        Title, and name of the colour with its unit.

    Returns
    -------
    Figure
    """
    figure, axes = subplots(
        len(block), 1, figsize=(8, 0.75 * len(block) + 0.8), sharex=True, squeeze=False
    )
    seconds = block.shape[2] * settings.hop_length / settings.sr
    for ax, picture, name in zip(axes[:, 0], block, names, strict=True):
        image = ax.imshow(
            picture,
            origin="lower",
            aspect="auto",
            cmap="cividis",
            interpolation="nearest",
            vmin=block.min(),
            vmax=block.max(),
            extent=(0, seconds, 0, len(picture)),
        )
        ax.set_yticks([])
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
        ax.grid(False)
    axes[0, 0].set_title(title)
    axes[-1, 0].set_xlabel("time (s)")
    figure.colorbar(image, ax=list(axes[:, 0]), label=label)
    return figure


def changed_pictures(
    pictures: dict[str, np.ndarray], settings: AudioSettings = AudioSettings(), *, title: str
) -> Figure:
    """Draw one standardised clip in several versions: one scale, the first one's end marked.

    Parameters
    ----------
    pictures : dict of str to numpy.ndarray, each of shape (n_mels, its own n_frames)
        What was done → the picture; at most six, the clip as it is first.
    settings : AudioSettings
        They turn frames into seconds.
    title : str

    Returns
    -------
    Figure
    """
    figure, axes = subplots(2, 3, figsize=(9, 4.8), sharex=True, sharey=True)
    step = settings.hop_length / settings.sr
    end = step * next(iter(pictures.values())).shape[1]
    for ax, (what, picture) in zip(axes.flat, pictures.items(), strict=False):
        n_mels, n_frames = picture.shape
        image = ax.imshow(
            picture,
            origin="lower",
            aspect="auto",
            cmap="cividis",
            interpolation="nearest",
            vmin=-2.5,
            vmax=2.5,
            extent=(0, n_frames * step, 0, n_mels),
        )
        ax.axvline(end, color="black", linestyle="--", linewidth=1)
        ax.set_title(what, fontsize=11)
        ax.grid(False)
    ax.set_xlim(0, step * max(picture.shape[1] for picture in pictures.values()) + 0.05)
    for ax in axes[-1]:
        ax.set_xlabel("time (s)")
    for ax in axes[:, 0]:
        ax.set_ylabel("mel band")
    figure.colorbar(image, ax=axes, label="standard deviations")
    figure.suptitle(title)
    return figure


def occlusion_maps(
    pictures: dict[str, np.ndarray],
    falls: dict[str, np.ndarray],
    settings: AudioSettings = AudioSettings(),
) -> Figure:
    """Draw clips on the left and what a network looks at on the right, all maps on one scale.

    Parameters
    ----------
    pictures, falls : dict of str to numpy.ndarray, shape (n_mels, n_frames)
        Title → what :func:`occlusion` takes. Outlines on the maps show where the clip is loud.
    settings : AudioSettings

    Returns
    -------
    Figure
    """
    figure, axes = subplots(
        len(pictures), 2, figsize=(9, 2.6 * len(pictures) + 0.2), sharey=True, squeeze=False
    )
    most = 100 * max(float(np.abs(fall).max()) for fall in falls.values())
    for (left, right), (title, picture) in zip(axes, pictures.items(), strict=True):
        n_mels, n_frames = picture.shape
        seconds = n_frames * settings.hop_length / settings.sr
        place = {"origin": "lower", "extent": (0, seconds, -0.5, n_mels - 0.5)}
        shown = {**place, "aspect": "auto", "interpolation": "nearest"}
        left.imshow(picture, cmap="Greys", **shown)
        image = right.imshow(100 * falls[title], cmap="PuOr_r", vmin=-most, vmax=most, **shown)
        loud = [np.quantile(picture, 0.9)]
        right.contour(picture, loud, colors="#555555", linewidths=0.5, linestyles="solid", **place)
        _label_mel_bands(left, settings)
        left.set_title(title, loc="left", fontsize=11)
        for ax in (left, right):
            ax.set_xlabel("time (s)")
            ax.grid(False)
    figure.colorbar(image, ax=axes, label="fall of the probability (points)", shrink=0.9)
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
    _check_not_empty(scores, "table of scores")
    ax = _new(6, 4)
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
    _check_not_empty(found, "dict of differences")
    ax = _new(8, 0.55 * len(found) + 1.2)
    ax.axvline(0, color="black", linestyle=":")
    for i, one in enumerate(reversed(list(found.values()))):
        value, low, high = (100 * share for share in (one.value, one.low, one.high))
        tells = low > 0 or high < 0
        ax.errorbar(
            value,
            i,
            xerr=_arms(value, low, high)[:, None],
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
    _check_not_empty(milliseconds, "table of steps")
    ax = _new(7, 0.35 * len(milliseconds) + 1)
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
    _check_not_empty(measured, "table of times")
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
    _check_not_empty(table, "table of memory")
    ax = _new(7, 3.2)
    styles = [("o-", "#D55E00"), ("s--", "#0072B2"), ("^:", "#000000")]
    for name, (style, colour) in zip(table, styles, strict=False):
        ax.plot(table.index, table[name], style, color=colour, label=name)
    ax.set(xlabel="clips", ylabel="most memory held (MB)", title=title, ylim=(0, None))
    ax.legend()
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
    _check_not_empty(values, "table of values")
    ax = _new(7, 3.2)
    widest = max(float(np.abs(some).max()) for some in values.values()) * 1.2
    ends = np.linspace(-widest, widest, 61)
    styles = (("#0072B2", "-"), ("#D55E00", "--"), ("#000000", ":"))
    for (name, some), (colour, style) in zip(values.items(), styles, strict=False):
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
    _check_not_empty(values, "table of losses")
    ax = _new(7, 3.4)
    styles = (("#0072B2", "-"), ("#D55E00", "--"), ("#000000", ":"))
    for (name, some), (colour, style) in zip(values.items(), styles, strict=False):
        label = f"{name}: ends at {some[-1]:.2f}"
        ax.plot(some, style, color=colour, label=label, linewidth=1.8)
    ax.axhline(guessing, color="#777777", linewidth=1, linestyle=(0, (1, 3)), label="guessing")
    ax.set(xlabel="step", ylabel="loss, as Keras shows it", title=title)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, fontsize="small")
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
    _check_not_empty(answers, "table of answers")
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


def spectrograms_together(
    sounds: dict[str, np.ndarray], settings: AudioSettings = AudioSettings()
) -> Figure:
    """Draw mel spectrograms on one scale, so that a soft sound looks soft beside a loud one.

    Parameters
    ----------
    sounds : dict of numpy.ndarray
        Name → samples; six or eight are readable.
    settings : AudioSettings

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If there is no sound, or one has no samples.
    """
    _check_not_empty(sounds, "list of sounds")
    loudest = max(mel_power(_samples(y), settings).max() for y in sounds.values())
    n_columns = min(3, len(sounds))
    n_rows = -(-len(sounds) // n_columns)
    figure, axes = subplots(
        n_rows,
        n_columns,
        figsize=(3 * n_columns, 2.3 * n_rows),
        sharex=True,
        sharey=True,
        squeeze=False,
    )
    for ax, (name, y) in zip(axes.flat, sounds.items(), strict=False):
        mel_spectrogram(y, settings, ax=ax, colour_bar=False, loudest=loudest)
        ax.set(title=name, xlabel="", ylabel="", facecolor="black")
    for ax in axes.flat[len(sounds) :]:
        ax.set_axis_off()
    figure.supxlabel("time (s)")
    figure.supylabel("frequency (Hz, mel scale)")
    bar = figure.colorbar(axes[0, 0].images[0], ax=axes, pad=0.01)
    bar.set_label("level (dB re loudest of all)")
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
    _check_not_empty(tables, "list of tables")
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
        _check_not_empty(table, "table of conditions")
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
    _check_not_empty(curves, "list of curves")
    looks = (("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."), ("#555555", ":"))
    if len(curves) > len(looks):
        raise DataError(f"{len(curves)} curves cannot be told apart: at most four can be drawn")
    ax = _new(6.5, 3.4)
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
    _check_not_empty(table, "table")
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
            arms = _arms(own.value.to_numpy(), own.low.to_numpy(), own.high.to_numpy()) * 100
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
