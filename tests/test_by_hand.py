"""What a notebook builds by hand is what the helper or the library does.

``functions_of("02").mfcc_by_hand`` is that function of notebook 02, taken out of it. Here are
the notebooks of the main road; a further one, NN, has ``test_by_hand_NN.py``. The first test here
fails for each ``*_by_hand`` function of any notebook that no test in these files names so.
"""

import re
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest
import scipy.fft
import scipy.special
import torch
from conftest import made_up
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from notebook_code import NOTEBOOKS, functions_in, functions_of
from sklearn.feature_selection import f_classif
from sklearn.metrics import confusion_matrix, f1_score, recall_score
from sklearn.preprocessing import StandardScaler
from torch import nn

from ser_helpers import calibration, data, evaluate, exercises, features, split, train
from ser_helpers.features import AudioSettings
from ser_helpers.model import EmotionNet

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
# Clips shorter than a frame are tested on purpose.
pytestmark = pytest.mark.filterwarnings("ignore:n_fft=.*too large", "ignore:Empty filters")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_function_built_by_hand_is_tested_here(path):
    files = Path(__file__).parent.glob("test_by_hand*.py")
    source = "\n".join(file.read_text(encoding="utf-8") for file in files)
    number = path.stem[:2]
    tested = set(re.findall(rf'functions_of\("{number}"\)\.(\w+_by_hand)', source))
    built = {f.name for f in functions_in(path) if f.name.endswith("_by_hand")}
    assert built <= tested, f"no test here calls {', '.join(sorted(built - tested))} of {path.name}"
    assert tested <= built, f"{path.name} has no {', '.join(sorted(tested - built))} any more"


# --- 01 Explore audio ---------------------------------------------------------------------------


@given(
    frequency=st.floats(20, 4000), seconds=st.floats(0.01, 1), sr=st.sampled_from([8000, 44_100])
)
def test_tone_is_librosas(frequency, seconds, sr):
    ours = functions_of("01").tone_by_hand(frequency, seconds, sr)
    # librosa makes a cosine that begins a quarter of a wave before.
    theirs = librosa.tone(frequency, sr=sr, length=round(seconds * sr), phi=-np.pi / 2)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@given(
    actor=st.integers(0, 9999),
    sentence=st.sampled_from(list(data.SENTENCES)),
    emotion=st.sampled_from(data.EMOTIONS),
    level=st.sampled_from([*data.LEVELS, "X"]),
)
def test_parsed_names_are_the_helpers(actor, sentence, emotion, level):
    name = f"{actor:04d}_{sentence}_{emotion}_{level}"
    assert functions_of("01").parse_name_by_hand(name) == data.parse_name(name)


def test_loudness_and_level_are_librosas_and_trimming_the_helpers():
    clips = data.open_corpus("demo").clips
    for path in clips.path[::200]:
        y = data.load_clip(path)
        rms = librosa.feature.rms(y=y, frame_length=len(y), center=False).item()
        ours = functions_of("01").loudness_by_hand(y)
        assert ours == pytest.approx(
            librosa.amplitude_to_db(np.array([rms]), top_db=None)[0], abs=1e-3
        )
        frames = librosa.feature.rms(y=y, frame_length=512, hop_length=160)[0]
        level = librosa.amplitude_to_db(frames, ref=np.max, amin=1e-6, top_db=None)
        np.testing.assert_allclose(functions_of("01").level_by_hand(y), level, atol=1e-3)
        np.testing.assert_array_equal(functions_of("01").trim_by_hand(y), features.trim(y))


