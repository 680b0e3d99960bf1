"""The real corpora from servers that behave and servers that do not; on 127.0.0.1 only."""

import errno
import hashlib
import io
import multiprocessing
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
import tarfile
import time
import tracemalloc
import warnings
import zipfile
from collections import Counter
from email.utils import formatdate
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import publish
from hypothesis import given
from hypothesis import strategies as st
from little_server import (
    cut,
    from_the_beginning,
    instead,
    serve,
    slowly,
    stalled,
    status,
    well,
    without_length,
)

from ser_helpers import checksums, data, download, split
from ser_helpers.download import facts as published
from ser_helpers.download.__main__ import main
from ser_helpers.download.fetcher import Fetcher
from ser_helpers.download.target import SCRATCH, locked
from ser_helpers.further import listeners

QUICK = download.Patience(connect=1, read=0.3, backoff=0.01, longest_wait=3, tries=4, refusals=8)
ACTORS = (1001, 1002, 1076)
SPEECHLESS = "1076_MTI_SAD_XX"
PEOPLE_LINES = "".join(f"{n},51,Male,\n" for n in (*ACTORS, 1005, 1006))
TABLES = {name: f"ActorID,Age,Sex,{name}\n{PEOPLE_LINES}".encode() for name in checksums.TABLES}
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 70000\n"
QUOTA = b"This repository is over its data quota."


