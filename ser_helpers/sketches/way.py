"""The way through the course."""

from ser_helpers.errors import DataError
from ser_helpers.sketches.drawing import (
    BLUE,
    GREY,
    INK,
    SMALL,
    Sketch,
    arrow,
    box,
    canvas,
    pale,
    say,
)

#: What each notebook is called on the map, in two short lines.
STEPS = (
    "Start\nhere",
    "Explore\naudio",
    "Extract\nMFCCs",
    "Split",
    "Build the\nmodel",
    "Train",
    "Evaluate",
    "The leak",
    "Listeners",
    "A network\nover time",
    "Your own\nvoice",
    "Keras",
    "More\ndata",
    "Pretrained\nnetworks",
    "Your own\nstudy",
)


def road(step: int) -> Sketch:
    """Draw the course as a road, with the notebook that is being read marked.

    Parameters
    ----------
    step : int
        Number of the notebook, 0 to 14.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If there is no such notebook.
    """
    if step not in range(len(STEPS)):
        raise DataError(f"there is no notebook {step}: choose one of 0 to {len(STEPS) - 1}")
    figure, ax = canvas(36, "The road of the course")
    width, height, gap = 10.6, 8.0, 1.5
    places = [(1 + (width + gap) * i, 21.0) for i in range(7)]
    places += [(1 + (width + gap) * i, 6.0) for i in range(7)]
    places.append((1.5 + (width + gap) * 7, 13.5))
    for number, ((x, y), name) in enumerate(zip(places, STEPS, strict=True)):
        here = number == step
        box(ax, x, y, width, height, fill=BLUE if here else pale(BLUE, 0.12), line=2 if here else 1)
        colour = "white" if here else INK
        say(ax, x + width / 2, y + height - 1.6, f"{number:02d}", colour=colour, bold=True)
        say(ax, x + width / 2, y + height / 2 - 1.3, name, size=SMALL, colour=colour)
        if number < 6:
            arrow(ax, (x + width, y + height / 2), (x + width + gap, y + height / 2))
    x_6, x_14 = places[6][0] + width / 2, places[14][0] + width / 2
    box(ax, 0.2, 2.2, 6 * gap + 7 * width + 1.6, 12.6, fill="none", edge=GREY, dashed=True)
    arrow(ax, (x_6, 21), (x_6, 14.8))
    arrow(ax, (x_6 + width / 2, 25), (x_14, 21.5), bend=-0.3)
    arrow(ax, (x_6 + width / 2 + 0.8, 9), (x_14, 13.5), bend=0.3)
    say(ax, x_14 + 0.3, 4.2, "07 to 13:\nin any order", size=SMALL)
    x, y = places[step]
    say(ax, max(7, x + width / 2), y - 1.7, "▲ you are here", size=SMALL, bold=True)
    name = STEPS[step].replace("\n", " ")
    alt = (
        "The course as a road: notebooks 00 to 06 follow one another, 07 to 13 come after them in "
        f"any order, and 14 is a study of your own. You are here: notebook {step:02d}, {name}."
    )
    return Sketch(figure, alt)
