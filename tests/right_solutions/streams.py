"""Right solutions of the exercises of notebook 12; `exercise__how`."""

import math
import random

import numpy as np


def helpers_pay_from__formula(alone, helped):
    saved = alone[1] - helped[1]
    if saved <= 0:
        return float("inf")
    later = helped[0] - alone[0]
    return later / saved if later > 0 else 0


def helpers_pay_from__numpy(alone, helped):
    (a, b), (c, d) = alone, helped
    with np.errstate(divide="ignore"):
        x = np.float64(c - a) / np.float64(b - d)
    return np.inf if d >= b else np.clip(x, 0, None)


def helpers_pay_from__solving(alone, helped):
    if helped[1] >= alone[1]:
        return np.inf
    # start + slope * n: two equations, unknown n and time
    left = np.array([[-alone[1], 1], [-helped[1], 1]])
    n, _ = np.linalg.solve(left, [alone[0], helped[0]])
    return max(n, 0)


def helpers_pay_from__whole_clips(alone, helped):
    if helped[1] >= alone[1]:
        return math.inf
    return max(0, math.ceil((helped[0] - alone[0]) / (alone[1] - helped[1])))


def mean_and_sd__sums(pieces):
    n, total, squares = 0, 0, 0
    for piece in pieces:
        n += len(piece)
        total = total + piece.sum(axis=0)
        squares = squares + (piece**2).sum(axis=0)
    mean = total / n
    return mean, np.sqrt(squares / n - mean**2)


def mean_and_sd__from_the_first_piece(pieces):
    pieces = iter(pieces)
    first = next(pieces)
    n, total, squares = len(first), first.sum(axis=0), (first**2).sum(axis=0)
    for piece in pieces:
        n += len(piece)
        total += piece.sum(axis=0)
        squares += (piece**2).sum(axis=0)
    return [total / n, (squares / n - (total / n) ** 2) ** 0.5]


def mean_and_sd__row_by_row(pieces):
    n = mean = far = 0
    for piece in pieces:
        for row in piece:  # Welford 1962
            n += 1
            before = row - mean
            mean = mean + before / n
            far = far + before * (row - mean)
    return mean, (far / n) ** 0.5


def mean_and_sd__partial_fit(pieces):
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler()
    for piece in pieces:
        scaler.partial_fit(piece)
    return scaler.mean_, np.sqrt(scaler.var_)


def shuffle_buffer__swap(items, size, seed):
    rng, held = np.random.default_rng(seed), []
    for item in items:
        if len(held) < size:
            held.append(item)
        elif size:
            i = rng.integers(size)
            held[i], item = item, held[i]
            yield item
        else:
            yield item
    yield from rng.permutation(held).tolist() if held else []


def shuffle_buffer__random(items, size, seed):
    chance, held = random.Random(seed), []
    for item in items:
        held.append(item)
        chance.shuffle(held) if size else None
        if len(held) == size + 1:
            yield held.pop()
    while held:
        yield held.pop()


def shuffle_buffer__in_blocks(items, size, seed):
    rng, held = np.random.default_rng(seed), []
    for item in items:
        held.append(item)
        if len(held) >= max(size, 1):
            rng.shuffle(held)
            while held:
                yield held.pop()
    rng.shuffle(held)
    yield from held


def files_of_worker__stride(files, n_workers, worker):
    return files[worker::n_workers]


def files_of_worker__remainder(files, n_workers, worker):
    return [file for i, file in enumerate(files) if i % n_workers == worker]


def files_of_worker__blocks(files, n_workers, worker):
    return np.array_split(files, n_workers)[worker].tolist()


def workers_needed__ceil(work, serial, deadline):
    left = deadline - serial
    return None if left <= 0 else max(1, int(np.ceil(work / left)))


def workers_needed__count_up(work, serial, deadline):
    if serial >= deadline:
        return None
    n = 1
    while serial + work / n > deadline:
        n += 1
    return n


def workers_needed__floor_of_negative(work, serial, deadline):
    if deadline > serial:
        return int(max(-(-work // (deadline - serial)), 1))
    return None
