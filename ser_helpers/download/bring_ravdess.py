"""Bring RAVDESS: one zip of 1,440 clips."""

from collections.abc import Sequence
from pathlib import Path

import pooch

from ser_helpers.download import facts as published
from ser_helpers.download import run
from ser_helpers.download.fetcher import Fetcher, Missing, check_hash
from ser_helpers.download.sources import Patience
from ser_helpers.download.target import check_room, full_disk_told, locked, look, put
from ser_helpers.errors import DataError

MANIFEST = "checksums.sha256"  # of the clips, written when they come out of the published zip
UNPACKED = 600_000_000  # bytes, about: clips of 3.7 s at 48 kHz, a few in stereo


def ravdess(
    to: str | Path | None = None,
    *,
    source: str | Path | None = None,
    verify: bool = False,
    bases: Sequence[str] = (),
    offline: bool = False,
    jobs: int = run.JOBS,
    progress: bool = True,
    patience: Patience = Patience(),
    facts: published.Ravdess | None = None,
) -> run.Report:
    """Bring RAVDESS's spoken clips here, or what is missing of them, and verify them.

    All eight emotions are unpacked; ``open_corpus("ravdess")`` shows the six of the course.

    Parameters
    ----------
    to : str or Path, optional
        Folder; ``data/RAVDESS`` in the project if left out.
    source : str or Path, optional
        The zip, or a folder with what was in it, that is on disk already.
    verify : bool
        Stop if no clip is there; repair what is broken or missing.
    bases : sequence of str
        Addresses to ask for the zip instead of Zenodo, in this order.
    offline, jobs, progress, patience
        As in :func:`ser_helpers.download.cremad`.
    facts : Ravdess, optional
        What the corpus is; as published if left out.

    Returns
    -------
    Report

    Raises
    ------
    DataError
        If there is no room, another download into the folder is running, or ``source`` is no
        folder or zip.
    """
    facts = facts or published.ravdess()
    report = run.start("ravdess", to)
    report.wanted = len(facts.clips)
    folder = report.folder
    with locked(folder) as scratch:
        paths, here = look(
            folder, facts.clips, home=lambda name: folder / f"Actor_{name[-2:]}" / f"{name}.wav"
        )
        if verify and not here:
            raise DataError(f"there is no clip of RAVDESS in {folder}: nothing to verify")
        run.say_what_is_here(report, here)
        by_hand = folder / facts.archive  # where a browser may have put it
        source = source or (by_hand if _is_published(by_hand, facts) else None)
        archive = scratch / facts.archive

        def still_needed() -> int:
            zipped = 0 if source or archive.exists() else facts.n_bytes
            return zipped + max(0, UNPACKED - sum(here.values()))

        known = _read_manifest(folder)
        addresses = () if offline else bases or facts.bases
        web = Fetcher(run.sources(None, addresses, patience, report), patience=patience)
        with full_disk_told(folder, still_needed), run.workers([web], jobs) as pool:
            hashes = dict(zip(here, pool.map(run.sha256, map(paths.get, here)), strict=True))
            unsure = [name for name in facts.clips if hashes.get(name, "") != known.get(name)]
            if unsure:
                check_room(folder, still_needed())
                if not source:
                    source, problem = _bring_archive(facts, archive, web, progress)
                if not source:
                    report.missing |= {f"{n}.wav": problem for n in unsure if n not in here}
            if unsure and source:
                as_published = _is_published(Path(source), facts)
                known = _read_manifest(Path(source)) | known
                local = Fetcher(run.sources(source, (), patience, report), patience=patience)
                new = {name: scratch / f"{name}.new" for name in unsure}
                with run.bar("unpacking", UNPACKED, sum(here.values()), progress) as shown:
                    for name in run.bring_clips(new, local, scratch, pool, shown, report):
                        sha256 = run.sha256(new[name])
                        if as_published:
                            known[name] = sha256
                        if name not in here:
                            paths[name].parent.mkdir(exist_ok=True)
                            new[name].replace(paths[name])
                        elif sha256 != hashes[name] and sha256 == known.get(name):
                            put(new[name], paths[name])
                        else:  # the same, or nobody knows which one is right
                            new[name].unlink()
                            continue
                        hashes[name] = sha256
                for name in here:
                    report.missing.pop(f"{name}.wav", None)
                _write_manifest(folder, paths, known)
        report.present = len(hashes)
        report.verified = sum(hashes[name] == known.get(name) for name in hashes)
        if report.verified < report.present:
            report.notes.append(
                f"{report.present - report.verified:,} clips are whole, but not verified: for "
                f"that, {facts.archive} as published is needed (md5 {facts.md5})"
            )
        elif report.ok:
            archive.unlink(missing_ok=True)
    return report


def _bring_archive(
    facts: published.Ravdess, archive: Path, web: Fetcher, progress: bool
) -> tuple[Path | None, str]:
    """Bring the zip, going on where the last run ended; return it, or None and the reason."""
    part = archive.with_name(f"{archive.name}.part")
    if archive.exists():  # the last run ended while it was unpacking: as good as just arrived
        archive.replace(part)
    with run.bar("RAVDESS", facts.n_bytes, 0, progress) as shown:
        try:
            web.fetch(
                facts.archive,
                archive,
                part,
                check=lambda path: check_hash(path, facts.md5, algorithm="md5"),
                resume=True,
                progress=shown.update,
            )
        except Missing as error:
            return None, str(error)
    return archive, ""


def _is_published(source: Path, facts: published.Ravdess) -> bool:
    return source.is_file() and pooch.file_hash(str(source), alg="md5") == facts.md5


def _read_manifest(folder: Path) -> dict[str, str]:
    """Read the SHA-256 of each clip that came out of the published zip."""
    file = folder / MANIFEST
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return {Path(line[66:]).stem: line[:64] for line in lines}


def _write_manifest(folder: Path, paths: dict[str, Path], known: dict[str, str]) -> None:
    """Write them as ``sha256sum --check`` reads them."""
    lines = [f"{known[n]}  {paths[n].relative_to(folder).as_posix()}\n" for n in sorted(known)]
    if lines:
        part = folder / f"{MANIFEST}.part"
        part.write_text("".join(lines), encoding="utf-8", newline="\n")
        part.replace(folder / MANIFEST)
