"""The recorder's Python side: bytes become samples, errors are seen, nothing is kept unasked.

The browser's side was tried in Chromium with a WAV file as its microphone: recorded, stopped, cut
at 30 s, files chosen, permission refused, no microphone, and a page that is not secure.
"""

import builtins
import io

import numpy as np
import pandas as pd
import pytest
import soundfile
import traitlets
from conftest import SR, tone

from ser_helpers import data
from ser_helpers.further import recorder


def file(y: np.ndarray, sr: int = SR, *, kind: str = "WAV") -> bytes:
    content = io.BytesIO()
    soundfile.write(content, y, sr, format=kind)
    return content.getvalue()


@pytest.fixture
def y() -> np.ndarray:
    return tone(5001, "ANG", seconds=0.5)


@pytest.fixture
def without_anywidget(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "anywidget":
            raise ModuleNotFoundError("No module named 'anywidget'", name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)


def arrive(mine: recorder.Recorder, content: bytes, name: str = "recording.wav") -> str:
    """Let a message of the browser arrive; return what is then shown."""
    microphone = mine.children[0]
    microphone._handle_custom_msg({"kind": "sound", "name": name}, [memoryview(content)])
    return mine.children[-1].value


@pytest.mark.parametrize("sr", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG"])
def test_bytes_become_mono_samples_at_the_rate_wanted(sr, kind):
    t = np.arange(sr) / sr
    stereo = np.stack([np.sin(2 * np.pi * 440 * t), 0.2 * np.sin(2 * np.pi * 50 * t)], axis=1) * 0.5
    y = recorder.decode(file(stereo, sr, kind=kind))
    assert y.dtype == np.float32
    assert len(y) == pytest.approx(SR, abs=1)
    assert np.abs(y).max() == pytest.approx(0.3, rel=0.1)  # the mean of left and right
    assert np.abs(np.fft.rfft(y)).argmax() == 440  # a second: bins of 1 Hz


def test_what_arrives_is_there_and_is_answered(y):
    heard = []

    def answer(samples: np.ndarray) -> str:
        heard.append(samples)
        return "<b>anger</b>"

    mine = recorder.record(on_sound=answer)
    assert mine.sound is None
    shown = arrive(mine, file(y))
    np.testing.assert_allclose(mine.sound, y, atol=1e-4)
    assert heard[0] is mine.sound
    assert "0.5 s" in shown
    assert "<b>anger</b>" in shown


def test_the_sound_is_no_part_of_the_widgets_state(y):
    mine = recorder.record()
    arrive(mine, file(y))
    for widget in (mine, *mine.children):
        state = widget.get_state()
        assert not any(isinstance(value, (bytes, memoryview)) for value in state.values())


def test_what_cannot_be_used_says_so_and_the_sound_before_stays(y):
    mine = recorder.record()
    arrive(mine, file(y))
    kept = mine.sound
    for content, says in (
        (b"hello", "my file.wav is not sound"),
        (b"", "my file.wav is empty"),
        (file(np.zeros(SR)), "my file.wav is silent"),
        (file(y)[:-100], "my file.wav is cut short"),
        (file(y[:1000]), "0.1 s long"),
        (file(np.tile(y, 130)), "65.0 s long"),
    ):
        assert says in arrive(mine, content, "my file.wav")
        assert mine.sound is kept
    assert "&lt;b&gt;" in arrive(mine, b"hello", "<b>")  # a name is no HTML


def test_a_callback_that_fails_is_seen(y):
    def broken(_):
        raise KeyError("no such model")

    mine = recorder.record(on_sound=broken)
    shown = arrive(mine, file(y))
    assert "recording.wav</b>: 0.5 s" in shown
    assert "on_sound failed: KeyError" in shown
    np.testing.assert_allclose(mine.sound, y, atol=1e-4)


@pytest.mark.parametrize("error", [MemoryError("of 9 GB"), RuntimeError("libsndfile")])
def test_only_what_on_sound_did_is_blamed_on_it(y, monkeypatch, error):
    def fail(*_, **__):
        raise error

    mine = recorder.record(on_sound=lambda _: "heard")
    arrive(mine, file(y), "first.wav")
    monkeypatch.setattr(recorder, "load_clip", fail)
    shown = arrive(mine, file(y), "second.wav")
    assert f"second.wav has arrived, but cannot be read: {type(error).__name__}" in shown
    assert "first.wav is still there" in shown
    assert "on_sound" not in shown
    monkeypatch.undo()

    def unknown(_):
        raise data.DataError("no such recogniser")

    mine = recorder.record(on_sound=unknown)
    shown = arrive(mine, file(y))
    assert "on_sound failed: DataError: no such recogniser" in shown
    assert "still there" not in shown


def test_messages_of_another_kind_are_not_sound(y):
    mine = recorder.record()
    mine.children[0]._handle_custom_msg({"kind": "other"}, [memoryview(file(y))])
    mine.children[0]._handle_custom_msg({"kind": "sound"}, [])
    assert mine.sound is None


def test_too_soft_and_too_loud_are_told(y):
    assert "Very soft" in recorder.describe(y / np.abs(y).max() * 0.005, SR)
    assert "Too loud" in recorder.describe(np.clip(y * 1000, -1, 1), SR)
    text = recorder.describe(y / np.abs(y).max() * 0.5, SR)
    assert "-6 dB" in text
    assert "loud:" not in text
    assert "soft:" not in text


def test_a_file_of_this_machine_can_be_taken(y, tmp_path):
    path = tmp_path / "mine.flac"
    path.write_bytes(file(y, kind="FLAC"))
    mine = recorder.record()
    np.testing.assert_allclose(mine.take(path), y, atol=1e-4)
    assert mine.name == "mine.flac"
    with pytest.raises(data.DataError, match=r"none\.wav cannot be read"):
        mine.take(tmp_path / "none.wav")
    with pytest.raises(data.DataError, match="is not sound"):
        mine.take(b"hello")
    assert mine.name == "mine.flac"


def test_it_is_saved_only_when_asked_and_overwrites_nothing(y, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mine = recorder.record()
    path = tmp_path / "voice.wav"
    with pytest.raises(data.DataError, match="nothing to save yet"):
        mine.save(path)
    arrive(mine, file(y))
    assert list(tmp_path.iterdir()) == []
    np.testing.assert_array_equal(data.load_clip(mine.save(path)), mine.sound)
    before = path.read_bytes()
    arrive(mine, file(y[::-1]))
    with pytest.raises(data.DataError, match="is there already"):
        mine.save(path)
    assert path.read_bytes() == before
    for wrong, says in (
        (tmp_path / "v.mp3", "ends in .wav"),
        (path / "v.wav", "cannot be written"),
    ):
        with pytest.raises(data.DataError, match=says):
            mine.save(wrong)


def test_without_anywidget_a_file_can_be_chosen(without_anywidget, y):
    mine = recorder.record(on_sound=lambda _: "heard")
    note, upload, says = mine.children
    assert "pip install anywidget" in note.value
    chosen = {"name": "mine.wav", "type": "audio/wav", "size": 1, "last_modified": 0}
    upload.set_state({"value": [chosen | {"content": memoryview(file(y))}]})  # as the browser does
    np.testing.assert_allclose(mine.sound, y, atol=1e-4)
    assert "mine.wav" in says.value
    assert "heard" in says.value
    assert upload.value == ()  # it would stand in the widget's state


class OldUpload(traitlets.HasTraits):
    """What the button for files of ipywidgets 7 holds, as on Colab: names, and read-only."""

    data, metadata = traitlets.List(), traitlets.List()
    value = traitlets.Dict(read_only=True)


def test_the_button_of_ipywidgets_7_works_too(without_anywidget, y):
    mine = recorder.record()
    upload = OldUpload(data=[file(y)], metadata=[{"name": "mine.wav"}])
    upload.observe(mine._uploaded, names="value")
    upload.set_trait("value", {"mine.wav": {"metadata": {}, "content": file(y)}})
    np.testing.assert_allclose(mine.sound, y, atol=1e-4)
    assert (mine.name, upload.value, upload.data, upload.metadata) == ("mine.wav", {}, [], [])


def test_on_the_web_there_is_a_sentence_in_its_place():
    bundle = recorder.record()._repr_mimebundle_()
    assert "While the notebook runs, a recorder stands here" in bundle["text/html"]


def test_the_browser_is_told_when_to_stop():
    assert recorder.record(longest=12).children[0].longest == 12
    for longest in (0, 61, float("nan")):
        with pytest.raises(ValueError, match="from 1 to 60"):
            recorder.record(longest=longest)


def test_bars_are_sorted_and_coloured():
    text = recorder.bars(pd.Series({"ANG": 0.2, "SAD": 0.8}))
    assert text.index("sadness") < text.index("anger")
    assert "width:80%" in text


def test_a_missing_folder_for_temporary_files_is_not_blamed_on_the_learner(y, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/there/is/no/such/folder")
    mine = recorder.record(on_sound=lambda samples: "")
    shown = arrive(mine, file(y))
    assert "folder for temporary files" in shown and "TMPDIR" in shown
    assert "on_sound" not in shown
