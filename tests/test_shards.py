"""Shards: whole or not there, kept or computed, and read back as they were."""

import errno
import json
import logging
import os
import threading
import time

import joblib
import numpy as np
import pandas as pd
import psutil
import pyarrow.parquet as pq
import pytest
import soundfile
from conftest import SR, tone
from distributed import Client, LocalCluster
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_helpers import data, features
from ser_helpers.features import AudioSettings
from ser_helpers.further import shards

EACH = 20  # clips a shard: 108 clips make five full shards and one of eight


def write(clips, folder, **options):
    return shards.write(clips, folder, **{"rows_per_shard": EACH, "progress": False} | options)


@pytest.fixture(scope="module")
def folder(corpus, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    made = write(corpus.clips, folder)
    assert made.clips.tolist() == [20, 20, 20, 20, 20, 8]
    assert set(made.state) == {"computed"}
    return folder


def test_they_hold_the_clips_table_and_the_feature_table(folder, corpus, table):
    whole = pd.concat(shards.batches(folder))
    assert whole[table.columns].equals(table)
    assert whole.drop(columns=table.columns).equals(corpus.clips.drop(columns="path"))
    assert (whole[table.columns].dtypes == np.float32).all()
    assert shards.header(folder)["settings"] == table.attrs["settings"]
    assert not list(folder.glob("_*"))  # nothing temporary is left
    assert pd.read_parquet(folder).equals(whole)  # anybody can read them


@pytest.mark.parametrize("batch_size", [1, 7, 1000])
def test_batches_have_the_size_asked_for_and_all_rows(folder, corpus, batch_size):
    sizes = [len(piece) for piece in shards.batches(folder, batch_size=batch_size)]
    assert max(sizes) == min(batch_size, EACH)
    assert sum(sizes) == len(corpus.clips)


def test_only_the_columns_and_actors_asked_for_are_read(folder, corpus, monkeypatch):
    actor = corpus.clips.actor.iloc[-1]
    opened = []
    file = pq.ParquetFile
    monkeypatch.setattr(
        pq, "ParquetFile", lambda path, **o: opened.append(path.name) or file(path, **o)
    )
    pieces = list(shards.batches(folder, columns=["emotion", "mfcc00_mean"], actors={actor}))
    rows = pd.concat(pieces)
    assert rows.columns.tolist() == ["emotion", "mfcc00_mean"]
    assert rows.index.tolist() == corpus.clips.index[corpus.clips.actor == actor].tolist()
    assert opened == ["part-00004.parquet", "part-00005.parquet"]  # rows 80 to 107; hers from 90


def test_a_seed_shuffles_the_files_and_nothing_gets_lost(folder, corpus):
    orders = [pd.concat(shards.batches(folder, seed=seed)).index.tolist() for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[2]) == corpus.clips.index.tolist()


def test_stopped_in_the_middle_the_next_call_computes_only_the_rest(corpus, tmp_path, monkeypatch):
    describe, described = features.describe, []

    def describe_until_stopped(y, settings):
        described.append(len(y))
        if len(described) == 50:
            raise KeyboardInterrupt
        return describe(y, settings)

    monkeypatch.setattr(features, "describe", describe_until_stopped)
    with pytest.raises(KeyboardInterrupt):
        write(corpus.clips, tmp_path)
    there = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob(shards.PATTERN)}
    assert len(there) == 2
    described.clear()
    monkeypatch.setattr(features, "describe", lambda y, s: described.append(1) or describe(y, s))
    made = write(corpus.clips, tmp_path)
    assert made.state.tolist() == ["kept"] * 2 + ["computed"] * 4
    in_third = 50 - 1 - 2 * EACH  # what the third shard had already is kept
    assert len(described) == len(corpus.clips) - 2 * EACH - in_third
    assert all((tmp_path / name).stat().st_mtime_ns == stamp for name, stamp in there.items())
    assert set(write(corpus.clips, tmp_path).state) == {"kept"}


@pytest.mark.parametrize("what", ["bytes", "label"])
def test_a_changed_clip_or_label_is_never_served_stale(corpus, tmp_path, what):
    clips = corpus.clips.iloc[: 2 * EACH].copy()
    own = tmp_path / "own.wav"
    soundfile.write(own, tone(5001, "ANG"), SR)
    clips.loc[clips.index[-1], "path"] = own
    write(clips, tmp_path / "s")
    before = pd.concat(shards.batches(tmp_path / "s"))
    if what == "bytes":
        soundfile.write(own, tone(5001, "ANG", seed=9), SR)
    else:
        clips.loc[clips.index[-1], "emotion"] = "NEU"
    assert write(clips, tmp_path / "s").state.tolist() == ["kept", "computed"]
    after = pd.concat(shards.batches(tmp_path / "s"))
    assert after[:-1].equals(before[:-1])
    assert not after[-1:].equals(before[-1:])


