"""Where files can come from: an address, or a folder or zip on this machine."""

import contextlib
import copy
import re
import stat
import threading
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import Retry

from ser_helpers import __version__
from ser_helpers.errors import DataError
from ser_helpers.files import walk

Pieces = Generator[bytes, None, None]  # the content of a file
CHUNK = 65_536  # bytes
TRY_LATER = {408, 425, 429, 500, 502, 503, 504}  # HTTP statuses that may pass
TOO_LARGE = "not the published content (far larger)"
LZMA_MEMORY = 1 << 28  # bytes
ARCHIVE_SUFFIXES = {".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst"}


class Refused(Exception):
    """The source does not have the file, or not the right one: ask another one."""

    kept = False  # what it has is kept all the same, for want of better


class Absent(Refused):
    """The source does not have the file."""


class Busy(Exception):
    """The source may have the file in a while; ``wait``: seconds, if the source said how many."""

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
        An address that refused so many files in a row is given up for this run.
    """

    connect: float = 10.0
    read: float = 30.0
    backoff: float = 1.0
    longest_wait: float = 120.0
    tries: int = 6
    refusals: int = 24


class Web:
    """Files below an address.

    Parameters
    ----------
    base : str
        Address that a path is put behind.
    patience : Patience

    Raises
    ------
    DataError
        If it is no address.
    """

    def __init__(self, base: str, *, patience: Patience = Patience()) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise DataError(
                f"{base} is not an address that can be asked: it begins with http:// or https://; "
                "a folder or zip on this machine is given by --from"
            )
        self.base = base.rstrip("/") + "/"
        self.name = parts.netloc
        self._timeout = (patience.connect, patience.read)
        self._of_thread = threading.local()  # a requests.Session is not for several threads

    def offers(
        self, paths: Sequence[str], *, start: int, at_most: int
    ) -> Iterator[tuple[int, Pieces]]:
        """Ask for a file that is known by one or more paths.

        Parameters
        ----------
        paths : sequence of str
        start : int
            Go on from this byte, if the server can do that.
        at_most : int
            More bytes than this are not read.

        Yields
        ------
        int
            Byte at which this version of the file begins: 0 or ``start``.
        generator of bytes
            Its content, in pieces.

        Raises
        ------
        Refused, Busy
            The content, too, raises them.
        """
        # "identity": else Content-Length would count compressed bytes.
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        for path in paths:
            try:
                response = self._session().get(
                    self.base + quote(path), headers=headers, timeout=self._timeout, stream=True
                )
            except requests.RequestException as error:
                raise Busy(_reason(error)) from None
            if response.status_code in (200, 206):
                yield start if response.status_code == 206 else 0, _pieces(response)
                return
            refusal = _refusal(response)
            if not isinstance(refusal, Absent) or path == paths[-1]:
                raise refusal

    def _session(self) -> requests.Session:
        if not hasattr(self._of_thread, "session"):
            self._of_thread.session = requests.Session()
            self._of_thread.session.headers["User-Agent"] = f"ser_helpers/{__version__}"
        return self._of_thread.session


class Disk:
    """Files in a folder or zip on this machine, known by their names wherever they lie in it.

    Parameters
    ----------
    place : Path
        Folder, searched with its subfolders, or zip; close it before the zip is moved.

    Attributes
    ----------
    ignored : list of str
        Members of the zip whose names lead out of it (``../`` or an absolute path).
    archives : list of str
        Archives that lie in there, and are not searched.
    unreadable : list of (Path, str)
        Folders that cannot be opened, and why.

    Raises
    ------
    DataError
        If it is no folder and no zip that can be read.
    """

    def __init__(self, place: Path) -> None:
        self.name = str(place)
        self.ignored: list[str] = []
        self.archives: list[str] = []
        self.unreadable: list[tuple[Path, str]] = []
        self._zip = None if place.is_dir() else open_zip(place)
        # zipfile lets threads share a file; in Python 3.13.0 one moves the other's place in it.
        self._one_at_a_time = threading.Lock()
        self._readers: dict[str, list[Callable[[int], bytes]]] = {}
        if self._zip is None:
            for path in walk(place, self.unreadable):
                self._add(path.name, partial(_read_file, path))
            return
        for member in self._zip.infolist():
            # Nothing is ever written under a name from the zip, so these could do no harm; but who
            # made such a zip is not to be trusted with the content either.
            if _leads_out(member.filename):
                self.ignored.append(member.filename)
            elif not member.is_dir() and "__MACOSX" not in member.filename:
                reader = partial(_read_member, self._zip, member, self._one_at_a_time)
                self._add(member.filename, reader)

    def _add(self, name: str, reader: Callable[[int], bytes]) -> None:
        self._readers.setdefault(file_key(name), []).append(reader)
        if PurePosixPath(name).suffix.lower() in ARCHIVE_SUFFIXES:
            self.archives.append(name)

    def __contains__(self, name: str) -> bool:
        return file_key(name) in self._readers

    def offers(
        self, paths: Sequence[str], *, start: int, at_most: int
    ) -> Iterator[tuple[int, Pieces]]:
        """Read each file of this name, always from its beginning."""
        keys = {file_key(path): None for path in paths}
        readers = [reader for key in keys for reader in self._readers.get(key, ())]
        if not readers:
            raise Absent("it is not in there")
        for reader in readers:
            yield 0, _whole(reader, at_most)

    def close(self) -> None:
        """Close the zip; Windows does not let go of an open file."""
        if self._zip is not None:
            self._zip.close()


def file_key(path: str) -> str:
    """Return the name by which a file is known, whatever its folder and its habits of naming."""
    name = PurePosixPath(path.replace("\\", "/")).name.upper()  # some sticks know no small letters
    return re.sub(r"_X\.WAV$", "_XX.WAV", name)  # in older copies of CREMA-D


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip; raise a DataError if it is none, or cut short."""
    if not path.is_file():
        raise DataError(f"there is no folder or zip {path}: check the path")
    try:
        return zipfile.ZipFile(path)
    except Exception as error:  # zipfile has no single error for what is damaged
        raise DataError(
            f"{path} is not a whole zip ({error}): if it was cut short, get it again; if it is a "
            "tar, 7z or rar, unpack it first, then give the folder"
        ) from None


