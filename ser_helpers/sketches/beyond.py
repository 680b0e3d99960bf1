"""After the road: filters, masks, attention, a cluster's workers, a frozen network."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

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
    pale,
    say,
    signed,
)
from ser_helpers.sketches.network import probabilities


def slide(picture: np.ndarray, pattern: np.ndarray) -> np.ndarray:
    """Lay a pattern as high as the picture over every stretch of frames: sums of products."""
    wide = pattern.shape[1]
    starts = range(picture.shape[1] - wide + 1)
    return np.array([float((picture[:, i : i + wide] * pattern).sum()) for i in starts])


def sliding_filter(*, position: int = 3) -> Sketch:
    """Draw a filter that looks for a rising pitch, slid over a spectrogram and pooled over time.

    Parameters
    ----------
    position : int
        Frame on which the filter lies in the drawing, 0 to 9.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    bands = [0, 0, 0, 1, 2, 3, 3, 2, 1, 1, 2, 3]  # the loudest band of each frame
    picture = np.zeros((4, len(bands)), dtype=int)
    picture[bands, range(len(bands))] = 1
    pattern = np.zeros((4, 3), dtype=int)
    pattern[[1, 2, 3], [0, 1, 2]] = 1
    answers = slide(picture, pattern).astype(int)
    if not 0 <= position < len(answers):
        raise DataError(f"the filter can lie on frame 0 to {len(answers) - 1}")
    figure, ax = canvas(69, "A filter slides over the frames; pooling keeps what it found")
    cell, left, low = 5.6, 28.0, 34.0
    say(ax, left + cell * 6, 61, "spectrogram, 4 bands × 12 frames", bold=True)
    _cells(ax, picture, left, low, cell, BLUE)
    box(ax, left + cell * position, low, cell * 3, cell * 4, fill="none", edge=RED, line=3)
    say(ax, 12, 61, "the filter", bold=True)
    _cells(ax, pattern, 3.6, low, cell, ORANGE)
    say(ax, 12, 30, "“pitch rises”", size=SMALL)
    arrow(ax, (21.5, low + 11.2), (27, low + 11.2))
    y = 19.0
    say(ax, left - 1.5, y + 2.5, "sum of the\nproducts", at="right", size=SMALL)
    for i, answer in enumerate(answers):
        here = i == position
        x = left + cell * (i + 1)
        box(ax, x, y, cell, 5, f"{answer}", fill=pale(RED, 0.5) if here else "white", bold=here)
    arrow(
        ax, (left + cell * (position + 1.5), low - 0.5), (left + cell * (position + 1.5), y + 5.3)
    )
    say(ax, 91, y + 2.5, f"{len(answers)} sums", at="left", size=SMALL)
    middle = left + cell * 6
    for shift, name, value in ((-14, "mean", answers.mean()), (14, "maximum", answers.max())):
        arrow(ax, (middle + shift, y - 0.5), (middle + shift, 12.3))
        box(ax, middle + shift - 10, 7, 20, 5, f"{name} {value:g}", fill=pale(ORANGE, 0.4))
    say(ax, middle, 3, "pooling over time: as many numbers, however long the clip", size=SMALL)
    alt = (
        f"A filter three frames wide slides over a small spectrogram; at frame {position} its "
        f"sum of products is {answers[position]}. The row of {len(answers)} sums is pooled over "
        f"time to its mean, {answers.mean():g}, and its maximum, {answers.max()}."
    )
    return Sketch(figure, alt)


def _cells(ax: Axes, table: np.ndarray, left: float, low: float, cell: float, colour: str) -> None:
    """Draw zeros and ones as cells, band 0 below."""
    for (i, j), value in np.ndenumerate(table):
        fill = pale(colour, 0.75) if value else "white"
        box(ax, left + cell * j, low + cell * i, cell, cell, f"{value}", fill=fill, line=0.6)


def _melody(n_mels: int = 32, n_frames: int = 80) -> np.ndarray:
    """Make up a spectrogram: three gliding harmonics, louder and softer, and a little noise."""
    band, time = np.mgrid[:n_mels, :n_frames]
    glide = 5 + 2 * np.sin(time / n_frames * 7)
    picture = sum(
        height * np.exp(-(((band - glide * k) / 1.4) ** 2))
        for k, height in ((1, 1.0), (2.3, 0.8), (3.9, 0.6))
    )
    picture = picture * (0.35 + np.abs(np.sin(time / n_frames * 12)))
    return picture + np.random.default_rng(5).uniform(0, 0.12, picture.shape)


