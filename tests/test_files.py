"""Every file that a person sees is found once, wherever links lead."""

import os
from pathlib import Path

import pytest

from ser_helpers.files import walk

symlinks = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def names_in(folder: Path, unreadable: list | None = None) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in walk(folder, unreadable)]


def test_what_is_hidden_or_in_the_bin_is_left_out_but_the_folder_itself_may_be_hidden(tmp_path):
    top = tmp_path / ".cache" / "corpus"
    put(top, "b.wav", "a/c.wav", "A/d.wav")
    put(top, "._b.wav", ".Trash-1000/files/x.wav", ".git/x", "a/.ipynb_checkpoints/c.wav")
    put(top, "$RECYCLE.BIN/x.wav", "__MACOSX/b.wav", ".ser_download/x.wav", "#recycle/x.wav")
    assert names_in(top) == ["A/d.wav", "a/c.wav", "b.wav"]


@symlinks
def test_links_are_followed_once_and_loops_end(tmp_path):
    top, shared = tmp_path / "top", tmp_path / "shared"
    put(top, "real/a.wav")
    put(shared, "b.wav", "deep/c.wav")
    (top / "AudioWAV").symlink_to(shared)
    (top / "again").symlink_to(shared)
    (top / "real" / "circle").symlink_to(top / "real")
    (shared / "back").symlink_to(top)
    (top / "above").symlink_to(tmp_path)  # or all of the disk would be searched
    (top / "itself").symlink_to("itself")
    (top / "lost.wav").symlink_to(tmp_path / "nowhere.wav")
    (top / "0.wav").symlink_to(top / "real" / "a.wav")
    expected = ["0.wav", "AudioWAV/b.wav", "AudioWAV/deep/c.wav", "itself", "lost.wav"]
    assert names_in(top) == [*expected, "real/a.wav"]
    (tmp_path / "way in").symlink_to(top)
    assert names_in(tmp_path / "way in") == [*expected, "real/a.wav"]


@symlinks
def test_a_folder_of_links_to_the_same_names_counts_nothing_twice(tmp_path):
    put(tmp_path, "z/a.wav", "z/b.wav")
    (tmp_path / "all").mkdir()
    for path in (tmp_path / "z").iterdir():
        (tmp_path / "all" / path.name).symlink_to(path)
    (tmp_path / "0").symlink_to(tmp_path / "z")
    assert names_in(tmp_path) == ["z/a.wav", "z/b.wav"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_what_would_never_end_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    put(tmp_path, "a.wav")
    (tmp_path / "linked.wav").symlink_to(tmp_path / "pipe.wav")
    assert names_in(tmp_path) == ["a.wav"]


def test_a_folder_that_cannot_be_read_is_reported(tmp_path, monkeypatch):
    put(tmp_path, "a.wav", "closed/b.wav")
    scandir = os.scandir

    def refuse(folder):  # root may read everything
        if Path(folder).name == "closed":
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    unreadable = []
    assert names_in(tmp_path, unreadable) == ["a.wav"]
    assert unreadable == [(tmp_path / "closed", "Permission denied")]
    assert names_in(tmp_path) == ["a.wav"]
    assert list(walk(tmp_path / "nowhere")) == []
