"""Right solutions of the exercises of notebook 02; `exercise__how`."""

import librosa
import numpy as np
from sklearn.neighbors import NearestNeighbors


def frame_signal__with_a_loop(y, frame_length, hop_length):
    frames = []
    start = 0
    while start + frame_length <= len(y):
        frames.append(y[start : start + frame_length])
        start += hop_length
    return np.array(frames).T


def frame_signal__with_librosa(y, frame_length, hop_length):
    return librosa.util.frame(y, frame_length=frame_length, hop_length=hop_length)


def frame_signal__with_a_table_of_places(y, frame_length, hop_length):
    n_frames = 1 + (len(y) - frame_length) // hop_length
    places = np.arange(frame_length)[:, np.newaxis] + hop_length * np.arange(n_frames)
    return y[places]


def frame_signal__with_a_sliding_window(y, frame_length, hop_length):
    return np.lib.stride_tricks.sliding_window_view(y, frame_length)[::hop_length].T


def power_at__with_a_loop(y, sr, frequency):
    cosine = sine = 0
    for n, sample in enumerate(y):
        cosine += sample * np.cos(2 * np.pi * frequency * n / sr)
        sine += sample * np.sin(2 * np.pi * frequency * n / sr)
    return cosine * cosine + sine * sine


def power_at__with_complex_numbers(y, sr, frequency):
    return abs(y @ np.exp(-2j * np.pi * frequency * np.arange(len(y)) / sr)) ** 2


def power_at__with_both_waves_in_a_table(y, sr, frequency):
    seconds = np.arange(len(y)) / sr
    angle = 2 * np.pi * frequency * seconds
    sums = np.array([np.cos(angle), np.sin(angle)]) @ y
    return float(np.sum(sums**2))


def one_row__with_a_loop(mfccs):
    means = [sum(c) / len(c) for c in mfccs]
    sds = [np.sqrt(np.mean((c - m) ** 2)) for c, m in zip(mfccs, means, strict=True)]
    return means + sds


def one_row__turned_over(mfccs):
    frames = mfccs.T
    return np.append(frames.mean(axis=0), frames.std(axis=0))


def one_row__with_the_last_axis(mfccs):
    return np.hstack([np.mean(mfccs, axis=-1), np.var(mfccs, axis=-1) ** 0.5])


def mel_triangles__at_once(points, hertz):
    left, middle, right = (p[:, np.newaxis] for p in (points[:-2], points[1:-1], points[2:]))
    rising, falling = (hertz - left) / (middle - left), (right - hertz) / (right - middle)
    return np.minimum(rising, falling).clip(0)


def mel_triangles__with_interpolation(points, hertz):
    return np.array(
        [np.interp(hertz, points[i : i + 3], [0, 1, 0]) for i in range(len(points) - 2)]
    )


def mel_triangles__number_by_number(points, hertz):
    weights = np.zeros((len(points) - 2, len(hertz)))
    for i in range(len(points) - 2):
        for k, h in enumerate(hertz):
            if points[i] <= h <= points[i + 1]:
                weights[i, k] = (h - points[i]) / (points[i + 1] - points[i])
            elif points[i + 1] < h <= points[i + 2]:
                weights[i, k] = (points[i + 2] - h) / (points[i + 2] - points[i + 1])
    return weights


def nearest_stranger__with_a_loop(rows, actors):
    found = []
    for row, actor in zip(rows, actors, strict=True):
        distance = ((rows - row) ** 2).sum(axis=1)
        distance[actors == actor] = np.inf
        found.append(int(distance.argmin()))
    return found


def nearest_stranger__with_scikit_learn(rows, actors):
    found = np.empty(len(rows), dtype=int)
    for actor in np.unique(actors):
        own, others = np.flatnonzero(actors == actor), np.flatnonzero(actors != actor)
        search = NearestNeighbors(n_neighbors=1).fit(rows[others])
        found[own] = others[search.kneighbors(rows[own], return_distance=False)[:, 0]]
    return found


def nearest_stranger__in_order_of_distance(rows, actors):
    found = []
    for row, actor in zip(rows, actors, strict=True):
        order = np.argsort(np.linalg.norm(rows - row, axis=1))
        found.append(next(place for place in order if actors[place] != actor))
    return np.array(found)
