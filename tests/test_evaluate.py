"""Scores are scikit-learn's, intervals are over speakers, listeners are CREMA-D's."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, recall_score

from ser_helpers import calibration, evaluate
from ser_helpers.errors import DataError
from ser_helpers.names import EMOTIONS

PAIRS = st.lists(
    st.tuples(st.sampled_from(EMOTIONS), st.sampled_from(EMOTIONS)), min_size=1, max_size=60
)


@given(PAIRS)
def test_scores_equal_scikit_learns(pairs):
    true, said = (list(side) for side in zip(*pairs, strict=True))
    present = sorted(set(true))
    ours = evaluate.scores(true, said)
    assert ours["accuracy"] == pytest.approx(accuracy_score(true, said))
    recall = recall_score(true, said, labels=present, average="macro", zero_division=0)
    assert ours["uar"] == pytest.approx(recall)
    f1 = f1_score(true, said, labels=present, average="macro", zero_division=0)
    assert ours["macro_f1"] == pytest.approx(f1)


def speakers_with_own_luck(n_speakers: int = 20, clips_each: int = 30):
    rng = np.random.default_rng(0)
    speaker = np.repeat(np.arange(n_speakers), clips_each)
    true = rng.choice(EMOTIONS, size=speaker.size)
    luck = rng.uniform(0.2, 0.9, size=n_speakers)[speaker]
    said = np.where(rng.uniform(size=speaker.size) < luck, true, rng.choice(EMOTIONS, speaker.size))
    return (pd.Series(v) for v in (true, said, speaker))


def test_intervals_equal_a_plain_bootstrap_that_redraws_all_clips_of_each_speaker():
    true, said, speaker = speakers_with_own_luck()
    ours = evaluate.intervals(true, said, speaker)
    rng = np.random.default_rng(1)
    names = speaker.unique()
    draws = []
    for _ in range(400):
        rows = np.concatenate([np.flatnonzero(speaker == s) for s in rng.choice(names, len(names))])
        draws.append(evaluate.scores(true.to_numpy()[rows], said.to_numpy()[rows])["uar"])
    low, high = np.percentile(draws, [2.5, 97.5])
    assert ours.low.uar == pytest.approx(low, abs=0.015)
    assert ours.high.uar == pytest.approx(high, abs=0.015)
    assert ours.low.uar < ours.value.uar < ours.high.uar
    over_clips = evaluate.intervals(true, said, pd.Series(np.arange(len(true))))
    width = ours.high - ours.low
    assert width.uar > 1.5 * (over_clips.high - over_clips.low).uar


def test_one_speaker_has_no_interval():
    table = evaluate.intervals(*(pd.Series(v) for v in (["ANG", "SAD"], ["ANG", "ANG"], [1, 1])))
    assert table.value.uar == 0.5
    assert table[["low", "high"]].isna().all(axis=None)


def test_listeners_are_those_of_cremad():
    votes = evaluate.listeners()
    assert votes.to_numpy().sum() == 68_568
    assert evaluate.listeners(normalise=True).loc["NEU", "NEU"] == pytest.approx(0.762, abs=5e-4)
    row = evaluate.baselines(pd.Series(EMOTIONS), listeners=True).loc["listeners"]
    assert row.accuracy == pytest.approx(0.400, abs=5e-4)
    assert row.uar == pytest.approx(0.407, abs=5e-4)


def test_chance_and_majority_are_what_guessing_gives():
    rng = np.random.default_rng(0)
    true = pd.Series(rng.choice(EMOTIONS, size=60_000, p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1]))
    guessed = evaluate.scores(true, rng.choice(EMOTIONS, size=len(true)))
    table = evaluate.baselines(true)
    for metric in evaluate.METRICS:
        assert table.loc["chance", metric] == pytest.approx(guessed[metric], abs=0.01)
    assert table.loc["majority", "accuracy"] == pytest.approx((true == "ANG").mean())
    assert table.loc["majority", "uar"] == pytest.approx(1 / 6)


def test_slices_are_scores_of_their_clips():
    true, said, speaker = speakers_with_own_luck(6)
    by = speaker.map(lambda s: "even" if s % 2 == 0 else "odd").rename("kind")
    table = evaluate.slices(true, said, by, speakers=speaker)
    odd = by == "odd"
    assert table.uar["odd"] == pytest.approx(evaluate.scores(true[odd], said[odd])["uar"])
    assert table.clips.sum() == len(true)
    assert table.speakers.tolist() == [3, 3]
    assert (table.low < table.uar).all()
    assert "low" not in evaluate.slices(true, said, by)


def test_reliability_of_a_network_that_knows_how_sure_it_may_be():
    rng = np.random.default_rng(0)
    p = pd.DataFrame(rng.dirichlet(np.full(6, 0.5), size=20_000), columns=list(EMOTIONS))
    true = pd.Series([rng.choice(EMOTIONS, p=row) for row in p.to_numpy()])
    honest = calibration.reliability(p, true)
    assert honest.attrs["ece"] < 0.02
    assert honest.clips.sum() == len(p)
    boastful = p**4
    boastful = boastful.div(boastful.sum(axis=1), axis=0)
    assert calibration.reliability(boastful, true).attrs["ece"] > 0.1


def test_the_report_says_all_it_must(corpus):
    true = corpus.clips.emotion
    rng = np.random.default_rng(0)
    said = pd.Series(rng.choice(EMOTIONS, len(true)), index=true.index)
    text = str(evaluate.report_on(true, said, corpus.clips.actor, protocol="by luck"))
    for word in ("108 clips of 6 speakers", "by luck", "UAR", "chance", "precision"):
        assert word in text
    assert "listeners" not in text  # they heard other clips
    on_cremad = evaluate.report_on(true, said, corpus.clips.actor, protocol="as if", listeners=True)
    assert "listeners on CREMA-D    40.0" in str(on_cremad)
    assert f"{evaluate.scores(true, said)['uar'] * 100:.1f}" in text


def test_a_part_that_is_not_there_is_named(corpus):
    class Empty:
        parts = pd.Series("train", index=corpus.clips.index)

    with pytest.raises(DataError, match="no clip in the test part"):
        evaluate.report(Empty(), corpus.clips)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_coverage_is_a_count_at_each_threshold(seed, n):
    rng = np.random.default_rng(seed)
    values = rng.integers(1, 5, size=(n, len(EMOTIONS))).astype(float)  # ties are frequent
    probabilities = pd.DataFrame(values / values.sum(axis=1, keepdims=True), columns=EMOTIONS)
    y_true = pd.Series(rng.choice(EMOTIONS, n))
    curve = calibration.coverage(probabilities, y_true)
    sure, said = probabilities.max(axis=1), probabilities.idxmax(axis=1)
    assert curve.index.tolist() == sorted(set(sure), reverse=True)
    for threshold, row in curve.iterrows():
        kept = sure >= threshold
        assert row.coverage == pytest.approx(kept.mean())
        assert row.accuracy == pytest.approx((said == y_true)[kept].mean())
    assert curve.coverage.iloc[-1] == 1
