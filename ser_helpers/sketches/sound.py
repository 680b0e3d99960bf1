"""From a wave to MFCCs: sampling, matching waves, frames, mel filters, the cosine transform."""

from collections.abc import Sequence

import librosa
import matplotlib.pyplot as plt
import numpy as np

from ser_helpers import plot
from ser_helpers.errors import DataError
from ser_helpers.sketches.drawing import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LARGE,
    RED,
    SMALL,
    WIDTH,
    Sketch,
    arrow,
    box,
    canvas,
    pale,
    say,
    signed,
)


def sampling(*, frequency: int = 3, rates: tuple[int, int] = (40, 4)) -> Sketch:
    """Draw a wave and its samples, taken often enough and too seldom.

    Parameters
    ----------
    frequency : int
        Of the wave, Hz.
    rates : tuple of int
        Two sampling rates, Hz: one above twice the frequency, one below it.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if not 1 <= rates[1] < 2 * frequency < rates[0] <= 100:
        raise DataError(
            "the first rate is above twice the frequency and at most 100, the second is below it"
        )
    figure, axes = plot.subplots(2, 1, figsize=(WIDTH, 3.8), sharex=True)
    time = np.linspace(0, 1, 500)
    for ax, rate in zip(axes, rates, strict=True):
        taken = np.arange(rate + 1) / rate
        ax.plot(time, np.sin(2 * np.pi * frequency * time), color=GREY, lw=1)
        ax.vlines(taken, 0, np.sin(2 * np.pi * frequency * taken), color=BLUE, lw=1)
        ax.plot(taken, np.sin(2 * np.pi * frequency * taken), "o", color=BLUE, ms=4.5)
        heard = alias(frequency, rate)
        title = f"{rate} samples a second: the dots keep the wave of {frequency} Hz"
        if rate < 2 * frequency:
            ax.plot(time, np.sin(2 * np.pi * heard * time), "--", color=RED, lw=1.5)
            title = f"{rate} samples a second: the dots could be a wave of {abs(heard)} Hz (dashed)"
        ax.set(ylabel="amplitude", ylim=(-1.3, 1.3), yticks=(-1, 0, 1))
        ax.set_title(title, fontsize=11)
        ax.margins(x=0.01)
    axes[1].set_xlabel("time (s)")
    alt = (
        f"A wave of {frequency} Hz, twice. With {rates[0]} samples a second the dots follow it; "
        f"with {rates[1]} they could as well belong to a wave of "
        f"{abs(alias(frequency, rates[1]))} Hz, drawn dashed."
    )
    return Sketch(figure, alt)


def alias(frequency: int, rate: int) -> int:
    """Find the lowest wave, Hz, that has the same samples; negative if it runs upside down."""
    return frequency - rate * round(frequency / rate)


def matching(*, clip: int = 3, tries: tuple[int, int] = (3, 5), n_samples: int = 200) -> Sketch:
    """Draw the idea of Fourier: multiply a clip with a wave and add up.

    Parameters
    ----------
    clip : int
        Frequency of the clip, Hz; it lasts one second.
    tries : tuple of int
        Frequencies of the two waves, Hz.
    n_samples : int

    Returns
    -------
    Sketch
    """
    time = np.arange(n_samples) / n_samples
    y = np.sin(2 * np.pi * clip * time)
    figure, axes = plot.subplots(3, 2, figsize=(WIDTH, 4.4), sharex=True, sharey=True)
    sums = []
    for column, frequency in enumerate(tries):
        wave = np.sin(2 * np.pi * frequency * time)
        product = y * wave
        sums.append(float(product.sum()))
        top, middle, bottom = axes[:, column]
        top.plot(time, y, color=INK)
        middle.plot(time, wave, color=BLUE, ls="--")
        bottom.plot(time, product, color=GREEN)
        bottom.fill_between(time, product, where=product > 0, color=pale(GREEN, 0.5))
        bottom.fill_between(
            time, product, where=product < 0, fc="white", hatch="/////", ec=RED, lw=0
        )
        top.set_title(f"the clip, {clip} Hz", fontsize=10)
        middle.set_title(f"× a wave of {frequency} Hz", fontsize=10)
        bottom.set_title(f"= the product; its sum is {signed(sums[-1], 0)}", fontsize=10)
        bottom.set_xlabel("time (s)")
    axes[0, 0].set(ylim=(-1.2, 1.2), yticks=(-1, 0, 1))
    for ax in axes[:, 0]:
        ax.set_ylabel("amplitude")
    alt = (
        f"A clip of {clip} Hz is multiplied with a wave of {tries[0]} Hz, and the product adds up "
        f"to {signed(sums[0], 0)}; with one of {tries[1]} Hz, what is above and below zero adds "
        f"up to {signed(sums[1], 0)}."
    )
    return Sketch(figure, alt)


def framing(*, n_samples: int = 40, n_fft: int = 16, hop_length: int = 6) -> Sketch:
    """Draw frames sliding over samples, without padding.

    Parameters
    ----------
    n_samples, n_fft, hop_length : int
        At most 80 samples, and 6 frames, can be drawn.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If not one frame fits, or there are too many to draw.
    """
    if not (1 <= n_fft <= n_samples <= 80 and hop_length >= 1):
        raise DataError("draw at most 80 samples, and frames (n_fft) that fit into them")
    n_frames = 1 + (n_samples - n_fft) // hop_length
    overlap = hop_length < n_fft
    if n_frames > 6:
        raise DataError(f"{n_frames} frames are too many to draw: raise hop_length")
    height = 30.5 + 4.6 * n_frames
    figure, ax = canvas(height, "Frames slide over the samples" + ", and overlap" * overlap)
    random = np.random.default_rng(3)
    index = np.arange(n_samples)
    y = np.sin(index * 0.55) * (0.6 + 0.4 * np.sin(index * 0.13)) + random.normal(0, 0.1, n_samples)
    step = 84 / n_samples
    x = 13 + step * (index + 0.5)
    middle = height - 14
    ax.plot([13, 97], [middle, middle], color=GREY, lw=0.8)
    ax.vlines(x, middle, middle + 4.5 * y, color=BLUE, lw=1.2)
    ax.plot(x, middle + 4.5 * y, "o", color=BLUE, ms=3.5)
    say(ax, 11, middle, f"{n_samples}\nsamples", at="right")
    for frame in range(n_frames):
        start = 13 + step * frame * hop_length
        base = height - 24.5 - 4.6 * frame
        box(ax, start, base - 2, step * n_fft, 3.4, fill=pale(BLUE, 0.2))
        say(ax, start + step * n_fft / 2, base - 0.3, f"{n_fft} samples", size=SMALL)
        say(ax, 11, base - 0.3, f"frame {frame}", at="right")
    base = 8
    arrow(ax, (13, base), (13 + step * n_fft, base), heads="<|-|>")
    say(ax, 13 + step * n_fft / 2, base - 2.4, f"n_fft = {n_fft}")
    if n_frames > 1:
        last = 13 + step * (n_frames - 1) * hop_length
        arrow(ax, (last - step * hop_length, base), (last, base), heads="<|-|>")
        say(ax, last - step * hop_length / 2, base - 2.4, f"hop_length = {hop_length}")
    say(ax, 55, 2, f"1 + ({n_samples} − {n_fft}) // {hop_length} = {n_frames} frames")
    alt = (
        f"{n_samples} samples, and below them {n_frames} frames of n_fft = {n_fft} samples; each "
        f"begins hop_length = {hop_length} samples after the one before"
        + ", and overlaps it."
        * overlap
    )
    return Sketch(figure, alt)


def _voice(hertz: np.ndarray) -> np.ndarray:
    """Compute the power of a made-up vowel: harmonics of 200 Hz under three formants."""
    formants = ((600, 130, 1.0), (1500, 220, 0.35), (2800, 350, 0.12))
    envelope = sum(height * np.exp(-(((hertz - f) / w) ** 2)) for f, w, height in formants)
    return (0.02 + envelope) * np.cos(np.pi * hertz / 200) ** 12


def _mel_energies(n_mels: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Compute frequencies (Hz), a spectrum, mel filters 1 high, and the energy in each filter."""
    hertz = librosa.fft_frequencies(sr=8000, n_fft=1024)
    power = _voice(hertz)
    filters = librosa.filters.mel(sr=8000, n_fft=1024, n_mels=n_mels, norm=None)
    return hertz, power, filters, filters @ power


