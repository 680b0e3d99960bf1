"""What every download does: many files at a time, one progress bar, a report at the end."""

import contextlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import pooch
from tqdm import tqdm

from ser_helpers.download.facts import ALIASES
from ser_helpers.download.fetcher import Fetcher, Missing, check_wav
from ser_helpers.download.sources import Disk, Patience, Source, Web
from ser_helpers.files import project_folder
from ser_helpers.names import CORPUS_FOLDERS

JOBS = 8  # files at a time


@dataclass
class Report:
    """What is here after a download; print it.

    Attributes
    ----------
    corpus : {"cremad", "ravdess"}
    folder : Path
        Where it is.
    wanted, present, verified : int
        Numbers of clips: asked for; here and whole; known by checksum to be the right ones.
    missing : dict of str to str
        File that is not here, and why.
    doubtful : dict of str to str
        What is here but is not as published and could not be repaired.
    notes : list of str
        What else is to be said.
    """

    corpus: str
    folder: Path
    wanted: int = 0
    present: int = 0
    verified: int = 0
    missing: dict[str, str] = field(default_factory=dict)
    doubtful: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True if all that was asked for is here and nothing is doubtful."""
        return not self.missing and not self.doubtful

    def __str__(self) -> str:
        """Return the last lines of a download."""
        lines = [
            f"{CORPUS_FOLDERS[self.corpus]} in {self.folder}: {self.present:,} of {self.wanted:,} "
            f"clips present, {self.verified:,} verified, {len(self.missing):,} files missing"
        ]
        lines += _grouped("missing", self.missing) + _grouped("doubtful", self.doubtful)
        lines += [f"  {note}" for note in self.notes]
        if self.present:
            lines.append(f"  to use it: {self._how_to_use()}")
        if not self.ok:
            lines.append("What has arrived is kept: run the same command again to go on.")
        return "\n".join(lines)

    def _how_to_use(self) -> str:
        if self.folder != standard_folder(self.corpus):
            return f"SER_DATA={self.folder}, or data.open_corpus({str(self.folder)!r})"
        if self.corpus == "cremad":
            return "the course opens it by itself from now on"
        return f"SER_DATA={self.corpus}, or data.open_corpus({self.corpus!r})"


def _grouped(what: str, reasons: dict[str, str]) -> list[str]:
    """Say each reason once, with the first of those that it holds for."""
    lines = []
    for reason, n in Counter(reasons.values()).most_common(5):
        first = next(name for name, why in reasons.items() if why == reason)
        lines.append(f"  {what}: {first}{f' and {n - 1:,} more' * (n > 1)}: {reason}")
    return lines


def standard_folder(corpus: str) -> Path:
    """Return the folder of a corpus below ``data/`` in the project."""
    return project_folder() / "data" / CORPUS_FOLDERS[corpus]


def start(corpus: str, to: str | Path | None) -> Report:
    """Begin a report; the folder is the standard one if ``to`` is None."""
    folder = standard_folder(corpus) if to is None else Path(to).expanduser().absolute()
    return Report(corpus, folder)


def say_what_is_here(report: Report, here: dict[str, int]) -> None:
    """Print what an earlier run, or the user, has left in the folder."""
    if here:
        print(
            f"{report.folder} has {len(here):,} of {report.wanted:,} clips already "
            f"({sum(here.values()) / 1e6:,.0f} MB): going on from there"
        )


def sources(
    local: str | Path | None,
    bases: Iterable[str],
    patience: Patience,
    report: Report,
) -> list[Source]:
    """Make sources of what is on disk and of addresses, in this order.

    Parameters
    ----------
    local : str or Path, optional
        Folder or zip; the corpus's own folder is not a source.
    bases : iterable of str
    patience : Patience
    report : Report
        Gets a note if members of the zip are ignored.

    Raises
    ------
    DataError
        If ``local`` is no folder or zip.
    """
    made: list[Source] = [Web(base, patience=patience) for base in bases]
    if local is not None and Path(local).expanduser().absolute() != report.folder:
        disk = Disk(Path(local).expanduser())
        made.insert(0, disk)
        if disk.ignored:
            names = ", ".join(disk.ignored[:5])
            report.notes.append(f"ignored in {local}: {names}: such names lead out of the folder")
    return made


@contextlib.contextmanager
def workers(fetchers: Iterable[Fetcher], jobs: int) -> Iterator[ThreadPoolExecutor]:
    """Give a pool of threads; when something goes wrong, none goes on in the background."""
    pool = ThreadPoolExecutor(jobs)
    try:
        yield pool
    except BaseException:
        for fetcher in fetchers:
            fetcher.stop()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def bar(name: str, n_bytes: int, n_here: int, progress: bool) -> tqdm:
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


def places(name: str) -> tuple[str, ...]:
    """Return where a clip may lie in a source (a folder or zip is searched by the name alone)."""
    names = (name, ALIASES[name]) if name in ALIASES else (name,)
    return tuple(f"AudioWAV/{n}.wav" for n in names)


def bring_clips(
    todo: dict[str, Path],
    fetcher: Fetcher,
    scratch: Path,
    pool: ThreadPoolExecutor,
    shown: tqdm,
    report: Report,
) -> Iterator[str]:
    """Bring clips to their paths; yield each that has come, note why the others have not.

    Parameters
    ----------
    todo : dict of str to Path
        Name of each clip, and its final path.
    fetcher : Fetcher
    scratch : Path
        Folder for temporary files.
    pool : ThreadPoolExecutor
    shown : tqdm
        Is told bytes and clips.
    report : Report
        ``missing`` gets those that do not come.

    Yields
    ------
    str
        Names, in the order in which they come.
    """

    def bring(name: str) -> None:
        todo[name].parent.mkdir(parents=True, exist_ok=True)
        part = scratch / f"{name}.part"
        fetcher.fetch(places(name), todo[name], part, check=check_wav, progress=shown.update)

    futures = {pool.submit(bring, name): name for name in todo}
    n_here = report.wanted - len(todo)
    for future in as_completed(futures):
        name = futures[future]
        try:
            future.result()
        except Missing as error:
            report.missing[f"{name}.wav"] = str(error)
        else:
            n_here += 1
            shown.set_postfix_str(f"{n_here:,} of {report.wanted:,} clips", refresh=False)
            yield name


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return pooch.file_hash(str(path), alg="sha256")
