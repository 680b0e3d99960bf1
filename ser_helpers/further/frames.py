"""One picture per clip instead of one row: log-mel frames, padding, changes for training."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import grid_sample
from tqdm import tqdm

from ser_helpers import clipwise
from ser_helpers.audio import load_clip
from ser_helpers.clipwise import processes
from ser_helpers.features import POOL_FROM, content_key
from ser_helpers.learning import check_settings
from ser_helpers.origin import notes, row_hashes
from ser_helpers.spectrum import AudioSettings, decibels, mel_frequencies, mel_power, trim

SHORTEST = 16  # frames; a network that halves time a few times needs some
RANGE_DB = 80.0  # what lies deeper below a clip's loudest point is cut off there
STEP = 32  # frames; batches are as long as a multiple of it: each new shape costs time and memory
DECIBEL = np.log(10) / 10  # of power, in natural logarithms


@dataclass(frozen=True)
class AugmentSettings:
    """How a clip is changed anew each time that the network trains on it; 0 leaves a change out.

    Attributes
    ----------
    speed : float
        Most that a clip is played faster or slower, as a share: 0.1 is ×0.9 to ×1.1. As on a
        tape, pitch and formants move along (Ko et al. 2015, doi:10.21437/Interspeech.2015-711);
        done on the spectrogram, where time is squeezed and the bands move up, or the other way.
    tempo : float
        As ``speed``, but the bands stay: the same voice talks faster or slower.
    noise : float
        Share of the clips that get steady noise of a random colour, its level 10 dB above to
        20 dB below the clip's mean level in dB (which pauses pull down far below the voice).
    level : float
        Standard deviation of a shift of the whole picture, in standard deviations of the clip.
    tilt : float
        Standard deviation of a slope over the bands, up to the same: a duller or brighter
        microphone.
    time_masks, mel_masks : int
        Number of stretches of time, and of bands, that are blanked (SpecAugment: Park et al.
        2019, doi:10.21437/Interspeech.2019-2680).
    time_share, mel_share : float
        Longest such stretch, as a share of the clip's frames, and of the bands.
    """

    speed: float = 0.12
    tempo: float = 0.12
    noise: float = 0.5
    level: float = 0.1
    tilt: float = 0.1
    time_masks: int = 2
    mel_masks: int = 2
    time_share: float = 0.15
    mel_share: float = 0.12

    def __post_init__(self) -> None:
        check_settings(self)


def log_mel(y: np.ndarray, settings: AudioSettings = AudioSettings()) -> np.ndarray:
    """Compute the log-mel spectrogram of a clip, the silence at its ends trimmed.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Samples at ``settings.sr`` Hz.
    settings : AudioSettings

    Returns
    -------
    numpy.ndarray of float32, shape (n_mels, n_frames)
        Power of each band in dB, cut off 80 dB below the loudest. A frame every ``hop_length``
        samples; 16 at least, with silence behind what is shorter.
    """
    kept = trim(y, settings)
    kept = np.pad(kept, (0, max(0, SHORTEST * settings.hop_length - kept.size)))
    level = decibels(mel_power(kept, settings))
    return np.maximum(level, level.max() - RANGE_DB)


def extract(
    clips: pd.DataFrame,
    *,
    settings: AudioSettings = AudioSettings(),
    progress: bool = True,
    n_jobs: int = -1,
) -> pd.Series:
    """Compute the frames of each clip of a corpus: some 500 clips per second and processor.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table of :func:`ser_helpers.data.open_corpus`: index ``clip``, column ``path``.
    settings : AudioSettings
    progress : bool
        Show a progress bar.
    n_jobs : int
        Number of workers, as in :func:`ser_helpers.features.extract`.

    Returns
    -------
    pandas.Series of numpy.ndarray, each of float32, shape (n_mels, n_frames)
        Index ``clip``. ``attrs["settings"]`` holds the settings as a dict, and
        ``attrs["set_aside"]`` the damaged clips left out, as ``{clip: reason}``; the rest says
        where they come from, as in :func:`ser_helpers.features.extract`.

    Raises
    ------
    DataError
        If not one clip can be used.
    """
    made: dict = {}
    clipwise.run(
        _of_file,
        {clip: (path, settings) for clip, path in clips.path.items()},
        into=made,
        n_jobs=processes(n_jobs) if len(clips) > POOL_FROM else 1,
        bar=lambda rows, total: tqdm(
            rows, "frames", total, unit="clip", disable=not progress, file=sys.stdout
        ),
    )
    set_aside = clipwise.set_aside(made)
    kept = [clip for clip in made if clip not in set_aside]
    frames = pd.Series([made[clip] for clip in kept], index=pd.Index(kept, name="clip"))
    frames.attrs = {
        "settings": asdict(settings),
        "set_aside": set_aside,
        "content": content_key(row_hashes(frames)),
        **notes(frames, clips),
    }
    return frames.rename("frames")


def pad(clips: Sequence[np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    """Put clips of different lengths into one batch, zeros behind the shorter ones.

    Parameters
    ----------
    clips : sequence of numpy.ndarray, each of shape (n_mels, its own n_frames)

    Returns
    -------
    x : torch.Tensor of float32, shape (n_clips, n_mels, n_frames)
        As long as the longest, and a little longer: a multiple of 32 frames.
    lengths : torch.Tensor of int64, shape (n_clips,)
        How many frames of each clip are real.
    """
    lengths = torch.tensor([clip.shape[1] for clip in clips])
    x = torch.zeros(len(clips), clips[0].shape[0], _rounded(lengths))
    for row, clip in zip(x, clips, strict=True):
        row[:, : clip.shape[1]] = torch.from_numpy(clip)
    return x, lengths


def mask(lengths: torch.Tensor, n_frames: int) -> torch.Tensor:
    """Tell which frames of a batch are real.

    Parameters
    ----------
    lengths : torch.Tensor of int64, shape (n_clips,)
    n_frames : int
        Of the batch.

    Returns
    -------
    torch.Tensor of bool, shape (n_clips, 1, n_frames)
        True inside a clip, False in the padding.
    """
    return (torch.arange(n_frames) < lengths[:, None])[:, None]


def standardise(x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Give each clip mean 0 and standard deviation 1 over all its own bands and frames.

    What is lost is how loud the whole recording is, which says more about the microphone than
    about the speaker; the shape of the spectrum and what changes in time stay.

    Parameters
    ----------
    x : torch.Tensor, shape (n_clips, n_mels, n_frames)
        dB.
    lengths : torch.Tensor of int64, shape (n_clips,)

    Returns
    -------
    torch.Tensor, shape (n_clips, n_mels, n_frames)
        Zeros in the padding.
    """
    inside = mask(lengths, x.shape[2])
    mean = _mean(x, inside)
    sd = _mean((x - mean) ** 2, inside).sqrt()
    return (x - mean) / sd.clamp(min=1e-3) * inside


