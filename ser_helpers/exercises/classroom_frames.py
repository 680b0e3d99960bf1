"""Exercises of a class on notebook 09: frames with their neighbours, and the loudest of them."""

from collections.abc import Iterator

import numpy as np

from ser_helpers.exercises.checking import Exercise, Mistake


def with_neighbours(picture: np.ndarray, k: int) -> np.ndarray:
    """Put ``k`` frames before and ``k`` after each frame on top of each other.

    ``picture`` has bands as rows and frames as columns. What comes back has ``2 * k + 1`` times as
    many rows, the earliest neighbour on top, and as many columns. Beyond the ends, the first and
    the last frame are repeated.
    """
    n_frames = picture.shape[1]
    padded = np.pad(picture, ((0, 0), (k, k)), mode="edge")
    return np.concatenate([padded[:, i : i + n_frames] for i in range(2 * k + 1)])


def _pictures(rng: np.random.Generator) -> Iterator[tuple]:
    for bands, n_frames, k in ((3, 8, 1), (2, 5, 2), (4, 4, 0), (2, 1, 1)):
        yield rng.normal(-40, 10, (bands, n_frames)), k


def _zeros_beyond(picture: np.ndarray, k: int) -> np.ndarray:
    padded = np.pad(picture, ((0, 0), (k, k)))
    return np.concatenate([padded[:, i : i + picture.shape[1]] for i in range(2 * k + 1)])


def _round_the_end(picture: np.ndarray, k: int) -> np.ndarray:
    return np.concatenate([np.roll(picture, -i, axis=1) for i in range(-k, k + 1)])


def _latest_on_top(picture: np.ndarray, k: int) -> np.ndarray:
    return with_neighbours(picture[:, ::-1], k)[:, ::-1]


def _whole_ones_only(picture: np.ndarray, k: int) -> np.ndarray:
    n = picture.shape[1] - 2 * k
    return np.concatenate([picture[:, i : i + max(n, 0)] for i in range(2 * k + 1)])


def loudest_frames(picture: np.ndarray, share: float) -> np.ndarray:
    """Return the picture with this share of its frames, the loudest, in their old order.

    A frame is as loud as the mean of its column. The number of frames is rounded, and is one at
    least.
    """
    n = max(1, round(share * picture.shape[1]))
    kept = np.sort(np.argsort(picture.mean(axis=0))[-n:])
    return picture[:, kept]


def _loud_and_soft(rng: np.random.Generator) -> Iterator[tuple]:
    for bands, n_frames, share in ((4, 10, 0.5), (6, 21, 0.3), (3, 6, 0.05), (2, 5, 1.0)):
        level = rng.permutation(n_frames) * 5.0
        yield rng.normal(-60, 1, (bands, n_frames)) + level, share


def _in_order_of_loudness(picture: np.ndarray, share: float) -> np.ndarray:
    n = max(1, round(share * picture.shape[1]))
    return picture[:, np.argsort(-picture.mean(axis=0))[:n]]


def _softest(picture: np.ndarray, share: float) -> np.ndarray:
    return -loudest_frames(-picture, share)


def _the_first_frames(picture: np.ndarray, share: float) -> np.ndarray:
    return picture[:, : max(1, round(share * picture.shape[1]))]


def _loudest_bands(picture: np.ndarray, share: float) -> np.ndarray:
    return loudest_frames(picture.T, share).T


def _none_of_few(picture: np.ndarray, share: float) -> np.ndarray:
    n = round(share * picture.shape[1])
    return loudest_frames(picture, share)[:, : n or 0]


EXERCISES = (
    Exercise(
        with_neighbours,
        _pictures,
        (
            Mistake(
                _zeros_beyond,
                "Beyond the ends you put zeros; in decibels that is very loud. Repeat the last "
                "frame.",
            ),
            Mistake(
                _round_the_end,
                "The neighbours of the last frame are taken from the beginning of the clip.",
            ),
            Mistake(_latest_on_top, "The neighbours stand upside down: the earliest is on top."),
            Mistake(
                _whole_ones_only,
                "The frames at both ends are missing. They have neighbours, too: repeated ones.",
            ),
        ),
    ),
    Exercise(
        loudest_frames,
        _loud_and_soft,
        (
            Mistake(
                _in_order_of_loudness,
                "The right frames, in the order of their loudness. Time is to run to the right.",
            ),
            Mistake(_softest, "Those are the softest frames. Which end does `argsort` begin with?"),
            Mistake(_the_first_frames, "Those are the first frames, loud or not."),
            Mistake(_loudest_bands, "You kept the loudest bands. Frames are columns."),
            Mistake(_none_of_few, "One frame at least is to remain, however small the share."),
        ),
    ),
)
