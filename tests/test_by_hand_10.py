"""What notebook 10 builds by hand is what the helper does; see ``test_by_hand.py``."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notebook_code import functions_of

from ser_helpers import data, predict
from ser_helpers.further import adapt

seeds = st.integers(0, 2**32 - 1)


@pytest.mark.parametrize(("window", "hop"), [(2.0, 0.5), (0.6, 0.2), (0.5, 0.3)])
def test_windows_over_time_are_the_helpers(result, corpus, window, hop):
    recogniser = predict.from_result(result)
    sounds = [data.load_clip(path) for path in corpus.clips.path.iloc[[0, 30]]]
    y = np.concatenate([sounds[0], np.full(12_000, 1e-6, np.float32), sounds[1]])
    ours = functions_of("10").over_time_by_hand(recogniser, y, window, hop)
    helper = predict.over_time(recogniser, y, window=window, hop=hop)
    assert helper.isna().any(axis=None) == (window < 0.75)  # only then one lies in the pause
    pd.testing.assert_frame_equal(ours, helper.dropna(), check_names=False, atol=1e-5)


@given(seeds)
@settings(max_examples=20)
def test_standardising_by_speaker_is_the_helpers(seed):
    rng = np.random.default_rng(seed)
    speakers = pd.Series(rng.permutation(np.arange(30) % 3))
    x = rng.normal(rng.normal(scale=50, size=(3, 1))[speakers], 2, size=(30, 5))
    table = pd.DataFrame(x, columns=list("abcde")).astype(np.float32)
    table["e"] = np.float32(7)  # never changes
    before = table.copy()
    ours = functions_of("10").standardise_by_hand(table, speakers)
    np.testing.assert_allclose(ours, adapt.standardise_by_speaker(table, speakers), atol=1e-4)
    pd.testing.assert_frame_equal(table, before)
