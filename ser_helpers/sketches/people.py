"""Clips and who speaks in them: rows, splits, folds, the envelope, the scaler."""

from collections.abc import Sequence

import numpy as np

from ser_helpers.errors import DataError
from ser_helpers.sketches.drawing import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    RED,
    SMALL,
    Sketch,
    arrow,
    box,
    canvas,
    disc,
    pale,
    say,
    signed,
)

_TRAIN, _VALIDATION, _TEST = pale(BLUE, 0.25), ORANGE, "#000000"


def clip_row(
    *,
    mfccs: Sequence[Sequence[float]] = (
        (-31, -24, -18, -22, -30),
        (9, 12, 15, 11, 8),
        (-4, 2, 5, 1, -4),
    ),
) -> Sketch:
    """Draw how a table of MFCCs becomes one row per clip: mean and sd of each coefficient.

    Parameters
    ----------
    mfccs : sequence of sequence of float, shape (n_mfcc, n_frames)
        At most 4 coefficients and 7 frames.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    values = np.asarray(mfccs, dtype=float)
    n_mfcc, n_frames = values.shape
    if n_mfcc > 4 or n_frames > 7:
        raise DataError("at most 4 coefficients and 7 frames can be drawn")
    means, sds = values.mean(axis=1), values.std(axis=1)
    high = 31 + 6 * n_mfcc
    figure, ax = canvas(high, "However long the clip, one row of the same length")
    cell, top = 8.0, high - 12
    left = (103 - cell * n_frames - 31) / 2
    for frame in range(n_frames):
        say(ax, left + cell * (frame + 0.5), top + 2, f"frame {frame}", size=SMALL)
    right = left + cell * n_frames + 9
    say(ax, right + 5, top + 2, "mean", bold=True)
    say(ax, right + 17, top + 2, "sd", bold=True)
    for number in range(n_mfcc):
        y = top - 6 * (number + 1)
        say(ax, left - 1, y + 3, f"C{number}", at="right")
        for frame in range(n_frames):
            text = signed(values[number, frame], 0)
            box(ax, left + cell * frame, y, cell, 5, text, fill=pale(BLUE, 0.15))
        arrow(ax, (right - 8, y + 2.5), (right - 1, y + 2.5))
        box(ax, right, y, 10, 5, signed(means[number], 1), fill=pale(ORANGE, 0.5))
        box(ax, right + 12, y, 10, 5, signed(sds[number], 1), fill=pale(GREEN, 0.4))
    width = min(10.5, 84 / (2 * n_mfcc))
    row = [(f"mean C{i}", value, pale(ORANGE, 0.5)) for i, value in enumerate(means)]
    row += [(f"sd C{i}", value, pale(GREEN, 0.4)) for i, value in enumerate(sds)]
    start = 56 - width * n_mfcc
    say(ax, start - 2, 5.5, "one clip,\none row", at="right")
    for i, (name, value, fill) in enumerate(row):
        box(ax, start + width * i, 3, width, 5, signed(value, 1), fill=fill)
        say(ax, start + width * (i + 0.5), 10, name, size=SMALL)
    arrow(ax, (right + 11, top - 6 * n_mfcc - 1), (right + 5, 11.8))
    alt = (
        f"A table of {n_mfcc} MFCCs in {n_frames} frames; of each coefficient the mean and the "
        f"standard deviation are taken, C0's are {signed(means[0], 1)} and {signed(sds[0], 1)}, "
        f"and laid side by side: one row of {2 * n_mfcc} numbers per clip."
    )
    return Sketch(figure, alt)


def rows_or_speakers(*, n_speakers: int = 8, n_clips: int = 6, seed: int = 1) -> Sketch:
    """Draw a test set drawn from all rows beside one made of whole speakers.

    Parameters
    ----------
    n_speakers : int
        4 to 10.
    n_clips : int
        Per speaker, 3 to 7.
    seed : int

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if not (4 <= n_speakers <= 10 and 3 <= n_clips <= 7):
        raise DataError("4 to 10 speakers with 3 to 7 clips each can be drawn")
    random = np.random.default_rng(seed)
    n_test = max(1, n_speakers // 4)
    by_rows = np.zeros(n_speakers * n_clips, dtype=bool)
    by_rows[random.choice(by_rows.size, n_test * n_clips, replace=False)] = True
    by_speaker = np.zeros((n_speakers, n_clips), dtype=bool)
    by_speaker[random.choice(n_speakers, n_test, replace=False)] = True
    cell = 5.0
    height = 21 + cell * n_speakers
    figure, ax = canvas(height, "The test: some clips of everybody, or all clips of a few speakers")
    shared = []
    names = ("random rows", "by speaker")
    tables = (by_rows.reshape(n_speakers, n_clips), by_speaker)
    for left, name, test in zip((12, 61), names, tables, strict=True):
        both = int((test.any(axis=1) & ~test.all(axis=1)).sum())
        shared.append(both)
        say(ax, left + cell * n_clips / 2, height - 9, name, bold=True)
        for i, row in enumerate(test):
            y = height - 12 - cell * (i + 1)
            say(ax, left - 1, y + cell / 2, f"speaker {i + 1}", at="right", size=SMALL)
            for j, tested in enumerate(row):
                place = (left + cell * j + 0.3, y + 0.3, cell - 0.6, cell - 0.6)
                box(ax, *place, "T" if tested else "", fill=_TEST if tested else _TRAIN)
        say(ax, left + cell * n_clips / 2, 5.6, f"in both parts: {both} of {n_speakers} speakers")
    say(ax, 50, 1.8, "one square: one clip   ·   T, black: test   ·   light: training", size=SMALL)
    alt = (
        f"Clips as squares, one row per speaker. Random rows put test clips among those of "
        f"{shared[0]} of {n_speakers} speakers who are trained on as well; by speaker, "
        f"{n_test} whole rows are test, and {shared[1]} speakers are in both."
    )
    return Sketch(figure, alt)


def folds(*, n_development: int = 12, n_test: int = 4, n_folds: int = 4) -> Sketch:
    """Draw development and test speakers, and how folds take turns in validation.

    Parameters
    ----------
    n_development, n_test : int
        Speakers; at most 18 together.
    n_folds : int
        2 to 6, and not more than development speakers.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if n_development + n_test > 18 or not 2 <= n_folds <= min(6, n_development):
        raise DataError("at most 18 speakers and 2 to 6 folds can be drawn")
    turn = np.arange(n_development) * n_folds // n_development
    height = 28 + 6 * n_folds
    figure, ax = canvas(height, "Each development speaker validates once; the test speakers wait")
    step = 82 / (n_development + n_test + 0.8)
    radius = min(2.2, step * 0.45)
    x = [14 + step * (i + 0.5) for i in range(n_development)]
    x_test = [14 + step * (i + 1.3) for i in range(n_development, n_development + n_test)]
    middle = (x[0] + x[-1]) / 2
    middle_test = (x_test[0] + x_test[-1]) / 2
    say(ax, middle, height - 9, f"{n_development} development speakers", bold=True)
    say(ax, middle_test, height - 9, f"{n_test} test speakers", bold=True)
    for fold in range(n_folds):
        y = height - 14.5 - 6 * fold
        say(ax, 12, y, f"fold {fold + 1}", at="right")
        for i, place in enumerate(x):
            out = turn[i] == fold
            fill, letter = (_VALIDATION, "V") if out else (_TRAIN, "")
            disc(ax, place, y, radius, letter, fill=fill)
    y = height - 14.5 - 6 * n_folds - 1
    say(ax, 12, y, "the end", at="right")
    for place in x:
        disc(ax, place, y, radius, fill=_TRAIN)
    for place in x_test:
        disc(ax, place, y, radius, "T", fill=_TEST)
    left = x_test[0] - step * 0.6
    width, low = step * (n_test + 0.2), y + 4.5
    box(ax, left, low, width, 6 * n_folds - 1, fill=pale(GREY, 0.2), dashed=True)
    say(ax, middle_test, low + 3 * n_folds - 0.5, "sealed")
    say(ax, 50, 2.2, "light: training   ·   V: validation   ·   T, black: test, once", size=SMALL)
    alt = (
        f"{n_development} development speakers in {n_folds} folds: in each fold others validate "
        f"while the rest train. {n_test} test speakers stay sealed until the end, when they are "
        "tested once."
    )
    return Sketch(figure, alt)


def envelope() -> Sketch:
    """Draw the sealed envelope: the test speakers are opened once, in notebook 06.

    Returns
    -------
    Sketch
    """
    figure, ax = canvas(40, "The sealed envelope: the test speakers are used once, at the end")
    box(ax, 2, 14, 34, 14, fill=pale(BLUE, 0.15))
    say(ax, 19, 25, "development speakers", bold=True)
    say(ax, 19, 19, "try, compare, choose:\nas often as you like")
    arrow(ax, (10, 14), (28, 14), bend=0.55)
    say(ax, 19, 6, "notebooks 00 to 05", size=SMALL)
    arrow(ax, (36, 21), (44, 21))
    say(ax, 40, 24.5, "one\nchoice", size=SMALL)
    box(ax, 44.5, 13, 26, 16, fill=pale(ORANGE, 0.3), line=1.6)
    ax.plot([44.5, 57.5, 70.5], [29, 21.5, 29], color=INK, lw=1.6)
    disc(ax, 57.5, 21.7, 1.9, fill=RED)
    say(ax, 57.5, 16.2, "test speakers", bold=True)
    say(ax, 57.5, 9.5, "notebook 06", size=SMALL)
    arrow(ax, (70.5, 21), (78, 21))
    say(ax, 74.3, 24.5, "open\nonce", size=SMALL)
    box(ax, 78.5, 16, 20, 10, "the score\nthat is reported", fill="white")
    arrow(ax, (88, 16), (30, 13.5), bend=-0.32, dashed=True, colour=RED)
    say(ax, 66, 4.4, "✗", size=15, colour=RED, bold=True)
    say(ax, 81, 4.4, "never back to choose again", size=SMALL)
    alt = (
        "Development speakers are used to try, compare and choose as often as you like. The test "
        "speakers lie in a sealed envelope, opened once in notebook 06 for the score that is "
        "reported; no arrow leads back."
    )
    return Sketch(figure, alt)


def peeking_scaler(*, train: Sequence[float] = (2, 4, 6), test: float = 20) -> Sketch:
    """Draw a scaler that was fitted on everything beside one fitted on the training clips.

    Parameters
    ----------
    train : sequence of float
        One feature of 2 to 4 training clips.
    test : float
        The same of a test clip.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if not 2 <= len(train) <= 4 or np.std(train) == 0:
        raise DataError("2 to 4 training clips can be drawn, not all of them with the same value")
    figure, ax = canvas(46, "The scaler that peeks: it was fitted on the test clips too")
    everything = (*train, test)
    scaled = []
    rows = (("peeks", everything, 24.0), ("does not", train, 5.0))
    for name, seen, y in rows:
        mean, sd = float(np.mean(seen)), float(np.std(seen))
        say(ax, 8, y + 7, name, bold=True)
        for i, value in enumerate(everything):
            testing = i >= len(train)
            fill = _TEST if testing else _TRAIN
            x = 17 + 5.5 * i + (1.5 if testing else 0)
            box(ax, x, y + 4.5, 5, 5, f"{value:g}", fill=fill)
            place = 68.5 + 5.5 * i + (1 if testing else 0)
            box(ax, place - 2.5, y + 4.5, 5.3, 5, signed((value - mean) / sd, 1), fill=fill)
        scaled.append((test - mean) / sd)
        end = 17 + 5.5 * len(seen) - 0.5 + (1.5 if len(seen) > len(train) else 0)
        box(ax, 16, y + 3.2, end - 15, 7.6, fill="none", edge=RED, line=2, dashed=True)
        say(ax, 16, y + 12.8, "fitted on", at="left", size=SMALL)
        arrow(ax, ((16 + end) / 2, y + 3.2), (47, y + 4.2), bend=0.18)
        box(ax, 47, y + 3, 14, 8, f"mean {mean:.1f}\nsd {sd:.1f}")
        arrow(ax, (61, y + 7), (65.5, y + 7))
        say(ax, 80, y + 12.8, "(value − mean) / sd", size=SMALL)
    say(ax, 50, 1.8, "light: training clips   ·   black: test clip", size=SMALL)
    alt = (
        f"Beside training clips there is a test clip of {test:g}. A scaler fitted on all of them "
        f"turns it into {signed(scaled[0], 1)}; one fitted on the training clips alone turns it "
        f"into {signed(scaled[1], 1)}. The first has changed every number."
    )
    return Sketch(figure, alt)
