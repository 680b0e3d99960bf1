"""Step 2, for more clips than memory holds: features in Parquet files, one shard after the other.

A *shard* is a file ``part-00000.parquet`` with the rows of some clips: what the clips table knows
of them (but for ``path``) and one column per feature. :func:`write` makes those that are not there
yet, :func:`batches` reads them piece by piece. Any program that knows Parquet can read them.

Damage is noticed: each page of a shard carries a checksum (CRC-32, as the Parquet format has it),
and its footer, which says what the pages mean, carries its own SHA-256.
"""

import contextlib
import hashlib
import io
import json
import os
import shutil
import sys
import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import filelock
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from ser_helpers import features
from ser_helpers.errors import DataError
from ser_helpers.features import AudioSettings

PATTERN = "part-*.parquet"
UNFINISHED = "_unfinished"  # readers of Parquet folders pass over names that begin with _
LOCK = "_lock"
_HEADER, _DIGEST = b"ser_helpers", b"ser_helpers.sha256"
_NO_DIGEST = b"0" * 64  # stands where the footer's SHA-256 will be, while it is computed


class _Foreign(DataError):
    """A Parquet file that the course did not write: never overwritten."""


def write(
    clips: pd.DataFrame,
    folder: str | Path,
    *,
    settings: AudioSettings = AudioSettings(),
    rows_per_shard: int = 5000,
    progress: bool = True,
    n_jobs: int = -1,
) -> pd.DataFrame:
    """Compute the features of a corpus into shards; those that are there already are kept.

    A shard appears under its name when it is whole, so a run that was stopped, or killed, goes on
    where it was when it is called again. It is kept only if it is undamaged, and its clips, their
    labels and the bytes of their files are still the same. No more than one shard is held in
    memory.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table of :func:`ser_helpers.data.open_corpus`, in the order to be written; sorted by
        actor, as it comes, some actors can be read without the others.
    folder : str or Path
        One folder per corpus; made if need be.
    settings : AudioSettings
    rows_per_shard : int
        Clips per file. Each file repeats the names of all columns, so that below a few hundred
        clips it is larger than it needs to be.
    progress : bool
        Show a progress bar over the shards.
    n_jobs : int
        As in :func:`ser_helpers.features.extract`, which also says how a cluster is used.

    Returns
    -------
    pandas.DataFrame
        One row per shard, index ``shard``: ``clips``, the rows in it; ``state``, "computed" or
        "kept". Clips set aside because they are damaged are in ``header(folder)["set_aside"]``.

    Raises
    ------
    DataError
        If the folder cannot be written, holds shards of other settings, of another number of clips
        per shard, or of more clips, or a Parquet file that is no shard; if another run is writing
        there; if a clip is there twice; or if not one clip of a shard can be used.
    ValueError
        If ``rows_per_shard`` is not a whole number of at least 1.
    """
    folder = Path(folder)
    if not isinstance(rows_per_shard, (int, np.integer)) or rows_per_shard < 1:
        raise ValueError(f"rows_per_shard must be at least 1, not {rows_per_shard!r}")
    _check_clips(clips)
    same = {
        "recipe": features.recipe_key(settings),
        "settings": asdict(settings),
        "rows_per_shard": int(rows_per_shard),
    }
    starts = range(0, len(clips), rows_per_shard)
    blocks = {f"part-{i:05d}.parquet": clips[s : s + rows_per_shard] for i, s in enumerate(starts)}
    there = _known(folder, same, blocks)
    rows: list[dict] = []
    bar = tqdm(blocks.items(), desc="shards", disable=not progress, file=sys.stdout)
    with contextlib.ExitStack() as locked:
        for name, block in bar:
            # A shard that is not there needs no look at its files: `extract` looks at them.
            keep = (
                name in there and _is_same(block, there[name], n_jobs) and _is_whole(folder / name)
            )
            if not keep:
                if all(row["state"] == "kept" for row in rows):  # the first to be written
                    locked.enter_context(_lock(folder))
                _compute(block, folder / name, settings, same, n_jobs)
            n_rows = pq.read_metadata(folder / name).num_rows
            rows.append({"shard": name, "clips": n_rows, "state": "kept" if keep else "computed"})
    return pd.DataFrame(rows, columns=["shard", "clips", "state"]).set_index("shard")


