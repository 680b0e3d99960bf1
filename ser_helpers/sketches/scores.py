"""How good it is: the confusion matrix, recall and precision, draws of people, differences."""

from collections.abc import Sequence

import numpy as np

from ser_helpers import plot
from ser_helpers.errors import DataError
from ser_helpers.sketches.drawing import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    RED,
    SMALL,
    WIDTH,
    Sketch,
    arrow,
    box,
    canvas,
    disc,
    pale,
    say,
    signed,
)

MIDDLE = (2.5, 97.5)  # percentiles that hold 95 % between them


def confusion_by_row(
    *,
    counts: Sequence[Sequence[int]] = ((14, 2, 4), (3, 15, 2), (5, 5, 10)),
    names: Sequence[str] = ("anger", "sadness", "fear"),
) -> Sketch:
    """Draw a confusion matrix of made-up counts, its first row read aloud.

    Parameters
    ----------
    counts : sequence of sequence of int, shape (n_classes, n_classes)
        Rows: what was said; columns: what was recognised. 2 to 4 classes.
    names : sequence of str

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    table = np.asarray(counts)
    n = len(names)
    if table.shape != (n, n) or not 2 <= n <= 4 or not table.sum(axis=1).all():
        raise DataError("2 to 4 names, a square table and clips of each class can be drawn")
    recalls = table.diagonal() / table.sum(axis=1)
    height = 23.5 + 9 * n
    figure, ax = canvas(height, "Read a confusion matrix by row: how each emotion was recognised")
    cell, left, top = 12.0, 24.0, height - 15
    say(ax, left + cell * n / 2, top + 6, "recognised as", bold=True)
    say(ax, 2, top - 4.5 * n, "true\nemotion", at="left", bold=True)
    right = left + cell * n
    say(ax, right + 15, top + 2.2, "recall", bold=True)
    for i, name in enumerate(names):
        y = top - 9 * (i + 1)
        say(ax, left + cell * (i + 0.5), top + 2.2, name)
        say(ax, left - 1.5, y + 4.5, name, at="right")
        for j in range(n):
            fill = pale(BLUE, 0.9 * table[i, j] / table[i].sum())
            box(ax, left + cell * j, y, cell, 9, f"{table[i, j]}", fill=fill, bold=i == j)
        sums = f"{table[i, i]} of {table[i].sum()} = {recalls[i]:.0%}"
        say(ax, right + 15, y + 4.5, sums, bold=i == 0)
        arrow(ax, (right + 1.5, y + 4.5), (right + 5, y + 4.5))
    box(ax, left, top - 9, cell * n, 9, fill="none", edge=RED, line=3)
    first = ", ".join(f"{count} as {name}" for count, name in zip(table[0], names, strict=True))
    first = first.replace(" as", " were recognised as", 1)
    say(ax, 50, 5.5, f"Of {table[0].sum()} {names[0]} clips, {first} (made-up numbers).")
    say(ax, 50, 2, f"UAR, the mean of the recalls: {recalls.mean():.0%}")
    alt = (
        f"A confusion matrix of {n} emotions, made up, with the row of {names[0]} framed: of "
        f"{table[0].sum()} clips {table[0, 0]} are recognised, a recall of {recalls[0]:.0%}. "
        f"The mean of the recalls, UAR, is {recalls.mean():.0%}."
    )
    return Sketch(figure, alt)


def recall_and_precision(
    *, found: int = 14, missed: int = 6, false_alarms: int = 8, others: int = 22
) -> Sketch:
    """Draw recall and precision of one emotion, each clip a disc.

    Parameters
    ----------
    found, missed : int
        Angry clips that were called angry, and that were not; the first at least 1.
    false_alarms, others : int
        Other clips that were called angry, and that were not. At most 30 of each of the four.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if min(missed, false_alarms, others) < 0 or found < 1:
        raise DataError("counts are at least 0, and at least one clip is found")
    if max(found, missed, false_alarms, others) > 30:
        raise DataError("at most 30 clips of each kind can be drawn")
    recall, precision = found / (found + missed), found / (found + false_alarms)
    figure, ax = canvas(53, "Recall looks at the angry clips, precision at the answers “anger”")
    say(ax, 28, 45, "angry clips: A", bold=True)
    say(ax, 72, 45, "other clips: ○", bold=True)
    places = ((missed, 28, 36.5, True), (others, 72, 36.5, False))
    called = ((found, 28, 21.5, True), (false_alarms, 72, 21.5, False))
    for count, x, y, angry in (*places, *called):
        for k in range(count):
            column, row = k % 10, k // 10
            place = (x - 18 + 4 * column, y + 4 - 4 * row)
            disc(ax, *place, 1.6, "A" if angry else "", fill=BLUE if angry else "white", size=SMALL)
    box(ax, 7, 10.5, 86, 18.5, fill="none", edge=RED, line=2.5)
    say(ax, 50, 12.6, "in this frame: the classifier said “anger”", size=SMALL)
    say(ax, 26, 6.3, f"recall = {found} / ({found} + {missed}) = {recall:.0%}", bold=True)
    say(
        ax,
        74,
        6.3,
        f"precision = {found} / ({found} + {false_alarms}) = {precision:.0%}",
        bold=True,
    )
    say(ax, 26, 2.5, "A in the frame, of all A", size=SMALL)
    say(ax, 74, 2.5, "A in the frame, of all in the frame", size=SMALL)
    alt = (
        f"Clips as discs, a frame around those called anger. Of {found + missed} angry clips "
        f"{found} are in the frame: recall {recall:.0%}. Of {found + false_alarms} in the frame "
        f"{found} are angry: precision {precision:.0%}."
    )
    return Sketch(figure, alt)


