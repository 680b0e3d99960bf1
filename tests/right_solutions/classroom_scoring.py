"""Right solutions of a class's exercises on notebook 06; `exercise__how`."""

import numpy as np
import pandas as pd


def uar_of__with_a_loop(matrix):
    recalls = [row[i] / row.sum() for i, row in enumerate(matrix) if row.sum()]
    return sum(recalls) / len(recalls)


def uar_of__with_nanmean(matrix):
    with np.errstate(invalid="ignore"):
        return np.nanmean(matrix.diagonal() / matrix.sum(axis=1))


def uar_of__rows_first(matrix):
    rows = (
        matrix[matrix.sum(axis=1) > 0]
        / matrix.sum(axis=1, keepdims=True).clip(1)[matrix.sum(axis=1) > 0]
    )
    columns = np.flatnonzero(matrix.sum(axis=1) > 0)
    return rows[np.arange(len(columns)), columns].mean()


def hardest_speaker__with_a_table(true, said, speakers):
    table = pd.DataFrame({"true": true, "said": said, "speaker": speakers})
    table["right"] = table.true == table.said
    shares = table.groupby("speaker").right.mean()
    return shares.idxmin(), shares.min()


def hardest_speaker__with_a_loop(true, said, speakers):
    shares = {}
    for speaker in sorted(set(speakers)):
        clips = speakers.index[speakers == speaker]
        shares[speaker] = (true[clips] == said[clips]).mean()
    hardest = min(shares, key=shares.get)
    return hardest, shares[hardest]


def hardest_speaker__sorted(true, said, speakers):
    right = true.eq(said[true.index]).groupby(speakers).mean()
    right = right.sort_index().sort_values(kind="stable")
    return right.index[0], right.iloc[0]
