"""Exercises of notebook 09: frames in and out of order, padding, what an answer depends on."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ser_helpers.exercises.checking import Exercise, Mistake


def shuffle_frames(picture: np.ndarray, seed: int) -> np.ndarray:
    """Return the picture with its frames in a random order."""
    order = np.random.default_rng(seed).permutation(picture.shape[1])
    return picture[:, order]


def pool_over_time(batch: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    """Return mean and standard deviation of each row over the real frames of each clip."""
    pooled = []
    for clip, length in zip(batch, lengths, strict=True):
        real = clip[:, :length]
        pooled.append(np.concatenate([real.mean(axis=1), real.std(axis=1)]))
    return np.array(pooled)


def receptive_field(stages: Sequence[tuple[int, int]]) -> int:
    """Return how many frames one answer of the last stage depends on."""
    sees, step = 1, 1
    for size, stride in stages:
        sees += (size - 1) * step
        step *= stride
    return sees


def blank_stretch(picture: np.ndarray, start: int, width: int) -> np.ndarray:
    """Return the picture standardised, with a stretch of frames set to its mean."""
    standard = (picture - picture.mean()) / picture.std()
    standard[:, start : start + width] = 0
    return standard


def attention_pool(values: np.ndarray, scores: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Return the mean of the real frames, weighted by the softmax of their scores."""
    power = np.where(real, np.exp(scores - scores[real].max(), where=real, out=0.0 * scores), 0.0)
    return power / power.sum() @ values


# ---- inputs and what is looked at


def _one_picture(rng: np.random.Generator) -> Iterator[tuple]:
    for bands, n_frames in ((4, 20), (20, 13), (2, 1)):
        yield rng.normal(-40, 10, (bands, n_frames)).round(2), int(rng.integers(1000))


def _what_became_of_the_frames(function: Callable, picture: np.ndarray, seed: int) -> dict:
    before = picture.copy()
    made = np.array(function(picture, seed), dtype=float)
    seen: dict = {"shape": made.shape, "frames, sorted": made[:, np.lexsort(made)]}
    if made.shape[1] > 1:
        again, other = function(before.copy(), seed), function(before.copy(), seed + 1)
        seen |= {
            "the order has changed": not np.array_equal(made, before),
            "the same seed gives the same order": np.array_equal(made, again),
            "another seed gives another order": not np.array_equal(made, other),
        }
    return seen


def _batches(rng: np.random.Generator) -> Iterator[tuple]:
    for lengths, behind in (([7, 4, 5], 0.0), ([3, 6], 99.0), ([1], 0.0)):
        batch = rng.normal(3, 2, (len(lengths), 4, max(lengths) + 2))
        for clip, length in zip(batch, lengths, strict=True):
            clip[:, length:] = behind
        yield batch.round(3), lengths


def _networks(rng: np.random.Generator) -> Iterator[tuple]:
    yield ([(5, 2), (3, 1), (2, 2), (3, 1)],)
    yield ([(int(rng.integers(2, 8)), int(rng.integers(1, 4))) for _ in range(5)],)
    yield ([(3, 1)],)
    yield ([],)


def _stretches(rng: np.random.Generator) -> Iterator[tuple]:
    yield rng.normal(-40, 10, (10, 14)), 3, 4
    yield rng.normal(-40, 10, (5, 9)), 6, 3
    yield rng.normal(-40, 10, (6, 8)), 2, 0


def _scored_frames(rng: np.random.Generator) -> Iterator[tuple]:
    for n, n_real, wide in ((6, 4, 1.0), (5, 5, 300.0), (4, 1, 1.0)):
        scores = rng.normal(0, wide, n).round(2)
        yield rng.normal(size=(n, 3)).round(2), scores, np.arange(n) < n_real
    yield rng.normal(size=(3, 2)).round(2), np.array([1000.0, 999.0, 1000.0]), np.arange(3) < 2


# ---- typical mistakes


