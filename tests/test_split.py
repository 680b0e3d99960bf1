"""No speaker stands on two sides."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ser_helpers import data, split


def made_up(sexes: list[str], clips_each: int = 12) -> pd.DataFrame:
    rows = [
        {"actor": 5001 + i, "sex": sex, "emotion": data.EMOTIONS[j % 6]}
        for i, sex in enumerate(sexes)
        for j in range(clips_each)
    ]
    return pd.DataFrame(rows, index=[f"clip{i}" for i in range(len(rows))])


SEXES = st.lists(st.sampled_from(["female", "male", "unknown"]), min_size=3, max_size=40)


@given(
    sexes=SEXES, test=st.floats(0.05, 0.5), validation=st.floats(0.05, 0.3), seed=st.integers(0, 9)
)
def test_no_speaker_in_two_parts_and_no_part_empty(sexes, test, validation, seed):
    clips = made_up(sexes, clips_each=2)
    parts = split.by_speaker(clips, test_size=test, validation_size=validation, seed=seed)
    assert set(parts) == set(split.PARTS)
    assert parts.index.equals(clips.index)
    assert parts.groupby(clips.actor).nunique().max() == 1
    assert (split.shared_speakers(clips, parts) == 0).all()


@given(sexes=SEXES, data_=st.data())
def test_folds_hold_each_speaker_once_and_evenly(sexes, data_):
    clips = made_up(sexes, clips_each=2)
    n = data_.draw(st.integers(3, len(sexes)))
    folds = split.folds_by_speaker(clips, n)
    assert folds.groupby(clips.actor).nunique().max() == 1
    speakers = clips.groupby(folds).actor.nunique()
    assert speakers.index.tolist() == list(range(n))
    assert speakers.max() - speakers.min() <= 1
    for fold in range(n):
        parts = split.parts_of_fold(folds, fold)
        assert (split.shared_speakers(clips, parts) == 0).all()
        assert set(parts) == set(split.PARTS)


def test_parts_and_folds_are_stratified_by_sex():
    clips = made_up(["female", "male"] * 12)
    folds = split.folds_by_speaker(clips, 6)
    assert (clips.groupby([folds, "sex"]).actor.nunique() == 2).all()
    parts = split.by_speaker(clips)
    women = clips[clips.sex == "female"].groupby(parts).actor.nunique()
    men = clips[clips.sex == "male"].groupby(parts).actor.nunique()
    assert (women - men).abs().max() <= 1


def test_random_rows_do_share_speakers():
    clips = made_up(["female", "male"] * 5)
    parts = split.by_rows(clips)
    assert split.shared_speakers(clips, parts)["train & test"] >= 8
    folds = split.folds_by_rows(clips, 4)
    assert split.shared_speakers(clips, split.parts_of_fold(folds, 0))["train & test"] >= 8
    assert clips.groupby(folds).size().tolist() == [30] * 4


def test_the_same_seed_gives_the_same_split():
    clips = made_up(["unknown"] * 9)
    assert split.by_speaker(clips, seed=3).equals(split.by_speaker(clips, seed=3))
    assert not split.by_speaker(clips, seed=3).equals(split.by_speaker(clips, seed=4))


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_speakers_cannot_be_split_and_it_says_so(n):
    clips = made_up(["female"] * n)
    with pytest.raises(data.DataError, match=f"{n} speaker.*cannot be split"):
        split.by_speaker(clips)
    with pytest.raises(data.DataError, match="folds by speaker cannot be made"):
        split.folds_by_speaker(clips)


@pytest.mark.parametrize(
    ("name", "actors"), [("cremad-v1", range(1001, 1092)), ("demo-v1", range(2001, 2025))]
)
def test_frozen_splits_hold_every_actor_once(name, actors):
    parts = split.load_frozen(name)
    assert sorted(parts.index) == list(actors)
    assert parts.index.is_unique
    share = parts.value_counts(normalize=True)
    assert share["train"] == pytest.approx(0.7, abs=0.05)
    assert share["validation"] == pytest.approx(0.1, abs=0.05)
    assert share["test"] == pytest.approx(0.2, abs=0.02)


def test_a_known_corpus_gets_its_frozen_split_and_others_do_not():
    clips = made_up(["female"] * 91)
    parts = split.by_speaker(clips.assign(actor=clips.actor - 4000))
    assert parts.name == "cremad-v1"
    assert parts.groupby(clips.actor).first().value_counts().tolist() == [
        split.load_frozen("cremad-v1").value_counts()[p] for p in ("train", "test", "validation")
    ]
    assert split.by_speaker(clips).name == "by speaker, seed 42"
    few = clips[clips.actor < 5004].assign(actor=clips.actor - 4000)
    assert set(split.by_speaker(few)) == set(split.PARTS)  # part of CREMA-D: drawn if need be
    with pytest.raises(ValueError, match="no frozen split"):
        split.load_frozen("cremad-v9")
