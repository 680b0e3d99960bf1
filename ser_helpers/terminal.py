"""Run a command of the course in a terminal: old consoles, closed pipes, Ctrl-C.

Standard library only, because ``check`` must run where packages are missing.
"""

import errno
import os
import sys
from collections.abc import Callable
from typing import Any

CLOSED = (errno.EPIPE, errno.EINVAL)  # Windows reports a closed pipe as an invalid argument


class UntilClosed:
    """A text stream that forgets what is written once its reader has gone, as after ``| head``.

    Parameters
    ----------
    stream : text stream
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text; never fail because nobody reads it."""
        return self._guarded(self._stream.write, text) or len(text)

    def flush(self) -> None:
        """Hand on what is buffered; never fail because nobody reads it."""
        self._guarded(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _guarded(self, work: Callable, *arguments: str) -> int | None:
        try:
            return work(*arguments)
        except OSError as error:
            if error.errno not in CLOSED:
                raise
            # The interpreter flushes once more when it ends: into nothing.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
            return None


def run(main: Callable[[], int], *, name: str) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    main : callable
        Takes no arguments, returns an exit code.
    name : str
        How the command is called, for the message after Ctrl-C.

    Returns
    -------
    int
        That of ``main``; 130 if it was stopped by Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):  # an old Windows console lacks many characters
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if sys.stdout is not None:  # None: closed from the start, as by `>&-`, or pythonw
        sys.stdout = UntilClosed(sys.stdout)
    if sys.stderr is not None:
        sys.stderr = UntilClosed(sys.stderr)  # `2>&1 | head` closes both
    try:
        return main()
    except KeyboardInterrupt:
        print(f"{name}: stopped", file=sys.stderr)
        return 130
    finally:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
