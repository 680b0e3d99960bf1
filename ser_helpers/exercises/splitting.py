"""Exercises of notebook 03: who stands on both sides, and how to prevent it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ser_helpers.exercises.checking import Exercise, Mistake


def in_train_and_test(actors: pd.Series, parts: pd.Series) -> list[int]:
    """Return, sorted, the actors who have clips in the train and in the test part."""
    train, test = set(actors[parts == "train"]), set(actors[parts == "test"])
    return sorted(train & test)


def _dealt(rng: np.random.Generator) -> Iterator[tuple]:
    for n_actors, n_clips in ((4, 12), (10, 30)):
        names = [f"clip{i:02d}" for i in range(n_clips)]
        actors = pd.Series(np.sort(1001 + rng.integers(0, n_actors, n_clips)), names)
        parts = pd.Series(rng.choice(["train", "validation", "test"], n_clips), names)
        parts[actors == actors.iloc[0]] = "train"  # somebody is on one side
        yield actors, parts
    names = list("abcd")
    yield pd.Series([1, 1, 1, 2], names), pd.Series(["train", "train", "test", "train"], names)
    yield pd.Series([2, 2, 1, 1], names), pd.Series(["train", "train", "test", "test"], names)
    yield pd.Series([2, 2, 1, 1], names), pd.Series(["train", "validation"] * 2, names)


def _everybody(actors: pd.Series, parts: pd.Series) -> list[int]:
    return sorted(set(actors))


def _with_validation(actors: pd.Series, parts: pd.Series) -> list[int]:
    n_parts = parts.groupby(actors).nunique()
    return sorted(n_parts.index[n_parts > 1])


def _clips_twice(actors: pd.Series, parts: pd.Series) -> list[int]:
    return sorted(actors[parts == "train"][actors[parts == "train"].isin(actors[parts == "test"])])


def deal_people(actors: pd.Series, n_folds: int, rng: np.random.Generator) -> pd.Series:
    """Deal the people into folds like cards, at random; each clip gets its actor's fold."""
    people = rng.permutation(np.unique(actors))
    fold_of = {actor: place % n_folds for place, actor in enumerate(people)}
    return actors.map(fold_of)


def _people(rng: np.random.Generator) -> Iterator[tuple]:
    for n_actors, n_folds in ((12, 4), (10, 3), (6, 6)):
        actors = np.repeat(np.arange(2001, 2001 + n_actors), 5)
        names = [f"clip{i:02d}" for i in range(len(actors))]
        yield pd.Series(actors, names), n_folds, np.random.default_rng(rng.integers(1000))


def _how_dealt(function: Any, actors: pd.Series, n_folds: int, rng: Any) -> dict:
    """Observe what every right way of dealing has in common."""
    seed = int(rng.integers(1000))
    folds = function(actors.copy(), n_folds, np.random.default_rng(seed))
    if not isinstance(folds, pd.Series):
        folds = pd.Series(np.asarray(folds), actors.index[: len(folds)])
    others = [
        pd.Series(np.asarray(function(actors, n_folds, np.random.default_rng(seed + i))))
        for i in range(1, 6)
    ]
    people = actors.groupby(folds).nunique()
    return {
        "clips with a fold": int(folds.reindex(actors.index).notna().sum()),
        "people in more than one fold": int((folds.groupby(actors).nunique() > 1).sum()),
        "numbers of the folds": sorted(folds.unique().tolist()),
        "people in the largest fold minus those in the smallest": (
            int(people.max() - people.min()) if len(people) == n_folds else None
        ),
        "another rng deals otherwise": any(
            (o.to_numpy() != folds.to_numpy()).any() for o in others
        ),
    }


def _deal_clips(actors: pd.Series, n_folds: int, rng: np.random.Generator) -> pd.Series:
    return pd.Series(rng.permutation(len(actors)) % n_folds, actors.index)


def _in_their_order(actors: pd.Series, n_folds: int, rng: np.random.Generator) -> pd.Series:
    return actors.map({actor: i % n_folds for i, actor in enumerate(np.unique(actors))})


def _each_draws_a_fold(actors: pd.Series, n_folds: int, rng: np.random.Generator) -> pd.Series:
    people = np.unique(actors)
    places = np.zeros(len(people), int)
    places[1:] = 1 + rng.integers(0, n_folds - 1, len(people) - 1)
    return actors.map(dict(zip(people, places, strict=True)))


def standardise_on(table: pd.DataFrame, in_train: pd.Series) -> pd.DataFrame:
    """Bring each column to mean 0 and standard deviation 1, measured on the training rows."""
    train = table[in_train]
    return (table - train.mean()) / train.std(ddof=0)


