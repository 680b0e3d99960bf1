"""The network of :mod:`ser_helpers.model` and its training once more, in Keras.

Keras 3 computes with another library, its *backend*: TensorFlow, PyTorch or JAX. Which one is
decided when it is first imported, so that this module imports it only inside its functions.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from scipy.special import log_softmax, softmax
from sklearn.preprocessing import StandardScaler

from ser_helpers.errors import DataError
from ser_helpers.learning import diverged, one_thread, prepare, uar
from ser_helpers.model import EmotionNet
from ser_helpers.origin import origin_of
from ser_helpers.train import Result, TrainSettings

if TYPE_CHECKING:
    import keras

#: Adam as PyTorch has it, as far as Keras can: its own default is 1e-7. PyTorch adds it to the
#: root of the *corrected* second moment, Keras to that of the other one (Kingma & Ba 2015, end of
#: section 2); one notices only where gradients are as small as this.
EPSILON = 1e-8


@dataclass(frozen=True)
class KerasResult(Result):
    """A result whose network is one of Keras; all else as in :class:`ser_helpers.train.Result`.

    Attributes
    ----------
    model : keras.Model
        With the weights of the best epoch. :func:`in_torch` makes an ``EmotionNet`` of it.
    """

    model: keras.Model


def choose_backend() -> str:
    """Decide what Keras computes with; call it before the first ``import keras``.

    TensorFlow where it is installed, else PyTorch, which the course needs anyway; whoever has set
    the variable ``KERAS_BACKEND`` has chosen already. On a Mac it is PyTorch: TensorFlow (2.20,
    2.21) and pyarrow, which pandas loads, block each other in one process there
    (github.com/tensorflow/tensorflow/issues/98563).

    Returns
    -------
    str
        "tensorflow", "torch" or "jax".

    Raises
    ------
    ImportError
        If ``KERAS_BACKEND`` names a library that is not installed.

    Notes
    -----
    Sets environment variables of this process, but none that is set already: ``KERAS_BACKEND``;
    ``KERAS_TORCH_DEVICE`` to the processor, for networks as small as ours; and for TensorFlow,
    ``TF_ENABLE_ONEDNN_OPTS=0``, with which it rounds alike on all processors of one kind, and
    ``TF_CPP_MIN_LOG_LEVEL=3``, without which it greets on stderr (errors come as exceptions).
    """
    quiet = {"TF_ENABLE_ONEDNN_OPTS": "0", "TF_CPP_MIN_LOG_LEVEL": "3"}
    for name, value in {"KERAS_TORCH_DEVICE": "cpu", **quiet}.items():
        os.environ.setdefault(name, value)
    if "keras" in sys.modules:  # then it is decided
        return sys.modules["keras"].config.backend()
    blocked = sys.platform == "darwin" and find_spec("pyarrow") is not None
    preferred = "torch" if blocked or find_spec("tensorflow") is None else "tensorflow"
    chosen = os.environ.setdefault("KERAS_BACKEND", preferred)
    if chosen in ("tensorflow", "torch", "jax") and find_spec(chosen) is None:
        raise ImportError(
            f"the variable KERAS_BACKEND asks for {chosen}, which is not installed: for TensorFlow "
            "`python course.py lab --tensorflow` installs it; or take the variable away"
        )
    return chosen


def build(
    n_features: int,
    n_classes: int,
    *,
    hidden: tuple[int, ...] = (256,),
    dropout: float = 0.5,
    noise: float = 0.0,
    weight_decay: float = 0.0,
) -> keras.Model:
    """Build the twin of :class:`ser_helpers.model.EmotionNet`, with PyTorch's first weights.

    Parameters
    ----------
    n_features, n_classes, hidden, dropout
        As of :class:`ser_helpers.model.EmotionNet`.
    noise : float
        Standard deviation of the noise on the features, in training only; Keras allows 0 to 1.
    weight_decay : float
        As in :class:`torch.optim.Adam`: a pull of each weight and bias towards zero that is part
        of the gradient. In Keras that is a penalty in the layers; ``weight_decay`` of Keras' own
        Adam is another thing (that of AdamW, Loshchilov & Hutter 2019, arXiv:1711.05101).

    Returns
    -------
    keras.Model
        Takes float32, shape (n_clips, n_features), and gives logits, shape (n_clips, n_classes).
    """
    keras = _keras()
    if not 0 <= noise <= 1:
        raise ValueError(f"noise must be from 0 to 1, which is all that Keras allows, not {noise}")

    def dense(n_in: int, n_out: int, activation: str | None = None) -> Any:
        bound = n_in**-0.5  # torch.nn.Linear: uniform between plus and minus this, biases too
        penalty = keras.regularizers.L2(weight_decay / 2) if weight_decay else None
        return keras.layers.Dense(
            n_out,
            activation=activation,
            kernel_initializer=keras.initializers.RandomUniform(-bound, bound),
            bias_initializer=keras.initializers.RandomUniform(-bound, bound),
            kernel_regularizer=penalty,
            bias_regularizer=penalty,
        )

    model = keras.Sequential([keras.Input((n_features,)), keras.layers.GaussianNoise(noise)])
    for n_in, n_out in zip((n_features, *hidden), hidden, strict=False):
        model.add(dense(n_in, n_out, "relu"))
        model.add(keras.layers.Dropout(dropout))
    model.add(dense((n_features, *hidden)[-1], n_classes))
    return model


def copy_to_keras(net: EmotionNet, model: keras.Model) -> None:
    """Copy the weights of a network in PyTorch into its twin in Keras, in place.

    Parameters
    ----------
    net : EmotionNet
    model : keras.Model
        Of :func:`build`, with the same sizes.

    Raises
    ------
    ValueError
        If the sizes differ.
    """
    arrays = [p.detach().numpy() for p in net.parameters()]
    _check_shapes([a.T.shape for a in arrays], [a.shape for a in model.get_weights()])
    model.set_weights([a.T for a in arrays])  # .T leaves a bias as it is


def copy_to_torch(model: keras.Model, net: EmotionNet) -> None:
    """Copy the weights of a network in Keras into its twin in PyTorch, in place.

    Parameters
    ----------
    model : keras.Model
        Of :func:`build`.
    net : EmotionNet
        With the same sizes.

    Raises
    ------
    ValueError
        If the sizes differ.
    """
    arrays, parameters = [a.T for a in model.get_weights()], list(net.parameters())
    _check_shapes([a.shape for a in arrays], [tuple(p.shape) for p in parameters])
    with torch.no_grad():
        for parameter, array in zip(parameters, arrays, strict=True):
            parameter.copy_(torch.tensor(array))


def probabilities(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """Compute class probabilities, each row summing to 1; noise and dropout are off.

    Parameters
    ----------
    model : keras.Model
        Whose outputs are logits.
    x : numpy.ndarray of float32, shape (n_clips, n_features)
        Standardised features.

    Returns
    -------
    numpy.ndarray of float32, shape (n_clips, n_classes)
    """
    return softmax(model.predict_on_batch(np.asarray(x, dtype=np.float32)), axis=1)


def compile_like_torch(model: keras.Model, settings: TrainSettings = TrainSettings()) -> None:
    """Compile with the loss and the Adam of :func:`ser_helpers.train.fit`.

    The metric ``cross_entropy`` is the loss without label smoothing and penalty.

    Parameters
    ----------
    model : keras.Model
        Of :func:`build`; labels come as one-hot rows.
    settings : TrainSettings
        Of which ``lr`` and ``label_smoothing`` are used.
    """
    keras = _keras()
    model.compile(
        optimizer=keras.optimizers.Adam(settings.lr, epsilon=EPSILON),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=settings.label_smoothing
        ),
        metrics=[keras.metrics.CategoricalCrossentropy(from_logits=True, name="cross_entropy")],
        jit_compile=False,  # compiling takes longer than training so small a network
    )


def fit(
    table: pd.DataFrame,
    labels: pd.Series,
    parts: pd.Series,
    *,
    settings: TrainSettings = TrainSettings(),
) -> KerasResult:
    """Train as :func:`ser_helpers.train.fit` does: train part, stopped by the validation part.

    Scaler, network, loss, Adam, batches, stopping and history are the same, chance is not: the
    same seed gives other first weights, batches and dropout than in PyTorch.

    Parameters
    ----------
    table, labels, parts, settings
        As of :func:`ser_helpers.train.fit`.

    Returns
    -------
    KerasResult

    Raises
    ------
    DataError
        As :func:`ser_helpers.train.fit`.

    Notes
    -----
    Keras draws random numbers from the generators of Python, NumPy and the backend. Those of
    Python, NumPy and PyTorch are restored afterwards; TensorFlow's cannot be.
    """
    labels, parts, classes = prepare(table, labels, parts)
    scaler = StandardScaler().fit(table[parts == "train"])
    x = scaler.transform(table).astype(np.float32)
    y = np.eye(len(classes), dtype=np.float32)[[classes.index(label) for label in labels]]
    of_part = {p: (x[parts == p], y[parts == p]) for p in ("train", "validation")}

    keras = _keras()
    after = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: history.append(
            {"epoch": epoch + 1}
            | {
                f"{part}_{name}": value
                for part, (x_part, y_part) in of_part.items()
                for name, value in _measure(model, x_part, y_part).items()
            }
        )
    )
    stop = keras.callbacks.EarlyStopping(
        "val_cross_entropy", mode="min", patience=settings.patience, restore_best_weights=True
    )
    history: list[dict] = []
    model: Any
    with one_thread(), _restored_rng():
        keras.utils.set_random_seed(settings.seed)
        model = build(
            x.shape[1],
            len(classes),
            hidden=settings.hidden,
            dropout=settings.dropout,
            noise=settings.noise,
            weight_decay=settings.weight_decay,
        )
        compile_like_torch(model, settings)
        model.fit(
            *of_part["train"],
            batch_size=settings.batch_size,
            epochs=settings.max_epochs,
            validation_data=of_part["validation"],
            callbacks=[after, stop],
            verbose=0,
        )
        said = probabilities(model, x)
    if stop.best is None or not np.isfinite(stop.best):
        raise DataError(diverged(settings.lr))
    return KerasResult(
        model,
        scaler,
        classes,
        pd.DataFrame(history).set_index("epoch"),
        stop.best_epoch + 1,
        labels,
        parts,
        pd.DataFrame(said, index=table.index, columns=list(classes)),
        settings,
        origin_of(table),
    )


def in_torch(result: KerasResult) -> Result:
    """Return a result with the network in PyTorch, so that :mod:`ser_helpers.predict` can save it.

    Parameters
    ----------
    result : KerasResult

    Returns
    -------
    Result
        The same in all but ``model``.
    """
    net = EmotionNet(
        result.scaler.n_features_in_,
        len(result.classes),
        hidden=result.settings.hidden,
        dropout=result.settings.dropout,
    )
    copy_to_torch(result.model, net)
    rest = {f.name: getattr(result, f.name) for f in fields(Result) if f.name != "model"}
    return Result(model=net.eval(), **rest)


def _keras() -> ModuleType:
    """Import Keras on the backend that :func:`choose_backend` chooses."""
    choose_backend()
    import keras

    return keras


def _measure(model: keras.Model, x: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Measure loss (no smoothing, no penalty) and UAR with dropout and noise off."""
    logits, true = model.predict_on_batch(x), y.argmax(axis=1)
    loss = -log_softmax(logits, axis=1)[np.arange(len(true)), true].mean()
    return {"loss": float(loss), "uar": uar(true, logits.argmax(axis=1))}


def _check_shapes(given: list[tuple], wanted: list[tuple]) -> None:
    if given != wanted:
        raise ValueError(
            f"these are no twins: one has weights of the shapes {given}, the other takes {wanted}; "
            "build both with the same sizes"
        )


@contextmanager
def _restored_rng() -> Iterator[None]:
    """Restore the random generators of Python, NumPy and PyTorch afterwards."""
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002  Keras' own
    with torch.random.fork_rng(devices=[]):
        try:
            yield
        finally:
            random.setstate(of_python)
            np.random.set_state(of_numpy)  # noqa: NPY002
