"""What notebook 07 builds by hand is what the helper and scikit-learn do.

``functions_of("07").nearest_by_hand`` is that function of notebook 07, taken out of it; see
``test_by_hand.py``, which fails for a ``*_by_hand`` function that no test names.
"""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notebook_code import functions_of
from sklearn.model_selection import cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ser_helpers import data
from ser_helpers.further import leak

folds_of_two_kinds = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=2, max_size=80
).filter(lambda rows: all(len(set(kind)) > 1 for kind in zip(*rows, strict=True)))


def learners(turns):
    return [len(learn) for learn, _ in turns]


@given(rows=folds_of_two_kinds)
def test_crossed_turns_are_the_helpers(rows):
    speakers, sentences = (pd.Series(kind) for kind in zip(*rows, strict=True))
    ours = functions_of("07").crossed_by_hand(speakers, sentences)
    if not all(learners(ours)):
        with pytest.raises(data.DataError, match="nothing is left to learn from"):
            leak.turns_of(speakers, sentences)
        return
    theirs = leak.turns_of(speakers, sentences)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        for rows_of_ours, rows_of_theirs in zip(one, other, strict=True):
            np.testing.assert_array_equal(rows_of_ours, rows_of_theirs)


@given(seed=st.integers(0, 99), n_folds=st.integers(2, 5))
@settings(max_examples=15)
def test_answers_are_scikit_learns_and_the_helpers(seed, n_folds):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(60, 5)) * rng.uniform(0.1, 50, size=5))
    rows = pd.DataFrame({"emotion": rng.choice(data.EMOTIONS[:3], size=60)})
    turns = leak.turns_of(pd.Series(rng.permutation(60) % n_folds))
    ours = functions_of("07").answers_by_hand(GaussianNB(), X, rows.emotion, turns)
    model = make_pipeline(StandardScaler(), GaussianNB())
    np.testing.assert_array_equal(ours, cross_val_predict(model, X, rows.emotion, cv=turns))
    protocol = leak.Protocol("made up", X, rows, turns)
    np.testing.assert_array_equal(ours, leak.answers(protocol, GaussianNB()))


@given(seed=st.integers(0, 99), n_features=st.integers(1, 20))
@settings(max_examples=20)
def test_the_nearest_is_scikit_learns_and_the_helpers(seed, n_features):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(50, n_features)) * rng.uniform(0.1, 50, size=n_features)
    X = np.column_stack([X, np.full(50, 3.0)])  # a column that says nothing
    learn, test = np.arange(40), np.arange(40, 50)
    places, distances = functions_of("07").nearest_by_hand(X[learn], X[test])
    ruler = StandardScaler().fit(X[learn])
    search = NearestNeighbors(n_neighbors=1).fit(ruler.transform(X[learn]))
    distance, place = search.kneighbors(ruler.transform(X[test]))
    np.testing.assert_array_equal(places, place[:, 0])
    np.testing.assert_allclose(distances, distance[:, 0] / np.sqrt(n_features + 1))

    rows = pd.DataFrame({"emotion": rng.choice(data.EMOTIONS, 50), "actor": rng.integers(0, 5, 50)})
    protocol = leak.Protocol("made up", pd.DataFrame(X), rows, ((learn, test),))
    neighbours = leak.neighbours(protocol)
    np.testing.assert_array_equal(places, neighbours.nearest)
    np.testing.assert_allclose(distances, neighbours.distance)

    found, luck = functions_of("07").same_by_hand(rows.actor[learn], rows.actor[test], places)
    probed = leak.probe(protocol, columns=["actor"]).loc["actor"]
    assert [found, luck] == pytest.approx([probed.nearest, probed.chance], abs=1e-12)
