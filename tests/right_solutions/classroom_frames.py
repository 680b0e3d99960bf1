"""Right solutions of a class's exercises on notebook 09; `exercise__how`."""

import numpy as np


def with_neighbours__by_places(picture, k):
    n = picture.shape[1]
    rows = []
    for shift in range(-k, k + 1):
        rows.append(picture[:, np.clip(np.arange(n) + shift, 0, n - 1)])
    return np.vstack(rows)


def with_neighbours__frame_by_frame(picture, k):
    n = picture.shape[1]
    columns = []
    for frame in range(n):
        own = [picture[:, min(max(i, 0), n - 1)] for i in range(frame - k, frame + k + 1)]
        columns.append(np.concatenate(own))
    return np.array(columns).T


def with_neighbours__with_repeat(picture, k):
    before = np.repeat(picture[:, :1], k, axis=1)
    after = np.repeat(picture[:, -1:], k, axis=1)
    padded = np.hstack([before, picture, after])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * k + 1, axis=1)
    return np.vstack([windows[:, :, i] for i in range(2 * k + 1)])


def loudest_frames__with_a_threshold(picture, share):
    level = picture.mean(axis=0)
    n = max(1, round(share * len(level)))
    return picture[:, level >= np.sort(level)[-n]]


def loudest_frames__with_a_mask(picture, share):
    n = max(1, round(share * picture.shape[1]))
    keep = np.zeros(picture.shape[1], dtype=bool)
    keep[np.argsort(-picture.mean(axis=0))[:n]] = True
    return picture[:, keep]


def loudest_frames__with_sorted(picture, share):
    frames = list(picture.T)
    n = max(1, round(share * len(frames)))
    places = sorted(range(len(frames)), key=lambda i: frames[i].mean(), reverse=True)[:n]
    return np.array([frames[i] for i in sorted(places)]).T
