"""The network in Keras is that of PyTorch: weights, answers, slopes, steps, training and scores."""

import os
import random
import re
import subprocess
import sys
from dataclasses import replace
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import ROOT, load_script, made_up, results
from torch import nn

from ser_helpers import data, evaluate, features, predict, split, train
from ser_helpers.further import keras_twin
from ser_helpers.model import EmotionNet, count_parameters

BACKEND = keras_twin.choose_backend()
# Of Keras on PyTorch, about numpy 2; nothing of ours.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
    pytest.mark.usefixtures("one_thread"),
]
SIZES = [{"hidden": ()}, {"hidden": (256,)}, {"hidden": (7, 3)}]


@pytest.fixture(scope="module")
def keras() -> ModuleType:
    import keras

    return keras


def twins(seed: int = 0, **choices: object) -> tuple[EmotionNet, object]:
    torch.manual_seed(seed)
    sizes = {name: value for name, value in choices.items() if name in ("hidden", "dropout")}
    net = EmotionNet(11, 6, **sizes).eval()
    model = keras_twin.build(11, 6, **choices)
    keras_twin.copy_to_keras(net, model)
    return net, model


def batches(n: int) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(0)
    return [
        (rng.normal(size=(32, 11)).astype(np.float32), rng.integers(0, 6, size=32))
        for _ in range(n)
    ]


BRIEF = train.TrainSettings(hidden=(16,), max_epochs=6, patience=3, lr=0.01)


# --- which backend ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("installed", "system", "set_to", "expected"),
    [
        ({"tensorflow", "torch", "pyarrow"}, "linux", None, "tensorflow"),
        ({"torch", "pyarrow"}, "linux", None, "torch"),
        ({"tensorflow", "torch", "pyarrow"}, "darwin", None, "torch"),
        ({"tensorflow", "torch"}, "darwin", None, "tensorflow"),
        ({"tensorflow", "torch", "pyarrow"}, "darwin", "tensorflow", "tensorflow"),
        ({"tensorflow", "torch"}, "win32", "torch", "torch"),
        ({"tensorflow", "torch", "jax"}, "linux", "jax", "jax"),
    ],
)
def test_tensorflow_is_taken_where_it_is_and_works_unless_the_user_chose(
    monkeypatch, installed, system, set_to, expected
):
    monkeypatch.setattr(keras_twin, "find_spec", lambda name: name if name in installed else None)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    for name in ("KERAS_TORCH_DEVICE", "TF_CPP_MIN_LOG_LEVEL", "TF_ENABLE_ONEDNN_OPTS"):
        monkeypatch.setenv(name, "1")  # set by the user: stays
    monkeypatch.setenv("KERAS_BACKEND", set_to or "")
    if not set_to:
        monkeypatch.delenv("KERAS_BACKEND")
    assert keras_twin.choose_backend() == expected
    assert os.environ["KERAS_BACKEND"] == expected
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "1"


