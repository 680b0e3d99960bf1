"""Right solutions of the exercises of notebook 03; `exercise__how`."""

import random

import numpy as np
import pandas as pd
from sklearn.model_selection import LeaveOneGroupOut
from sklearn.preprocessing import StandardScaler


def in_train_and_test__with_sets(actors, parts):
    return sorted(set(actors[parts == "train"]).intersection(actors[parts == "test"]))


def in_train_and_test__with_a_loop(actors, parts):
    found = []
    for actor in sorted(actors.unique()):
        own = parts[actors == actor].tolist()
        if "train" in own and "test" in own:
            found.append(actor)
    return found


def in_train_and_test__with_a_table(actors, parts):
    counts = pd.crosstab(actors, parts).reindex(columns=["train", "test"], fill_value=0)
    return counts.index[(counts > 0).all(axis=1)]


def deal_people__round_the_table(actors, n_folds, rng):
    people = actors.unique()
    rng.shuffle(people)
    return actors.map({actor: i % n_folds for i, actor in enumerate(people)})


def deal_people__in_slices(actors, n_folds, rng):
    folds = pd.Series(-1, index=actors.index)
    for number, group in enumerate(np.array_split(rng.permutation(actors.unique()), n_folds)):
        folds[actors.isin(group)] = number
    return folds


def deal_people__as_an_array(actors, n_folds, rng):
    people = sorted(set(actors))
    random.Random(int(rng.integers(10**6))).shuffle(people)
    return np.array([people.index(actor) % n_folds for actor in actors])


def standardise_on__with_pandas(table, in_train):
    mean, deviation = table[in_train].mean(), table[in_train].std(ddof=0)
    return (table - mean) / deviation


def standardise_on__with_scikit_learn(table, in_train):
    scaler = StandardScaler().fit(table[in_train])
    return pd.DataFrame(scaler.transform(table), table.index, table.columns)


def standardise_on__column_by_column(table, in_train):
    out = table.copy()
    for column in table:
        own = table.loc[in_train, column].to_numpy()
        out[column] = (table[column] - own.mean()) / own.std()
    return out


def held_out_answers__with_masks(table, labels, folds, classifier):
    answers = labels.copy()
    for fold in range(folds.max() + 1):
        learn, test = folds != fold, folds == fold
        classifier.fit(table[learn], labels[learn])
        answers[test] = classifier.predict(table[test])
    return answers


def held_out_answers__in_pieces(table, labels, folds, classifier):
    pieces = []
    for _, rows in table.groupby(folds):
        rest = table.drop(rows.index)
        said = classifier.fit(rest, labels[rest.index]).predict(rows)
        pieces.append(pd.Series(said, rows.index))
    return pd.concat(pieces).loc[table.index]


def held_out_answers__with_leave_one_group_out(table, labels, folds, classifier):
    answers = np.empty(len(table), dtype=object)
    for learn, test in LeaveOneGroupOut().split(table, labels, groups=folds):
        model = classifier.fit(table.iloc[learn], labels.iloc[learn])
        answers[test] = model.predict(table.iloc[test])
    return pd.Series(answers, table.index)
