"""Right solutions of the exercises of notebook 07; `exercise__how`."""

import itertools
from collections import Counter

import numpy as np
import pandas as pd


def crossed_turns__with_masks(speaker_fold, sentence_group):
    speaker_fold, sentence_group = np.array(speaker_fold), np.array(sentence_group)
    turns = []
    for fold, group in itertools.product(np.unique(speaker_fold), np.unique(sentence_group)):
        test = np.where((speaker_fold == fold) & (sentence_group == group))[0]
        learn = np.where((speaker_fold != fold) & (sentence_group != group))[0]
        if len(test):
            turns.append((learn, test))
    return turns


def crossed_turns__with_lists(speaker_fold, sentence_group):
    pairs = list(zip(speaker_fold, sentence_group, strict=True))
    turns = []
    for fold, group in sorted(set(pairs)):
        learn = [i for i, (f, g) in enumerate(pairs) if f != fold and g != group]
        turns.append((learn, [i for i, pair in enumerate(pairs) if pair == (fold, group)]))
    return turns


def crossed_turns__with_pandas(speaker_fold, sentence_group):
    rows = pd.DataFrame({"fold": speaker_fold, "group": sentence_group})
    turns = []
    for (fold, group), test in rows.groupby(["fold", "group"]):
        learn = rows[rows.fold.ne(fold) & rows.group.ne(group)]
        turns.append((learn.index.to_numpy(), test.index.to_numpy()))
    return turns


def share_by_luck__by_counting(learn_names, test_names):
    counts = Counter(learn_names)
    return sum(counts[name] / len(learn_names) for name in test_names) / len(test_names)


def share_by_luck__with_a_table_of_pairs(learn_names, test_names):
    return (np.array(learn_names)[:, None] == np.array(test_names)[None]).mean()


def share_by_luck__with_pandas(learn_names, test_names):
    shares = pd.Series(learn_names).value_counts(normalize=True)
    return pd.Series(test_names).map(shares).fillna(0).mean()


def centred__with_pandas(X, speakers):
    table = pd.DataFrame(X)
    return (table - table.groupby(list(speakers)).transform("mean")).to_numpy()


def centred__row_by_row(X, speakers):
    rows = []
    for row, speaker in zip(X, speakers, strict=True):
        theirs = [x for x, other in zip(X, speakers, strict=True) if other == speaker]
        rows.append(row - np.mean(theirs, axis=0))
    return np.array(rows)


def centred__with_a_matrix_of_means(X, speakers):
    same = (np.array(speakers)[:, None] == np.array(speakers)[None]).astype(float)
    return X - same @ X / same.sum(axis=1, keepdims=True)


def on_both_sides__with_isin(learn, test):
    return pd.Series({name: test[name].isin(learn[name]).mean() for name in test.columns})


def on_both_sides__with_sets(learn, test):
    shares = {}
    for name in test.columns:
        known = set(learn[name])
        shares[name] = sum(value in known for value in test[name]) / len(test)
    return shares


def on_both_sides__at_once(learn, test):
    return test.apply(lambda column: np.isin(column, learn[column.name]).mean())
