"""Step 2: from samples to numbers: MFCCs, one row a clip, and the table of a whole corpus."""

import functools
import hashlib
import io
import json
import sys
import warnings
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import joblib
import librosa
import numpy as np
import pandas as pd
from threadpoolctl import ThreadpoolController
from tqdm import tqdm

from ser_helpers.audio import SAMPLE_RATE, load_clip
from ser_helpers.errors import DataError
from ser_helpers.files import replace_file, work_folder

PERCENTILES = (5, 25, 50, 75, 95)
POOL_FROM = 1000  # clips; below, starting processes takes longer than the work itself
MOST_PROCESSES = 4  # each takes 280 MB; more of them start longer than they save
HASH = 8  # characters of a row's hash in ``attrs``
AT_ONCE = 16  # clips handed to a process together: handing over takes about as long as one of them
RECIPE = 1  # raise it whenever `describe` computes something else: old caches are then not read


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
        Samples.
    settings : AudioSettings
        ``top_db``, ``n_fft`` and ``hop_length`` are used.

    Returns
    -------
    numpy.ndarray, shape (n_kept,)
    """
    kept, _ = librosa.effects.trim(
        y,
        top_db=settings.top_db,
        frame_length=settings.n_fft,
        hop_length=settings.hop_length,
    )
    return kept if kept.size else y


def mel_power(y: np.ndarray, settings: AudioSettings = AudioSettings()) -> np.ndarray:
    """Compute the mel spectrogram: the power in each mel band over time.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Samples at ``settings.sr`` Hz.
    settings : AudioSettings

    Returns
    -------
    numpy.ndarray, shape (n_mels, n_frames)
        Power, not dB; by :func:`librosa.feature.melspectrogram` (Slaney mel scale).
    """
    return librosa.feature.melspectrogram(
        y=y,
        sr=settings.sr,
        n_fft=settings.n_fft,
        win_length=settings.win_length,
        hop_length=settings.hop_length,
        n_mels=settings.n_mels,
        fmin=settings.fmin,
        fmax=settings.fmax,
    )


def mfcc(y: np.ndarray, settings: AudioSettings = AudioSettings()) -> np.ndarray:
    """Compute mel-frequency cepstral coefficients over time.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Samples at ``settings.sr`` Hz.
    settings : AudioSettings

    Returns
    -------
    numpy.ndarray, shape (n_mfcc, n_frames)
        Row 0 follows loudness (dB, scaled); the others describe the spectrum's shape.

    References
    ----------
    Davis & Mermelstein 1980, doi:10.1109/TASSP.1980.1163420; computed by
    :func:`librosa.feature.mfcc` with its defaults (Slaney mel scale, orthonormal DCT-II).
    """
    # Several threads make such small products of matrices slower, and round them differently.
    with _linear_algebra().limit(limits=1, user_api="blas"):
        level = librosa.power_to_db(mel_power(y, settings))
        return librosa.feature.mfcc(S=level, n_mfcc=settings.n_mfcc)


def deltas(coefficients: np.ndarray, *, order: int = 1) -> np.ndarray:
    """Compute how fast each coefficient changes: the slope over nine frames.

    Parameters
    ----------
    coefficients : numpy.ndarray, shape (n_mfcc, n_frames)
    order : {1, 2}
        1: slope; 2: change of the slope.

    Returns
    -------
    numpy.ndarray, shape (n_mfcc, n_frames)
        Change a frame; the ends are continued with their last value, so any length will do.
    """
    return librosa.feature.delta(coefficients, width=9, order=order, mode="nearest")


def describe(y: np.ndarray, settings: AudioSettings = AudioSettings()) -> np.ndarray:
    """Describe one clip by one row of numbers, whatever its length.

    Mean, standard deviation and percentiles of each MFCC over time, the standard deviations of
    its first and second delta, and the logarithm of the duration in seconds, all measured after
    the silence at the ends is trimmed.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Samples at ``settings.sr`` Hz.
    settings : AudioSettings

    Returns
    -------
    numpy.ndarray of float32, shape (n_features,)
        In the order of :func:`feature_names`. The same bits in any process of one machine.
    """
    kept = trim(y, settings)
    if kept.size < settings.n_fft:  # shorter than one frame: zeros behind it, as librosa advises
        kept = np.pad(kept, (0, settings.n_fft - kept.size))
    coefficients = mfcc(kept, settings)
    statistics = [
        coefficients.mean(axis=1),
        coefficients.std(axis=1),
        *np.percentile(coefficients, PERCENTILES, axis=1),
        deltas(coefficients).std(axis=1),
        deltas(coefficients, order=2).std(axis=1),
        [np.log(kept.size / settings.sr)],
    ]
    return np.concatenate(statistics).astype(np.float32)


def feature_names(settings: AudioSettings = AudioSettings()) -> list[str]:
    """Name the features of :func:`describe`, e.g. ``mfcc00_mean``, in their order."""
    statistics = ["mean", "sd", *(f"p{p:02d}" for p in PERCENTILES), "delta_sd", "delta2_sd"]
    names = [f"mfcc{i:02d}_{name}" for name in statistics for i in range(settings.n_mfcc)]
    return [*names, "log_duration"]


def extract(
    clips: pd.DataFrame,
    *,
    settings: AudioSettings = AudioSettings(),
    cache: str | Path | None = None,
    progress: bool = True,
    n_jobs: int = -1,
) -> pd.DataFrame:
    """Compute the feature table of a corpus; a second call reads it from the cache.

    A row is kept under the SHA-256 of the clip's own bytes and of the settings, so a changed clip
    or setting is always computed anew. A damaged clip does not stop the run: it is set aside with
    a warning that names it.

    Within ``joblib.parallel_config(backend="dask")`` the workers of the Dask cluster hash and
    describe the clips, however many they are; each must see the files under the same paths.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table of :func:`ser_helpers.data.open_corpus`: index ``clip``, column ``path``.
    settings : AudioSettings
    cache : str or Path, optional
        Folder of the cache; ``work/features`` in the project if left out.
    progress : bool
        Show a progress bar over the clips that have to be computed.
    n_jobs : int
        Number of processes, as in joblib; -1 for all processors, but four at most. A Dask cluster
        has its own number.

    Returns
    -------
    pandas.DataFrame of float32, shape (n_clips, n_features)
        Index ``clip``. ``attrs["settings"]`` holds the settings as a dict,
        ``attrs["set_aside"]`` the clips left out, as ``{clip: reason}``, ``attrs["content"]``
        what :func:`content_key` makes of the files' hashes, and ``attrs["rows"]`` what
        :func:`origin_of` needs to know the values again.

    Raises
    ------
    DataError
        If not one clip can be used.
    """
    store = Path(cache) if cache is not None else work_folder() / "features"
    store = store / f"{recipe_key(settings)}.npz"
    n_jobs = processes(n_jobs)
    known = _read_cache(store)
    keys = hash_files(clips.path, n_jobs=n_jobs)

    todo = {key: path for key, path in zip(keys, clips.path, strict=True) if key not in known}
    reasons = {}
    if todo:
        # Once here before any pool: librosa's compiled functions, first called in several
        # processes at once, can crash and leave a broken cache behind.
        describe(_noise(), settings)
        pool = joblib.Parallel(
            n_jobs=n_jobs if len(todo) > POOL_FROM else 1,
            batch_size=AT_ONCE,
            return_as="generator",
        )
        rows = pool(joblib.delayed(_describe_file)(path, settings) for path in todo.values())
        bar = tqdm(
            rows,
            desc="features",
            total=len(todo),
            unit="clip",
            disable=not progress,
            file=sys.stdout,
        )
        try:
            for key, row in zip(todo, bar, strict=True):
                if isinstance(row, str):
                    reasons[key] = row
                else:
                    known[key] = row
        finally:  # stopped half-way, the next call goes on from there
            _write_cache(store, known)

    good = [key in known for key in keys]
    set_aside = {  # of two equal files one was read: the reason names it, and must name the other
        clip: reasons[key].replace(Path(todo[key]).name, Path(path).name)
        for clip, path, key, fine in zip(clips.index, clips.path, keys, good, strict=True)
        if not fine
    }
    if set_aside:
        shown = "; ".join(list(set_aside.values())[:5])
        if len(set_aside) == len(clips):
            raise DataError(f"not one of the {len(clips)} clips can be used: {shown}")
        warnings.warn(f"{len(set_aside)} of {len(clips)} clips set aside: {shown}", stacklevel=2)
    table = pd.DataFrame(
        np.stack([known[key] for key, fine in zip(keys, good, strict=True) if fine]),
        index=clips.index[good],
        columns=feature_names(settings),
    )
    table.attrs = {
        "settings": asdict(settings),
        "set_aside": set_aside,
        "content": content_key(keys),
        "rows": "".join(_row_hashes(table)),
    }
    return table


def origin_of(table: pd.DataFrame) -> dict:
    """Report where a feature table came from, and whether it still holds what was extracted.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n_clips, n_features)
        Of :func:`extract`, or made from such a table.

    Returns
    -------
    dict
        ``settings`` (a dict) and ``content`` (the key of the files) as :func:`extract` noted them,
        empty if it did not make the table; ``changed``: what is different from an extracted
        table, in words, or "" if each row is one that :func:`describe` made. Rows may be left out
        or reordered; the values decide, not the notes alone.
    """
    noted = table.attrs
    settings = noted.get("settings") or {}
    origin = {"settings": settings, "content": noted.get("content", ""), "changed": ""}
    if noted.get("adapted"):
        return origin | {"changed": f"it was adapted ({noted['adapted']})"}
    if not settings:
        return origin | {"changed": "it does not say its audio settings (attrs['settings'])"}
    if list(table.columns) != feature_names(AudioSettings(**settings)):
        return origin | {"changed": "its columns were chosen, renamed or reordered"}
    known = noted.get("rows", "")
    known = {known[i : i + HASH] for i in range(0, len(known), HASH)}
    if not known.issuperset(_row_hashes(table)):
        return origin | {"changed": "its values were changed after they had been extracted"}
    return origin


def processes(n_jobs: int) -> int:
    """Return how many processes to start: ``n_jobs``, or all processors, but four at most."""
    return min(joblib.effective_n_jobs(n_jobs), MOST_PROCESSES) if n_jobs < 0 else n_jobs


def hash_files(paths: Iterable[Path], *, n_jobs: int = -1) -> list[str]:
    """Compute the SHA-256 of each file's bytes; a file that cannot be read gets a word instead."""
    pool = joblib.Parallel(n_jobs=n_jobs, batch_size=AT_ONCE, prefer="threads")
    return pool(joblib.delayed(_hash)(path) for path in paths)


