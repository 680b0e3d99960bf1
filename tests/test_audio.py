"""Sound as the world writes it: read whole, or refused by name, whatever its header says."""

import io
import struct
import warnings

import numpy as np
import pytest
import soundfile

from ser_helpers import audio, speech
from ser_helpers.errors import DataError

SR = 16_000


def voice(seconds: float = 2.0, sr: int = SR, *, peak: float = 0.3, f0: float = 140) -> np.ndarray:
    """Make a buzz whose level rises and falls as syllables do, between two soft ends."""
    t = np.arange(int(seconds * sr)) / sr
    y = sum(np.sin(2 * np.pi * k * f0 * t) / k for k in range(1, 20))
    y *= np.clip(np.sin(19.5 * t), 0, 1) ** 0.5
    y = np.r_[np.zeros(sr // 4), y / np.abs(y).max() * peak, np.zeros(sr // 4)]
    return (y + 1e-4 * np.random.default_rng(0).normal(size=len(y))).astype(np.float32)


VOICE = voice()


def encoded(y: np.ndarray = VOICE, sr: int = SR, *, kind: str = "WAV", subtype=None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, y, sr, format=kind, subtype=subtype)
    return file.getvalue()


WAV = encoded()
DATA = WAV.index(b"data")


def sized(riff: int | None = None, data: int | None = None, content: bytes = WAV) -> bytes:
    """Write other sizes into the header of a WAV."""
    content = bytearray(content)
    for place, value in ((4, riff), (content.index(b"data") + 4, data)):
        if value is not None:
            struct.pack_into("<I", content, place, value)
    return bytes(content)


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def flac_of_unknown_length() -> bytes:
    content = bytearray(encoded(kind="FLAC"))
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    return bytes(content)


def ogg_without_end_flag(subtype: str) -> bytes:
    content = bytearray(encoded(voice(sr=48_000), 48_000, kind="OGG", subtype=subtype))
    at = content.rfind(b"OggS")
    content[at + 5] &= ~4
    content[at + 22 : at + 26] = bytes(4)
    crc = 0  # bit by bit, as RFC 3533 has it
    for byte in content[at:]:
        for bit in range(7, -1, -1):
            top = (crc >> 31) ^ (byte >> bit & 1)
            crc = (crc << 1 & 0xFFFFFFFF) ^ (0x04C11DB7 if top else 0)
    content[at + 22 : at + 26] = struct.pack("<I", crc)
    return bytes(content)


WHOLE = {
    "RecordRTC: RIFF size 8 too large": sized(riff=len(WAV)),
    "RIFF size 0": sized(riff=0),
    "RIFF size too small": sized(riff=100),
    "ffmpeg through a pipe": sized(0xFFFFFFFF, 0xFFFFFFFF),
    "arecord through a pipe": sized(0x80000024, 0x80000000),
    "SoX through a pipe": sized(0x7FFFF024, 0x7FFFF000),
    "speech service": sized(0x7FFFFFFF, 0x7FFFFFFF),
    "another speech service": sized(2_000_000_036, 2_000_000_000),
    "recorder that crashed": sized(0, 0),
    "recorder that crashed later": sized(data=0),
    "chunks before and behind": WAV[:12]
    + chunk(b"JUNK", bytes(28))
    + WAV[12:]
    + chunk(b"LIST", b"INFOISFT\x05\0\0\0Lavf\0\0"),
    "an odd chunk before": WAV[:DATA] + chunk(b"bext", bytes(603)) + WAV[DATA:],
    "streamed FLAC": flac_of_unknown_length(),
    "voice message, Opus": ogg_without_end_flag("OPUS"),
    "voice message, Vorbis": ogg_without_end_flag("VORBIS"),
    "GSM 6.10": encoded(voice(sr=8000), 8000, subtype="GSM610"),
    "ADPCM": encoded(subtype="IMA_ADPCM"),
    "MS ADPCM": encoded(subtype="MS_ADPCM"),
    "mu-law": encoded(subtype="ULAW"),
    "extensible": encoded(kind="WAVEX"),
    "AIFF": encoded(kind="AIFF"),
    "RF64": encoded(kind="RF64"),
    "W64": encoded(kind="W64"),
    "AU": encoded(kind="AU"),
    "CAF": encoded(kind="CAF"),
    "MP3": encoded(kind="MP3"),
    "MP3 with tags": b"" + b"ID3\x03\0\0\0\0\0\x0a" + bytes(10) + encoded(kind="MP3"),
}


@pytest.mark.parametrize("name", WHOLE)
def test_every_sample_that_is_there_is_used(tmp_path, name):
    path = tmp_path / "sound"
    path.write_bytes(WHOLE[name])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = audio.load_clip(path)
    assert y.dtype == np.float32
    assert len(y) == pytest.approx(len(VOICE), rel=0.03)
    assert audio.check_file(path) == pytest.approx(len(y) / SR, rel=0.03)
    assert speech.problems(y, SR) == []
    start = np.abs(y).max() / 4
    assert np.flatnonzero(np.abs(y) > start)[0] == pytest.approx(SR / 4, abs=2000)


CUT = {
    "WAV": WAV[:9000],
    "WAV, one byte": WAV[:-2],
    "FLAC": encoded(kind="FLAC")[:-3000],
    "Ogg Vorbis": encoded(kind="OGG")[:-200],
    "Ogg Opus": encoded(kind="OGG", subtype="OPUS")[:4000],
    "GSM": encoded(voice(sr=8000), 8000, subtype="GSM610")[:3000],
    "AIFF": encoded(kind="AIFF")[:9000],
    "AIFF, one byte": encoded(kind="AIFF")[:-1],
    "RF64": encoded(kind="RF64")[:9000],
    "W64": encoded(kind="W64")[:9000],
    "AU": encoded(kind="AU")[:9000],
    "MP3": encoded(kind="MP3")[:4000],
    "MP3 with tags": WHOLE["MP3 with tags"][:4000],
}


@pytest.mark.parametrize("name", CUT)
def test_what_was_cut_short_is_refused(tmp_path, name):
    path = tmp_path / "sound.wav"
    path.write_bytes(CUT[name])
    with pytest.raises(DataError, match=r"sound.wav is (cut short|damaged)"):
        audio.load_clip(path)


def tagged(tag: int) -> bytes:
    return WAV[:20] + struct.pack("<H", tag) + WAV[22:]


NOT_READ = {
    "AAC": tagged(0xFF),
    "AC-3": tagged(0x2000),
    "WMA": tagged(0x161),
    "TrueSpeech": tagged(0x22),
    "AAC (M4A, MP4, 3GP)": b"\0\0\0\x20ftypM4A " + bytes(500),
    "AMR": b"#!AMR\n" + bytes(100),
    "WebM or Matroska": b"\x1aE\xdf\xa3" + bytes(100),
    "Speex": b"OggS\0\x02" + bytes(22) + b"Speex   1.2" + bytes(100),
}


@pytest.mark.parametrize("codec", NOT_READ)
def test_a_codec_that_is_not_read_is_named_and_is_no_damage(tmp_path, codec):
    path = tmp_path / "a clip.wav"
    path.write_bytes(NOT_READ[codec])
    for look in (audio.load_clip, audio.check_file):
        with pytest.raises(DataError, match="convert it") as error:
            look(path)
        assert f"holds {codec} sound" in str(error.value)
        assert "damaged" not in str(error.value) and "get it again" not in str(error.value)


@pytest.mark.parametrize("rate", [0, 1, 100, 3_000_000_000])
def test_an_impossible_rate_is_refused_before_memory_is_asked_for(tmp_path, rate):
    path = tmp_path / "sound.wav"
    path.write_bytes(WAV[:24] + struct.pack("<I", rate) + WAV[28:])
    for look in (audio.load_clip, audio.check_file):
        with pytest.raises(DataError, match="header|cannot be read as sound"):
            look(path)


def test_an_offset_a_dead_and_an_inverted_channel_change_nothing(tmp_path):
    path = tmp_path / "sound.wav"

    def loaded(y: np.ndarray) -> np.ndarray:
        soundfile.write(path, y, SR, subtype="FLOAT")
        return audio.load_clip(path)

    np.testing.assert_array_equal(loaded(VOICE), VOICE)
    np.testing.assert_allclose(loaded(VOICE + 0.05), VOICE - VOICE.mean(), atol=1e-6)
    for dead in (0.0, 0.2):  # a dead channel may have an offset
        stereo = np.stack([VOICE, np.full_like(VOICE, dead)], axis=1)
        np.testing.assert_array_equal(loaded(stereo), VOICE)
    with pytest.warns(UserWarning, match="channels cancel each other"):
        np.testing.assert_array_equal(loaded(np.stack([VOICE, -VOICE], axis=1)), VOICE)


def hum() -> np.ndarray:
    return 0.1 * np.sin(2 * np.pi * 50 * np.arange(2 * SR) / SR)


def click() -> np.ndarray:
    y = voice(peak=0.02)
    y[400:480] = 0.95
    return y


PROBLEMS = {
    "muted": (np.random.default_rng(0).integers(-1, 2, 3 * SR) / 32768, "too quiet for speech"),
    "white noise": (0.1 * np.random.default_rng(0).normal(size=2 * SR), "no speech"),
    "hum": (hum(), "no speech"),
    "click": (click(), "a click 0.0"),
    "speech": (VOICE, ""),
    "soft speech": (VOICE / 30, ""),
    "too short to say": (VOICE[:1000], ""),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_hardly_speech_is_said(name):
    y, says = PROBLEMS[name]
    found = speech.problems(y, SR)
    assert bool(found) == bool(says)
    assert says in "".join(found)


def test_whole_numbers_are_scaled_and_nonsense_is_refused():
    for kind in (np.int16, np.int32):
        whole = (VOICE * -float(np.iinfo(kind).min)).astype(kind)
        np.testing.assert_allclose(audio.as_samples(whole), VOICE, atol=1e-4)
    bytes_ = np.round(VOICE * 128 + 128).astype(np.uint8)
    np.testing.assert_allclose(audio.as_samples(bytes_), VOICE, atol=1e-2)
    np.testing.assert_allclose(audio.as_samples(np.stack([VOICE, VOICE], 1)), VOICE, atol=1e-6)
    for wrong in (np.stack([VOICE, VOICE]), VOICE * 1j, ["a"], np.r_[VOICE, np.nan], 3.0):
        with pytest.raises(DataError):
            audio.as_samples(np.asarray(wrong))


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """Damage a file in one of the ways that files are damaged."""
    b = bytearray(content)
    a, z = sorted(rng.integers(len(b), size=2).tolist())
    match rng.integers(6):
        case 0:
            for at in rng.integers(len(b), size=rng.integers(1, 20)):
                b[at] ^= 1 << rng.integers(8)
        case 1:
            struct.pack_into("<I", b, int(rng.integers(min(60, len(b) - 4))), rng.integers(2**32))
        case 2:
            del b[a:]
        case 3:
            b[a:a] = rng.bytes(int(rng.integers(1, 500)))
        case 4:
            b[a:z] = bytes(z - a)
        case 5:
            del b[a:z]
    return bytes(b)


def test_a_damaged_file_gives_samples_or_says_why(tmp_path):
    rng = np.random.default_rng(0)
    files = [WAV, *WHOLE.values()]
    path = tmp_path / "damaged.wav"
    outcomes = []
    for _ in range(400):
        path.write_bytes(mutated(files[rng.integers(len(files))], rng))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                y = audio.load_clip(path)
            except DataError as error:
                assert "damaged.wav" in str(error)
                outcomes.append(False)
            else:
                assert np.isfinite(y).all() and len(y) < 100 * SR
                outcomes.append(True)
    assert 50 < sum(outcomes) < 350  # both happen
