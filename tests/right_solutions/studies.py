"""Right solutions of the exercises of notebook 14; `exercise__how`."""

from collections import Counter

import numpy as np
import pandas as pd


def most_frequent_baseline__with_a_loop(labels, folds):
    answers = labels.copy()
    for fold in set(folds):
        counts = Counter(labels[folds != fold])
        answers[folds == fold] = min(counts, key=lambda label: (-counts[label], label))
    return answers


def most_frequent_baseline__with_mode(labels, folds):
    of_fold = {fold: labels[folds != fold].mode()[0] for fold in folds.unique()}
    return folds.map(of_fold)


def most_frequent_baseline__with_a_table(labels, folds):
    counts = pd.crosstab(folds, labels)
    others = counts.sum() - counts
    return others.idxmax(axis=1)[folds].to_numpy()


def paired_interval__with_a_loop(a, b, n_draws, rng):
    names = list(a.index)
    means = []
    for _ in range(n_draws):
        drawn = rng.choice(names, len(names))
        means.append((a[drawn].to_numpy() - b[drawn].to_numpy()).mean())
    return np.quantile(means, 0.025), np.quantile(means, 0.975)


def paired_interval__with_a_matrix(a, b, n_draws, rng):
    d = (a - b).to_numpy()
    times = rng.multinomial(len(d), np.full(len(d), 1 / len(d)), size=n_draws)
    return tuple(np.percentile(times @ d / len(d), [2.5, 97.5]))


def paired_interval__with_pandas(a, b, n_draws, rng):
    table = pd.DataFrame({"a": a, "b": b})
    gain = table.a - table.b
    means = [gain.iloc[rng.integers(0, len(gain), len(gain))].mean() for _ in range(n_draws)]
    ends = pd.Series(means).quantile([0.025, 0.975])
    return ends.iloc[0], ends.iloc[1]


def sentence_of__step_by_step(value, low, high, n_speakers):
    if n_speakers < 6:
        return "cannot tell"
    if low > 0:
        return "better"
    if high < 0:
        return "worse"
    return "cannot tell"


def sentence_of__by_the_signs(value, low, high, n_speakers):
    if n_speakers >= 6 and low * high > 0:
        return {True: "better", False: "worse"}[low > 0]
    return "cannot tell"


def sentence_of__with_match(value, low, high, n_speakers):
    match (n_speakers >= 6, low > 0, high < 0):
        case (True, True, _):
            return "better"
        case (True, _, True):
            return "worse"
    return "cannot tell"