def batches(
    folder: str | Path,
    *,
    batch_size: int = 1024,
    columns: Sequence[str] | None = None,
    actors: Collection[int] | None = None,
    seed: int | None = None,
) -> Iterator[pd.DataFrame]:
    """Read shards piece by piece: never more than about one shard is in memory.

    Parameters
    ----------
    folder : str or Path
        As filled by :func:`write`.
    batch_size : int
        Most rows per piece; the last piece of a shard is smaller.
    columns : sequence of str, optional
        Only these; the others are not read from the disk.
    actors : collection of int, optional
        Only clips of these; shards without any of them are not read.
    seed : int, optional
        Shuffle the order of the shards (not of the rows within one); left out, as written.

    Yields
    ------
    pandas.DataFrame
        Index ``clip``; clips' columns, then features as float32.

    Raises
    ------
    DataError
        If there are no shards, one is damaged or lacks a column, they were made by different
        settings, or an actor is in none of them.
    ValueError
        If ``batch_size`` is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size!r}")
    headers = _headers(folder)
    if len({about["recipe"] for about in headers.values()}) > 1:
        raise DataError(
            f"the shards in {folder} were made by different settings or versions, so their numbers "
            "do not mean the same: write each into a folder of its own"
        )
    names = list(headers)
    if seed is not None:
        np.random.default_rng(seed).shuffle(names)
    if actors is not None:
        known = {actor for about in headers.values() for actor in about["actors"]}
        if lost := sorted(set(actors) - known, key=str):
            raise DataError(f"no shard in {folder} holds a clip of actor {lost[0]!r}")
        names = [name for name in names if not set(actors).isdisjoint(headers[name]["actors"])]
    wanted = None if columns is None else [*dict.fromkeys([*columns, "actor", "clip"])]
    for name in names:
        for piece in _pieces(Path(folder, name), batch_size=batch_size, columns=wanted):
            if actors is not None:
                piece = piece[piece.actor.isin(actors)]
            if len(piece):
                yield piece if columns is None else piece[[c for c in columns if c != "clip"]]


def header(folder: str | Path) -> dict:
    """Report how the shards of a folder were made.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    dict
        ``settings`` (of :class:`ser_helpers.features.AudioSettings`), ``rows_per_shard``,
        ``set_aside`` (``{clip: reason}`` of all shards), ``recipe``.

    Raises
    ------
    DataError
        If there are no shards, or one is damaged.
    """
    headers = _headers(folder).values()
    aside = {clip: reason for about in headers for clip, reason in about["set_aside"].items()}
    about = next(iter(headers)) | {"set_aside": aside}
    return {key: about[key] for key in ("settings", "rows_per_shard", "set_aside", "recipe")}


def _check_clips(clips: pd.DataFrame) -> None:
    if clips.empty:
        raise DataError("the clips table is empty: there is nothing to write")
    if missing := {"path", "actor"} - set(clips):
        raise DataError(f"the clips table lacks the column(s) {', '.join(sorted(missing))}")
    if clips.index.name != "clip":
        raise DataError(f"the clips table must be indexed by clip, not by {clips.index.name}")
    if not clips.index.is_unique:
        twice = clips.index[clips.index.duplicated()][0]
        raise DataError(f"the clip {twice} is in the table twice: keep one of them")


def _is_same(block: pd.DataFrame, about: dict, n_jobs: int) -> bool:
    """Tell whether a shard was made of these clips, their labels and the bytes of their files."""
    content = features.content_key(features.hash_files(block.path, n_jobs=n_jobs))
    return about["fingerprint"] == _fingerprint(block.drop(columns="path"), content)


def _compute(
    block: pd.DataFrame, path: Path, settings: AudioSettings, same: dict, n_jobs: int
) -> None:
    """Compute one shard and write it."""
    labels, unfinished = block.drop(columns="path"), path.parent / UNFINISHED
    with _said_in_words(path.parent):
        table = features.extract(
            block,
            settings=settings,
            cache=unfinished,  # what a stopped run had of this shard
            progress=False,
            n_jobs=n_jobs,
        )
        about = same | {
            "fingerprint": _fingerprint(labels, table.attrs["content"]),
            "actors": sorted(labels.actor[table.index].unique().tolist()),
            "set_aside": table.attrs["set_aside"],
        }
        table.attrs = {}
        _save(path, labels.loc[table.index].join(table), table.columns, about)
    shutil.rmtree(unfinished, ignore_errors=True)


def _save(path: Path, table: pd.DataFrame, numbers: Collection[str], about: dict) -> None:
    """Write one shard under a temporary name, then rename it, so that half of it is never seen."""
    content = pa.Table.from_pandas(table)
    metadata = content.schema.metadata | {_HEADER: json.dumps(about).encode()}
    content = content.replace_schema_metadata(metadata)
    # A dictionary of values pays for words; numbers that never repeat grow by it.
    words = [name for name in content.column_names if name not in numbers]
    buffer = io.BytesIO()
    with pq.ParquetWriter(
        buffer, content.schema, compression="zstd", use_dictionary=words, write_page_checksum=True
    ) as writer:
        writer.write_table(content)
        writer.add_key_value_metadata({_DIGEST: _NO_DIGEST})
    buffer.seek(0)
    start, footer = _footer(buffer)
    signed = footer.replace(_NO_DIGEST, hashlib.sha256(footer).hexdigest().encode())
    part = path.with_name(f"_{path.name}.{os.getpid()}")
    try:
        part.write_bytes(buffer.getvalue()[:start] + signed)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _footer(file: io.BufferedIOBase) -> tuple[int, bytes]:
    """Return where the footer of a Parquet file begins, and its bytes up to the file's end."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 8))
    tail = file.read(8)
    start = size - 8 - int.from_bytes(tail[:4], "little")
    if tail[4:] != b"PAR1" or start < 4:
        raise ValueError("it does not end as a Parquet file")
    file.seek(start)
    return start, file.read()


