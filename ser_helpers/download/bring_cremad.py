"""Bring CREMA-D: 7,442 clips one by one, and four tables."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import Executor
from pathlib import Path

from ser_helpers.download import facts as published
from ser_helpers.download import run
from ser_helpers.download.fetcher import Fetcher, Missing
from ser_helpers.download.repair import repair
from ser_helpers.download.sources import Patience, Refused
from ser_helpers.download.target import (
    check_room,
    commonest_folder,
    full_disk_told,
    is_whole,
    locked,
    look,
    put,
)
from ser_helpers.errors import DataError
from ser_helpers.files import find_table, is_table
from ser_helpers.names import KNOWN_BAD

GIVE_UP_AFTER = 3  # actors whose clips no source has right


def cremad(
    to: str | Path | None = None,
    *,
    source: str | Path | None = None,
    actors: str | Iterable[int] | None = None,
    verify: bool = False,
    bases: Sequence[str] = (),
    offline: bool = False,
    jobs: int = run.JOBS,
    progress: bool = True,
    patience: Patience = Patience(),
    facts: published.Cremad | None = None,
) -> run.Report:
    """Bring CREMA-D here, or what is missing of it, and verify it.

    Parameters
    ----------
    to : str or Path, optional
        Folder; ``data/CREMA-D`` in the project if left out.
    source : str or Path, optional
        Folder or zip that is on disk already: asked before any address.
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
        Files brought at a time.
    progress : bool
        Show a progress bar.
    patience : Patience
    facts : Cremad, optional
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
    chosen = parse_actors(actors, facts.clips) if actors is not None else list(facts.clips)
    report = run.start("cremad", to)
    folder = report.folder
    with locked(folder) as scratch:
        home = commonest_folder(folder, "AudioWAV")
        names = [name for actor in chosen for name in facts.clips[actor]]
        paths, here = look(folder, names, home=lambda name: home / f"{name}.wav")
        if verify:
            chosen = [a for a in chosen if any(paths[name].exists() for name in facts.clips[a])]
            names = [name for actor in chosen for name in facts.clips[actor]]
            if not chosen:
                raise DataError(f"there is no clip of CREMA-D in {folder}: nothing to verify")
        report.wanted = len(names)
        n_bytes = sum(facts.fingerprints[actor].n_bytes for actor in chosen)
        run.say_what_is_here(report, here)
        check_room(folder, n_bytes - sum(here.values()))
        local = run.sources(source, (), patience, report)

        def fetcher(addresses: Sequence[str]) -> Fetcher:
            web = run.sources(None, () if offline else bases or addresses, patience, report)
            return Fetcher([*local, *web], patience=patience)

        def still_needed() -> int:
            files = (paths[name] for name in names)
            return n_bytes - sum(path.stat().st_size for path in files if path.exists())

        def is_right(actor: int) -> bool:
            hashes = ((name, run.sha256(paths[name])) for name in facts.clips[actor])
            return published.fingerprint(hashes) == facts.fingerprints[actor].sha256

        tables, clips = fetcher(facts.table_bases), fetcher(facts.clip_bases)
        with full_disk_told(folder, still_needed), run.workers([tables, clips], jobs) as pool:
            for table, sha256 in facts.tables.items():
                _bring_table(table, sha256, tables, scratch, report)
            todo = {name: paths[name] for name in names if name not in here}
            left = Counter(_actor(name) for name in todo)
            whole = [actor for actor in chosen if not left[actor]]
            right = dict(zip(whole, pool.map(is_right, whole), strict=True))
            with run.bar("CREMA-D", n_bytes, sum(here.values()), progress) as shown:
                for name in run.bring_clips(todo, clips, scratch, pool, shown, report):
                    actor = _actor(name)
                    left[actor] -= 1
                    if not left[actor]:
                        right[actor] = is_right(actor)
            for actor in [actor for actor, fine in right.items() if not fine]:
                of_actor = {name: paths[name] for name in facts.clips[actor]}
                wanted = facts.fingerprints[actor].sha256
                right[actor] = _repair(of_actor, wanted, clips, scratch, pool, report)
        report.present = sum(is_whole(paths[name]) for name in names)
        report.verified = sum(len(facts.clips[actor]) for actor, fine in right.items() if fine)
    report.notes += [
        f"{name}.wav is here, but left out when the corpus is opened: {KNOWN_BAD[name]}"
        for name in names
        if name in KNOWN_BAD and paths[name].exists()
    ]
    return report


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
    return int(name[:4])


def _repair(
    of_actor: dict[str, Path],
    wanted: str,
    fetcher: Fetcher,
    scratch: Path,
    pool: Executor,
    report: run.Report,
) -> bool:
    """Repair an actor's clips, and report on it; tell whether they are right now."""
    actor = _actor(min(of_actor))
    if len(report.doubtful) >= GIVE_UP_AFTER:  # then it is not a matter of some clips
        report.doubtful[f"actor {actor}"] = "not as published; not tried, others failed before"
        return False
    replaced, problem = repair(of_actor, wanted, fetcher, scratch, pool)
    if problem:
        report.doubtful[f"actor {actor}"] = problem
        return False
    report.notes.append(
        f"replaced, the content was wrong: {', '.join(replaced)} (what was there is beside it as "
        ".old)"
    )
    return True


def _bring_table(
    table: str, sha256: str, fetcher: Fetcher, scratch: Path, report: run.Report
) -> None:
    """Bring one of CREMA-D's tables, unless it is here and right."""

    def check(path: Path) -> None:
        if not is_table(path, sha256):
            raise Refused("not the table that was published (SHA-256)")

    here = find_table(table, report.folder)
    if here and is_table(here, sha256):
        return
    new = scratch / Path(table).name
    try:
        fetcher.fetch(table, new, new.with_name(f"{new.name}.part"), check=check)
    except Missing as error:
        report.missing[table] = str(error)
    else:
        put(new, report.folder / table)
