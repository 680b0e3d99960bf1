"""Two of Whisper's heads of attention, and what reaches them of one demo voice.

To compute by hand what a real head does, without the other eight million weights: the frames of one
clip as they come to the attention of block 2, and each head's share of that block's weights, as
float16. ``tools/make_embeddings.py`` makes the file.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ser_helpers.files import replace_file
from ser_helpers.further.demo_embeddings import unusable
from ser_helpers.further.pretrained import Block, Encoder, log_mel

FILE = Path(__file__).parent / "checkpoints" / "whisper-heads.npz"
BLOCK = 2
HEADS = {"neighbours": 1, "alike": 5}  # what each looks for, and its place in the block
CLIP = "2001_IEO_ANG_HI"
PARTS = ("query", "key", "value")


@dataclass(frozen=True)
class Head:
    """One head of attention: three small layers.

    Attributes
    ----------
    query, key, value : numpy.ndarray of float32, shape (64, 384)
        Weights; a row makes one number of a frame.
    query_bias, value_bias : numpy.ndarray of float32, shape (64,)
        Whisper's keys have none.
    """

    query: np.ndarray
    query_bias: np.ndarray
    key: np.ndarray
    value: np.ndarray
    value_bias: np.ndarray


def load(file: Path = FILE) -> tuple[np.ndarray, dict[str, Head]]:
    """Read the frames and the heads.

    Returns
    -------
    frames : numpy.ndarray of float32, shape (n_frames, 384)
        A frame every 20 ms of the clip ``CLIP``, normalised as the block does it.
    heads : dict of Head
        By the names of ``HEADS``.

    Raises
    ------
    DataError
        If the file is missing or damaged.
    """
    try:
        with np.load(file, allow_pickle=False) as saved:
            found = {name: saved[name].astype(np.float32) for name in saved.files}
        heads = {
            name: Head(**{key: found[f"{name}_{key}"] for key in Head.__dataclass_fields__})
            for name in HEADS
        }
        return found["frames"], heads
    except Exception as error:  # a damaged zip file raises nearly anything
        raise unusable(file, error) from None


def take(y: np.ndarray, encoder: Encoder) -> tuple[np.ndarray, dict[str, Head]]:
    """Take frames and heads from an encoder.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        The clip, at 16,000 Hz.
    encoder : Encoder

    Returns
    -------
    frames, heads
        As :func:`load` gives them.
    """
    block = encoder.blocks[BLOCK - 1]
    assert isinstance(block, Block)
    with torch.no_grad():
        frames = block.attn_ln(encoder(torch.from_numpy(log_mel(y))[None])[BLOCK - 1])[0].numpy()
    width = frames.shape[1] // block.attn.n_heads
    heads = {}
    for name, place in HEADS.items():
        own = slice(width * place, width * (place + 1))
        parts = {part: getattr(block.attn, part) for part in PARTS}
        weights = {part: layer.weight[own].numpy() for part, layer in parts.items()}
        biases = {f"{part}_bias": parts[part].bias[own].numpy() for part in ("query", "value")}
        heads[name] = Head(**weights, **biases)
    return frames, heads


def write(frames: np.ndarray, heads: dict[str, Head], *, file: Path = FILE) -> None:
    """Write what :func:`take` took."""
    arrays = {
        f"{name}_{key}": value for name, head in heads.items() for key, value in vars(head).items()
    }
    content = io.BytesIO()
    np.savez_compressed(
        content, **{name: a.astype("<f2") for name, a in ({"frames": frames} | arrays).items()}
    )
    replace_file(file, content.getvalue())