@given(f0=st.floats(115, 400), seed=st.integers(0, 99))
def test_the_shift_that_fits_best_is_the_period_of_a_sound_with_a_pitch(f0, seed):
    rng = np.random.default_rng(seed)
    time = np.arange(1024) / 16_000
    frame = sum(
        rng.uniform(0.2, 1) / k * np.sin(2 * np.pi * (k * f0 * time + rng.uniform()))
        for k in range(1, 6)
    )
    shifts = np.arange(32, 140)
    misfit = functions_of("01").misfit_by_hand(frame, shifts)
    assert (misfit >= 0).all()
    periods = shifts[misfit.argmin()] / (16_000 / f0)  # two or three periods fit as well as one
    assert periods == pytest.approx(max(1, round(periods)), rel=0.02)


# --- 02 Extract MFCCs ---------------------------------------------------------------------------

USUAL = AudioSettings()
#: Other rates, odd lengths, a band that begins above 0 Hz, as many coefficients as bands.
SETTINGS = {
    "course": USUAL,
    "tutorials": AudioSettings(
        sr=22_050, n_fft=2048, win_length=2048, hop_length=512, n_mels=128, n_mfcc=40, fmax=11_025
    ),
    "telephone": AudioSettings(
        sr=8000, n_fft=256, win_length=200, hop_length=80, n_mels=23, n_mfcc=13, fmin=64, fmax=4000
    ),
    "odd": AudioSettings(
        n_fft=511, win_length=399, hop_length=127, n_mels=40, n_mfcc=40, fmin=50, fmax=7600
    ),
}
each_settings = pytest.mark.parametrize("s", SETTINGS.values(), ids=SETTINGS)
# A decibel of a soft band beside a loud one is less exact in librosa's 32 bits than in our 64.
CLOSE = {"rtol": 1e-3, "atol": 1e-2}


@st.composite
def sounds(draw, shortest=1):
    """Draw noise, tones, clicks and silence, soft or loud, of any length."""
    n = draw(st.integers(shortest, 8000))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    tone = np.sin(draw(st.floats(0.01, 3)) * np.arange(n))
    click = np.eye(1, n, draw(st.integers(0, n - 1)))[0]
    parts = draw(st.lists(st.sampled_from(range(3)), min_size=1, max_size=3))
    y = sum((rng.normal(size=n), tone, click)[part] for part in parts)
    y[: draw(st.integers(0, n - 1))] *= draw(st.sampled_from([0, 0.01, 1]))
    return (y * 10.0 ** draw(st.integers(-4, 0))).astype(np.float32)


