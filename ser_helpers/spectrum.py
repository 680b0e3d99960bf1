"""From samples to the mel spectrogram: trimming, frames, spectrum, mel bands, decibels.

``features`` makes rows of it, ``frames`` pictures. What does not depend on the clip (window, filter
bank) is made once.
"""

import functools
import warnings
from dataclasses import dataclass

import numpy as np
import scipy.fft
from scipy.sparse import csr_array

from ser_helpers.audio import SAMPLE_RATE, as_samples

AT_ONCE = 32  # frames; what is in work then stays in the processor's cache

# Made and freed at once. glibc then keeps the memory of arrays up to this size for the next ones
# instead of handing it back to the system; getting it anew for each clip takes as long as the FFTs.
np.empty(1 << 24, dtype=np.uint8)


@dataclass(frozen=True)
class AudioSettings:
    """How sound becomes numbers; travels with every feature table and recogniser.

    Attributes
    ----------
    sr : int
        Sampling rate, Hz.
    n_fft, win_length, hop_length : int
        FFT size, window and step of the short-time Fourier transform, samples.
    n_mels, n_mfcc : int
        Number of mel filters, and of coefficients kept from them.
    fmin, fmax : float
        Lowest and highest frequency of the mel filters, Hz.
    top_db : float
        Frames at the ends that are this many dB below the loudest are silence and trimmed.
    """

    sr: int = SAMPLE_RATE
    n_fft: int = 512
    win_length: int = 400
    hop_length: int = 160
    n_mels: int = 64
    n_mfcc: int = 30
    fmin: float = 0.0
    fmax: float = 8000.0
    top_db: float = 30.0

    def __post_init__(self) -> None:
        for name in ("sr", "n_fft", "win_length", "hop_length", "n_mels", "n_mfcc"):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or value < 1:
                raise ValueError(f"{name} must be a whole number of at least 1, not {value!r}")
        if self.n_mfcc > self.n_mels:
            raise ValueError(
                f"n_mfcc={self.n_mfcc} is more than n_mels={self.n_mels}: the DCT of {self.n_mels} "
                f"mel bands has {self.n_mels} coefficients; lower n_mfcc or raise n_mels"
            )
        if self.win_length > self.n_fft:
            raise ValueError(
                f"win_length={self.win_length} does not fit into n_fft={self.n_fft}: raise n_fft"
            )
        if not 0 <= self.fmin < self.fmax <= self.sr / 2:
            raise ValueError(
                f"fmin={self.fmin} and fmax={self.fmax} Hz must rise and lie within 0 and "
                f"{self.sr / 2:.0f} Hz, half the sampling rate"
            )
        if self.top_db <= 0:
            raise ValueError(f"top_db must be above 0 dB, not {self.top_db!r}")


def trim(y: np.ndarray, settings: AudioSettings = AudioSettings()) -> np.ndarray:
    """Cut the silence at both ends.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Samples, as in :func:`describe`.
    settings : AudioSettings
        ``top_db``, ``n_fft`` and ``hop_length`` are used.

    Returns
    -------
    numpy.ndarray of float32, shape (n_kept,)
        As :func:`librosa.effects.trim` does it: from the first to the last frame whose root mean
        square is less than ``top_db`` below that of the loudest.
    """
    y = as_samples(y)
    squares = frame(np.square(y), settings.n_fft, settings.hop_length)
    rms = np.sqrt(squares.mean(axis=0))
    level = decibels(np.square(rms)) - decibels(rms.max() ** 2)
    loud = np.flatnonzero(level > -settings.top_db)
    kept = y[loud[0] * settings.hop_length : (loud[-1] + 1) * settings.hop_length]
    return kept if kept.size else y


