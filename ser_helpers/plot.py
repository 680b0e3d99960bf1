"""Every figure of the course: one palette, axes with units, alt text.

Each function draws on the axes it is given, or on new ones, and returns them; :func:`show` puts a
figure into a notebook together with its description for those who cannot see it.
:func:`subplots` makes empty ones in the same style.
"""

import base64
import html
import io
from collections.abc import Iterable, Sequence
from itertools import pairwise

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
from ser_helpers.features import AudioSettings, mel_power
from ser_helpers.names import EMOTION_NAMES, EMOTIONS, LEVELS, OTHER_EMOTIONS
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
        2, len(clips), figsize=(2.1 * len(clips) + 1, 4.4), squeeze=False, sharex=True
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
    scores: dict[str, pd.DataFrame], baselines: pd.DataFrame, *, metric: str = "uar"
) -> Axes:
    """Draw scores with their intervals, beside chance, majority and listeners.

    Parameters
    ----------
    scores : dict of pandas.DataFrame
        Name → table of :func:`ser_helpers.evaluate.intervals`. One whose interval is not known, as
        with a single speaker, is marked "no interval".
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
    for name, at in (baselines[metric] * 100).items():
        label = "listeners (on CREMA-D)" if name == "listeners" else name
        ax.axvline(at, linestyle=styles.get(name, (0, (5, 5))), color="black", label=label)
    names = []
    for i, (name, table) in enumerate(reversed(scores.items())):
        value, low, high = table.loc[metric, ["value", "low", "high"]] * 100
        if np.isnan(value):
            raise DataError(f"the {METRIC_NAMES[metric]} of {name!r} is not a number (NaN)")
        known = np.isfinite([low, high]).all()
        error = _arms(value, low, high)[:, None] if known else None
        ax.errorbar(value, i, xerr=error, fmt="o", capsize=4, color="#0072B2")
        names.append(name if known else f"{name}\n(no interval)")
    ax.set_yticks(range(len(scores)), names)
    ax.set(
        xlabel=f"{METRIC_NAMES[metric]} (%)",
        ylabel="what was scored",
        title=f"{METRIC_NAMES[metric]} with 95 % intervals over speakers",
        xlim=(0, 100),
        ylim=(-0.6, len(scores) - 0.4),
    )
    ax.legend(bbox_to_anchor=(0.5, -0.2), loc="upper center", ncols=3, fontsize="small")
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
    ax = _new(max(4.0, (0.2 if many else 0.5) * len(table) + 2), 3.6 if many else 3.2)
    x = np.arange(len(table))
    ax.bar(x, table.uar * 100, color="#56B4E9")
    if "low" in table and table.low.notna().any():
        error = _arms(table.uar * 100, table.low * 100, table.high * 100)
        ax.errorbar(x, table.uar * 100, yerr=error, fmt="none", color="black", capsize=3)
    ax.axhline(chance * 100, color="black", linestyle=":", label="chance")
    between = ", " if many else "\n"
    names = [f"{name}{between}{n:.0f} clips" for name, n in table.clips.items()]
    ax.set_xticks(x, names, fontsize="small", rotation=90 if many else 0)
    ax.margins(x=0.5 / len(table) if many else None)
    ax.set(xlabel=table.index.name, ylabel="UAR (%)", title=title, ylim=(0, 100))
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
    ax.plot([0, 1], [0, 1], ":", color="black", label="to be trusted")
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


def _check_not_empty(table: pd.DataFrame | dict, what: str) -> None:
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


def dots(table: pd.DataFrame, *, title: str, xlabel: str, line: float | None = None) -> Figure:
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
