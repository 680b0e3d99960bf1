"""Right solutions of the exercises of notebook 06; `exercise__how`."""

import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, f1_score


def macro_f1__with_a_loop(y_true, y_pred):
    y_true, y_pred = np.asarray(y_true), np.asarray(y_pred)
    f1 = []
    for emotion in sorted(set(y_true)):
        right = np.sum((y_true == emotion) & (y_pred == emotion))
        recall = right / np.sum(y_true == emotion)
        precision = right / max(1, np.sum(y_pred == emotion))
        f1.append(2 * precision * recall / (precision + recall) if right else 0)
    return np.mean(f1)


def macro_f1__with_scikit_learn(y_true, y_pred):
    labels = sorted(set(y_true))
    return f1_score(y_true, y_pred, labels=labels, average="macro", zero_division=0)


def macro_f1__from_a_matrix(y_true, y_pred):
    labels = sorted(set(y_true) | set(y_pred))
    matrix = confusion_matrix(y_true, y_pred, labels=labels)
    f1 = 2 * np.diag(matrix) / np.maximum(matrix.sum(axis=0) + matrix.sum(axis=1), 1)
    return np.mean([value for name, value in zip(labels, f1, strict=True) if name in set(y_true)])


def draw_people__with_choice(speakers, rng):
    names = np.unique(speakers)
    drawn = rng.choice(names, size=len(names), replace=True)
    return np.concatenate([np.where(speakers == name)[0] for name in drawn])


def draw_people__with_a_die(speakers, rng):
    names, number = np.unique(speakers, return_inverse=True)
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)))
    return np.repeat(np.arange(len(speakers)), times[number])


def draw_people__with_lists(speakers, rng):
    names = sorted(set(speakers.tolist()))
    rows = []
    for _ in names:
        name = names[rng.integers(len(names))]
        rows += [row for row, speaker in enumerate(speakers) if speaker == name]
    return rows


def right_alarms__by_counting_calls(share, recall, false_alarm):
    angry = 1000 * share
    found = angry * recall
    false = (1000 - angry) * false_alarm
    return found / (found + false)


def right_alarms__by_bayes(share, recall, false_alarm):
    alarms = share * recall + (1 - share) * false_alarm
    return share * recall / alarms


def right_alarms__by_odds(share, recall, false_alarm):
    if share == 1 or false_alarm == 0:
        return 1.0
    odds = share / (1 - share) * recall / false_alarm
    return odds / (1 + odds)


def accuracy_at__with_nlargest(probabilities, y_true, coverage):
    surest = probabilities.max(axis=1).nlargest(round(coverage * len(probabilities))).index
    right = probabilities.idxmax(axis=1) == y_true
    return right[surest].mean()


def accuracy_at__with_numpy(probabilities, y_true, coverage):
    p = probabilities.to_numpy()
    right = probabilities.columns.to_numpy()[p.argmax(axis=1)] == y_true.to_numpy()
    order = np.argsort(-p.max(axis=1))
    return right[order[: round(coverage * len(p))]].mean()


def accuracy_at__with_a_table(probabilities, y_true, coverage):
    answers = pd.DataFrame(
        {"sure": probabilities.max(axis=1), "said": probabilities.idxmax(axis=1)}
    )
    answers["right"] = answers.said == y_true
    n = round(coverage * len(answers))
    return answers.sort_values("sure", ascending=False).head(n).right.mean()
