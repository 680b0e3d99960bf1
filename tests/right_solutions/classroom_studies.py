"""Right solutions of a class's exercises on notebook 14; `exercise__how`."""

import numpy as np
import pandas as pd


def who_gains__with_a_table(true, a, b, speakers):
    table = pd.DataFrame({"true": true, "a": a, "b": b, "speaker": speakers})
    table["gain"] = (table.a == table.true) * 1.0 - (table.b == table.true)
    return table.groupby("speaker").gain.mean()


def who_gains__of_two_shares(true, a, b, speakers):
    shares = [true.eq(said[true.index]).groupby(speakers).mean() for said in (a, b)]
    return shares[0] - shares[1]


def who_gains__with_a_loop(true, a, b, speakers):
    gains = {}
    for speaker in speakers.unique():
        clips = speakers.index[speakers == speaker]
        gains[speaker] = np.mean(a[clips] == true[clips]) - np.mean(b[clips] == true[clips])
    return gains


def holm_keeps__with_a_loop(p_values, level):
    kept = np.zeros(len(p_values), dtype=bool)
    for rank, place in enumerate(np.argsort(p_values)):
        if p_values[place] > level / (len(p_values) - rank):
            break
        kept[place] = True
    return kept


def holm_keeps__by_adjusted(p_values, level):
    order = np.argsort(p_values)
    adjusted = np.maximum.accumulate(p_values[order] * np.arange(len(p_values), 0, -1))
    return adjusted[np.argsort(order)] <= level


def holm_keeps__taking_away(p_values, level):
    left = dict(enumerate(p_values))
    kept = [False] * len(p_values)
    while left:
        place = min(left, key=left.get)
        if left[place] > level / len(left):
            break
        kept[place] = True
        del left[place]
    return kept
