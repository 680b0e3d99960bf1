"""Draw sound: waveforms, spectrograms, melodies."""

from collections.abc import Sequence

import librosa
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ser_helpers.audio import as_samples, load_clip
from ser_helpers.errors import DataError
from ser_helpers.features import AudioSettings, mel_power, trim
from ser_helpers.plot.base import (
    COLOURS,
    check_not_empty,
    emotion_name,
    emotions_in,
    new_axes,
    over_time,
    subplots,
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
    ax = ax or new_axes(8, 2.2)
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
    ax = ax or new_axes(8, 3)
    power = mel_power(y, settings)
    level = librosa.power_to_db(power, ref=loudest or power.max(), top_db=None)
    image = over_time(ax, level, len(y) / settings.sr, cmap="magma", vmin=-80, vmax=0)
    label_mel_bands(ax, settings)
    ax.set(xlabel="time (s)", title="Mel spectrogram")
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
    check_not_empty(clips, "clips table")
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


def _samples(y: np.ndarray) -> np.ndarray:
    """Check samples before they are drawn: librosa and matplotlib would not say what is wrong."""
    y = as_samples(y)
    if not y.size:
        raise DataError("there are no samples to draw: the sound is empty")
    return y


def label_mel_bands(ax: Axes, settings: AudioSettings) -> None:
    """Name the frequencies of an axis on which mel band ``i`` stands at ``i``."""
    hertz = np.array([250, 1000, 2000, 4000, 6000])
    position = mel_position(hertz, settings)
    inside = (position >= -0.5) & (position <= settings.n_mels - 0.5)
    ax.set_yticks(position[inside], hertz[inside])
    ax.set_ylabel("frequency (Hz, mel scale)")


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
    check_not_empty(clips, "clips table")
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
    ax = ax or new_axes(7.6, 2.8)
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
    ax = ax or new_axes(7.6, 2.8)
    time = np.arange(len(f0)) * step
    ax.plot(time[~kept], f0[~kept], "x", color="#999999", label="too quiet: ignored")
    ax.plot(time[kept], f0[kept], "o", markersize=4, color="#0072B2", label="kept")
    ax.axhline(np.median(f0[kept]), color="black", linestyle="--", label="median of kept")
    ax.set(xlabel="time (s)", ylabel="pitch (Hz)", title="Pitch of each frame")
    ax.set_ylim(0.8 * f0.min(), 1.3 * f0.max())
    ax.legend(loc="upper right", ncols=3, fontsize="small")
    return ax


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
    check_not_empty(sounds, "list of sounds")
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
