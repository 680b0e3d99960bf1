"""Exercises of notebook 08: how far listeners agree, and what to learn from their votes."""

from collections.abc import Iterator, Sequence

import numpy as np

from ser_helpers.exercises.checking import Exercise, Mistake


def fleiss(votes: np.ndarray) -> float:
    """Return Fleiss' kappa: agreement above luck, as a share of what there is above luck."""
    votes = np.asarray(votes, dtype=float)
    n = votes.sum(axis=1)
    observed = ((votes * (votes - 1)).sum(axis=1) / (n * (n - 1))).mean()
    by_luck = ((votes.sum(axis=0) / votes.sum()) ** 2).sum()
    return float((observed - by_luck) / (1 - by_luck))


def vote_entropy(counts: Sequence[int]) -> float:
    """Return how undecided the votes on one clip are, in bits."""
    shares = [n / sum(counts) for n in counts if n > 0]
    return abs(float(-sum(p * np.log2(p) for p in shares)))


def soft_loss(logits: np.ndarray, shares: np.ndarray) -> float:
    """Return the mean cross-entropy, in nats, between shares and the softmax of the logits."""
    logits, shares = np.asarray(logits, dtype=float), np.asarray(shares, dtype=float)
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return float(-(shares * log_p).sum(axis=1).mean())


def best_bet(votes: np.ndarray) -> float:
    """Return the share of votes foreseen by who knows the label and bets as well as possible."""
    votes = np.asarray(votes)
    return float(votes.max(axis=1).sum() / votes.sum())


# --- what is tried, and what goes wrong ----------------------------------------------------------


def _votes(rng: np.random.Generator) -> Iterator[tuple]:
    for n_clips, n_emotions in ((8, 6), (15, 4)):
        lean = rng.dirichlet(np.full(n_emotions, 0.6), n_clips)
        yield (np.array([rng.multinomial(rng.integers(4, 12), p) for p in lean]),)
    yield (np.array([[5, 0, 0], [0, 7, 0], [0, 0, 4]]),)  # each clip: all of one mind
    yield (np.array([[1, 1], [1, 1], [1, 1]]),)  # below luck


def _agreement_alone(votes: np.ndarray) -> float:
    votes = np.asarray(votes, dtype=float)
    n = votes.sum(axis=1)
    return float(((votes * (votes - 1)).sum(axis=1) / (n * (n - 1))).mean())


def _with_oneself(votes: np.ndarray) -> float:
    votes = np.asarray(votes, dtype=float)
    observed = ((votes / votes.sum(axis=1, keepdims=True)) ** 2).sum(axis=1).mean()
    by_luck = ((votes.sum(axis=0) / votes.sum()) ** 2).sum()
    return float((observed - by_luck) / (1 - by_luck))


def _even_luck(votes: np.ndarray) -> float:
    by_luck = 1 / np.shape(votes)[1]
    return float((_agreement_alone(votes) - by_luck) / (1 - by_luck))


def _counts(rng: np.random.Generator) -> Iterator[tuple]:
    yield (rng.integers(1, 9, 6).tolist(),)
    yield ([4, 0, 4, 0],)
    yield (rng.multinomial(9, [0.6, 0.3, 0.1, 0, 0, 0]).tolist(),)
    yield ([0, 10, 0, 0, 0, 0],)


def _in_nats(counts: Sequence[int]) -> float:
    return vote_entropy(counts) * float(np.log(2))


def _zeros_too(counts: Sequence[int]) -> float:
    p = np.asarray(counts) / np.sum(counts)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(-(p * np.log2(p)).sum())


def _of_counts(counts: Sequence[int]) -> float:
    return float(-sum(n * np.log2(n) for n in counts if n > 0))


def _logits(rng: np.random.Generator) -> Iterator[tuple]:
    for n, k in ((5, 6), (3, 4)):
        yield rng.normal(size=(n, k)), rng.dirichlet(np.ones(k), n)
    yield np.zeros((2, 6)), np.eye(6)[[0, 3]]
    yield np.array([[1000.0, 0.0], [0.0, 1000.0]]), np.array([[1.0, 0.0], [0.5, 0.5]])


