"""What notebook 11 builds by hand is what the helpers, PyTorch and numpy do."""

import numpy as np
import pandas as pd
import pytest
import torch
from notebook_code import functions_of
from sklearn.preprocessing import StandardScaler
from torch import nn

from ser_helpers import data, evaluate, exercises, train
from ser_helpers.further import keras_twin
from ser_helpers.model import EmotionNet

keras_twin.choose_backend()  # before notebook 11 imports Keras
# Of Keras on PyTorch, about numpy 2; nothing of ours.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
    pytest.mark.usefixtures("one_thread"),
]


def test_the_network_is_the_helpers():
    ours = functions_of("11").network_by_hand(11, 6)
    theirs = keras_twin.build(11, 6, noise=1.0)
    assert [type(layer) for layer in ours.layers] == [type(layer) for layer in theirs.layers]
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in theirs.get_weights()]
    for one, other in zip(ours.layers, theirs.layers, strict=True):
        for name in ("stddev", "rate", "units", "activation"):
            assert getattr(one, name, None) == getattr(other, name, None)


@pytest.mark.parametrize("hidden", [(), (8,), (7, 3)])
def test_copied_weights_answer_as_pytorchs(hidden):
    torch.manual_seed(0)
    net, model = EmotionNet(11, 6, hidden=hidden), keras_twin.build(11, 6, hidden=hidden)
    functions_of("11").copy_by_hand(net, model)
    x = torch.randn(50, 11)
    theirs = net.probabilities(x).numpy()
    ours = exercises.find("dense_forward").reference(x.numpy(), model.get_weights())
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    np.testing.assert_allclose(keras_twin.probabilities(model, x.numpy()), theirs, atol=1e-5)


def test_the_gradient_is_pytorchs_and_the_weights_stay():
    import keras

    torch.manual_seed(0)
    net, model = EmotionNet(11, 6, dropout=0.0), keras_twin.build(11, 6, dropout=0.0)
    keras_twin.copy_to_keras(net, model)
    x, y = torch.randn(32, 11), torch.arange(32) % 6
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    labels = np.eye(6, dtype=np.float32)[y.numpy()]
    slopes = functions_of("11").gradient_by_hand(model, x.numpy(), labels, loss)
    nn.functional.cross_entropy(net(x), y).backward()
    for parameter, slope, weights in zip(
        net.parameters(), slopes, model.get_weights(), strict=True
    ):
        np.testing.assert_allclose(slope.T, parameter.grad, atol=1e-6)
        np.testing.assert_array_equal(weights.T, parameter.detach())


@pytest.mark.parametrize(
    "changes", [{}, {"hidden": (8, 4), "batch_size": 25, "seed": 3, "noise": 0.0}], ids=str
)
def test_training_is_the_helpers(changes):
    rng = np.random.default_rng(0)
    number = np.arange(240) % 6
    emotion = pd.Series([data.EMOTIONS[i] for i in number])
    table = pd.DataFrame(rng.normal(size=(240, 10)) + np.eye(6, 10)[number], dtype=np.float32)
    parts = pd.Series(np.repeat(["train", "validation", "test"], [150, 50, 40]))
    chosen = train.TrainSettings(**{"max_epochs": 8, "patience": 2, "lr": 0.01} | changes)
    result = keras_twin.fit(table, emotion, parts, settings=chosen)
    scaled = StandardScaler().fit(table[parts == "train"]).transform(table).astype(np.float32)
    rows = {part: np.flatnonzero(parts == part) for part in set(parts)}
    y = np.eye(6, dtype=np.float32)[number]
    model, history = functions_of("11").fit_by_hand(scaled, y, rows, settings=chosen)
    theirs = result.history.validation_loss.to_numpy()
    np.testing.assert_allclose(history.val_cross_entropy, theirs, rtol=1e-4)
    for ours, weights in zip(model.get_weights(), result.model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, weights, atol=1e-5)


def test_compiling_is_the_helpers():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(12, 5)).astype(np.float32)
    y = np.eye(6, dtype=np.float32)[rng.integers(6, size=12)]
    chosen = train.TrainSettings(hidden=(4,), label_smoothing=0.2)
    model = keras_twin.build(5, 6, hidden=(4,))
    told = []
    for compile_model in (functions_of("11").compile_by_hand, keras_twin.compile_like_torch):
        compile_model(model, chosen)
        told.append(model.evaluate(x, y, verbose=0))
        assert model.optimizer.epsilon == keras_twin.EPSILON
    np.testing.assert_allclose(*told, rtol=1e-6)


def test_the_numpy_of_the_exercises_is_what_keras_does():
    import keras

    rng = np.random.default_rng(0)
    logits, y = rng.normal(size=(9, 6)), np.eye(6)[rng.integers(6, size=9)]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    ours = exercises.find("categorical_crossentropy").reference
    for outputs, from_logits in ((logits, True), (probabilities, False)):
        theirs = keras.losses.CategoricalCrossentropy(from_logits=from_logits)(y, outputs)
        assert ours(y, outputs, from_logits) == pytest.approx(float(theirs), rel=1e-5)
    norm = keras.layers.BatchNormalization(momentum=0.9)
    for value, expected in zip(
        (3.0, 1.0), exercises.find("running_means").reference([3.0, 1.0], 0.9), strict=True
    ):
        norm(np.full((4, 1), value, np.float32), training=True)
        assert float(np.asarray(norm.moving_mean)[0]) == pytest.approx(expected, rel=1e-5)
    step = exercises.find("first_adam_step").reference(np.ones(1), np.zeros(1), 0.001, 0.001, True)
    assert 1 - step.item() == pytest.approx(functions_of("11").moved_in_keras(0.001, 0.0), abs=1e-7)


@pytest.mark.parametrize("name", ["demo", "ravdess"])
def test_the_libraries_cannot_be_told_apart(name):
    """What the text concludes is what the benchmark measured."""
    apart = evaluate.published(name, "keras / uar_keras_minus_torch")
    assert apart.low < 0 < apart.high