def demo_clips(n: int) -> list[Path]:
    """List some clips of the demo voices, spread over all actors."""
    clips = data.open_corpus("demo").clips
    return clips.path.iloc[:: len(clips) // n].tolist()[:n]


@each_settings
@given(y=sounds(shortest=300))
@settings(max_examples=15)
def test_window_and_power_are_librosas_spectrum(s, y):
    window = functions_of("02").window_by_hand(s)
    padded = np.pad(y.astype(np.float64), s.n_fft // 2)
    frames = librosa.util.frame(padded, frame_length=s.n_fft, hop_length=s.hop_length)
    ours = functions_of("02").power_by_hand(frames * window[:, np.newaxis])
    waves = librosa.stft(
        y.astype(np.float64), n_fft=s.n_fft, win_length=s.win_length, hop_length=s.hop_length
    )
    np.testing.assert_allclose(ours, np.abs(waves) ** 2, rtol=1e-3, atol=1e-9 * ours.max())


@given(hertz=st.floats(0, 24_000))
@example(hertz=999.999)
@example(hertz=1000.0)
def test_mel_scale_is_slaneys(hertz):
    mel = functions_of("02").hz_to_mel_by_hand(hertz)
    assert mel == pytest.approx(librosa.hz_to_mel(hertz), rel=1e-6)


@given(power=st.lists(st.floats(0, 1e4), min_size=1, max_size=20))
@example(power=[0.0, 0.0])
@example(power=[1e-12, 1e-3, 1e4])
def test_log_is_librosas_with_its_two_floors(power):
    theirs = librosa.power_to_db(np.array(power))
    np.testing.assert_allclose(functions_of("02").log_by_hand(np.array(power)), theirs, atol=1e-9)


@pytest.mark.parametrize(("n_mfcc", "n_mels"), [(1, 1), (13, 40), (30, 64), (64, 64)])
def test_cosines_are_scipys_dct(n_mfcc, n_mels):
    theirs = scipy.fft.dct(np.eye(n_mels), axis=0, norm="ortho")[:n_mfcc]
    ours = functions_of("02").cosines_by_hand(n_mfcc, n_mels)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


@each_settings
@given(y=sounds())
@settings(max_examples=20)
def test_mfcc_is_the_helpers_on_any_sound(s, y):
    np.testing.assert_allclose(functions_of("02").mfcc_by_hand(y, s), features.mfcc(y, s), **CLOSE)


@each_settings
def test_mfcc_is_the_helpers_on_demo_voices(s):
    for path in demo_clips(6):
        y = data.load_clip(path, sr=s.sr)
        ours = functions_of("02").mfcc_by_hand(y, s)
        np.testing.assert_allclose(ours, features.mfcc(y, s), **CLOSE)


@pytest.mark.parametrize("order", [1, 2])
@given(n_frames=st.integers(1, 40), seed=st.integers(0, 99))
@settings(max_examples=20)
def test_deltas_are_the_helpers(order, n_frames, seed):
    coefficients = 100 * np.random.default_rng(seed).normal(size=(5, n_frames))
    theirs = features.deltas(coefficients, order=order)
    ours = functions_of("02").deltas_by_hand(coefficients, order)
    np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-9)


@each_settings
@given(y=sounds())
@settings(max_examples=10)
def test_description_is_the_helpers_on_any_sound(s, y):
    np.testing.assert_allclose(
        functions_of("02").describe_by_hand(y, s), features.describe(y, s), **CLOSE
    )


def test_description_is_the_helpers_on_demo_voices():
    for path in demo_clips(6):
        y = data.load_clip(path)
        ours = functions_of("02").describe_by_hand(y, USUAL)
        np.testing.assert_allclose(ours, features.describe(y, USUAL), **CLOSE)


@given(seed=st.integers(0, 99), n_groups=st.integers(2, 8))
@settings(max_examples=20)
def test_share_explained_is_that_of_the_f_test(seed, n_groups):
    rng = np.random.default_rng(seed)
    group = np.arange(60) % n_groups
    table = pd.DataFrame(rng.normal(size=(60, 4)) + group[:, np.newaxis] * [0, 0.1, 1, 10])
    f, _ = f_classif(table, group)
    theirs = f / (f + (60 - n_groups) / (n_groups - 1))
    np.testing.assert_allclose(functions_of("02").share_by_hand(table, group), theirs, rtol=1e-6)


# --- 03 Split -----------------------------------------------------------------------------------

sexes_lists = st.lists(st.sampled_from(["female", "male", "unknown"]), min_size=3, max_size=40)
seeds = st.integers(0, 99)


def people(sexes: list[str]) -> pd.DataFrame:
    """Make two clips of each actor, in an order that is not that of the actors."""
    actors = np.repeat(np.arange(5001, 5001 + len(sexes)), 2)
    table = pd.DataFrame({"actor": actors, "sex": np.repeat(sexes, 2)})
    return table.sample(frac=1, random_state=0).set_axis([f"clip{i}" for i in range(len(table))])


@given(sexes=sexes_lists, seed=seeds)
def test_split_by_speaker_is_the_helpers(sexes, seed):
    # The notebook's function has no guard for corpora with fewer than three women or men.
    clips = people([*sexes, *sorted(set(sexes)) * 3])
    theirs = split.by_speaker(clips, seed=seed, frozen=False)
    ours = functions_of("03").by_speaker_by_hand(clips, seed=seed)
    pd.testing.assert_series_equal(ours, theirs, check_names=False)


@given(sexes=sexes_lists, seed=seeds, data_=st.data())
def test_drawing_takes_the_size_asked_for_and_women_and_men_evenly(sexes, seed, data_):
    sexes = pd.Series(sexes, index=range(5001, 5001 + len(sexes)))
    assume(sexes.value_counts().min() >= 2)
    size = data_.draw(st.integers(1, len(sexes) - sexes.nunique()))
    rest, drawn = functions_of("03").draw_by_hand(sexes, size, seed)
    assert len(drawn) == size
    assert sorted([*rest, *drawn]) == sexes.index.tolist()
    counts = sexes.value_counts()
    if counts.min() >= 2 and min(size, len(sexes) - size) >= len(counts):
        share = sexes[drawn].value_counts().reindex(counts.index, fill_value=0)
        assert (share - counts * size / len(sexes)).abs().max() <= 1


@given(sexes=sexes_lists, seed=seeds, data_=st.data())
def test_folds_are_the_helpers(sexes, seed, data_):
    clips = people(sexes)
    n_folds = data_.draw(st.integers(3, len(sexes)))
    ours = functions_of("03").folds_by_hand(clips, n_folds, seed)
    theirs = split.folds_by_speaker(clips, n_folds, seed=seed)
    pd.testing.assert_series_equal(ours, theirs, check_names=False)


@given(seed=seeds, n_train=st.integers(2, 30))
def test_standardising_is_scikit_learns_and_knows_the_train_part_only(seed, n_train):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(5, [0.1, 1, 100], size=(40, 3)), columns=list("abc"))
    in_train = pd.Series(np.arange(40) < n_train)
    ours = functions_of("03").standardise_by_hand(table, in_train)
    scaler = StandardScaler().fit(table[in_train])
    np.testing.assert_allclose(ours, scaler.transform(table), rtol=1e-6, atol=1e-6)
    others = table.where(in_train, table + 1000)
    again = functions_of("03").standardise_by_hand(others, in_train)
    pd.testing.assert_frame_equal(again[in_train], ours[in_train])


