"""Take speech apart with the WORLD vocoder (Morise et al. 2016)."""

import numpy as np
import pyworld
from scipy import signal

SR = 16_000
FRAME = 0.005  # seconds, WORLD's step
N_FFT = pyworld.get_cheaptrick_fft_size(SR)
HERTZ = np.linspace(0, SR / 2, N_FFT // 2 + 1)
OCTAVES = np.log2(np.clip(HERTZ, 100, None) / 1000)
SEMITONE = np.log(2) / 12


def take_apart(y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Split speech at 16 kHz into its parts, frame by frame.

    Returns
    -------
    log_f0 : numpy.ndarray, shape (n_frames,)
        Log of Hz, mean removed, interpolated where unvoiced.
    voiced : numpy.ndarray of bool, shape (n_frames,)
    spectrum : numpy.ndarray, shape (n_frames, n_fft // 2 + 1)
        Power.
    noise : numpy.ndarray, shape (n_frames, n_fft // 2 + 1)
        Share of noise, 0 to 1.
    """
    f0, t = pyworld.harvest(y, SR, f0_floor=65, f0_ceil=500, frame_period=FRAME * 1000)
    spectrum = pyworld.cheaptrick(y, f0, t, SR)
    noise = pyworld.d4c(y, f0, t, SR)
    voiced = f0 > 0
    frames = np.arange(len(f0))
    log_f0 = np.interp(frames, frames[voiced], np.log(f0[voiced]))
    log_f0 = signal.savgol_filter(log_f0, 9, 2)
    return log_f0 - log_f0[voiced].mean(), voiced, spectrum, noise
