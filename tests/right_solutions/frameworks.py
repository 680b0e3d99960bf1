"""Right solutions of the exercises of notebook 11; `exercise__how`."""

import numpy as np
import torch
from scipy.special import log_softmax, softmax


def dense_forward__loop(inputs, weights):
    layers = list(zip(weights[::2], weights[1::2], strict=True))
    for table, bias in layers[:-1]:
        inputs = np.maximum(inputs @ table + bias, 0)
    table, bias = layers[-1]
    logits = inputs @ table + bias
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def dense_forward__scipy(inputs, weights):
    x = inputs
    for i in range(0, len(weights), 2):
        if i:
            x = x * (x > 0)
        x = np.dot(x, weights[i]) + weights[i + 1]
    return softmax(x, axis=1)


def dense_forward__torch(inputs, weights):
    x = torch.tensor(inputs)
    for i, (table, bias) in enumerate(zip(weights[::2], weights[1::2], strict=True)):
        x = torch.nn.functional.linear(
            torch.relu(x) if i else x, torch.tensor(table).T, torch.tensor(bias)
        )
    return x.softmax(dim=1)


def running_means__loop(means, momentum):
    kept, history = 0, []
    for mean in means:
        kept += (1 - momentum) * (mean - kept)
        history.append(kept)
    return np.array(history)


def running_means__formula(means, momentum):
    means, history = np.array(means), []
    for n in range(1, len(means) + 1):
        powers = momentum ** np.arange(n - 1, -1, -1)
        history.append((1 - momentum) * (powers * means[:n]).sum())
    return history


def running_means__batch_norm(means, momentum):
    norm, history = torch.nn.BatchNorm1d(1, momentum=1 - momentum).double(), []
    for mean in means:
        norm(torch.full((2, 1), mean, dtype=torch.float64))
        history.append(norm.running_mean.item())
    return history


def first_adam_step__two_cases(weight, slope, lr, decay, decoupled):
    if decoupled:
        step, pull = slope / (abs(slope) + 1e-8), decay * weight
    else:
        both = slope + decay * weight
        step, pull = both / (abs(both) + 1e-8), 0
    return weight - lr * (step + pull)


def first_adam_step__torch(weight, slope, lr, decay, decoupled):
    kind = torch.optim.AdamW if decoupled else torch.optim.Adam
    parameter = torch.nn.Parameter(torch.tensor(weight))
    parameter.grad = torch.tensor(slope)
    kind([parameter], lr=lr, weight_decay=decay).step()
    return parameter.detach().numpy()


def first_adam_step__shrink_first(weight, slope, lr, decay, decoupled):
    in_slope = 0 if decoupled else decay
    g = np.add(slope, in_slope * weight)
    shrunk = weight * (1 - lr * (decay - in_slope))
    return shrunk - lr * g / (np.sqrt(g**2) + 1e-8)


def categorical_crossentropy__stable(y, outputs, from_logits):
    if from_logits:
        outputs = outputs - outputs.max(axis=1, keepdims=True)
        logs = outputs - np.log(np.exp(outputs).sum(axis=1, keepdims=True))
    else:
        logs = np.log(outputs)
    return float(-logs[y == 1].mean())


def categorical_crossentropy__scipy(y, outputs, from_logits):
    logs = log_softmax(outputs, axis=1) if from_logits else np.log(outputs)
    return -(y * logs).sum() / len(y)


def categorical_crossentropy__torch(y, outputs, from_logits):
    labels = torch.tensor(y).argmax(dim=1)
    outputs = torch.tensor(outputs)
    if from_logits:
        return torch.nn.functional.cross_entropy(outputs, labels).item()
    return torch.nn.functional.nll_loss(outputs.log(), labels).item()
