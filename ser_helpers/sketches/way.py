"""The way through the course."""

from ser_helpers.errors import DataError
from ser_helpers.sketches.drawing import BLUE, INK, SMALL, Sketch, arrow, box, canvas, pale, say

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
    figure, ax = canvas(31, "The road of the course")
    width, height, gap = 10.6, 8.0, 1.5
    places = [(1 + (width + gap) * i, 16.5) for i in range(7)]
    places += [(1 + (width + gap) * i, 3.5) for i in range(7)]
    places.append((1 + (width + gap) * 7, 10))
    for number, ((x, y), name) in enumerate(zip(places, STEPS, strict=True)):
        here = number == step
        box(ax, x, y, width, height, fill=BLUE if here else pale(BLUE, 0.12), line=2 if here else 1)
        colour = "white" if here else INK
        say(ax, x + width / 2, y + height - 1.6, f"{number:02d}", colour=colour, bold=True)
        say(ax, x + width / 2, y + height / 2 - 1.3, name, size=SMALL, colour=colour)
        if number < 6:
            arrow(ax, (x + width, y + height / 2), (x + width + gap, y + height / 2))
    arrow(ax, (places[6][0] + width, 19.5), (places[14][0] + 3.5, 18), bend=-0.2)
    arrow(ax, (places[13][0] + width, 8.5), (places[14][0] + 3.5, 10), bend=0.2)
    say(ax, 42, 14, "after 06, in any order", size=SMALL)
    arrow(ax, (places[6][0] + width / 2, 16.5), (places[6][0] + width / 2, 11.5))
    x, y = places[step]
    below = y - 1.6
    say(ax, x + width / 2, below, "▲ you are here", size=SMALL, bold=True)
    name = STEPS[step].replace("\n", " ")
    alt = (
        "The course as a road: notebooks 00 to 06 follow one another, 07 to 13 come after them in "
        f"any order, and 14 is a study of your own. You are here: notebook {step:02d}, {name}."
    )
    return Sketch(figure, alt)
