"""Download a corpus: CREMA-D clip by clip, RAVDESS as one zip."""

import contextlib
import re
import sys
import threading
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from dataclasses import replace
from functools import partial
from pathlib import Path

from tqdm import tqdm

from ser_helpers.download import facts as published
from ser_helpers.download.facts import ALIASES
from ser_helpers.download.fetcher import Doubtful, Fetcher, Missing, check_clip
from ser_helpers.download.report import Report, standard_folder
from ser_helpers.download.sources import Disk, Patience, Refused, Web
from ser_helpers.download.target import (
    Clip,
    check_room,
    disk_errors_explained,
    find_clips,
    given_path,
    locked,
    put,
    subfolder,
)
from ser_helpers.errors import DataError, printable
from ser_helpers.files import find_table, hash_file, is_table
from ser_helpers.names import CORPUS_FOLDERS, KNOWN_BAD, parse_name

JOBS = 8  # files at a time
LARGEST_CLIP = 16  # times the published size: a clip may be float, in stereo, at 48 kHz
LARGEST_TABLE = 50_000_000  # bytes


def cremad(
    to: str | Path | None = None,
    *,
    source: str | Path | None = None,
    actors: str | Iterable[int] | None = None,
    verify: bool = False,
    bases: Sequence[str] = (),
    offline: bool = False,
    jobs: int = JOBS,
    progress: bool = True,
    patience: Patience = Patience(),
    facts: published.Facts | None = None,
) -> Report:
    """Download CREMA-D, or what is missing of it, and verify each clip.

    Parameters
    ----------
    to : str or Path, optional
        Folder; ``data/CREMA-D`` in the project if left out.
    source : str or Path, optional
        Folder or zip on this machine: asked before any address.
    actors : str or iterable of int, optional
        Only these, e.g. ``"1001-1010,1015"``; all 91 if left out.
    verify : bool
        Look only at the actors who have clips in the folder, and repair what is broken or missing.
    bases : sequence of str
        Addresses to ask instead of the published ones, in this order; below them, files lie as
        they do in CREMA-D's repository.
    offline : bool
        Ask no address at all.
    jobs : int
        Files fetched at a time.
    progress : bool
        Show a progress bar.
    patience : Patience
    facts : Facts, optional
        What the corpus is; as published if left out.

    Returns
    -------
    Report

    Raises
    ------
    DataError
        If there is no room, another download into the folder is running, an actor is unknown, or
        ``source`` is no folder or zip.
    """
    facts = facts or published.cremad()
    if actors is not None:
        chosen = parse_actors(actors, {_actor(name) for name in facts.clips})
        clips = {name: facts.clips[name] for name in facts.clips if _actor(name) in chosen}
        facts = replace(facts, clips=clips)
    return _download(
        "cremad", to, facts, source=source, verify=verify, bases=bases, offline=offline, jobs=jobs,
        progress=progress, patience=patience,
    )  # fmt: skip


def ravdess(
    to: str | Path | None = None,
    *,
    source: str | Path | None = None,
    verify: bool = False,
    bases: Sequence[str] = (),
    offline: bool = False,
    jobs: int = JOBS,
    progress: bool = True,
    patience: Patience = Patience(),
    facts: published.Facts | None = None,
) -> Report:
    """Download the spoken clips of RAVDESS, or what is missing of them, and verify each.

    All eight emotions are unpacked; ``open_corpus("ravdess")`` shows the six of the course.

    Parameters
    ----------
    to : str or Path, optional
        Folder; ``data/RAVDESS`` in the project if left out.
    source, verify, bases, offline, jobs, progress, patience, facts
        As of :func:`cremad`; ``bases`` are asked for the zip that Zenodo has.

    Returns
    -------
    Report

    Raises
    ------
    DataError
        As :func:`cremad`.
    """
    return _download(
        "ravdess", to, facts or published.ravdess(), source=source, verify=verify, bases=bases,
        offline=offline, jobs=jobs, progress=progress, patience=patience,
    )  # fmt: skip


