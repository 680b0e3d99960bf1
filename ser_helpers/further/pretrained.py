"""A network that has heard years of speech: the encoder of Whisper, and what it makes of a clip.

Nothing is trained here. Each clip goes through the frozen encoder; mean and standard deviation
over time of what comes out of its layers are a row of numbers, as MFCCs are.
"""

import hashlib
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn.functional import gelu, scaled_dot_product_attention
from tqdm import tqdm

from ser_helpers import clipwise, data, origin
from ser_helpers.audio import load_clip
from ser_helpers.errors import DataError
from ser_helpers.features import content_key
from ser_helpers.files import work_folder
from ser_helpers.further import demo_embeddings, whisper_weights
from ser_helpers.further.whisper_weights import TINY_EN, Kind
from ser_helpers.learning import one_thread
from ser_helpers.spectrum import AudioSettings, mel_power

#: How Whisper wants its mel spectrogram: 80 bands, windows of 25 ms, 10 ms apart.
AUDIO = AudioSettings(n_fft=400, win_length=400, hop_length=160, n_mels=80)
LONGEST = 30.0  # seconds; Whisper never heard more at once
STATISTICS = ("mean", "sd")
RECIPE = 1  # raise it whenever a row holds something else: old caches are then not read
AT_ONCE = 4  # clips handed to a worker together


