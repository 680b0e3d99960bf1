"""Step 2, for more clips than memory holds: features in Parquet files, one shard after the other.

A *shard* is a file ``part-00000.parquet`` with the rows of some clips: what the clips table knows
of them (but for ``path``) and their features, a column each. :func:`write` makes those that are not
there yet, :func:`batches` reads them piece by piece. Any program that knows Parquet can read them.
"""

import hashlib
import json
import os
import shutil
import sys
import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

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
_HEADER = b"ser_helpers"


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
    where it was when it is called again. It is kept only if its clips, their labels and the bytes
    of their files are still the same. No more than one shard is held in memory.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table of :func:`ser_helpers.data.open_corpus`, in the order to be written; sorted by
        actor, as it comes, some actors can be read without the others.
    folder : str or Path
        One folder a corpus; made if need be.
    settings : AudioSettings
    rows_per_shard : int
        Clips a file. Each file repeats the names of all columns, so that below a few hundred clips
        it is larger than it needs to be.
    progress : bool
        Show a progress bar over the shards.
    n_jobs : int
        As in :func:`ser_helpers.features.extract`, which also says how a cluster is used.

    Returns
    -------
    pandas.DataFrame
        One row a shard, index ``shard``: ``clips``, the rows in it; ``state``, "computed" or
        "kept". Clips set aside because they are damaged are in ``header(folder)["set_aside"]``.

    Raises
    ------
    DataError
        If the folder holds shards of other settings, of another number of clips a shard, or of
        more clips; if a clip is there twice; or if not one clip of a shard can be used.
    """
    folder = Path(folder)
    if rows_per_shard < 1:
        raise ValueError(f"rows_per_shard must be at least 1, not {rows_per_shard!r}")
    if not clips.index.is_unique:
        twice = clips.index[clips.index.duplicated()][0]
        raise DataError(f"the clip {twice} is in the table twice: keep one of them")
    same = {
        "recipe": features.recipe_key(settings),
        "settings": asdict(settings),
        "rows_per_shard": rows_per_shard,
    }
    starts = range(0, len(clips), rows_per_shard)
    blocks = {f"part-{i:05d}.parquet": clips[s : s + rows_per_shard] for i, s in enumerate(starts)}
    there = _known(folder, same, blocks)
    rows = []
    bar = tqdm(blocks.items(), desc="shards", disable=not progress, file=sys.stdout)
    for name, block in bar:
        labels = block.drop(columns="path")
        known = there.get(name)
        # A shard that is not there needs no look at its files: `extract` looks at them.
        keep = known is not None and known["fingerprint"] == _fingerprint(
            labels, features.content_key(features.hash_files(block.path, n_jobs=n_jobs))
        )
        if not keep:
            table = features.extract(
                block,
                settings=settings,
                cache=folder / UNFINISHED,  # what a stopped run had of this shard
                progress=False,
                n_jobs=n_jobs,
            )
            told = same | {
                "fingerprint": _fingerprint(labels, table.attrs["content"]),
                "actors": sorted(labels.actor[table.index].unique().tolist()),
                "set_aside": table.attrs["set_aside"],
            }
            table.attrs = {}
            _save(folder / name, labels.loc[table.index].join(table), table.columns, told)
            shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
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
        Most rows a piece; the last piece of a shard is smaller.
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
        If there are no shards, one is damaged, or they were made by different settings.
    """
    headers = _headers(folder)
    if len({told["recipe"] for told in headers.values()}) > 1:
        raise DataError(
            f"the shards in {folder} were made by different settings or versions, so their numbers "
            "do not mean the same: write each into a folder of its own"
        )
    names = list(headers)
    if seed is not None:
        np.random.default_rng(seed).shuffle(names)
    if actors is not None:
        names = [name for name in names if not set(actors).isdisjoint(headers[name]["actors"])]
    wanted = None if columns is None else [*dict.fromkeys([*columns, "actor", "clip"])]
    for name in names:
        with pq.ParquetFile(Path(folder, name)) as file:
            # A shard is too small for several threads to be quicker than one.
            for rows in file.iter_batches(batch_size, columns=wanted, use_threads=False):
                piece = rows.to_pandas(use_threads=False)
                if actors is not None:
                    piece = piece[piece.actor.isin(actors)]
                if len(piece):
                    yield piece if columns is None else piece[[c for c in columns if c != "clip"]]


def header(folder: str | Path) -> dict:
    """Tell how the shards of a folder were made.

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
    aside = {clip: reason for told in headers for clip, reason in told["set_aside"].items()}
    told = next(iter(headers)) | {"set_aside": aside}
    return {key: told[key] for key in ("settings", "rows_per_shard", "set_aside", "recipe")}


def _save(path: Path, table: pd.DataFrame, numbers: Collection[str], told: dict) -> None:
    """Write one shard under a temporary name, then rename it, so that half of it is never seen."""
    content = pa.Table.from_pandas(table)
    told_as_bytes = {_HEADER: json.dumps(told).encode()}
    content = content.replace_schema_metadata(content.schema.metadata | told_as_bytes)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"_{path.name}.{os.getpid()}")
    try:
        # A dictionary of values pays for words; numbers that never repeat grow by it.
        words = [name for name in content.column_names if name not in numbers]
        pq.write_table(content, part, compression="zstd", use_dictionary=words)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _headers(folder: str | Path) -> dict[str, dict]:
    """Read what each shard tells of itself."""
    paths = sorted(Path(folder).glob(PATTERN))
    if not paths:
        raise DataError(f"{folder} holds no shards ({PATTERN}): make them with shards.write")
    return {path.name: _read_header(path) for path in paths}


def _read_header(path: Path) -> dict:
    try:
        return json.loads(pq.read_schema(path).metadata[_HEADER])
    except (OSError, pa.ArrowException, KeyError, TypeError) as error:
        raise DataError(
            f"{path} is damaged, or no shard of this course ({error!r}): delete it, and call "
            "shards.write again"
        ) from None


def _known(folder: Path, same: dict, blocks: Collection[str]) -> dict[str, dict]:
    """Read the headers of shards that are there, and refuse what does not belong together."""
    there = {}
    for path in sorted(folder.glob(PATTERN)):
        try:
            there[path.name] = _read_header(path)
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
