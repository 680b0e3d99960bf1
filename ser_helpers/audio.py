"""One clip: check the file, load it as mono samples, resample it."""

import io
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile
import soxr

from ser_helpers.containers import open_sound
from ser_helpers.errors import DataError, printable

SAMPLE_RATE = 16_000  # Hz, CREMA-D's own
SHORTEST, LONGEST = 0.2, 60.0  # seconds; outside of it a file is hardly one spoken sentence
LOUDEST = 8.0  # of full scale; a float file may go beyond 1, but not as far as 16-bit integers do
#: Files that are read, the better ones first: of a clip that is there twice, the first is used.
SUFFIXES = (
    ".wav",
    ".flac",
    ".aiff",
    ".aif",
    ".au",
    ".caf",
    ".w64",
    ".ogg",
    ".oga",
    ".opus",
    ".mp3",
)
#: Files that hold sound but are not read; ``open_corpus`` names them.
OTHER_SOUND_SUFFIXES = (
    ".m4a", ".aac", ".mp4", ".wma", ".amr", ".3gp", ".3ga", ".webm", ".mka", ".weba", ".ape", ".wv",
    ".ra", ".spx", ".dss", ".mov", ".mkv", ".avi", ".flv",
)  # fmt: skip
RATES = (4_000, 768_000)  # Hz; a header that says otherwise is damaged
MOST_SAMPLES = 200_000_000  # per channel: an hour at 48,000 Hz; more would not fit into memory
MOST_CHANNELS = 32
BLOCK = 1 << 18  # samples read at a time
# Thresholds, set so that none of RAVDESS's 1,056 clips and none of the demo voices is touched:
OFFSET = 0.1  # of the sound's own strength (RMS); they have 0.036 at most
CANCELLED = 0.1  # RMS of the mix relative to that of the stronger channel


def load_clip(path: str | Path, *, sr: int = SAMPLE_RATE) -> np.ndarray:
    """Load one clip as mono samples.

    Parameters
    ----------
    path : str or Path
        WAV, FLAC, OGG (Vorbis or Opus), MP3, AIFF, AU, CAF or W64. Channels are mixed down; a
        constant offset is removed.
    sr : int
        Sampling rate wanted, in Hz; another rate is resampled with ``soxr``.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
        Samples, full scale ±1.

    Raises
    ------
    DataError
        If the file is missing, is not sound, is cut short, is of a codec that cannot be read, or
        holds silence or NaN only.

    Warns
    -----
    UserWarning
        If the channels cancel each other, so that only the louder one is used.
    """
    path = Path(path)
    with _opened(path) as file:
        blocks, file_sr = list(_blocks(file, path)), file.samplerate
    y = _mono(np.concatenate(blocks), path.name) if blocks else np.zeros(0, np.float32)
    if not np.isfinite(y).all():
        raise DataError(
            f"{path.name} holds {np.count_nonzero(~np.isfinite(y))} samples that are not numbers "
            "(NaN or infinity): record or export it again"
        )
    low, high = (y.min(), y.max()) if y.size else (0, 0)
    if low == high:
        raise DataError(f"{path.name} is silent: every sample has the same value; leave it out")
    if (peak := max(-low, high)) > LOUDEST:
        raise DataError(
            f"{path.name} holds samples up to {peak:.0f} where full scale is 1: it was written as "
            "float without being scaled; divide by 32768 and save it again"
        )
    offset, power = y.mean(), np.einsum("i,i", y, y) / y.size
    if offset**2 > OFFSET**2 * (power - offset**2):
        y = y - np.float32(y.mean(dtype=np.float64))
    if file_sr != sr:
        y = soxr.resample(y, file_sr, sr)
    return np.ascontiguousarray(y, dtype=np.float32)