def masks(*, time_share: float = 0.15, mel_share: float = 0.2, seed: int = 0) -> Sketch:
    """Draw SpecAugment: the same clip in two epochs, with other stretches blanked.

    Parameters
    ----------
    time_share, mel_share : float
        Longest mask, as a share of the frames and of the bands; from 0.05 to 0.5.
    seed : int

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if not (0.05 <= time_share <= 0.5 and 0.05 <= mel_share <= 0.5):
        raise DataError("masks of 0.05 to 0.5 of the frames and bands can be drawn")
    picture = _melody()
    n_mels, n_frames = picture.shape
    random = np.random.default_rng(seed)
    figure, axes = plot.subplots(1, 3, figsize=(WIDTH, 2.9), sharey=True)
    titles = ("the clip", "epoch 1: masked", "epoch 2: masked anew")
    shown = {"origin": "lower", "aspect": "auto", "cmap": "magma", "vmin": 0, "vmax": 1.3}
    for number, (ax, title) in enumerate(zip(axes, titles, strict=True)):
        ax.imshow(picture, **shown)
        ax.set_title(title, fontsize=11)
        ax.set_xlabel("frame")
        ax.grid(False)
        if number:
            places = ((n_frames, time_share, ax.axvspan), (n_mels, mel_share, ax.axhspan))
            for size, share, span in places:
                wide = int(random.integers(max(1, size * share / 2), size * share + 1))
                start = int(random.integers(0, size - wide + 1))
                place = (start - 0.5, start + wide - 0.5)
                with plt.rc_context({"hatch.linewidth": 0.8}):
                    span(*place, fc="white", ec=INK, hatch="////", lw=1)
    axes[0].set_ylabel("mel band")
    alt = (
        "A spectrogram three times: whole, and as the network gets it in two epochs, each time "
        "with another stretch of time and another group of mel bands blanked, so that it cannot "
        "lean on one detail."
    )
    return Sketch(figure, alt)


def attention(*, scores: Sequence[float] = (0.0, 0.5, 2.0, 2.5, 1.0, 0.0, -0.5, -1.0)) -> Sketch:
    """Draw attention over time: frames weighted by a softmax of their scores, then summed.

    Parameters
    ----------
    scores : sequence of float
        One per frame, from -5 to 5; 2 to 10 frames.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    values = np.asarray(scores, dtype=float)
    if not 2 <= len(values) <= 10 or np.abs(values).max() > 5:
        raise DataError("scores from -5 to 5 of 2 to 10 frames can be drawn")
    weights = probabilities(values)
    contents = np.random.default_rng(2).integers(0, 10, len(values))
    result = float(weights @ contents)
    figure, ax = canvas(60, "Attention: frames that matter count for more")
    step = min(11.0, 82 / len(values))
    left = 18 + (80 - step * len(values)) / 2
    heads = (
        ("frame", 51),
        ("its number", 45.5),
        ("its score", 38.5),
        ("its weight\n(softmax)", 25),
    )
    for head, y in heads:
        say(ax, left - 2, y, head, at="right", size=SMALL)
    for i, (value, weight, content) in enumerate(zip(values, weights, contents, strict=True)):
        x = left + step * (i + 0.5)
        say(ax, x, 51, f"{i}", bold=True)
        box(ax, x - step * 0.4, 43, step * 0.8, 5, f"{content}", fill=pale(BLUE, 0.2))
        say(ax, x, 38.5, signed(value, 1))
        box(ax, x - step * 0.3, 16, step * 0.6, 18 * weight / weights.max(), fill=pale(ORANGE, 0.7))
        say(ax, x, 13.5, f"{weight:.0%}")
        ax.plot([x, 55], [11.8, 8.2], color=INK, lw=0.4 + 5 * weight)
    box(ax, 38, 3, 34, 5, f"Σ weight × number = {result:.2f}", fill=pale(BLUE, 0.2), bold=True)
    say(ax, 74, 5.5, f"(plain mean: {contents.mean():.2f})", at="left", size=SMALL)
    best = int(weights.argmax())
    alt = (
        f"{len(values)} frames, each with a number, a score and the weight that the softmax makes "
        f"of it; frame {best} gets {weights[best]:.0%}. The weighted sum is {result:.2f}, where "
        f"the plain mean would be {contents.mean():.2f}."
    )
    return Sketch(figure, alt)


def schedule(seconds: Sequence[float], n_workers: int) -> list[tuple[int, float, float]]:
    """Hand each task, in order, to the worker that is free first: (worker, start, end)."""
    free = [0.0] * n_workers
    plan = []
    for duration in seconds:
        worker = free.index(min(free))
        plan.append((worker, free[worker], free[worker] + duration))
        free[worker] += duration
    return plan


