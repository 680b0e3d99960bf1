"""MFCCs, the row of a clip, and a cache that is never stale."""

import errno
import os
import subprocess
import sys
import warnings
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from conftest import SR, tone
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from ser_helpers import data, features, spectrum
from ser_helpers.features import AudioSettings

Y = tone(5003, "FEA", seconds=1.0)


#: Other rates, odd lengths, a short window, a band that begins above 0 Hz, bands that stay empty.
SETTINGS = (
    AudioSettings(),
    AudioSettings(sr=22_050, n_fft=2048, win_length=2048, hop_length=512, n_mels=128, fmax=11_025),
    AudioSettings(sr=8000, n_fft=255, win_length=200, hop_length=80, n_mels=32, fmin=64, fmax=4000),
    AudioSettings(n_fft=1024, win_length=512, hop_length=100, n_mels=40, n_mfcc=40, fmin=1200),
    AudioSettings(n_mels=128, n_mfcc=1, top_db=60),
)
each_settings = pytest.mark.parametrize("s", SETTINGS, ids=range(len(SETTINGS)))
as_librosa_warns = pytest.mark.filterwarnings("ignore:n_fft=.*too large", "ignore:.*mpty")


@st.composite
def sounds(draw) -> np.ndarray:
    """Draw noise whose loudness changes, a tone, a click, silence at the ends, or silence only."""
    n = draw(st.integers(1, 12_000))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    envelope = 10 ** np.interp(np.arange(n), np.linspace(0, n, 6), rng.uniform(-5, -0.5, size=6))
    hertz = rng.uniform(20, 3900)
    kinds = {
        "noise": envelope * rng.normal(size=n),
        "tone": 0.5 * np.sin(2 * np.pi * hertz * np.arange(n) / 16_000),
        "click": np.eye(1, n, n // 2)[0],
        "padded": np.pad(rng.normal(scale=0.1, size=n), int(rng.integers(0, 4000))),
        "silence": np.zeros(n),
    }
    return kinds[draw(st.sampled_from(list(kinds)))].astype(np.float32)


def librosas_mfcc(y: np.ndarray, s: AudioSettings) -> np.ndarray:
    mel = librosa.feature.melspectrogram(
        y=y,
        sr=s.sr,
        n_fft=s.n_fft,
        win_length=s.win_length,
        hop_length=s.hop_length,
        n_mels=s.n_mels,
        fmin=s.fmin,
        fmax=s.fmax,
    )
    return librosa.feature.mfcc(S=librosa.power_to_db(mel), n_mfcc=s.n_mfcc)


def librosas_row(y: np.ndarray, s: AudioSettings) -> np.ndarray:
    """Describe a clip with nothing but librosa and NumPy."""
    options = {"top_db": s.top_db, "frame_length": s.n_fft, "hop_length": s.hop_length}
    kept, _ = librosa.effects.trim(y, **options)
    c = librosas_mfcc(kept, s)
    rows = [c.mean(axis=1), c.std(axis=1), *np.percentile(c, (5, 25, 50, 75, 95), axis=1)]
    rows += [librosa.feature.delta(c, order=o, mode="nearest").std(axis=1) for o in (1, 2)]
    return np.concatenate([*rows, [np.log(kept.size / s.sr)]])


@each_settings
@as_librosa_warns
@given(y=sounds())
@settings(max_examples=25)
def test_mfccs_are_librosas_on_any_sound_with_any_settings(s, y):
    np.testing.assert_allclose(features.mfcc(y, s), librosas_mfcc(y, s), rtol=0, atol=1e-3)


@each_settings
@as_librosa_warns
@given(y=sounds())
@settings(max_examples=25)
def test_trimming_is_librosas_to_the_sample(s, y):
    options = {"top_db": s.top_db, "frame_length": s.n_fft, "hop_length": s.hop_length}
    theirs, _ = librosa.effects.trim(y, **options)
    np.testing.assert_array_equal(features.trim(y, s), theirs if theirs.size else y)


def voices() -> list[Path]:
    folders = [os.environ["SER_RAVDESS"]] if "SER_RAVDESS" in os.environ else []
    return [p for where in ("demo", *folders) for p in data.open_corpus(where).clips.path[::40]]


def test_a_row_is_what_librosa_and_numpy_give():
    """To 1e-4, as far as 32-bit numbers of some hundreds can tell it."""
    for path in voices():
        y = data.load_clip(path)
        ours, theirs = features.describe(y), librosas_row(y, AudioSettings())
        np.testing.assert_allclose(ours, theirs, rtol=2.5e-7, atol=1e-4, err_msg=str(path))


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float64])
def test_samples_of_other_programs_give_the_same_row(dtype):
    scale = 1 if dtype == np.float64 else -np.iinfo(dtype).min
    other = (Y * (0.99 * scale)).astype(dtype)
    np.testing.assert_array_equal(
        features.describe(other), features.describe((other / scale).astype(np.float32))
    )


