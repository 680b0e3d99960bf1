"""Draw pictures over time, and what a network looks at in them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from ser_helpers.features import AudioSettings
from ser_helpers.plot.base import new_axes, over_time, subplots
from ser_helpers.plot.sound import label_mel_bands


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
    ax = ax or new_axes(8, 3)
    seconds = picture.shape[1] * settings.hop_length / settings.sr
    most = 100 * (largest or float(np.abs(fall).max()) or 1.0)
    over_time(ax, picture, seconds, cmap="Greys")
    strength = np.clip(np.abs(fall) * 100 / most, 0, 1)
    colour = over_time(
        ax, fall * 100, seconds, cmap="PuOr_r", vmin=-most, vmax=most, alpha=0.75 * strength
    )
    bar = ax.figure.colorbar(ScalarMappable(colour.norm, colour.cmap), ax=ax)
    bar.set_label("fall of the probability (points)")
    label_mel_bands(ax, settings)
    ax.set(xlabel="time (s)", title=title)
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
    scale = {"cmap": "cividis", "vmin": block.min(), "vmax": block.max()}
    for ax, picture, name in zip(axes[:, 0], block, names, strict=True):
        image = over_time(ax, picture, seconds, lowest=0, **scale)
        ax.set_yticks([])
        ax.set_ylabel(name, rotation=0, ha="right", va="center")
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
        seconds = picture.shape[1] * step
        image = over_time(ax, picture, seconds, lowest=0, cmap="cividis", vmin=-2.5, vmax=2.5)
        ax.axvline(end, color="black", linestyle="--", linewidth=1)
        ax.set_title(what, fontsize=11)
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
        seconds = picture.shape[1] * settings.hop_length / settings.sr
        over_time(left, picture, seconds, cmap="Greys")
        fall = 100 * falls[title]
        image = over_time(right, fall, seconds, cmap="PuOr_r", vmin=-most, vmax=most)
        look = {"colors": "#555555", "linewidths": 0.5, "linestyles": "solid"}
        place = {"origin": "lower", "extent": image.get_extent()}
        right.contour(picture, [np.quantile(picture, 0.9)], **look, **place)
        label_mel_bands(left, settings)
        left.set_title(title, loc="left", fontsize=11)
        for ax in (left, right):
            ax.set_xlabel("time (s)")
    figure.colorbar(image, ax=axes, label="fall of the probability (points)", shrink=0.9)
    return figure
