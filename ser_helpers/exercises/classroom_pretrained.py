"""Exercises of a class on notebook 13: the weights of one head, and an honest choice of a layer."""

from collections.abc import Iterator

import numpy as np

from ser_helpers.exercises.checking import Exercise, Mistake


def head_weights(queries: np.ndarray, keys: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Return how much each frame looks at each other frame, in one head.

    ``queries`` and ``keys`` have a row per frame. The score of two frames is the product of the
    query of the one and the key of the other, divided by the root of their length. Each row of
    weights is the softmax of its scores over the ``real`` frames; the others get 0.
    """
    scores = queries @ keys.T / np.sqrt(queries.shape[1])
    scores = np.where(real, scores, -np.inf)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _frames(rng: np.random.Generator) -> Iterator[tuple]:
    for n, width, n_real in ((5, 4, 5), (7, 16, 4), (3, 3, 2)):
        queries, keys = 2 * rng.normal(size=(2, n, width))
        yield queries, keys, np.arange(n) < n_real
    queries, keys = 40 * rng.normal(size=(2, 4, 9))
    yield queries, keys, np.array([True, False, True, True])  # scores in the thousands


def _softmax(scores: np.ndarray, axis: int = 1) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _not_divided(queries: np.ndarray, keys: np.ndarray, real: np.ndarray) -> np.ndarray:
    return head_weights(queries * np.sqrt(queries.shape[1]), keys, real)


def _by_the_length(queries: np.ndarray, keys: np.ndarray, real: np.ndarray) -> np.ndarray:
    return head_weights(queries / np.sqrt(queries.shape[1]), keys, real)


def _down_the_columns(queries: np.ndarray, keys: np.ndarray, real: np.ndarray) -> np.ndarray:
    return _softmax(queries @ keys.T / np.sqrt(queries.shape[1]), axis=0)


def _padding_looked_at(queries: np.ndarray, keys: np.ndarray, real: np.ndarray) -> np.ndarray:
    return _softmax(queries @ keys.T / np.sqrt(queries.shape[1]))


def _cut_after_the_softmax(queries: np.ndarray, keys: np.ndarray, real: np.ndarray) -> np.ndarray:
    return _padding_looked_at(queries, keys, real) * real


def _overflows(queries: np.ndarray, keys: np.ndarray, real: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(queries @ keys.T / np.sqrt(queries.shape[1])) * real
        return powers / powers.sum(axis=1, keepdims=True)


def honest_layer_score(scores: np.ndarray) -> float:
    """Return the mean score of the best layer, where each fold is left out of the choice.

    ``scores`` has a row per layer and a column per fold. For each fold, the layer with the highest
    mean over the *other* folds is chosen, and its score on this fold counts.
    """
    n_folds = scores.shape[1]
    kept = []
    for fold in range(n_folds):
        others = np.delete(scores, fold, axis=1).mean(axis=1)
        kept.append(scores[others.argmax(), fold])
    return float(np.mean(kept))


def _layers_and_folds(rng: np.random.Generator) -> Iterator[tuple]:
    for n_layers, n_folds in ((6, 5), (4, 4), (13, 6)):
        scores = rng.normal(0.5, 0.02, (n_layers, n_folds))
        scores[0, 0] += 0.9  # a lucky fold, for whose sake this layer seems the best
        yield (scores,)
    yield (np.array([[0.9, 0.1, 0.2], [0.5, 0.5, 0.4]]),)


def _best_mean(scores: np.ndarray) -> float:
    return float(scores.mean(axis=1).max())


def _best_of_each_fold(scores: np.ndarray) -> float:
    return float(scores.max(axis=0).mean())


def _mean_of_the_choosing(scores: np.ndarray) -> float:
    folds = range(scores.shape[1])
    return float(np.mean([np.delete(scores, f, axis=1).mean(axis=1).max() for f in folds]))


def _chosen_by_the_fold_itself(scores: np.ndarray) -> float:
    n_folds = scores.shape[1]
    kept = [np.delete(scores[scores[:, f].argmax()], f).mean() for f in range(n_folds)]
    return float(np.mean(kept))


EXERCISES = (
    Exercise(
        head_weights,
        _frames,
        (
            Mistake(
                _not_divided,
                "Your weights are too sharp. What are the scores to be divided by?",
            ),
            Mistake(
                _by_the_length,
                "Your weights are too even: divide by the *root* of the length.",
            ),
            Mistake(
                _down_the_columns,
                "Your columns sum to 1. Each *row* should: it says where one frame looks.",
            ),
            Mistake(
                _padding_looked_at,
                "Frames that are padding get a weight. Let their scores be minus infinity.",
            ),
            Mistake(
                _cut_after_the_softmax,
                "Padding has the weight 0, but the rest of a row no longer sums to 1.",
            ),
            Mistake(
                _overflows,
                "Large scores overflow `np.exp`. Subtract each row's largest score first.",
            ),
        ),
    ),
    Exercise(
        honest_layer_score,
        _layers_and_folds,
        (
            Mistake(
                _best_mean,
                "The layer was chosen on all folds, and scored on the same. Leave one out.",
            ),
            Mistake(
                _best_of_each_fold,
                "Each fold chose the layer that is best on itself. Let the others choose.",
            ),
            Mistake(
                _mean_of_the_choosing,
                "Those are the scores by which you chose. What does the chosen layer score on the "
                "fold that was left out?",
            ),
            Mistake(
                _chosen_by_the_fold_itself,
                "One fold chose and the others were scored: it should be the other way round.",
            ),
        ),
    ),
)