def _tables(rng: np.random.Generator) -> Iterator[tuple]:
    for n, k in ((20, 3), (8, 1), (50, 5)):
        table = pd.DataFrame(rng.normal(rng.normal(0, 50, k), rng.uniform(1, 9, k), (n, k)))
        in_train = pd.Series(rng.permutation(n) < 2 * n // 3)
        table[~in_train] += 20  # strangers are different
        yield table, in_train


def _peeks(table: pd.DataFrame, in_train: pd.Series) -> pd.DataFrame:
    return (table - table.mean()) / table.std(ddof=0)


def _own_ruler(table: pd.DataFrame, in_train: pd.Series) -> pd.DataFrame:
    parts = [rows for _, rows in table.groupby(in_train.to_numpy())]
    return pd.concat([(p - p.mean()) / p.std(ddof=0) for p in parts]).loc[table.index]


def _only_train(table: pd.DataFrame, in_train: pd.Series) -> pd.DataFrame:
    train = table[in_train]
    return (train - train.mean()) / train.std(ddof=0)


def _sample_sd(table: pd.DataFrame, in_train: pd.Series) -> pd.DataFrame:
    train = table[in_train]
    return (table - train.mean()) / train.std()


def held_out_answers(
    table: pd.DataFrame, labels: pd.Series, folds: pd.Series, classifier: Any
) -> pd.Series:
    """Return an answer for each clip, by a classifier that was fitted on the other folds."""
    answers = pd.Series(index=table.index, dtype=object)
    for fold in folds.unique():
        test = folds == fold
        classifier.fit(table[~test], labels[~test])
        answers[test] = classifier.predict(table[test])
    return answers


class _Nearest:
    """The nearest training row's label, without scikit-learn, which takes long to import."""

    def __repr__(self) -> str:
        return "a classifier"

    def get_params(self, deep: bool = True) -> dict:
        """Let scikit-learn's ``clone`` copy it: there is nothing to choose."""
        return {}

    def __sklearn_tags__(self) -> Any:
        """Let scikit-learn's ``cross_val_predict`` know that it is a classifier."""
        from sklearn.neighbors import KNeighborsClassifier

        return KNeighborsClassifier().__sklearn_tags__()

    def fit(self, table: pd.DataFrame, labels: pd.Series) -> "_Nearest":
        self.rows, self.labels = np.asarray(table, float), np.asarray(labels)
        return self

    def predict(self, table: pd.DataFrame) -> np.ndarray:
        away = np.abs(np.asarray(table, float)[:, None] - self.rows[None]).sum(axis=2)
        return self.labels[away.argmin(axis=1)]


def _folded(rng: np.random.Generator) -> Iterator[tuple]:
    for n, n_folds in ((30, 3), (24, 4)):
        names = [f"clip{i:02d}" for i in range(n)]
        table = pd.DataFrame(rng.normal(size=(n, 2)), names)
        labels = pd.Series(rng.choice(["ANG", "NEU", "SAD"], n), names)
        folds = pd.Series(rng.permutation(n) % n_folds, names)
        yield table, labels, folds, _Nearest()


def _trains_on_all(
    table: pd.DataFrame, labels: pd.Series, folds: pd.Series, classifier: Any
) -> pd.Series:
    return pd.Series(classifier.fit(table, labels).predict(table), table.index)


def _trains_on_the_fold(
    table: pd.DataFrame, labels: pd.Series, folds: pd.Series, classifier: Any
) -> pd.Series:
    answers = pd.Series(index=table.index, dtype=object)
    for fold in folds.unique():
        inside = folds == fold
        answers[~inside] = classifier.fit(table[inside], labels[inside]).predict(table[~inside])
    return answers


def _in_the_order_of_folds(
    table: pd.DataFrame, labels: pd.Series, folds: pd.Series, classifier: Any
) -> pd.Series:
    answers: list[str] = []
    for fold in sorted(folds.unique()):
        test = folds == fold
        answers += [*classifier.fit(table[~test], labels[~test]).predict(table[test])]
    return pd.Series(answers, table.index)


EXERCISES = (
    Exercise(
        in_train_and_test,
        _dealt,
        (
            Mistake(_everybody, "These are all actors. Who has clips in *both* parts?"),
            Mistake(
                _with_validation,
                "Only train and test were asked for; some of these are in validation instead.",
            ),
            Mistake(_clips_twice, "Name each actor once: a `set` keeps each name once."),
        ),
    ),
    Exercise(
        deal_people,
        _people,
        (
            Mistake(
                _deal_clips,
                "You deal the *clips*, so that a person lands in several folds. Deal the people, "
                "and let each clip follow its person: `actors.map(...)`.",
            ),
            Mistake(
                _in_their_order,
                "It is always the same deal. Shuffle the people first: `rng.permutation(people)`.",
            ),
            Mistake(
                _each_draws_a_fold,
                "The folds have different sizes. Go round the table: `place % n_folds`.",
            ),
        ),
        observe=_how_dealt,
    ),
    Exercise(
        standardise_on,
        _tables,
        (
            Mistake(
                _peeks,
                "Your mean and deviation are those of *all* rows: the ruler has seen the test.",
            ),
            Mistake(
                _own_ruler,
                "Train and test get a ruler each. Strangers are measured with the training ruler.",
            ),
            Mistake(_only_train, "All rows are wanted, those outside the train part, too."),
            Mistake(
                _sample_sd,
                "pandas divides by n - 1 unless you say `ddof=0`; scikit-learn divides by n.",
            ),
        ),
    ),
    Exercise(
        held_out_answers,
        _folded,
        (
            Mistake(
                _trains_on_all,
                "The classifier has seen the clips that it is asked about. For each fold, fit on "
                "the *other* folds.",
            ),
            Mistake(
                _trains_on_the_fold,
                "You fit on one fold and ask about the others. It is the other way round.",
            ),
            Mistake(
                _in_the_order_of_folds,
                "The answers are right but belong to other clips: put each into the place of its "
                "clip, `answers[test] = ...`.",
            ),
        ),
    ),
)
