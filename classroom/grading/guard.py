"""What a student's process may do: compute. Called inside that process, before any student's code.

Four rings, the inner ones on every system:

1. Python itself refuses to open files outside the process's own folder and the installed packages,
   to write anywhere else, to connect to a network, to start or end a process (an audit hook, which
   cannot be taken out again).
2. Memory and processor time are limited (Linux, macOS).
3. Linux refuses the same from below, whatever is done to Python (``kernel``).
4. Namespaces of processes and networks of their own (Linux, where the system lets a user have
   them): nothing outside can be reached or ended, and all ends with the first process.

This stops accidents and pranks. It does not stop an expert who attacks Python from within.
"""

import ctypes
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from grading import kernel

_NEW_USER, _NEW_PID, _NEW_NET, _NEW_IPC = 0x10000000, 0x20000000, 0x40000000, 0x08000000
_DIE_WITH_PARENT, _ADOPT_ORPHANS = 1, 36  # of prctl
_REFUSED = {
    **dict.fromkeys(
        (
            "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.startfile",
            "os.startfile/2", "os.system", "pty.spawn", "subprocess.Popen",
        ),
        "no other program can be started",
    ),
    **dict.fromkeys(
        (
            "socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr",
            "socket.gethostbyname", "socket.sendmsg", "socket.sendto",
        ),
        "there is no network",
    ),
    **dict.fromkeys(("os.kill", "os.killpg", "signal.pthread_kill"), "no process can be ended"),
    **dict.fromkeys(
        ("winreg.CreateKey", "winreg.DeleteKey", "winreg.DeleteValue", "winreg.SetValue"),
        "the registry cannot be changed",
    ),
}  # fmt: skip
#: Events whose first arguments are paths of what is changed.
_CHANGES = {
    "os.chmod": 1, "os.chown": 1, "os.link": 2, "os.mkdir": 1, "os.remove": 1, "os.rename": 2,
    "os.rmdir": 1, "os.symlink": 2, "os.truncate": 1, "os.utime": 1,
}  # fmt: skip
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_READABLE = ("/usr", "/lib", "/lib64", "/etc", "/dev", "/sys", "/proc", "/System", "/Library")


def separate(connection: int) -> None:
    """Go on in a process that is cut off from the others, as far as the system allows.

    Parameters
    ----------
    connection : int
        The file to which that process alone is to write.
    """
    if os.name != "posix":
        return
    os.setsid()  # a group of its own, which is ended as one
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    library.prctl(_DIE_WITH_PARENT, 9)
    library.prctl(_ADOPT_ORPHANS, 1)  # so that what is started can be found, and ended
    for wanted in (_NEW_USER | _NEW_PID | _NEW_NET | _NEW_IPC, _NEW_USER | _NEW_NET):
        if library.unshare(wanted) == 0:
            break
    child = os.fork()  # the first process of the new namespace
    if child:  # stay, and take in what the other leaves behind, until the grader ends all
        os.close(connection)
        while True:
            try:
                os.wait()
            except ChildProcessError:
                os._exit(0)
    library.prctl(_DIE_WITH_PARENT, 9)


def close_all_but(connection: int) -> None:
    """Close what was open when this process began: pipes of the grader and of those it shares with.

    Whoever writes a few bytes to each open file would else end the process from which all others
    are forked, and with it whatever other students' functions are doing.

    Parameters
    ----------
    connection : int
        The file to which answers are written; it stays, and so do the three standard ones.
    """
    if os.name == "posix":
        os.closerange(3, connection)
        os.closerange(connection + 1, os.sysconf("SC_OPEN_MAX"))


def limit(memory: int, seconds: float) -> None:
    """Limit memory beyond what is in use now (bytes), and processor time.

    On Windows there is no such limit here: the grader looks from outside (``sandbox``).
    """
    if os.name != "posix":
        return
    import resource

    def at_most(what: int, most: int) -> None:
        try:
            hard = resource.getrlimit(what)[1]
            most = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(what, (most, most))
        except (OSError, ValueError):
            pass  # macOS does not know each of them

    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        at_most(resource.RLIMIT_AS, pages * resource.getpagesize() + memory)
    at_most(resource.RLIMIT_CPU, int(seconds) + 60)
    at_most(resource.RLIMIT_CORE, 0)
    at_most(resource.RLIMIT_FSIZE, 50_000_000)


