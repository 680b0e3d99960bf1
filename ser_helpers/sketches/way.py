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
STEPS = {
    0: "Start\nhere",
    1: "Explore\naudio",
    2: "Extract\nMFCCs",
    3: "Split",
    4: "Build the\nmodel",
    5: "Train",
    6: "Evaluate",
    7: "The leak",
    8: "Listeners",
    9: "A network\nover time",
    10: "Your own\nvoice",
    11: "Keras",
    12: "More\ndata",
    13: "Pretrained",
    14: "Your own\nstudy",
}
LAST_OF_ROAD, STUDY = 6, 14


def road(step: int) -> Sketch:
    """Draw the course as a road, with the notebook that is being read marked.

    Parameters
    ----------
    step : int
        Number of the notebook, as in ``STEPS``.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If there is no such notebook.
    """
    if step not in STEPS:
        raise DataError(f"there is no notebook {step}: choose from {', '.join(map(str, STEPS))}")
    figure, ax = canvas(36, "The road of the course")
    width, height, gap = 10.6, 8.0, 1.5
    further = [number for number in STEPS if LAST_OF_ROAD < number < STUDY]
    places = {number: (1 + (width + gap) * number, 21.0) for number in range(LAST_OF_ROAD + 1)}
    places |= {number: (1 + (width + gap) * i, 6.0) for i, number in enumerate(further)}
    places[STUDY] = (1.5 + (width + gap) * 7, 13.5)
    for number, (x, y) in places.items():
        here = number == step
        box(ax, x, y, width, height, fill=BLUE if here else pale(BLUE, 0.12), line=2 if here else 1)
        colour = "white" if here else INK
        say(ax, x + width / 2, y + height - 1.6, f"{number:02d}", colour=colour, bold=True)
        say(ax, x + width / 2, y + height / 2 - 1.3, STEPS[number], size=SMALL, colour=colour)
        if number < LAST_OF_ROAD:
            arrow(ax, (x + width, y + height / 2), (x + width + gap, y + height / 2))
    end = places[further[-1]][0] + width + 0.8
    x_6, x_14 = places[LAST_OF_ROAD][0] + width / 2, places[STUDY][0] + width / 2
    box(ax, 0.2, 2.2, end - 0.2, 12.6, fill="none", edge=GREY, dashed=True)
    arrow(ax, (x_6, 21), (min(x_6, end - 3), 14.8))
    arrow(ax, (x_6 + width / 2, 25), (x_14, 21.5), bend=-0.3)
    arrow(ax, (end, 9), (x_14, 13.5), bend=0.3)
    told = f"{further[0]:02d} to {further[-1]:02d}"
    say(ax, x_14 + 0.3, 4.2, f"{told}:\nin any order", size=SMALL)
    x, y = places[step]
    middle = min(max(7, x + width / 2), end - 7.2) if step != STUDY else x_14
    say(ax, middle, y - 1.7, "▲ you are here", size=SMALL, bold=True)
    name = STEPS[step].replace("\n", " ")
    alt = (
        f"The course as a road: notebooks 00 to 06 follow one another, {told} come after them in "
        f"any order, and {STUDY} is a study of your own. You are here: notebook {step:02d}, {name}."
    )
    return Sketch(figure, alt)