def _headers(folder: str | Path) -> dict[str, dict]:
    """Read what each shard says of itself."""
    paths = sorted(Path(folder).glob(PATTERN))
    if not paths:
        raise DataError(f"{folder} holds no shards ({PATTERN}): make them with shards.write")
    return {path.name: _read_header(path) for path in paths}


def _read_header(path: Path) -> dict:
    """Read what a shard says of itself, and check that its footer is as it was written."""
    with _damage_named(path):
        with path.open("rb") as file:
            _, footer = _footer(file)
        metadata = pq.read_metadata(path).metadata or {}
        if _HEADER not in metadata:
            raise _Foreign(
                f"{path} is a Parquet file, but no shard of this course: move it, or choose "
                "another folder"
            )
        digest = metadata.get(_DIGEST, b"none")
        if hashlib.sha256(footer.replace(digest, _NO_DIGEST)).hexdigest().encode() != digest:
            raise ValueError("its footer is not as it was written")
        return json.loads(metadata[_HEADER])


def _pieces(
    path: Path, *, batch_size: int, columns: Sequence[str] | None = None
) -> Iterator[pd.DataFrame]:
    """Read one shard piece by piece; damage in what is read becomes a DataError."""
    with (
        _damage_named(path),
        pq.ParquetFile(path, page_checksum_verification=True) as file,
    ):
        if lost := [c for c in columns or () if c not in file.schema_arrow.names]:
            raise DataError(f"{path} has no column {lost[0]!r}: read one without `columns` to see")
        # A shard is too small for several threads to be quicker than one.
        n_rows = 0
        for rows in file.iter_batches(batch_size, columns=columns, use_threads=False):
            n_rows += len(rows)
            yield rows.to_pandas(use_threads=False)
        if n_rows != file.metadata.num_rows:  # a page's own header has no checksum
            raise ValueError(f"{n_rows} of {file.metadata.num_rows} rows are there")


def _is_whole(path: Path) -> bool:
    """Read a shard to its end; if it is damaged, say so and that it is computed anew."""
    try:
        for _ in _pieces(path, batch_size=1024):
            pass
    except DataError as error:
        warnings.warn(f"{error}; computing it anew", stacklevel=3)
        return False
    return True


@contextlib.contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """Turn whatever a damaged file makes pyarrow raise into a DataError that names the file."""
    try:
        yield
    except DataError:
        raise
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno:  # of the system, and no damage
            raise DataError(f"{path} cannot be read ({error.strerror})") from None
        raise DataError(
            f"{path} is damaged, or of an older version ({error}): delete it, and call "
            "shards.write again"
        ) from None


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder; the lock is the system's and goes with the process."""
    with _said_in_words(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(folder / LOCK)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise DataError(
                f"another run is writing shards into {folder}: wait until it has ended, or choose "
                "another folder"
            ) from None
        except NotImplementedError:  # a network's file system without locks
            pass
        for left in folder.glob(f"_{PATTERN}.*"):  # by a run that was killed
            left.unlink()
    try:
        yield
    finally:
        lock.release()
        (folder / LOCK).unlink(missing_ok=True)


@contextlib.contextmanager
def _said_in_words(folder: Path) -> Iterator[None]:
    """Turn the error of a full disk or a read-only folder into a DataError."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(
            f"shards cannot be written to {folder} ({reason}): make room there, or choose another "
            "folder. Shards that are finished are kept"
        ) from None


def _known(folder: Path, same: dict, blocks: Collection[str]) -> dict[str, dict]:
    """Read the headers of shards that are there, and refuse what does not belong together."""
    there = {}
    for path in sorted(folder.glob(PATTERN)):
        try:
            there[path.name] = _read_header(path)
        except _Foreign:
            raise
        except DataError as error:
            if path.name not in blocks:
                raise
            warnings.warn(f"{error}; computing it anew", stacklevel=3)
            continue
        for key in ("settings", "rows_per_shard", "recipe"):
            if there[path.name][key] != same[key]:
                raise DataError(
                    f"{path} was made with another {key}, {there[path.name][key]}, not "
                    f"{same[key]}: choose another folder, or delete this one"
                )
    if foreign := sorted(set(there) - set(blocks)):
        raise DataError(
            f"{folder} holds shards of more clips than these, first {foreign[0]}: choose another "
            "folder, or delete this one"
        )
    return there


def _fingerprint(labels: pd.DataFrame, content: str) -> str:
    """Hash the labels of one shard, and what its files hold."""
    return hashlib.sha256((labels.to_csv() + content).encode()).hexdigest()