def content_key(hashes: Iterable[str]) -> str:
    """Name what a table was computed from: one hash of the files' hashes, in their order."""
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def recipe_key(settings: AudioSettings = AudioSettings()) -> str:
    """Name what a row depends on beside the clip: the settings, this recipe, librosa."""
    what = {
        "settings": asdict(settings),
        "percentiles": PERCENTILES,
        "recipe": RECIPE,
        "librosa": librosa.__version__,
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


def _row_hashes(table: pd.DataFrame) -> list[str]:
    """Hash the float32 values of each row (CRC-32, eight hexadecimal digits)."""
    values = np.ascontiguousarray(table.to_numpy(dtype=np.float32))
    return [f"{zlib.crc32(row):0{HASH}x}" for row in values]


def _describe_file(path: Path, settings: AudioSettings) -> np.ndarray | str:
    """Describe one file, or say why not."""
    try:
        return describe(load_clip(path, sr=settings.sr), settings)
    except DataError as error:
        return str(error)


@functools.cache
def _linear_algebra() -> ThreadpoolController:
    """Find numpy's library of linear algebra (BLAS) once a process: looking takes milliseconds."""
    return ThreadpoolController()


def _noise() -> np.ndarray:
    return np.random.default_rng(0).normal(scale=0.1, size=SAMPLE_RATE).astype(np.float32)


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:  # `load_clip` will say what is wrong
        return f"unreadable {path}"


def _read_cache(store: Path) -> dict[str, np.ndarray]:
    if not store.is_file():
        return {}
    try:
        with np.load(store, allow_pickle=False) as saved:
            return dict(zip(saved["keys"].tolist(), saved["rows"], strict=True))
    except Exception as error:  # a half-written or foreign file: zipfile, numpy and OS errors
        warnings.warn(f"the cache {store} cannot be read ({error}); computing anew", stacklevel=3)
        return {}


def _write_cache(store: Path, known: dict[str, np.ndarray]) -> None:
    if not known:
        return
    content = io.BytesIO()
    np.savez(content, keys=np.array(list(known)), rows=np.stack(list(known.values())))
    replace_file(store, content.getvalue())  # another run never sees half a file