# --- 04 Build the model -------------------------------------------------------------------------


@pytest.mark.parametrize(("n_in", "n_out"), [(1, 1), (2, 6), (271, 256)])
def test_neurons_and_layer_are_torchs_linear(n_in, n_out):
    torch.manual_seed(n_in)
    linear, x = nn.Linear(n_in, n_out).double(), torch.randn(5, n_in).double()
    weights, bias = (p.detach().numpy() for p in linear.parameters())
    theirs = linear(x).detach().numpy()
    ours = functions_of("04").layer_by_hand(x.numpy(), weights, bias)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)
    one = functions_of("04").neuron_by_hand(x.numpy()[0], weights[-1], bias[-1])
    assert one == pytest.approx(theirs[0, -1], rel=1e-9, abs=1e-12)
    with pytest.raises(ValueError):
        functions_of("04").neuron_by_hand(x.numpy()[0], np.append(weights[-1], 1), bias[-1])


logits_lists = st.lists(
    st.lists(st.floats(-1e4, 1e4), min_size=6, max_size=6), min_size=1, max_size=5
).map(np.array)


@given(logits=logits_lists, shift=st.floats(-1e4, 1e4))
def test_relu_softmax_and_cross_entropy_are_torchs(logits, shift):
    tensor, labels = torch.tensor(logits), np.arange(len(logits)) % 6
    np.testing.assert_array_equal(functions_of("04").relu_by_hand(logits), torch.relu(tensor))
    ours = functions_of("04").softmax_by_hand(logits)
    np.testing.assert_allclose(ours, torch.softmax(tensor, dim=1), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(
        functions_of("04").softmax_by_hand(logits + shift), ours, rtol=1e-6, atol=1e-9
    )
    theirs = nn.functional.cross_entropy(tensor, torch.tensor(labels)).item()
    loss = functions_of("04").cross_entropy_by_hand(logits, labels)
    assert loss == pytest.approx(theirs, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("hidden", [(), (256,), (7, 3)])
def test_forward_is_the_networks_in_evaluation(hidden):
    torch.manual_seed(0)
    net, x = EmotionNet(11, 6, hidden=hidden).double().eval(), torch.randn(9, 11).double()
    numbers = {key: tensor.numpy() for key, tensor in net.state_dict().items()}
    ours = functions_of("04").forward_by_hand(x.numpy(), numbers)
    np.testing.assert_allclose(ours, net(x).detach(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5])
def test_dropout_is_torchs(share):
    torch.manual_seed(0)
    x = 1 + torch.rand(20, 30)
    theirs = nn.Dropout(share)(x).numpy()
    ours = functions_of("04").dropout_by_hand(x.numpy(), theirs != 0, share=share)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


# --- 05 Train -----------------------------------------------------------------------------------


def small_net(seed: int) -> tuple[EmotionNet, torch.Tensor, torch.Tensor, list[np.ndarray]]:
    torch.manual_seed(seed)
    net = EmotionNet(7, 6, hidden=(5,), dropout=0.0).double()
    x, y = torch.randn(20, 7).double(), torch.arange(20) % 6
    return net, x, y, [p.detach().numpy().copy() for p in net.parameters()]


@pytest.mark.parametrize("seed", range(5))
def test_loss_gradient_and_slopes_are_torchs(seed):
    net, x, y, weights = small_net(seed)
    loss = nn.functional.cross_entropy(net(x), y)
    loss.backward()
    known = x.numpy(), y.numpy(), weights
    assert functions_of("05").loss_by_hand(*known) == pytest.approx(loss.item(), rel=1e-12)
    gradient = functions_of("05").gradient_by_hand(*known)
    for which, (ours, theirs) in enumerate(zip(gradient, net.parameters(), strict=True)):
        np.testing.assert_allclose(ours, theirs.grad, rtol=1e-9, atol=1e-12)
        for place in np.ndindex(ours.shape):
            slope = functions_of("05").slope_by_hand(*known, which, place)
            assert slope == pytest.approx(ours[place], abs=1e-6)


@pytest.mark.parametrize("choices", [{}, {"lr": 0.03}, {"weight_decay": 0.1}], ids=str)
def test_adam_is_torchs(choices):
    net, x, y, weights = small_net(0)
    optimizer = torch.optim.Adam(net.parameters(), **choices)
    memory = (0, [0.0] * 4, [0.0] * 4)
    for _ in range(25):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        gradient = [p.grad.numpy() for p in net.parameters()]
        weights, memory = functions_of("05").adam_by_hand(weights, gradient, memory, **choices)
        optimizer.step()
        for ours, theirs in zip(weights, net.parameters(), strict=True):
            np.testing.assert_allclose(ours, theirs.detach(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"dropout": 0.0, "noise": 0.0, "label_smoothing": 0.0, "weight_decay": 0.0},
        {"hidden": (8, 4), "batch_size": 7, "seed": 3},
        {"max_epochs": 1},
    ],
    ids=str,
)
@pytest.mark.usefixtures("one_thread")
def test_the_training_loop_is_the_helpers_to_the_last_digit(changes):
    table, emotion, parts = made_up()
    chosen = train.TrainSettings(**{"max_epochs": 40, "patience": 5} | changes)
    result = train.fit(table, emotion, parts, settings=chosen, progress=False)
    scaled = StandardScaler().fit(table[parts == "train"]).transform(table)
    x = torch.tensor(scaled, dtype=torch.float32)
    y = torch.tensor([data.EMOTIONS.index(name) for name in emotion])
    rows = {part: torch.from_numpy(np.flatnonzero(parts == part)) for part in set(parts)}
    torch.manual_seed(chosen.seed)
    sizes = {"hidden": chosen.hidden, "dropout": chosen.dropout}
    net = EmotionNet(x.shape[1], len(y.unique()), **sizes)
    history, best_epoch = functions_of("05").fit_by_hand(net, x, y, rows, settings=chosen)
    pd.testing.assert_frame_equal(history, result.history, check_exact=True)
    assert best_epoch == result.best_epoch
    assert not net.training
    for ours, theirs in zip(net.parameters(), result.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)

    measured = functions_of("05").measure_by_hand(net, x, y)
    uar = evaluate.scores(emotion, result.predictions)["uar"]
    assert measured["uar"] == pytest.approx(uar, rel=1e-12)
    before = [p.detach().clone() for p in net.parameters()]
    optimizer = torch.optim.Adam(net.parameters())
    functions_of("05").epoch_by_hand(net, optimizer, x, y, rows["train"], settings=chosen)
    assert net.training
    assert not any(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))