def mel_filters(*, n_mels: int = 10) -> Sketch:
    """Draw mel filters over a spectrum, and what each of them lets through.

    Parameters
    ----------
    n_mels : int
        Number of filters, 4 to 20.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if not 4 <= n_mels <= 20:
        raise DataError("4 to 20 mel filters can be drawn")
    hertz, power, filters, energy = _mel_energies(n_mels)
    level = 10 * np.log10(energy / energy.max())
    figure, (top, bottom) = plot.subplots(2, 1, figsize=(WIDTH, 4.2))
    top.plot(hertz, power / power.max(), color=GREY, lw=1)
    for number, weights in enumerate(filters):
        chosen = number == n_mels // 2
        top.plot(hertz, weights, color=RED if chosen else BLUE, lw=2.5 if chosen else 1)
    top.set(xlabel="frequency (Hz)", ylabel="power, weight", xlim=(0, 4000), ylim=(0, 1.05))
    top.set_title("Triangles, narrow when low and wide when high, lie over the spectrum")
    fills = [RED if number == n_mels // 2 else pale(BLUE, 0.5) for number in range(n_mels)]
    floor = min(-30, np.floor(level.min() / 10) * 10)
    bottom.bar(range(n_mels), level - floor, bottom=floor, color=fills, edgecolor=INK)
    bottom.set(xlabel="mel band", ylabel="level (dB)", ylim=(floor, 2), xticks=range(n_mels))
    bottom.set_title(f"One number per triangle: {len(hertz)} become {n_mels}")
    bottom.grid(axis="x", visible=False)
    alt = (
        f"Above, {n_mels} triangles lie over the spectrum of a vowel, narrow at low frequencies "
        f"and wide at high ones; below, one bar per triangle: {len(hertz)} numbers become "
        f"{n_mels}. Triangle {n_mels // 2} is drawn thick."
    )
    return Sketch(figure, alt)


def cosine_transform(values: Sequence[float] | np.ndarray, n_mfcc: int) -> np.ndarray:
    """Compute the first coefficients of the orthonormal DCT-II, each as a sum of products."""
    values = np.asarray(values, dtype=float)
    return _cosines(len(values), n_mfcc) @ values


def _cosines(n_mels: int, n_mfcc: int) -> np.ndarray:
    """Sample the cosine waves of the DCT, shape (n_mfcc, n_mels)."""
    band = np.arange(n_mels) + 0.5
    waves = np.cos(np.pi * np.arange(n_mfcc)[:, None] * band / n_mels)
    waves *= np.sqrt(2 / n_mels)
    waves[0] /= np.sqrt(2)
    return waves


def mfcc(*, n_mels: int = 20, n_mfcc: int = 4) -> Sketch:
    """Draw how the log-mel levels of one frame become MFCCs, by cosine waves.

    Parameters
    ----------
    n_mels : int
        Mel bands, 4 to 20.
    n_mfcc : int
        Coefficients, 2 to 5.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if not (4 <= n_mels <= 20 and 2 <= n_mfcc <= 5 and n_mfcc <= n_mels):
        raise DataError("draw 4 to 20 mel bands and 2 to 5 coefficients")
    energy = _mel_energies(n_mels)[3]
    level = 10 * np.log10(energy / energy.max())
    coefficients = cosine_transform(level, n_mfcc)
    figure, axes = plot.subplots(
        n_mfcc, 3, figsize=(WIDTH, 1.0 + 0.75 * n_mfcc), width_ratios=(1.3, 1.3, 0.9)
    )
    grid = axes[0, 0].get_gridspec()
    for ax in (*axes[:, 0], *axes[:, 2]):
        ax.remove()
    with plt.rc_context(plot.STYLE):
        left, right = figure.add_subplot(grid[:, 0]), figure.add_subplot(grid[:, 2])
    left.plot(level, "o-", color=BLUE, ms=4)
    left.set(xlabel="mel band", ylabel="level (dB)", title="one frame, log mel")
    left.set_xticks(range(0, n_mels, 5))
    waves = _cosines(n_mels, n_mfcc)
    for number, (ax, wave) in enumerate(zip(axes[:, 1], waves, strict=True)):
        ax.plot(wave, color=INK)
        ax.axhline(0, color=GREY, lw=0.7)
        ax.set(xticks=[], yticks=[], ylim=(-1.2 / np.sqrt(n_mels / 2), 1.2 / np.sqrt(n_mels / 2)))
        ax.set_ylabel(f"wave {number}", rotation=0, ha="right", va="center")
    axes[0, 1].set_title("× each cosine wave, summed")
    axes[-1, 1].set_xlabel("mel band")
    right.axis("off")
    right.set(xlim=(0, 1), ylim=(0, n_mfcc), title="= MFCCs")
    for number, value in enumerate(coefficients):
        say(
            right,
            0.5,
            n_mfcc - 0.5 - number,
            f"C{number} = {signed(value, 1)}",
            size=LARGE,
            colour="black",
        )
    alt = (
        f"The {n_mels} log-mel levels of one frame are multiplied with each of {n_mfcc} cosine "
        f"waves and summed: one coefficient per wave, C0 = {signed(coefficients[0], 1)} for the "
        f"flat one and C1 = {signed(coefficients[1], 1)} for half a wave."
    )
    return Sketch(figure, alt)
