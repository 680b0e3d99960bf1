"""Right solutions of a class's exercises on notebook 07; `exercise__how`."""

import numpy as np
import pandas as pd


def repeated_rows__by_distance(learn, test):
    return [i for i, row in enumerate(test) if np.abs(learn - row).max(axis=1).min() <= 1e-6]


def repeated_rows__at_once(learn, test):
    same = np.isclose(test[:, None], learn[None], rtol=0, atol=1e-6)
    return np.flatnonzero(same.all(axis=2).any(axis=1))


def repeated_rows__with_sets(learn, test):
    known = {tuple(row) for row in learn.round(5)}
    return np.array([i for i, row in enumerate(test.round(5)) if tuple(row) in known])


def told_by__with_crosstab(learn, learn_labels, test, test_labels):
    counts = pd.crosstab(learn, learn_labels)
    usual = counts.sum().idxmax()
    said = test.map(counts.idxmax(axis=1)).fillna(usual)
    return (said.to_numpy() == test_labels.to_numpy()).mean()


def told_by__with_a_loop(learn, learn_labels, test, test_labels):
    right = 0
    for value, label in zip(test, test_labels, strict=True):
        own = list(learn_labels[learn == value]) or list(learn_labels)
        right += label == max(sorted(set(own)), key=own.count)
    return right / len(test)


def told_by__with_mode(learn, learn_labels, test, test_labels):
    answers = learn_labels.groupby(learn).agg(lambda own: own.mode()[0])
    said = answers.reindex(test).fillna(learn_labels.mode()[0])
    return float(np.mean(said.to_numpy() == test_labels.to_numpy()))
