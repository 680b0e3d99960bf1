"""A corpus is what its clips are, folders are searched whole, tables read as people write them."""

import hashlib
import os
import shutil
import sys
import warnings
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import ROOT, load_script, tone, write_corpus
from hypothesis import given
from hypothesis import strategies as st

from ser_helpers import checksums, data, features, people, split
from ser_helpers.checksums import Checksum
from ser_helpers.errors import DataError
from ser_helpers.files import walk

SR = 16_000
symlinks = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")


# ---- which corpus


def numbered_from(folder, first: int):
    """Write a class's own recordings, numbered as a known corpus is."""
    write_corpus(folder)
    for path in sorted(folder.iterdir()):
        path.rename(path.with_name(f"{int(path.name[:4]) - 5001 + first}{path.name[4:]}"))
    return folder


@pytest.mark.parametrize("first", [1001, 2001, 3001])
def test_own_recordings_numbered_as_a_known_corpus_stay_the_learners_own(tmp_path, first):
    corpus = data.open_corpus(numbered_from(tmp_path / "our class", first))
    assert corpus.name == "our class"
    assert not corpus.synthetic
    assert set(corpus.clips.sex) == {"unknown"}
    assert split.by_speaker(corpus.clips).name == "by speaker, seed 42"
    assert split.by_speaker(corpus.clips, test_size=0.5).value_counts()["test"] == 54


def some_demo_voices(folder, *, actors: int = 48, suffix: str = ".ogg"):
    """Copy one sentence of some demo voices, converted if another suffix is asked for."""
    folder.mkdir(parents=True)
    clips = data.open_corpus("demo").clips
    chosen = clips[(clips.sentence == "TAI") & clips.actor.isin(sorted(set(clips.actor))[:actors])]
    for path in chosen.path:
        to = folder / f"{path.stem}{suffix}"
        if suffix == path.suffix:
            shutil.copy(path, to)
        else:
            soundfile.write(to, *soundfile.read(path))
    return folder


@pytest.mark.parametrize("suffix", [".ogg", ".wav"])
def test_a_copy_of_the_demo_voices_is_still_synthetic(tmp_path, suffix):
    corpus = data.open_corpus(some_demo_voices(tmp_path / "mine", actors=20, suffix=suffix))
    assert corpus.synthetic
    assert corpus.name == "demo voices (synthetic) (a part: 20 of 48 actors)"
    assert split.by_speaker(corpus.clips).name.startswith("demo-v2, a part: 20 of 48 actors, ")


def test_a_mixture_says_what_it_is_and_gets_no_frozen_split(tmp_path):
    folder = some_demo_voices(tmp_path / "mine", actors=24)
    soundfile.write(folder / "5001_IEO_ANG_HI.wav", tone(5001, "ANG"), SR)
    corpus = data.open_corpus(folder)
    assert "with 1 other clips" in str(corpus) and "demo voices" in str(corpus)
    assert split.by_speaker(corpus.clips).name == "by speaker, seed 42"
    write_corpus(folder / "ours", actors=10)
    assert data.open_corpus(folder).name == "mine, with 144 clips of demo voices (synthetic)"


def test_ravdess_is_known_by_its_lengths_and_its_sexes_come_with_it(tmp_path, monkeypatch):
    names = ["03-01-05-02-01-01-12", "03-01-04-01-01-01-11", "03-01-02-01-01-01-12"]
    lengths = [1.0, 1.5, None]  # that of calm and surprise is not known: then the size decides
    table = {}
    for name, seconds in zip(names, lengths, strict=True):
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, tone(3012, "ANG", seconds=seconds or 0.8), SR)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        table[name] = Checksum(path.stat().st_size, sha256, seconds)
    known = {"ravdess": table, "cremad": {}, "demo": {}}
    monkeypatch.setattr(checksums, "published", lambda name: MappingProxyType(known[name]))
    every = (*data.EMOTIONS, *data.OTHER_EMOTIONS)
    corpus = data.open_corpus(tmp_path, emotions=every)
    assert corpus.name == "RAVDESS"
    assert corpus.clips.sex.to_dict() == {
        "3011_KIA_SAD_MD": "male",
        "3012_KIA_ANG_HI": "female",
        "3012_KIA_CAL_MD": "female",
    }
    (tmp_path / f"{names[0]}.wav").rename(tmp_path / "3012_KIA_ANG_HI.wav")
    assert data.open_corpus(tmp_path, emotions=every).name == "RAVDESS (named like CREMA-D)"


def test_the_demo_voices_are_those_of_their_checksums():
    script = load_script(ROOT / "tools" / "make_checksums.py")
    assert script.TABLE.read_text(encoding="utf-8") == script.table()


