"""Right solutions of a class's exercises on notebook 01; `exercise__how`."""

import librosa
import numpy as np


def level_difference__of_rms(y, other):
    return 20 * np.log10(np.sqrt(np.mean(y**2)) / np.sqrt(np.mean(other**2)))


def level_difference__two_levels(y, other):
    one, two = (10 * np.log10(np.mean(np.square(x))) for x in (y, other))
    return one - two


def level_difference__with_the_sd(y, other):
    def level(x):
        return 20 * np.log10(np.linalg.norm(x) / len(x) ** 0.5)

    return level(y) - level(other)


def pitch_by_shifts__with_a_loop(y, sr, lowest, highest):
    best, best_sum = None, -np.inf
    for shift in range(round(sr / highest), round(sr / lowest) + 1):
        total = y[shift:] @ y[:-shift]
        if total > best_sum:
            best, best_sum = shift, total
    return sr / best


def pitch_by_shifts__with_librosa(y, sr, lowest, highest):
    first = round(sr / highest)
    sums = librosa.autocorrelate(y)[first : round(sr / lowest) + 1]
    return sr / (first + sums.argmax())


def pitch_by_shifts__with_correlate(y, sr, lowest, highest):
    sums = np.correlate(y, y, "full")[len(y) - 1 :]
    shifts = range(round(sr / highest), round(sr / lowest) + 1)
    return sr / max(shifts, key=lambda shift: sums[shift])
