"""The small head of notebook 13, fast and not fast, and how its last block is fine-tuned."""

import fine_tuning
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from ser_helpers import evaluate, split
from ser_helpers.further import heads
from ser_helpers.further.pretrained import Block

KINDS = ("ANG", "HAP", "SAD")


def table_of(n_speakers: int, n_features: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make clips, 12 per speaker, whose class is somewhere in many features."""
    rng = np.random.default_rng(0)
    actor = np.repeat(5001 + np.arange(n_speakers), 12)
    clips = pd.DataFrame(
        {"actor": actor, "emotion": np.tile(KINDS, 4 * n_speakers), "sex": "unknown"},
        index=pd.Index([f"clip{i:03d}" for i in range(len(actor))], name="clip"),
    )
    x = rng.normal(size=(len(clips), n_features))
    x[:, :3] += 1.5 * np.eye(3)[np.searchsorted(KINDS, clips.emotion)]
    return clips, pd.DataFrame(10 * x + 3, clips.index)


def test_turning_the_space_changes_no_answer():
    clips, table = table_of(6, 100)
    train, other = table.iloc[:48], table.iloc[48:]
    scaler = StandardScaler().fit(train.to_numpy())
    x, z = scaler.transform(train.to_numpy()), scaler.transform(other.to_numpy())
    found = heads.path_of(
        train.to_numpy(), clips.emotion[:48].to_numpy(), other.to_numpy(), strengths=(1e-3, 1e-2)
    )
    for strength, (fast,) in zip((1e-3, 1e-2), found, strict=True):
        plain = LogisticRegression(C=strength, max_iter=1000, tol=1e-6).fit(x, clips.emotion[:48])
        np.testing.assert_allclose(fast, plain.predict_proba(z), atol=2e-3)
        assert list(fast) == list(plain.classes_)


def test_each_clip_is_answered_by_a_head_that_never_heard_its_speaker():
    clips, table = table_of(8, 30)
    folds = split.folds_by_speaker(clips, 4)
    probabilities, rows = heads.cross_validated(table, clips.emotion, folds)
    assert probabilities.index.equals(clips.index)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    assert len(rows) == 4 and {row["strength"] for row in rows} <= set(heads.STRENGTHS)
    # Labels of the test part are never looked at.
    parts = split.parts_of_fold(folds, 0)
    changed = clips.emotion.where(parts != "test", "ANG")
    _, test, _, strength = heads.validated(table, changed, parts)
    pd.testing.assert_frame_equal(test, probabilities.loc[test.index])
    assert rows[0]["strength"] == strength
    said = test.idxmax(axis=1)
    assert rows[0]["test_uar"] == pytest.approx(
        evaluate.scores(clips.emotion[said.index], said)["uar"], abs=1e-4
    )


def test_fine_tuning_begins_where_the_frozen_head_stands():
    torch.manual_seed(0)
    block = Block(8, 2).requires_grad_(False)
    frames = [torch.randn(n, 8) * (1 + n % 3) for n in range(5, 65)]
    with torch.no_grad():
        both = [(x, block(x[None])[0]) for x in frames]
    x = np.stack(
        [np.concatenate([f.numpy() for y in pair for f in (y.mean(0), y.std(0, correction=0))])
         for pair in both]
    )  # fmt: skip
    y = pd.Series(np.array(KINDS)[[len(f) % 3 for f in frames]])
    net = fine_tuning.Tuned(block, x, y, 0.1)
    frozen = heads.regression(0.1).fit(StandardScaler().fit_transform(x), y)
    with torch.no_grad():
        logits = torch.stack([net(f) for f in frames])
    ours = torch.softmax(logits, dim=1).numpy()
    np.testing.assert_allclose(
        ours, frozen.predict_proba(StandardScaler().fit_transform(x)), atol=1e-4
    )
    net(frames[0]).sum().backward()
    assert all(weight.grad is not None for weight in net.block.parameters())
    assert not any(weight.requires_grad for weight in block.parameters())  # a copy learns