def workers(*, seconds: Sequence[float] = (4, 2, 3, 5, 2, 3, 4, 1), n_workers: int = 3) -> Sketch:
    """Draw a scheduler that hands tasks to workers, and how long they take together.

    Parameters
    ----------
    seconds : sequence of float
        How long each task takes; 2 to 12 tasks.
    n_workers : int
        2 to 5.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if not (2 <= len(seconds) <= 12 and 2 <= n_workers <= 5 and min(seconds) > 0):
        raise DataError("2 to 12 tasks of more than 0 seconds and 2 to 5 workers can be drawn")
    plan = schedule(seconds, n_workers)
    end = max(stop for _, _, stop in plan)
    alone = float(sum(seconds))
    height = 40 + 7 * n_workers
    figure, ax = canvas(height, "A scheduler hands the next task to whoever is free")
    top = height - 19
    box(ax, 2, top, 20, 9, "your notebook:\nthe list of tasks", fill=pale(BLUE, 0.15))
    arrow(ax, (22, top + 4.5), (35, top + 4.5))
    say(ax, 28.5, top + 7, f"{len(seconds)} tasks", size=SMALL)
    box(ax, 35, top, 22, 9, "scheduler", fill=pale(ORANGE, 0.5), bold=True)
    arrow(ax, (57, top + 4.5), (70, top + 4.5), heads="<|-|>")
    box(
        ax,
        70,
        top,
        28,
        9,
        f"{n_workers} workers:\none core or computer each",
        fill=pale(BLUE, 0.3),
        size=SMALL,
    )
    say(ax, 50, top - 4, "what each worker does, a box per task:", size=SMALL)
    scale = 80 / end
    low = top - 7 - 7 * n_workers
    for worker in range(n_workers):
        say(ax, 14, low + 7 * (n_workers - 1 - worker) + 3, f"worker {worker + 1}", at="right")
    for number, (worker, start, stop) in enumerate(plan):
        place = (16 + scale * start, low + 7 * (n_workers - 1 - worker))
        fill = pale(BLUE, 0.3) if number % 2 else pale(ORANGE, 0.3)
        box(ax, *place, scale * (stop - start), 6, f"{number}", fill=fill)
    ax.plot([16, 96], [low - 1.5, low - 1.5], color=INK, lw=1)
    for share in range(5):
        x = 16 + 20 * share
        ax.plot([x, x], [low - 1.5, low - 2.3], color=INK, lw=1)
        say(ax, x, low - 4, f"{end * share / 4:.3g} s", size=SMALL)
    text = (
        f"one worker: {alone:g} s; {n_workers} workers: {end:g} s, {alone / end:.2g} times as fast"
    )
    say(ax, 50, 4.5, text, bold=True)
    alt = (
        f"A scheduler hands {len(seconds)} tasks to {n_workers} workers, the next one to whoever "
        f"is free. One worker would need {alone:g} seconds; together they need {end:g}, which is "
        f"{alone / end:.2g} times as fast."
    )
    return Sketch(figure, alt)


def taking(
    *,
    queries: Sequence[Sequence[float]] = ((2, 0), (0, 2), (2, 0), (0, 2)),
    keys: Sequence[Sequence[float]] = ((2, 0), (0, 1), (1, 0), (0, 2)),
    values: Sequence[float] = (8, 1, 6, 3),
    asks: int = 2,
) -> Sketch:
    """Draw attention between frames: one frame's query meets all keys, and takes from the values.

    Parameters
    ----------
    queries, keys : sequence of sequence of float
        Two numbers of each frame, from -5 to 5; 3 to 6 frames.
    values : sequence of float
        One number of each frame, from -9 to 9.
    asks : int
        The frame that takes.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    q, k, v = (np.asarray(x, dtype=float) for x in (queries, keys, values))
    n = len(v)
    if not (3 <= n <= 6 and q.shape == k.shape == (n, 2) and 0 <= asks < n):
        raise DataError("3 to 6 frames with two numbers each can be drawn, and one of them asks")
    scores = k @ q[asks] / np.sqrt(2)
    weights = probabilities(scores)
    result = float(weights @ v)
    figure, ax = canvas(66, f"Attention between frames: frame {asks} takes from all frames")
    step = 78 / n
    left = 20.0

    def row(y: float, head: str) -> None:
        say(ax, left - 2, y, head, at="right", size=SMALL)

    def pair(x: float, y: float, numbers: np.ndarray, fill: str, bold: bool = False) -> None:
        words = "  ".join(signed(number, 0) for number in numbers)
        box(ax, x - 5.5, y - 2.5, 11, 5, words, fill=fill, bold=bold)

    row(56, "frame")
    row(50, "its query:\nlooks for")
    row(40, "its key:\nis found by")
    row(32, "score:\nquery · key / √2")
    row(23.5, "weight\n(softmax)")
    row(13, "its value:\nhands over")
    asked = left + step * (asks + 0.5)
    for i in range(n):
        x = left + step * (i + 0.5)
        say(ax, x, 56, f"{i}", bold=True)
        pair(x, 50, q[i], pale(RED, 0.5) if i == asks else "white", bold=i == asks)
        pair(x, 40, k[i], pale(BLUE, 0.25))
        ax.plot([asked, x], [47.3, 42.7], color=RED, lw=1.0, zorder=1)
        say(ax, x, 32, signed(float(scores[i]), 2))
        box(ax, x - 3, 18.5, 6, 9.5 * weights[i] / weights.max(), fill=pale(ORANGE, 0.7))
        say(ax, x, 16.8, f"{weights[i]:.0%}", size=SMALL)
        box(ax, x - 3, 10.5, 6, 4.4, signed(float(v[i]), 0), fill=pale(BLUE, 0.25))
        ax.plot([x, asked], [10.3, 6.7], color=INK, lw=0.3 + 4 * weights[i], zorder=1)
    words = f"Σ weight × value = {signed(result, 2)}"
    low = min(max(asked - 16, 2), 66)
    box(ax, low, 1.5, 32, 5, words, fill=pale(RED, 0.5), bold=True)
    best = int(weights.argmax())
    alt = (
        f"{n} frames, each with a query, a key and a value. The query of frame {asks} is "
        f"multiplied by every key; the softmax of the scores gives frame {best} the largest "
        f"weight, {weights[best]:.0%}. The weighted sum of the values is {signed(result, 2)}."
    )
    return Sketch(figure, alt)