def augment(
    x: torch.Tensor,
    lengths: torch.Tensor,
    *,
    settings: AugmentSettings = AugmentSettings(),
    audio_settings: AudioSettings = AudioSettings(),
) -> tuple[torch.Tensor, torch.Tensor]:
    """Change each clip of a batch at random and standardise it; for training clips only.

    Parameters
    ----------
    x : torch.Tensor, shape (n_clips, n_mels, n_frames)
        dB, as :func:`pad` returns it.
    lengths : torch.Tensor of int64, shape (n_clips,)
    settings : AugmentSettings
    audio_settings : AudioSettings
        Those of the frames: they say which frequency each band has.

    Returns
    -------
    x : torch.Tensor, shape (n_clips, n_mels, new n_frames)
        Standardised, zeros in the padding; random numbers come from torch's own generator.
    lengths : torch.Tensor of int64, shape (n_clips,)
    """
    n, n_mels, _ = x.shape
    speed, tempo = (1 + s * (2 * torch.rand(n) - 1) for s in (settings.speed, settings.tempo))
    if settings.speed or settings.tempo:
        x, lengths = warp(x, lengths, speed=speed, tempo=tempo, audio_settings=audio_settings)
    inside = mask(lengths, x.shape[2])
    slope = torch.linspace(-1, 1, n_mels)[:, None]
    if settings.noise:
        below = 10 - 30 * torch.rand(n, 1, 1)
        colour = 10 * torch.randn(n, 1, 1) * slope + 3 * torch.randn_like(x)
        noisy = add_power(x, _mean(x, inside) + below + colour)
        x = torch.where(torch.rand(n, 1, 1) < settings.noise, noisy, x)
    x = standardise(x, lengths)
    x = x + settings.level * torch.randn(n, 1, 1) + settings.tilt * torch.randn(n, 1, 1) * slope
    for _ in range(settings.time_masks):
        inside = inside & ~_stretch(lengths, settings.time_share, x.shape[2])[:, None, :]
    for _ in range(settings.mel_masks):
        bands = torch.full((n,), n_mels)
        inside = inside & ~_stretch(bands, settings.mel_share, n_mels)[:, :, None]
    return x * inside, lengths