def sound(name: str, sr: int = 16_000) -> bytes:
    """Make a WAV of 0.25 s whose content follows from its name."""
    rng = np.random.default_rng(list(name.encode()))
    file = io.BytesIO()
    soundfile.write(file, 0.1 * rng.normal(size=sr // 4), sr, format="WAV", subtype="PCM_16")
    return file.getvalue()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def other_sound(content: bytes) -> bytes:
    return content[:1000] + bytes(255 - b for b in content[1000:2000]) + content[2000:]


NAMES = {
    actor: tuple(name for name in checksums.published("cremad") if name.startswith(str(actor)))[:8]
    for actor in ACTORS
}
NAMES[1076] = (*NAMES[1076][:7], SPEECHLESS)
WAVS = {name: sound(name) for names in NAMES.values() for name in names}
FILES = {f"AudioWAV/{name}.wav": content for name, content in WAVS.items()} | TABLES
ONE = "AudioWAV/1002_DFA_HAP_XX.wav"


def checksums_of(wavs: dict[str, bytes]) -> dict[str, checksums.Checksum]:
    return {name: checksums.Checksum(len(wav), sha256(wav), None) for name, wav in wavs.items()}


def facts_of(*bases: str) -> published.Facts:
    tables = {name: sha256(content) for name, content in TABLES.items()}
    return published.Facts(checksums_of(WAVS), "the tests", bases, None, tables, bases)


def fetch(folder: Path, *bases: str, **options: object) -> download.Report:
    options = {"patience": QUICK, "progress": False, "facts": facts_of(*bases)} | options
    return download.cremad(folder, **options)


def content_of(folder: Path) -> dict[str, bytes]:
    """Read all that a user sees in a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and SCRATCH not in path.parts
    }


@pytest.fixture(autouse=True)
def _no_proxy_and_no_corpus(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("SER_DATA", raising=False)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))


@pytest.fixture
def github():
    with serve(FILES) as shelf:
        yield shelf


@pytest.fixture
def gitlab():
    with serve(FILES) as shelf:
        yield shelf


@pytest.fixture
def dead() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


# -- what is known of the corpora -----------------------------------------------------------------


def test_the_names_of_cremad_are_those_that_were_published():
    facts = published.cremad()
    fields = [data.parse_name(name) for name in facts.clips]
    assert len(fields) == 7442
    assert [data.make_name(**f) for f in fields] == list(facts.clips)
    assert Counter(f["emotion"] for f in fields) == dict.fromkeys(data.EMOTIONS, 1271) | {
        "NEU": 1087
    }
    of_actor = Counter(f["actor"] for f in fields)
    assert sorted(of_actor) == list(range(1001, 1092))
    assert Counter(of_actor.values()) == {82: 86, 81: 2, 76: 3}
    assert sum(clip.n_bytes for clip in facts.clips.values()) == 605_899_936
    assert SPEECHLESS in facts.clips
    assert set(published.ALIASES) <= set(facts.clips)


def test_the_names_of_ravdess_are_read_into_the_clips_table():
    fields = [data.parse_name(name) for name in published.ravdess().clips]
    assert len(fields) == 1440
    assert Counter(f["actor"] for f in fields) == dict.fromkeys(range(3001, 3025), 60)
    of_emotion = Counter(f["emotion"] for f in fields)
    assert of_emotion == dict.fromkeys((*data.EMOTIONS, "CAL", "SUR"), 192) | {"NEU": 96}
    assert {data.SENTENCES[f["sentence"]] for f in fields} == {
        "Kids are talking by the door",
        "Dogs are sitting by the door",
    }
    assert len({data.make_name(**f) for f in fields}) == 1440
    assert data.parse_name("03-01-06-01-02-02-24") == {
        "actor": 3024, "sentence": "DOB", "emotion": "FEA", "level": "MD"
    }  # fmt: skip
    for song in ("03-02-06-01-02-01-12", "02-01-06-01-02-01-12"):
        with pytest.raises(data.DataError, match="song or a video"):
            data.parse_name(song)
    with pytest.raises(data.DataError, match="does not fit"):
        data.parse_name("03-01-09-01-02-01-12")


@given(st.sets(st.integers(1001, 1091), min_size=1))
def test_a_choice_of_actors_is_read_back(chosen):
    ordered = sorted(chosen)
    assert download.parse_actors(",".join(map(str, ordered)), range(1001, 1092)) == ordered
    first, last = ordered[0], ordered[-1]
    both = download.parse_actors(f"{first}-{last}", range(1001, 1092))
    assert both == list(range(first, last + 1))


@pytest.mark.parametrize("text", ["", "1001-", "x", "1010-1001", "1001;1002", "-5", "1000", "12"])
def test_a_choice_of_actors_that_makes_no_sense_is_refused(text):
    with pytest.raises(data.DataError, match="cannot be read|no actor"):
        download.parse_actors(text, range(1001, 1092))


# -- all well -------------------------------------------------------------------------------------


def test_all_well_and_a_second_run_asks_for_nothing(tmp_path, github, gitlab):
    report = fetch(tmp_path, github.base, gitlab.base)
    assert report.ok
    assert (report.wanted, report.present, report.verified) == (24, 24, 24)
    assert content_of(tmp_path) == FILES
    assert "24 of 24 clips present, 24 verified, 0 files missing" in str(report)
    assert "24 of 24 clips have the published SHA-256 (the tests)" in str(report)
    n_asked = len(github.asked)
    assert n_asked == len(FILES)
    assert not gitlab.asked
    assert fetch(tmp_path, github.base, gitlab.base).ok
    assert len(github.asked) == n_asked


def test_a_part_of_the_actors(tmp_path, github):
    report = fetch(tmp_path, github.base, actors="1001,1076")
    assert report.ok
    assert report.wanted == 16
    assert {name[9:13] for name in content_of(tmp_path) if "wav" in name} == {"1001", "1076"}


def test_progress_ends_where_it_should(tmp_path, github, capsys):
    github.plays[ONE] = [cut, well]
    fetch(tmp_path, github.base, progress=True)
    last = capsys.readouterr().out.rsplit("\r", 1)[1]
    assert "100%" in last
    assert "24 of 24 clips" in last
    assert "B/s" in last


def test_the_corpus_is_found_by_itself_and_the_frozen_split_applies(tmp_path, github, monkeypatch):
    (tmp_path / "course.py").touch()
    monkeypatch.chdir(tmp_path)
    report = data.download("cremad", patience=QUICK, progress=False, facts=facts_of(github.base))
    assert report.folder == tmp_path / "data" / "CREMA-D"
    assert "by itself" in str(report)
    publish(monkeypatch, "cremad", report.folder)
    corpus = data.open_corpus()
    assert (corpus.name, len(corpus.clips)) == ("CREMA-D", 23)
    assert corpus.set_aside.file.tolist() == [str(Path("AudioWAV", f"{SPEECHLESS}.wav"))]
    assert "without speech" in corpus.set_aside.reason[0]
    assert f"{SPEECHLESS}.wav is here, but left out" in str(report)
    assert data.open_corpus("cremad").clips.equals(corpus.clips)
    for actor in (1005, 1006):  # one who tests, one who validates
        for name, content in list(WAVS.items())[:3]:
            (corpus.folder / f"{actor}{name[4:]}.wav").write_bytes(content)
    publish(monkeypatch, "cremad", report.folder)
    assert split.by_speaker(data.open_corpus().clips).name == "cremad-v1"
    with pytest.raises(data.DataError, match="no corpus 'emodb'"):
        data.download("emodb")


# -- servers that do not behave -------------------------------------------------------------------

BAD = {
    "404": status(404),
    "over its quota": status(403, QUOTA),
    "500": status(500),
    "cut in the middle": cut,
    "stalled": stalled,
    "truncated, length unknown": without_length,
    "a pointer": instead(POINTER),
    "a web page": instead(b"<!DOCTYPE html><html><body>Sign in</body></html>"),
    "something else": instead(b"hello"),
    "empty": instead(b""),
}


@pytest.mark.parametrize("what", BAD)
def test_one_file_that_is_bad_at_the_first_source_comes_from_the_second(
    tmp_path, github, gitlab, what
):
    github.plays[ONE] = [BAD[what]]
    report = fetch(tmp_path, github.base, gitlab.base)
    assert report.ok, report
    assert content_of(tmp_path) == FILES
    assert gitlab.count(ONE) == 1


@pytest.mark.parametrize("what", BAD)
def test_what_is_bad_everywhere_is_named_with_the_reason_and_the_rest_is_kept(
    tmp_path, github, what
):
    github.plays[ONE] = [BAD[what]]
    report = fetch(tmp_path, github.base)
    assert not report.ok
    assert list(report.missing) == ["1002_DFA_HAP_XX.wav"]
    reason = {
        "404": "HTTP 404",
        "over its quota": "HTTP 403 .*over its data quota",
        "500": "HTTP 500",
        "cut in the middle": r"cut off after [\d,]+ bytes",
        "stalled": "no answer in time",
        "truncated, length unknown": "cut short",
        "a pointer": "pointer in place of sound",
        "a web page": "web page in place of sound",
        "something else": "not sound",
        "empty": "empty",
    }[what]
    assert re.search(reason, str(report)), report
    assert (report.present, report.verified) == (23, 23)
    assert content_of(tmp_path) == {name: c for name, c in FILES.items() if name != ONE}
    del github.plays[ONE]
    assert fetch(tmp_path, github.base).ok


def test_a_server_with_a_hiccup_is_asked_again(tmp_path, github):
    github.plays[ONE] = [status(500), status(503), well]
    assert fetch(tmp_path, github.base).ok
    assert github.count(ONE) == 3


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_respected_by_all_threads(tmp_path, github, form):
    def too_many(handler, content):
        # A date has whole seconds, and is at least one second from now, too.
        wait = 1 if form == "seconds" else formatdate(time.time() + 2, usegmt=True)
        status(429, Retry_After=wait)(handler, content)

    github.plays[ONE] = [too_many, well]
    github.default = [slowly]
    assert fetch(tmp_path, github.base, jobs=4).ok
    refused = next(at for at, path in github.asked if path == ONE)
    again = next(at for at, path in github.asked if path == ONE and at > refused)
    assert again - refused >= 0.99
    # those that were on their way already may come; a fresh request may not
    early = [path for at, path in github.asked if refused + 0.2 < at < refused + 0.95]
    assert not early


def test_while_one_source_wants_us_to_wait_the_other_is_asked(tmp_path, github, gitlab):
    github.default = [status(429, Retry_After=2)]
    start = time.monotonic()
    report = fetch(tmp_path, github.base, gitlab.base)
    assert report.ok
    assert time.monotonic() - start < 2


def test_a_source_that_wants_us_to_wait_for_an_hour_is_given_up(tmp_path, github):
    github.default = [status(429, Retry_After=3600)]
    start = time.monotonic()
    report = fetch(tmp_path, github.base)
    assert "asks to come back in 3600 s" in str(report)
    assert time.monotonic() - start < 3
    assert len(github.asked) <= 8 + len(TABLES)


def test_a_source_over_its_quota_is_not_asked_for_every_file(tmp_path, github, gitlab):
    github.default = [status(403, QUOTA)]
    report = fetch(tmp_path, github.base, gitlab.base, jobs=2)
    assert report.ok
    clips = [path for _, path in github.asked if path not in TABLES]
    assert len(clips) <= QUICK.refusals + 2


def test_first_source_dead_mirror_well(tmp_path, dead, gitlab):
    assert fetch(tmp_path, dead, gitlab.base).ok
    assert content_of(tmp_path) == FILES


def test_both_dead_gives_a_clear_report_exit_code_1_and_keeps_what_is_there(
    tmp_path, dead, github, gitlab, monkeypatch, capsys
):
    fetch(tmp_path, github.base, actors=[1001])
    before = content_of(tmp_path)
    for base in (dead, gitlab.base):
        gitlab.default = [status(500)]
        monkeypatch.setattr(published, "cremad", lambda base=base: facts_of(dead, base))
        monkeypatch.setattr(download.cremad, "__kwdefaults__", QUICK_DEFAULTS)
        assert main(["cremad", "--to", str(tmp_path)]) == 1
        said = capsys.readouterr().out
        assert "8 of 24 clips present, 8 verified, 16 files missing" in said
        assert "no connection" in said
        assert "What has arrived is kept: run the same command again" in said
        assert content_of(tmp_path) == before


QUICK_DEFAULTS = download.cremad.__kwdefaults__ | {"patience": QUICK, "progress": False}


# -- the right length, the wrong bytes ------------------------------------------------------------


def test_wrong_bytes_of_the_right_length_come_from_the_other_source(tmp_path, github, gitlab):
    another = "AudioWAV/1002_DFA_SAD_XX.wav"
    github.plays[ONE] = [instead(other_sound)]
    gitlab.plays[another] = [instead(other_sound)]
    assert fetch(tmp_path, github.base, gitlab.base).verified == 24
    assert content_of(tmp_path) == FILES


def test_wrong_bytes_everywhere_are_doubtful_and_replaced_when_there_are_better_ones(
    tmp_path, github, gitlab
):
    github.plays[ONE] = [instead(other_sound)]
    gitlab.plays[ONE] = [instead(lambda content: content[:-2] + b"zz")]
    for _ in range(2):
        report = fetch(tmp_path, github.base, gitlab.base)
        assert (report.ok, report.present, report.verified) == (False, 24, 23)
        assert list(report.doubtful) == [Path(ONE).name]
        assert "doubtful: 1002_DFA_HAP_XX.wav: not the published content" in str(report)
        assert "23 of 24 clips have the published SHA-256" in str(report)
        assert content_of(tmp_path) == FILES | {ONE: other_sound(FILES[ONE])}
    report = fetch(tmp_path, github.base, gitlab.base, offline=True)
    assert list(report.doubtful) == [Path(ONE).name]
    github.plays.clear()
    report = fetch(tmp_path, github.base)
    assert (report.ok, report.verified) == (True, 24)
    assert "replaced, and kept as 1002_DFA_HAP_XX.wav.old" in str(report)
    assert content_of(tmp_path) == FILES | {f"{ONE}.old": other_sound(FILES[ONE])}


def test_an_address_where_all_is_wrong_is_not_asked_for_all_of_it(tmp_path, github):
    wrong = {path: other_sound(content) for path, content in FILES.items() if path not in TABLES}
    stick = write(tmp_path / "stick", wrong)
    github.files = FILES | wrong
    report = fetch(tmp_path / "mine", github.base, source=stick, jobs=1)
    assert (report.ok, report.verified, len(report.doubtful)) == (False, 0, 24)
    assert len([path for _, path in github.asked if path not in TABLES]) == QUICK.refusals
    # and where there is nothing better, all of another version is taken, but never called verified
    report = fetch(tmp_path / "other", github.base)
    assert (report.present, report.verified, len(report.doubtful)) == (24, 0, 24)


def test_a_wrong_table_is_fetched_from_the_other_source(tmp_path, github, gitlab):
    github.plays["VideoDemographics.csv"] = [instead(b"ActorID,Age\n1001,15\n")]
    assert fetch(tmp_path, github.base, gitlab.base).ok
    assert content_of(tmp_path) == FILES


# -- what is on disk already ----------------------------------------------------------------------


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_from_a_folder_without_any_network(tmp_path):
    stick = write(tmp_path / "stick", {f"CREMA-D/{name}": c for name, c in FILES.items()})
    report = fetch(tmp_path / "mine", source=stick, offline=True)
    assert report.ok
    assert content_of(tmp_path / "mine") == FILES


def test_from_kaggles_zip_with_its_one_odd_name_the_rest_from_the_net(
    tmp_path, github, monkeypatch
):
    name, odd = "1040_ITH_SAD_XX", "1040_ITH_SAD_X"
    monkeypatch.setitem(WAVS, name, sound(name))
    files = {path: content for path, content in FILES.items() if path not in TABLES}
    kaggle = write_zip(tmp_path / "k.zip", files | {f"AudioWAV/{odd}.wav": WAVS[name]})
    report = fetch(tmp_path / "mine", github.base, source=kaggle)
    assert report.ok
    assert content_of(tmp_path / "mine") == FILES | {f"AudioWAV/{name}.wav": WAVS[name]}
    assert {path for _, path in github.asked} == set(TABLES)
    github.files = FILES | {f"AudioWAV/{odd}.wav": WAVS[name]}  # a mirror of an older copy
    assert fetch(tmp_path / "other", github.base, actors=[1040]).ok


def test_from_a_clone_without_git_lfs_takes_the_tables_and_says_what_the_clips_are(
    tmp_path, github
):
    clone = write(
        tmp_path / "clone",
        {name: content if name in TABLES else POINTER for name, content in FILES.items()},
    )
    report = fetch(tmp_path / "mine", source=clone, offline=True)
    assert "pointer in place of sound" in str(report)
    assert list(content_of(tmp_path / "mine")) and set(content_of(tmp_path / "mine")) == set(TABLES)
    assert fetch(tmp_path / "mine", github.base, source=clone).ok
    # and in the clone itself
    assert fetch(clone, github.base, verify=True).ok
    assert content_of(clone) == FILES


def test_verify_repairs_only_what_is_broken_and_leaves_the_rest_of_the_corpus_alone(
    tmp_path, github
):
    fetch(tmp_path, github.base, actors=[1001, 1002])
    own = tmp_path / "AudioWAV" / "my notes.txt"
    own.write_text("mine", encoding="utf-8")
    cut_short, pointer = (tmp_path / "AudioWAV" / f"{NAMES[1001][i]}.wav" for i in (0, 1))
    cut_short.write_bytes(cut_short.read_bytes()[:3000])
    pointer.write_bytes(POINTER)
    (tmp_path / ONE).write_bytes(other_sound(FILES[ONE]))
    no_sound = tmp_path / "AudioWAV" / f"{NAMES[1001][2]}.wav"
    no_sound.write_bytes(b"what somebody wrote")
    github.asked.clear()
    report = fetch(tmp_path, github.base, verify=True)
    assert report.ok
    assert (report.wanted, report.verified) == (16, 16)
    assert own.read_text(encoding="utf-8") == "mine"
    asked = {path for _, path in github.asked}
    assert asked == {f"AudioWAV/{n}.wav" for n in NAMES[1001][:3]} | {ONE}
    assert {path.name: path.read_bytes() for path in tmp_path.rglob("*.old")} == {
        f"{no_sound.name}.old": b"what somebody wrote",
        f"{Path(ONE).name}.old": other_sound(FILES[ONE]),
    }
    with pytest.raises(data.DataError, match="nothing to verify"):
        fetch(tmp_path / "empty", github.base, verify=True)


def test_clips_that_lie_elsewhere_in_the_folder_are_used_where_they_are(tmp_path, github):
    flat = {path.removeprefix("AudioWAV/"): content for path, content in FILES.items()}
    del flat[Path(ONE).name]
    write(tmp_path, flat)
    assert fetch(tmp_path, github.base).ok
    assert set(content_of(tmp_path)) == set(flat) | {Path(ONE).name}
    assert len(github.asked) == 1


def test_a_source_that_is_neither_folder_nor_zip_is_refused(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 and then nothing")
    for name, reason in (("a.zip", "not a whole zip"), ("nowhere", "no folder or zip")):
        with pytest.raises(data.DataError, match=reason):
            fetch(tmp_path / "mine", source=tmp_path / name, offline=True)


# -- killed, locked, full -------------------------------------------------------------------------


def test_killed_twenty_times_in_a_row_and_then_finished_whole(tmp_path, github):
    many = multiprocessing.get_context("spawn" if os.name == "nt" else "forkserver")
    if os.name != "nt":
        many.set_forkserver_preload(["ser_helpers.download"])
    github.default = [slowly]
    options = {"facts": facts_of(github.base), "patience": QUICK, "progress": False, "jobs": 2}
    arrived = 0
    for _ in range(20):
        asked = len(github.asked)
        process = many.Process(target=download.cremad, args=(tmp_path,), kwargs=options)
        process.start()
        while len(github.asked) < asked + 2 and process.is_alive():
            time.sleep(0.002)
        process.kill()
        process.join()
        here = content_of(tmp_path)
        assert here.items() <= FILES.items()  # whatever has its final name is whole
        assert len(here) >= arrived  # and nothing is lost again
        arrived = len(here)
    assert 0 < arrived < len(FILES)
    github.asked.clear()
    assert fetch(tmp_path, github.base).ok
    assert content_of(tmp_path) == FILES
    assert len(github.asked) == len(FILES) - arrived
    assert [path.name for path in (tmp_path / SCRATCH).iterdir()] == ["lock"]


def test_a_second_run_into_the_same_folder_is_told_so_and_harms_nothing(tmp_path, github, capsys):
    with locked(tmp_path):
        assert main(["cremad", "--to", str(tmp_path), "--base", github.base]) == 1
    assert "another download into" in capsys.readouterr().err
    assert not github.asked
    assert fetch(tmp_path, github.base).ok


def test_a_disk_that_is_too_small_is_told_before_the_start(tmp_path, github, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=50_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(data.DataError, match="51 MB are needed in .* 50 MB are free"):
        fetch(tmp_path, github.base)
    assert not github.asked


def test_a_disk_that_fills_up_stops_it_cleanly(tmp_path, github, monkeypatch):
    take, n_taken = Fetcher._take, 0

    def take_until_full(*arguments):
        nonlocal n_taken
        n_taken += 1
        if n_taken > 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        return take(*arguments)

    monkeypatch.setattr(Fetcher, "_take", take_until_full)
    with pytest.raises(data.DataError, match="the disk is full: 1 MB more are needed"):
        fetch(tmp_path, github.base)
    here = content_of(tmp_path)
    assert len(here) >= len(TABLES)
    assert here.items() <= FILES.items()
    monkeypatch.undo()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert fetch(tmp_path, github.base).ok


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs Linux's unshare")
def test_a_real_full_disk(tmp_path, github):
    script = """if True:
        import sys, test_download as t
        t.download.target.SPARE = -10**9  # not seen before the start, then
        folder = t.Path(sys.argv[1]) / "corpus"
        try:
            t.fetch(folder, sys.argv[2])
        except t.data.DataError as error:
            print("said:", error, len(t.content_of(folder)))
    """
    mount = f'mount -t tmpfs -o size=100k none {tmp_path} && exec {sys.executable} -c "$0" "$@"'
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, script, tmp_path, github.base],
        cwd=Path(__file__).parent,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("no tmpfs may be mounted here")
    assert "said: the disk is full: 1 MB more are needed" in done.stdout, done.stderr
    assert int(done.stdout.split()[-1]) > len(TABLES)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path, github):
    (tmp_path / "file").touch()
    with pytest.raises(data.DataError, match="cannot be written to"):
        fetch(tmp_path / "file", github.base)


# -- RAVDESS --------------------------------------------------------------------------------------

RAVDESS_NAMES = tuple(n for n in checksums.published("ravdess") if n[-2:] in ("01", "02"))[::5]
RAVDESS = {f"Actor_{name[-2:]}/{name}.wav": sound(name, 48_000) for name in RAVDESS_NAMES}


def zip_bytes(files: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return file.getvalue()


ZIP = zip_bytes(RAVDESS)


def ravdess_facts(*bases: str, names: tuple[str, ...] = RAVDESS_NAMES) -> published.Facts:
    archive = published.Archive("speech.zip", len(ZIP), hashlib.md5(ZIP).hexdigest())
    wavs = {Path(path).stem: content for path, content in RAVDESS.items()}
    return published.Facts(
        checksums_of({name: wavs[name] for name in names}), "the tests", bases, archive
    )


def fetch_ravdess(folder: Path, *bases: str, **options: object) -> download.Report:
    options = {"patience": QUICK, "progress": False, "facts": ravdess_facts(*bases)} | options
    return download.ravdess(folder, **options)


def clips_in(folder: Path) -> dict[str, bytes]:
    return {n: content for n, content in content_of(folder).items() if n.endswith(".wav")}


@pytest.fixture
def zenodo():
    with serve({"speech.zip": ZIP}) as shelf:
        yield shelf


def test_ravdess_all_well_is_a_corpus_and_a_second_run_asks_for_nothing(
    tmp_path, zenodo, monkeypatch
):
    (tmp_path / "course.py").touch()
    monkeypatch.chdir(tmp_path)
    report = fetch_ravdess(None, zenodo.base)
    assert report.ok
    assert report.verified == report.present == len(RAVDESS)
    assert "data.open_corpus('ravdess')" in str(report)
    assert clips_in(report.folder) == RAVDESS
    publish(monkeypatch, "ravdess", report.folder)
    corpus = data.open_corpus("ravdess")
    assert corpus.name == "RAVDESS"
    assert set(corpus.clips.emotion) <= set(data.EMOTIONS)
    assert corpus.clips.groupby("actor").sex.first().to_dict() == {3001: "male", 3002: "female"}
    assert len(data.load_clip(corpus.clips.path.iloc[0])) == 4000  # 0.25 s, now at 16 kHz
    other = corpus.set_aside
    assert len(corpus.clips) + len(other) == len(RAVDESS)
    assert other.reason.str.contains("CAL|SUR").all()
    every = data.open_corpus("ravdess", emotions=(*data.EMOTIONS, *data.OTHER_EMOTIONS))
    assert len(every.clips) == len(RAVDESS)
    with pytest.raises(ValueError, match="unknown emotion"):
        data.open_corpus("ravdess", emotions=["JOY"])
    assert fetch_ravdess(None, zenodo.base).ok
    assert len(zenodo.asked) == 1
    assert not list((report.folder / SCRATCH).glob("*.zip*"))


def test_the_zip_goes_on_where_it_was_cut_off(tmp_path, zenodo):
    zenodo.plays["speech.zip"] = [cut] * 5 + [well]  # more often than a source may be busy
    assert fetch_ravdess(tmp_path, zenodo.base).ok
    assert clips_in(tmp_path) == RAVDESS
    assert zenodo.count("speech.zip") == 6


def test_a_server_that_cannot_go_on_begins_anew(tmp_path, zenodo):
    zenodo.plays["speech.zip"] = [cut, from_the_beginning]
    assert fetch_ravdess(tmp_path, zenodo.base).ok
    assert clips_in(tmp_path) == RAVDESS


@pytest.mark.parametrize("n_here", [1000, len(ZIP), len(ZIP) + 5])
@pytest.mark.parametrize("right", [True, False])
def test_the_zip_goes_on_from_a_run_that_was_killed(tmp_path, zenodo, n_here, right):
    part = tmp_path / SCRATCH / "speech.zip.part"
    part.parent.mkdir()
    part.write_bytes((ZIP if right else b"x" * len(ZIP))[:n_here] + b"x" * (n_here - len(ZIP)))
    assert fetch_ravdess(tmp_path, zenodo.base).ok
    assert clips_in(tmp_path) == RAVDESS
    assert zenodo.count("speech.zip") == (
        0 if right and n_here == len(ZIP) else 1 + (n_here != 1000 or not right)
    )


def test_a_wrong_zip_is_refused_by_its_md5_and_the_mirror_asked(tmp_path, zenodo):
    with serve({"speech.zip": ZIP[:-100] + b"x" * 100}) as bad:
        report = fetch_ravdess(tmp_path / "a", bad.base)
        assert not report.ok
        assert "the wrong content: md5" in str(report)
        assert clips_in(tmp_path / "a") == {}
        assert fetch_ravdess(tmp_path / "b", bad.base, zenodo.base).ok


def test_a_zip_packed_anew_and_a_neighbours_folder_are_verified_clip_by_clip(tmp_path):
    archive = tmp_path / "x.zip"
    write_zip(archive, {f"audio/{name}": content for name, content in RAVDESS.items()})
    report = fetch_ravdess(tmp_path / "a", source=archive, offline=True)
    assert (report.ok, report.verified) == (True, len(RAVDESS))
    assert archive.exists()
    report = fetch_ravdess(tmp_path / "b", source=tmp_path / "a", offline=True)
    assert (report.ok, report.verified) == (True, len(RAVDESS))
    assert content_of(tmp_path / "b") == RAVDESS


@pytest.mark.parametrize("manifest", ["", "not a manifest\n", "abc *x.wav\n", None])
def test_checksums_that_come_with_clips_are_neither_believed_nor_touched(tmp_path, manifest):
    forged = {name: other_sound(content) for name, content in RAVDESS.items()}
    if manifest is None:
        manifest = "".join(f"{sha256(wav)}  {name}\n" for name, wav in forged.items())
    stick = write(tmp_path / "stick", forged | {"checksums.sha256": manifest.encode()})
    report = fetch_ravdess(tmp_path / "mine", source=stick, offline=True)
    assert (report.ok, report.present, report.verified) == (False, len(RAVDESS), 0)
    assert "not the published content" in str(report)
    assert content_of(tmp_path / "mine") == forged
    report = fetch_ravdess(stick, offline=True)
    assert (report.present, report.verified) == (len(RAVDESS), 0)
    assert content_of(stick) == forged | {"checksums.sha256": manifest.encode()}


def test_what_a_source_lacks_or_has_wrong_comes_out_of_the_published_zip(tmp_path, zenodo):
    names = list(RAVDESS)
    stick = write(tmp_path / "stick", {n: RAVDESS[n] for n in names[2:]})
    write(stick, {names[1]: other_sound(RAVDESS[names[1]])})
    assert fetch_ravdess(tmp_path / "mine", zenodo.base, source=stick).ok
    assert content_of(tmp_path / "mine") == RAVDESS


def test_a_zip_that_a_browser_put_into_the_folder_is_used_and_stays(tmp_path):
    by_hand = tmp_path / "speech.zip"
    by_hand.write_bytes(ZIP)
    assert fetch_ravdess(tmp_path, offline=True).verified == len(RAVDESS)
    assert by_hand.read_bytes() == ZIP


def test_ravdess_is_repaired_where_it_is_broken(tmp_path, zenodo):
    fetch_ravdess(tmp_path, zenodo.base)
    short, wrong, gone = (tmp_path / name for name in list(RAVDESS)[:3])
    short.write_bytes(short.read_bytes()[:500])
    wrong.write_bytes(other_sound(wrong.read_bytes()))
    gone.unlink()
    report = fetch_ravdess(tmp_path, zenodo.base, verify=True)
    assert (report.ok, report.verified) == (True, len(RAVDESS))
    assert clips_in(tmp_path) == RAVDESS
    assert zenodo.count("speech.zip") == 2
    kept = [path.name for path in tmp_path.rglob("*.old")]  # what was whole might be somebody's
    assert kept == [f"{wrong.name}.old"]


def test_a_zip_with_paths_that_lead_out_of_it_writes_nothing_outside(tmp_path):
    good = dict(list(RAVDESS.items())[1:])
    first = Path(next(iter(RAVDESS))).name
    files = {
        f"../{first}": sound("evil"),
        f"/{first}": sound("evil"),
        f"Actor_01/../../{first}": b"",
    }
    archive = tmp_path / "deep" / "evil.zip"
    archive.parent.mkdir()
    archive.write_bytes(zip_bytes(files | {"C:\\x\\" + first: b"", "..\\" + first: b""} | good))
    report = fetch_ravdess(tmp_path / "deep" / "mine", source=archive, offline=True)
    assert not report.ok
    assert "lead out of the folder" in str(report)
    assert list(report.missing) == [first]
    assert clips_in(tmp_path / "deep" / "mine") == good
    assert {p.name for p in tmp_path.rglob("*.wav")} == {Path(name).name for name in good}
    assert not Path(f"/{first}").exists()


@pytest.mark.parametrize("share", [0.3, 0.999])
def test_a_zip_cut_short_is_said_to_be(tmp_path, share):
    archive = tmp_path / "x.zip"
    archive.write_bytes(ZIP[: int(share * len(ZIP))])
    with pytest.raises(data.DataError, match="not a whole zip"):
        fetch_ravdess(tmp_path / "mine", source=archive, offline=True)


# -- zips and folders as the world has them -------------------------------------------------------

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14


def pack(method: int, files: dict[str, bytes] = RAVDESS) -> bytearray:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return bytearray(file.getvalue())


def members(content: bytes) -> dict[str, zipfile.ZipInfo]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {member.filename: member for member in archive.infolist()}


def from_zip(tmp_path: Path, content: bytes, **options: object) -> download.Report:
    archive = tmp_path / "x.zip"
    archive.write_bytes(content)
    report = fetch_ravdess(tmp_path / "mine", source=archive, offline=True, **options)
    archive.rename(tmp_path / "y.zip")
    return report


@pytest.mark.parametrize("method", [STORED, DEFLATED, BZIP2, LZMA])
@pytest.mark.parametrize("place", [4, 20, 2000, -3])
def test_a_clip_that_is_damaged_in_a_zip_is_named_whatever_packed_it(tmp_path, method, place):
    content, first = pack(method), next(iter(RAVDESS))
    member = members(content)[first]
    start = member.header_offset + 30 + len(first)
    at = start + place % member.compress_size
    content[at : at + 3] = bytes(255 - byte for byte in content[at : at + 3])
    report = from_zip(tmp_path, content)
    assert list(report.missing) == [Path(first).name]
    assert re.search("damaged in the zip|cannot be read", str(report))
    assert report.verified == len(RAVDESS) - 1
    assert clips_in(tmp_path / "mine") == {n: c for n, c in RAVDESS.items() if n != first}


def test_a_zip64_and_a_zip_that_was_streamed(tmp_path):
    class Pipe(io.RawIOBase):
        """Cannot be wound back, so that sizes stand behind each member only."""

        def write(self, piece):
            content.extend(piece)
            return len(piece)

        def writable(self):
            return True

    content = bytearray()
    with zipfile.ZipFile(Pipe(), "w", DEFLATED) as archive:
        for n, (name, wav) in enumerate(RAVDESS.items()):
            with archive.open(name, "w", force_zip64=n % 2 == 0) as member:
                member.write(wav)
    assert from_zip(tmp_path, content).verified == len(RAVDESS)


def set_fields(content: bytearray, name: str, **fields: int) -> bytearray:
    """Write another method, flag or size into both headers of a member (APPNOTE 4.3.7, 4.3.12)."""
    places = {"flag": (6, 8, 2), "method": (8, 10, 2), "crc": (14, 16, 4), "size": (22, 24, 4)}
    local = members(content)[name].header_offset
    central = content.rindex(b"PK\x01\x02", 0, content.rindex(name.encode()))
    for field, value in fields.items():
        in_local, in_central, n = places[field]
        for at in (local + in_local, central + in_central):
            content[at : at + n] = value.to_bytes(n, "little")
    return content


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"flag": 1}, "encrypted with a password: unpack the zip first"),
        ({"method": 9}, "compressed by deflate64, which Python cannot unpack"),
        ({"method": 98}, "compressed by PPMd"),
        ({"method": 77}, "compressed by method 77"),
        ({"crc": 1}, "damaged in the zip"),
        ({"size": 100}, "damaged in the zip"),
        ({"size": 2**32 - 2}, "not the published content (far larger)"),
    ],
)
def test_a_clip_that_a_zip_does_not_give_is_named_and_the_others_come(tmp_path, fields, reason):
    first = next(iter(RAVDESS))
    report = from_zip(tmp_path, set_fields(pack(DEFLATED), first, **fields))
    assert list(report.missing) == [Path(first).name]
    assert reason in str(report)
    assert report.verified == len(RAVDESS) - 1


@pytest.mark.parametrize("method", [DEFLATED, BZIP2, LZMA])
def test_a_zip_bomb_stops_at_what_it_claims(tmp_path, method):
    first = next(iter(RAVDESS))
    content = pack(method, RAVDESS | {first: RAVDESS[first] + bytes(100_000_000)})
    set_fields(content, first, size=len(RAVDESS[first]))
    tracemalloc.start()
    report = from_zip(tmp_path, content, jobs=1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert list(report.missing) == [Path(first).name]
    assert report.verified == len(RAVDESS) - 1
    assert peak < 30_000_000


def test_names_that_a_zip_has_twice_in_bins_in_capitals_or_very_deep(tmp_path):
    paths = iter(RAVDESS.items())
    (a, wav_a), (b, wav_b), (c, wav_c), (d, _) = (next(paths) for _ in range(4))
    link = zipfile.ZipInfo(d)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    file = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w") as archive:
        warnings.simplefilter("ignore")  # of names that are there twice
        archive.writestr(a, other_sound(wav_a))
        archive.writestr(a, b"<html>")
        archive.writestr(a, wav_a)
        archive.writestr(f"__MACOSX/._{Path(b).name}", b"twin")
        archive.writestr("deep/" * 3000 + Path(b).name.upper(), wav_b)
        archive.writestr(f"win\\dows\\{Path(c).name}", wav_c)
        archive.writestr(link, "../../etc/passwd")
        archive.writestr(b"\xe9t\xe9.txt".decode("cp437"), b"summer")
    report = from_zip(tmp_path, file.getvalue())
    assert {Path(n).name for n in (a, b, c)} == {p.name for p in (tmp_path / "mine").rglob("*.wav")}
    assert report.verified == 3
    assert "a symbolic link in the zip" in report.missing[Path(d).name]


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz", "x.7z", "x.rar"])
def test_another_archive_is_to_be_unpacked_first(tmp_path, name):
    path = tmp_path / name
    if ".tar" in name:
        stick = write(tmp_path / "stick", RAVDESS)
        with tarfile.open(path, "w:gz" if name.endswith("gz") else "w") as archive:
            archive.add(stick)
    else:
        path.write_bytes({"x.7z": b"7z\xbc\xaf\x27\x1c", "x.rar": b"Rar!\x1a\x07"}[name] * 99)
    with pytest.raises(data.DataError, match="tar, 7z or rar, unpack it first"):
        fetch_ravdess(tmp_path / "mine", source=path, offline=True)
    assert not (tmp_path / "mine").exists()
    folder = write(tmp_path / "folder", {name: b""})
    report = fetch_ravdess(tmp_path / "other", source=folder, offline=True)
    assert f"none of the clips, but archives: give one by --from, or unpack it first: {name}" in (
        str(report)
    )


def test_the_zip_is_closed_before_it_is_deleted_and_whatever_happens(tmp_path, zenodo, monkeypatch):
    """As on Windows, where an open file can be neither deleted nor renamed."""
    still_open = set()

    class Watched(zipfile.ZipFile):
        def __init__(self, file, *arguments):
            super().__init__(file, *arguments)
            still_open.add(Path(file))

        def close(self):
            super().close()
            still_open.discard(Path(self.filename))

    def only_closed(do):
        def watched(path, *arguments, **options):
            assert Path(path) not in still_open
            return do(path, *arguments, **options)

        return watched

    monkeypatch.setattr(zipfile, "ZipFile", Watched)
    for name in ("unlink", "replace", "rename"):
        monkeypatch.setattr(Path, name, only_closed(getattr(Path, name)))
    monkeypatch.setattr(os, "replace", only_closed(os.replace))
    assert fetch_ravdess(tmp_path / "a", zenodo.base).ok
    archive = tmp_path / "x.zip"
    archive.write_bytes(ZIP)
    assert fetch_ravdess(tmp_path / "b", source=archive).ok
    monkeypatch.setattr(download.corpora, "put", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fetch_ravdess(tmp_path / "c", source=archive)
    assert not still_open


def test_paths_are_read_as_people_write_them(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("STICK", str(tmp_path / "my stick"))
    write(tmp_path / "my stick", FILES)
    for n, source in enumerate(["~/my stick", "$STICK", "${STICK}/AudioWAV/..", '"~/my stick" ']):
        assert fetch(f"~/to{n}", source=source, offline=True).verified == 24
        assert content_of(tmp_path / f"to{n}") == FILES
    monkeypatch.chdir(write(tmp_path / "own", {f"$STICK/{n}": c for n, c in RAVDESS.items()}))
    assert fetch_ravdess("mine", source="$STICK", offline=True).ok  # a folder of that name
    with pytest.raises(data.DataError, match="no folder or zip .*nobody-of-this-name"):
        fetch(tmp_path / "a", source="~nobody-of-this-name/x", offline=True)


def test_a_source_that_is_the_folder_itself_or_around_it_or_in_it(tmp_path):
    mine = write(tmp_path / "mine", {f"stick/{n}": c for n, c in list(RAVDESS.items())[:5]})
    assert fetch_ravdess(mine, source=mine / "stick", offline=True).verified == 5
    assert len(content_of(mine)) == 5
    broken = {n: b"RIFF" for n in RAVDESS}
    around = write(tmp_path / "around", {f"z/{n}": c for n, c in RAVDESS.items()})
    write(around / "a" / "RAVDESS", broken)
    report = fetch_ravdess(around / "a" / "RAVDESS", source=around, offline=True)
    assert report.verified == len(RAVDESS)
    assert fetch_ravdess(mine, source=mine, offline=True).verified == 5


def link(path: Path, to: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.symlink_to(to, target_is_directory=to.is_dir())
    except OSError:
        pytest.skip("links need rights on Windows")


def test_links_are_followed_and_a_loop_ends(tmp_path, github):
    shared = write(tmp_path / "shared", FILES)
    link(tmp_path / "mine" / "AudioWAV", shared / "AudioWAV")
    link(tmp_path / "mine" / "loop", tmp_path / "mine")
    assert fetch(tmp_path / "mine", github.base, verify=True).verified == 24
    assert {path for _, path in github.asked} == set(TABLES)
    link(tmp_path / "stick" / "a" / "b", shared)
    link(tmp_path / "stick" / "a" / "loop", tmp_path / "stick")
    link(tmp_path / "stick" / "nowhere.wav", tmp_path / "gone.wav")
    assert fetch(tmp_path / "other", source=tmp_path / "stick", offline=True).ok
    # what replaces a linked clip does not write into the place that the link leads to
    forged = tmp_path / "forged.wav"
    forged.write_bytes(other_sound(FILES[ONE]))
    (tmp_path / "other" / ONE).unlink()
    link(tmp_path / "other" / ONE, forged)
    assert fetch(tmp_path / "other", github.base).ok
    assert forged.read_bytes() == other_sound(FILES[ONE])
    assert (tmp_path / "other" / f"{ONE}.old").is_symlink()


def test_what_the_first_edition_downloaded_is_accepted_as_it_is(tmp_path):
    manifest = "".join(f"{sha256(wav)}  {name}\n" for name, wav in RAVDESS.items()).encode()
    write(tmp_path, RAVDESS | {"checksums.sha256": manifest, f"{SCRATCH}/lock": b""})
    assert fetch_ravdess(tmp_path, offline=True).verified == len(RAVDESS)
    assert content_of(tmp_path) == RAVDESS | {"checksums.sha256": manifest}


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows, names are UTF-16")
def test_names_that_are_no_utf8_in_a_source_and_as_a_folder(tmp_path, capsys):
    odd = os.fsdecode(b"caf\xe9")
    try:
        stick = write(tmp_path / odd, RAVDESS | {f"{odd}.wav": b"x"})
    except OSError:
        pytest.skip("this disk has UTF-8 names only")
    report = fetch_ravdess(tmp_path / f"{odd}2", source=stick, offline=True)
    assert report.verified == len(RAVDESS)
    assert main(["ravdess", "--from", str(tmp_path / "mine"), "--to", str(stick)]) == 1
    print(report, fetch_ravdess(stick, source=stick / "Actor_01", offline=True))
    capsys.readouterr().out.encode()


def test_a_folder_in_it_that_is_read_only_is_named(tmp_path, monkeypatch):
    def refuse(new, path):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "replace", refuse)  # root may write everywhere
    with pytest.raises(data.DataError, match="csv cannot be written .Permission denied"):
        fetch(tmp_path / "mine", source=write(tmp_path / "stick", FILES), offline=True)


def test_an_address_that_is_none_is_refused(tmp_path):
    for base in ("data/CREMA-D", "ftp://school/", "school:8000", "http://"):
        with pytest.raises(data.DataError, match="not an address"):
            fetch(tmp_path / "mine", bases=[base])


def test_a_server_that_never_ends_is_cut_off(tmp_path, github):
    github.plays[ONE] = [instead(FILES[ONE] + bytes(20 * len(FILES[ONE])))]
    report = fetch(tmp_path, github.base)
    assert "far larger" in report.missing[Path(ONE).name]
    assert report.verified == 23


# -- tables ---------------------------------------------------------------------------------------

VOTES = """"","A","D","F","H","N","S","fileName","numResponses"
"100001",0,0,0,1,10,0,"1001_IEO_NEU_XX",11
"100002",0,2,0,3,6,0,"1001_DFA_HAP_XX",11
"200001",0,0,0,0,9,0,"1001_IEO_NEU_XX",9
"200002",0,0,0,8,1,0,"1001_DFA_HAP_XX",9
"300001",0,0,0,0,7,1,"1001_IEO_NEU_XX",8
"300002",0,0,0,9,0,0,"1001_DFA_HAP_XX",9
"""
PEOPLE = '"ActorID","Age","Sex","Race","Ethnicity"\n1001,51,"Male","Caucasian","Not Hispanic"\n'


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_votes_and_actors_come_as_tables_and_only_as_published(tmp_path, monkeypatch, line_end):
    tables = {"processedResults/tabulatedVotes.csv": VOTES, "VideoDemographics.csv": PEOPLE}
    write(tmp_path, {n: text.replace("\n", line_end).encode() for n, text in tables.items()})
    with pytest.raises(data.DataError, match="not the table that CREMA-D published"):
        listeners.votes(tmp_path)
    monkeypatch.setattr(
        listeners, "TABLES", {n: sha256(text.encode()) for n, text in tables.items()}
    )
    votes = listeners.votes(tmp_path)
    assert votes.columns.tolist() == [
        (channel, emotion) for channel in ("voice", "face", "both") for emotion in data.EMOTIONS
    ]
    assert votes.voice.loc["1001_DFA_HAP_XX"].tolist() == [0, 2, 0, 3, 6, 0]
    assert votes.face.sum().to_dict() == {
        "ANG": 0,
        "DIS": 0,
        "FEA": 0,
        "HAP": 8,
        "NEU": 10,
        "SAD": 0,
    }
    assert votes.both.HAP.tolist() == [9, 0]
    actors = listeners.actors(tmp_path)
    assert actors.loc[1001].to_dict() == {
        "age": 51, "sex": "Male", "race": "Caucasian", "ethnicity": "Not Hispanic"
    }  # fmt: skip
    with pytest.raises(data.DataError, match=r"comes with CREMA-D.*download cremad"):
        listeners.votes("demo")


# -- the command ----------------------------------------------------------------------------------


def test_the_command_does_not_take_made_up_clips_for_cremad(tmp_path):
    """A school's own mirror, for real: the published names, but other sounds."""
    names = [name for name in checksums.published("cremad") if name.startswith("1008")]
    files = {f"AudioWAV/{name}.wav": sound(name) for name in names}
    with serve(files) as school:
        command = [sys.executable, "-m", "ser_helpers.download", "cremad", "--base", school.base]
        done = subprocess.run(
            [*command, "--to", "here", "--actors", "1008", "--jobs", "4"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
            capture_output=True,
            encoding="utf-8",
        )
    assert done.returncode == 1, done.stderr
    assert "76 of 76 clips present, 0 verified, 4 files missing" in done.stdout
    assert "and 75 more: not the published content" in done.stdout
    assert "HTTP 404" in done.stdout
    assert len(clips_in(tmp_path / "here")) == 76


def test_wrong_arguments_are_told(capsys):
    for arguments in (["emodb"], ["ravdess", "--actors", "1"], ["cremad", "--jobs", "0"]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
    assert main(["cremad", "--actors", "2001"]) == 1
    assert "no actor 2001" in capsys.readouterr().err
