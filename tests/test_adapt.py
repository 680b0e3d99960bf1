"""Each speaker is measured against the speaker's own usual voice, and against nobody else's."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from ser_helpers import data, features
from ser_helpers.further import adapt, channel

SR = 16_000
seeds = st.integers(0, 2**32 - 1)


def rows(seed: int, n: int = 30) -> tuple[pd.DataFrame, pd.Series]:
    """Make rows of three speakers who differ in mean and spread."""
    rng = np.random.default_rng(seed)
    names = [f"clip{i}" for i in range(n)]
    speakers = pd.Series(rng.permutation(np.arange(n) % 3), index=names)
    x = (
        rng.normal(size=(n, 4)) * (1 + speakers.to_numpy()[:, None])
        + 100 * speakers.to_numpy()[:, None]
    )
    table = pd.DataFrame(x.astype(np.float32), index=names, columns=list("abcd"))
    table.attrs["settings"] = {"sr": SR}
    return table, speakers


@given(seeds)
@settings(max_examples=20)
def test_it_is_scikit_learns_scaler_for_each_speaker(seed):
    table, speakers = rows(seed)
    ours = adapt.standardise_by_speaker(table, speakers)
    for name in range(3):
        own = (speakers == name).to_numpy()
        theirs = StandardScaler().fit_transform(table[own].astype(float))
        np.testing.assert_allclose(ours[own], theirs, atol=1e-4)
    assert ours.index.equals(table.index)
    assert ours.attrs == table.attrs | {"adapted": "standardised by speaker"}
    assert (ours.dtypes == np.float32).all()


@given(seeds)
@settings(max_examples=20)
def test_only_calibration_rows_of_the_same_speaker_decide(seed):
    table, speakers = rows(seed)
    used = pd.Series(np.arange(len(table)) < 20, index=table.index)
    before = adapt.standardise_by_speaker(table, speakers, calibration=used)
    changed = table.copy()
    changed[~used] += 5  # others of the same speaker
    changed[speakers == 2] *= 3  # another speaker, all rows
    after = adapt.standardise_by_speaker(changed, speakers, calibration=used)
    same = used & (speakers != 2)
    np.testing.assert_array_equal(after[same], before[same])


@given(seeds)
@settings(max_examples=20)
def test_the_order_of_rows_and_series_does_not_matter(seed):
    table, speakers = rows(seed)
    used = table.groupby(speakers).cumcount() % 2 == 0
    expected = adapt.standardise_by_speaker(table, speakers, calibration=used)
    mixed = table.sample(frac=1, random_state=seed % 1000)
    ours = adapt.standardise_by_speaker(mixed, speakers, calibration=used)
    np.testing.assert_allclose(ours.loc[table.index], expected, rtol=1e-4, atol=1e-5)


@given(seeds, st.floats(0.1, 10), st.floats(-50, 50))
@settings(max_examples=20)
def test_what_a_microphone_adds_or_multiplies_is_gone(seed, factor, offset):
    table, speakers = rows(seed)
    expected = adapt.standardise_by_speaker(table, speakers)
    again = adapt.standardise_by_speaker(table.astype(float) * factor + offset, speakers)
    np.testing.assert_allclose(again, expected, atol=1e-3)


def test_a_feature_that_never_changes_is_only_centred():
    table, speakers = rows(0)
    table["a"] = np.float32(0.1)
    ours = adapt.standardise_by_speaker(table, speakers)
    np.testing.assert_allclose(ours["a"], 0, atol=1e-6)
    assert np.isfinite(ours.to_numpy()).all()


def test_a_softer_microphone_changes_nothing_for_a_known_speaker(corpus, table):
    actor = corpus.clips.actor.iloc[0]
    own = corpus.clips[corpus.clips.actor == actor]
    softer = pd.DataFrame(
        [features.describe(channel.level(data.load_clip(p), gain=-12)) for p in own.path],
        index=own.index,
        columns=table.columns,
    )
    assert np.abs(softer - table.loc[own.index]).max().max() > 50
    np.testing.assert_allclose(
        adapt.standardise_by_speaker(softer, own.actor),
        adapt.standardise_by_speaker(table.loc[own.index], own.actor),
        atol=0.02,
    )


def test_too_few_clips_and_lost_clips_are_refused():
    table, speakers = rows(0)
    one = pd.Series(~speakers.duplicated(), index=table.index)
    with pytest.raises(data.DataError, match=r"speaker \d has 1 clip\(s\) to calibrate with"):
        adapt.standardise_by_speaker(table, speakers, calibration=one)
    with pytest.raises(data.DataError, match="2 clips have no speaker, first clip"):
        adapt.standardise_by_speaker(table, speakers.iloc[2:])
    with pytest.raises(data.DataError, match="need as many speakers"):
        adapt.standardise_by_speaker(table, ["me"])


def speech(*seconds: float, gap: float = 0.5) -> np.ndarray:
    rng = np.random.default_rng(0)
    parts = []
    for s in seconds:
        parts += [0.1 * rng.normal(size=round(s * SR)), np.zeros(round(gap * SR))]
    return np.concatenate(parts).astype(np.float32)


def test_a_recording_is_cut_at_its_pauses():
    found = adapt.pieces(speech(1.5, 0.4, 2.0, 3.0))
    lengths = [len(piece) / SR for piece in found]
    assert lengths == pytest.approx([1.5, 2.0, 3.0], abs=0.06)  # 0.4 s is no sentence


def test_short_pauses_do_not_cut_and_long_speech_is_cut_evenly():
    assert len(adapt.pieces(speech(1.0, 1.0, gap=0.1))) == 1
    lengths = [len(piece) / SR for piece in adapt.pieces(speech(10.0))]
    assert lengths == pytest.approx([10 / 3] * 3, abs=0.05)


def test_pieces_of_a_joined_minute_are_its_clips(corpus):
    sounds = [data.load_clip(path) for path in corpus.clips.path[:5]]
    gap = np.zeros(SR // 2, np.float32)
    joined = np.concatenate([part for y in sounds for part in (y, gap)])
    assert len(adapt.pieces(joined, shortest=0.3)) == len(sounds)


def test_whole_numbers_are_cut_at_the_same_places():
    y = speech(1.2, 1.4)
    whole = np.round(y * 32767).astype(np.int16)
    assert [len(p) for p in adapt.pieces(whole)] == [len(p) for p in adapt.pieces(y)]


def test_a_recording_without_a_sentence_is_refused():
    with pytest.raises(data.DataError, match="no piece of speech"):
        adapt.pieces(speech(0.3, 0.3))
