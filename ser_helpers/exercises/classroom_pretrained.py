"""Exercises of a class on notebook 13: the weights of one head, and a mixture of layers."""

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


def mix_layers(states: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the mean of the layers' states, weighted by the softmax of one score per layer.

    ``states`` has the shape (layers, frames, numbers); what comes back (frames, numbers).
    """
    return np.tensordot(_softmax(scores[np.newaxis])[0], states, axes=1)


def _layers(rng: np.random.Generator) -> Iterator[tuple]:
    for n_layers, n_frames, width in ((4, 5, 3), (3, 3, 3), (1, 4, 2)):
        yield rng.normal(size=(n_layers, n_frames, width)), rng.normal(size=n_layers)
    yield rng.normal(size=(3, 2, 4)), np.array([900.0, 901.0, 899.0])


def _plain_mean(states: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return states.mean(axis=0)


def _scores_as_weights(states: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return np.tensordot(scores, states, axes=1)


def _best_layer(states: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return states[scores.argmax()]


def _overflowing_layers(states: np.ndarray, scores: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(scores)
        return np.tensordot(powers / powers.sum(), states, axes=1)


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
        mix_layers,
        _layers,
        (
            Mistake(_plain_mean, "All layers count the same with you. What do the scores say?"),
            Mistake(
                _scores_as_weights,
                "Scores may be negative and need not sum to 1. What turns them into weights?",
            ),
            Mistake(_best_layer, "You took the layer with the highest score only."),
            Mistake(
                _overflowing_layers,
                "Large scores overflow `np.exp`. Subtract the largest score first.",
            ),
        ),
    ),
)