# --- 06 Evaluate and visualise ------------------------------------------------------------------

answers_lists = st.lists(
    st.tuples(st.sampled_from(data.EMOTIONS), st.sampled_from(data.EMOTIONS), st.integers(1, 6)),
    min_size=1,
    max_size=60,
)


@given(answers=answers_lists)
@example(answers=[("ANG", "SAD", 1)])
@example(answers=[("ANG", "ANG", 1), ("ANG", "SAD", 1)])
def test_uar_f1_and_confusion_are_the_helpers_and_scikit_learns(answers):
    true, said, _ = zip(*answers, strict=True)
    theirs = evaluate.scores(true, said)
    uar = functions_of("06").uar_by_hand(true, said)
    macro_f1 = exercises.find("macro_f1").reference(true, said)  # the learner writes it
    assert uar == pytest.approx(theirs["uar"], abs=1e-12)
    assert macro_f1 == pytest.approx(theirs["macro_f1"], abs=1e-12)
    choice = {"labels": sorted(set(true)), "average": "macro", "zero_division": 0}
    assert uar == pytest.approx(recall_score(true, said, **choice), abs=1e-12)
    assert macro_f1 == pytest.approx(f1_score(true, said, **choice), abs=1e-12)
    counts = functions_of("06").confusion_by_hand(true, said)
    np.testing.assert_array_equal(counts, evaluate.confusion(true, said))
    np.testing.assert_array_equal(counts, confusion_matrix(true, said, labels=data.EMOTIONS))