def _bands_shuffled(picture: np.ndarray, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permutation(picture)


def _each_band_alone(picture: np.ndarray, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).permuted(picture, axis=1)


def _backwards(picture: np.ndarray, seed: int) -> np.ndarray:
    del seed
    return picture[:, ::-1]


def _drawn_with_repeats(picture: np.ndarray, seed: int) -> np.ndarray:
    n_frames = picture.shape[1]
    return picture[:, np.random.default_rng(seed).integers(n_frames, size=n_frames)]


def _zeros_counted(batch: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    del lengths
    return np.concatenate([batch.mean(axis=2), batch.std(axis=2)], axis=1)


def _zeros_in_the_spread(batch: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    n = np.array(lengths)[:, None]
    inside = np.arange(batch.shape[2]) < n
    mean = (batch * inside[:, None]).sum(axis=2) / n
    variance = ((batch - mean[:, :, None]) ** 2).sum(axis=2) / n
    return np.concatenate([mean, np.sqrt(variance)], axis=1)


def _only_the_means(batch: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    return pool_over_time(batch, lengths)[:, : batch.shape[1]]


def _over_the_rows(batch: np.ndarray, lengths: Sequence[int]) -> np.ndarray:
    inside = np.arange(batch.shape[2]) < np.array(lengths)[:, None]
    both = [batch.mean(axis=1) * inside, batch.std(axis=1) * inside]
    return np.concatenate(both, axis=1)


def _steps_forgotten(stages: Sequence[tuple[int, int]]) -> int:
    return 1 + sum(size - 1 for size, _ in stages)


def _own_step_too_early(stages: Sequence[tuple[int, int]]) -> int:
    sees, step = 1, 1
    for size, stride in stages:
        step *= stride
        sees += (size - 1) * step
    return sees


def _multiplied(stages: Sequence[tuple[int, int]]) -> int:
    return int(np.prod([size for size, _ in stages], dtype=int))


def _steps_added(stages: Sequence[tuple[int, int]]) -> int:
    sees, step = 1, 1
    for size, stride in stages:
        sees += (size - 1) * step
        step += stride - 1
    return sees


def _blanked_in_decibels(picture: np.ndarray, start: int, width: int) -> np.ndarray:
    blanked = picture.copy()
    blanked[:, start : start + width] = 0
    return (blanked - blanked.mean()) / blanked.std()


def _bands_blanked(picture: np.ndarray, start: int, width: int) -> np.ndarray:
    standard = (picture - picture.mean()) / picture.std()
    standard[start : start + width] = 0
    return standard


def _end_for_width(picture: np.ndarray, start: int, width: int) -> np.ndarray:
    standard = (picture - picture.mean()) / picture.std()
    standard[:, start:width] = 0
    return standard


def _one_too_many(picture: np.ndarray, start: int, width: int) -> np.ndarray:
    return blank_stretch(picture, start, width + 1)


def _padding_scores_zero(values: np.ndarray, scores: np.ndarray, real: np.ndarray) -> np.ndarray:
    return attention_pool(values, scores * real, np.ones(len(scores), dtype=bool))


def _masked_afterwards(values: np.ndarray, scores: np.ndarray, real: np.ndarray) -> np.ndarray:
    power = np.exp(scores - scores.max())
    return power / power.sum() * real @ values


def _padding_counted(values: np.ndarray, scores: np.ndarray, real: np.ndarray) -> np.ndarray:
    return attention_pool(values, scores, np.ones(len(real), dtype=bool))


def _no_softmax(values: np.ndarray, scores: np.ndarray, real: np.ndarray) -> np.ndarray:
    return scores * real @ values


def _overflows(values: np.ndarray, scores: np.ndarray, real: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        power = np.exp(scores) * real
        return power / power.sum() @ values


EXERCISES = (
    Exercise(
        shuffle_frames,
        _one_picture,
        (
            Mistake(
                _bands_shuffled,
                "You put the bands into another order. Which axis of the picture is time?",
            ),
            Mistake(
                _each_band_alone,
                "Each band gets an order of its own, so the frames are torn apart. A frame is one "
                "column: all its bands must travel together.",
            ),
            Mistake(
                _backwards,
                "Another seed must give another order: backwards, say, is always the same one.",
            ),
            Mistake(
                _drawn_with_repeats,
                "Some frames come twice and others are lost. Each must come exactly once.",
            ),
        ),
        observe=_what_became_of_the_frames,
    ),
    Exercise(
        pool_over_time,
        _batches,
        (
            Mistake(
                _zeros_counted,
                "The zeros behind the shorter clips are counted. How many frames of a clip are "
                "real?",
            ),
            Mistake(
                _zeros_in_the_spread,
                "The means are right. In the spread, the padding's distance from the mean still "
                "counts.",
            ),
            Mistake(_only_the_means, "These are the means. Behind them belong the spreads."),
            Mistake(
                _over_the_rows,
                "You average over the rows, and keep the time. Which axis has to vanish?",
            ),
        ),
    ),
    Exercise(
        receptive_field,
        _networks,
        (
            Mistake(
                _steps_forgotten,
                "After a stage with a step of 2, neighbours are two frames apart: the next kernel "
                "reaches twice as far.",
            ),
            Mistake(
                _own_step_too_early,
                "A stage's own step does not widen its own view, only that of the stages behind "
                "it.",
            ),
            Mistake(
                _multiplied,
                "Two kernels of 3 in a row see 5 frames, not 9: each adds its size minus one.",
            ),
            Mistake(
                _steps_added,
                "Two steps of 2 in a row make a step of 4 frames, not of 3.",
            ),
        ),
    ),
    Exercise(
        blank_stretch,
        _stretches,
        (
            Mistake(
                _blanked_in_decibels,
                "In dB, zero is loud. In which units is zero the clip's own mean?",
            ),
            Mistake(_bands_blanked, "You blank bands. Which axis of the picture is time?"),
            Mistake(_end_for_width, "`width` counts frames: at which frame does the stretch end?"),
            Mistake(_one_too_many, "That is one frame too many: a slice ends before its end."),
        ),
    ),
    Exercise(
        attention_pool,
        _scored_frames,
        (
            Mistake(
                _padding_scores_zero,
                "A score of 0 is no small weight: e⁰ is 1. What score would give a weight of 0?",
            ),
            Mistake(
                _masked_afterwards,
                "The weights of the real frames do not add up to 1: the padding took its share "
                "before it was removed.",
            ),
            Mistake(_padding_counted, "The frames that are not real get a weight, too."),
            Mistake(
                _no_softmax,
                "Scores are no weights: they may be negative, and need not add up to 1.",
            ),
            Mistake(
                _overflows,
                "The power of a large score overflows. Notebook 04 subtracts the largest first.",
            ),
        ),
    ),
)
