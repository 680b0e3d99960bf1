"""Draw how a clip becomes MFCCs, step by step."""

from collections.abc import Sequence

import librosa
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ser_helpers.features import AudioSettings
from ser_helpers.plot.base import STYLE, new_axes, over_time, subplots
from ser_helpers.plot.sound import waveform


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
    scale = {"cmap": "PuOr_r", "vmin": -most, "vmax": most}
    image = over_time(axes[2], coefficients[1:], seconds[-1], lowest=0.5, **scale)
    axes[2].set(xlabel="time (s)", ylabel="coefficient", title=f"MFCCs 1 to {n_mfcc - 1}")
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
    ax = new_axes(8, 3.2)
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
    ax = new_axes(8, 3.4)
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
    ax = new_axes(8, 3)
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
