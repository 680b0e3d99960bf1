"""One clip: check the file, load it as mono samples, resample it."""

from pathlib import Path

import numpy as np
import soundfile
import soxr

from ser_helpers.errors import DataError

SAMPLE_RATE = 16_000  # Hz, CREMA-D's own
SHORTEST, LONGEST = (
    0.2,
    60.0,
)  # seconds; outside of it a file is hardly one spoken sentence
LOUDEST = 8.0  # of full scale; a float file may go beyond 1, but not as far as 16-bit integers do
SUFFIXES = (".wav", ".flac", ".ogg")


def load_clip(path: str | Path, *, sr: int = SAMPLE_RATE) -> np.ndarray:
    """Load one clip as mono samples.

    Parameters
    ----------
    path : str or Path
        WAV (8 to 32 bit, float), FLAC or OGG; stereo is mixed down.
    sr : int
        Sampling rate wanted, in Hz; another rate is resampled with ``soxr``.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
        Samples, full scale ±1.

    Raises
    ------
    DataError
        If the file is missing, is not sound, is cut short, or holds silence or NaN only.
    """
    path = Path(path)
    _check_bytes(path)
    try:
        with soundfile.SoundFile(path) as file:
            frames, file_sr = file.frames, file.samplerate
            y = file.read(dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise DataError(
            f"{path.name} is damaged and cannot be decoded ({error}): get it again"
        ) from None
    if len(y) < frames:
        raise DataError(
            f"{path.name} is cut short: {len(y)} of {frames} samples are there; get it again"
        )
    y = y.mean(axis=1)
    if not np.isfinite(y).all():
        raise DataError(
            f"{path.name} holds {np.count_nonzero(~np.isfinite(y))} samples that are not numbers "
            "(NaN or infinity): record or export it again"
        )
    if y.size == 0 or np.ptp(y) == 0:
        raise DataError(f"{path.name} is silent: every sample has the same value; leave it out")
    if np.abs(y).max() > LOUDEST:
        raise DataError(
            f"{path.name} holds samples up to {np.abs(y).max():.0f} where full scale is 1: it was "
            "written as float without being scaled; divide by 32768 and save it again"
        )
    if file_sr != sr:
        y = soxr.resample(y, file_sr, sr)
    return np.ascontiguousarray(y, dtype=np.float32)


def as_samples(y: np.ndarray) -> np.ndarray:
    """Turn samples as other programs hold them into mono floats.

    Parameters
    ----------
    y : array-like, shape (n_samples,) or (n_samples, n_channels)
        Floats, full scale ±1, or whole numbers as SciPy's ``wavfile`` reads them, which are scaled.
        Channels are mixed down.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)

    Raises
    ------
    DataError
        If they are not real numbers, or not laid out so.
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
                f"samples of the shape {y.shape} stand in rows: hand over y.T, one column per channel"
            )
        y = y.mean(axis=1)
    if not np.isfinite(y).all():
        raise DataError(
            f"{np.count_nonzero(~np.isfinite(y))} samples are not numbers (NaN or infinity)"
        )
    return np.ascontiguousarray(y, dtype=np.float32)


def check_file(path: str | Path) -> float:
    """Look at a sound file's size and header, without decoding it.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    float
        Its duration in seconds.

    Raises
    ------
    DataError
        If it is missing, empty, a Git LFS pointer, not sound, or cut short.
    """
    path = Path(path)
    _check_bytes(path)
    try:
        info = soundfile.info(path)
    except soundfile.LibsndfileError as error:
        raise DataError(f"{path.name} cannot be read as sound ({error}): get it again") from None
    if info.frames == 0:
        raise DataError(f"{path.name} has a header but no sound (0 samples): get it again")
    return info.frames / info.samplerate


def _check_bytes(path: Path) -> None:
    """Raise a DataError if a file's size and first and last bytes are not those of sound."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(64)
            file.seek(max(0, size - 65_536 - 512))  # an Ogg page has at most 65,307 bytes
            tail = file.read() if head[:4] == b"OggS" else b""
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    if size == 0:
        raise DataError(f"{path.name} is empty (0 bytes): get it again")
    if head.startswith(b"version https://git-lfs"):
        raise DataError(
            f"{path.name}: this is a pointer of {size} bytes, not sound: the folder was cloned "
            "without Git LFS. Run `git lfs pull` there, or download the clips themselves"
        )
    if head[:4] not in (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS"):
        raise DataError(
            f"{path.name} is not sound that can be read here, WAV, FLAC or OGG: it begins with "
            f"{head[:16]!r}. Get it again, or convert it, for instance with Audacity"
        )
    if head[:4] == b"RIFF":
        promised = int.from_bytes(head[4:8], "little") + 8
        # 0 and 0xFFFFFFFF are written by programs that stream and do not know the length.
        if size < promised and promised not in (8, 0xFFFFFFFF + 8):
            raise DataError(f"{path.name} is cut short: {size} of {promised} bytes; get it again")
    if head[:4] == b"OggS" and not _ends_ogg(tail):
        raise DataError(f"{path.name} is cut short: its last Ogg page is missing; get it again")


def _ends_ogg(tail: bytes) -> bool:
    """Tell whether the last Ogg page is whole and carries the end-of-stream flag (RFC 3533)."""
    start = tail.rfind(b"OggS")
    page = tail[start:]
    if start < 0 or len(page) < 27 or len(page) < 27 + page[26]:
        return False
    return bool(page[5] & 4) and len(page) >= 27 + page[26] + sum(page[27 : 27 + page[26]])
