"""Exercises of notebook 11: what Keras computes, in numpy."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from ser_helpers.exercises.checking import Exercise, Mistake

# --- through the layers --------------------------------------------------------------------------


def _softmax(logits: np.ndarray, axis: int = 1) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _logits(
    inputs: np.ndarray,
    weights: Sequence[np.ndarray],
    *,
    relu: bool = True,
    to_the_end: bool = False,
) -> np.ndarray:
    n_layers = len(weights) // 2
    for number in range(n_layers):
        inputs = inputs @ weights[2 * number] + weights[2 * number + 1]
        if relu and (to_the_end or number < n_layers - 1):
            inputs = np.maximum(inputs, 0)
    return inputs


def dense_forward(inputs: np.ndarray, weights: Sequence[np.ndarray]) -> np.ndarray:
    """Run a Keras network of dense layers: ReLU between them, a softmax at the end."""
    return _softmax(_logits(inputs, weights))


def _networks(rng: np.random.Generator) -> Iterator[tuple]:
    for sizes, scale in (((5, 8, 6), 1), ((4, 7, 3, 6), 1), ((6, 6), 1), ((3, 4, 2), 1000)):
        weights = []
        for n_in, n_out in pairwise(sizes):
            weights += [rng.normal(size=(n_in, n_out)), rng.normal(size=n_out)]
        yield scale * rng.normal(size=(7, sizes[0])), weights


def _without_softmax(inputs: np.ndarray, weights: Sequence[np.ndarray]) -> np.ndarray:
    return _logits(inputs, weights)


def _relu_to_the_end(inputs: np.ndarray, weights: Sequence[np.ndarray]) -> np.ndarray:
    return _softmax(_logits(inputs, weights, to_the_end=True))


def _without_relu(inputs: np.ndarray, weights: Sequence[np.ndarray]) -> np.ndarray:
    return _softmax(_logits(inputs, weights, relu=False))


def _over_clips(inputs: np.ndarray, weights: Sequence[np.ndarray]) -> np.ndarray:
    return _softmax(_logits(inputs, weights), axis=0)


def _overflowing(inputs: np.ndarray, weights: Sequence[np.ndarray]) -> np.ndarray:
    with np.errstate(all="ignore"):
        powers = np.exp(_logits(inputs, weights))
        return powers / powers.sum(axis=1, keepdims=True)


# --- a running mean ------------------------------------------------------------------------------


def running_means(means: Sequence[float], momentum: float) -> list[float]:
    """Return the running mean after each batch, with momentum as Keras means it."""
    kept, history = 0.0, []
    for mean in means:
        kept = momentum * kept + (1 - momentum) * mean
        history.append(float(kept))
    return history


def _batches(rng: np.random.Generator) -> Iterator[tuple]:
    for n, momentum in ((5, 0.9), (12, 0.99), (4, 0.1), (1, 0.5)):
        yield rng.normal(3, 1, size=n).tolist(), momentum


def _as_pytorch(means: Sequence[float], momentum: float) -> list[float]:
    return running_means(means, 1 - momentum)


def _from_the_first(means: Sequence[float], momentum: float) -> list[float]:
    kept, history = means[0], []
    for mean in means:
        kept = momentum * kept + (1 - momentum) * mean
        history.append(float(kept))
    return history


def _plain_mean(means: Sequence[float], momentum: float) -> list[float]:
    return (np.cumsum(means) / np.arange(1, len(means) + 1)).tolist()


# --- decay in the slope, or beside it ------------------------------------------------------------


def first_adam_step(
    weight: np.ndarray, slope: np.ndarray, lr: float, decay: float, decoupled: bool
) -> np.ndarray:
    """Return weights after Adam's first step, with decay in the slope or beside it."""
    if decoupled:
        return weight - _step(slope, lr) - lr * decay * weight
    return weight - _step(slope + decay * weight, lr)


def _step(slope: np.ndarray, lr: float) -> np.ndarray:
    return lr * slope / (np.abs(slope) + 1e-8)


def _weights(rng: np.random.Generator) -> Iterator[tuple]:
    for decoupled in (True, False):
        yield rng.normal(size=6), rng.normal(size=6), 0.1, 0.5, decoupled
        yield rng.normal(size=(2, 3)), np.zeros((2, 3)), 0.01, 0.3, decoupled


def _always_in_the_slope(
    weight: np.ndarray, slope: np.ndarray, lr: float, decay: float, decoupled: bool
) -> np.ndarray:
    return first_adam_step(weight, slope, lr, decay, False)


def _always_beside(
    weight: np.ndarray, slope: np.ndarray, lr: float, decay: float, decoupled: bool
) -> np.ndarray:
    return first_adam_step(weight, slope, lr, decay, True)


def _without_the_rate(
    weight: np.ndarray, slope: np.ndarray, lr: float, decay: float, decoupled: bool
) -> np.ndarray:
    if decoupled:
        return weight - _step(slope, lr) - decay * weight
    return first_adam_step(weight, slope, lr, decay, False)


