"""Exercises of notebook 07: who learns, who is tested, and what stands on both sides."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from ser_helpers.exercises.checking import Exercise, Mistake

Turns = list[tuple[np.ndarray, np.ndarray]]


def crossed_turns(speaker_fold: Sequence[int], sentence_group: Sequence[int]) -> Turns:
    """List the turns: the places that learn and those that are tested."""
    fold, group = np.asarray(speaker_fold), np.asarray(sentence_group)
    turns = []
    for f in np.unique(fold):
        for g in np.unique(group):
            test = (fold == f) & (group == g)
            if test.any():
                learn = (fold != f) & (group != g)
                turns.append((np.flatnonzero(learn), np.flatnonzero(test)))
    return turns


def share_by_luck(learn_names: Sequence[str], test_names: Sequence[str]) -> float:
    """Return how often a training row drawn blindly has the name of the test row."""
    learn = np.asarray(learn_names)
    return float(np.mean([(learn == name).mean() for name in test_names]))


def centred(X: np.ndarray, speakers: Sequence[str]) -> np.ndarray:
    """Subtract from each row the mean of its speaker's rows, column by column."""
    X, names = np.array(X, dtype=float), np.asarray(speakers)
    for name in np.unique(names):
        X[names == name] -= X[names == name].mean(axis=0)
    return X


def on_both_sides(learn: pd.DataFrame, test: pd.DataFrame) -> pd.Series:
    """Return, for each column, the share of test rows whose value some learning row has."""
    return pd.Series({column: test[column].isin(learn[column]).mean() for column in test})


# --- what is tried, and what goes wrong ----------------------------------------------------------


def _folds(rng: np.random.Generator) -> Iterator[tuple]:
    for n, n_folds, n_groups in ((24, 3, 2), (30, 4, 3)):
        yield rng.permutation(np.arange(n) % n_folds), rng.permutation(np.arange(n) % n_groups)
    yield np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    yield np.array([0, 0, 1, 1, 2]), np.array([0, 0, 1, 0, 1])  # fold 0 lacks group 1


def _learns_all_the_rest(speaker_fold: Sequence[int], sentence_group: Sequence[int]) -> Turns:
    tested = [test for _, test in crossed_turns(speaker_fold, sentence_group)]
    return [(np.setdiff1d(np.arange(len(speaker_fold)), test), test) for test in tested]


def _speakers_alone(speaker_fold: Sequence[int], sentence_group: Sequence[int]) -> Turns:
    fold = np.asarray(speaker_fold)
    return [(np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in np.unique(fold)]


def _empty_ones_too(speaker_fold: Sequence[int], sentence_group: Sequence[int]) -> Turns:
    fold, group = np.asarray(speaker_fold), np.asarray(sentence_group)
    return [
        (np.flatnonzero((fold != f) & (group != g)), np.flatnonzero((fold == f) & (group == g)))
        for f in np.unique(fold)
        for g in np.unique(group)
    ]


def _names(rng: np.random.Generator) -> Iterator[tuple]:
    people = ["Ada", "Ben", "Cem", "Dora"]
    for n_learn, n_test in ((10, 7), (25, 9)):
        shares = [0.5, 0.25, 0.15, 0.1]
        learn, test = rng.choice(people, n_learn, p=shares), rng.choice(people, n_test, p=shares)
        yield ["Ada", *learn.tolist()], ["Ada", "Ada", "Ben", *test.tolist()]
    yield ["Ada", "Ada", "Ben"], ["Ada", "Cem"]  # nobody learnt from Cem
    yield ["Ada", "Ben"], ["Cem"]


def _one_in(learn_names: Sequence[str], test_names: Sequence[str]) -> float:
    return 1 / len(set(learn_names))


def _known(learn_names: Sequence[str], test_names: Sequence[str]) -> float:
    return float(np.mean([name in set(learn_names) for name in test_names]))


def _names_alike(learn_names: Sequence[str], test_names: Sequence[str]) -> float:
    return share_by_luck(learn_names, sorted(set(test_names)))


def _tables(rng: np.random.Generator) -> Iterator[tuple]:
    for n, d in ((12, 3), (20, 2)):
        names = [f"speaker {k}" for k in rng.permutation(np.arange(n) % 3)]
        yield rng.normal(size=(n, d)) + rng.normal(scale=5, size=d), names
    yield np.array([[1.0, 2.0], [3.0, 6.0], [10.0, 0.0]]), ["a", "a", "b"]  # b has one row


def _one_number(X: np.ndarray, speakers: Sequence[str]) -> np.ndarray:
    X, names = np.array(X, dtype=float), np.asarray(speakers)
    for name in np.unique(names):
        X[names == name] -= X[names == name].mean()
    return X


def _mean_of_all(X: np.ndarray, speakers: Sequence[str]) -> np.ndarray:
    return np.asarray(X) - np.mean(X, axis=0)


def _scaled_as_well(X: np.ndarray, speakers: Sequence[str]) -> np.ndarray:
    X, names = np.array(X, dtype=float), np.asarray(speakers)
    for name in np.unique(names):
        theirs = X[names == name]
        X[names == name] = (theirs - theirs.mean(axis=0)) / (theirs.std(axis=0) + 1e-12)
    return X


def _sides(rng: np.random.Generator) -> Iterator[tuple]:
    def rows(n: int, people: Sequence[str]) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "actor": rng.choice(people, n),
                "sentence": rng.choice(["IEO", "TIE", "DFA"], n, p=[0.6, 0.3, 0.1]),
                "source": [f"clip {k}" for k in rng.integers(0, 40, n)],
            }
        )

    learn = rows(30, ["Ada", "Ben"])
    yield learn, rows(8, ["Ada", "Cem", "Dora"])
    yield learn, rows(11, ["Dora", "Eve"])
    yield learn.drop(columns="source"), rows(5, ["Ada"]).drop(columns="source")
    yield learn.iloc[:3], learn.iloc[:3].reset_index(drop=True)


