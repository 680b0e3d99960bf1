"""Streams of frames: every clip once, in order or mixed, whoever reads, and little in memory."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from ser_helpers.audio import load_clip
from ser_helpers.errors import DataError
from ser_helpers.further import frames, streams
from ser_helpers.names import EMOTIONS


@pytest.fixture(scope="module")
def files(corpus, tmp_path_factory):
    return streams.write(corpus.clips, tmp_path_factory.mktemp("frames"))


def test_there_is_one_file_per_actor_with_its_frames_and_emotions(files, corpus):
    assert len(files) == corpus.clips.actor.nunique()
    some = corpus.clips[corpus.clips.actor == 5001]
    with np.load(files[0]) as content:
        x, y = content["x"], content["y"]
    assert x.shape == (len(some), 64, streams.N_FRAMES) and x.dtype == np.float32
    assert [EMOTIONS[number] for number in y] == some.emotion.tolist()
    levels = frames.log_mel(load_clip(some.path.iloc[2]))
    np.testing.assert_array_equal(x[2], streams.picture(levels))


def test_what_is_there_is_kept_and_what_was_not_finished_is_not_there(files, corpus):
    before = files[0].stat().st_mtime_ns
    assert streams.write(corpus.clips, files[0].parent) == files
    assert files[0].stat().st_mtime_ns == before
    assert not [path for path in files[0].parent.iterdir() if path not in files]


@pytest.mark.parametrize("n", [10, streams.N_FRAMES, 400])
def test_a_picture_is_standardised_then_cut_or_filled(n):
    levels = np.random.default_rng(0).normal(-30, 9, size=(64, n)).astype(np.float32)
    x = streams.picture(levels)
    assert x.shape == (64, streams.N_FRAMES)
    kept = min(n, streams.N_FRAMES)
    expected = ((levels - levels.mean()) / levels.std())[:, :kept]
    np.testing.assert_allclose(x[:, :kept], expected, atol=1e-5)
    assert not x[:, kept:].any()


@given(st.lists(st.integers(), max_size=60), st.integers(0, 70), st.integers(0, 9))
def test_a_buffer_hands_out_every_item_once_and_holds_no_more_than_it_may(items, size, seed):
    taken = 0

    def counted():
        nonlocal taken
        for item in items:
            taken += 1
            yield item

    out = []
    for item in streams.shuffled(counted(), size, np.random.default_rng(seed)):
        out.append(item)
        assert taken - len(out) <= size
    assert sorted(out) == sorted(items)
    if not size:
        assert out == items


def test_every_place_in_a_buffer_goes_out_equally_often():
    first = [next(streams.shuffled(range(9), 4, np.random.default_rng(s))) for s in range(2000)]
    assert np.bincount(first, minlength=5) == pytest.approx(400, abs=80)


@given(st.integers(1, 20), st.integers(1, 9))
def test_each_file_has_one_reader(n_files, n_workers):
    parts = [streams.share(range(n_files), i, n_workers) for i in range(n_workers)]
    assert sorted(file for part in parts for file in part) == list(range(n_files))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("options", [{}, {"seed": 3}, {"buffer": 30, "seed": 3}], ids=str)
@pytest.mark.parametrize("n_workers", [0, 2])
def test_each_clip_comes_once_whoever_reads(files, corpus, options, n_workers):
    more = {"num_workers": 2, "multiprocessing_context": "spawn"} if n_workers else {}
    loader = DataLoader(streams.FrameStream(files, **options), batch_size=16, **more)
    sums = torch.cat([x[:, 0].sum(dim=1) for x, _ in loader])
    inorder = torch.stack([x[0].sum() for x, _ in streams.FrameStream(files)])
    assert len(sums) == len(corpus.clips)
    torch.testing.assert_close(sums.sort().values, inorder.sort().values, rtol=0, atol=0.01)
    assert torch.allclose(sums, inorder, atol=0.01) == (not options and not n_workers)


def test_the_same_seed_mixes_alike_and_another_one_does_not(files):
    def labels(seed):
        stream = streams.FrameStream(files, buffer=20, seed=seed)
        return [round(float(x[0].sum()), 3) for x, _ in stream]

    assert labels(1) == labels(1) != labels(2)


def test_what_cannot_be_streamed_is_refused(files):
    with pytest.raises(DataError, match="at least one file"):
        streams.FrameStream([])
    with pytest.raises(DataError, match="give a seed"):
        streams.FrameStream(files, buffer=10)
