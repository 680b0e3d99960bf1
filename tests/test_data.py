"""Names, tables and damaged files."""

import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import SR, tone, write_corpus
from hypothesis import given
from hypothesis import strategies as st

from ser_helpers import data, features, predict, train

GOOD = tone(5001, "ANG", seconds=1.0)
NAME = "5001_IEO_ANG_HI.wav"


@given(
    actor=st.integers(0, 9999),
    sentence=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3),
    emotion=st.sampled_from(data.EMOTIONS),
    level=st.sampled_from(list(data.LEVELS)),
)
def test_names_round_trip(actor, sentence, emotion, level):
    fields = {"actor": actor, "sentence": sentence, "emotion": emotion, "level": level}
    assert data.parse_name(data.make_name(**fields)) == fields


@pytest.mark.parametrize(
    "name", ["", "hello", "1001_IEO_ANG", "1001_IEO_JOY_HI", "101_IEO_ANG_HI", "1001_IEO_ANG_HI_2"]
)
def test_a_name_that_does_not_fit_is_refused_with_the_reason(name):
    with pytest.raises(data.DataError, match="does not fit|not one of"):
        data.parse_name(name)


def test_the_level_x_of_some_copies_is_read_as_xx():
    assert data.parse_name("1040_ITH_SAD_X")["level"] == "XX"


def test_open_corpus_makes_the_clips_table(corpus):
    assert corpus.clips.columns.tolist() == [
        "path", "actor", "sentence", "emotion", "level", "sex", "age", "duration"
    ]  # fmt: skip
    assert len(corpus.clips) == 6 * 6 * 3
    assert corpus.clips.index.name == "clip"
    assert corpus.clips.index.is_monotonic_increasing
    np.testing.assert_allclose(corpus.clips.duration, 0.6)
    assert not corpus.synthetic
    assert "108 clips · 6 actors" in str(corpus)


def test_the_table_of_actors_gives_sex_and_age(tmp_path):
    folder = write_corpus(tmp_path / "c", actors=2)
    (folder / "actors.csv").write_text("ActorID,Age,Sex,Race,Ethnicity\n5001,51,Male,,\n")
    clips = data.open_corpus(folder).clips
    assert set(clips.sex[clips.actor == 5001]) == {"male"}
    assert set(clips.age[clips.actor == 5001]) == {51}
    assert set(clips.sex[clips.actor == 5002]) == {"unknown"}
    (folder / "actors.csv").write_text("Id,Years\n5001,51\n")
    with pytest.raises(data.DataError, match="lacks the column"):
        data.open_corpus(folder)


def test_ser_data_decides_and_may_be_relative_to_the_project(corpus_folder, monkeypatch):
    monkeypatch.setenv("SER_DATA", corpus_folder.name)
    (project := corpus_folder.parent / "project" / "notebooks").mkdir(parents=True, exist_ok=True)
    (project.parent / "course.py").touch()
    (project.parent / corpus_folder.name).symlink_to(corpus_folder)
    monkeypatch.chdir(project)
    assert len(data.open_corpus().clips) == 108