def frame(y: np.ndarray, length: int, hop_length: int) -> np.ndarray:
    """Cut a sound into overlapping frames, a view that copies nothing.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
    length, hop_length : int
        Length of a frame and step to the next, samples.

    Returns
    -------
    numpy.ndarray, shape (length, n_frames)
        Column ``t`` has its middle at sample ``t * hop_length``; beyond the ends there are zeros.
    """
    padded = np.pad(y, length // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, length)[::hop_length].T


def decibels(power: np.ndarray) -> np.ndarray:
    """Turn power into dB re 1; below -100 dB there is only -100 dB."""
    return 10.0 * np.log10(np.maximum(1e-10, power))


def mel_power(y: np.ndarray, settings: AudioSettings = AudioSettings()) -> np.ndarray:
    """Compute the mel spectrogram: the power in each mel band over time.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Samples, as in :func:`describe`.
    settings : AudioSettings

    Returns
    -------
    numpy.ndarray of float32, shape (n_mels, n_frames)
        Power, not dB; as :func:`librosa.feature.melspectrogram` computes it.
    """
    pieces = frame(as_samples(y), settings.n_fft, settings.hop_length)
    power = np.empty((1 + settings.n_fft // 2, pieces.shape[1]), dtype=np.float32)
    for i in range(0, pieces.shape[1], AT_ONCE):
        some = slice(i, i + AT_ONCE)
        # In 64 bits: in 32, the rounding of a frame's strong bands would show in its weak ones.
        spectrum = scipy.fft.rfft(pieces[:, some] * _window(settings)[:, np.newaxis], axis=0)
        power[:, some] = np.square(np.abs(spectrum.astype(np.complex64)))
    return mel_filters(settings) @ power


def mel_frequencies(n: int, fmin: float, fmax: float) -> np.ndarray:
    """Space frequencies evenly on Slaney's mel scale.

    Parameters
    ----------
    n : int
    fmin, fmax : float
        The first and the last, Hz.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Hz. Even steps up to 1,000 Hz, which is 15 mel; above, 27 mel are a factor of 6.4 (Slaney
        1998, Auditory Toolbox; :func:`librosa.mel_frequencies`).
    """
    edges = np.array([fmin, fmax], dtype=float)
    low, high = np.where(
        edges < 1000, 3 * edges / 200, 15 + 27 * np.log(np.maximum(edges, 1) / 1000) / np.log(6.4)
    )
    mel = np.linspace(low, high, n)
    return np.where(mel < 15, 200 * mel / 3, 1000 * 6.4 ** ((mel - 15) / 27))


@functools.cache
def mel_filters(settings: AudioSettings = AudioSettings()) -> csr_array:
    """Make the mel filter bank, once for all clips.

    Returns
    -------
    scipy.sparse.csr_array of float32, shape (n_mels, 1 + n_fft // 2)
        Row ``k`` is a triangle from band ``k``'s lower edge over its middle to its upper edge, of
        area 1 Hz, as :func:`librosa.filters.mel` makes it. Most of it is zeros, hence sparse.

    Warns
    -----
    UserWarning
        If a band is so narrow that no frequency of the spectrum lies in it.
    """
    edges = mel_frequencies(settings.n_mels + 2, settings.fmin, settings.fmax)[:, np.newaxis]
    frequency = np.fft.rfftfreq(settings.n_fft, 1 / settings.sr)
    rising = (frequency - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequency) / (edges[2:] - edges[1:-1])
    filters = np.minimum(rising, falling).clip(min=0) * 2 / (edges[2:] - edges[:-2])
    if empty := np.count_nonzero(~filters.any(axis=1)):
        warnings.warn(
            f"{empty} of {settings.n_mels} mel bands are narrower than the step between two "
            "frequencies of the spectrum, and stay empty: lower n_mels or raise n_fft",
            stacklevel=2,
        )
    return csr_array(filters.astype(np.float32))


@functools.cache
def _window(settings: AudioSettings) -> np.ndarray:
    """Make the Hann window, zeros on both sides of it; shape (n_fft,)."""
    n, n_fft = settings.win_length, settings.n_fft
    before = (n_fft - n) // 2
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)
    return np.pad(hann, (before, n_fft - n - before))
