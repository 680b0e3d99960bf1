"""A small class gets what its clips allow, and a warning for what they do not."""

import warnings

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ser_helpers import data, split
from ser_helpers.further import small


def clips_of(
    actors: int, *, sentences: int = 2, levels: int = 2, emotions: tuple = data.EMOTIONS, sexes=None
) -> pd.DataFrame:
    rows = [
        {"actor": 5001 + a, "sentence": f"S{s}", "emotion": e, "level": n}
        for a in range(actors)
        for s in range(sentences)
        for e in emotions
        for n in range(levels)
    ]
    clips = pd.DataFrame(rows)
    clips.index = pd.Index(["_".join(map(str, row)) for row in clips.to_numpy()], name="clip")
    return clips.assign(sex="unknown" if sexes is None else clips.actor.map(sexes))


def test_halves_are_women_and_men_or_two_halves_of_whole_speakers():
    known = clips_of(3, sexes={5001: "female", 5002: "male", 5003: "male"})
    assert small.halves(known).equals(known.sex.rename("half"))
    for sexes in (None, dict.fromkeys(range(5001, 5008), "female"), {5001: "female"}):
        clips = clips_of(7, sexes=sexes)
        clips["sex"] = clips.sex.fillna("unknown")
        half = small.halves(clips)
        assert half.groupby(clips.actor).nunique().eq(1).all()
        assert clips.actor.groupby(half).nunique().to_dict() == {"first half": 4, "second half": 3}
    with pytest.raises(data.DataError, match="one speaker"):
        small.halves(clips_of(1))


@given(st.integers(1, 9), st.integers(3, 6))
def test_there_are_as_many_folds_as_speakers_allow(n, most):
    clips = clips_of(n)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        folds = small.folds(clips, most)
    assert bool(said) == (n < most)
    if n < 3:
        assert folds.empty and "too few" in str(said[0].message)
    else:
        pd.testing.assert_series_equal(folds, split.folds_by_speaker(clips, min(n, most)))


def test_no_sentence_is_in_the_pool_and_outside_of_it():
    for n in (2, 3, 12):
        clips = clips_of(3, sentences=n)
        pool = small.calibration_pool(clips)
        assert pool.groupby(clips.sentence).nunique().eq(1).all()
        assert pool.any() and not pool.all()


@pytest.mark.parametrize("levels", [1, 2])
def test_one_sentence_is_halved_and_that_is_said(levels):
    clips = clips_of(3, sentences=1, levels=levels)[::-1]
    with pytest.warns(UserWarning, match="too few sentences"):
        pool = small.calibration_pool(clips)
    assert pool.index.equals(clips.index)
    assert pool.groupby(clips.actor).mean().eq(0.5).all()
    if levels == 2:
        assert clips[pool].groupby(["actor", "emotion"]).size().eq(1).all()


def test_a_number_that_a_speaker_does_not_reach_is_left_out_and_not_renamed():
    clips = clips_of(3).drop(index=["5002_S0_ANG_0", "5002_S0_ANG_1"])  # 24, 22 and 24 clips
    with pytest.warns(UserWarning, match="speaker 5002 has 22 clips to choose from, so 23, 24"):
        chosen = small.first_clips(clips, (2, 22, 23, 24))
    assert list(chosen) == [2, 22]
    for n, index in chosen.items():
        assert clips.loc[index].groupby("actor").size().eq(n).all()


def test_a_mood_of_which_a_speaker_has_too_few_is_left_out():
    clips = clips_of(3).drop(index=["5003_S0_SAD_0", "5003_S1_SAD_0", "5003_S1_SAD_1"])
    with pytest.warns(UserWarning, match="fewer than 2 clips of SAD"):
        chosen = small.clips_of_one_mood(clips, most=3)
    assert list(chosen) == [emotion for emotion in data.EMOTIONS if emotion != "SAD"]
    for emotion, index in chosen.items():
        assert set(clips.emotion[index]) == {emotion}
        assert clips.loc[index].groupby("actor").size().eq(3).all()