def _leads_out(member: str) -> bool:
    path = PureWindowsPath(member)  # knows drives, and both kinds of slash
    return bool(path.anchor) or ".." in path.parts


def _whole(reader: Callable[[int], bytes], at_most: int) -> Pieces:
    try:
        content = reader(at_most)
    except Refused:
        raise
    except Exception as error:  # each way to compress has errors of its own for what is damaged
        raise Refused(f"cannot be read ({error or type(error).__name__})") from None
    yield content


def _read_file(path: Path, at_most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(at_most + 1)


def _read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, lock: threading.Lock, at_most: int
) -> bytes:
    """Read a member of a zip; never unpack more than it promises, nor more than is useful."""
    if member.flag_bits & 1:
        raise Refused("encrypted with a password: unpack the zip first, then give the folder")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise Refused("a symbolic link in the zip, not sound")
    if member.file_size > at_most:
        raise Refused(TOO_LARGE)
    # zipfile unpacks bzip2 without a limit: 4 kB may become gigabytes. So it is asked for the
    # packed bytes, as if they were stored.
    packed = copy.copy(member)
    packed.compress_type, packed.file_size = zipfile.ZIP_STORED, member.compress_size
    del packed.CRC  # that of the unpacked bytes; checked below
    with lock, archive.open(packed) as file:
        stored = file.read(2 * at_most)
    content = _unpack(stored, member.compress_type, member.file_size + 1)
    if len(content) != member.file_size or zlib.crc32(content) != member.CRC:
        raise Refused("damaged in the zip (Bad CRC-32 or length)")
    return content


def _unpack(packed: bytes, method: int, at_most: int) -> bytes:
    if method == zipfile.ZIP_STORED:
        return packed
    if method == zipfile.ZIP_DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, at_most)
    if method == zipfile.ZIP_BZIP2:
        import bz2  # some Pythons were built without it

        return bz2.BZ2Decompressor().decompress(packed, at_most)
    if method == zipfile.ZIP_LZMA:
        import lzma

        # After four bytes of the zip's own come the settings, as at the head of a .lzma file; there
        # the length follows, here unknown.
        decoder = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=LZMA_MEMORY)
        return decoder.decompress(packed[4:9] + b"\xff" * 8 + packed[9:], at_most)
    name = {9: "deflate64", 93: "zstd", 95: "xz", 98: "PPMd"}.get(method, f"method {method}")
    raise Refused(f"compressed by {name}, which Python cannot unpack: unpack the zip first")


def _pieces(response: requests.Response) -> Pieces:
    """Hand on a response's content; raise Busy if it ends too early."""
    expected = response.headers.get("Content-Length", "")
    received = 0
    with response:
        try:
            for piece in response.iter_content(CHUNK):
                received += len(piece)
                yield piece
        except requests.RequestException as error:
            raise Busy(f"cut off after {received:,} bytes ({_reason(error)})") from None
    if expected.isdecimal() and received != int(expected):
        raise Busy(f"cut off after {received:,} of {int(expected):,} bytes")


def _refusal(response: requests.Response) -> Refused | Busy:
    """Turn an HTTP status into an exception."""
    status = response.status_code
    reason = f"HTTP {status} {response.reason or ''}".strip()
    with response:
        if "html" not in response.headers.get("Content-Type", "html"):
            with contextlib.suppress(requests.RequestException):
                said = next(response.iter_content(300), b"").decode(errors="replace")
                reason += f" ({' '.join(said.split())[:100]})" if said.strip() else ""
    wait = _seconds(response.headers.get("Retry-After"))
    if status in TRY_LATER or wait is not None:
        return Busy(reason, wait)
    return Absent(reason) if status in (404, 410) else Refused(reason)


def _seconds(retry_after: str | None) -> float | None:
    """Read the header Retry-After, in seconds or as a date (RFC 9110, 10.2.3)."""
    with contextlib.suppress(Exception):  # it makes no sense
        return Retry().parse_retry_after(retry_after) if retry_after else None
    return None


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
