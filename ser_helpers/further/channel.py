"""What lies between a mouth and a recogniser: telephone, noise, room and level, simulated.

Each function takes mono samples and returns as many, float32, so that the same clip can be heard,
seen and scored before and after. Real lines and rooms differ from all of these, and from each
other; a simulation shows what a change does to a recogniser, not how it will fare in your hall.
"""

from collections.abc import Sequence

import librosa
import numpy as np
import soxr
from scipy import signal

from ser_helpers.audio import as_samples
from ser_helpers.errors import DataError

TELEPHONE_BAND = (300.0, 3400.0)  # Hz, of narrow-band telephony: ITU-T G.712
TELEPHONE_RATE = 8_000  # Hz, of ITU-T G.711
MU = 255  # of G.711's mu-law, 8 bits a sample
ORDER = 8  # of the Butterworth band-pass, run forwards and backwards: no delay


def telephone(y: np.ndarray, sr: int, *, mu_law: bool = True) -> np.ndarray:
    """Send samples through a narrow-band telephone line.

    Parameters
    ----------
    y : numpy.ndarray of float, shape (n_samples,)
        Full scale ±1; int16, too.
    sr : int
        Sampling rate, Hz; above 6800.
    mu_law : bool
        Keep only 8 bits a sample, finer for soft samples, as digital lines do.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
        At the same ``sr``; nothing is left but 300 to 3400 Hz.

    Raises
    ------
    ValueError
        If the samples are no numbers, or ``sr`` is too low for the band.

    References
    ----------
    ITU-T Recommendations G.712 (band) and G.711 (8000 samples per second, mu-law with 255).
    """
    y = _mono(y)
    if sr <= 2 * TELEPHONE_BAND[1]:
        raise ValueError(f"sr={sr} Hz cannot hold the telephone's band, up to 3400 Hz")
    sos = signal.butter(ORDER, TELEPHONE_BAND, "bandpass", fs=sr, output="sos")
    band = signal.sosfiltfilt(sos, y, padlen=min(3 * (2 * len(sos) + 1), len(y) - 1))
    line = soxr.resample(band, sr, TELEPHONE_RATE)
    if mu_law:
        line = librosa.mu_expand(librosa.mu_compress(np.clip(line, -1, 1), mu=MU), mu=MU)
    return librosa.util.fix_length(soxr.resample(line, TELEPHONE_RATE, sr), size=len(y)).astype(
        np.float32
    )


def white(n_samples: int, *, seed: int = 0) -> np.ndarray:
    """Make white noise: equally strong at all frequencies, as hiss.

    Parameters
    ----------
    n_samples : int
    seed : int

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
        Standard deviation about 1.
    """
    return np.random.default_rng(seed).normal(size=n_samples).astype(np.float32)


def pink(n_samples: int, *, seed: int = 0) -> np.ndarray:
    """Make pink noise: 3 dB weaker with each octave, nearer to wind and traffic than hiss is.

    Parameters
    ----------
    n_samples : int
    seed : int

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
        Standard deviation 1.
    """
    spectrum = np.fft.rfft(white(n_samples, seed=seed))
    spectrum[0] = 0
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    noise = np.fft.irfft(spectrum, n_samples)
    return (noise / (noise.std() or 1)).astype(np.float32)


def babble(sounds: Sequence[np.ndarray], n_samples: int, *, seed: int = 0) -> np.ndarray:
    """Let several people talk at once.

    Parameters
    ----------
    sounds : sequence of numpy.ndarray of float
        One voice each, all at one sampling rate. Take training speakers: a test speaker in the
        background would give the test away.
    n_samples : int
    seed : int
        Decides where in its loop each voice begins.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
        Each voice equally strong, looped to the length wanted; standard deviation 1.

    Raises
    ------
    ValueError
        If there is no voice, or one is silent.
    """
    if not len(sounds):
        raise ValueError("babble needs at least one voice: sounds is empty")
    rng = np.random.default_rng(seed)
    total = np.zeros(n_samples)
    for sound in map(_mono, sounds):
        if sound.std() == 0:
            raise ValueError("a voice of the babble is silent: leave it out")
        looped = np.resize(np.roll(sound / sound.std(), rng.integers(len(sound))), n_samples)
        total += looped
    return (total / (total.std() or 1)).astype(np.float32)