def _draw(n: int, *, seed: int, n_draws: int) -> np.ndarray:
    """Draw n of n speakers with replacement, many times: their numbers, shape (n_draws, n)."""
    return np.random.default_rng(seed).integers(n, size=(n_draws, n))


def bootstrap(
    *,
    scores: Sequence[float] = (0.71, 0.38, 0.55, 0.62, 0.44, 0.58, 0.35, 0.66),
    seed: int = 0,
    n_draws: int = 2000,
) -> Sketch:
    """Draw people with replacement, and the interval that the means of many draws give.

    Parameters
    ----------
    scores : sequence of float
        One score per speaker, 0 to 1; 4 to 10 speakers.
    seed : int
    n_draws : int
        At least 100.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    values = np.asarray(scores, dtype=float)
    n = len(values)
    if not 4 <= n <= 10 or n_draws < 100:
        raise DataError("4 to 10 speakers can be drawn, at least 100 times")
    picks = _draw(n, seed=seed, n_draws=n_draws)
    means = values[picks].mean(axis=1)
    low, high = np.percentile(means, MIDDLE)
    figure, ax = canvas(74, "The bootstrap: what if other speakers had come to the test?")
    step = 62 / n
    rows = [np.arange(n), *picks[:3]]
    for row, members in enumerate(rows):
        y = 62 - 7.5 * row - (1.5 if row else 0)
        say(ax, 17, y, f"draw {row}" if row else "the speakers", at="right", bold=row == 0)
        for place, member in enumerate(members):
            x = 19 + step * (place + 0.5)
            fill = pale(BLUE, 0.1 + 0.6 * member / n)
            disc(ax, x, y, 2.3, "ABCDEFGHIJ"[member], fill=fill)
            if row == 0:
                say(ax, x, y + 4.3, f"{values[member]:.0%}", size=SMALL)
        say(ax, 84, y, f"mean {values[members].mean():.1%}", at="left")
    say(ax, 50, 33.3, f"the means of {n_draws:,} such draws with replacement", size=SMALL)
    heights, edges = np.histogram(means, bins=30)
    least, most = edges[0], edges[-1]
    scale = 70 / (most - least)
    for count, a, b in zip(heights, edges[:-1], edges[1:], strict=True):
        inside = low <= (a + b) / 2 <= high
        tall = 18 * count / heights.max()
        fill = pale(BLUE, 0.6) if inside else "white"
        box(ax, 15 + scale * (a - least), 11.5, scale * (b - a), tall, fill=fill, line=0.7)
    for edge in (low, high):
        x = 15 + scale * (edge - least)
        ax.plot([x, x], [8.8, 30.5], color=RED, lw=1.8, ls="--", zorder=3)
        say(ax, x, 7, f"{edge:.1%}", bold=True)
    say(ax, 50, 2.7, f"95% of the means lie from {low:.1%} to {high:.1%}: the interval")
    alt = (
        f"{n} speakers with a score each; draws of {n} among them, some drawn twice and some not "
        f"at all, give other means. Of {n_draws:,} such means 95% lie from {low:.1%} to "
        f"{high:.1%}."
    )
    return Sketch(figure, alt)


def paired(
    *,
    a: Sequence[float] = (0.42, 0.61, 0.35, 0.55, 0.70, 0.48, 0.39, 0.58),
    b: Sequence[float] = (0.47, 0.64, 0.43, 0.56, 0.72, 0.55, 0.38, 0.65),
    seed: int = 0,
    n_draws: int = 2000,
) -> Sketch:
    """Draw two systems' scores by speaker, and the interval of their paired difference.

    Parameters
    ----------
    a, b : sequence of float
        Scores of the two systems, 0 to 1, for the same 4 to 20 speakers in the same order.
    seed : int
    n_draws : int
        At least 100.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    first, second = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    n = len(first)
    if first.shape != second.shape or not 4 <= n <= 20 or n_draws < 100:
        raise DataError("scores of the same 4 to 20 speakers can be drawn, with 100 draws or more")
    gap = 100 * (second - first)
    picks = _draw(n, seed=seed, n_draws=n_draws)
    low, high = np.percentile(gap[picks].mean(axis=1), MIDDLE)
    verdict = "we cannot tell which is better"
    if low > 0 or high < 0:
        verdict = "B is better" if low > 0 else "A is better"
    figure, (left, right) = plot.subplots(1, 2, figsize=(WIDTH, 3.9), width_ratios=(1, 1.35))
    for one, other in zip(first, second, strict=True):
        up = other >= one
        left.plot([0, 1], [100 * one, 100 * other], "-" if up else "--", color=GREY, lw=1.3)
    left.plot(np.zeros(n), 100 * first, "s", color=ORANGE, ms=7, mec=INK)
    left.plot(np.ones(n), 100 * second, "o", color=BLUE, ms=7, mec=INK)
    left.set(xlim=(-0.4, 1.4), ylabel="UAR of one speaker (%)", title="A line is a speaker")
    left.set_xticks([0, 1], ["system A", "system B"])
    order = np.sort(gap)
    right.plot(order, np.arange(n), "o", color=INK, ms=6)
    right.hlines(-2, low, high, color=RED, lw=3)
    right.plot(gap.mean(), -2, "D", color=RED, ms=8)
    right.axvline(0, color=INK, ls=":")
    right.text(
        gap.mean(),
        -3.1,
        f"mean {signed(gap.mean(), 1)}, 95%: {signed(low, 1)} to {signed(high, 1)}",
        ha="center",
        va="top",
        bbox={"fc": "white", "ec": "none", "pad": 1},
    )
    wide = max(np.abs(gap).max() * 1.15, np.abs(gap.mean()) + 7)
    right.set(xlim=(-wide, wide), ylim=(-5, n), yticks=[], xlabel="B − A (points)")
    right.set_title(f"Differences: {verdict}")
    right.grid(axis="y", visible=False)
    alt = (
        f"Scores of {n} speakers under two systems, a line per speaker, and their differences: "
        f"the mean is {signed(gap.mean(), 1)} points, its 95% interval {signed(low, 1)} to "
        f"{signed(high, 1)}: {verdict}."
    )
    return Sketch(figure, alt)
