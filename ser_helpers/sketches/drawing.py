"""What every sketch stands on: a figure with its alt text, boxes, arrows and words."""

from dataclasses import dataclass
from typing import cast

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle

from ser_helpers import plot

INK = "#222222"
GREY = plot.OTHER_COLOUR
BLUE = plot.COLOURS["SAD"]
ORANGE = plot.COLOURS["HAP"]
RED = plot.COLOURS["ANG"]
GREEN = plot.COLOURS["DIS"]
WIDTH = 7.5  # inches: with its margin 693 pixels at the 90 dots an inch of `plot.show`
SMALL, NORMAL, LARGE = 9, 10, 12  # points


@dataclass(frozen=True)
class Sketch:
    """A drawing and what there is to see in it.

    As the last line of a notebook's cell it shows itself; elsewhere, call :meth:`show`.

    Attributes
    ----------
    figure : Figure
    alt : str
        For those who cannot see it.
    """

    figure: Figure
    alt: str

    def __post_init__(self) -> None:
        plt.close(self.figure)  # or a notebook would show it a second time, without its alt text

    def show(self) -> None:
        """Show the drawing in a notebook, with its alt text."""
        plot.show(self.figure, alt=self.alt)

    _ipython_display_ = show


def canvas(height: float, title: str) -> tuple[Figure, Axes]:
    """Make an empty sheet, 100 units wide: one letter of normal size is about one unit wide.

    Parameters
    ----------
    height : float
        In the same units; the title takes the uppermost six.
    title : str

    Returns
    -------
    Figure, Axes
    """
    figure = plt.figure(figsize=(WIDTH, WIDTH * height / 100))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, 100), ylim=(0, height))
    ax.axis("off")
    say(ax, 50, height - 3, title, size=LARGE)
    return figure, ax


def chart(height: float) -> tuple[Figure, Axes]:
    """Make one pair of axes in the style of the course, as wide as a sketch, height in inches."""
    figure, ax = plot.subplots(figsize=(WIDTH, height))
    return figure, cast(Axes, ax)


def say(
    ax: Axes,
    x: float,
    y: float,
    text: str,
    *,
    size: float = NORMAL,
    colour: str = INK,
    at: str = "centre",
    bold: bool = False,
) -> None:
    """Write words, centred on a point or with it at their left or right end."""
    ax.text(
        x,
        y,
        text,
        fontsize=size,
        color=colour,
        ha={"centre": "center"}.get(at, at),
        va="center",
        fontweight="bold" if bold else "normal",
    )


def box(
    ax: Axes,
    x: float,
    y: float,
    width: float,
    height: float,
    text: str = "",
    *,
    fill: str = "white",
    edge: str = INK,
    line: float = 1.0,
    dashed: bool = False,
    size: float = NORMAL,
    bold: bool = False,
) -> None:
    """Draw a rectangle from its lower left corner, with words in its middle."""
    style = "--" if dashed else "-"
    patch = Rectangle((x, y), width, height, fc=fill, ec=edge, lw=line, ls=style, zorder=2)
    ax.add_patch(patch)
    if text:
        colour = INK if fill == "none" else ink_on(fill)
        say(ax, x + width / 2, y + height / 2, text, size=size, bold=bold, colour=colour)


def disc(
    ax: Axes,
    x: float,
    y: float,
    radius: float,
    text: str = "",
    *,
    fill: str = "white",
    edge: str = INK,
    dashed: bool = False,
    size: float = NORMAL,
    bold: bool = False,
) -> None:
    """Draw a circle around a point, with words in its middle."""
    style = "--" if dashed else "-"
    ax.add_patch(Circle((x, y), radius, fc=fill, ec=edge, lw=1.0, ls=style, zorder=2))
    if text:
        say(ax, x, y, text, size=size, colour=ink_on(fill), bold=bold)


def arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    colour: str = INK,
    line: float = 1.2,
    dashed: bool = False,
    bend: float = 0.0,
    heads: str = "-|>",
) -> None:
    """Draw an arrow from one point to another."""
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle=heads,
            mutation_scale=11,
            color=colour,
            lw=line,
            ls="--" if dashed else "-",
            connectionstyle=f"arc3,rad={bend}",
            shrinkA=0,
            shrinkB=0,
            zorder=1.5,
        )
    )


def pale(colour: str, share: float = 0.25) -> str:
    """Mix a colour with white, of which it keeps the given share."""
    return to_hex([1 - share * (1 - part) for part in to_rgb(colour)])


def ink_on(fill: str) -> str:
    """Choose black or white letters, whichever is easier to read on a colour."""
    red, green, blue = to_rgb(fill)
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"


def signed(number: float, digits: int = 2) -> str:
    """Write a number with a proper minus, and no minus before zero."""
    text = f"{number:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")
