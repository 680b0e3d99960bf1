"""One file from several sources, politely and without trust.

pooch, which the scientific Python world uses for this, cannot do it: it begins anew when it is cut
off, asks one address, one file after the other over a new connection each, and neither waits as
long as a server asks (``Retry-After``) nor stops asking one whose quota is used up. CREMA-D is
7,442 small files behind a quota, RAVDESS one large one. So the transfer here stands on requests,
which keeps connections open and finds proxies in the environment.
"""

import contextlib
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ser_helpers.audio import check_file
from ser_helpers.checksums import Checksum
from ser_helpers.download.sources import TOO_LARGE, Busy, Disk, Patience, Refused, Web
from ser_helpers.errors import DataError
from ser_helpers.files import hash_file

WEB_PAGE = (b"<!doctype", b"<html", b"<?xml")  # how one begins


class Doubtful(Refused):
    """The file is whole sound, but has not the published content."""


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
    given_up: str = ""  # the reason


class Fetcher:
    """Fetch files from the first source that has the right ones; safe to call from many threads.

    Parameters
    ----------
    sources : sequence of Web or Disk
        In the order in which they are asked.
    patience : Patience
    stop : threading.Event, optional
        Ends all waiting and receiving when it is set.
    """

    def __init__(
        self,
        sources: Sequence[Web | Disk],
        *,
        patience: Patience = Patience(),
        stop: threading.Event | None = None,
    ) -> None:
        self.patience = patience
        self._standings = {source: _Standing() for source in sources}
        self._lock = threading.Lock()
        self._stop = stop or threading.Event()

    def fetch(
        self,
        paths: Sequence[str],
        part: Path,
        *,
        check: Callable[[Path], None],
        at_most: int,
        resume: bool = False,
        progress: Callable[[int], object] = lambda n_bytes: None,
    ) -> None:
        """Fetch one file.

        Parameters
        ----------
        paths : sequence of str
            Where a source may have it.
        part : Path
            Where it is written to; when this returns, it is there and has passed ``check``.
        check : callable
            Is given ``part``; raises :class:`Refused` if that is not the file wanted.
        at_most : int
            No more bytes are received.
        resume : bool
            Go on where ``part`` ends.
        progress : callable
            Is given the size of each piece; negative if pieces were useless.

        Raises
        ------
        Missing
            If no source gave it.
        Stopped
            When ``stop`` was set.
        OSError
            If it cannot be written.
        """
        if resume and part.exists():
            progress(part.stat().st_size)
            with contextlib.suppress(Refused):
                check(part)
                return  # the last run ended just before this
        else:
            part.unlink(missing_ok=True)
        tries = dict.fromkeys(self._standings, 0)
        reasons = {}
        while chosen := self._next(tries):
            source, begun = chosen
            start = part.stat().st_size if part.exists() else 0
            try:
                self._take(source, paths, start, part, check, at_most, progress)
            except Refused as error:
                reasons[source] = str(error)
                # With a piece from before, what came now may be good all the same: once more.
                tries[source] += 1 if start else self.patience.tries
                self._note_refusal(source, error)
                _drop(part, progress)
            except Busy as error:
                reasons[source] = str(error)
                tries[source] += 1
                if not resume:
                    _drop(part, progress)
                elif part.exists() and part.stat().st_size > start:  # slowly, but it comes
                    tries[source] = 0
                    self._note_success(source)
                self._note_busy(source, error, begun)
            else:
                self._note_success(source)
                return
        reasons |= {s: self._standings[s].given_up for s in tries if self._standings[s].given_up}
        why = "; ".join(f"{s.name}: {reasons[s]}" for s in tries if s in reasons)
        raise Missing(why or "no source was asked (offline)")

    def _take(
        self,
        source: Web | Disk,
        paths: Sequence[str],
        start: int,
        part: Path,
        check: Callable[[Path], None],
        at_most: int,
        progress: Callable[[int], object],
    ) -> None:
        """Receive what a source offers until it passes the check."""
        refusal = Refused("nothing was offered")
        for begins, pieces in source.offers(paths, start=start, at_most=at_most):
            if begins == 0:
                _drop(part, progress)
            try:
                with part.open("ab") as file, contextlib.closing(pieces):
                    for piece in pieces:
                        if file.tell() + len(piece) > at_most:
                            raise Refused(TOO_LARGE)
                        file.write(piece)
                        progress(len(piece))
                        self._raise_if_stopped()
                return check(part)
            except Refused as error:
                refusal = refusal if refusal.kept else error
        raise refusal

    def _next(self, tries: dict[Web | Disk, int]) -> tuple[Web | Disk, float] | None:
        """Wait for a source that may be asked; return it and the time, or None if none is left."""
        while True:
            self._raise_if_stopped()
            with self._lock:
                now = time.monotonic()
                pauses = {
                    source: self._standings[source].not_before - now
                    for source, n in tries.items()
                    if n < self.patience.tries and not self._standings[source].given_up
                }
            for source, pause in pauses.items():
                if pause <= 0:
                    return source, now
            if not pauses:
                return None
            # Not for longer than half a second: meanwhile another thread may learn more.
            self._stop.wait(min(*pauses.values(), 0.5))

    def _note_success(self, source: Web | Disk) -> None:
        with self._lock:
            self._standings[source].refused = self._standings[source].busy = 0

    def _note_refusal(self, source: Web | Disk, error: Refused) -> None:
        with self._lock:
            standing = self._standings[source]
            standing.refused = 0 if error.kept else standing.refused + 1
            # A disk is never given up: a stick with a part of the corpus is no worse for it.
            if standing.refused >= self.patience.refusals and isinstance(source, Web):
                standing.given_up = str(error)

    def _note_busy(self, source: Web | Disk, error: Busy, begun: float) -> None:
        """Leave the source alone for a while, all threads together."""
        with self._lock:
            standing, now = self._standings[source], time.monotonic()
            if begun >= standing.busy_since:  # else another thread's failure was this one, too
                standing.busy += 1
                standing.busy_since = now
            wait = self.patience.backoff * 2 ** (standing.busy - 1) * random.uniform(1, 1.5)
            wait = max(wait, error.wait or 0)
            standing.not_before = max(standing.not_before, now + wait)
            if error.wait is not None and error.wait > self.patience.longest_wait:
                standing.given_up = f"{error}; it asks to come back in {error.wait:.0f} s"
            elif standing.busy >= self.patience.tries:
                standing.given_up = str(error)

    def _raise_if_stopped(self) -> None:
        if self._stop.is_set():
            raise Stopped


