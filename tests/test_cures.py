"""What may help does what it says: the level is gone, a copy stays with its speaker, and so on."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_helpers import data, evaluate, exercises, features
from ser_helpers.errors import DataError
from ser_helpers.further import channel, cures

SR = 16_000
seeds = st.integers(0, 2**32 - 1)


def answers(seed: int, n: int = 60) -> pd.DataFrame:
    shares = np.random.default_rng(seed).dirichlet(np.ones(6), size=n)
    return pd.DataFrame(shares, [f"clip{i}" for i in range(n)], list(data.EMOTIONS))


def test_without_level_a_clip_turned_down_is_the_same_row(corpus):
    y = data.load_clip(corpus.clips.path.iloc[0])
    rows = [features.describe(sound) for sound in (y, channel.level(y, gain=-20))]
    table = pd.DataFrame(rows, ["a", "b"], features.feature_names())
    assert abs(table.mfcc00_mean.diff().iloc[1]) > 50
    done = cures.without_level(table)
    np.testing.assert_allclose(done.loc["a"], done.loc["b"], atol=0.05)
    assert (done.mfcc00_mean == 0).all()
    assert done.attrs["adapted"] == "level removed"
    others = [name for name in table if not name.startswith("mfcc00_")]
    pd.testing.assert_frame_equal(done[others], table[others])


def test_without_level_is_what_c0_without_its_mean_gives(corpus):
    y = data.load_clip(corpus.clips.path.iloc[0])
    c0 = features.mfcc(features.trim(y))[0]
    c0 = c0 - c0.mean()
    done = cures.without_level(
        pd.DataFrame([features.describe(y)], ["a"], features.feature_names())
    ).iloc[0]
    for p in features.PERCENTILES:
        assert done[f"mfcc00_p{p:02d}"] == pytest.approx(np.percentile(c0, p), abs=0.01)
    assert done["mfcc00_sd"] == pytest.approx(c0.std(), rel=1e-4)
    with pytest.raises(DataError, match="no column mfcc00_mean"):
        cures.without_level(pd.DataFrame({"a": [1.0]}))


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_the_exercises_do_what_the_helpers_do(seed):
    said = answers(seed)
    hot = exercises.find("at_temperature").reference(said.to_numpy(), 2.5)
    np.testing.assert_allclose(hot, cures.with_temperature(said, 2.5), atol=1e-9)
    threshold = exercises.find("threshold_for_coverage").reference(said.max(axis=1).to_numpy(), 0.5)
    assert threshold == cures.threshold_for_coverage(said, 0.5)
    names = features.feature_names()
    rows = np.random.default_rng(seed).normal(size=(4, len(names)))
    table = pd.DataFrame(rows, columns=names)
    ours = exercises.find("without_level").reference(table)
    np.testing.assert_allclose(ours, cures.without_level(table))


@pytest.mark.parametrize("kind", cures.CHANNELS)
def test_each_channel_gives_as_many_samples_the_same_for_the_same_seed(kind):
    y = np.random.default_rng(0).normal(scale=0.1, size=SR).astype(np.float32)
    once, again, other = (
        cures.through_a_channel(y, SR, seed=seed, kinds=(kind,)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(once, again)
    assert once.shape == y.shape and np.isfinite(once).all() and once.dtype == np.float32
    assert not np.array_equal(once, y)
    if kind != "telephone":
        assert not np.array_equal(once, other)
    with pytest.raises(DataError, match="choose from telephone"):
        cures.through_a_channel(y, SR, seed=0, kinds=("radio",))


def test_a_copy_is_on_its_speakers_side():
    table = pd.DataFrame({"x": [1.0, 2.0]}, ["a", "b+"])
    both = cures.with_copies(table, table)
    assert list(both.index) == ["a", "b+", "a+", "b++"]
    folds = cures.for_copies(pd.Series([0, 1], ["a", "b+"]), both.index)
    assert folds.tolist() == [0, 1, 0, 1]


@given(seeds, st.floats(0.2, 5))
@settings(max_examples=20)
def test_a_temperature_is_found_again(seed, temperature):
    rng = np.random.default_rng(seed)
    honest = answers(seed, 4000)
    true = [rng.choice(data.EMOTIONS, p=row) for row in honest.to_numpy()]
    said = cures.with_temperature(honest, 1 / temperature)
    found = cures.find_temperature(said, pd.Series(true, honest.index))
    assert found == pytest.approx(temperature, rel=0.15)


def test_a_temperature_divides_the_logits_and_changes_no_answer():
    logits = torch.tensor(np.random.default_rng(0).normal(size=(20, 6)))
    said = pd.DataFrame(torch.softmax(logits, dim=1).numpy(), columns=list(data.EMOTIONS))
    warm = cures.with_temperature(said, 3)
    np.testing.assert_allclose(warm, torch.softmax(logits / 3, dim=1), atol=1e-6)
    assert (warm.idxmax(axis=1) == said.idxmax(axis=1)).all()
    with pytest.raises(ValueError, match="above 0"):
        cures.with_temperature(said, 0)


@given(seeds, st.integers(1, 40), st.floats(0.01, 1))
def test_a_threshold_answers_the_share_and_no_more_than_needed(seed, n, share):
    said = answers(seed, n)
    sure = said.max(axis=1)
    threshold = cures.threshold_for_coverage(said, share)
    assert (sure >= threshold).mean() >= share - 1e-9
    assert (sure > threshold).mean() < share


@pytest.mark.parametrize("corpus", cures.MEASURED)
def test_what_was_measured_can_be_read(corpus):
    sure = cures.measured_sureness(corpus)
    assert {"as recorded", "telephone", "20 dB softer"} <= set(sure.index)
    right = evaluate.published(corpus, "shift / as recorded").value
    assert sure.loc["as recorded", "right"] == right
    assert (sure.low < sure["too sure"]).all() and (sure["too sure"] < sure.high).all()
    found = cures.measured_differences(["level removed"], ["as recorded", "telephone"], [corpus])
    assert list(found.panel) == ["as recorded", "telephone"]
    assert set(found.group) == {cures.MEASURED[corpus]}
    assert (found.low < found.value).all() and (found.value < found.high).all()