def warp(
    x: torch.Tensor,
    lengths: torch.Tensor,
    *,
    speed: torch.Tensor,
    tempo: torch.Tensor,
    audio_settings: AudioSettings = AudioSettings(),
) -> tuple[torch.Tensor, torch.Tensor]:
    """Play each clip faster or slower, on the spectrogram.

    Parameters
    ----------
    x : torch.Tensor, shape (n_clips, n_mels, n_frames)
    lengths : torch.Tensor of int64, shape (n_clips,)
    speed, tempo : torch.Tensor, shape (n_clips,)
        Factors: 2 is twice as fast. ``speed`` moves what sounds at 200 Hz to 400 Hz;
        ``tempo`` leaves it where it was.
    audio_settings : AudioSettings

    Returns
    -------
    x : torch.Tensor, shape (n_clips, n_mels, new n_frames)
        What lies behind the clip's end is of no meaning.
    lengths : torch.Tensor of int64, shape (n_clips,)
        Never below 16 frames.
    """
    n_mels, n_frames = x.shape[1:]
    new = (lengths / (speed * tempo)).round().long().clamp(min=SHORTEST)
    frame = torch.arange(_rounded(new)) * ((lengths - 1) / (new - 1))[:, None]
    centres = mel_frequencies(n_mels + 2, audio_settings.fmin, audio_settings.fmax)[1:-1]
    band = np.interp(centres / speed.numpy()[:, None], centres, np.arange(n_mels))
    band = torch.from_numpy(band.astype(np.float32))
    # grid_sample wants to know, for each new point, where it was: from -1 to 1 along both axes.
    where = torch.broadcast_tensors(
        (2 * frame / (n_frames - 1) - 1)[:, None, :], (2 * band / (n_mels - 1) - 1)[:, :, None]
    )
    warped = grid_sample(
        x[:, None], torch.stack(where, dim=-1), padding_mode="border", align_corners=True
    )
    return warped[:, 0], new


def add_power(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Add two sounds given in dB: their powers add, as those of independent sounds do."""
    return torch.logaddexp(a * DECIBEL, b * DECIBEL) / DECIBEL


@clipwise.or_reason
def _of_file(path: Path, settings: AudioSettings) -> np.ndarray:
    return log_mel(load_clip(path, sr=settings.sr), settings)


def _mean(x: torch.Tensor, inside: torch.Tensor) -> torch.Tensor:
    """Average each clip over its bands and real frames; shape (n_clips, 1, 1)."""
    total = (x * inside).sum(dim=(1, 2), keepdim=True)
    return total / (inside.sum(dim=(1, 2), keepdim=True) * x.shape[1])


def _rounded(lengths: torch.Tensor) -> int:
    return -(-int(lengths.max()) // STEP) * STEP


def _stretch(lengths: torch.Tensor, share: float, size: int) -> torch.Tensor:
    """Draw one stretch inside each length: True there; shape (n_clips, size)."""
    long = torch.rand(len(lengths)) * share * lengths
    start = torch.rand(len(lengths)) * (lengths - long)
    place = torch.arange(size)
    return (place >= start[:, None]) & (place < (start + long)[:, None])