def check_clip(path: Path, checksum: Checksum) -> None:
    """Raise :class:`Refused` unless a file is the published clip; :class:`Doubtful` if it is sound.

    Raises OSError if it cannot be read.
    """
    if path.stat().st_size == checksum.n_bytes and hash_file(path) == checksum.sha256:
        return
    with path.open("rb") as file:
        head = file.read(512)
    if instead := in_place_of_sound(head):
        raise Refused(instead)
    n_bytes = path.stat().st_size
    if head[:4] == b"RIFF" and n_bytes < int.from_bytes(head[4:8], "little") + 8 < 1 << 32:
        raise Refused(f"cut short after {n_bytes:,} bytes")
    try:
        check_file(path)
    except DataError as error:
        said = str(error).replace(str(path), "what came").replace(path.name, "what came")
        raise Refused(said.split(": get")[0]) from None
    raise Doubtful("not the published content")


def in_place_of_sound(head: bytes) -> str:
    """Name what servers send in place of a file, by its first bytes; empty if it may be sound."""
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer in place of sound (quota used up, or cloned without Git LFS)"
    return "a web page in place of sound" if head.startswith(WEB_PAGE) else ""


def _drop(part: Path, progress: Callable[[int], object]) -> None:
    """Remove the partial download."""
    if part.exists():
        progress(-part.stat().st_size)
        part.unlink()
