"""Encoders as large as Whisper's that never learnt anything: the control of part "random"."""

import numpy as np
import pandas as pd
import torch

from ser_helpers import data
from ser_helpers.further import pretrained
from ser_helpers.further.whisper_weights import TINY_EN


def begin(seed: int) -> pretrained.Encoder:
    """Return an encoder with the weights from which PyTorch would begin to train it."""
    torch.manual_seed(seed)
    kind = TINY_EN
    encoder = pretrained.Encoder(
        kind.n_mels, kind.width, n_heads=kind.n_heads, n_blocks=kind.n_blocks
    )
    return encoder.eval().requires_grad_(False)


def shuffle(seed: int) -> pretrained.Encoder:
    """Return Whisper's encoder, the numbers of each of its matrices in random order."""
    rng = np.random.default_rng(seed)
    encoder = pretrained.load()
    for weight in encoder.parameters():
        weight.copy_(torch.from_numpy(rng.permutation(weight.numpy().ravel())).view_as(weight))
    return encoder


def embed(clips: pd.DataFrame, encoder: pretrained.Encoder) -> pd.DataFrame:
    """Describe each clip as :func:`ser_helpers.further.pretrained.embed` does, uncached."""
    rows = [pretrained.describe(data.load_clip(path), encoder) for path in clips.path]
    return pd.DataFrame(np.stack(rows), clips.index, pretrained.feature_names(range(6)))
