"""The recipes tried for notebook 13, the control with random weights, and means over draws."""

import measure_pretrained
import numpy as np
import pandas as pd
import pretrained_random
import pretrained_recipes as recipes
import pytest
import torch
from conftest import SR, tone
from sklearn.linear_model import LogisticRegression
from test_heads import table_of

from ser_helpers import evaluate, split
from ser_helpers.further import pretrained, whisper_weights

CLIPS, TABLE = table_of(8, 30)
TABLE += 20 * np.tile(pd.get_dummies(CLIPS.emotion), 10)  # an easy question
PARTS = split.parts_of_fold(split.folds_by_speaker(CLIPS, 4), 0)
LABELS = CLIPS.emotion

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.parametrize(
    "recipe",
    [
        recipes.regression(TABLE, LABELS),
        recipes.fitted(recipes.discriminant, TABLE, LABELS),
        recipes.fitted(LogisticRegression, TABLE, LABELS, n_axes=5),
        recipes.vectors(1.0)(TABLE, LABELS),
        recipes.spoken_faster(lambda: [TABLE, TABLE + 1], LABELS, asked=False),
        recipes.spoken_faster(lambda: [TABLE, TABLE + 1], LABELS, asked=True),
    ],
)
def test_a_recipe_answers_for_every_clip_once_and_learns_from_the_train_part(recipe):
    validation, test = recipe(PARTS)
    for part, found in (("validation", validation), ("test", test)):
        assert set(found.index) == set(recipes.rows_of(PARTS)[part])
        assert found.index.is_unique
        np.testing.assert_allclose(found.sum(axis=1), 1)
        assert recipes.uar_of(LABELS, found) > 0.9
    visible, nothing = recipe(PARTS[PARTS != "test"])
    assert nothing is None
    pd.testing.assert_frame_equal(visible, validation)
    assert recipe(PARTS)[0] is validation  # it is not trained again


def test_an_average_is_the_mean_of_the_probabilities():
    one, other = (recipes.regression(TABLE * s + 1, LABELS) for s in (1, -2))
    third = recipes.fitted(recipes.discriminant, TABLE, LABELS)
    both = recipes.averaged(one, third)(PARTS)
    for mean, a, b in zip(both, one(PARTS), third(PARTS), strict=True):
        pd.testing.assert_frame_equal(mean, (a + b) / 2)
    assert recipes.averaged(one, other)(PARTS[PARTS != "test"])[1] is None


def test_a_faster_clip_is_shorter_and_higher():
    y = tone(5001, "NEU", seconds=1.0)
    for speed, longer in (("slower", 10 / 9), ("faster", 10 / 11)):
        found = recipes.spoken(y, speed)
        assert found.dtype == np.float32
        assert len(found) == pytest.approx(len(y) * longer, abs=2)
        peaks = [np.abs(np.fft.rfft(s, 4 * SR)).argmax() / 4 for s in (y, found)]
        assert peaks[1] == pytest.approx(peaks[0] / longer, rel=0.03)


@pytest.mark.parametrize("n_views", [0, 4])
def test_filling_does_not_reach_the_answer(n_views):
    torch.manual_seed(0)
    model = recipes.Attentive(3, 8, n_views=n_views, width=6).eval()
    x = torch.randn(2, 3, 10, 8)
    inside = torch.ones(2, 10, dtype=torch.bool)
    filled = torch.cat([x, 100 * torch.ones(2, 3, 4, 8)], dim=2)
    longer = torch.cat([inside, torch.zeros(2, 4, dtype=torch.bool)], dim=1)
    with torch.no_grad():
        torch.testing.assert_close(model(filled, longer), model(x, inside))
        if not n_views:  # the order of the frames plays no part in a mean
            torch.testing.assert_close(model(x.flip(2), inside), model(x, inside))


def test_movement_is_none_where_nothing_moves():
    still = np.ones((5, 20, 4), np.float16)
    rising = np.arange(20, dtype=np.float16)[None, :, None] * still
    rows = recipes.moved([(still, None), (rising, None), (rising**2, None)], (2, 3))
    assert rows.shape == (3, 8)
    assert not rows[:2].any() and rows[2].min() > 1  # a steady rise does not change its pace


def test_thirds_are_those_of_what_is_spoken():
    spoken = np.repeat([1, 2, 3], 4)
    quiet = np.array([-60, -60, *[0] * 5, -60, *[-30] * 6, -60])  # a pause is within
    x = np.zeros((5, 15, 4), np.float16)
    x[:, 2:14] = spoken[None, :, None]
    rows = recipes.in_thirds([(x, quiet)], (2, 3))
    np.testing.assert_array_equal(rows.reshape(3, 2, 4), np.arange(1, 4)[:, None, None] * x[:2, 2])


def test_draws_are_scored_by_their_mean_and_paired():
    rng = np.random.default_rng(0)
    said = [LABELS.where(rng.random(len(LABELS)) < p, "SAD") for p in (0.9, 0.5, 0.7)]
    uars = [evaluate.scores(LABELS, own)["uar"] for own in said]
    found = measure_pretrained.scores_of_draws(CLIPS, said)
    assert found["of_each_draw"] == [round(float(uar), 4) for uar in uars]
    assert found["value"] == pytest.approx(np.mean(uars), abs=1e-4)
    assert found["low"] < found["value"] < found["high"]
    pair = measure_pretrained.paired_draws(CLIPS, said, [LABELS])
    assert pair["value"] == pytest.approx(np.mean(uars) - 1, abs=1e-4)
    assert pair["tells"] and pair["high"] < 0
    assert measure_pretrained.paired_draws(CLIPS, [LABELS], [said[0]]) == (
        measure_pretrained.paired(CLIPS, LABELS, said[0])
    )


def test_random_encoders_are_as_large_and_differ_by_their_seed():
    one, again, other = (pretrained_random.begin(seed) for seed in (0, 0, 1))
    sizes = [w.shape for w in one.state_dict().values()]
    assert sizes == [tuple(s) for s in whisper_weights.TINY_EN.shapes().values()]
    y = tone(5001, "ANG", seconds=0.3)
    rows = [pretrained.describe(y, encoder) for encoder in (one, again, other)]
    np.testing.assert_array_equal(rows[0], rows[1])
    assert np.abs(rows[0] - rows[2]).max() > 0.01
    if whisper_weights.find() is None:
        pytest.skip("needs requirements-pretrained.txt")
    trained, shuffled = pretrained.load(), pretrained_random.shuffle(0)
    for name, weight in trained.named_parameters():
        moved = dict(shuffled.named_parameters())[name]
        assert torch.equal(weight.flatten().sort()[0], moved.flatten().sort()[0])
    assert not torch.equal(trained.conv1.weight, shuffled.conv1.weight)
