"""A class records itself: names that the course reads, nothing overwritten, levels judged."""

import re

import forms
import nbformat
import numpy as np
import pytest
import soundfile
from conftest import ROOT, SR, tone

from ser_helpers import data
from ser_helpers.further import class_corpus, recorder

NOTEBOOK = ROOT / "classroom" / "record_your_class.ipynb"


@pytest.fixture
def sound(tmp_path):
    def write(name="memo.wav", *, gain=1.0):
        path = tmp_path / name
        y = gain * tone(8001, "ANG")
        soundfile.write(path, np.clip(y, -1, 1), SR)
        return path

    return write


def test_each_speaker_says_the_same_in_an_order_of_their_own():
    one, other = class_corpus.prompts(8001), class_corpus.prompts(8002)
    assert len(one) == 18
    assert sorted(one.say + one.emotion) == sorted(other.say + other.emotion)
    assert list(one.emotion) != list(other.emotion)
    assert list(one.index) == list(class_corpus.prompts(8001).index)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"speaker": 1001}, "may be a speaker of another corpus"),
        ({"speaker": 8001, "sentences": ["ABC"]}, "there is no sentence 'ABC': choose from IEO"),
        ({"speaker": 8001, "emotions": ["JOY"]}, "has the emotion 'JOY'"),
    ],
)
def test_what_cannot_be_recorded_is_said(arguments, said):
    with pytest.raises(data.DataError, match=said):
        class_corpus.prompts(**arguments)


def test_clips_are_kept_in_order_and_the_course_reads_them(tmp_path, sound):
    folder = tmp_path / "class"
    mine = recorder.record()
    for speaker in (8001, 8002, 8003):
        wanted = class_corpus.prompts(speaker, sentences=["DFA"])
        for clip in wanted.index:
            mine.take(sound())
            assert class_corpus.keep(mine, wanted, folder) == folder / f"{clip}.wav"
        assert class_corpus.still_to_record(wanted, folder).empty
    corpus = data.open_corpus(folder)
    assert len(corpus.clips) == 18 and corpus.set_aside.empty
    assert not corpus.synthetic
    assert (class_corpus.levels(corpus).advice == "").all()


def test_nothing_is_overwritten_and_no_sound_is_kept_twice(tmp_path, sound):
    wanted = class_corpus.prompts(8001, sentences=["DFA"], emotions=["SAD", "ANG"])
    mine = recorder.record()
    with pytest.raises(data.DataError, match="nothing to save yet"):
        class_corpus.keep(mine, wanted, tmp_path)
    there = tmp_path / f"{wanted.index[0]}.flac"  # chosen as a file earlier
    there.write_bytes(b"somebody's")
    mine.take(sound())
    assert class_corpus.keep(mine, wanted, tmp_path).stem == wanted.index[1]
    assert there.read_bytes() == b"somebody's"
    with pytest.raises(data.DataError, match="all 2 clips are in"):
        class_corpus.keep(mine, wanted, tmp_path)


def test_too_loud_and_very_soft_clips_are_named(tmp_path, sound):
    folder = tmp_path / "class"
    mine = recorder.record()
    wanted = class_corpus.prompts(8001, sentences=["DFA"], emotions=["SAD", "ANG", "NEU"])
    for gain in (1.0, 100.0, 0.01):
        mine.take(sound(gain=gain))
        class_corpus.keep(mine, wanted, folder)
    advice = class_corpus.levels(data.open_corpus(folder)).advice[wanted.index]
    assert advice.iloc[0] == ""
    assert "Too loud" in advice.iloc[1] and "Very soft" in advice.iloc[2]


def test_the_notebook_is_what_its_source_gives_and_its_stored_rehearsal_is_whole():
    stored = nbformat.read(NOTEBOOK, as_version=4)
    source = forms.read(forms.SOURCES / "record_your_class.py", file=f"classroom/{NOTEBOOK.name}")
    texts = [[(c.cell_type, c.source) for c in one.cells] for one in (stored, source)]
    assert texts[0] == texts[1], "tools/notebooks.py classroom record_your_class"
    shown = "".join(str(o) for c in stored.cells if c.cell_type == "code" for o in c.outputs)
    assert re.search(r"rehearsal · 54 clips · 3 actors", shown)
    assert "0 of 54 clips should be recorded again" in shown


def test_the_notebook_runs_to_its_end_and_leaves_recordings_alone(tmp_path, sound, monkeypatch):
    monkeypatch.setenv("SER_WORK", str(tmp_path / "work"))
    cells = [c.source for c in nbformat.read(NOTEBOOK, as_version=4).cells if c.cell_type == "code"]
    code = "\n\n".join(cells)
    namespace = {"__name__": "notebook"}
    exec(code, namespace)
    assert not (tmp_path / "work" / "our_class").exists()  # a rehearsal leaves nothing

    folder = tmp_path / "work" / "our_class"
    folder.mkdir(parents=True)
    for clip in class_corpus.prompts(8001).index[:2]:
        sound().rename(folder / f"{clip}.wav")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    exec(code, namespace)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert len(namespace["corpus"].clips) == 2
