"""Right solutions of the exercises of notebook 00; `exercise__how`."""

import numpy as np
import pandas as pd


def share_right__with_a_loop(guesses, answers):
    right = 0
    for guess, answer in zip(guesses, answers, strict=True):
        if guess == answer:
            right += 1
    return right / len(guesses)


def share_right__with_numpy(guesses, answers):
    return (np.array(guesses) == np.array(answers)).mean()


def share_right__with_pandas(guesses, answers):
    return pd.Series(guesses).eq(pd.Series(answers)).mean()


def recall_of__with_a_row(matrix, emotion):
    row = matrix.loc[emotion]
    return row[emotion] / row.sum()


def recall_of__with_numpy(matrix, emotion):
    place = list(matrix.index).index(emotion)
    counts = matrix.to_numpy()
    return counts[place, place] / counts[place].sum()


def recall_of__with_a_loop(matrix, emotion):
    total = 0
    for other in matrix.columns:
        total += matrix.at[emotion, other]
    return matrix.at[emotion, emotion] / total
