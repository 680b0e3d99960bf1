"""One file from several sources, politely and without trust.

pooch, which the scientific Python world uses for this, brings one file after the other from one
address, over a new connection each, and begins anew when it is cut off. CREMA-D is 7,442 small
files behind a quota, RAVDESS one large one: so the transfer here stands on requests (connections
are kept open, proxies are found in the environment), and the checksums are pooch's.
"""

import os
import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pooch

from ser_helpers.audio import check_file
from ser_helpers.download.sources import Absent, Busy, Patience, Refused, Source, Web
from ser_helpers.errors import DataError


class Missing(Exception):
    """No source had the file; the message has the reason of each."""


class Stopped(Exception):
    """The run is being ended."""


@dataclass
class _Standing:
    """How a source has behaved lately; times are those of ``time.monotonic``."""

    refused: int = 0  # in a row
    busy: int = 0  # in a row; at once in several threads counts once
    busy_since: float = 0.0
    not_before: float = 0.0


class Fetcher:
    """Bring files from the first source that gives them whole; safe to call from many threads.

    Parameters
    ----------
    sources : iterable of Source
        In the order in which they are asked.
    patience : Patience
    """

    def __init__(self, sources: Iterable[Source], *, patience: Patience = Patience()) -> None:
        self.sources = tuple(sources)
        self.patience = patience
        self.given_up: dict[Source, str] = {}
        self._standing = {source: _Standing() for source in self.sources}
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def fetch(
        self,
        paths: str | tuple[str, ...],
        target: Path,
        part: Path,
        *,
        check: Callable[[Path], None],
        resume: bool = False,
        only: Source | None = None,
        progress: Callable[[int], None] = lambda n_bytes: None,
    ) -> None:
        """Bring one file; it has its final name only when it is whole and checked.

        Parameters
        ----------
        paths : str or tuple of str
            Where a source has it; more than one: names that it goes by.
        target, part : Path
            Final and temporary name, on the same disk.
        check : callable
            Is given ``part``; raises :class:`Refused` if that is not the file wanted.
        resume : bool
            Go on where ``part`` ends.
        only : Source, optional
            Ask this one only.
        progress : callable
            Is told the size of each piece; negative if pieces were in vain.

        Raises
        ------
        Missing
            If no source gave it.
        Stopped
            After :meth:`stop`.
        OSError
            If it cannot be written.
        """
        if resume and part.exists():
            progress(part.stat().st_size)
            if _passes(check, part):  # the last run ended just before this
                os.replace(part, target)
                return
        else:
            part.unlink(missing_ok=True)
        tries = dict.fromkeys([only] if only else self.sources, 0)
        reasons = {}
        while chosen := self._next(tries):
            source, begun = chosen
            start = part.stat().st_size if part.exists() else 0
            try:
                self._receive(source, paths, part, start, progress)
                check(part)
            except Refused as error:
                reasons[source] = str(error)
                # With a piece from before, what came now may be good all the same: once more.
                tries[source] += 1 if start else self.patience.tries
                self._note_refusal(source, str(error))
                _drop(part, progress)
            except Busy as error:
                reasons[source] = str(error)
                tries[source] += 1
                if not resume:
                    _drop(part, progress)
                elif part.exists() and part.stat().st_size > start:  # slowly, but it comes
                    tries[source] = 0
                    self._note_well(source)
                self._note_busy(source, error, begun)
            else:
                self._note_well(source)
                os.replace(part, target)
                return
        reasons |= {s: reason for s, reason in self.given_up.items() if s in tries}
        why = "; ".join(f"{s.name}: {reasons[s]}" for s in self.sources if s in reasons)
        raise Missing(why or "no source was asked (offline)")

    def stop(self) -> None:
        """End all waiting and receiving in all threads."""
        self._stop.set()

    def _next(self, tries: dict[Source, int]) -> tuple[Source, float] | None:
        """Wait for a source that may be asked; return it and the time, or None if none is left."""
        while True:
            self._raise_if_stopped()
            with self._lock:
                now = time.monotonic()
                pauses = {
                    source: self._standing[source].not_before - now
                    for source, n in tries.items()
                    if n < self.patience.tries and source not in self.given_up
                }
                for source, pause in pauses.items():
                    if pause <= 0:
                        return source, now
            if not pauses:
                return None
            # Not for longer than half a second: meanwhile another thread may learn more.
            self._stop.wait(min(*pauses.values(), 0.5))

    def _note_well(self, source: Source) -> None:
        with self._lock:
            self._standing[source].refused = self._standing[source].busy = 0

    def _note_refusal(self, source: Source, reason: str) -> None:
        with self._lock:
            self._standing[source].refused += 1
            # A disk is never given up: a stick with a part of the corpus is no worse for it.
            if self._standing[source].refused >= self.patience.refusals and isinstance(source, Web):
                self.given_up[source] = reason

    def _note_busy(self, source: Source, error: Busy, begun: float) -> None:
        """Leave the source alone for a while, all threads together."""
        with self._lock:
            standing, now = self._standing[source], time.monotonic()
            if begun >= standing.busy_since:  # else another thread's failure was this one, too
                standing.busy += 1
                standing.busy_since = now
            wait = self.patience.backoff * 2 ** (standing.busy - 1) * random.uniform(1, 1.5)
            wait = max(wait, error.wait or 0)
            standing.not_before = max(standing.not_before, now + wait)
            if error.wait is not None and error.wait > self.patience.longest_wait:
                self.given_up[source] = f"{error}; it asks to come back in {error.wait:.0f} s"
            elif standing.busy >= self.patience.tries:
                self.given_up[source] = str(error)

    def _receive(
        self,
        source: Source,
        paths: str | tuple[str, ...],
        part: Path,
        start: int,
        progress: Callable[[int], None],
    ) -> None:
        names = (paths,) if isinstance(paths, str) else paths
        for name in names:
            try:
                begins, pieces = source.open(name, start)
                break
            except Absent:
                if name == names[-1]:
                    raise
        if begins < start:
            progress(-start)
        # What is here is kept if the source goes on from there, and written anew if not.
        with part.open("ab" if begins else "wb") as file:
            for piece in pieces:
                file.write(piece)
                progress(len(piece))
                self._raise_if_stopped()

    def _raise_if_stopped(self) -> None:
        if self._stop.is_set():
            raise Stopped


def check_wav(path: Path) -> None:
    """Raise :class:`Refused` if a file is not one whole WAV (or other sound)."""
    with path.open("rb") as file:
        head = file.read(512).lstrip().lower()
    if head.startswith(b"version https://git-lfs"):
        raise Refused(
            "a Git LFS pointer in place of sound (quota used up, or cloned without Git LFS)"
        )
    if head.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise Refused("a web page in place of sound")
    try:
        check_file(path)
    except DataError as error:
        raise Refused(str(error).replace(path.name, "what came").split(": get")[0]) from None


def check_hash(path: Path, expected: str, *, algorithm: str) -> None:
    """Raise :class:`Refused` if a file has another checksum."""
    found = pooch.file_hash(str(path), alg=algorithm)
    if found != expected:
        raise Refused(f"the wrong content: {algorithm} {found[:12]}… instead of {expected[:12]}…")


def _passes(check: Callable[[Path], None], part: Path) -> bool:
    try:
        check(part)
    except Refused:
        return False
    return True


def _drop(part: Path, progress: Callable[[int], None]) -> None:
    """Remove what came in vain."""
    if part.exists():
        progress(-part.stat().st_size)
        part.unlink()