def test_the_demo_voices_open_by_themselves_and_say_what_they_are(monkeypatch, tmp_path):
    monkeypatch.delenv("SER_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    corpus = data.open_corpus()
    assert corpus.synthetic
    assert "synthetic" in str(corpus)
    assert corpus.set_aside.empty


def pcm_wav(y: np.ndarray, subtype: str, sr: int = SR) -> bytes:
    import io

    file = io.BytesIO()
    soundfile.write(file, y, sr, format="WAV", subtype=subtype)
    return file.getvalue()


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("sr", [8_000, 16_000, 48_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_ordinary_wav_loads_as_mono_float32_at_16_khz(tmp_path, subtype, sr, channels):
    y = 0.5 * np.sin(2 * np.pi * 440 * np.arange(sr) / sr)
    path = tmp_path / NAME
    path.write_bytes(pcm_wav(np.stack([y] * channels, axis=1), subtype, sr))
    loaded = data.load_clip(path)
    assert loaded.dtype == np.float32
    assert loaded.shape == (SR,)
    spectrum = np.abs(np.fft.rfft(loaded))
    assert spectrum.argmax() == 440
    assert abs(np.abs(loaded[1000:-1000]).max() - 0.5) < 0.02


def test_stereo_is_mixed_down(tmp_path):
    path = tmp_path / NAME
    soundfile.write(path, np.stack([GOOD, GOOD / 2], axis=1), SR, subtype="FLOAT")
    np.testing.assert_allclose(data.load_clip(path), GOOD * 0.75, atol=1e-6)


@pytest.mark.parametrize("suffix", [".flac", ".ogg", ".WAV"])
def test_other_formats_load(tmp_path, suffix):
    path = tmp_path / f"5001_IEO_ANG_HI{suffix}"
    soundfile.write(path, GOOD, SR)
    assert len(data.load_clip(path)) == SR
    assert len(data.open_corpus(tmp_path).clips) == 1


def with_riff_size(content: bytes, size: int) -> bytes:
    return content[:4] + struct.pack("<I", size) + content[8:]


def ogg_cut() -> bytes:
    import io

    file = io.BytesIO()
    soundfile.write(file, np.tile(GOOD, 5), SR, format="OGG", subtype="VORBIS")
    return file.getvalue()[:-3000]


def flac_cut() -> bytes:
    import io

    file = io.BytesIO()
    soundfile.write(file, GOOD, SR, format="FLAC")
    return file.getvalue()[:-3000]


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 70000\n"
BAD = {
    "a Git LFS pointer": (POINTER, "this is a pointer of 130 bytes, not sound"),
    "zero length": (b"", r"empty \(0 bytes\)"),
    "truncated WAV": (pcm_wav(GOOD, "PCM_16")[:9000], "cut short"),
    "truncated OGG": (ogg_cut(), "cut short"),
    "truncated FLAC": (flac_cut(), "cut short|damaged"),
    "header only": (pcm_wav(GOOD[:0], "PCM_16"), "no sound"),
    "all zero": (pcm_wav(np.zeros(SR), "PCM_16"), "silent"),
    "NaN": (pcm_wav(np.full(SR, np.nan), "FLOAT"), "not numbers"),
    "one NaN": (pcm_wav(np.where(np.arange(SR) == 9, np.nan, 0.1), "FLOAT"), "not numbers"),
    "a text file": (b"hello, I am a text file", "not sound .*it begins with b'hello.*convert it"),
    "a web page": (b"<!DOCTYPE html><html>", "not sound"),
    "four bytes": (b"RIFF", "header but no sound"),
    "integers as float": (pcm_wav(20_000 * GOOD, "FLOAT"), "full scale is 1"),
    "50 ms": (pcm_wav(GOOD[:800], "PCM_16"), "0.05 s long"),
    "ten minutes": (pcm_wav(np.tile(GOOD, 600), "PCM_U8"), "600.00 s long"),
}


@pytest.mark.parametrize("what", BAD)
def test_one_bad_clip_is_named_set_aside_and_counted(tmp_path, corpus_folder, what):
    content, reason = BAD[what]
    suffix = what.split()[-1].lower() if what.split()[-1] in ("OGG", "FLAC") else "wav"
    bad = tmp_path / f"5001_TSI_ANG_HI.{suffix}"
    bad.write_bytes(content)
    for path in sorted(corpus_folder.glob("5001_*_ANG_*")):
        (tmp_path / path.name).symlink_to(path)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        corpus = data.open_corpus(tmp_path)
        table = features.extract(corpus.clips, cache=tmp_path / "cache", progress=False)
    reasons = [*corpus.set_aside.reason, *table.attrs["set_aside"].values()]
    assert len(table) == 3
    assert len(reasons) == 1
    import re

    assert re.search(reason, reasons[0]), reasons[0]
    if table.attrs["set_aside"]:  # what only decoding shows is said when it is found
        assert any(bad.name in str(warning.message) for warning in said)
    else:
        assert corpus.set_aside.file.tolist() == [bad.name]
        assert "1 files set aside" in str(corpus)


def test_a_wav_of_unknown_length_as_streaming_programs_write_it_is_fine(tmp_path):
    path = tmp_path / NAME
    path.write_bytes(with_riff_size(pcm_wav(GOOD, "PCM_16"), 0xFFFFFFFF))
    assert len(data.load_clip(path)) == SR


def test_two_clips_of_one_name_are_used_once_and_said(tmp_path):
    for name in ("a/5001_IEO_ANG_XX.wav", "b/5001_IEO_ANG_X.flac"):
        (tmp_path / name).parent.mkdir()
        soundfile.write(tmp_path / name, GOOD, SR)
    corpus = data.open_corpus(tmp_path)
    assert corpus.clips.index.tolist() == ["5001_IEO_ANG_XX"]
    assert "there twice" in corpus.set_aside.reason[0]
    assert Path(corpus.set_aside.file[0]).name == "5001_IEO_ANG_X.flac"


def test_crema_ds_clip_without_speech_is_set_aside_by_name(tmp_path):
    for name in ("1076_MTI_SAD_XX", "1076_MTI_NEU_XX"):
        soundfile.write(tmp_path / f"{name}.wav", GOOD, SR)
    corpus = data.open_corpus(tmp_path)
    assert corpus.clips.index.tolist() == ["1076_MTI_NEU_XX"]
    assert "without speech" in corpus.set_aside.reason[0]


def test_folders_that_cannot_be_used_say_why(tmp_path):
    with pytest.raises(data.DataError, match="there is no folder .*nowhere"):
        data.open_corpus(tmp_path / "nowhere")
    with pytest.raises(data.DataError, match="nothing was found"):
        data.open_corpus(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"hello")
    with pytest.raises(data.DataError, match=r"only files ending in \.txt"):
        data.open_corpus(tmp_path)
    soundfile.write(tmp_path / "take one.wav", GOOD, SR)
    with pytest.raises(data.DataError, match=r"(?s)1001_IEO_ANG_HI\.wav.*take one\.wav"):
        data.open_corpus(tmp_path)
    with pytest.raises(data.DataError, match="is a file"):
        data.open_corpus(tmp_path / "a.txt")


def test_predict_file_takes_any_length_rate_and_warns_when_it_cannot_be_trusted(
    tmp_path, corpus, cache
):
    table = features.extract(corpus.clips, cache=cache, progress=False)
    parts = corpus.clips.actor.map(lambda a: {5001: "test", 5002: "validation"}.get(a, "train"))
    settings = train.TrainSettings(max_epochs=2)
    result = train.fit(table, corpus.clips.emotion, parts, settings=settings, progress=False)
    recogniser = predict.from_result(result)
    for seconds, sr in ((0.05, 8_000), (2.0, 44_100), (600.0, 16_000)):
        path = tmp_path / "mine.wav"
        rng = np.random.default_rng(0)
        y = 0.1 * rng.normal(size=int(seconds * sr))
        y *= np.sin(np.arange(len(y)) / sr * 12) ** 2  # rises and falls as syllables do
        soundfile.write(path, y, sr, subtype="PCM_24")
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            answer = predict.predict_file(recogniser, path)
        assert tuple(answer.index) == data.EMOTIONS
        assert answer.sum() == pytest.approx(1, abs=1e-5)
        assert any("do not trust" in str(w.message) for w in said) == (seconds != 2.0)
