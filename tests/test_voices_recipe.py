"""The recipe of the demo voices, as far as it runs without its synthesiser."""

import importlib
import shutil

import numpy as np
import pytest
import soundfile
from conftest import ROOT

KOKORO = [f"af_{n}" for n in "abcdefghijk"] + [f"am_{n}" for n in "abcdefghi"]


@pytest.fixture
def tool(monkeypatch):
    """Import a module of ``tools/voices``."""
    monkeypatch.syspath_prepend(str(ROOT / "tools" / "voices"))
    return importlib.import_module


def test_an_emotion_goes_from_nothing_through_normal_to_strong(tool):
    cues = tool("cues")
    table = cues.read()
    for emotion in ("ANG", "DIS", "FEA", "HAP", "SAD"):
        for strength, level in ((0.5, "MD"), (1.0, "HI")):
            found, expected = cues.at_strength(table, emotion, strength), table[emotion, level]
            assert found.scalars == pytest.approx(expected.scalars)
            for name, curve in expected.curves.items():
                np.testing.assert_allclose(found.curves[name], curve)
        nothing = cues.at_strength(table, emotion, 0.0)
        assert set(nothing.scalars.values()) == {0.0}
        assert not any(curve.any() for curve in nothing.curves.values())
    neutral = cues.at_strength(table, "NEU", 0.8)
    assert set(neutral.scalars.values()) == {0.0} == set(neutral.between.values())


def test_the_actors_are_24_women_and_24_men_and_no_two_have_one_voice(tool):
    actors = tool("actors").draw_actors(KOKORO)
    assert [a.number for a in actors] == list(range(2001, 2049))
    assert sum(a.sex == "Female" for a in actors) == 24
    assert len({tuple(a.voices.items()) for a in actors}) == 48
    assert all(sum(a.voices.values()) == pytest.approx(1) for a in actors)
    assert all(name[1] == a.sex[0].lower() for a in actors for name in a.voices)
    assert {name for a in actors for name in a.voices} == set(KOKORO)
    assert actors == tool("actors").draw_actors(KOKORO)


def test_cues_go_together_as_a_few_ways_to_act(tool):
    actors = tool("actors")
    rng = np.random.default_rng(0)
    drawn = np.array([list(actors.own_way(rng).values()) for _ in range(4000)])
    np.testing.assert_allclose(drawn.std(axis=0), 1, atol=0.05)
    loadings = np.array(list(actors.WAYS.values()))
    expected = loadings @ loadings.T
    np.fill_diagonal(expected, 1)
    np.testing.assert_allclose(np.corrcoef(drawn.T), expected, atol=0.06)


def test_an_actor_bends_curves_smoothly_and_voiceless_sounds_as_voiced_ones(tool):
    actors = tool("actors")
    drawn = [actors.smooth_curves(np.random.default_rng(seed)) for seed in range(2000)]
    for name in drawn[0]:
        curves = np.array([d[name] for d in drawn])
        np.testing.assert_allclose(curves.std(axis=0), 1, atol=0.08)
        assert np.corrcoef(curves[:, :-1].ravel(), curves[:, 1:].ravel())[0, 1] > 0.9
    assert all(d["uv"] is d["ltas"] for d in drawn)


@pytest.mark.skipif(shutil.which("opusenc") is None, reason="needs Debian's opus-tools")
def test_opus_bytes_repeat(tool, tmp_path):
    opus = tool("opus")
    y = (0.1 * np.random.default_rng(0).normal(size=16_000)).astype(np.float32)
    for name in ("a.ogg", "b.ogg"):
        opus.write_opus(tmp_path / name, y, 16_000)
    assert (tmp_path / "a.ogg").read_bytes() == (tmp_path / "b.ogg").read_bytes()
    heard, sr = soundfile.read(tmp_path / "a.ogg")
    assert (len(heard), sr) == (16_000, 16_000)
    assert not (tmp_path / "a.wav").exists()
