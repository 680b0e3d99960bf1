"""Write Ogg Opus whose bytes repeat."""

from pathlib import Path

import numpy as np
import soundfile


def write_opus(path: Path, y: np.ndarray, sr: int) -> None:
    """Write OGG Opus; the stream's random serial number is set to 1, so that bytes repeat."""
    with soundfile.SoundFile(
        path, "w", sr, 1, format="OGG", subtype="OPUS", compression_level=0.91
    ) as file:
        file.write(y)
    path.write_bytes(_with_serial(path.read_bytes(), 1))


def _with_serial(ogg: bytes, serial: int) -> bytes:
    """Set the serial number of every Ogg page, and its checksum (RFC 3533)."""
    pages, at = [], 0
    while at < len(ogg):
        n_segments = ogg[at + 26]
        size = 27 + n_segments + sum(ogg[at + 27 : at + 27 + n_segments])
        page = bytearray(ogg[at : at + size])
        page[14:18] = serial.to_bytes(4, "little")
        page[22:26] = bytes(4)
        page[22:26] = _crc(page).to_bytes(4, "little")
        pages.append(bytes(page))
        at += size
    return b"".join(pages)


def _crc_table() -> list[int]:
    table = []
    for byte in range(256):
        r = byte << 24
        for _ in range(8):
            r = ((r << 1) ^ 0x04C11DB7 if r & 0x80000000 else r << 1) & 0xFFFFFFFF
        table.append(r)
    return table


CRC = _crc_table()


def _crc(page: bytes) -> int:
    r = 0
    for byte in page:
        r = ((r << 8) & 0xFFFFFFFF) ^ CRC[(r >> 24) ^ byte]
    return r
