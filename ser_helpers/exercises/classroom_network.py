"""Exercises of a class on notebook 04: neurons that never answer, and the second-best guess."""

from collections.abc import Iterator

import numpy as np

from ser_helpers.exercises.checking import Exercise, Mistake


def dead_neurons(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Return, in order, the neurons whose ReLU is 0 for every clip.

    ``x`` has a row per clip; ``weights`` has a row per neuron, as in ``nn.Linear``.
    """
    return np.flatnonzero((x @ weights.T + bias <= 0).all(axis=0))


def _layers(rng: np.random.Generator) -> Iterator[tuple]:
    for n_clips, n_features, n_neurons in ((20, 4, 9), (5, 5, 5), (30, 3, 12)):
        weights = rng.normal(size=(n_neurons, n_features))
        bias = rng.normal(0, 0.5, n_neurons)
        bias[rng.permutation(n_neurons)[:3]] = -50  # three that never answer
        yield rng.normal(size=(n_clips, n_features)), weights, bias
    yield np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[-1.0, 0.0], [1.0, 1.0]]), np.zeros(2)


def _without_bias(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return dead_neurons(x, weights, np.zeros_like(bias))


def _silent_once(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return np.flatnonzero((x @ weights.T + bias <= 0).any(axis=0))


def _silent_clips(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return np.flatnonzero((x @ weights.T + bias <= 0).all(axis=1))


def _on_average(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return np.flatnonzero((x @ weights.T + bias).mean(axis=0) <= 0)


def _alive(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return np.flatnonzero((x @ weights.T + bias > 0).any(axis=0))


def share_in_top(probabilities: np.ndarray, labels: np.ndarray, k: int) -> float:
    """Return the share of clips whose label is among the ``k`` most probable classes."""
    best = np.argsort(probabilities, axis=1)[:, -k:]
    return float((best == labels[:, np.newaxis]).any(axis=1).mean())


def _asked(rng: np.random.Generator) -> Iterator[tuple]:
    for n, n_classes, k in ((40, 6, 2), (30, 6, 3), (12, 4, 1), (10, 3, 3)):
        labels = rng.integers(n_classes, size=n)
        logits = rng.normal(size=(n, n_classes)) + 0.7 * np.eye(n_classes)[labels]
        powers = np.exp(logits)
        yield powers / powers.sum(axis=1, keepdims=True), labels, k


def _the_first_only(probabilities: np.ndarray, labels: np.ndarray, k: int) -> float:
    return share_in_top(probabilities, labels, 1)


def _least_probable(probabilities: np.ndarray, labels: np.ndarray, k: int) -> float:
    return share_in_top(1 - probabilities, labels, k)


def _the_kth(probabilities: np.ndarray, labels: np.ndarray, k: int) -> float:
    return float((np.argsort(probabilities, axis=1)[:, -k] == labels).mean())


def _a_count(probabilities: np.ndarray, labels: np.ndarray, k: int) -> float:
    return share_in_top(probabilities, labels, k) * len(labels)


EXERCISES = (
    Exercise(
        dead_neurons,
        _layers,
        (
            Mistake(_without_bias, "A neuron also adds its bias."),
            Mistake(
                _silent_once,
                "These neurons are silent for *some* clip, as a ReLU should be. Which are silent "
                "for all?",
            ),
            Mistake(
                _silent_clips,
                "You looked along the clips: `axis` is the one that disappears.",
            ),
            Mistake(
                _on_average,
                "A neuron may be below 0 on average and still answer to some clip.",
            ),
            Mistake(_alive, "Those are the neurons that do answer."),
        ),
    ),
    Exercise(
        share_in_top,
        _asked,
        (
            Mistake(_the_first_only, "Only the most probable class was counted. What does k say?"),
            Mistake(_least_probable, "`argsort` puts the smallest first. Which end do you need?"),
            Mistake(
                _the_kth,
                "You looked at the class in place k only. All places up to k count.",
            ),
            Mistake(_a_count, "That is a number of clips. Wanted is their share."),
        ),
    ),
)
