"""Right solutions of the exercises of notebook 08; `exercise__how`."""

import itertools
from math import comb

import numpy as np
import pandas as pd
import torch


def fleiss__with_pairs(votes):
    shares = []
    for row in votes:
        ballots = [emotion for emotion, n in enumerate(row) for _ in range(n)]
        pairs = list(itertools.combinations(ballots, 2))
        shares.append(sum(a == b for a, b in pairs) / len(pairs))
    pool = np.sum(votes, axis=0) / np.sum(votes)
    luck = (pool**2).sum()
    return (np.mean(shares) - luck) / (1 - luck)


def fleiss__with_binomials(votes):
    agree = [sum(comb(int(n), 2) for n in row) / comb(int(sum(row)), 2) for row in votes]
    pool = np.asarray(votes).sum(axis=0) / np.sum(votes)
    disagree = 1 - sum(agree) / len(agree)
    return 1 - disagree / (1 - pool @ pool)


def fleiss__with_pandas(votes):
    table = pd.DataFrame(votes)
    n = table.sum(axis=1)
    observed = (table.mul(table - 1).sum(axis=1) / (n * (n - 1))).mean()
    luck = (table.sum() / table.to_numpy().sum()).pow(2).sum()
    return (observed - luck) / (1 - luck)


def vote_entropy__with_a_loop(counts):
    bits = 0.0
    for n in counts:
        if n:
            bits -= n / sum(counts) * np.log2(n / sum(counts))
    return bits


def vote_entropy__with_numpy(counts):
    p = np.array(counts) / np.sum(counts)
    p = p[p > 0]
    return (p * np.log2(1 / p)).sum()


def vote_entropy__by_another_formula(counts):
    counts = np.array([n for n in counts if n])
    total = counts.sum()
    return np.log2(total) - (counts * np.log2(counts)).sum() / total


def soft_loss__row_by_row(logits, shares):
    losses = []
    for row, q in zip(logits, shares, strict=True):
        row = np.array(row) - max(row)
        losses.append(np.log(np.exp(row).sum()) - (np.array(q) * row).sum())
    return np.mean(losses)


def soft_loss__with_torch(logits, shares):
    return torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(shares))


def soft_loss__with_logaddexp(logits, shares):
    logits = np.asarray(logits)
    return (np.logaddexp.reduce(logits, axis=1) - (shares * logits).sum(axis=1)).mean()


def best_bet__with_a_loop(votes):
    return sum(max(row) for row in votes) / sum(sum(row) for row in votes)


def best_bet__with_pandas(votes):
    table = pd.DataFrame(votes)
    return table.max(axis=1).sum() / table.sum().sum()


def best_bet__by_choosing(votes):
    votes = np.asarray(votes)
    chosen = votes.argmax(axis=1)
    return votes[np.arange(len(votes)), chosen].sum() / votes.sum()