def log_mel(y: np.ndarray) -> np.ndarray:
    """Compute the log-mel spectrogram as Whisper was trained on it.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Samples at 16,000 Hz, full scale ±1.

    Returns
    -------
    numpy.ndarray of float32, shape (80, n_samples // 160)
        Logarithm to base 10 of each band's power, cut off 8 (80 dB) below the loudest, plus 4,
        divided by 4: mostly between -1 and 1. The sound goes on as its mirror image at both ends.
    """
    edge = 2 * AUDIO.hop_length  # more than half a window; whole steps, so that frames stay in step
    power = mel_power(np.pad(y, edge, mode="reflect"), AUDIO)[:, 2 : 2 + len(y) // AUDIO.hop_length]
    level = np.log10(np.maximum(power, 1e-10))
    return (np.maximum(level, level.max() - 8) + 4) / 4


class Attention(nn.Module):
    """Each frame looks at all frames, and takes from each as much as it finds it relevant."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.query = nn.Linear(width, width)  # what a frame looks for
        self.key = nn.Linear(width, width, bias=False)  # what a frame is found by
        self.value = nn.Linear(width, width)  # what it then hands over
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Mix frames; (n_clips, n_frames, width) in and out."""
        n_clips, n_frames, width = x.shape
        # Each head has a part of the width to itself: (n_clips, n_heads, n_frames, width / n_heads)
        q, k, v = (
            part.view(n_clips, n_frames, self.n_heads, -1).transpose(1, 2)
            for part in (self.query(x), self.key(x), self.value(x))
        )
        mixed = scaled_dot_product_attention(q, k, v)  # softmax(q kᵀ / √(width / n_heads)) v
        return self.out(mixed.transpose(1, 2).reshape(n_clips, n_frames, width))


class Block(nn.Module):
    """Look around, then think: attention and a small network, each added to what came in."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.attn_ln = nn.LayerNorm(width)
        self.attn = Attention(width, n_heads)
        self.mlp_ln = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Refine frames; (n_clips, n_frames, width) in and out."""
        x = x + self.attn(self.attn_ln(x))
        return x + self.mlp(self.mlp_ln(x))


class Encoder(nn.Module):
    """The half of Whisper that listens; modules are called as in OpenAI's own code.

    Parameters
    ----------
    n_mels, width, n_heads, n_blocks : int
        As in :class:`ser_helpers.further.whisper_weights.Kind`.

    References
    ----------
    Radford et al. 2022, arXiv:2212.04356; attention: Vaswani et al. 2017, arXiv:1706.03762.
    """

    def __init__(self, n_mels: int, width: int, *, n_heads: int, n_blocks: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(n_mels, width, kernel_size=3, padding=1)
        self.conv2 = nn.Conv1d(width, width, kernel_size=3, stride=2, padding=1)
        self.blocks = nn.ModuleList(Block(width, n_heads) for _ in range(n_blocks))
        self.ln_post = nn.LayerNorm(width)

    def forward(self, mel: torch.Tensor) -> list[torch.Tensor]:
        """Listen.

        Parameters
        ----------
        mel : torch.Tensor, shape (n_clips, n_mels, n_frames)
            Of :func:`log_mel`.

        Returns
        -------
        list of torch.Tensor, each of shape (n_clips, n_frames / 2 rounded up, width)
            What the convolutions give (with the positions), then each block; last, what the last
            block gives after a normalisation, which is what Whisper's writing half reads.
        """
        x = gelu(self.conv1(mel))  # (n_clips, width, n_frames), every 10 ms
        x = gelu(self.conv2(x))  # (n_clips, width, n_frames / 2), every 20 ms
        x = x.transpose(1, 2)  # (n_clips, n_frames / 2, width)
        x = x + positions(x.shape[1], x.shape[2])
        layers = [x]
        for block in self.blocks:
            layers.append(block(layers[-1]))
        return [*layers, self.ln_post(layers[-1])]


def positions(n_frames: int, width: int) -> torch.Tensor:
    """Say where each frame stands: sines and cosines of falling frequency.

    Attention alone does not know which frame came first.

    Returns
    -------
    torch.Tensor of float32, shape (n_frames, width)
        Sines in the first half, cosines in the second; rounded to float16, since Whisper's are.
    """
    half = width // 2
    frequency = torch.exp(-math.log(10_000) * torch.arange(half, dtype=torch.float64) / (half - 1))
    angle = torch.arange(n_frames)[:, None] * frequency
    return torch.cat([angle.sin(), angle.cos()], dim=1).half().float()


def load(path: str | Path | None = None, *, kind: Kind = TINY_EN) -> Encoder:
    """Build the encoder with its weights.

    Parameters
    ----------
    path : str or Path, optional
        As in :func:`ser_helpers.further.whisper_weights.read`.
    kind : Kind

    Returns
    -------
    Encoder
        In evaluation mode, of float32, its weights frozen.

    Raises
    ------
    DataError
        If the weights are not here, or the file is not theirs; the message says what to do.
    """
    arrays = whisper_weights.read(path, kind=kind)
    with torch.device("meta"):  # no random numbers are drawn, which would be replaced anyway
        encoder = Encoder(kind.n_mels, kind.width, n_heads=kind.n_heads, n_blocks=kind.n_blocks)
    state = {name: torch.from_numpy(array).float() for name, array in arrays.items()}
    encoder.load_state_dict(state, assign=True)
    return encoder.eval().requires_grad_(False)


def listen(y: np.ndarray, encoder: Encoder) -> np.ndarray:
    """Let the encoder listen to one clip.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Samples at 16,000 Hz. They are taken as long as they are: Whisper itself fills every sound
        up to 30 s with silence, which takes ten times as long.
    encoder : Encoder

    Returns
    -------
    numpy.ndarray of float32, shape (n_layers, n_frames, width)
        A frame every 20 ms; layers as :class:`Encoder` returns them.

    Raises
    ------
    DataError
        If the clip is longer than 30 s.
    """
    if (seconds := len(y) / AUDIO.sr) > LONGEST:
        raise DataError(f"{seconds:.0f} s are more than Whisper hears at once ({LONGEST:.0f} s)")
    with torch.inference_mode():
        layers = encoder(torch.from_numpy(log_mel(y))[None])
        return torch.cat(layers).numpy()


def describe(y: np.ndarray, encoder: Encoder) -> np.ndarray:
    """Describe one clip by the mean and the standard deviation over time of each layer.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Samples at 16,000 Hz.
    encoder : Encoder

    Returns
    -------
    numpy.ndarray of float32, shape (n_layers * 2 * width,)
        In the order of :func:`feature_names` with all layers.

    Raises
    ------
    DataError
        As :func:`listen`.
    """
    frames = listen(y, encoder)
    return np.stack([frames.mean(axis=1), frames.std(axis=1)], axis=1).ravel()


def feature_names(layers: Sequence[int], *, kind: Kind = TINY_EN) -> list[str]:
    """Name the features of some layers, e.g. ``layer2_mean_000``, in their order.

    Raises
    ------
    ValueError
        If there is no such layer.
    """
    last = kind.n_blocks + 1
    if not layers or not set(layers) <= set(range(last + 1)) or len(set(layers)) < len(layers):
        raise ValueError(
            f"layers={tuple(layers)}: choose some of 0 (the convolutions), 1 to {last - 1} (the "
            f"blocks) and {last} (the last block, normalised), each once"
        )
    return [
        f"layer{layer}_{what}_{i:03d}"
        for layer in layers
        for what in STATISTICS
        for i in range(kind.width)
    ]


def embed(
    clips: pd.DataFrame,
    layers: Sequence[int] = (2, 3, 4),
    *,
    weights: str | Path | None = None,
    cache: str | Path | None = None,
    progress: bool = True,
    n_jobs: int = -1,
) -> pd.DataFrame:
    """Compute what a pretrained network makes of each clip of a corpus, as a feature table.

    A row holds all layers and is kept under the SHA-256 of the clip's own bytes: a second call, for
    any layers, reads it from the cache. A damaged clip is set aside with a warning that names it.
    The layers 2 and 3 of the demo voices come with the course (rounded to float16) and are read
    from its file, unless ``weights`` are named. About ten clips per second and processor.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table of :func:`ser_helpers.data.open_corpus`: index ``clip``, column ``path``.
    layers : sequence of int
        0: the convolutions; 1 to 4: the blocks; 5: the last block, normalised.
    weights : str or Path, optional
        As in :func:`load`; nothing is downloaded.
    cache : str or Path, optional
        Folder of the cache; ``work/features`` in the project if left out.
    progress : bool
        Show a progress bar over the clips that have to be computed.
    n_jobs : int
        Number of workers, as in :func:`ser_helpers.features.extract`.

    Returns
    -------
    pandas.DataFrame of float32, shape (n_clips, n_layers * 768)
        Index ``clip``, columns of :func:`feature_names`. ``attrs`` as those of
        :func:`ser_helpers.features.extract`; ``attrs["adapted"]`` says which network listened, so
        that no recogniser that expects MFCCs is made from the table.

    Raises
    ------
    DataError
        If not one clip can be used, or the weights are not here, or not the right ones.
    ValueError
        If there is no such layer.
    """
    names = feature_names(layers)
    path = Path(weights) if weights is not None else whisper_weights.find()
    known = list(demo_embeddings.LAYERS)
    missing = sorted(set(layers) - set(known))
    shipped = None
    if weights is None and (path is None or not missing):
        shipped = demo_embeddings.rows(clips.path)
    if shipped is not None and missing:
        raise DataError(
            f"of the demo voices the course brings the layers {known} along; for the layers "
            f"{missing} the weights are needed: {whisper_weights.FETCH}"
        )
    if shipped is not None:
        results, keys = shipped
    else:
        known, (results, keys) = (
            list(range(TINY_EN.n_blocks + 2)),
            _computed(clips.path, load(path), cache=cache, progress=progress, n_jobs=n_jobs),
        )
    set_aside = clipwise.set_aside(results)
    kept = clips.index[[clip not in set_aside for clip in clips.index]]
    rows = np.stack([results[clip] for clip in kept]).reshape(len(kept), len(known), -1)
    chosen = rows[:, [known.index(layer) for layer in layers]].reshape(len(kept), -1)
    table = pd.DataFrame(chosen, index=kept, columns=names)
    table.attrs = {
        "settings": asdict(AUDIO),
        "set_aside": set_aside,
        "content": content_key(keys),
        "adapted": f"heard by Whisper {TINY_EN.name}",
        **origin.notes(table, clips),
    }
    return table


def audible(corpus: data.Corpus) -> data.Corpus:
    """Choose what the encoder can listen to on this machine.

    Returns
    -------
    Corpus
        ``corpus`` itself if the weights are here, or if its clips are demo voices, whose layers 2
        and 3 come with the course. Otherwise the demo voices; what to do is printed.

    Examples
    --------
    >>> demo = data.open_corpus("demo")
    >>> audible(demo) is demo
    True
    """
    if whisper_weights.find() is not None or demo_embeddings.rows(corpus.clips.path) is not None:
        return corpus
    print(
        f"To listen to {corpus.name}, Whisper needs its weights (75 MB): {whisper_weights.FETCH}. "
        "Until then, this notebook goes on with the demo voices."
    )
    return data.open_corpus("demo")


def recipe_key(kind: Kind = TINY_EN) -> str:
    """Name what a row depends on besides the clip: settings, weights, this recipe, PyTorch."""
    what = [asdict(AUDIO), kind.fingerprint, RECIPE, torch.__version__, np.__version__]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


def _computed(
    paths: pd.Series, encoder: Encoder, *, cache: str | Path | None, progress: bool, n_jobs: int
) -> tuple[dict, list[str]]:
    """Return the row, or the reason why there is none, of each clip; and the clips' hashes."""
    folder = Path(cache) if cache is not None else work_folder() / "features"
    with one_thread():
        return clipwise.run_stored(
            _describe_file,
            paths,
            encoder,
            store=folder / f"whisper-{recipe_key()}.npz",
            width=len(feature_names(range(TINY_EN.n_blocks + 2))),
            n_jobs=clipwise.processes(n_jobs),
            at_once=AT_ONCE,
            bar=lambda rows, total: tqdm(
                rows, "listening", total, unit="clip", disable=not progress, file=sys.stdout
            ),
        )


@clipwise.or_reason
def _describe_file(path: Path, encoder: Encoder) -> np.ndarray:
    try:
        return describe(load_clip(path, sr=AUDIO.sr), encoder)
    except DataError as error:
        name = Path(path).name
        raise DataError(str(error) if name in str(error) else f"{name}: {error}") from None
