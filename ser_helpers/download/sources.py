"""Where files can come from: an address, or what is on disk already."""

import re
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Protocol
from urllib.parse import quote, urlsplit

import requests

from ser_helpers import __version__
from ser_helpers.errors import DataError

CHUNK = 65_536  # bytes
TRY_LATER = {408, 425, 429, 500, 502, 503, 504}  # HTTP statuses that may pass


class Refused(Exception):
    """The source does not have the file, or not whole: ask another one."""


class Absent(Refused):
    """The source does not have the file."""


class Busy(Exception):
    """The source may have the file in a while; ``wait`` tells the seconds, if it said so."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True)
class Patience:
    """How long and how often a source is asked.

    Attributes
    ----------
    connect, read : float
        Seconds until a silent source counts as busy: for a connection, and between two pieces.
    backoff : float
        Seconds that a busy source is left alone; doubled each time, and a little at random.
    longest_wait : float
        A source that wants us to wait longer (``Retry-After``) is given up for this run.
    tries : int
        A source that was busy so often in a row is given up for this run; for one file it is
        asked as often at most.
    refusals : int
        A source that refused so many files in a row is given up for this run.
    """

    connect: float = 10.0
    read: float = 30.0
    backoff: float = 1.0
    longest_wait: float = 120.0
    tries: int = 6
    refusals: int = 24


class Source(Protocol):
    """Whatever can hand out a file by its path.

    ``open`` returns the position at which it really begins, and the content in pieces; both the
    call and the pieces raise :class:`Refused` or :class:`Busy`.
    """

    name: str

    def open(self, path: str, start: int = 0) -> tuple[int, Iterator[bytes]]: ...  # noqa: D102


class Web:
    """Files below an address.

    Parameters
    ----------
    base : str
        Address that a path is put behind.
    patience : Patience
    """

    def __init__(self, base: str, *, patience: Patience = Patience()) -> None:
        self.base = base.rstrip("/") + "/"
        self.name = urlsplit(base).netloc or base
        self._timeout = (patience.connect, patience.read)
        self._of_thread = threading.local()  # a requests.Session is not for several threads

    def open(self, path: str, start: int = 0) -> tuple[int, Iterator[bytes]]:
        """Ask for a file, from byte ``start`` on if the server can do that."""
        # "identity": else Content-Length would count compressed bytes.
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        try:
            response = self._session().get(
                self.base + quote(path), headers=headers, timeout=self._timeout, stream=True
            )
        except requests.RequestException as error:
            raise Busy(_reason(error)) from None
        if response.status_code not in (200, 206):
            raise _refusal(response)
        begins = start if response.status_code == 206 else 0
        return begins, _pieces(response)

    def _session(self) -> requests.Session:
        if not hasattr(self._of_thread, "session"):
            self._of_thread.session = requests.Session()
            self._of_thread.session.headers["User-Agent"] = f"ser_helpers/{__version__}"
        return self._of_thread.session


class Disk:
    """Files in a folder or zip that is here already; known by their names, wherever they lie.

    Parameters
    ----------
    place : Path
        Folder, searched with its subfolders, or zip.

    Raises
    ------
    DataError
        If it is neither.

    Attributes
    ----------
    ignored : list of str
        Members of the zip whose names lead out of it (``../`` or an absolute path).
    """

    def __init__(self, place: Path) -> None:
        self.name = str(place)
        self.ignored: list[str] = []
        if place.is_dir():
            files = sorted(path for path in place.rglob("*") if path.is_file())
            self._openers = {file_key(path.name): partial(path.open, "rb") for path in files[::-1]}
            return
        archive = open_zip(place)
        self._openers = {}
        for member in archive.infolist():
            # Nothing is ever written under a name from the zip, so these could do no harm; but who
            # made such a zip is not to be trusted with the content either.
            if _leads_out(member.filename):
                self.ignored.append(member.filename)
            elif not member.is_dir() and "__MACOSX" not in member.filename:
                self._openers.setdefault(file_key(member.filename), partial(archive.open, member))

    def open(self, path: str, start: int = 0) -> tuple[int, Iterator[bytes]]:
        """Open a file; always from its beginning."""
        opener = self._openers.get(file_key(path))
        if opener is None:
            raise Absent("it is not in there")
        return 0, self._pieces(opener)

    def _pieces(self, opener: Callable) -> Iterator[bytes]:
        try:
            with opener() as file:
                while piece := file.read(CHUNK):
                    yield piece
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
            raise Refused(f"cannot be read ({error})") from None


def file_key(path: str) -> str:
    """Return the name by which a file is known, whatever its folder and its habits of naming."""
    name = PurePosixPath(path.replace("\\", "/")).name
    # Older copies of CREMA-D have one clip with the level X, and Windows likes .WAV.
    return re.sub(r"_X\.wav$", "_XX.wav", re.sub(r"\.wav$", ".wav", name, flags=re.IGNORECASE))


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip; raise a DataError if it is none, or cut short."""
    if not path.is_file():
        raise DataError(f"there is no folder or zip {path}: check the path")
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(
            f"{path} is not a whole zip ({error}): it was cut short, or is no zip; get it again"
        ) from None


def _leads_out(member: str) -> bool:
    path = PureWindowsPath(member)  # knows drives, and both kinds of slash
    return bool(path.anchor) or ".." in path.parts


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """Hand on a response's content; raise Busy if it ends too early."""
    expected = response.headers.get("Content-Length")
    received = 0
    with response:
        try:
            for piece in response.iter_content(CHUNK):
                received += len(piece)
                yield piece
        except requests.RequestException as error:
            raise Busy(f"cut off after {received:,} bytes ({_reason(error)})") from None
    if expected is not None and received != int(expected):
        raise Busy(f"cut off after {received:,} of {int(expected):,} bytes")


def _refusal(response: requests.Response) -> Exception:
    """Turn an HTTP status into an exception."""
    status = response.status_code
    reason = f"HTTP {status} {response.reason or ''}".strip()
    with response:
        if "html" not in response.headers.get("Content-Type", "html"):
            try:
                said = next(response.iter_content(300), b"").decode(errors="replace")
                reason += f" ({' '.join(said.split())[:100]})" if said.strip() else ""
            except requests.RequestException:
                pass
    wait = _seconds(response.headers.get("Retry-After"))
    if status in TRY_LATER or wait is not None:
        return Busy(reason, wait)
    return Absent(reason) if status in (404, 410) else Refused(reason)


def _seconds(retry_after: str | None) -> float | None:
    """Read the header Retry-After: a number of seconds, or a date (RFC 9110, 10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        date = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())


def _reason(error: requests.RequestException) -> str:
    """Say in a few words what went wrong on the way."""
    if isinstance(error, requests.exceptions.SSLError):
        return "no secure connection (certificate)"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy does not answer"
    if isinstance(error, requests.Timeout) or "timed out" in str(error).lower():
        return "no answer in time"
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return "the connection broke"