def _without_the_weight(
    weight: np.ndarray, slope: np.ndarray, lr: float, decay: float, decoupled: bool
) -> np.ndarray:
    if decoupled:
        return first_adam_step(weight, slope, lr, decay, True)
    return weight - _step(slope + decay, lr)


def _plain_descent(
    weight: np.ndarray, slope: np.ndarray, lr: float, decay: float, decoupled: bool
) -> np.ndarray:
    return weight - lr * (slope + decay * weight)


# --- the loss ------------------------------------------------------------------------------------


def categorical_crossentropy(y: np.ndarray, outputs: np.ndarray, from_logits: bool) -> float:
    """Return the mean cross-entropy of one-hot labels, for logits or for probabilities."""
    if from_logits:
        outputs = outputs - outputs.max(axis=1, keepdims=True)
        logs = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
    else:
        logs = np.log(outputs)
    return float(-logs[np.asarray(y) == 1].mean())


def _answers(rng: np.random.Generator) -> Iterator[tuple]:
    for n, from_logits, scale in ((9, True, 1), (5, False, 1), (4, True, 1000), (1, False, 3)):
        logits = scale * rng.normal(size=(n, 6))
        y = np.eye(6)[rng.integers(6, size=n)]
        yield y, logits if from_logits else _softmax(logits), from_logits


def _softmax_of_everything(y: np.ndarray, outputs: np.ndarray, from_logits: bool) -> float:
    return categorical_crossentropy(y, outputs, True)


def _as_it_stood(y: np.ndarray, outputs: np.ndarray, from_logits: bool) -> float:
    with np.errstate(all="ignore"):
        powers = np.exp(outputs)
        probabilities = powers / powers.sum(axis=1, keepdims=True)
        return float(-np.log((y * probabilities).sum(axis=1)).mean())


def _not_shifted(y: np.ndarray, outputs: np.ndarray, from_logits: bool) -> float:
    return (
        _as_it_stood(y, outputs, True)
        if from_logits
        else categorical_crossentropy(y, outputs, False)
    )


def _rounded_to_nothing(y: np.ndarray, outputs: np.ndarray, from_logits: bool) -> float:
    probabilities = _softmax(outputs) if from_logits else outputs
    with np.errstate(divide="ignore"):
        return float(-np.log(probabilities[np.asarray(y) == 1]).mean())


def _over_all_numbers(y: np.ndarray, outputs: np.ndarray, from_logits: bool) -> float:
    return categorical_crossentropy(y, outputs, from_logits) / np.shape(y)[1]


def _sum_over_clips(y: np.ndarray, outputs: np.ndarray, from_logits: bool) -> float:
    return categorical_crossentropy(y, outputs, from_logits) * len(y)


EXERCISES = (
    Exercise(
        dense_forward,
        _networks,
        (
            Mistake(_without_softmax, "These are logits. What makes probabilities of them?"),
            Mistake(
                _relu_to_the_end, "ReLU comes between layers. What would it do to a logit below 0?"
            ),
            Mistake(_without_relu, "Without ReLU, several layers are no more than one."),
            Mistake(
                _over_clips, "Over what do you sum? The probabilities of one clip should sum to 1."
            ),
            Mistake(
                _overflowing,
                "`np.exp(1000)` is too large for a number. A softmax stays the same if the largest "
                "logit of the row is subtracted first.",
            ),
        ),
    ),
    Exercise(
        running_means,
        _batches,
        (
            Mistake(_as_pytorch, "That is PyTorch's momentum. Whose share is it in Keras?"),
            Mistake(_from_the_first, "It starts at 0, also if the first batch lies elsewhere."),
            Mistake(_plain_mean, "All batches count alike. Where does `momentum` come in?"),
        ),
    ),
    Exercise(
        first_adam_step,
        _weights,
        (
            Mistake(
                _always_in_the_slope,
                "The decay always goes through the division. When should it not?",
            ),
            Mistake(
                _always_beside,
                "The decay never goes through the division. When should it?",
            ),
            Mistake(
                _without_the_rate, "Beside the step, the pull is multiplied by the learning rate."
            ),
            Mistake(
                _without_the_weight,
                "In the slope, too, the decay pulls a large weight more than a small one.",
            ),
            Mistake(
                _plain_descent,
                "That is plain descent. Adam divides the slope by its own size first.",
            ),
        ),
    ),
    Exercise(
        categorical_crossentropy,
        _answers,
        (
            Mistake(
                _softmax_of_everything,
                "Whether outputs are logits or probabilities makes no difference in your function. "
                "What does a softmax make of probabilities?",
            ),
            Mistake(
                _not_shifted,
                "`np.exp(1000)` is too large for a number. Subtract the largest logit of each row "
                "first.",
            ),
            Mistake(
                _rounded_to_nothing,
                "A probability was rounded to 0. The logarithm of a fraction is a difference: "
                "take the logarithm before anything can be rounded.",
            ),
            Mistake(_over_all_numbers, "The mean is over clips, not over all numbers."),
            Mistake(_sum_over_clips, "Keras averages over the clips. You add them up."),
        ),
    ),
)
