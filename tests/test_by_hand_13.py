"""What notebook 13 computes by hand is what PyTorch does; what it tells was measured."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import ROOT, results
from notebook_code import functions_of, prose_of
from torch.nn.functional import scaled_dot_product_attention

from ser_helpers import data, exercises
from ser_helpers.errors import DataError
from ser_helpers.further import attention, measured, pretrained, whisper_weights

(PATH,) = (ROOT / "notebooks").glob("13_*.ipynb")

pytestmark = pytest.mark.usefixtures("one_thread")


def markdown() -> str:
    return prose_of(PATH)


def some_head(width: int, n_numbers: int, *, scale: float) -> attention.Head:
    rng = np.random.default_rng(width)
    matrices = rng.normal(scale=scale, size=(3, n_numbers, width))
    q, v = rng.normal(size=(2, n_numbers))
    return attention.Head(matrices[0], q, matrices[1], matrices[2], v)


@pytest.mark.parametrize(("n_frames", "scale"), [(1, 0.1), (40, 0.2), (25, 5.0)])
def test_one_head_is_that_of_pytorch(n_frames, scale):
    x = np.random.default_rng(0).normal(size=(n_frames, 12))
    head = some_head(12, 6, scale=scale)
    weights, taken = functions_of("13").attention_by_hand(x, head)
    q = x @ head.query.T + head.query_bias
    v = x @ head.value.T + head.value_bias
    parts = (torch.tensor(part)[None] for part in (q, x @ head.key.T, v))
    np.testing.assert_allclose(taken, scaled_dot_product_attention(*parts)[0], atol=1e-9)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    np.testing.assert_allclose(weights @ v, taken)


def test_the_heads_that_come_with_the_course_are_those_of_the_encoder():
    if whisper_weights.find() is None:
        pytest.skip("needs requirements-pretrained.txt")
    y = data.load_clip(data.open_corpus("demo").clips.path[attention.CLIP])
    encoder = pretrained.load()
    frames, heads = attention.load()
    now, parts = attention.take(y, encoder)
    np.testing.assert_allclose(frames, now, rtol=2e-3, atol=2e-3)  # float16
    for name, head in heads.items():
        for key, array in vars(head).items():
            np.testing.assert_array_equal(array, vars(parts[name])[key])
    # By hand, the two heads are their share of what the block's attention takes.
    attend = encoder.blocks[attention.BLOCK - 1].attn
    by_hand = functions_of("13").attention_by_hand
    kept = {place: by_hand(now, heads[name])[1] for name, place in attention.HEADS.items()}
    whole = []
    attend.out.register_forward_pre_hook(lambda _, inputs: whole.append(inputs[0][0]))
    attend(torch.from_numpy(now)[None])
    for place, taken in kept.items():
        own = slice(64 * place, 64 * place + 64)
        np.testing.assert_allclose(taken, whole[0][:, own], atol=1e-4)


def test_the_heads_are_whole_and_a_damaged_file_is_named(tmp_path):
    frames, heads = attention.load()
    assert frames.shape[1] == 384 and set(heads) == set(attention.HEADS)
    assert attention.FILE.stat().st_size < 500_000
    bad = tmp_path / "bad.npz"
    bad.write_bytes(attention.FILE.read_bytes()[:1000])
    with pytest.raises(DataError, match=r"bad\.npz cannot be used"):
        attention.load(bad)


def test_without_weights_another_corpus_is_answered_kindly(monkeypatch, corpus, capsys):
    monkeypatch.setattr(whisper_weights, "find", lambda *_: None)
    assert pretrained.audible(corpus).synthetic
    said = capsys.readouterr().out
    for word in (
        corpus.name,
        "75 MB",
        "whisper_weights.download()",
        "goes on with the demo voices",
    ):
        assert word in said
    monkeypatch.setattr(whisper_weights, "find", lambda *_: "here")
    assert pretrained.audible(corpus) is corpus


def test_a_network_is_told_by_its_parts():
    def all_stay_free(model, part):
        model.requires_grad = False
        return model

    told = str(exercises.check("freeze_all_but", all_stay_free))
    assert "With model = network of block1, block2, block11, head, part = 'block1':" in told
    assert "weights of block2 that can learn: expected 0, yours is 4." in told


def test_ten_lines_put_in_any_network_of_transformers(monkeypatch):
    transformers = pytest.importorskip("transformers")
    (block,) = re.findall(
        r"<summary>Ten lines for another ear</summary>\s*```python\n(.*?)```", markdown(), re.DOTALL
    )
    settings = transformers.WavLMConfig(
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(16, 16),
        conv_kernel=(10, 8),
        conv_stride=(5, 64),
        num_feat_extract_layers=2,
        num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
    )
    asked = []

    def random_model(name):
        asked.append(name)
        return transformers.WavLMModel(settings)

    monkeypatch.setattr(transformers.AutoModel, "from_pretrained", random_model)
    monkeypatch.setattr(
        transformers.AutoFeatureExtractor,
        "from_pretrained",
        lambda name: transformers.Wav2Vec2FeatureExtractor(),
    )
    clips = data.open_corpus("demo").clips.iloc[:3]
    names = {"data": data, "np": np, "pd": pd, "torch": torch, "clips": clips}
    exec(block, names)
    table = names["theirs"]
    assert asked == ["microsoft/wavlm-base-plus"]
    assert table.shape == (3, 48) and table.index.equals(clips.index)
    assert np.isfinite(table.to_numpy()).all() and table.std().min() > 0


@pytest.mark.parametrize("corpus", ["demo", "ravdess"])
def test_what_was_measured_is_read_as_it_was_stored(corpus):
    tree = results(f"pretrained_{corpus}")
    known, chance = measured.probes(corpus)
    stored = tree["probes, balanced accuracy"]["speaker, in other sentences"]
    assert known.speaker["layer 2"] == stored["layer 2"]
    assert chance.speaker == pytest.approx(1 / tree["n_actors"], abs=1e-3)
    assert len(known) == 7
    curves = measured.curves(corpus)
    n = tree["n_actors"]
    assert list(curves["MFCCs"].index) == [2, 4, 8, n * 4 // 6]
    assert (
        curves["MFCCs"].value.iloc[-1] == tree["scores"]["MFCCs, unseen speakers"]["uar"]["value"]
    )


BEST = "layers (2, 3), trained and asked at three speeds"
CHOSEN = "chosen by the trials"
#: What the prose says of real actors, in per cent or points, and where it was measured.
SAID = {
    r"some (\d+) points, more than all our work": (
        "paired difference to MFCCs with the same head",
        "layers 2 and 3",
    ),
    r"Whisper and the small head (\d+) %": ("scores", "layers 2 and 3, unseen speakers", "uar"),
    r"which of 24 people it is in (\d+) % of the clips": (
        "probes, balanced accuracy",
        "speaker, in other sentences",
        "layer 4",
    ),
    r"Whisper scored (\d+) % after learning from two": (
        "learning curve",
        "layers 2 to 4",
        "2 training speakers",
    ),
    r"MFCCs (\d+) % after sixteen": ("scores", "MFCCs, unseen speakers", "uar"),
    r"the same head reaches (\d+) % with real": (
        "scores",
        "layers 2 to 4, standardised by speaker",
        "uar",
    ),
    r"09, trained once more, reached (\d+) %": ("the network over time of notebook 09", "uar"),
    r"its layers 2 and 3 reach (\d+) % with real actors": (
        "random weights, uar",
        "scores",
        "layers 2 and 3, as PyTorch begins",
    ),
    r"asks at all three: ([\d.]+) % on": ("trials", BEST),
    r"Attention over time reached ([\d.]+) %": (
        "trials",
        "attention over time, layers 2 to 4, three seeds averaged",
    ),
    r"the learnt sum of layers ([\d.]+) %": ("trials", "learnt sum of layers 1 to 4"),
    r"the average with 09 ([\d.]+) %": ("trials", "average of regression and the network of 09"),
    r"On the test speakers it reached ([\d.]+) %": (CHOSEN, "unseen speakers", "all", "uar"),
    r"At three speeds it was ([\d.]+) % there": (CHOSEN, "standardised by speaker", "all", "uar"),
    r"plain layers 2 and 3 ([\d.]+) %": ("trials", "layers (2, 3)"),
    r"layers 2 and 3 reached ([\d.]+) % filled up": ("trials", "layers (2, 3), filled up to 30 s"),
    r"as long as they are ([\d.]+) %": ("trials", "layers (2, 3)"),
    r"together reached ([\d.]+) % with unseen": (
        "scores",
        "layers 1 to 4, unseen speakers",
        "uar",
    ),
    r"with unseen speakers, ([\d.]+) % where the validation": (
        "scores",
        "layers 1 to 4, trained on the validation speakers too, unseen speakers",
        "uar",
    ),
    r"the test speakers give ([\d.]+) %": ("scores", "chosen in each fold, unseen speakers", "uar"),
    r"beside ([\d.]+) % with layers 2 and 3 everywhere": (
        "scores",
        "layers 2 and 3, unseen speakers",
        "uar",
    ),
    r"and ([\d.]+) % standardised by speaker": (
        "scores",
        "layers 1 to 4, standardised by speaker",
        "uar",
    ),
}


@pytest.mark.parametrize("pattern", SAID)
def test_what_the_prose_says_of_real_actors_was_measured(pattern):
    found = results("pretrained_ravdess")
    for key in SAID[pattern]:
        found = found[key]
    if isinstance(found, dict):
        found = found.get("value", found.get("validation_uar"))
    said = re.findall(pattern, markdown())
    assert len(said) == 1, f"{pattern} stands in the notebook {len(said)} times"
    digits = len(said[0].partition(".")[2])
    assert float(said[0]) == pytest.approx(100 * found, abs=0.51 * 10**-digits)


def test_the_prose_tells_how_many_recipes_were_tried_and_where_the_emotion_is_found_best():
    tree = results("pretrained_ravdess")
    by_speaker = {name for name in tree["trials"] if name.endswith("by speaker")}
    counted = f"{len(tree['trials'])} recipes, {len(by_speaker)} of them standardised by speaker"
    assert counted in markdown()
    others = {n: t["validation_uar"] for n, t in tree["trials"].items() if n not in by_speaker}
    assert max(others, key=lambda name: others[name]) == BEST
    assert ravdess(CHOSEN, "unseen speakers", "recipe") == BEST
    own = {n: t["validation_uar"] for n, t in tree["trials"].items() if n in by_speaker}
    best = max(own, key=lambda name: own[name])
    assert best == ravdess(CHOSEN, "standardised by speaker", "recipe")
    assert "trained at three speeds" in best
    for corpus, speaker, emotion in (("ravdess", 1, {2, 3}), ("demo", 1, {1, 2})):
        known, _ = measured.probes(corpus)
        assert known.speaker.drop("MFCCs").idxmax() == f"layer {speaker}"
        best = set(known.emotion.nlargest(2).index)
        assert best == {f"layer {layer}" for layer in emotion}
        assert known.sentence.drop("MFCCs").min() > 0.99


def test_what_a_leak_would_hide_is_half_of_the_mistakes():
    tree = results("pretrained_ravdess")
    honest = tree["scores"]["layers 2 to 4, unseen speakers"]["uar"]["value"]
    leaky = tree["random rows (leaks)"]["layers 2 to 4"]["uar"]["value"]
    assert "on real actors by eleven points" in markdown()
    assert leaky - honest == pytest.approx(0.11, abs=0.005)
    assert "half of Whisper's mistakes" in markdown()
    assert (leaky - honest) / (1 - honest) == pytest.approx(0.5, abs=0.03)


def test_what_is_said_of_the_cost_was_measured():
    cost = results("pretrained_ravdess")["cost"]
    per_clip = cost["processor_milliseconds_per_clip"]
    assert "Some thirty times the time of MFCCs, and still eighty times faster" in markdown()
    assert per_clip["Whisper"] / per_clip["MFCCs"] == pytest.approx(30, abs=4)
    assert 1000 * cost["seconds_of_a_clip"] / per_clip["Whisper"] == pytest.approx(80, abs=8)
    hours = per_clip["Whisper"] * 1e6 / 1000 / 3600
    assert "twelve and a half hours of one core for a million clips" in markdown()
    assert hours == pytest.approx(12.5, abs=0.25)
    encoder = pretrained.Encoder(80, 384, n_heads=6, n_blocks=4)
    assert sum(weight.numel() for weight in encoder.parameters()) == cost["weights_of_the_encoder"]


def test_where_we_cannot_tell_the_interval_holds_zero():
    demo = results("pretrained_demo")
    gain = demo["paired difference to the course's network"][
        "layers 2 to 4, standardised by speaker"
    ]
    assert "we cannot tell Whisper from the network of 05 on MFCCs" in markdown()
    assert not gain["tells"] and gain["low"] < 0 < gain["high"]
    gain = demo["paired difference to the course's network"][
        "layers 1 to 4, standardised by speaker"
    ]
    points = [f"{100 * gain[key]:.1f}" for key in ("value", "low", "high")]
    assert "ahead by {} points [{}, {}]".format(*points) in markdown()


def test_the_step_to_the_network_of_09_is_as_large_as_the_prose_says():
    uar = {}
    for file, name in (("pretrained", "MFCCs"), ("temporal", "frames")):
        tree = results(f"{file}_ravdess")
        uar[name] = tree["scores"][f"{name}, unseen speakers"]["uar"]["value"]
    assert "work on networks up to 09 (some 18)" in markdown()
    assert uar["frames"] - uar["MFCCs"] == pytest.approx(0.18, abs=0.005)


def test_what_the_readme_says_of_the_gain_was_measured():
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    ((people, demo),) = re.findall(r"by (\d+) points on people and by (\d+) on the demo", readme)
    for said, corpus in ((people, "ravdess"), (demo, "demo")):
        tree = results(f"pretrained_{corpus}")
        pairs = tree["paired difference to the course's network"]
        gain = pairs["layers 2 and 3, unseen speakers"]
        assert gain["tells"]
        assert int(said) == pytest.approx(100 * gain["value"], abs=0.51)


def points(found: dict) -> str:
    """Write a difference as the notebook does: ``+0.9 points [−0.6, 2.4]``."""
    value, low, high = (100 * found[key] for key in ("value", "low", "high"))
    return f"{value:+.1f} points [{low:.1f}, {high:.1f}]".replace("-", "−")


def ravdess(*keys: str) -> dict:
    found = results("pretrained_ravdess")
    for key in keys:
        found = found[key]
    return found


def test_what_is_said_of_other_ears_and_of_the_trials_is_paired():
    chosen, weights = ravdess(CHOSEN), ravdess("random weights, uar")
    unseen, own = chosen["unseen speakers"], chosen["standardised by speaker"]
    layers = "layers 2 and 3"
    for words, found in (
        (
            "Whisper and the small head 78 %",
            ravdess("paired difference to the network over time", layers),
        ),
        ("Trained minus random", weights["trained minus random"][f"{layers}, as PyTorch begins"]),
        ("it reached 80.1 %", unseen[f"minus {layers}, all"]),
        ("no trial had scored", unseen[f"minus {layers}, never scored in a trial"]),
    ):
        assert found["tells"] and f"{words}: UAR {points(found)}" in markdown()
    assert not weights["random minus MFCCs"][f"{layers}, as PyTorch begins"]["tells"]
    assert "reach, we cannot tell" in markdown() and not own[f"minus {layers}, all"]["tells"]


def test_layers_are_told_apart_where_a_paired_difference_tells():
    pairs = ravdess("paired difference, layer 2 minus another", "unseen speakers")
    for other in ("layer 1", "layer 4"):
        assert f"of {other} by {points(pairs[other]).removeprefix('+')}" in markdown()
        assert pairs[other]["tells"]
    assert "From layer 3 we cannot tell it." in markdown() and not pairs["layer 3"]["tells"]


def test_what_few_speakers_suffice_for_is_paired():
    pairs = ravdess("learning curve, uar, paired difference")
    gain = pairs["layers 2 to 4 with 2 training speakers minus MFCCs with all"]
    assert f"after sixteen: UAR {points(gain)} by a paired difference" in markdown()
    ((two, sixteen),) = re.findall(
        r"With two speakers each, Whisper is ahead by (\d+) points, with sixteen each by (\d+)\.",
        markdown(),
    )
    for said, n in ((two, "2"), (sixteen, "all")):
        found = pairs["layers 2 to 4 minus MFCCs"][f"{n} training speakers"]
        assert found["tells"] and int(said) == pytest.approx(100 * found["value"], abs=0.51)


def test_what_is_said_of_fine_tuning_was_measured():
    tuning = ravdess("fine-tuning")
    gain = tuning["uar, fine-tuned minus frozen"]
    assert "We tried it on all six folds of RAVDESS, for five epochs" in markdown()
    assert (len(tuning["folds"]), tuning["settings"]["epochs"]) == (6, 5)
    (minutes,) = re.findall(r"A fold took ([\d.]+) minutes of one core", markdown())
    seconds = np.mean([fold["processor_seconds"] for fold in tuning["folds"]])
    assert float(minutes) == pytest.approx(seconds / 60, abs=0.06)
    said = f"Fine-tuned minus frozen: UAR {points(gain)}. We cannot tell from these 24 speakers."
    assert said in markdown()
    assert not gain["tells"] and tuning["n_actors"] == 24
    assert "1.8 million weights that learn from some 700 clips" in markdown()
    assert {round(fold["weights"] / 1e6, 1) for fold in tuning["folds"]} == {1.8}
    assert ravdess("n_clips") * 4 / 6 == pytest.approx(700, abs=25)


def test_how_much_silence_behind_a_clip_changes_was_measured():
    found = results("pretrained_ravdess")["filled up to 30 s"]
    moved = found["mean_difference_in_sd_over_clips"]
    ((n, second, third),) = re.findall(
        r"with (\d+) clips of RAVDESS, a number of layer 2 differed by ([\d.]+) of its spread from "
        r"clip to clip, one of layer 3 by ([\d.]+)\.",
        markdown(),
    )
    assert int(n) == found["clips"]
    assert float(second) == pytest.approx(moved["layer 2"], abs=0.05)
    assert float(third) == pytest.approx(moved["layer 3"], abs=0.05)
    assert "that would take ten times as long" in markdown()
    assert found["times_as_long"] == pytest.approx(10, abs=0.5)
