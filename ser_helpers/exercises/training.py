"""Exercises of notebook 05: the first slopes, a training loop, when to stop, what is kept."""

import copy
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import nn

from ser_helpers.exercises.checking import Exercise, Mistake
from ser_helpers.exercises.network import Network

# --- slopes along the logits ---------------------------------------------------------------------


def slopes_of_logits(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return how fast the mean cross-entropy of a batch grows with each logit."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    said = powers / powers.sum(axis=1, keepdims=True)
    return (said - np.eye(logits.shape[1])[labels]) / len(labels)


def _batches(rng: np.random.Generator) -> Iterator[tuple]:
    for n_clips, n_classes in ((4, 6), (1, 6), (3, 2)):
        yield rng.normal(scale=2, size=(n_clips, n_classes)), rng.integers(n_classes, size=n_clips)
    yield 800 * np.eye(6)[:3], np.array([0, 0, 0])


def _of_the_sum(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return slopes_of_logits(logits, labels) * len(labels)


def _uphill(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return -slopes_of_logits(logits, labels)


def _from_logits(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return (logits - np.eye(logits.shape[1])[labels]) / len(labels)


# --- a training loop -----------------------------------------------------------------------------


def train_epochs(
    net: nn.Module, x: torch.Tensor, y: torch.Tensor, rows: dict[str, torch.Tensor], n_epochs: int
) -> list[float]:
    """Train on the train rows by Adam, in batches of 32; return each epoch's validation loss."""
    optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
    losses = []
    for _ in range(n_epochs):
        net.train()
        order = rows["train"][torch.randperm(len(rows["train"]))]
        for batch in order.split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
            optimizer.step()
        net.eval()
        with torch.no_grad():
            answers = net(x[rows["validation"]])
            losses.append(nn.functional.cross_entropy(answers, y[rows["validation"]]).item())
    return losses


class Watched(Network):
    """A network that notes what it is asked, in which mode, and what its weights have become."""

    def __init__(self, *sizes: int) -> None:
        super().__init__(*sizes, hidden=(16,))
        self.calls: list[tuple[bool, torch.Tensor, torch.Tensor, torch.Tensor]] = []

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Compute logits; note mode, clips, logits and weights."""
        logits = super().forward(x)
        if logits.requires_grad:
            logits.retain_grad()
        weights = torch.cat([p.detach().flatten() for p in self.parameters()])
        self.calls.append((self.training, x.detach().clone(), logits, weights))
        return logits


def _small_corpora(rng: np.random.Generator) -> Iterator[tuple]:
    for n_train, n_validation, n_epochs in ((80, 24, 4), (64, 12, 1)):
        y = torch.arange(n_train + n_validation) % 6
        noise = torch.tensor(rng.normal(size=(len(y), 8)), dtype=torch.float32)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(1000)))
            net = Watched(8, 6)
        places = torch.tensor(rng.permutation(len(y)))
        rows = {"train": places[:n_train], "validation": places[n_train:]}
        yield net, noise + 2 * torch.eye(6, 8)[y], y, rows, n_epochs


def _observe_training(
    function: Callable,
    net: Watched,
    x: torch.Tensor,
    y: torch.Tensor,
    rows: dict[str, torch.Tensor],
    n_epochs: int,
) -> dict:
    """Describe what a training loop did to the network."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        losses = function(net, x, y, rows, n_epochs)
    calls, validation = net.calls, x[rows["validation"]]
    # A training step is a call after which something went back: its logits have slopes.
    steps = [call for call in calls if call[2].grad is not None]
    checks = [call for call in calls if call[2].grad is None]
    learnt = torch.cat([call[1] for call in steps]) if steps else x[:0]
    try:
        told = np.asarray(losses, dtype=float).reshape(-1)
    except (RuntimeError, TypeError, ValueError):
        told = np.array([])
    net.eval()
    with torch.no_grad():
        last = nn.functional.cross_entropy(net.layers(validation), y[rows["validation"]]).item()
    return {
        "number of steps (batches, all epochs)": len(steps),
        "train mode in each step (dropout on)": all(call[0] for call in steps),
        "clips of the train rows in each epoch, once each": _same_rows(
            learnt, x[rows["train"]].repeat(n_epochs, 1)
        ),
        "the clips come in another order in each epoch": n_epochs == 1
        or not torch.equal(*learnt.tensor_split(n_epochs)[:2]),
        "slopes of one batch only, the old ones forgotten": _forgets(net, steps),
        "the loss is given logits, not probabilities": _said_minus_truth(steps, x, y),
        "the weights move by about the learning rate, 0.001": _first_move(calls, steps),
        "eval mode when the validation loss is measured": bool(checks)
        and not any(call[0] for call in checks),
        "validation losses, one per epoch": len(told),
        "the last one is the loss of the trained network": bool(
            len(told) and abs(told[-1] - last) < 1e-4
        ),
    }


def _same_rows(found: torch.Tensor, wanted: torch.Tensor) -> bool:
    """Tell whether two tables hold the same rows, in any order."""
    if found.shape != wanted.shape:
        return False
    ours, theirs = (np.array(sorted(table.tolist())) for table in (wanted, found))
    return bool(np.allclose(ours, theirs))


def _labels(x: torch.Tensor, y: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
    """Find the labels of a batch by its rows."""
    return y[torch.cdist(batch, x).argmin(dim=1)]


def _said_minus_truth(steps: list, x: torch.Tensor, y: torch.Tensor) -> bool:
    """Tell whether the slopes of the logits are those of the mean cross-entropy."""
    return bool(steps) and all(
        np.allclose(
            logits.grad.numpy(),
            slopes_of_logits(logits.detach().numpy(), _labels(x, y, batch).numpy()),
            atol=1e-5,
        )
        for _, batch, logits, _ in steps
    )


def _forgets(net: Watched, steps: list) -> bool:
    """Tell whether the slopes that are left are those of the last batch alone.

    The bias of the output layer gets the sum of the slopes of the logits, whatever was dropped.
    """
    if not steps:
        return False
    *_, bias = net.parameters()
    if bias.grad is None or not bias.grad.any():  # forgotten after the last step, too
        return True
    _, _, logits, _ = steps[-1]
    return torch.allclose(bias.grad, logits.grad.sum(dim=0), atol=1e-5)


def _first_move(calls: list, steps: list) -> bool:
    """Tell whether the first step moved weights by Adam's first step, the learning rate."""
    places = [i for i, call in enumerate(calls) if any(call is step for step in steps)]
    if not places or places[0] + 1 >= len(calls):
        return False
    move = (calls[places[0] + 1][3] - calls[places[0]][3]).abs().max()
    return bool(0.0009 < move < 0.0011)


def _loop(
    *,
    zero: bool = True,
    softmax: bool = False,
    evaluate: bool = True,
    everything: bool = False,
    back: bool = True,
    shuffle: bool = True,
) -> Callable:
    """Make a training loop with one thing wrong."""

    def train_loop(
        net: nn.Module,
        x: torch.Tensor,
        y: torch.Tensor,
        rows: dict[str, torch.Tensor],
        n_epochs: int,
    ) -> list[float]:
        optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
        learnt = torch.cat(list(rows.values())) if everything else rows["train"]
        losses: list[float] = []
        for _ in range(n_epochs):
            if back or not losses:
                net.train()
            order = torch.randperm(len(learnt)) if shuffle else torch.arange(len(learnt))
            for batch in learnt[order].split(32):
                if zero:
                    optimizer.zero_grad()
                answers = net(x[batch])
                if softmax:
                    answers = answers.softmax(dim=1)
                nn.functional.cross_entropy(answers, y[batch]).backward()
                optimizer.step()
            if evaluate:
                net.eval()
            with torch.no_grad():
                answers = net(x[rows["validation"]])
                if softmax:
                    answers = answers.softmax(dim=1)
                losses.append(nn.functional.cross_entropy(answers, y[rows["validation"]]).item())
        return losses

    return train_loop


# --- when to stop --------------------------------------------------------------------------------


def stop_early(losses: Sequence[float], patience: int) -> tuple[int, int]:
    """Return the epoch that is kept and the epoch after which training stops, from 1."""
    best = 1
    for epoch, loss in enumerate(losses, start=1):
        if loss < losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses)


def _courses_of_losses(rng: np.random.Generator) -> Iterator[tuple]:
    yield [1.8, 1.5, 1.6, 1.4, 1.45, 1.5, 1.48, 1.3, 1.35, 1.4, 1.45, 1.2], 3
    yield [1.8, 1.5, 1.5, 1.5, 1.2, 1.25, 1.22, 1.3], 2
    yield [1.8, 1.7, 1.6], 5
    yield (1.5 + 0.3 * rng.normal(size=40)).round(2).tolist(), 6
    yield [1.8], 1


def _never_stops(losses: Sequence[float], patience: int) -> tuple[int, int]:
    return int(np.argmin(losses)) + 1, len(losses)


def _counts_rises(losses: Sequence[float], patience: int) -> tuple[int, int]:
    best, rises = 1, 0
    for epoch in range(2, len(losses) + 1):
        rises = rises + 1 if losses[epoch - 1] > losses[epoch - 2] else 0
        if losses[epoch - 1] < losses[best - 1]:
            best = epoch
        if rises >= patience:
            return best, epoch
    return best, len(losses)


def _keeps_the_last(losses: Sequence[float], patience: int) -> tuple[int, int]:
    _, last = stop_early(losses, patience)
    return last, last


def _from_zero(losses: Sequence[float], patience: int) -> tuple[int, int]:
    best, last = stop_early(losses, patience)
    return best - 1, last - 1


def _a_tie_is_better(losses: Sequence[float], patience: int) -> tuple[int, int]:
    best = 1
    for epoch, loss in enumerate(losses, start=1):
        if loss <= losses[best - 1]:
            best = epoch
        if epoch - best >= patience:
            return best, epoch
    return best, len(losses)


# --- what is kept --------------------------------------------------------------------------------


def keep_best(net: nn.Module, train_once: Callable[[nn.Module], float], n_epochs: int) -> float:
    """Train for some epochs, put back the weights with the lowest loss, and return that loss."""
    lowest, best = float("inf"), {}
    for _ in range(n_epochs):
        loss = train_once(net)
        if loss < lowest:
            lowest = loss
            best = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    net.load_state_dict(best)
    return lowest


class Teacher:
    """Moves every weight by 1 per epoch, and gives losses from a list."""

    def __init__(self, losses: Sequence[float]) -> None:
        self.losses = list(losses)
        self.epoch = 0

    def __repr__(self) -> str:
        return f"an epoch of training, losses {self.losses}"

    def __call__(self, net: nn.Module) -> float:
        """Train for an epoch; return the validation loss."""
        with torch.no_grad():
            for parameter in net.parameters():
                parameter.add_(1)
        self.epoch += 1
        return self.losses[self.epoch - 1]


def _courses_of_training(rng: np.random.Generator) -> Iterator[tuple]:
    for losses in ([1.8, 1.3, 1.5, 1.4], [1.8, 1.6, 1.2], [2.5]):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(1000)))
            yield Network(3, 2, hidden=(2,)), Teacher(losses), len(losses)


def _observe_keeping(
    function: Callable, net: nn.Module, train_once: Teacher, n_epochs: int
) -> dict:
    before = next(net.parameters()).detach().clone()
    loss = function(net, train_once, n_epochs)
    moved = float((next(net.parameters()).detach() - before).mean())
    return {"lowest loss": loss, "epoch whose weights are in the network": round(moved)}


def _no_copy(net: nn.Module, train_once: Callable, n_epochs: int) -> float:
    lowest, best = float("inf"), {}
    for _ in range(n_epochs):
        loss = train_once(net)
        if loss < lowest:
            lowest, best = loss, net.state_dict()
    net.load_state_dict(best)
    return lowest


def _before_training(net: nn.Module, train_once: Callable, n_epochs: int) -> float:
    lowest, best = float("inf"), {}
    for _ in range(n_epochs):
        weights = copy.deepcopy(net.state_dict())
        loss = train_once(net)
        if loss < lowest:
            lowest, best = loss, weights
    net.load_state_dict(best)
    return lowest


def _last_loss(net: nn.Module, train_once: Callable, n_epochs: int) -> float:
    losses: list[float] = []

    def noted(net: nn.Module) -> float:
        losses.append(train_once(net))
        return losses[-1]

    keep_best(net, noted, n_epochs)
    return losses[-1]


EXERCISES = (
    Exercise(
        slopes_of_logits,
        _batches,
        (
            Mistake(
                _of_the_sum,
                "Right for the sum of the clips' losses. The loss of a batch is their mean: what "
                "does that do to each slope?",
            ),
            Mistake(
                _uphill,
                "The signs are the other way round. If the true emotion was given too little, does "
                "the loss grow or fall when its logit grows?",
            ),
            Mistake(
                _from_logits,
                "You compare logits with the truth. What the network *said* are probabilities.",
            ),
        ),
    ),
    Exercise(
        train_epochs,
        _small_corpora,
        (
            Mistake(
                _loop(zero=False),
                "The slopes of earlier batches are still there when the next step is made: "
                "`backward` adds to what it finds. Which line makes it forget?",
            ),
            Mistake(
                _loop(shuffle=False),
                "The batches are the same in each epoch. Where is a new order drawn?",
            ),
            Mistake(
                _loop(softmax=True),
                "You hand probabilities to the loss, which applies softmax itself: softmax twice.",
            ),
            Mistake(
                _loop(evaluate=False),
                "The validation loss is measured with dropout on. Which mode is for measuring?",
            ),
            Mistake(
                _loop(everything=True),
                "Clips of the validation speakers are trained on. Then they cannot tell any more "
                "when to stop: go through `rows['train']` only.",
            ),
            Mistake(
                _loop(back=False),
                "After the first epoch dropout stays off: measuring switched to eval mode. Where "
                "does each epoch have to switch back?",
            ),
        ),
        observe=_observe_training,
    ),
    Exercise(
        stop_early,
        _courses_of_losses,
        (
            Mistake(
                _never_stops,
                "You look at all losses, also at those after the stop, which nobody would have "
                "seen: go through the epochs one by one, and stop.",
            ),
            Mistake(
                _counts_rises,
                "You count rises in a row. Patience counts epochs since the *lowest* loss, whether "
                "the loss rises or falls in between.",
            ),
            Mistake(
                _keeps_the_last,
                "You keep the weights of the epoch in which training stopped. Which were better?",
            ),
            Mistake(_from_zero, "Python counts from 0; epochs are counted from 1."),
            Mistake(
                _a_tie_is_better,
                "An equal loss is no improvement: keep the first epoch that reached it.",
            ),
        ),
    ),
    Exercise(
        keep_best,
        _courses_of_training,
        (
            Mistake(
                _no_copy,
                "The loss is right, the weights are those of the last epoch. `state_dict()` hands "
                "over the tables themselves, and training goes on writing into them.",
            ),
            Mistake(
                _before_training,
                "The weights are one epoch too old: you copy them before the epoch whose loss is "
                "measured.",
            ),
            Mistake(_last_loss, "The weights are right. Return the lowest loss, not the last."),
        ),
        observe=_observe_keeping,
    ),
)
