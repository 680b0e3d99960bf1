"""Sound files that lie about themselves: what a file really holds, whatever its header says.

Browsers' recorders, pipes and speech services write a header before they know how long the sound
will be, and some never correct it. Here such headers are recognised and mended in memory, so that
:mod:`ser_helpers.audio` reads every sample that is there, and a file that was really cut short is
still refused.

References
----------
WAV: IBM & Microsoft 1991, Multimedia Programming Interface and Data Specifications 1.0; Ogg pages:
RFC 3533; format tags: RFC 2361.
"""

import io
import struct
from pathlib import Path

from ser_helpers.errors import DataError

CONVERT = (
    "convert it to a 16-bit WAV, for instance with Audacity (File, Export) or by "
    "`ffmpeg -i {name} new.wav`"
)
#: Beginnings of files that libsndfile reads: WAV, FLAC, Ogg, AIFF, AU, CAF, Sony Wave64.
READABLE = (b"RIFF", b"RIFX", b"RF64", b"fLaC", b"OggS", b"FORM", b".snd", b"caff", b"riff")
#: Beginnings of files that hold sound which libsndfile does not read.
FOREIGN = (
    (0, b"#!AMR", "AMR"),
    (0, b"\x1aE\xdf\xa3", "WebM or Matroska"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "WMA"),
    (4, b"ftyp", "AAC (M4A, MP4, 3GP)"),
    (0, b"ADIF", "AAC"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"wvpk", "WavPack"),
    (0, b"MThd", "MIDI notes, not recorded sound,"),
    (0, b".RMF", "RealAudio"),
    (0, b"DSD ", "DSD"),
)
#: What a WAV's format tag stands for where libsndfile does not know it.
CODECS = {
    0x0005: "IBM CVSD",
    0x000A: "Windows Media Voice",
    0x0022: "TrueSpeech",
    0x0042: "G.723.1",
    0x0050: "MPEG",
    0x0083: "G.729",
    0x0092: "AC-3 (S/PDIF)",
    0x00FF: "AAC",
    0x0130: "ACELP",
    0x0160: "WMA",
    0x0161: "WMA",
    0x0162: "WMA",
    0x0163: "WMA",
    0x0270: "ATRAC3",
    0x1600: "AAC",
    0x1602: "AAC",
    0x1610: "AAC",
    0x2000: "AC-3",
    0x2001: "DTS",
    0x566F: "Vorbis in WAV",
    0x674F: "Vorbis in WAV",
    0xA109: "Speex",
    0xF1AC: "FLAC in WAV",
}
#: A WAV that promises more bytes than this was streamed: 0x7FFFFFFF, 0x80000000, 2,000,000,000 and
#: 0xFFFFFFFF are all in use as "unknown". Nine hours of speech are no clip.
UNKNOWN_FROM = 1_000_000_000
LARGEST = 1_000_000_000  # bytes of a file that is mended in memory
PAGE = 65_536 + 512  # bytes; an Ogg page has 65,307 at most
#: Chunks that may follow the samples of a WAV.
CHUNKS = (b"LIST", b"INFO", b"id3 ", b"ID3 ", b"bext", b"cue ", b"fact", b"smpl", b"JUNK", b"PEAK")


