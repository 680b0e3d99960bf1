"""Right solutions of the exercises of notebook 05; `exercise__how`."""

import copy

import numpy as np
import scipy.special
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def slopes_of_logits__said_minus_truth(logits, labels):
    said = scipy.special.softmax(logits, axis=1)
    said[np.arange(len(labels)), labels] -= 1
    return said / len(labels)


def slopes_of_logits__asking_torch(logits, labels):
    tensor = torch.tensor(logits, requires_grad=True)
    nn.functional.cross_entropy(tensor, torch.tensor(labels)).backward()
    return tensor.grad


def slopes_of_logits__clip_by_clip(logits, labels):
    rows = []
    for row, label in zip(logits, labels, strict=True):
        powers = np.exp(row - row.max())
        truth = [float(k == label) for k in range(len(row))]
        rows.append((powers / powers.sum() - truth) / len(labels))
    return rows


def train_epochs__line_by_line(net, x, y, rows, n_epochs):
    loss_of = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
    losses = []
    for _ in range(n_epochs):
        net.train()
        shuffled = rows["train"][torch.randperm(len(rows["train"]))]
        for start in range(0, len(shuffled), 32):
            batch = shuffled[start : start + 32]
            loss = loss_of(net(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        net.eval()
        loss = loss_of(net(x[rows["validation"]]), y[rows["validation"]])
        losses.append(loss.item())
    return losses


def train_epochs__with_a_data_loader(net, x, y, rows, n_epochs):
    data = TensorDataset(x[rows["train"]], y[rows["train"]])
    loader = DataLoader(data, batch_size=32, shuffle=True)
    optimizer = torch.optim.Adam(net.parameters())
    losses = torch.zeros(n_epochs)
    for epoch in range(n_epochs):
        net.train()
        for some, labels in loader:
            net.zero_grad()
            (-net(some).log_softmax(dim=1)[torch.arange(len(labels)), labels]).mean().backward()
            optimizer.step()
        net.eval()
        with torch.inference_mode():
            answers = net(x[rows["validation"]])
            losses[epoch] = nn.functional.cross_entropy(answers, y[rows["validation"]])
    return losses


def train_epochs__in_two_functions(net, x, y, rows, n_epochs):
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, weight_decay=1e-3)
    rng = np.random.default_rng(0)

    def learn():
        net.train(True)
        order = rng.permutation(rows["train"].numpy())
        for batch in np.array_split(order, np.arange(32, len(order), 32)):
            for parameter in net.parameters():
                parameter.grad = None
            nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
            optimizer.step()

    @torch.no_grad()
    def measure():
        net.train(False)
        kept = rows["validation"]
        return float(nn.functional.cross_entropy(net(x[kept]), y[kept]))

    losses = []
    for _ in range(n_epochs):
        learn()
        losses.append(measure())
    return np.array(losses)


def stop_early__with_a_counter(losses, patience):
    lowest, waited, kept = float("inf"), 0, 0
    for epoch, loss in enumerate(losses, start=1):
        waited += 1
        if loss < lowest:
            lowest, waited, kept = loss, 0, epoch
        if waited == patience:
            break
    return kept, epoch


def stop_early__with_argmin(losses, patience):
    for epoch in range(1, len(losses) + 1):
        kept = int(np.argmin(losses[:epoch])) + 1
        if epoch - kept == patience:
            break
    return [kept, epoch]


def stop_early__while(losses, patience):
    epoch = kept = 1
    while epoch < len(losses) and epoch - kept < patience:
        epoch += 1
        if losses[epoch - 1] < min(losses[: epoch - 1]):
            kept = epoch
    return np.array([kept, epoch])


def keep_best__with_clones(net, train_once, n_epochs):
    lowest = None
    for _ in range(n_epochs):
        loss = train_once(net)
        if lowest is None or loss < lowest:
            lowest = loss
            best = {key: value.detach().clone() for key, value in net.state_dict().items()}
    net.load_state_dict(best)
    return lowest


def keep_best__with_deepcopy(net, train_once, n_epochs):
    found = []
    for _ in range(n_epochs):
        loss = train_once(net)
        found.append((loss, copy.deepcopy(net.state_dict())))
    loss, weights = min(found, key=lambda pair: pair[0])
    net.load_state_dict(weights)
    return loss


def keep_best__with_a_second_network(net, train_once, n_epochs):
    best, lowest = copy.deepcopy(net), np.inf
    for _ in range(n_epochs):
        loss = train_once(net)
        if loss < lowest:
            best.load_state_dict(net.state_dict())
            lowest = loss
    with torch.no_grad():
        for mine, kept in zip(net.parameters(), best.parameters(), strict=True):
            mine.copy_(kept)
    return float(lowest)
