"""No speaker stands on two sides."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_helpers import checksums, data, names, split
from ser_helpers.errors import DataError


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
    ("name", "actors"), [("cremad-v1", range(1001, 1092)), ("demo-v2", range(2001, 2049))]
)
def test_frozen_splits_hold_every_actor_once(name, actors):
    parts = split.load_frozen(name)
    assert sorted(parts.index) == list(actors)
    assert parts.index.is_unique
    share = parts.value_counts(normalize=True)
    assert share["train"] == pytest.approx(0.7, abs=0.05)
    assert share["validation"] == pytest.approx(0.1, abs=0.05)
    assert share["test"] == pytest.approx(0.2, abs=0.02)


def cremad(*, actors: range = range(1001, 1092), late: float = 0.0) -> pd.DataFrame:
    """Make the clips table of CREMA-D from its published names and lengths."""
    rows = [
        {"clip": clip, **names.parse_name(clip), "sex": "unknown", "duration": c.seconds + late}
        for clip, c in checksums.published("cremad").items()
        if int(clip[:4]) in actors
    ]
    return pd.DataFrame(rows).set_index("clip")


def test_cremad_gets_its_frozen_split_and_a_part_of_it_says_so():
    clips = cremad()
    parts = split.by_speaker(clips)
    assert parts.name == "cremad-v1"
    assert (
        parts.groupby(clips.actor).first().equals(split.load_frozen("cremad-v1").rename(parts.name))
    )
    few = split.by_speaker(cremad(actors=range(1001, 1021)))
    assert few.name.startswith("cremad-v1, a part: 20 of 91 actors, ")
    assert set(few) == set(split.PARTS)
    tiny = split.by_speaker(cremad(actors=range(1001, 1004)))  # nobody of the test part
    assert tiny.name == "by speaker, seed 42"
    with pytest.raises(ValueError, match="no frozen split"):
        split.load_frozen("cremad-v9")


def test_sizes_or_a_seed_that_are_asked_for_are_never_ignored():
    clips = cremad()
    assert split.by_speaker(clips, seed=42).name == "by speaker, seed 42"
    half = split.by_speaker(clips, test_size=0.5)
    assert clips.actor[half == "test"].nunique() == round(0.5 * 91)
    assert split.by_speaker(clips, frozen=False).name == "by speaker, seed 42"


def test_an_actors_number_does_not_make_a_corpus():
    """A class that numbers itself from 1001 or 2001 is not CREMA-D, and not the demo voices."""
    for own in (cremad(actors=range(1001, 1007), late=0.1), made_up(["female"] * 91)):
        assert split.by_speaker(own).name == "by speaker, seed 42"
    demo = made_up(["female"] * 48)
    assert split.by_speaker(demo.assign(actor=demo.actor - 3000)).name == "by speaker, seed 42"
    mixed = pd.concat([cremad(actors=range(1001, 1030)), made_up(["female"] * 3)])
    assert split.by_speaker(mixed).name == "by speaker, seed 42"


@given(sexes=SEXES, seed=st.integers(0, 9))
@settings(max_examples=25)
def test_development_has_all_speakers_but_those_of_the_test_part(sexes, seed):
    clips = made_up(sexes, clips_each=2)
    parts = split.by_speaker(clips, seed=seed)
    ours = split.development(clips, parts.sample(frac=1, random_state=seed))
    assert ours.equals(clips[parts != "test"])
    if ours.actor.nunique() >= 3:
        folds = split.folds_by_speaker(ours, 3)
        assert not set(clips.actor[folds.index]) & set(clips.actor[parts == "test"])


def test_development_refuses_a_split_that_leaks_or_is_none():
    clips = made_up(["female", "male"] * 3)
    with pytest.raises(DataError, match="6 speakers are in the test part and outside it"):
        split.development(clips, split.by_rows(clips))
    with pytest.raises(DataError, match="no development speaker"):
        split.development(clips, pd.Series("test", index=clips.index))
    with pytest.raises(DataError, match="unknown part.*Test"):
        split.development(clips, pd.Series("Test", index=clips.index))
    with pytest.raises(DataError, match="have no part, first clip0"):
        split.development(clips, split.by_speaker(clips).iloc[1:])


def test_the_demo_voices_have_development_speakers():
    whole = data.open_corpus("demo").clips
    frozen = split.load_frozen("demo-v2")
    ours = set(split.development(whole).actor)
    assert ours == set(frozen.index[frozen != "test"])