def add_noise(y: np.ndarray, noise: np.ndarray, *, snr: float) -> np.ndarray:
    """Add noise at a signal-to-noise ratio.

    Parameters
    ----------
    y : numpy.ndarray of float, shape (n_samples,)
    noise : numpy.ndarray of float, shape (n_samples,)
        At any level; of :func:`white`, :func:`pink` or :func:`babble`.
    snr : float
        How much stronger the whole clip is than the noise, dB: ten times the base-10 logarithm of
        the ratio of their mean squares. Pauses in the clip count.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)

    Raises
    ------
    ValueError
        If lengths differ, or one of the two is silent, so that no ratio can be reached.
    """
    y, noise = _mono(y), _mono(noise)
    if len(y) != len(noise):
        raise ValueError(f"the noise has {len(noise)} samples, the clip {len(y)}: make it as long")
    power, noise_power = np.mean(y**2), np.mean(noise**2)
    if power == 0 or noise_power == 0:
        raise ValueError("clip and noise must both hold sound: one of them is silent")
    gain = np.sqrt(power / noise_power / 10 ** (snr / 10))
    return (y + gain * noise).astype(np.float32)


def impulse_response(sr: int, *, rt60: float, direct: float = 0.0, seed: int = 0) -> np.ndarray:
    """Make what a room answers to a single click: the click, then noise that dies away.

    Parameters
    ----------
    sr : int
        Sampling rate, Hz.
    rt60 : float
        Reverberation time, seconds: how long the sound takes to fall by 60 dB. A living room has
        some 0.5, a lecture hall 1, a church 3 or more.
    direct : float
        How much stronger the direct sound is than all of the reverberation, dB; it falls as one
        moves away from the microphone.
    seed : int

    Returns
    -------
    numpy.ndarray of float32, shape (n_response,)
        ``rt60`` seconds long.

    Raises
    ------
    ValueError
        If ``rt60`` is not above 0.

    References
    ----------
    Noise with an exponential envelope is Polack's model of late reverberation (J.-D. Polack 1988,
    La transmission de l'énergie sonore dans les salles, thesis, Le Mans). It has no single early
    echoes, as a real room has.
    """
    if not rt60 > 0:
        raise ValueError(f"rt60={rt60} must be above 0 seconds")
    t = np.arange(1, max(2, round(rt60 * sr))) / sr
    tail = np.random.default_rng(seed).normal(size=len(t)) * 10 ** (-3 * t / rt60)
    tail *= np.sqrt(10 ** (-direct / 10) / np.sum(tail**2))
    return np.concatenate([[1.0], tail]).astype(np.float32)


def room(y: np.ndarray, response: np.ndarray) -> np.ndarray:
    """Let samples sound in a room.

    Parameters
    ----------
    y : numpy.ndarray of float, shape (n_samples,)
    response : numpy.ndarray of float, shape (n_response,)
        Of :func:`impulse_response`, or measured in a real room at the same sampling rate.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
        As strong (mean square) as before; what rings on after the clip's end is cut off.
    """
    y, response = _mono(y), _mono(response)
    wet = signal.fftconvolve(y, response)[: len(y)]
    power = np.mean(wet**2)
    return (wet * np.sqrt(np.mean(y**2) / power) if power else wet).astype(np.float32)


def level(y: np.ndarray, *, gain: float) -> np.ndarray:
    """Turn the microphone up or down; what goes beyond full scale is cut off.

    Parameters
    ----------
    y : numpy.ndarray of float, shape (n_samples,)
        Full scale ±1; int16, too.
    gain : float
        dB; 20 dB are ten times the amplitude.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
    """
    return np.clip(_mono(y) * 10 ** (gain / 20), -1, 1).astype(np.float32)


def _mono(y: np.ndarray) -> np.ndarray:
    """Return samples as one row of float64; whole numbers are scaled to ±1."""
    try:
        mono = as_samples(y).astype(np.float64)
    except DataError as error:
        raise DataError(f"one row of numbers is needed (mono samples): {error}") from None
    if not mono.size:
        raise DataError("one row of numbers is needed (mono samples): there are none")
    return mono
