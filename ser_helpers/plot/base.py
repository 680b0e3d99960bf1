"""Draw in the style that all figures share: palette, empty axes, alt text."""

import base64
import html
import io
from collections.abc import Iterable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from ser_helpers.errors import DataError
from ser_helpers.names import EMOTION_NAMES, EMOTIONS, OTHER_EMOTIONS

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
    png = base64.b64encode(image.getvalue()).decode()
    if fold:
        picture = f'<img src="data:image/png;base64,{png}" alt="{html.escape(alt)}">'
        display(HTML(f"<details><summary>{html.escape(fold)}</summary>{picture}</details>"))
        return
    display(
        {
            "image/png": png,
            "text/plain": f"[figure: {alt}]",
        },
        metadata={"image/png": {"alt": alt}},
        raw=True,
    )


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


def check_not_empty(table: pd.DataFrame | pd.Series | Mapping, what: str) -> None:
    """Refuse to draw nothing."""
    if not len(table):
        raise DataError(f"the {what} is empty: there is nothing to draw")


def check_same_clips(values: pd.Series, emotion: pd.Series) -> None:
    """Refuse values and emotions of different clips."""
    if len(values) != len(emotion):
        raise DataError(f"{len(values)} values cannot be drawn by {len(emotion)} emotions")
    indexes = [each.index for each in (values, emotion) if isinstance(each, pd.Series)]
    if len(indexes) == 2 and not indexes[0].equals(indexes[1]):
        raise DataError(
            "values and emotions are not those of the same clips in the same order: select the "
            "emotions by clips.emotion.loc[values.index]"
        )


def title_of(label: str) -> str:
    """Turn the label of an axis into a title: "mean F0 (Hz)" into "Mean F0"."""
    name = label.split(" (")[0]
    return name[:1].upper() + name[1:]


def over_time(
    ax: Axes, rows: np.ndarray, seconds: float, *, lowest: float = -0.5, **look: Any
) -> AxesImage:
    """Draw rows of numbers over time as colours, the first row at the bottom, without a grid.

    Parameters
    ----------
    ax : Axes
    rows : numpy.ndarray, shape (n_rows, n_frames)
    seconds : float
        Where the last frame ends.
    lowest : float
        Where the first row begins; each is 1 high.
    **look
        Handed on to :meth:`matplotlib.axes.Axes.imshow`.

    Returns
    -------
    AxesImage
    """
    ax.grid(False)
    extent = (0, seconds, lowest, lowest + len(rows))
    at = {"origin": "lower", "aspect": "auto", "interpolation": "nearest", "extent": extent}
    return ax.imshow(rows, **at, **look)


def new_axes(width: float, height: float) -> Axes:
    """Make empty axes of this size, inches."""
    return subplots(figsize=(width, height))[1]