def _softmax(logits: np.ndarray, axis: int | None) -> np.ndarray:
    e = np.exp(np.asarray(logits, dtype=float) - np.max(logits))
    return e / e.sum(axis=axis, keepdims=True)


def _no_log_and_one_sum(logits: np.ndarray, shares: np.ndarray) -> float:
    return float(-(shares * _softmax(logits, None)).sum(axis=1).mean())


def _one_sum(logits: np.ndarray, shares: np.ndarray) -> float:
    return float(-(shares * np.log(_softmax(logits, None) + 1e-300)).sum(axis=1).mean())


def _no_log(logits: np.ndarray, shares: np.ndarray) -> float:
    return float(-(shares * _softmax(logits, 1)).sum(axis=1).mean())


def _hard(logits: np.ndarray, shares: np.ndarray) -> float:
    best = np.eye(shares.shape[1])[np.argmax(shares, axis=1)]
    return soft_loss(logits, best)


def _overflows(logits: np.ndarray, shares: np.ndarray) -> float:
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        e = np.exp(np.asarray(logits, dtype=float))
        return float(-(shares * np.log(e / e.sum(axis=1, keepdims=True))).sum(axis=1).mean())


def _matrices(rng: np.random.Generator) -> Iterator[tuple]:
    for k in (6, 4):
        yield (rng.integers(1, 60, (k, k)) + 20 * np.eye(k, dtype=int) * np.arange(k),)
    yield (np.array([[10, 0], [9, 1]]),)
    yield (np.array([[5, 2, 1], [1, 6, 2], [0, 0, 30]]),)


def _label(votes: np.ndarray) -> float:
    return float(np.trace(votes) / np.sum(votes))


def _each_emotion_alike(votes: np.ndarray) -> float:
    votes = np.asarray(votes)
    return float((votes.max(axis=1) / votes.sum(axis=1)).mean())


def _by_column(votes: np.ndarray) -> float:
    return best_bet(np.asarray(votes).T)


EXERCISES = (
    Exercise(
        fleiss,
        _votes,
        (
            Mistake(
                _agreement_alone,
                "That is how often two listeners agree. How much of it would luck give?",
            ),
            Mistake(
                _with_oneself,
                "You let a listener be paired with themselves. Of n votes, a vote has n - 1 others "
                "to agree with.",
            ),
            Mistake(
                _even_luck,
                "You take luck for one in so many emotions. Guessers who know how frequent each "
                "answer is agree more often.",
            ),
        ),
    ),
    Exercise(
        vote_entropy,
        _counts,
        (
            Mistake(_in_nats, "That is in nats. Bits have the logarithm of base 2."),
            Mistake(
                _of_counts, "You take logarithms of counts. Which share of the votes is each count?"
            ),
            Mistake(
                _zeros_too,
                "The logarithm of 0 is not finite, and 0 times that is not a number. What should "
                "an emotion that nobody named add?",
            ),
        ),
    ),
    Exercise(
        soft_loss,
        _logits,
        (
            Mistake(
                _no_log_and_one_sum,
                "Two things are wrong. The probabilities of each clip must add up to 1, and a "
                "cross-entropy has a logarithm.",
            ),
            Mistake(
                _one_sum,
                "All clips together add up to 1. The probabilities of *each* clip must: `axis`?",
            ),
            Mistake(_no_log, "The softmax is right now. Is there a logarithm in your loss?"),
            Mistake(
                _hard,
                "You keep the favourite only, and are back at hard labels. Use all shares.",
            ),
            Mistake(
                _overflows,
                "With large logits `exp` overflows, or a probability becomes 0 and has no "
                "logarithm. Subtract each row's largest logit first, and find log p without "
                "dividing.",
            ),
        ),
    ),
    Exercise(
        best_bet,
        _matrices,
        (
            Mistake(_label, "That is who answers with the label. Could another bet do better?"),
            Mistake(
                _each_emotion_alike,
                "You count each emotion alike. Count votes: a row with more of them counts for "
                "more.",
            ),
            Mistake(
                _by_column,
                "You bet on a label for each vote. Rows are labels: choose one vote for each row.",
            ),
        ),
    ),
)