@given(answers=answers_lists, seed=st.integers(0, 9), level=st.sampled_from([0.5, 0.9, 0.95]))
@settings(max_examples=20, deadline=None)
def test_interval_is_the_helpers_with_the_same_draws(answers, seed, level):
    true, said, speakers = (pd.Series(column) for column in zip(*answers, strict=True))
    choice = {"n_resamples": 50, "seed": seed}
    theirs = evaluate.intervals(true, said, speakers, level=level, **choice).loc["uar"]
    scores = functions_of("06").resample_by_hand(true, said, speakers, **choice)
    assert scores.shape == (50,)
    if speakers.nunique() > 1:  # of one speaker, no interval is known
        ends = np.quantile(scores, [(1 - level) / 2, (1 + level) / 2])
        np.testing.assert_allclose(ends, [theirs.low, theirs.high], atol=1e-12)


@given(seed=st.integers(0, 99), n_bins=st.integers(1, 20), sharpness=st.floats(0.1, 10))
def test_calibration_error_is_the_helpers(seed, n_bins, sharpness):
    rng = np.random.default_rng(seed)
    logits = sharpness * rng.normal(size=(50, 6))
    probabilities = pd.DataFrame(scipy.special.softmax(logits, axis=1), columns=data.EMOTIONS)
    probabilities.iloc[0] = [1, 0, 0, 0, 0, 0]  # entirely sure
    true = pd.Series(rng.choice(data.EMOTIONS, size=50))
    theirs = calibration.reliability(probabilities, true, n_bins=n_bins).attrs["ece"]
    ours = functions_of("06").ece_by_hand(probabilities, true, n_bins)
    assert ours == pytest.approx(theirs, abs=1e-9)