def test_half_a_shard_is_named_and_computed_anew(corpus, tmp_path):
    clips = corpus.clips.iloc[: 2 * EACH]
    write(clips, tmp_path)
    whole = pd.concat(shards.batches(tmp_path))
    path = tmp_path / "part-00001.parquet"
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(data.DataError, match=r"part-00001.parquet is damaged.*write again"):
        next(shards.batches(tmp_path))
    with pytest.warns(UserWarning, match=r"part-00001.parquet is damaged.*computing it anew"):
        assert write(clips, tmp_path).state.tolist() == ["kept", "computed"]
    assert pd.concat(shards.batches(tmp_path)).equals(whole)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"settings": AudioSettings(n_mfcc=20)}, "another settings.*choose another folder"),
        ({"rows_per_shard": 30}, "another rows_per_shard, 20, not 30"),
        ({"n_clips": 60}, "more clips than these, first part-00003"),
        ({"rows_per_shard": 0}, "at least 1, not 0"),
    ],
)
def test_what_does_not_belong_together_is_refused_and_nothing_is_touched(
    folder, corpus, changed, says
):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    options = dict(changed)
    clips = corpus.clips.iloc[: options.pop("n_clips", None)]
    with pytest.raises(ValueError, match=says):
        write(clips, folder, **options)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_shards_of_two_recipes_are_not_read_as_one(corpus, tmp_path):
    clips = corpus.clips.iloc[:2]
    write(clips, tmp_path, rows_per_shard=1)
    other = pq.read_table(tmp_path / "part-00001.parquet")
    about = json.loads(other.schema.metadata[b"ser_helpers"]) | {"recipe": "older"}
    shards._save(tmp_path / "part-00001.parquet", other.to_pandas(), [], about)
    with pytest.raises(data.DataError, match="different settings or versions"):
        next(shards.batches(tmp_path))


def test_a_clip_twice_is_refused(corpus, tmp_path):
    with pytest.raises(data.DataError, match=f"{corpus.clips.index[0]} is in the table twice"):
        write(corpus.clips.iloc[[0, 1, 0]], tmp_path)


def test_an_empty_folder_says_what_to_do(tmp_path):
    with pytest.raises(data.DataError, match=r"holds no shards.*shards.write"):
        next(shards.batches(tmp_path))


def test_damaged_clips_are_set_aside_and_told(corpus, tmp_path):
    clips = corpus.clips.iloc[: 2 * EACH].copy()
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(SR), SR)
    clips.loc[clips.index[3], "path"] = silent
    with pytest.warns(UserWarning, match="1 of 20 clips set aside"):
        made = write(clips, tmp_path / "s")
    assert made.clips.tolist() == [EACH - 1, EACH]
    assert list(shards.header(tmp_path / "s")["set_aside"]) == [clips.index[3]]
    assert set(write(clips, tmp_path / "s").state) == {"kept"}


@pytest.fixture(scope="module")
def one_shard(corpus, tmp_path_factory):
    """Two clips of a network of few numbers, so that a byte of each kind is soon hit."""
    folder = tmp_path_factory.mktemp("one")
    few = AudioSettings(n_mfcc=1)
    write(corpus.clips.iloc[:2], folder, settings=few)
    path = folder / "part-00000.parquet"
    return path, path.read_bytes(), pd.concat(shards.batches(folder))


@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255), n=st.integers(1, 100))
@settings(max_examples=300)
def test_a_changed_byte_is_noticed_or_changes_nothing(one_shard, place, change, n):
    path, whole, rows = one_shard
    content = bytearray(whole)
    start = int(place * len(content))
    for i in range(start, min(start + n, len(content))):
        content[i] ^= change
    path.write_bytes(content)
    try:
        assert pd.concat(shards.batches(path.parent)).equals(rows)
    except data.DataError as error:
        assert path.name in str(error)
    finally:
        path.write_bytes(whole)


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[:500] + bytes(100) + b[600:],
        lambda b: b[:-20],
        lambda b: b"",
        lambda b: b[:-300] + b[-299:] + b"x",
        lambda b: b"hello",
    ],
    ids=["zeros", "truncated", "empty", "shifted", "text"],
)
def test_a_damaged_shard_is_named_and_made_anew(corpus, tmp_path, damage):
    clips = corpus.clips.iloc[:4]
    write(clips, tmp_path, rows_per_shard=2)
    before = pd.concat(shards.batches(tmp_path))
    path = tmp_path / "part-00001.parquet"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(data.DataError, match=r"part-00001.parquet is damaged"):
        pd.concat(shards.batches(tmp_path))
    with pytest.warns(UserWarning, match=r"part-00001.parquet is damaged.*computing it anew"):
        made = write(clips, tmp_path, rows_per_shard=2)
    assert made.state.tolist() == ["kept", "computed"]
    assert pd.concat(shards.batches(tmp_path)).equals(before)


