"""Write Ogg Opus whose bytes repeat."""

import subprocess
from pathlib import Path

import numpy as np
import soundfile

#: Of opusenc (opus-tools 0.2, libopus 1.3.1): 24 kbit/s for speech; a fixed serial number, so that
#: bytes repeat.
#: libsndfile's encoder, which takes every sound for music, needs 15 % more for the same DNSMOS.
ENCODE = ("opusenc", "--quiet", "--speech", "--bitrate", "24", "--serial", "1", "--padding", "0")


def write_opus(path: Path, y: np.ndarray, sr: int) -> None:
    """Write sound as OGG Opus, by Debian's ``opusenc``."""
    wav = path.with_suffix(".wav")
    soundfile.write(wav, y, sr, subtype="PCM_16")
    try:
        subprocess.run([*ENCODE, str(wav), str(path)], check=True)
    finally:
        wav.unlink()
