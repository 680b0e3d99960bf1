"""Right solutions of the exercises of notebook 09; `exercise__how`."""

import random

import numpy as np
import torch


def shuffle_frames__by_an_index(picture, seed):
    rng = np.random.default_rng(seed)
    return picture[:, rng.permutation(picture.shape[1])]


def shuffle_frames__along_the_axis(picture, seed):
    return np.random.default_rng(seed).permutation(picture, axis=1)


def shuffle_frames__as_a_list_of_columns(picture, seed):
    columns = [picture[:, i] for i in range(picture.shape[1])]
    random.Random(seed).shuffle(columns)
    return np.stack(columns, axis=1)


def pool_over_time__clip_by_clip(batch, lengths):
    rows = []
    for i in range(len(batch)):
        real = batch[i, :, : lengths[i]]
        rows.append([*real.mean(axis=1), *real.std(axis=1)])
    return np.array(rows)


def pool_over_time__with_a_mask(batch, lengths):
    n = np.array(lengths)[:, np.newaxis]
    inside = (np.arange(batch.shape[2]) < n)[:, np.newaxis, :]
    mean = (batch * inside).sum(axis=2) / n
    variance = ((batch - mean[:, :, np.newaxis]) ** 2 * inside).sum(axis=2) / n
    return np.hstack([mean, variance**0.5])


def pool_over_time__with_torch(batch, lengths):
    x = torch.tensor(batch)
    pooled = []
    for clip, n in zip(x, lengths, strict=True):
        kept = clip[:, :n]
        pooled.append(torch.cat([kept.mean(dim=1), kept.var(dim=1, correction=0).sqrt()]))
    return torch.stack(pooled)


def receptive_field__from_the_front(stages):
    sees, step = 1, 1
    for size, stride in stages:
        sees = sees + (size - 1) * step
        step = step * stride
    return sees


def receptive_field__from_the_back(stages):
    sees = 1
    for size, stride in reversed(stages):
        sees = (sees - 1) * stride + size
    return sees


def receptive_field__with_products(stages):
    strides = [stride for _, stride in stages]
    return 1 + sum((size - 1) * int(np.prod(strides[:i])) for i, (size, _) in enumerate(stages))


def blank_stretch__on_a_copy(picture, start, width):
    standard = (picture - picture.mean()) / picture.std()
    standard[:, start : start + width] = 0
    return standard


def blank_stretch__with_where(picture, start, width):
    frame = np.arange(picture.shape[1])
    hidden = (frame >= start) & (frame < start + width)
    return np.where(hidden, 0, (picture - picture.mean()) / picture.std())


def blank_stretch__in_decibels(picture, start, width):
    blanked = picture.copy()
    blanked[:, start : start + width] = picture.mean()
    return (blanked - picture.mean()) / picture.std()


def attention_pool__with_minus_infinity(values, scores, real):
    masked = np.where(real, scores, -np.inf)
    power = np.exp(masked - masked.max())
    return (power / power.sum()) @ values


def attention_pool__of_the_real_ones(values, scores, real):
    power = np.exp(scores[real] - scores[real].max())
    weights = power / power.sum()
    return (weights[:, np.newaxis] * values[real]).sum(axis=0)


def attention_pool__with_torch(values, scores, real):
    masked = torch.tensor(scores).masked_fill(~torch.tensor(real), float("-inf"))
    return torch.softmax(masked, dim=0) @ torch.tensor(values)
