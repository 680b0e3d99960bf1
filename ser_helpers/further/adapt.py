"""Get used to a speaker: each feature is measured against that speaker's own usual value.

Only unlabelled clips of the speaker are needed, so that it works for a voice that was never heard.
But those clips *are* of the test speaker: a score reached in this way is one of "unseen speakers
with a minute of their speech", and must be called so.
"""

import librosa
import numpy as np
import pandas as pd

from ser_helpers.align import to_clips
from ser_helpers.audio import as_samples
from ser_helpers.errors import DataError
from ser_helpers.features import AudioSettings

FEWEST = 2  # clips; one has no spread


def standardise_by_speaker(
    table: pd.DataFrame, speakers: pd.Series, *, calibration: pd.Series | None = None
) -> pd.DataFrame:
    """Subtract each speaker's own mean, and divide by the speaker's own standard deviation.

    Parameters
    ----------
    table : pandas.DataFrame of float, shape (n_clips, n_features)
        Feature table, indexed by clip.
    speakers : pandas.Series or sequence, shape (n_clips,)
        Who speaks in each row; a Series is indexed by clip.
    calibration : pandas.Series or sequence of bool, shape (n_clips,), optional
        The rows from which mean and deviation are taken; left out, all. The others are then
        measured against a speaker's usual voice without having helped to say what is usual.

    Returns
    -------
    pandas.DataFrame of float32, shape (n_clips, n_features)
        Same index and columns; ``attrs["adapted"]`` says what was done. A feature that never
        changes within a speaker's calibration rows is only centred.

    Raises
    ------
    DataError
        If a Series lacks a clip of the table or holds one twice, or a speaker has fewer than two
        calibration rows.

    References
    ----------
    Known in speaker recognition as cepstral mean and variance normalisation (Viikki & Laurila
    1998, doi:10.1016/S0167-6393(98)00033-8); for emotions compared by Schuller et al. 2010,
    doi:10.1109/T-AFFC.2010.8, as speaker normalisation.
    """
    speakers = to_clips(table.index, speakers, what="speaker").to_numpy()
    used = np.ones(len(table), dtype=bool)
    if calibration is not None:
        used = to_clips(table.index, calibration, what="calibration").to_numpy(dtype=bool)
    x = table.to_numpy(dtype=np.float64)
    out = np.empty_like(x)
    for name in pd.unique(speakers):
        own = speakers == name
        known = x[own & used]
        if len(known) < FEWEST:
            raise DataError(
                f"speaker {name} has {len(known)} clip(s) to calibrate with: at least {FEWEST} are "
                "needed to know a mean and a spread, and ten or more to know them well"
            )
        spread = known.std(axis=0)
        # Not "> 0": of a column of equal numbers, rounding leaves some 1e-17.
        constant = spread <= 1e-6 * np.maximum(np.abs(known.mean(axis=0)), 1)
        out[own] = (x[own] - known.mean(axis=0)) / np.where(constant, 1, spread)
    result = pd.DataFrame(out.astype(np.float32), index=table.index, columns=table.columns)
    # It no longer holds what a recording gives, so that no recogniser can be made from it.
    result.attrs = table.attrs | {"adapted": "standardised by speaker"}
    return result


def pieces(
    y: np.ndarray,
    settings: AudioSettings = AudioSettings(),
    *,
    pause: float = 0.25,
    shortest: float = 1.0,
    longest: float = 4.0,
    top_db: float = 40.0,
) -> list[np.ndarray]:
    """Cut a long recording at its pauses into pieces as long as sentences.

    Parameters
    ----------
    y : numpy.ndarray of float, shape (n_samples,)
        Samples at ``settings.sr`` Hz, full scale ±1; int16, too.
    settings : AudioSettings
    pause : float
        Silence shorter than this, in seconds, does not end a piece.
    shortest : float
        Pieces with less speech, in seconds, are left out.
    longest : float
        Longer pieces are cut evenly until they fit, seconds.
    top_db : float
        What is this many dB below the loudest frame is silence. More than ``settings.top_db``,
        because the loudest sentence of a minute may be far louder than the softest.

    Returns
    -------
    list of numpy.ndarray

    Raises
    ------
    DataError
        If no piece is long enough, or the samples are no numbers.
    """
    y = as_samples(y)
    spans = librosa.effects.split(
        y, top_db=top_db, frame_length=settings.n_fft, hop_length=settings.hop_length
    )
    joined: list[list[int]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] < pause * settings.sr:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    found = []
    for start, end in joined:
        if end - start >= shortest * settings.sr:
            parts = int(np.ceil((end - start) / (longest * settings.sr)))
            found += np.array_split(y[start:end], parts)
    if not found:
        raise DataError(
            f"in {len(y) / settings.sr:.1f} s there is no piece of speech of {shortest} s or more: "
            "speak whole sentences, and nearer to the microphone"
        )
    return found
