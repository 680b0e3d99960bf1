"""Exercises of notebook 04: softmax, a network of one's own, its weights, and how it is asked."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from unittest import mock

import numpy as np
import torch
from torch import nn

from ser_helpers.exercises.checking import Exercise, Mistake
from ser_helpers.model import EmotionNet

# --- softmax -------------------------------------------------------------------------------------


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turn each row of logits into probabilities, however large the logits are."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _logits(rng: np.random.Generator) -> Iterator[tuple]:
    usual = rng.normal(scale=2, size=(4, 6))
    yield (usual,)
    yield (usual + 1000,)
    yield (np.vstack([usual, usual + 2000, usual - 2000]),)
    yield (np.zeros((1, 6)),)


def _overflows(logits: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(logits)
        return powers / powers.sum(axis=1, keepdims=True)


def _shares_of_the_batch(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def _down_the_columns(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=0))
    return powers / powers.sum(axis=0)


def _one_maximum_for_all(logits: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        powers = np.exp(logits - logits.max())
        return powers / powers.sum(axis=1, keepdims=True)


def _sums_without_a_column(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits)
    return powers / powers.sum(axis=1)


# --- a network of one's own ----------------------------------------------------------------------


class MyNet(nn.Module):
    """Two hidden layers, of 128 and 64 neurons, each with ReLU and dropout; logits come out."""

    def __init__(self, n_features: int, n_classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(n_features, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, 64),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(64, n_classes),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute one row of logits per clip."""
        return self.layers(x)


def _sizes_of_tables(rng: np.random.Generator) -> Iterator[tuple]:
    yield 271, 6
    yield int(rng.integers(10, 50)), 8
    yield 1, 2


def _observe_network(kind: Callable, n_features: int, n_classes: int) -> dict:
    """Describe what a network does, however it is written."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        net = kind(n_features, n_classes)
        if not isinstance(net, nn.Module):
            return {"a network (nn.Module)": False}
        x = 3 * torch.randn(9, n_features)
        net.train()
        with mock.patch.object(nn.functional, "dropout", wraps=nn.functional.dropout) as dropped:
            once = net(x)
        again = net(x)
        nn.functional.cross_entropy(once, torch.arange(9) % n_classes).backward()
        net.eval()
        with torch.no_grad():
            answers, repeated = net(x), net(x)
    return {
        "a network (nn.Module)": True,
        "shape of the output": tuple(answers.shape),
        "number of weights": sum(p.numel() for p in net.parameters()),
        "logits come out, not probabilities": not torch.allclose(
            answers.sum(dim=1), torch.ones(9), atol=1e-3
        ),
        "eval mode gives the same answer twice": torch.equal(answers, repeated),
        "train mode drops other neurons each time": not torch.equal(once, again),
        "half of the neurons are dropped, in each hidden layer": _drops_half(dropped),
        "every weight gets a slope from backward()": all(
            p.grad is not None for p in net.parameters()
        ),
        "layer, ReLU, layer, ReLU, layer": _is_the_formula(net, x, answers),
    }


def _drops_half(dropped: mock.Mock) -> bool:
    """Look into the calls of PyTorch's dropout; one that is written by hand makes none."""
    seen = []
    for call in dropped.call_args_list:
        values, share = [*call.args, *call.kwargs.values()][0], call.kwargs.get("p", 0.5)
        share = call.args[1] if len(call.args) > 1 else share
        seen.append((values.shape[-1], share))
    return not seen or sorted(seen) == [(64, 0.5), (128, 0.5)]


def _is_the_formula(net: nn.Module, x: torch.Tensor, answers: torch.Tensor) -> bool:
    """Compare with a computation from the weights alone, which are known by their shapes."""
    found = {tuple(p.shape): p.detach() for p in net.parameters()}
    hidden = x
    for n_out in (128, 64, answers.shape[1]):
        weight, bias = found.get((n_out, hidden.shape[1])), found.get((n_out,))
        if weight is None or bias is None:
            return False
        hidden = hidden @ weight.T + bias
        if n_out != answers.shape[1]:
            hidden = hidden.relu()
    return torch.allclose(hidden, answers, atol=1e-4)


class _EndsWithSoftmax(MyNet):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x).softmax(dim=1)


class _DropsOnce(MyNet):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for place, layer in enumerate(self.layers):
            x = x if place == 5 else layer(x)
        return x