def open_sound(path: Path) -> Path | io.BytesIO:
    """Check the beginning and the end of a file, and mend a header that lies.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Path or io.BytesIO
        What to hand to :class:`soundfile.SoundFile`: the file itself, or a mended copy in memory.

    Raises
    ------
    DataError
        If the file is missing, empty, not sound, of a codec that cannot be read, or cut short.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    if size == 0:
        raise DataError(f"{path.name} is empty (0 bytes): get it again")
    if head.startswith(b"version https://git-lfs"):
        raise DataError(
            f"{path.name}: this is a pointer of {size} bytes, not sound: the folder was cloned "
            "without Git LFS. Run `git lfs pull` there, or download the clips themselves"
        )
    for start, magic, what in FOREIGN:
        if head[start : start + len(magic)] == magic:
            raise DataError(_not_read(path, what))
    if head[0] == 0xFF and len(head) > 1 and head[1] & 0xF6 == 0xF0:
        raise DataError(_not_read(path, "AAC"))
    if not (head.startswith((*READABLE, b"ID3")) or _is_mp3(head)):
        raise DataError(
            f"{path.name} is not sound that can be read here, WAV, FLAC, OGG or MP3: it begins "
            f"with {head[:16]!r}. Get it again, or {CONVERT.format(name=path.name)}"
        )
    if size < (told := _end_of_sound(head)) < UNKNOWN_FROM:
        raise DataError(f"{path.name} is cut short: {size:,} of {told:,} bytes; get it again")
    if head[:4] in (b"RIFF", b"RIFX"):
        return _wav(path, size)
    if head[:4] == b"OggS":
        return _ogg(path, size, head)
    return path


def _not_read(path: Path, what: str) -> str:
    return f"{path.name} holds {what} sound, which cannot be read here: " + CONVERT.format(
        name=path.name
    )


def _end_of_sound(head: bytes) -> int:
    """Find where the samples end by the beginning of an AIFF, AU, W64, RF64 or MP3; 0: unknown.

    libsndfile reads what is left of such a file without a word.
    """
    try:
        match head[:4]:
            case b"FORM":
                start = 12
                while head[start : start + 4] != b"SSND":
                    length = struct.unpack_from(">I", head, start + 4)[0]
                    start += 8 + length + length % 2
                return start + 8 + struct.unpack_from(">I", head, start + 4)[0]
            case b".snd":
                return sum(struct.unpack_from(">II", head, 4))  # the header's and the sound's size
            case b"riff":
                return struct.unpack_from("<Q", head, 16)[0]
            case b"RF64":
                return 8 + struct.unpack_from("<Q", head, 20)[0]  # of the chunk ds64, always first
        start = 0
        if head[:3] == b"ID3":  # its size has seven bits in each byte
            start = 10 + sum((byte & 127) << 7 * i for i, byte in enumerate(head[9:5:-1]))
        tag = max(head.find(name, start, start + 64) for name in (b"Xing", b"Info"))
        told = struct.unpack_from(">I", head, tag + 4)[0] if tag > 0 else 0
        return struct.unpack_from(">I", head, tag + 8 + 4 * (told & 1))[0] if told & 2 else 0
    except struct.error:  # it stands further back, behind pictures or comments
        return 0


def _is_mp3(head: bytes) -> bool:
    """Tell whether a file begins with an MPEG audio frame of layer III."""
    return len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2 and head[2] & 0xF0 != 0xF0


def _wav(path: Path, size: int) -> Path | io.BytesIO:
    """Find the samples of a WAV; mend sizes that were never filled in.

    The size of the whole (RIFF) is not believed at all: many recorders get it wrong by a few bytes.
    That of the samples (data) is, unless it is 0 with samples behind it or absurdly large.
    """
    with path.open("rb") as file:
        order = ">" if file.read(4) == b"RIFX" else "<"
        file.seek(12)
        tag = None
        while True:
            start = file.tell()
            name, length = _chunk(file.read(8), order)
            if name is None:
                raise DataError(f"{path.name} has a header but no sound (0 samples): get it again")
            if name == b"data":
                break
            if name == b"fmt ":
                form = file.read(min(length, 40))
                tag = _tag(form, order)
                file.seek(start + 8)
            file.seek(length + length % 2, io.SEEK_CUR)
        begin, following = start + 8, file.read(8)
    if tag in CODECS:
        raise DataError(_not_read(path, CODECS[tag]))
    available = size - begin
    unknown = length >= UNKNOWN_FROM > available
    unfinished = length == 0 and available > 0 and not _is_chunk(following, order, available)
    if length == 0 and not unfinished:
        raise DataError(f"{path.name} has a header but no sound (0 samples): get it again")
    if length > available and not unknown:
        raise DataError(
            f"{path.name} is cut short: {size:,} of {begin + length:,} bytes; get it again"
        )
    if not (unknown or unfinished):
        return _riff(path, size, order)
    return _mended(path, order, {4: size - 8, start + 4: available})


def _riff(path: Path, size: int, order: str) -> Path | io.BytesIO:
    """Mend the size of the whole, which libsndfile believes where it is too small."""
    with path.open("rb") as file:
        told = struct.unpack(order + "I", file.read(8)[4:])[0]
    return path if told == size - 8 else _mended(path, order, {4: size - 8})


def _mended(path: Path, order: str, sizes: dict[int, int]) -> io.BytesIO:
    if path.stat().st_size > LARGEST:
        raise DataError(f"{path.name} is larger than 1 GB: cut it into clips")
    content = bytearray(path.read_bytes())
    for place, value in sizes.items():
        struct.pack_into(order + "I", content, place, value)
    return io.BytesIO(content)


def _chunk(head: bytes, order: str) -> tuple[bytes | None, int]:
    if len(head) < 8:
        return None, 0
    return head[:4], struct.unpack(order + "I", head[4:])[0]


def _is_chunk(head: bytes, order: str, available: int) -> bool:
    name, length = _chunk(head, order)
    return name in CHUNKS and length + 8 <= available


def _tag(form: bytes, order: str) -> int | None:
    """Read the format tag; that of an extensible format stands further back."""
    if len(form) < 2:
        return None
    tag = struct.unpack(order + "H", form[:2])[0]
    if tag == 0xFFFE and len(form) >= 26:
        tag = struct.unpack(order + "H", form[24:26])[0]
    return tag


def _ogg(path: Path, size: int, head: bytes) -> Path | io.BytesIO:
    """Check the last page of an Ogg file; give it the end flag that some messengers leave out."""
    if b"Speex   " in head[:256]:
        raise DataError(_not_read(path, "Speex"))
    with path.open("rb") as file:
        file.seek(max(0, size - PAGE))
        tail = file.read()
    start = tail.rfind(b"OggS")
    page = tail[start:]
    if start < 0 or len(page) < 27 or len(page) < 27 + page[26]:
        raise DataError(f"{path.name} is cut short: its last Ogg page is missing; get it again")
    length = 27 + page[26] + sum(page[27 : 27 + page[26]])
    if len(page) < length:
        raise DataError(f"{path.name} is cut short: its last Ogg page is not whole; get it again")
    if page[5] & 4 or size > LARGEST:
        return path
    # Whole to its last page, so nothing is missing but the flag; the page's checksum covers it.
    last = bytearray(page[:length])
    last[5] |= 4
    last[22:26] = bytes(4)
    last[22:26] = struct.pack("<I", _ogg_crc(last))
    content = path.read_bytes()
    at = max(0, size - PAGE) + start
    return io.BytesIO(content[:at] + bytes(last))


def _ogg_crc(page: bytes | bytearray) -> int:
    """Compute the checksum of an Ogg page: CRC-32 with 0x04C11DB7, not reflected."""
    crc = 0
    for byte in page:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1
            crc &= 0xFFFFFFFF
    return crc