def watch(folder: str, private: Sequence[str]) -> None:
    """Refuse, from now on, whatever is no computation.

    Parameters
    ----------
    folder : str
        The process's own; it may write here.
    private : sequence of str
        What cannot even be read, though it lies among what can.
    """
    own = (os.path.realpath(folder), os.path.realpath(os.devnull))
    closed = tuple(os.path.realpath(path) for path in private)
    package = str(Path(sys.modules["ser_helpers"].__file__ or "").parent)
    libraries = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    readable = [sys.prefix, sys.base_prefix, package, str(Path(__file__).parent), *libraries]
    readable += [*_READABLE, os.environ.get("SYSTEMROOT", ""), _fonts()]
    opened = (*own, *(os.path.realpath(path) for path in readable if path))
    kernel.refuse_all_but_computing()  # where it cannot, the other rings hold
    sys.addaudithook(_make_hook(own, opened, closed))


def _make_hook(own: tuple, opened: tuple, closed: tuple) -> Callable[[str, tuple], None]:
    real, error, is_inside = os.path.realpath, PermissionError, _is_inside  # whatever is patched

    def hook(event: str, arguments: tuple) -> None:
        if event in _REFUSED:
            raise error(f"{_REFUSED[event]} while notebooks are graded")
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, int) or path is None:
                return
            path = real(os.fsdecode(path))
            if (flags or 0) & _WRITING:
                if not is_inside(path, own):
                    raise error(f"nothing can be written to {path} while notebooks are graded")
            elif not is_inside(path, opened) or is_inside(path, closed) or _is_of_others(path):
                raise error(f"{path} cannot be read while notebooks are graded")
        elif event in _CHANGES:
            for path in arguments[: _CHANGES[event]]:
                if not isinstance(path, int) and not is_inside(real(os.fsdecode(path)), own):
                    raise error(f"{path} cannot be changed while notebooks are graded")
        elif event == "ctypes.dlopen" and "libc" in str(arguments[0] or "libc"):
            raise error("the system's library cannot be called while notebooks are graded")

    return hook


def _is_inside(path: str, folders: tuple) -> bool:
    path = os.path.normcase(path)
    inside = (os.path.normcase(folder.rstrip(os.sep)) for folder in folders)
    return any(path == folder or path.startswith(folder + os.sep) for folder in inside)


def _is_of_others(path: str) -> bool:
    """Tell whether this is what Linux tells of another process."""
    parts = path.split("/")
    return (
        len(parts) > 2
        and parts[1] == "proc"
        and parts[2].isdigit()
        and (int(parts[2]) != os.getpid() and os.path.realpath("/proc/self") != "/".join(parts[:3]))
    )


def _fonts() -> str:
    """Return where matplotlib keeps its list of fonts, which it would take long to make again."""
    given = os.environ.get("MPLCONFIGDIR")
    return given or str(Path.home() / ".cache" / "matplotlib")


class _Hidden(ModuleType):
    """Stands for ``ser_helpers.exercises``: a cell that checks a function goes on."""

    def check(self, name: str, function: Any, *, seed: int = 0) -> str:
        """Check nothing: that is done elsewhere."""
        del function, seed
        return f"{name} is graded elsewhere."

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise ImportError(
            f"ser_helpers.exercises.{name} cannot be used while notebooks are graded: the right "
            "solutions stand there"
        )


def hide_exercises() -> None:
    """Take the exercises, with their right solutions, out of reach of ``import``."""
    import ser_helpers

    name = "ser_helpers.exercises"
    for loaded in [m for m in sys.modules if m == name or m.startswith(name + ".")]:
        del sys.modules[loaded]
    sys.modules[name] = _Hidden(name)
    ser_helpers.exercises = sys.modules[name]
