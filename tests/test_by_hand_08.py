"""What notebook 08 builds by hand is what the helper does, and what another formula gives.

``functions_of("08").agreement_by_hand`` is that function of notebook 08, taken out of it; see
``test_by_hand.py``, which fails for a ``*_by_hand`` function that no test names. The references of
its exercises are held equal to the helpers, too.
"""

import numpy as np
import pandas as pd
import pytest
import scipy.special
import scipy.stats
import torch
from hypothesis import given
from hypothesis import strategies as st
from notebook_code import functions_of

from ser_helpers import data, evaluate
from ser_helpers.exercises import votes
from ser_helpers.further import listeners

votes_on_a_clip = st.lists(st.integers(0, 6), min_size=6, max_size=6).filter(lambda n: sum(n) > 1)
votes_on_clips = st.lists(votes_on_a_clip, min_size=1, max_size=8)


def table(rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=data.EMOTIONS)


def test_recalls_are_those_of_every_baseline():
    recalls = functions_of("08").recalls_by_hand(evaluate.listeners())
    assert recalls.mean() == pytest.approx(
        evaluate.baselines(["ANG"], listeners=True).uar["listeners"], abs=1e-12
    )
    every = functions_of("08").recalls_by_hand(evaluate.listeners("face").to_numpy())
    np.testing.assert_allclose(every, np.diag(evaluate.listeners("face", normalise=True)))


@given(rows=votes_on_clips)
def test_agreement_and_entropy(rows):
    counts = table(rows)
    agreement = [functions_of("08").agreement_by_hand(row) for row in rows]
    np.testing.assert_allclose(agreement, listeners.agreement(counts), atol=1e-12)
    # Another formula: pairs of equal votes, as binomial coefficients.
    n = counts.sum(axis=1)
    np.testing.assert_allclose(
        agreement, scipy.special.comb(counts, 2).sum(axis=1) / scipy.special.comb(n, 2)
    )
    entropy = [votes.vote_entropy(row) for row in rows]
    np.testing.assert_allclose(entropy, listeners.entropy(counts), atol=1e-12)
    np.testing.assert_allclose(entropy, scipy.stats.entropy(counts, base=2, axis=1), atol=1e-12)


@given(rows=votes_on_clips)
def test_kappa(rows):
    pooled = np.sum(rows, axis=0) / np.sum(rows)
    if pooled.max() == 1:  # all votes are for one emotion
        assert np.isnan(listeners.fleiss_kappa(table(rows)))
        return
    kappa = votes.fleiss(rows)
    assert kappa == pytest.approx(listeners.fleiss_kappa(table(rows)), abs=1e-12)


@given(rows=votes_on_clips, seed=st.integers(0, 99), size=st.sampled_from([0.1, 3.0, 1000.0]))
def test_the_loss_on_soft_labels_is_pytorchs_and_lowest_at_the_shares(rows, seed, size):
    shares = listeners.shares(table(rows)).to_numpy()
    logits = size * np.random.default_rng(seed).normal(size=shares.shape)
    ours = votes.soft_loss(logits, shares)
    theirs = torch.nn.functional.cross_entropy(torch.tensor(logits), torch.tensor(shares))
    assert ours == pytest.approx(theirs.item(), rel=1e-9)
    floor = listeners.entropy(table(rows)).mean() * np.log(2)
    assert ours > floor - 1e-9
    best = votes.soft_loss(np.log(shares + 1e-300), shares)
    assert best == pytest.approx(floor, abs=1e-9)