def parse_actors(text: str | Iterable[int], known: Collection[int]) -> list[int]:
    """Read a choice of actors.

    Parameters
    ----------
    text : str or iterable of int
        Numbers and ranges, e.g. ``"1001-1010,1015"``.
    known : collection of int
        The actors that there are.

    Returns
    -------
    list of int
        Sorted.

    Raises
    ------
    DataError
        If it cannot be read, or one of them does not exist.
    """
    ranges: list[Collection[int]]
    if isinstance(text, str):
        parts = [re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", part) for part in text.split(",")]
        ranges = [range(int(p[1]), int(p[2] or p[1]) + 1) if p else range(0) for p in parts]
    else:
        ranges = [[int(number)] for number in text]
    if not ranges or not all(ranges):
        raise DataError(f"actors {text!r} cannot be read: write them like 1001-1010,1015")
    chosen = {number for numbers in ranges for number in numbers}
    if unknown := sorted(chosen - set(known)):
        raise DataError(f"there is no actor {unknown[0]}: CREMA-D has {min(known)} to {max(known)}")
    return sorted(chosen)


def _actor(name: str) -> int:
    return parse_name(name)["actor"]


def _download(
    corpus: str,
    to: str | Path | None,
    facts: published.Facts,
    *,
    source: str | Path | None,
    verify: bool,
    bases: Sequence[str],
    offline: bool,
    jobs: int,
    progress: bool,
    patience: Patience,
) -> Report:
    """Download a corpus, of which ``facts`` has the files that are wanted."""
    folder = standard_folder(corpus) if to is None else given_path(to)
    report = Report(corpus, folder, facts.origin)
    web, table_web = (
        [Web(base, patience=patience) for base in (() if offline else bases or published_bases)]
        for published_bases in (facts.bases, facts.table_bases)
    )
    with contextlib.ExitStack() as stack:
        local = _local(source, facts, report)
        for disk in local:
            stack.enter_context(contextlib.closing(disk))
        scratch = stack.enter_context(locked(folder))
        pool, stop = stack.enter_context(_workers(jobs))
        fetcher = partial(Fetcher, patience=patience, stop=stop)
        clips = find_clips(folder, facts.clips, pool)
        if verify:
            clips = _of_those_who_are_here(clips, report)
        report.wanted = len(clips)
        _say_what_is_here(clips, report)

        def needed() -> int:
            zipped = facts.archive.n_bytes if facts.archive and web and not local else 0
            lacking = sum(clip.checksum.n_bytes for clip in _lacking(clips))
            return lacking + (zipped if lacking else 0)

        check_room(folder, needed())
        stack.enter_context(disk_errors_explained(folder, needed))
        _fetch_tables(facts.tables, fetcher([*local, *table_web]), scratch, report)
        fetch = partial(_fetch_clips, clips, scratch=scratch, pool=pool, progress=progress)
        if facts.archive is None:
            fetch(fetcher([*local, *web]))
        else:
            if local:
                fetch(fetcher(local))
            if web and _lacking(clips):
                archive = scratch / facts.archive.name
                check_room(folder, facts.archive.n_bytes if local else 0)
                try:
                    _fetch_archive(facts.archive, archive, fetcher(web), progress)
                except Missing as error:
                    for clip in _lacking(clips):
                        clip.problems.append(str(error))
                else:
                    with contextlib.closing(Disk(archive)) as disk:
                        fetch(fetcher([disk]))
                    archive.unlink()
    _add_up(clips, report)
    return report


def _local(source: str | Path | None, facts: published.Facts, report: Report) -> list[Disk]:
    """Open what is on this machine: what was given, or a zip that a browser put into the folder."""
    place = None if source is None else given_path(source)
    by_hand = report.folder / (facts.archive.name if facts.archive else "")
    if place in (None, report.folder) and zipfile.is_zipfile(by_hand):
        place = by_hand
    if place is None:
        return []
    disk = Disk(place)
    report.notes += [f"{folder} cannot be opened ({why})" for folder, why in disk.unreadable[:5]]
    if disk.ignored:
        names = ", ".join(disk.ignored[:5])
        report.notes.append(f"ignored in {place}: {names}: such names lead out of the folder")
    if not any(f"{name}.wav" in disk for name in facts.clips):
        inside = ", ".join(disk.archives[:5])
        report.notes.append(
            f"{place} holds none of the clips"
            + (f", but archives: give one by --from, or unpack it first: {inside}" * bool(inside))
        )
    return [disk]


@contextlib.contextmanager
def _workers(jobs: int) -> Iterator[tuple[ThreadPoolExecutor, threading.Event]]:
    """Give a pool of threads, and the event that ends their work when something goes wrong."""
    pool, stop = ThreadPoolExecutor(jobs), threading.Event()
    try:
        yield pool, stop
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _lacking(clips: Iterable[Clip]) -> list[Clip]:
    return [clip for clip in clips if clip.state != "verified"]


def _of_those_who_are_here(clips: list[Clip], report: Report) -> list[Clip]:
    here = {_actor(clip.name) for clip in clips if clip.path.exists()}
    if not here:
        raise DataError(
            f"there is no clip of {CORPUS_FOLDERS[report.corpus]} in {report.folder}: nothing to "
            "verify"
        )
    return [clip for clip in clips if _actor(clip.name) in here]


def _say_what_is_here(clips: list[Clip], report: Report) -> None:
    here = [clip.checksum.n_bytes for clip in clips if clip.state != "missing"]
    if here:
        print(
            f"{printable(str(report.folder))} has {len(here):,} of {len(clips):,} clips already "
            f"({sum(here) / 1e6:,.0f} MB): going on from there"
        )


def _fetch_tables(
    tables: Mapping[str, str], fetcher: Fetcher, scratch: Path, report: Report
) -> None:
    """Fetch the tables, unless they are here and right."""
    for name, sha256 in tables.items():

        def check(path: Path, sha256: str = sha256) -> None:
            if not is_table(path, sha256):
                raise Refused("not the table that was published (SHA-256)")

        here = find_table(name, report.folder)
        if here and is_table(here, sha256):
            continue
        part = scratch / f"{Path(name).name}.part"
        try:
            fetcher.fetch([name], part, check=check, at_most=LARGEST_TABLE)
        except Missing as error:
            report.missing[name] = str(error)
        else:
            put(part, report.folder / name)


def _fetch_clips(
    clips: list[Clip], fetcher: Fetcher, *, scratch: Path, pool: Executor, progress: bool
) -> None:
    """Fetch the clips that are not verified, several at a time."""
    lacking = _lacking(clips)
    n_bytes = sum(clip.checksum.n_bytes for clip in clips)
    n_left = sum(clip.checksum.n_bytes for clip in lacking)
    with _bar("clips", n_bytes, n_bytes - n_left, progress and bool(lacking)) as shown:
        fetch = partial(_fetch_clip, fetcher=fetcher, scratch=scratch, progress=shown.update)
        n_here = len(clips) - len(lacking)
        for future in as_completed([pool.submit(fetch, clip) for clip in lacking]):
            n_here += future.result().state == "verified"
            shown.set_postfix_str(f"{n_here:,} of {len(clips):,} clips", refresh=False)


def _fetch_clip(
    clip: Clip, *, fetcher: Fetcher, scratch: Path, progress: Callable[[int], object]
) -> Clip:
    """Fetch a clip; only where there is none, another version is better than nothing."""
    part, other = (scratch / f"{clip.name}.{end}" for end in ("part", "other"))

    def check(path: Path) -> None:
        try:
            check_clip(path, clip.checksum)
        except Doubtful as error:
            if clip.state == "missing" and not other.exists():
                path.replace(other)
                error.kept = True
            raise

    names = [clip.name, *([ALIASES[clip.name]] if clip.name in ALIASES else [])]
    try:
        fetcher.fetch(
            [f"{subfolder(name)}/{name}.wav" for name in names],
            part,
            check=check,
            at_most=LARGEST_CLIP * clip.checksum.n_bytes,
            progress=progress,
        )
    except Missing as error:
        clip.problems.append(str(error))
        if not other.exists():
            return clip
        part, clip.state = other, "doubtful"
    else:
        clip.state = "verified"
    clip.kept_old |= put(part, clip.path, keep=not clip.downloaded)
    clip.downloaded = True
    other.unlink(missing_ok=True)
    return clip


def _fetch_archive(
    facts: published.Archive, archive: Path, fetcher: Fetcher, progress: bool
) -> None:
    """Fetch the zip, going on where the last run ended."""

    def check(path: Path) -> None:
        if (found := hash_file(path, "md5")) != facts.md5:
            raise Refused(f"the wrong content: md5 {found[:12]}… instead of {facts.md5[:12]}…")

    part = archive.with_name(f"{archive.name}.part")
    if archive.exists():  # the last run ended while it was unpacking: as good as just arrived
        archive.replace(part)
    with _bar(facts.name, facts.n_bytes, 0, progress) as shown:
        fetcher.fetch(
            [facts.name],
            part,
            check=check,
            at_most=facts.n_bytes,
            resume=True,
            progress=shown.update,
        )
    part.replace(archive)


def _bar(name: str, n_bytes: int, n_here: int, progress: bool) -> tqdm:
    """Make a progress bar over bytes, which knows rate and time left."""
    return tqdm(
        desc=name,
        total=n_bytes,
        initial=n_here,
        unit="B",
        unit_scale=True,
        disable=not progress,
        file=sys.stdout,
    )


def _add_up(clips: list[Clip], report: Report) -> None:
    """Write into the report what has become of the clips."""
    for clip in clips:
        why = "; ".join(dict.fromkeys(clip.problems)) or "no source was asked (offline)"
        if clip.state == "missing":
            report.missing[f"{clip.name}.wav"] = why
        elif clip.state == "doubtful":
            report.doubtful[f"{clip.name}.wav"] = f"not the published content; it is kept ({why})"
    report.verified = len(clips) - len(_lacking(clips))
    report.present = sum(clip.state != "missing" for clip in clips)
    if kept := [f"{clip.path.name}.old" for clip in clips if clip.kept_old]:
        more = f" and {len(kept) - 1:,} more" * (len(kept) > 1)
        report.notes.append(
            f"what had not the published content was replaced, and kept as {kept[0]}{more}"
        )
    report.notes += [
        f"{clip.name}.wav is here, but left out when the corpus is opened: {KNOWN_BAD[clip.name]}"
        for clip in clips
        if clip.name in KNOWN_BAD and clip.state != "missing"
    ]