class _InAList(nn.Module):
    def __init__(self, n_features: int, n_classes: int) -> None:
        super().__init__()
        self.steps = list(MyNet(n_features, n_classes).layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for step in self.steps:
            x = step(x)
        return x


class _AlwaysDrops(MyNet):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = nn.functional.dropout(x) if isinstance(layer, nn.Dropout) else layer(x)
        return x


class _WithoutReLU(MyNet):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = x if isinstance(layer, nn.ReLU) else layer(x)
        return x


# --- how many weights ----------------------------------------------------------------------------


def count_weights(sizes: Sequence[int]) -> int:
    """Count weights and biases of a network whose layers have these sizes."""
    return sum(n_in * n_out + n_out for n_in, n_out in pairwise(sizes))


def _layer_sizes(rng: np.random.Generator) -> Iterator[tuple]:
    yield ((271, 256, 6),)
    yield ((3, 2),)
    yield (tuple(int(n) for n in rng.integers(1, 300, size=5)),)
    yield ((5,),)


def _without_biases(sizes: Sequence[int]) -> int:
    return sum(n_in * n_out for n_in, n_out in pairwise(sizes))


def _bias_of_each_input(sizes: Sequence[int]) -> int:
    return sum(n_in * n_out + n_in for n_in, n_out in pairwise(sizes))


def _all_multiplied(sizes: Sequence[int]) -> int:
    return int(np.prod(sizes))


# --- how a network is asked ----------------------------------------------------------------------


class Network(EmotionNet):
    """The course's network, which says in a few words what it is."""

    def __repr__(self) -> str:
        return f"a network in {'train' if self.training else 'eval'} mode"


def ask_network(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Return the probabilities of each clip; the network stays in the mode in which it was."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        answers = torch.softmax(model(x), dim=1)
    model.train(was_training)
    return answers


def _networks_and_clips(rng: np.random.Generator) -> Iterator[tuple]:
    for n_clips, training in ((5, True), (3, False), (1, True)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(1000)))
            model = Network(8, 6, hidden=(32,)).train(training)
        yield model, torch.tensor(rng.normal(size=(n_clips, 8)), dtype=torch.float32)


def _observe_asking(function: Callable, model: nn.Module, x: torch.Tensor) -> dict:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        answers = function(model, x)
    return {"probabilities": answers, "in train mode afterwards": model.training}


def _in_train_mode(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return torch.softmax(model(x), dim=1)


def _logits_instead(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    was_training = model.training
    answers = model.eval()(x)
    model.train(was_training)
    return answers


def _stays_in_eval_mode(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return torch.softmax(model.eval()(x), dim=1)


def _over_the_clips(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
    return torch.softmax(_logits_instead(model, x), dim=0)


EXERCISES = (
    Exercise(
        softmax,
        _logits,
        (
            Mistake(
                _shares_of_the_batch,
                "All numbers together sum to 1. Each clip, that is each row, needs a sum of its "
                "own: which axis runs along a row?",
            ),
            Mistake(
                _down_the_columns,
                "Your columns sum to 1, as if the clips competed for an emotion. The emotions "
                "compete for a clip: sum along the other axis.",
            ),
            Mistake(
                _sums_without_a_column,
                "The sums of the rows stand side by side, and do not fit the table. What keeps "
                "them in a column?",
            ),
            Mistake(
                _overflows,
                "e to the power of 1000 is more than a computer can hold. What may be subtracted "
                "from all logits of a clip, as only their differences count?",
            ),
            Mistake(
                _one_maximum_for_all,
                "You subtract the largest logit of all clips. A clip far below it is left with "
                "nothing but zeros: subtract something of each row's own.",
            ),
        ),
    ),
    Exercise(
        MyNet,
        _sizes_of_tables,
        (
            Mistake(
                _EndsWithSoftmax,
                "Your rows sum to 1. The loss applies the softmax by itself: end with the last "
                "layer.",
            ),
            Mistake(
                _DropsOnce,
                "Dropout of one half belongs behind each of the two hidden layers: count yours.",
            ),
            Mistake(
                _InAList,
                "PyTorch finds only layers that are attributes of `self` or stand in one of its "
                "own containers. In a Python list they are hidden from it, and are not trained.",
            ),
            Mistake(
                _AlwaysDrops,
                "Neurons are dropped in eval mode as well. `nn.Dropout` listens to the mode; the "
                "function `dropout` has to be told (`training=self.training`).",
            ),
            Mistake(
                _WithoutReLU,
                "Without something between the layers, three layers are one: a straight line.",
            ),
        ),
        observe=_observe_network,
    ),
    Exercise(
        count_weights,
        _layer_sizes,
        (
            Mistake(_without_biases, "Each neuron has one number more than it has inputs."),
            Mistake(
                _bias_of_each_input,
                "You count a bias for each input. Which circles add a number of their own, those "
                "at the beginning of the lines or those at their end?",
            ),
            Mistake(
                _all_multiplied,
                "Lines run from each circle to the next column only, not from the first column to "
                "the last: go through the pairs of neighbouring columns and add.",
            ),
        ),
    ),
    Exercise(
        ask_network,
        _networks_and_clips,
        (
            Mistake(
                _in_train_mode,
                "Ask it twice and compare: something is still left to chance. In which mode is the "
                "network?",
            ),
            Mistake(
                _logits_instead,
                "These are logits, some below 0. A user wants probabilities.",
            ),
            Mistake(
                _stays_in_eval_mode,
                "The answer is right, but you leave the network in eval mode: whoever is training "
                "it goes on without dropout. Remember its mode, and put it back.",
            ),
            Mistake(
                _over_the_clips,
                "Your columns sum to 1. The six emotions of one clip share 100 %, not the clips.",
            ),
        ),
        observe=_observe_asking,
    ),
)
