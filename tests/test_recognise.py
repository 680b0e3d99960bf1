"""Own voices never become a known corpus, and no part or mixture is left unsaid."""

import io
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import SR, publish, tone, write_corpus
from hypothesis import given
from hypothesis import strategies as st

from ser_helpers import checksums, data, split
from ser_helpers.recognise import recognise

SCHEMES = {"cremad": 1001, "demo": 2001, "ravdess": 3001}


def published(corpus: str) -> pd.DataFrame:
    """Make the clips table of a published corpus, without its files."""
    facts = checksums.published(corpus)
    fields = [data.parse_name(name) for name in facts]
    clips = pd.DataFrame(fields, index=[data.make_name(**f) for f in fields])
    seconds = [np.nan if f.seconds is None else f.seconds for f in facts.values()]
    return clips.assign(sex="unknown", duration=pd.Series(seconds, clips.index).fillna(3.0))


PUBLISHED = {corpus: published(corpus) for corpus in SCHEMES}


@pytest.mark.parametrize("corpus", SCHEMES)
def test_the_published_clips_are_recognised(corpus):
    who = recognise(PUBLISHED[corpus])
    assert who.corpus == corpus
    assert who.pure and not who.part and not who.odd
    assert who.synthetic == (corpus == "demo")
    assert who.known.all()


@pytest.mark.parametrize("corpus", SCHEMES)
@given(
    seed=st.integers(0, 10**6),
    share=st.floats(0.01, 1),
    length=st.sampled_from([None, 2.502, 2.0687]),
)
def test_own_recordings_of_the_same_names_are_nobody_elses(corpus, seed, share, length):
    """Among thousands some are as long as their namesakes by chance."""
    rng = np.random.default_rng(seed)
    clips = PUBLISHED[corpus].sample(frac=share, random_state=seed)
    clips = clips.assign(duration=length or rng.normal(2.5, 0.5, len(clips)))
    who = recognise(clips)
    assert who.corpus == ""
    assert not who.synthetic and not who.known.any()
    assert split.by_speaker(clips, seed=3).name == "by speaker, seed 3"


def test_a_part_says_which_also_of_the_emotions():
    clips = PUBLISHED["cremad"]
    ten = clips[clips.actor <= 1010]
    assert split.by_speaker(ten).name == "cremad-v1, a part: 10 of 91 actors, 2 of them test"
    two = clips[clips.emotion.isin(["ANG", "SAD"])]
    assert split.by_speaker(two).name == "cremad-v1, a part: 2,542 of 7,441 clips"
    assert recognise(two).name("x") == "CREMA-D (a part: 2,542 of 7,441 clips)"
    ravdess = PUBLISHED["ravdess"]
    assert recognise(ravdess[ravdess.emotion.isin(data.EMOTIONS)]).name("x") == "RAVDESS"


def test_a_few_clips_that_deviate_are_reported_and_the_split_stays():
    clips = PUBLISHED["cremad"].copy()
    clips.iloc[:4, clips.columns.get_loc("duration")] += 0.1
    who = recognise(clips)
    assert who.odd == tuple(clips.index[:4])
    assert who.name("x") == "CREMA-D (4 clips not as published)"
    parts = split.by_speaker(clips)
    assert parts.name == "cremad-v1, 4 clips not as published"
    assert parts.equals(clips.actor.map(split.load_frozen("cremad-v1")).rename(parts.name))


def test_other_actors_end_the_frozen_split_and_demo_voices_are_never_overlooked():
    clips = PUBLISHED["cremad"]
    mixed = pd.concat([clips, PUBLISHED["demo"]])
    who = recognise(mixed)
    assert who.corpus == "cremad" and not who.pure and who.synthetic
    assert who.name("x") == "CREMA-D (with 2,208 other clips)"
    for others in (mixed, clips.assign(actor=clips.actor + 1), clips.drop(columns="duration")):
        assert split.by_speaker(others).name == "by speaker, seed 42"
    assert recognise(clips.iloc[:0]).corpus == ""


@pytest.mark.parametrize("folder", ["CREMA-D", "my RAVDESS"])
def test_no_folder_makes_a_corpus_by_its_name(tmp_path, folder):
    for emotion in data.EMOTIONS:
        (tmp_path / folder).mkdir(exist_ok=True)
        path = tmp_path / folder / f"1001_IEO_{emotion}_HI.wav"
        soundfile.write(path, tone(1001, emotion), SR)
    assert data.open_corpus(tmp_path / folder).name == f"{folder} (own clips)"


def test_a_copy_in_another_format_and_rate_and_a_single_clip_are_recognised(tmp_path):
    clips = sorted((data.DEMO_FOLDER / "clips").glob("*.ogg"))[:12]
    (tmp_path / "flac").mkdir()
    for path in clips:
        y = data.load_clip(path, sr=22_050)
        soundfile.write(tmp_path / "flac" / f"{path.stem}.flac", y, 22_050)
    assert data.open_corpus(tmp_path / "flac").synthetic
    (tmp_path / "one").mkdir()
    shutil.copy(clips[0], tmp_path / "one")
    assert data.open_corpus(tmp_path / "one").synthetic  # known by its content


def test_other_sound_of_the_very_same_size_is_not_the_published(tmp_path, monkeypatch):
    folder = write_corpus(tmp_path / "c", actors=4)
    publish(monkeypatch, "cremad", folder)
    assert data.open_corpus(folder).name == "CREMA-D"
    for path in folder.glob("5002_*"):
        y, sr = soundfile.read(path)
        content = io.BytesIO()
        soundfile.write(content, -y, sr, format="WAV")
        assert len(content.getvalue()) == path.stat().st_size
        path.write_bytes(content.getvalue())
    corpus = data.open_corpus(folder)
    assert corpus.name == "CREMA-D (a part: 3 of 4 actors; with 18 other clips)"
    assert split.by_speaker(corpus.clips).name == "by speaker, seed 42"
    first = folder / "5001_DFA_ANG_XX.wav"
    first.write_bytes(first.read_bytes()[:-2] + b"\1\1")
    assert "1 clips not as published" in str(data.open_corpus(folder))


def test_files_that_are_gone_cannot_be_compared_and_lengths_decide(tmp_path):
    gone = PUBLISHED["cremad"].assign(path=tmp_path / "gone.wav")
    assert recognise(gone).corpus == "cremad"