def _of_learning_rows(learn: pd.DataFrame, test: pd.DataFrame) -> pd.Series:
    return on_both_sides(test, learn)


def _of_values(learn: pd.DataFrame, test: pd.DataFrame) -> pd.Series:
    return pd.Series({c: len(set(test[c]) & set(learn[c])) / test[c].nunique() for c in test})


def _how_many(learn: pd.DataFrame, test: pd.DataFrame) -> pd.Series:
    return pd.Series({column: test[column].isin(learn[column]).sum() for column in test})


EXERCISES = (
    Exercise(
        crossed_turns,
        _folds,
        (
            Mistake(
                _learns_all_the_rest,
                "All rows that are not tested learn. Among them are the tested speakers with other "
                "words, and the tested words by other speakers: who must step out?",
            ),
            Mistake(
                _speakers_alone,
                "These are folds of speakers alone: the tested sentences are learnt from others. A "
                "turn is a pair, of one fold and one group.",
            ),
            Mistake(
                _empty_ones_too,
                "Here one fold has no row of one group, and your turn tests nothing. Leave it out.",
            ),
        ),
    ),
    Exercise(
        share_by_luck,
        _names,
        (
            Mistake(
                _one_in,
                "That would be right if everybody had equally many training rows. Look at each "
                "test row: which share of the training rows has its name?",
            ),
            Mistake(
                _known,
                "You ask whether the name occurs in training. How often would a row that is drawn "
                "blindly have it?",
            ),
            Mistake(
                _names_alike,
                "You count each name once. Take the mean over test rows, so that who is tested "
                "often counts often.",
            ),
        ),
    ),
    Exercise(
        centred,
        _tables,
        (
            Mistake(
                _one_number,
                "You subtract one number from all columns of a speaker. Each column has a mean of "
                "its own: what does `axis` do?",
            ),
            Mistake(
                _mean_of_all,
                "You subtract the mean of everybody. What then still tells the speakers apart?",
            ),
            Mistake(
                _scaled_as_well,
                "You also divide by the standard deviation. Only the mean is to go.",
            ),
        ),
    ),
    Exercise(
        on_both_sides,
        _sides,
        (
            Mistake(
                _of_learning_rows,
                "You look for training rows in the test. Which share of the *test* rows is known?",
            ),
            Mistake(
                _of_values,
                "You count each value once. Count rows: a known speaker with many test rows counts "
                "for many.",
            ),
            Mistake(_how_many, "That is how many. Which share of the test rows is it?"),
        ),
    ),
)
