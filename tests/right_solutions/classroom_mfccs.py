"""Right solutions of a class's exercises on notebook 02; `exercise__how`."""

import numpy as np


def centre_of_gravity__with_a_loop(power, hertz):
    centres = []
    for frame in power.T:
        total = frame.sum()
        centres.append((frame * hertz).sum() / total if total > 0 else 0)
    return centres


def centre_of_gravity__with_average(power, hertz):
    return np.array([np.average(hertz, weights=p) if p.any() else 0.0 for p in power.T])


def centre_of_gravity__with_divide(power, hertz):
    total = power.sum(axis=0)
    sums = (power * hertz[:, None]).sum(axis=0)
    return np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)


def row_of_thirds__with_a_loop(mfccs):
    row = []
    for third in np.array_split(mfccs, 3, axis=1):
        row += [coefficient.mean() for coefficient in third]
    return row


def row_of_thirds__turned_over(mfccs):
    return np.hstack([third.mean(axis=0) for third in np.array_split(mfccs.T, 3)])


def row_of_thirds__with_ends(mfccs):
    n, rest = divmod(mfccs.shape[1], 3)
    first = n + (rest > 0)
    second = first + n + (rest > 1)
    parts = mfccs[:, :first], mfccs[:, first:second], mfccs[:, second:]
    return np.concatenate([np.mean(part, axis=1) for part in parts])