def test_a_parquet_file_of_somebody_else_is_never_overwritten(corpus, tmp_path):
    path = tmp_path / "part-00000.parquet"
    pd.DataFrame({"mine": [1, 2]}).to_parquet(path)
    before = path.read_bytes()
    for call in (lambda: write(corpus.clips.iloc[:2], tmp_path), lambda: shards.header(tmp_path)):
        with pytest.raises(data.DataError, match="no shard of this course"):
            call()
    assert path.read_bytes() == before


def test_where_nothing_can_be_written_it_says_so_and_keeps_what_is_there(
    corpus, tmp_path, monkeypatch
):
    clips = corpus.clips.iloc[:4]
    write(clips.iloc[:2], tmp_path, rows_per_shard=2)
    whole = pd.concat(shards.batches(tmp_path))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(data.DataError, match="No space left on device.*finished are kept"):
            write(clips, tmp_path, rows_per_shard=2)
        # Where all is there, nothing needs to be written.
        assert write(clips.iloc[:2], tmp_path, rows_per_shard=2).state.tolist() == ["kept"]
    assert pd.concat(shards.batches(tmp_path)).equals(whole)
    assert not list(tmp_path.glob("_part*"))
    (tmp_path / "file").write_text("")
    with pytest.raises(data.DataError, match="cannot be written to"):
        write(clips, tmp_path / "file" / "s")


def test_only_one_run_writes_into_a_folder_and_leftovers_are_removed(corpus, tmp_path):
    clips = corpus.clips.iloc[:2]
    left = tmp_path / "_part-00000.parquet.123"
    left.write_bytes(b"half")
    with FileLock(tmp_path / shards.LOCK), pytest.raises(data.DataError, match="another run is"):
        write(clips, tmp_path)
    write(clips, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["part-00000.parquet"]


def test_what_is_asked_for_and_not_there_is_named(folder, corpus, tmp_path):
    for options, says in (
        ({"columns": ["emotion", "mfcc99_mean"]}, "no column 'mfcc99_mean'"),
        ({"actors": [5001, 9999]}, "no shard in .* actor 9999"),
        ({"batch_size": 0}, "at least 1, not 0"),
    ):
        with pytest.raises(ValueError, match=says):
            next(shards.batches(folder, **options))
    for clips, says in (
        (corpus.clips.iloc[:0], "is empty"),
        (corpus.clips.drop(columns="actor"), "lacks the column.* actor"),
        (corpus.clips.reset_index(drop=True), "indexed by clip"),
    ):
        with pytest.raises(data.DataError, match=says):
            write(clips, tmp_path)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address=":0",
            local_directory=tmp_path_factory.mktemp("dask"),
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


def test_the_same_extract_works_on_a_cluster_and_loses_nothing_when_a_worker_is_killed(
    client, corpus, table, tmp_path
):
    """Not one clip is described in this process; the worker that has some is killed."""
    found = {}

    def on_the_cluster():
        with joblib.parallel_config(backend="dask"):
            found["rows"] = features.extract(corpus.clips, cache=tmp_path / "a", progress=False)

    pids = client.run(os.getpid)
    thread = threading.Thread(target=on_the_cluster)
    thread.start()
    busy = []
    while not busy and thread.is_alive():
        tasks = client.processing().items()
        busy = [worker for worker, keys in tasks if any("describe" in str(k) for k in keys)]
        time.sleep(0.005)
    assert busy, "no worker was ever given a clip to describe"
    psutil.Process(pids[busy[0]]).kill()
    thread.join()
    assert found["rows"].equals(table)
    client.wait_for_workers(2)
    assert len(set(pids.values()) - set(client.run(os.getpid).values())) == 1
    with joblib.parallel_config(backend="dask"):
        assert write(corpus.clips, tmp_path / "s", rows_per_shard=90).clips.tolist() == [90, 18]
    assert pd.concat(shards.batches(tmp_path / "s"))[table.columns].equals(table)
