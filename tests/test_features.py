"""MFCCs, the row of a clip, and a cache that is never stale."""

import os

import librosa
import numpy as np
import pytest
import soundfile
from conftest import SR, tone
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from ser_helpers import features
from ser_helpers.features import AudioSettings

Y = tone(5003, "FEA", seconds=1.0)


@given(n=st.integers(512, 20_000), seed=st.integers(0, 99), n_mfcc=st.integers(1, 40))
@settings(max_examples=20)
def test_mfcc_is_librosas_with_our_settings(n, seed, n_mfcc):
    y = np.random.default_rng(seed).normal(size=n).astype(np.float32)
    ours = features.mfcc(y, AudioSettings(n_mfcc=n_mfcc))
    mel = librosa.feature.melspectrogram(
        y=y, sr=SR, n_fft=512, win_length=400, hop_length=160, n_mels=64, fmin=0, fmax=8000
    )
    theirs = librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=n_mfcc)
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-2)


def test_a_row_has_its_names_and_what_they_say():
    row = dict(zip(features.feature_names(), features.describe(Y), strict=True))
    coefficients = features.mfcc(features.trim(Y))
    assert len(row) == len(features.describe(Y))
    assert row["mfcc03_mean"] == pytest.approx(coefficients[3].mean(), rel=1e-4)
    assert row["mfcc07_sd"] == pytest.approx(coefficients[7].std(), rel=1e-4)
    assert row["mfcc11_p95"] == pytest.approx(np.percentile(coefficients[11], 95), rel=1e-4)
    assert row["mfcc00_delta_sd"] == pytest.approx(
        librosa.feature.delta(coefficients, mode="nearest")[0].std(), rel=1e-4
    )


@pytest.mark.parametrize("seconds", [0.001, 0.05, 1, 60])
def test_any_length_gives_a_finite_row(seconds):
    row = features.describe(tone(5001, "SAD", seconds=seconds))
    assert row.shape == (len(features.feature_names()),)
    assert np.isfinite(row).all()


def test_silence_at_the_ends_does_not_change_the_row():
    noise = 1e-4 * np.random.default_rng(0).normal(size=SR).astype(np.float32)
    padded = np.concatenate([noise, Y, noise])
    kept = features.trim(padded)
    assert abs(len(kept) - len(Y)) < 3 * AudioSettings().n_fft


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"n_mfcc": 65}, "n_mfcc=65 is more than n_mels=64"),
        ({"win_length": 1024}, "win_length=1024 does not fit into n_fft=512"),
        ({"hop_length": 0}, "hop_length must be a whole number"),
        ({"n_fft": 512.5}, "n_fft must be a whole number"),
        ({"fmax": 9000.0}, "fmax=9000.0 Hz"),
        ({"fmin": 8000.0}, "must rise"),
        ({"top_db": 0}, "top_db must be above 0"),
    ],
)
def test_settings_that_cannot_be_say_why(wrong, says):
    with pytest.raises(ValueError, match=says):
        AudioSettings(**wrong)


def test_the_table_is_the_rows_and_the_second_call_computes_nothing(corpus, tmp_path, monkeypatch):
    table = features.extract(corpus.clips, cache=tmp_path, progress=False)
    assert table.index.equals(corpus.clips.index)
    assert (table.dtypes == np.float32).all()
    y, _ = soundfile.read(corpus.clips.path.iloc[4], dtype="float32")
    np.testing.assert_array_equal(table.iloc[4], features.describe(y))

    def never(*_):
        raise AssertionError("computed again")

    monkeypatch.setattr(features, "describe", never)
    again = features.extract(corpus.clips, cache=tmp_path, progress=False)
    assert again.equals(table)


def test_a_changed_clip_or_setting_is_never_served_stale(tmp_path, corpus):
    path = tmp_path / "5001_IEO_ANG_XX.wav"
    clips = corpus.clips.iloc[:1].assign(path=path)

    def row(**changed):
        made = features.extract(
            clips, settings=AudioSettings(**changed), cache=tmp_path / "cache", progress=False
        )
        return made.to_numpy()

    soundfile.write(path, tone(5001, "ANG"), SR)
    stamp = path.stat()
    first = row()
    soundfile.write(path, tone(5001, "ANG", seed=1), SR)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # same size, same time, other sound
    assert path.stat().st_size == stamp.st_size
    second = row()
    assert not np.array_equal(first, second)
    assert not np.array_equal(row(top_db=20.0), row(top_db=60.0)) or row(n_mels=80).shape
    assert not np.array_equal(row(n_mels=80), second)
    assert np.array_equal(row(), second)


def test_a_broken_cache_is_made_again(tmp_path, corpus):
    clips = corpus.clips.iloc[:2]
    table = features.extract(clips, cache=tmp_path, progress=False)
    (store,) = tmp_path.glob("*.npz")
    store.write_bytes(store.read_bytes()[:200])
    with pytest.warns(UserWarning, match="cannot be read"):
        again = features.extract(clips, cache=tmp_path, progress=False)
    assert again.equals(table)
    assert [p.name for p in tmp_path.iterdir()] == [store.name]


def test_processes_and_a_single_process_agree(corpus, tmp_path, monkeypatch):
    monkeypatch.setattr(features, "POOL_FROM", 1)
    pooled = features.extract(corpus.clips, cache=tmp_path / "a", progress=False, n_jobs=2)
    alone = features.extract(corpus.clips, cache=tmp_path / "b", progress=False, n_jobs=1)
    np.testing.assert_array_equal(pooled, alone)


@given(n=st.integers(512, 80_000), threads=st.sampled_from([1, 2, 8]))
@settings(max_examples=20)
def test_a_row_has_the_same_bits_however_many_threads_there_are(n, threads):
    y = np.random.default_rng(n).normal(size=n).astype(np.float32)
    with threadpool_limits(threads):
        row = features.describe(y)
    np.testing.assert_array_equal(row, features.describe(y))


def test_not_one_good_clip_is_an_error(tmp_path, corpus):
    clips = corpus.clips.iloc[:2].assign(path=tmp_path / "gone.wav")
    with pytest.raises(ValueError, match="not one of the 2 clips can be used"):
        features.extract(clips, cache=tmp_path, progress=False)


def test_of_two_equal_bad_clips_each_is_named(tmp_path, corpus):
    paths = [tmp_path / f"5001_IEO_{emotion}_XX.wav" for emotion in ("ANG", "SAD")]
    for path in paths:
        soundfile.write(path, np.zeros(SR), SR)
    clips = corpus.clips.iloc[:3].assign(path=[*paths, corpus.clips.path.iloc[2]])
    with pytest.warns(UserWarning, match="2 of 3 clips set aside"):
        table = features.extract(clips, cache=tmp_path / "cache", progress=False)
    reasons = table.attrs["set_aside"].values()
    assert [reason.split()[0] for reason in reasons] == [path.name for path in paths]


def test_stopped_half_way_nothing_is_computed_twice(corpus, tmp_path, monkeypatch):
    describe, n_described = features.describe, 0

    def describe_until_stopped(y, settings):
        nonlocal n_described
        n_described += 1
        if n_described == 5:  # the first is the noise before any pool
            raise KeyboardInterrupt
        return describe(y, settings)

    clips = corpus.clips.iloc[:6]
    monkeypatch.setattr(features, "describe", describe_until_stopped)
    with pytest.raises(KeyboardInterrupt):
        features.extract(clips, cache=tmp_path, progress=False)
    n_described = 100
    features.extract(clips, cache=tmp_path, progress=False)
    assert n_described == 100 + 1 + 3
