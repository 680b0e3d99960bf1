"""What notebook 07 builds by hand is what the helper and scikit-learn do.

``functions_of("07").nearest_by_hand`` is that function of notebook 07, taken out of it; see
``test_by_hand.py``, which fails for a ``*_by_hand`` function that no test names.
"""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from notebook_code import functions_of
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from ser_helpers import data
from ser_helpers.further import leak


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
