"""Each benchmark of the page still runs, on a handful of clips."""

import functools
import importlib.util

import measure_faults
import measure_growth
import measure_peers
import measure_trust
import numpy as np
import pandas as pd
import peers
import pytest
import speed
import start
from conftest import write_corpus

from ser_helpers import data, predict, train
from ser_helpers.names import EMOTIONS


@pytest.fixture(autouse=True)
def _work(monkeypatch, tmp_path):
    monkeypatch.setenv("SER_WORK", str(tmp_path / "work"))


@pytest.fixture
def briefly(monkeypatch):
    """Train for three epochs wherever a benchmark trains the road's network."""
    few = train.TrainSettings(max_epochs=3, hidden=(8,))
    monkeypatch.setattr(train, "fit", functools.partial(train.fit, settings=few))


@pytest.fixture(scope="module")
def spoken():
    return list(data.open_corpus("demo").clips.path.iloc[:2])


@pytest.mark.parametrize(
    ("of", "n"), [("tutorial", 40), ("kaggle", 162), ("dataflair", 180), ("torch_mfcc", 40)]
)
def test_the_features_of_others_are_as_many_as_theirs(of, n, spoken):
    row = getattr(peers, of)(spoken[0])
    assert row.shape == (n,)
    assert np.isfinite(row).all()


@pytest.mark.parametrize(
    ("of", "package", "n"), [("egemaps", "opensmile", 88), ("kaldi_mfcc", "kaldi_native_fbank", 40)]
)
def test_those_of_other_packages_too(of, package, n, spoken):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed (benchmarks/requirements.txt)")
    assert getattr(peers, of)(spoken[0]).shape == (n,)


def test_kaggles_network_is_as_large_as_keras_makes_it():
    network = peers.kaggle_network(162, 8)
    n = sum(weight.numel() for weight in network.parameters())
    sizes = (6 * 256, (5 * 256 + 1) * 256, (5 * 256 + 1) * 128, (5 * 128 + 1) * 64)
    assert n == sum(sizes) + (64 * 11 + 1) * 32 + 33 * 8  # 162 → 81 → 41 → 21 → 11
    x = np.eye(6, 162).repeat(10, axis=0)
    said = peers.fit_kaggle(x, np.repeat(EMOTIONS, 10), x[::10], epochs=1)
    assert set(said) <= set(EMOTIONS)


def test_peers_are_scored_with_differences_from_ours(corpus, briefly):
    few = ("40 MFCC means and our network", "eGeMAPS and SVM", "ours of 05")
    if importlib.util.find_spec("opensmile") is None:
        few = few[::2]
    found = measure_peers.measure_all(corpus, only=few, n_folds=3)
    for name in few:
        for way in (measure_peers.PLAIN, measure_peers.OWN, measure_peers.RANDOM):
            assert 0 <= found["scores"][f"{name}, {way}"]["uar"]["value"] <= 1
    pair = found["paired difference"][f"{few[0]} minus ours of 05, unseen speakers"]
    uars = [found["scores"][f"{n}, unseen speakers"]["uar"]["value"] for n in (few[0], few[-1])]
    assert pair["value"] == pytest.approx(uars[0] - uars[1], abs=2e-4)


def test_a_speakers_frames_get_the_mean_and_spread_of_all():
    rng = np.random.default_rng(0)
    loud = [rng.normal(10 * (i // 5), 1 + i // 5, size=(4, 50)) for i in range(10)]
    actors = pd.Series([1] * 5 + [2] * 5)
    own = measure_peers.frames_by_speaker(pd.Series(loud), actors)
    first, second = (np.concatenate(list(own[actors == actor]), axis=1) for actor in (1, 2))
    np.testing.assert_allclose(first.mean(axis=1), second.mean(axis=1), rtol=1e-4)
    np.testing.assert_allclose(first.std(axis=1), second.std(axis=1), rtol=1e-4)


def test_trust_is_measured(corpus, briefly):
    found = measure_trust.measure_all(corpus, only=("ours of 05",), n_folds=3)
    sure = found["sureness"]["ours of 05"]
    assert sure["before"]["share_right"] == pytest.approx(sure["after"]["share_right"])
    assert found["accuracy against coverage"]["ours of 05"]["1.0"] == sure["after"]["share_right"]


def test_the_gap_between_sexes_and_how_it_changes():
    n = 8
    clips = pd.DataFrame(
        {
            "emotion": list(EMOTIONS) * n,
            "actor": np.repeat(range(n), 6),
            "sex": np.repeat(["female", "male"], 3 * n),
        }
    )
    right = clips.emotion
    wrong_of_men = right.where(clips.sex == "female", "ANG")
    found = measure_trust.by_sex(clips, {"a": right, "b": wrong_of_men})
    assert found["a"]["women minus men"]["value"] == 0
    assert found["b"]["women minus men"]["value"] == pytest.approx(1 - 1 / 6, abs=1e-4)
    change = found["change of the gap, the same speakers"]["b minus a"]
    assert change["value"] == change["low"] == pytest.approx(1 - 1 / 6, abs=1e-4)


def test_damaged_files_are_the_same_each_time_and_end_well(tmp_path, corpus, result):
    recogniser = predict.from_result(result)
    kinds = set()
    for number in range(60):  # each codec with each damage
        codec, damage, content, suffix = measure_faults.damaged(number, corpus.clips)
        if suffix != ".ogg":  # libsndfile gives each Ogg stream a random number
            assert content == measure_faults.damaged(number, corpus.clips)[2]
        path = tmp_path / f"{number}{suffix}"
        path.write_bytes(content)
        found = measure_faults.listen(path, recogniser)
        assert found["ended"] in ("read", "refused"), (codec, damage, found)
        kinds.add((codec, damage))
    assert len(kinds) == len(measure_faults.CODECS) * len(measure_faults.DAMAGES)


def test_a_process_that_dies_is_noticed_and_replaced(tmp_path, result):
    file = predict.save(predict.from_result(result), tmp_path / "recogniser.npz")
    listener = measure_faults.Listener(file)
    missing = tmp_path / "missing.wav"
    assert listener(missing)["ended"] == "refused"
    listener.process.kill()
    assert listener(missing)["ended"] == "crash"
    assert listener(missing)["ended"] == "refused"
    listener.close()


def test_speed_is_measured_of_all_that_is_here(spoken):
    found = speed.measure(spoken, repeats=1)
    assert {"reading", "ours", "tutorials", "Kaggle's 162"} <= set(found)
    assert (found > 0).all(axis=None)
    assert (speed.ratios(found)["ours / reading"] > 1).all()


def test_the_first_cells_end_with_a_sound():
    seconds = start.once()
    assert 0 < seconds["kernel is ready"] < seconds["first output"] < seconds["first sound"]


def test_growth_is_measured_up_to_ten_times_the_corpus(tmp_path):
    folder = tmp_path / "clips"
    write_corpus(folder / "AudioWAV", actors=3)
    (folder / "actors.csv").write_text("ActorID,Age,Sex\n5001,20,Male\n")
    (row,) = measure_growth.grow(folder, measure_growth.OUT_OF_CORE, (540,), 54)
    assert row["clips"] == 540
    rows = [{"clips": n, "cpu_seconds": 2 + n / 100, "peak_mb": n} for n in (100, 200, 500)]
    assert measure_growth.line(rows) == {
        "ms_per_clip": 10.0,
        "seconds_to_start": 2.0,
        "furthest_from_the_line": 0.0,
        "mb_per_1000_clips": 1000.0,
    }