def frozen(*, n_blocks: int = 4, trained: int = 6, inside: str = "7,632,384") -> Sketch:
    """Draw a frozen network that listens, and the small head that is trained on what it heard.

    Parameters
    ----------
    n_blocks : int
        2 to 5.
    trained : int
        Answers of the head, 2 to 6.
    inside : str
        How many weights the frozen part has.

    Returns
    -------
    Sketch

    Raises
    ------
    DataError
        If the numbers do not fit together, or are too many to draw.
    """
    if not (2 <= n_blocks <= 5 and 2 <= trained <= 6):
        raise DataError("2 to 5 blocks and 2 to 6 answers can be drawn")
    figure, ax = canvas(46, "Others trained the large part; you train the small one")
    parts = ["log-mel\nframes", "convo-\nlutions", *(f"block\n{i + 1}" for i in range(n_blocks))]
    step = 68 / len(parts)
    box(ax, 1, 19, 70, 19, fill="none", edge=GREY, dashed=True)
    say(ax, 36, 35.5, f"frozen: {inside} weights that stay as they are", size=SMALL, bold=True)
    for i, part in enumerate(parts):
        x = 2 + step * i
        box(ax, x, 22, step - 2, 10, part, fill=pale(GREY, 0.35), size=SMALL)
        if i:
            arrow(ax, (x - 2, 27), (x, 27))
    for i in range(2, len(parts)):
        x = 2 + step * i + (step - 2) / 2
        arrow(ax, (x, 22), (x, 14.8), dashed=True)
    first = 2 + step * 2
    box(
        ax,
        first,
        9,
        71 - first,
        5.5,
        "mean and spread over time: a row",
        fill=pale(BLUE, 0.25),
        size=SMALL,
    )
    say(ax, first - 2, 11.8, "choose layers", at="right", size=SMALL)
    arrow(ax, (71, 11.8), (77, 11.8))
    box(ax, 77, 6, 9, 12, "head", fill=pale(ORANGE, 0.6), bold=True)
    say(ax, 81.5, 21, "trained", size=SMALL, bold=True)
    for i in range(trained):
        y = 12 + (i - (trained - 1) / 2) * 2.6
        ax.plot([86, 90], [12, y], color=INK, lw=0.8)
        box(ax, 90, y - 0.9, 3, 1.8, fill=pale(ORANGE, 0.3))
    say(ax, 91.5, 2.5, f"{trained} answers", size=SMALL)
    say(ax, 36, 3.5, "no gradient flows back to the left", size=SMALL)
    alt = (
        f"A chain of grey boxes, log-mel frames, convolutions and {n_blocks} blocks, is frozen. "
        "From chosen blocks, mean and spread over time go to a small orange head with "
        f"{trained} answers, the only part that is trained."
    )
    return Sketch(figure, alt)
