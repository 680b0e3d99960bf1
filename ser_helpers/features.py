"""Step 2: from samples to numbers: MFCCs, one row per clip, and the table of a whole corpus."""

import functools
import hashlib
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.fft
from scipy.ndimage import correlate1d
from tqdm import tqdm

from ser_helpers import clipwise, origin
from ser_helpers.audio import load_clip
from ser_helpers.clipwise import AT_ONCE, processes
from ser_helpers.clipwise import hash_files as hash_files
from ser_helpers.files import replace_file, work_folder
from ser_helpers.spectrum import AudioSettings, decibels, mel_power, trim

PERCENTILES = (5, 25, 50, 75, 95)
POOL_FROM = 200  # clips; fewer are done before a pool has started
RECIPE = 2  # raise it whenever `describe` computes something else: old caches are then not read


def mfcc(y: np.ndarray, settings: AudioSettings = AudioSettings()) -> np.ndarray:
    """Compute mel-frequency cepstral coefficients over time.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Samples, as in :func:`describe`.
    settings : AudioSettings

    Returns
    -------
    numpy.ndarray of float32, shape (n_mfcc, n_frames)
        Row 0 follows loudness (dB, scaled); the others describe the spectrum's shape.

    References
    ----------
    Davis & Mermelstein 1980, doi:10.1109/TASSP.1980.1163420; equal to :func:`librosa.feature.mfcc`
    with its defaults (Slaney's mel scale, orthonormal DCT-II, nothing more than 80 dB below the
    loudest).
    """
    level = decibels(mel_power(y, settings))
    level = np.maximum(level, level.max() - 80)
    return scipy.fft.dct(level, axis=0, norm="ortho")[: settings.n_mfcc]


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
        Change per frame; the ends are continued with their last value, so any length will do.
        Savitzky & Golay 1964, doi:10.1021/ac60214a047; :func:`librosa.feature.delta`.
    """
    return correlate1d(coefficients, _slope(order), axis=-1, mode="nearest")


def describe(y: np.ndarray, settings: AudioSettings = AudioSettings()) -> np.ndarray:
    """Describe one clip by one row of numbers, whatever its length.

    Mean, standard deviation and percentiles of each MFCC over time, the standard deviations of
    its first and second delta, and the logarithm of the duration in seconds, all measured after
    the silence at the ends is trimmed.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Samples at ``settings.sr`` Hz: floats, full scale ±1, or whole numbers, which are scaled
        (:func:`ser_helpers.audio.as_samples`).
    settings : AudioSettings

    Returns
    -------
    numpy.ndarray of float32, shape (n_features,)
        In the order of :func:`feature_names`. The same bits in any process of one machine.

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=16_000)  # a second of noise
    >>> dict(zip(feature_names(), describe(y / 10), strict=True))["log_duration"]
    np.float32(0.0)
    """
    kept = trim(y, settings)
    if kept.size < settings.n_fft:  # shorter than one frame: zeros behind it, as librosa advises
        kept = np.pad(kept, (0, settings.n_fft - kept.size))
    coefficients = mfcc(kept, settings)
    change = deltas(coefficients), deltas(coefficients, order=2)
    sd, *change_sd = np.stack([coefficients, *change]).std(axis=2)
    statistics = [
        coefficients.mean(axis=1),
        sd,
        *_percentiles(coefficients),
        *change_sd,
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
        Number of workers (threads), as in joblib; -1 for all processors, but four at most. A Dask
        cluster has its own number.

    Returns
    -------
    pandas.DataFrame of float32, shape (n_clips, n_features)
        Index ``clip``. ``attrs["settings"]`` holds the settings as a dict,
        ``attrs["set_aside"]`` the clips left out, as ``{clip: reason}``, ``attrs["content"]``
        what :func:`content_key` makes of the files' hashes, and the rest what
        :func:`ser_helpers.origin.origin_of` needs to know corpus, speakers and values again.

    Raises
    ------
    DataError
        If not one clip can be used.
    """
    folder = Path(cache) if cache is not None else work_folder() / "features"
    results, keys = clipwise.run_stored(
        _describe_file,
        clips.path,
        settings,
        store=folder / f"{recipe_key(settings)}.npz",
        width=len(feature_names(settings)),
        write=replace_file,
        n_jobs=processes(n_jobs) if len(clips) > POOL_FROM else 1,
        at_once=AT_ONCE,
        bar=lambda rows, total: tqdm(
            rows,
            desc="features",
            total=total,
            unit="clip",
            disable=not progress,
            file=sys.stdout,
        ),
    )
    set_aside = clipwise.set_aside(results)
    kept = clips.index[[clip not in set_aside for clip in clips.index]]
    table = pd.DataFrame(
        np.stack([results[clip] for clip in kept]), index=kept, columns=feature_names(settings)
    )
    table.attrs = {
        "settings": asdict(settings),
        "set_aside": set_aside,
        "content": content_key(keys),
        **origin.notes(table, clips),
    }
    return table


def content_key(hashes: Iterable[str]) -> str:
    """Name what a table was computed from: one hash of the files' hashes, in their order."""
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def recipe_key(settings: AudioSettings = AudioSettings()) -> str:
    """Name what a row depends on besides the clip: settings, this recipe, the libraries."""
    what = {
        "settings": asdict(settings),
        "percentiles": PERCENTILES,
        "recipe": RECIPE,
        "versions": [np.__version__, scipy.__version__],
    }
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


@clipwise.or_reason
def _describe_file(path: Path, settings: AudioSettings) -> np.ndarray:
    return describe(load_clip(path, sr=settings.sr), settings)


@functools.cache
def _slope(order: int) -> np.ndarray:
    """Weigh nine values so that their sum is the derivative of the polynomial that fits best."""
    if order not in (1, 2):
        raise ValueError(f"order must be 1 or 2, not {order!r}")
    powers = np.vander(np.arange(-4, 5), order + 1, increasing=True)
    return order * np.linalg.pinv(powers)[order]  # 1! = 1, 2! = 2


def _percentiles(values: np.ndarray) -> np.ndarray:
    """Compute ``PERCENTILES`` of each row; shape (n_percentiles, n_rows)."""
    ordered = np.sort(values, axis=1)
    place = np.array(PERCENTILES) / 100 * (values.shape[1] - 1)
    below, above = np.floor(place).astype(int), np.ceil(place).astype(int)
    return (ordered[:, below] + (place - below) * (ordered[:, above] - ordered[:, below])).T