def test_filters_that_stay_empty_are_reported_once():
    narrow = AudioSettings(n_mels=200)
    spectrum.mel_filters.cache_clear()
    with pytest.warns(UserWarning, match="of 200 mel bands are narrower"):
        features.mfcc(Y, narrow)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        features.mfcc(Y, narrow)


def test_the_road_loads_neither_librosa_nor_numba_nor_scikit_learn():
    code = (
        "import sys, numpy as np; from ser_helpers import data, evaluate, features, split, train; "
        "features.describe(np.sin(np.arange(9000, dtype=np.float32))); "
        "print({'librosa', 'numba', 'matplotlib', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


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
        if n_described == 4:
            raise KeyboardInterrupt
        return describe(y, settings)

    clips = corpus.clips.iloc[:6]
    monkeypatch.setattr(features, "describe", describe_until_stopped)
    with pytest.raises(KeyboardInterrupt):
        features.extract(clips, cache=tmp_path, progress=False)
    n_described = 100
    features.extract(clips, cache=tmp_path, progress=False)
    assert n_described == 100 + 3


@pytest.mark.parametrize("why", ["full", "file in the way", "folder in the way", "read-only"])
def test_where_nothing_can_be_kept_the_table_is_still_returned(corpus, tmp_path, monkeypatch, why):
    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    clips, cache = corpus.clips.iloc[:3], tmp_path / "cache"
    if why == "full":
        monkeypatch.setattr(features, "replace_file", full)
    elif why == "file in the way":
        cache.write_text("mine")
    elif why == "folder in the way":
        (cache / f"{features.recipe_key()}.npz").mkdir(parents=True)
    else:
        monkeypatch.setattr(Path, "touch", lambda *_, **__: full(tmp_path, b""))
    with pytest.warns(UserWarning, match="cannot be kept"):
        table = features.extract(clips, cache=cache, progress=False)
    assert table.index.equals(clips.index)
    if why == "file in the way":
        assert cache.read_text() == "mine"


@pytest.mark.parametrize(
    "foreign",
    [
        {"keys": np.array(["a"]), "rows": np.zeros((1, 3), np.float32)},
        {"keys": np.array(["a", "b"]), "rows": np.zeros((1, 271), np.float32)},
        {"other": np.zeros(3)},
        {"keys": np.array([{"a": 1}], dtype=object), "rows": np.zeros((1, 271), np.float32)},
    ],
    ids=["narrow", "one key too many", "other", "pickle"],
)
def test_a_foreign_store_is_made_again_with_a_warning(corpus, tmp_path, foreign):
    clips, store = corpus.clips.iloc[:2], tmp_path / f"{features.recipe_key()}.npz"
    np.savez(store, **foreign)
    with pytest.warns(UserWarning, match="cannot be read"):
        table = features.extract(clips, cache=tmp_path, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert features.extract(clips, cache=tmp_path, progress=False).equals(table)