def test_a_backend_that_is_not_installed_is_named_with_the_way_out(monkeypatch):
    monkeypatch.setattr(keras_twin, "find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    with pytest.raises(ImportError, match="asks for tensorflow, which is not installed.*--tensor"):
        keras_twin.choose_backend()


def test_keras_runs_on_it_whatever_its_own_settings_file_says_and_says_nothing(tmp_path):
    (tmp_path / "keras.json").write_text('{"backend": "jax"}', encoding="utf-8")
    environment = dict(os.environ, KERAS_HOME=str(tmp_path))
    code = (
        "from ser_helpers import keras_twin\n"
        "chosen = keras_twin.choose_backend()\n"
        "import keras, numpy\n"
        "assert keras_twin.choose_backend() == chosen == keras.config.backend()\n"
        "keras_twin.build(3, 2).predict_on_batch(numpy.zeros((1, 3)))\n"
        "print(chosen)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )
    assert (ran.stdout.strip(), ran.stderr) == (BACKEND, "")


def test_it_says_which_backend_it_has(keras):
    assert keras_twin.choose_backend() == keras.config.backend() == BACKEND


# --- network and weights ------------------------------------------------------------------------


@pytest.mark.parametrize("choices", SIZES, ids=str)
def test_copied_weights_give_the_same_probabilities_and_come_back_unchanged(choices):
    net, model = twins(**choices)
    assert model.count_params() == count_parameters(net)
    x = 3 * np.random.default_rng(0).normal(size=(200, 11)).astype(np.float32)
    theirs = net.probabilities(torch.from_numpy(x)).numpy()
    said = keras_twin.probabilities(model, x)
    assert said.dtype == np.float32
    np.testing.assert_allclose(said, theirs, atol=1e-5)
    again = EmotionNet(11, 6, **choices)
    keras_twin.copy_to_torch(model, again)
    for before, after in zip(net.parameters(), again.parameters(), strict=True):
        assert torch.equal(before, after)


def test_weights_of_another_size_are_refused():
    net, model = EmotionNet(11, 6, hidden=(8,)), keras_twin.build(11, 6, hidden=(9,))
    with pytest.raises(ValueError, match=r"no twins: .*\(11, 8\).*\(11, 9\)"):
        keras_twin.copy_to_keras(net, model)
    with pytest.raises(ValueError, match="no twins"):
        keras_twin.copy_to_torch(model, net)


def test_first_weights_are_spread_as_in_pytorch(keras):
    keras.utils.set_random_seed(0)
    of_keras = keras_twin.build(400, 300, hidden=(200,)).get_weights()
    torch.manual_seed(0)
    of_torch = [p.detach().numpy() for p in EmotionNet(400, 300, hidden=(200,)).parameters()]
    for theirs, ours in zip(of_keras, of_torch, strict=True):
        assert np.abs(theirs).max() == pytest.approx(np.abs(ours).max(), rel=0.03)
        assert theirs.std() == pytest.approx(ours.std(), rel=0.08)
        assert abs(theirs.mean()) < 0.2 * np.abs(ours).max()


def test_noise_and_dropout_work_in_training_only(keras):
    model = keras_twin.build(11, 6, noise=1.0)
    x = np.ones((4, 11), dtype=np.float32)
    assert np.ptp(keras_twin.probabilities(model, x), axis=0).max() < 1e-6
    assert np.ptp(keras.ops.convert_to_numpy(model(x, training=True)), axis=0).min() > 1e-3
    with pytest.raises(ValueError, match="noise must be from 0 to 1"):
        keras_twin.build(11, 6, noise=2.0)


# --- loss, slopes, Adam -------------------------------------------------------------------------


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_one_batch_gives_the_same_gradient(keras, smoothing, weight_decay):
    net, model = twins(dropout=0.0, weight_decay=weight_decay)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    model.compile(keras.optimizers.SGD(1.0), loss, jit_compile=False)
    ((x, y),) = batches(1)
    before = model.get_weights()
    model.train_on_batch(x, np.eye(6, dtype=np.float32)[y])
    steps = [old - new for old, new in zip(before, model.get_weights(), strict=True)]
    logits = net(torch.from_numpy(x))
    value = nn.functional.cross_entropy(logits, torch.from_numpy(y), label_smoothing=smoothing)
    value.backward()
    for parameter, step in zip(net.parameters(), steps, strict=True):
        pull = weight_decay * parameter.detach().numpy()
        np.testing.assert_allclose(step.T, parameter.grad.numpy() + pull, atol=1e-6)


def test_thirty_steps_of_adam_are_pytorchs_but_for_the_place_of_epsilon():
    settings = train.TrainSettings(weight_decay=0.01)
    net, model = twins(dropout=0.0, weight_decay=settings.weight_decay)
    keras_twin.compile_like_torch(model, settings)
    adam = torch.optim.Adam(net.parameters(), lr=settings.lr, weight_decay=settings.weight_decay)
    loss = nn.CrossEntropyLoss(label_smoothing=settings.label_smoothing)
    for t, (x, y) in enumerate(batches(30), start=1):
        adam.param_groups[0]["eps"] = keras_twin.EPSILON / np.sqrt(1 - 0.999**t)
        adam.zero_grad()
        loss(net(torch.from_numpy(x)), torch.from_numpy(y)).backward()
        adam.step()
        model.train_on_batch(x, np.eye(6, dtype=np.float32)[y])
    for parameter, weights in zip(net.parameters(), model.get_weights(), strict=True):
        np.testing.assert_allclose(weights.T, parameter.detach().numpy(), atol=2e-5)


# --- training -----------------------------------------------------------------------------------


def test_training_is_that_of_pytorch_in_form():
    table, emotion, parts = made_up()
    table.attrs["settings"] = {"sr": 16_000}
    parts = parts.rename("made up")
    result = keras_twin.fit(table, emotion, parts, settings=BRIEF)
    theirs = train.fit(table, emotion, parts, settings=BRIEF, progress=False)
    assert isinstance(result, train.Result)
    assert result.classes == theirs.classes
    np.testing.assert_array_equal(result.scaler.mean_, theirs.scaler.mean_)
    for name in ("labels", "parts"):
        pd.testing.assert_series_equal(getattr(result, name), getattr(theirs, name))
    assert list(result.history) == list(theirs.history)
    assert result.history.index.equals(theirs.history.index[: len(result.history)])
    assert result.origin["settings"] == {"sr": 16_000}
    best = result.history.loc[result.best_epoch]
    assert best.validation_loss == result.history.validation_loss.min()
    # The kept weights are those of the best epoch, and the history tells their scores.
    inside = parts == "validation"
    said, true = result.probabilities[inside], emotion[inside]
    chosen = said.to_numpy()[np.arange(inside.sum()), [result.classes.index(e) for e in true]]
    assert -np.log(chosen).mean() == pytest.approx(best.validation_loss, abs=1e-5)
    uar = evaluate.scores(true, said.idxmax(axis=1))["uar"]
    assert uar == pytest.approx(best.validation_uar)
    assert result.history.train_uar.iloc[-1] > 0.3  # it learns
    report = evaluate.report(result, pd.DataFrame({"actor": np.arange(240) % 4}))
    assert report.n_clips == 40


def test_it_stops_when_strangers_no_longer_profit():
    table, emotion, parts = made_up()
    rng = np.random.default_rng(1)
    emotion[parts == "validation"] = rng.permutation(emotion[parts == "validation"])
    eager = replace(BRIEF, max_epochs=60, noise=0.0, dropout=0.0)
    result = keras_twin.fit(table, emotion, parts, settings=eager)
    assert len(result.history) == result.best_epoch + eager.patience < 60


def chance() -> tuple:
    """Tell in which state the generators of Python, NumPy and PyTorch are."""
    of_numpy = np.random.get_state()[1].tolist()  # noqa: NPY002
    return random.getstate(), of_numpy, torch.get_rng_state().tolist()


def test_the_same_seed_is_the_same_and_the_callers_chance_is_left_alone():
    table, emotion, parts = made_up()
    brief = replace(BRIEF, max_epochs=2)
    before = chance()
    one, again = (keras_twin.fit(table, emotion, parts, settings=brief) for _ in range(2))
    assert chance() == before
    pd.testing.assert_frame_equal(one.probabilities, again.probabilities, rtol=1e-5)
    other = keras_twin.fit(table, emotion, parts, settings=replace(brief, seed=1))
    assert not np.allclose(one.probabilities, other.probabilities, atol=1e-3)


def test_nothing_is_learnt_from_test_clips():
    table, emotion, parts = made_up()
    brief = replace(BRIEF, max_epochs=2)
    one = keras_twin.fit(table, emotion, parts, settings=brief)
    table[parts == "test"] += 5
    emotion[parts == "test"] = "SAD"
    other = keras_twin.fit(table, emotion, parts, settings=brief)
    for ours, theirs in zip(one.model.get_weights(), other.model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


def test_bad_input_is_refused_in_words():
    table, emotion, parts = made_up()
    with pytest.raises(data.DataError, match="clips of ANG only"):
        keras_twin.fit(table[emotion == "ANG"], emotion, parts)
    fewer = parts.mask((emotion == "SAD") & (parts == "train"), "test")
    with pytest.raises(data.DataError, match="no clip of SAD"):
        keras_twin.fit(table, emotion, fewer)
    table.iloc[3, 2] = np.nan
    with pytest.raises(data.DataError, match="not numbers"):
        keras_twin.fit(table, emotion, parts)
    table.iloc[3, 2] = 0
    with pytest.raises(ValueError, match="never a number: lr=1e"):
        keras_twin.fit(table, emotion, parts, settings=replace(BRIEF, lr=1e30, max_epochs=2))


def test_a_network_trained_in_keras_is_kept_as_a_recogniser(corpus, table, tmp_path):
    parts = split.by_speaker(corpus.clips, test_size=0.4)
    brief = replace(BRIEF, max_epochs=2)
    result = keras_twin.fit(table, corpus.clips.emotion, parts, settings=brief)
    back = keras_twin.in_torch(result)
    assert type(back) is train.Result
    path = predict.save(predict.from_result(back), tmp_path / "from_keras.npz")
    said = predict.predict(predict.load(path), table)
    pd.testing.assert_frame_equal(said, result.probabilities, atol=1e-5, check_dtype=False)


# --- measured -----------------------------------------------------------------------------------

#: The same backend repeats itself, as far as a CPU repeats; another one draws other numbers, and
#: the test part of a fold is four speakers.
TOLERANCE, OTHER_BACKEND = 0.02, 0.1


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    return load_script(ROOT / "benchmarks" / "measure_keras.py")


@pytest.mark.parametrize("name", ["demo", "ravdess"])
def test_what_was_measured_says_that_the_library_makes_no_difference(name):
    told = results(f"keras_{name}")
    assert told["backend"] == "tensorflow"
    assert told["largest_difference_of_probabilities_after_copying"] < 1e-5
    difference = told["uar_keras_minus_torch"]
    assert difference["low"] <= 0 <= difference["high"]
    torchs, keras = (told["scores"][library]["uar"] for library in ("torch", "keras"))
    assert torchs["low"] < keras["value"] < torchs["high"]
    assert difference["value"] == pytest.approx(keras["value"] - torchs["value"], abs=2e-4)
    main = results(f"{name}")
    known = main["scores"]["course, unseen speakers"]["uar"]["of_each_seed"]
    assert torchs["of_each_seed"] == pytest.approx(known, abs=0.02)


def test_the_notebook_tells_what_was_measured():
    def percent(value: float) -> str:
        return f"{100 * value:.1f}".replace("-", "−")

    told = {name: results(f"keras_{name}") for name in ("demo", "ravdess")}
    torchs, keras = (
        {name: percent(t["scores"][library]["uar"]["value"]) for name, t in told.items()}
        for library in ("torch", "keras")
    )
    notebook = (ROOT / "notebooks" / "11_keras_and_tensorflow.ipynb").read_text("utf-8")
    for library, scores in (("PyTorch", torchs), ("Keras on TensorFlow", keras)):
        assert re.search(rf"{library} +{scores['demo']} +{scores['ravdess']}", notebook), scores
    # The difference is read by the notebook itself: its text may claim no winner while zero is in.
    assert 'evaluate.published(name, \\"keras / uar_keras_minus_torch\\")' in notebook
    for measured in told.values():
        assert (
            measured["uar_keras_minus_torch"]["low"] < 0 < measured["uar_keras_minus_torch"]["high"]
        )


@pytest.mark.remeasures
def test_its_first_fold_is_repeated(benchmark):
    told = results("keras_demo")
    clips = data.open_corpus("demo").clips
    table = features.extract(clips, progress=False)
    now = benchmark.measure(table, clips, seeds=[told["seeds"][0]], folds=[0])
    assert now["largest_difference_of_probabilities_after_copying"] < 1e-5
    for library, uars in told["uar_of_each_seed_and_fold"].items():
        same = library == "torch" or told["backend"] == BACKEND
        tolerance = TOLERANCE if same else OTHER_BACKEND
        assert now["scores"][library]["uar"]["value"] == pytest.approx(uars[0][0], abs=tolerance)


def test_the_interval_of_a_difference_is_right_where_it_is_known(benchmark):
    actual = pd.Series(list(data.EMOTIONS) * 4)
    speakers = pd.Series(np.repeat([1, 2, 3, 4], 6))
    wrong = actual.shift(1, fill_value="SAD")
    same = benchmark.difference(actual, wrong, wrong, speakers)
    assert same == {"value": 0, "low": 0, "high": 0}
    all_right = benchmark.difference(actual, actual, wrong, speakers)
    assert all_right == {"value": 1, "low": 1, "high": 1}
    half = actual.where(speakers <= 2, wrong)
    of_half = benchmark.difference(actual, half, wrong, speakers)
    expected = evaluate.intervals(actual, half, speakers).loc["uar"]
    assert of_half["value"] == pytest.approx(expected.value)
    assert (of_half["low"], of_half["high"]) == pytest.approx((expected.low, expected.high))
