"""Right solutions of the exercises of notebook 04; `exercise__how`."""

from itertools import pairwise

import numpy as np
import scipy.special
import torch
from torch import nn
from torch.nn import functional


def softmax__by_hand(logits):
    shifted = logits - logits.max(axis=1)[:, None]
    return np.exp(shifted) / np.exp(shifted).sum(axis=1)[:, None]


def softmax__row_by_row(logits):
    rows = []
    for row in logits:
        powers = np.exp(row - max(row))
        rows.append(powers / sum(powers))
    return np.array(rows)


def softmax__by_logarithms(logits):
    return np.exp(logits - scipy.special.logsumexp(logits, axis=1, keepdims=True))


class MyNet__one_after_the_other(nn.Module):
    def __init__(self, n_features, n_classes):
        super().__init__()
        self.first = nn.Linear(n_features, 128)
        self.second = nn.Linear(128, 64)
        self.third = nn.Linear(64, n_classes)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        x = self.dropout(torch.relu(self.first(x)))
        x = self.dropout(torch.relu(self.second(x)))
        return self.third(x)


class MyNet__with_functions(nn.Module):
    def __init__(self, n_features, n_classes):
        super().__init__()
        self.third, self.second = nn.Linear(64, n_classes), nn.Linear(128, 64)
        self.first = nn.Linear(n_features, 128)

    def forward(self, x):
        for layer in (self.first, self.second):
            x = functional.dropout(layer(x).clamp(min=0), 0.5, training=self.training)
        return self.third(x)


class MyNet__in_a_list_of_modules(nn.Module):
    def __init__(self, n_features, n_classes):
        super().__init__()
        sizes = (n_features, 128, 64, n_classes)
        self.layers = nn.ModuleList(nn.Linear(sizes[i], sizes[i + 1]) for i in range(3))
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        for number, layer in enumerate(self.layers):
            x = layer(x)
            if number < 2:
                x = self.dropout(nn.functional.relu(x))
        return x


class MyNet__a_sequential_itself(nn.Sequential):
    def __init__(self, n_features, n_classes):
        hidden = [nn.Linear(n_features, 128), nn.ReLU(), nn.Dropout()]
        hidden += [nn.Linear(128, 64), nn.ReLU(), nn.Dropout()]
        super().__init__(*hidden, nn.Linear(64, n_classes))


def count_weights__in_a_loop(sizes):
    total = 0
    for i in range(len(sizes) - 1):
        total += (sizes[i] + 1) * sizes[i + 1]
    return total


def count_weights__with_numpy(sizes):
    sizes = np.array(sizes)
    return (sizes[:-1] * sizes[1:]).sum() + sizes[1:].sum()


def count_weights__asking_torch(sizes):
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    return sum(p.numel() for layer in layers for p in layer.parameters())


def ask_network__with_a_try(model, x):
    before = model.training
    model.eval()
    try:
        return model(x).softmax(dim=-1)
    finally:
        model.train(before)


def ask_network__by_powers(model, x):
    before = model.training
    model.train(False)
    with torch.inference_mode():
        powers = model(x).exp()
    if before:
        model.train()
    return powers / powers.sum(dim=1, keepdim=True)


def ask_network__by_the_helper(model, x):
    return model.probabilities(x).numpy()
