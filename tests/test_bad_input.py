"""Input that cannot be right is refused: it never becomes a wrong number without a word."""

import numpy as np
import pandas as pd
import pytest

from ser_helpers import calibration, evaluate, split
from ser_helpers.errors import DataError

TRUE = pd.Series(["ANG", "SAD", "HAP", "HAP"], index=list("abcd"))
WHO = pd.Series([1, 1, 2, 2], index=TRUE.index)


def test_labels_of_another_kind_are_not_left_out_of_the_score():
    said = pd.Series(["anger", "SAD", "HAP", "HAP"], index=TRUE.index)
    for score in (
        lambda: evaluate.scores(TRUE, said),
        lambda: evaluate.scores(said, TRUE),
        lambda: evaluate.confusion(TRUE, said),
        lambda: evaluate.intervals(TRUE, said, WHO),
        lambda: evaluate.scores(TRUE, said.replace("anger", np.nan)),
    ):
        with pytest.raises(DataError, match=r"unknown emotion.*anger|empty prediction"):
            score()


def test_clips_are_compared_by_name_whatever_their_order():
    turned = TRUE.iloc[::-1]
    assert evaluate.scores(TRUE, TRUE.to_numpy())["accuracy"] == 1  # no names: taken as they are
    sure = pd.get_dummies(TRUE).astype(float)
    assert evaluate.scores(TRUE, turned)["accuracy"] == 1
    assert np.trace(evaluate.confusion(TRUE, turned)) == 4
    table = evaluate.intervals(TRUE, turned, WHO.sample(frac=1, random_state=0))
    pd.testing.assert_frame_equal(table, evaluate.intervals(TRUE, TRUE, WHO))
    sliced = evaluate.slices(TRUE, turned, WHO.iloc[::-1], speakers=WHO.iloc[::-1])
    assert sliced.accuracy.tolist() == [1, 1]
    assert calibration.reliability(sure, turned).accuracy.tolist() == [1]
    assert calibration.coverage(sure, turned).accuracy.tolist() == [1]
    assert evaluate.report_on(TRUE, turned, WHO.iloc[::-1], protocol="none").scores.value.uar == 1


def test_different_clips_are_never_compared():
    """In the first edition two disjoint indices gave an accuracy of 1."""
    sure = pd.get_dummies(TRUE).astype(float)
    others = TRUE.set_axis(list("efgh"))
    more, fewer = pd.concat([TRUE, others]), TRUE.iloc[:3]
    twice = pd.concat([TRUE, TRUE.iloc[:1]])
    for said in (others, more, fewer, twice, TRUE.reset_index(drop=True), TRUE.to_numpy()[:3]):
        for score in (
            lambda said=said: evaluate.scores(TRUE, said),
            lambda said=said: evaluate.confusion(TRUE, said),
            lambda said=said: evaluate.intervals(TRUE, said, WHO),
            lambda said=said: evaluate.slices(TRUE, said, WHO),
            lambda said=said: calibration.reliability(sure, said),
            lambda said=said: calibration.coverage(sure, said),
            lambda said=said: evaluate.report_on(TRUE, said, WHO, protocol="none"),
        ):
            with pytest.raises(DataError, match=r"first [abcde0]|need as many"):
                score()
    with pytest.raises(DataError, match="1 clips have no speaker, first d"):
        evaluate.intervals(TRUE, TRUE, WHO.iloc[:3])


def test_no_clips_and_no_probabilities_have_no_score():
    sure = pd.get_dummies(TRUE).astype(float)
    sure.iloc[1] = np.nan  # as `predict.over_time` has it for a pause
    for curve in (calibration.reliability, calibration.coverage):
        with pytest.raises(DataError, match="1 clips have no probabilities"):
            curve(sure, TRUE)
    with pytest.raises(DataError, match="no clip to score"):
        evaluate.scores(TRUE.iloc[:0], TRUE.iloc[:0])


def test_slices_leave_out_what_is_not_known_and_keep_the_order_of_levels():
    age = pd.Series([30.0, np.nan, 50.0, 50.0], index=TRUE.index, name="age")
    assert evaluate.slices(TRUE, TRUE, age).clips.to_dict() == {30.0: 1, 50.0: 2}
    group = pd.cut(age, [20, 40, 60])
    assert evaluate.slices(TRUE, TRUE, group).clips.tolist() == [1, 2]
    level = pd.Series(["XX", "HI", "LO", "MD"], index=TRUE.index, name="level")
    assert evaluate.slices(TRUE, TRUE, level).index.tolist() == ["LO", "MD", "HI", "XX"]


def test_one_speaker_is_reported_without_an_interval():
    text = str(evaluate.report_on(TRUE, TRUE, pd.Series(1, index=TRUE.index), protocol="p"))
    assert "nan" not in text
    assert "no interval: one speaker" in text


CLIPS = pd.DataFrame(
    {"actor": np.repeat(range(5001, 5007), 6), "sex": "unknown", "emotion": [*"ABCDEF"] * 6}
)


@pytest.mark.parametrize(
    "sizes",
    [(20, 0.1), (0.2, 10), (0, 0.1), (0.2, 0), (-0.2, 0.1), (0.7, 0.3), (1.0, 0.1)],
    ids=str,
)
@pytest.mark.parametrize("deal", [split.by_rows, split.by_speaker])
def test_sizes_are_shares_not_per_cent(deal, sizes):
    with pytest.raises(ValueError, match=f"test_size={sizes[0]} and validation_size={sizes[1]}"):
        deal(CLIPS, test_size=sizes[0], validation_size=sizes[1])


def test_rows_too_few_for_each_emotion_in_each_part_say_so():
    with pytest.raises(DataError, match=r"7 clips, 1 of them [BCDEF], are too few"):
        split.by_rows(CLIPS.iloc[:7])
    with pytest.raises(DataError, match=r"36 clips, 6 of them [A-F], are too few"):
        split.by_rows(CLIPS, validation_size=0.01)


@pytest.mark.parametrize("fold", [-1, 3, 7])
def test_a_fold_that_is_not_there_is_refused(fold):
    folds = split.folds_by_speaker(CLIPS, 3)
    with pytest.raises(ValueError, match=f"no fold {fold}: they are numbered from 0 to 2"):
        split.parts_of_fold(folds, fold)