# ---- the folder


@symlinks
def test_links_are_followed_and_loops_survived(tmp_path):
    shared = write_corpus(tmp_path / "shared", actors=1)
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "AudioWAV").symlink_to(shared)
    (mine / "again").symlink_to(shared)  # the same folder twice is the same clips once
    (shared / "back").symlink_to(mine)
    (mine / "5009_IEO_ANG_HI.wav").symlink_to(tmp_path / "gone.wav")
    soundfile.write(tmp_path / "elsewhere.wav", tone(5008, "ANG"), SR)
    (mine / "5008_IEO_ANG_HI.wav").symlink_to(tmp_path / "elsewhere.wav")
    corpus = data.open_corpus(mine)
    assert len(corpus.clips) == 18 + 1
    assert corpus.set_aside.file.tolist() == ["5009_IEO_ANG_HI.wav"]
    assert "No such file" in corpus.set_aside.reason[0]


@symlinks
def test_auto_opens_cremad_where_its_folder_is_a_link(tmp_path, monkeypatch):
    (tmp_path / "course.py").touch()
    (tmp_path / "data" / "CREMA-D").mkdir(parents=True)
    (tmp_path / "data" / "CREMA-D" / "AudioWAV").symlink_to(write_corpus(tmp_path / "disk"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SER_DATA", raising=False)
    assert data.open_corpus().folder == tmp_path / "data" / "CREMA-D"


@pytest.mark.parametrize(
    "bin_", [".Trash-1000/files", "$RECYCLE.BIN/S-1", ".ipynb_checkpoints", "__MACOSX", ".git"]
)
def test_what_was_thrown_away_is_not_back(tmp_path, bin_):
    folder = write_corpus(tmp_path / ".hidden" / "corpus", actors=1)  # itself may be hidden
    (folder / bin_).mkdir(parents=True)
    thrown = next(folder.glob("*.wav"))
    thrown.rename(folder / bin_ / thrown.name)
    shutil.copy(next(folder.glob("*.wav")), folder / f"._{thrown.name}")
    corpus = data.open_corpus(folder)
    assert len(corpus.clips) == 17 and corpus.set_aside.empty
    assert thrown.stem not in corpus.clips.index


def test_sound_that_is_not_read_is_set_aside_by_name(tmp_path):
    folder = write_corpus(tmp_path, actors=1)
    (folder / "5009_IEO_ANG_XX.m4a").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(500))
    (folder / "5009_IEO_SAD_XX.amr").write_bytes(b"#!AMR\n" + bytes(500))
    corpus = data.open_corpus(folder)
    assert len(corpus.clips) == 18
    assert "2 files set aside" in str(corpus)
    reasons = corpus.set_aside.set_index("file").reason
    assert (
        "AAC" in reasons["5009_IEO_ANG_XX.m4a"] and "convert it" in reasons["5009_IEO_ANG_XX.m4a"]
    )
    assert "AMR" in reasons["5009_IEO_SAD_XX.amr"]


def test_of_several_formats_the_best_is_used(tmp_path):
    folder = write_corpus(tmp_path, actors=1)
    wav = sorted(folder.glob("*.wav"))
    for name in ("AudioMP3", "Z"):
        (folder / name).mkdir()
    soundfile.write(folder / "AudioMP3" / f"{wav[0].stem}.mp3", tone(5001, "ANG"), SR)
    soundfile.write(folder / "AudioMP3" / "5002_IEO_ANG_XX.mp3", tone(5002, "ANG"), SR)
    shutil.copy(wav[1], folder / "Z")
    corpus = data.open_corpus(folder)
    assert corpus.clips.path.map(lambda p: p.suffix).value_counts().to_dict() == {
        ".wav": 18,
        ".mp3": 1,
    }
    assert "is there twice" in corpus.set_aside.reason.item()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_folder_whose_name_is_no_utf8_is_opened(tmp_path):
    soundfile.write(tmp_path / "5001_IEO_ANG_HI.wav", tone(5001, "ANG"), SR)
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    folder.mkdir()
    shutil.copy(tmp_path / "5001_IEO_ANG_HI.wav", folder / "5002_IEO_ANG_HI.wav")
    corpus = data.open_corpus(tmp_path)
    assert corpus.clips.index.tolist() == ["5001_IEO_ANG_HI", "5002_IEO_ANG_HI"]
    table = features.extract(corpus.clips, cache=tmp_path / "cache", progress=False)
    assert table.index.equals(corpus.clips.index)
    assert data.open_corpus(folder).name == r"caf\udce9"
    (folder / "5002_IEO_ANG_HI.wav").unlink()
    with pytest.raises(DataError) as error:
        data.open_corpus(folder)
    str(error.value).encode()


@symlinks
def test_a_link_is_no_second_clip(tmp_path):
    soundfile.write(tmp_path / "5001_IEO_ANG_HI.wav", tone(5001, "ANG"), SR)
    soundfile.write(tmp_path / "take.bin", tone(5002, "ANG"), SR, format="WAV")
    (tmp_path / "5000_IEO_ANG_HI.wav").symlink_to("5001_IEO_ANG_HI.wav")
    (tmp_path / "5002_IEO_ANG_HI.wav").symlink_to("take.bin")
    corpus = data.open_corpus(tmp_path)
    assert corpus.clips.index.tolist() == ["5001_IEO_ANG_HI", "5002_IEO_ANG_HI"]
    assert corpus.set_aside.file.tolist() == ["5000_IEO_ANG_HI.wav"]
    assert "5001_IEO_ANG_HI.wav is used" in corpus.set_aside.reason[0]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_no_utf8_is_shown_and_breaks_nothing(tmp_path):
    folder = write_corpus(tmp_path, actors=1)
    for content, name in ((b"hello", b"caf\xe9.wav"), (b"hello", b"5001_WSI_ANG_XX\xe9.m4a")):
        with open(os.fsencode(folder) + b"/" + name, "wb") as file:
            file.write(content)
    (folder / "5001_WSI_SAD_XX.wav").write_bytes(b"hello")
    corpus = data.open_corpus(folder)
    assert len(corpus.clips) == 18 and len(corpus.set_aside) == 3
    (str(corpus) + corpus.set_aside._repr_html_() + corpus.set_aside.to_string()).encode()
    assert len(list(walk(folder))) == 18 + 3


@pytest.mark.parametrize(
    "given", ["demo ", "'demo'", '"demo"', " DEMO", "demo\t", "demo/", "demo\\", '"demo "', "", " "]
)
def test_ser_data_is_read_as_a_console_leaves_it(tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SER_DATA", given)
    assert data.folder_of() == data.DEMO_FOLDER


def test_a_path_in_quotation_marks_or_with_a_space_is_found(tmp_path, monkeypatch):
    folder = write_corpus(tmp_path / "our voices", actors=1)
    for text in (f'"{folder}"', f"{folder} ", f"{folder}{os.sep}", f"'{folder}' "):
        monkeypatch.setenv("SER_DATA", text)
        assert data.folder_of() == folder.resolve()
    (odd := tmp_path / "'odd'").mkdir()
    assert data.folder_of(str(odd)) == odd.resolve()  # if it is there, the name is as it is


# ---- the table of actors

PLAIN = "ActorID,Age,Sex\n5001,51,Male\n5002,21,Female\n"
WRITTEN = {
    "as it should be": PLAIN.encode(),
    "Excel, UTF-8 with a mark": PLAIN.encode("utf-8-sig"),
    "Excel, Unicode text": PLAIN.replace(",", "\t").encode("utf-16"),
    "Excel, cp1252": "ActorID,Age,Sex,Race\n5001,51,Male,Café\n5002,21,Female,\n".encode("cp1252"),
    "Excel in Europe": b"sep=;\r\n" + PLAIN.replace(",", ";").replace("\n", "\r\n").encode(),
    "old Macs": PLAIN.replace("\n", "\r").encode(),
    "a comma behind each row": b"ActorID,Age,Sex\n5001,51,Male,\n5002,21,Female,\n",
    "spaces": b" ActorID , Age , Sex \n 5001 , 51 , Male \n5002, 21, Female\n",
    "quotation marks": b'"ActorID","Age","Sex"\n"5001","51","Male"\n"5002", "21", "Female"\n',
    "empty lines": b"\nActorID,Age,Sex\n\n5001,51,Male\n,,\n5002,21,Female\n\n",
    "other headings": b"actor_id,Gender,AGE (years)\n5001,m,51\n5002,F,21\n",
    "numbers as floats": b"Actor ID,Age,Sex\n5001.0,51.0,Man\n05002,21 years,woman\n",
    "one line twice": PLAIN.encode() + b"5001,51,Male\n",
    "one line twice, once without values": PLAIN.encode() + b"5001,,\n",
    "whole lines quoted": b'"ActorID,Age,Sex"\n"5001,51,Male"\n"5002,21,Female"\n',
    "units in the headings": b"Actor no.;Sex (m/f);Age [years]\n5001;m;51,0\n5002;f;21,0\n",
}


@pytest.mark.parametrize("how", WRITTEN)
def test_a_table_of_actors_is_read_as_people_write_it(tmp_path, how):
    (path := tmp_path / "actors.csv").write_bytes(WRITTEN[how])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = people.read(path)
    assert table.sex.to_dict() == {5001: "male", 5002: "female"}
    assert table.age.to_dict() == {5001: 51, 5002: 21}


REFUSED = {
    "nothing": (b"", "is empty"),
    "a spreadsheet": (b"PK\x03\x04\0\0\0\0", "spreadsheet"),
    "a column missing": (b"ActorID,Age\n5001,51\n", r"lacks the column\(s\) Sex"),
    "a column twice": (b"ActorID,Age,Sex,Gender\n5001,51,Male,Male\n", "Sex more than once"),
    "a cell too many": (
        b"ActorID,Age,Sex\n5001,51,Male\n5002,2,1,Female\n",
        "line 3: it has 4 cells",
    ),
    "thousands": (b"ActorID;Age;Sex\n5.000;51;Male\n", "line 2: '5.000' is no actor's number"),
    "Excel's own first line counts": (b"sep=;\nActorID;Age;Sex\nx;5;m\n", "line 3: 'x'"),
    "no number": (b"ActorID,Age,Sex\nAnna,51,Female\n", "line 2: 'Anna' is no actor's number"),
    "contradiction": (PLAIN.encode() + b"5001,51,Female\n", "lines 2 and 4 contradict"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_table_that_cannot_be_understood_names_table_line_and_remedy(tmp_path, how):
    content, says = REFUSED[how]
    (path := tmp_path / "actors.csv").write_bytes(content)
    with pytest.raises(DataError, match=says) as error:
        people.read(path)
    assert "actors.csv" in str(error.value)


def test_a_sex_or_an_age_that_is_not_understood_is_said(tmp_path):
    (path := tmp_path / "actors.csv").write_text(
        "ActorID,Age,Sex\n5001,51,Mal\n5002,1951-03-04,Female\n5003,,\n5004,999,unknown\n"
    )
    with pytest.warns(UserWarning, match=r"line 2: the sex 'Mal'; line 3: the age .*; line 5"):
        table = people.read(path)
    assert table.sex.tolist() == ["unknown", "female", "unknown", "unknown"]
    assert np.isnan(table.age).tolist() == [False, True, True, True]


def test_who_is_neither_needs_no_warning(tmp_path):
    (path := tmp_path / "actors.csv").write_text("ActorID,Age,Sex\n5001,NaN,diverse\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert people.read(path).sex.tolist() == ["unknown"]


@given(st.binary(max_size=60) | st.text("AactorID;ageSx,0159\n\"' ", max_size=60).map(str.encode))
def test_no_content_of_a_table_ends_in_another_error(tmp_path_factory, content):
    (path := tmp_path_factory.getbasetemp() / "actors.csv").write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            assert set(people.read(path).sex) <= {"female", "male", "unknown"}
        except DataError as error:
            assert "actors.csv" in str(error)


def test_the_own_table_above_is_never_passed_over_in_silence(tmp_path):
    folder = write_corpus(tmp_path / "AudioWAV", actors=2)
    above = tmp_path / "actors.csv"
    above.write_text(PLAIN.replace("Male", "Mael"))
    with pytest.warns(UserWarning, match="line 2: the sex 'Mael'"):
        assert set(data.open_corpus(folder).clips.sex) == {"unknown", "female"}
    above.write_text(PLAIN.replace("51", "5,1"))
    with pytest.raises(DataError, match=r"actors\.csv, line 2: it has 4 cells"):
        data.open_corpus(folder)


def test_a_table_above_is_read_only_if_it_is_of_these_actors(tmp_path):
    folder = write_corpus(tmp_path / "AudioWAV", actors=2)
    above = tmp_path / "actors.csv"
    for unrelated in (b"ActorID,Age,Sex\n5001,51,Male\n", b"Film,Actor\nPsycho,Perkins\n", b"\xff"):
        above.write_bytes(unrelated)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert set(data.open_corpus(folder).clips.sex) == {"unknown"}
    above.write_text(PLAIN)
    assert set(data.open_corpus(folder).clips.sex) == {"male", "female"}
    (folder / "actors.csv").write_text("ActorID,Age,Sex\n5001,51,Female\n")
    with pytest.warns(UserWarning, match="no line for actor 5002"):
        clips = data.open_corpus(folder).clips
    assert clips.groupby("actor").sex.first().to_dict() == {5001: "female", 5002: "unknown"}
    assert isinstance(clips, pd.DataFrame) and clips.age.dtype == float