def as_samples(y: np.ndarray) -> np.ndarray:
    """Turn samples as other programs hold them into mono floats.

    Parameters
    ----------
    y : array-like, shape (n_samples,) or (n_samples, n_channels)
        Floats, full scale ±1, or whole numbers as SciPy's ``wavfile`` reads them, which are scaled.
        Channels are mixed down as :func:`load_clip` does it.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)

    Raises
    ------
    DataError
        If they are not real numbers, or not laid out so.

    Examples
    --------
    >>> as_samples(np.array([0, 16384, -32768], dtype=np.int16))
    array([ 0. ,  0.5, -1. ], dtype=float32)
    """
    y = np.asarray(y)
    if y.dtype.kind == "u":
        y = y.astype(np.float64) / (np.iinfo(y.dtype).max // 2 + 1) - 1
    elif y.dtype.kind == "i":
        y = y / -float(np.iinfo(y.dtype).min)
    if y.dtype.kind != "f" or y.ndim not in (1, 2):
        raise DataError(
            f"samples are one row of numbers (or one column per channel), not {y.dtype} of the "
            f"shape {y.shape}"
        )
    if y.ndim == 2:
        if y.shape[1] > max(2, y.shape[0]):
            raise DataError(
                f"samples of the shape {y.shape} stand in rows: give y.T, one column per channel"
            )
        y = _mono(y, "this sound") if y.size else y.reshape(-1)
    if not np.isfinite(y).all():
        raise DataError(
            f"{np.count_nonzero(~np.isfinite(y))} samples are not numbers (NaN or infinity)"
        )
    return np.ascontiguousarray(y, dtype=np.float32)


def check_file(path: str | Path) -> float:
    """Check a sound file's size and header, and measure how long it is.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    float
        Its duration in seconds. It is decoded only if its header does not say how long it is.

    Raises
    ------
    DataError
        If it is missing, empty, a Git LFS pointer, not sound, of a codec that cannot be read, or
        cut short.
    """
    path = Path(path)
    with _opened(path) as file:
        frames, sr = file.frames, file.samplerate
        if not 0 < frames <= MOST_SAMPLES:
            frames = sum(map(len, _blocks(file, path)))
    if frames == 0:
        raise DataError(f"{path.name} has a header but no sound (0 samples): get it again")
    return frames / sr


class _Stream(soundfile.SoundFile):
    """A sound file read from front to back, since some codecs and some streams cannot seek."""

    def seekable(self) -> bool:
        return False


def _opened(path: Path) -> soundfile.SoundFile:
    """Open a file whose header makes sense."""
    source: Path | io.BytesIO | bytes = open_sound(path)
    if isinstance(source, Path) and printable(str(source)) != str(source):
        source = os.fsencode(source)  # soundfile knows names that are no UTF-8 only as bytes
    try:
        file = _Stream(source)
    except (soundfile.LibsndfileError, RuntimeError, TypeError, ValueError) as error:
        raise DataError(
            f"{path.name} cannot be read as sound ({_short(error)}): it is damaged, or of an "
            "unknown kind; get it again, or convert it to a 16-bit WAV"
        ) from None
    low, high = RATES
    if not (low <= file.samplerate <= high and file.channels <= MOST_CHANNELS):
        told = f"{file.samplerate:,} Hz, {file.channels} channels"
        file.close()
        raise DataError(
            f"{path.name} has a damaged header ({told}): speech has a sampling rate of 8,000 to "
            "192,000 Hz; get it again"
        )
    return file


def _blocks(file: soundfile.SoundFile, path: Path) -> Iterator[np.ndarray]:
    """Read a file to its end, whether or not its length is known, in float32 blocks."""
    total = 0
    try:
        while len(block := file.read(BLOCK, dtype="float32", always_2d=True)):
            total += len(block)
            if total > MOST_SAMPLES:
                raise DataError(f"{path.name} is longer than an hour: cut it into clips")
            yield block
    except DataError:
        raise
    except (soundfile.LibsndfileError, RuntimeError, ValueError, MemoryError) as error:
        raise DataError(
            f"{path.name} is damaged and cannot be decoded ({_short(error)}): get it again"
        ) from None
    if total < file.frames <= MOST_SAMPLES and file.format != "MP3":  # MP3 can only be estimated
        raise DataError(
            f"{path.name} is cut short: {total:,} of {file.frames:,} samples are there; get it "
            "again"
        )


def _mono(y: np.ndarray, name: str) -> np.ndarray:
    """Mix channels down; use one alone if the others are dead or would cancel it."""
    if y.shape[1] == 1:
        return y[:, 0]
    mixed = y.mean(axis=1)
    strength = y.std(axis=0, dtype=np.float64)
    best = int(strength.argmax())
    others = np.delete(strength, best)
    if strength[best] > 0 and (others < 1e-3 * strength[best]).all():
        return np.ascontiguousarray(y[:, best])  # a mono microphone in a stereo file
    if mixed.std(dtype=np.float64) < CANCELLED * strength[best]:
        warnings.warn(
            f"{name}: its channels cancel each other, one of them is inverted; only the louder "
            "channel is used",
            stacklevel=3,
        )
        return np.ascontiguousarray(y[:, best])
    return mixed


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
