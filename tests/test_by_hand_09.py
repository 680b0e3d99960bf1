"""What notebook 09 builds by hand is what the helpers and PyTorch do."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from notebook_code import functions_of

from ser_helpers import data, features
from ser_helpers.further import frames, temporal

AUDIO = {
    "course": features.AudioSettings(),
    "telephone": features.AudioSettings(
        sr=8000, n_fft=256, win_length=200, hop_length=80, n_mels=32, n_mfcc=13, fmin=64, fmax=4000
    ),
}
lengths_of_clips = st.lists(st.integers(16, 150), min_size=1, max_size=5)

pytestmark = pytest.mark.usefixtures("one_thread")


def pictures(lengths: list[int], *, n_mels: int = 64, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(-30, 10, size=(n_mels, n)).astype(np.float32) for n in lengths]


def trained_net(channels: tuple[int, ...], n_mels: int, *, seed: int = 0) -> temporal.TemporalNet:
    """Make a network whose normalisation has seen something, in evaluation mode."""
    torch.manual_seed(seed)
    net = temporal.TemporalNet(n_mels, 6, channels=channels)
    for norm in net.norms:
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
        torch.nn.init.normal_(norm.weight, mean=1, std=0.3)
        torch.nn.init.normal_(norm.bias)
    return net.eval()


@pytest.mark.parametrize("s", AUDIO.values(), ids=AUDIO)
def test_log_mel_is_the_helpers_on_voices_noise_silence_and_very_short_sounds(s):
    noise = np.random.default_rng(0).normal(scale=0.1, size=s.sr).astype(np.float32)
    paths = data.open_corpus("demo").clips.path.iloc[::400]
    for y in (*(data.load_clip(path, sr=s.sr) for path in paths), noise, noise[:300], 0 * noise):
        ours = functions_of("09").log_mel_by_hand(y, s)
        np.testing.assert_allclose(ours, frames.log_mel(y, s), atol=1e-2)


@given(lengths=lengths_of_clips, seed=st.integers(0, 99))
@settings(max_examples=25)
def test_padding_masks_and_standardising_are_the_helpers(lengths, seed):
    clips = pictures(lengths, seed=seed)
    batch, n = functions_of("09").pad_by_hand(clips)
    x, told = frames.pad(clips)
    np.testing.assert_array_equal(batch, x)
    np.testing.assert_array_equal(n, told)
    inside = functions_of("09").mask_by_hand(n, batch.shape[2])
    np.testing.assert_array_equal(inside[:, None], frames.mask(told, x.shape[2]))
    batch[~np.broadcast_to(inside[:, None], batch.shape)] = 1e3  # padding must not count
    means = functions_of("09").masked_mean_by_hand(batch, inside)
    np.testing.assert_allclose(means, [clip.mean() for clip in clips], rtol=1e-4)
    ours = functions_of("09").standardise_by_hand(batch, n)
    np.testing.assert_allclose(ours, frames.standardise(x, told), atol=1e-3)


@given(seed=st.integers(0, 99), height=st.sampled_from([1, 3, 5]), width=st.sampled_from([1, 3, 7]))
@settings(max_examples=20)
def test_convolution_is_torchs(seed, height, width):
    rng = np.random.default_rng(seed)
    picture, kernel = rng.normal(size=(12, 20)), rng.normal(size=(height, width))
    theirs = torch.nn.functional.conv2d(
        torch.tensor(picture)[None, None], torch.tensor(kernel)[None, None], padding="same"
    )
    ours = functions_of("09").convolve_by_hand(picture, kernel)
    np.testing.assert_allclose(ours, theirs[0, 0], atol=1e-9)


@pytest.mark.parametrize(
    ("channels", "n_mels"), [((24, 32, 48, 64), 64), ((3, 5, 4, 6), 32)], ids=["course", "small"]
)
@pytest.mark.parametrize("n", [16, 17, 39, 120])
def test_forward_and_its_norm_are_the_networks(channels, n_mels, n):
    net = trained_net(channels, n_mels, seed=n)
    (clip,) = pictures([n], n_mels=n_mels)
    z = frames.standardise(torch.from_numpy(clip)[None], torch.tensor([n]))
    stages = functions_of("09").forward_by_hand(z[0].numpy(), net.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(stages[-1], net(z, torch.tensor([n])), atol=1e-4, rtol=1e-4)
        x = torch.randn(2, channels[1], 6, 9)
        ours = functions_of("09").norm_by_hand(x, net.state_dict(), 1)
        torch.testing.assert_close(ours, net.norms[1](x))
    assert stages[-2].shape == (1, 2 * channels[-1] * n_mels // 16)


def test_an_answer_of_the_last_block_depends_on_39_frames():
    weights = trained_net((24, 32, 48, 64), 64).state_dict()
    (clip,) = pictures([96])
    z = (clip - clip.mean()) / clip.std()
    before = functions_of("09").forward_by_hand(z, weights)[4]
    place = before.shape[3] // 2
    reached = []
    for frame in range(16, 96):
        nudged = z.copy()
        nudged[:, frame] += 5
        after = functions_of("09").forward_by_hand(nudged, weights)[4]
        if not torch.allclose(after[..., place], before[..., place], atol=1e-5):
            reached.append(frame)
    assert reached == list(range(reached[0], reached[0] + 39))


@pytest.mark.parametrize(("bands", "steps"), [(16, 32), (8, 16), (20, 24)])
def test_occlusion_is_the_helpers(bands, steps):
    net = trained_net((4, 4, 4, 4), 64)
    classes = data.EMOTIONS
    recogniser = temporal.TemporalRecogniser(net, classes, AUDIO["course"], pd.DataFrame(), 1)
    (clip,) = pictures([70])
    z = frames.standardise(torch.from_numpy(clip)[None], torch.tensor([70]))[0].numpy()

    def ask(picture):
        with torch.no_grad():
            logits = net(torch.from_numpy(picture)[None], torch.tensor([70]))
        return torch.softmax(logits, dim=1)[0, 2].item()

    ours = functions_of("09").occlusion_by_hand(ask, z, bands, steps)
    theirs = temporal.occlusion(recogniser, clip, classes[2], bands=bands, frames=steps)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
