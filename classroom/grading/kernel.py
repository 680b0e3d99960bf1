"""Have Linux itself refuse what no computation needs: other processes, connections, debugging.

Python's own refusals (``guard``) can be walked around from within, and a bomb of processes that is
ended from outside has by then taken the machine's processor from everybody else. A filter of system
calls (seccomp) is set once, cannot be taken back, holds for every thread, and needs no rights.

The program of the filter is in the classic form of the Berkeley packet filter; see the kernel's
*Seccomp BPF* (https://docs.kernel.org/userspace-api/seccomp_filter.html) and ``seccomp(2)``.
"""

import ctypes
import errno
import platform
import struct
import sys

# prctl
_NO_NEW_PRIVILEGES, _SET_FILTER, _MODE_FILTER = 38, 22, 2
# instructions: load a word; jump if equal, if any bit is set, if at least; return
_LOAD, _IF_EQUAL, _IF_SET, _IF_LEAST, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000  # the low half of the second is the error's number
# where in ``struct seccomp_data`` the number of the call, the machine, and the low half of the
# first argument stand (both machines below are little-endian)
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16
_THREAD = 0x00010000  # CLONE_THREAD: a thread of this process, which NumPy and PyTorch may start
_OTHER_NUMBERING = 0x40000000  # the x32 calls, which have numbers of their own

#: Of a machine: its name in the kernel, and the numbers of its calls (``asm/unistd.h``).
_MACHINES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (0xC000003E, {
        "clone": 56, "clone3": 435, "fork": 57, "vfork": 58, "execve": 59, "execveat": 322,
        "connect": 42, "bind": 49, "sendto": 44, "sendmsg": 46, "sendmmsg": 307,
        "kill": 62, "tkill": 200, "ptrace": 101, "pidfd_open": 434, "pidfd_send_signal": 424,
        "process_vm_readv": 310, "process_vm_writev": 311, "io_uring_setup": 425,
    }),
    "aarch64": (0xC00000B7, {
        "clone": 220, "clone3": 435, "execve": 221, "execveat": 281,
        "connect": 203, "bind": 200, "sendto": 206, "sendmsg": 211, "sendmmsg": 269,
        "kill": 129, "tkill": 130, "ptrace": 117, "pidfd_open": 434, "pidfd_send_signal": 424,
        "process_vm_readv": 270, "process_vm_writev": 271, "io_uring_setup": 425,
    }),
}  # fmt: skip


class _Program(ctypes.Structure):
    """``struct sock_fprog``."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def refuse_all_but_computing() -> bool:
    """Refuse, from now on and for good, to start, end or look into processes and to connect.

    A refused call fails with "Operation not permitted", which Python raises as PermissionError.
    Threads can be started.

    Returns
    -------
    bool
        False where this is not Linux, or a machine or kernel that has no such filter: then nothing
        has changed.
    """
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return False
    instructions = _program(*_MACHINES[platform.machine()])
    program = _Program(len(instructions), b"".join(instructions))
    library = ctypes.CDLL(None)
    prctl = library.prctl
    prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    if prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return prctl(_SET_FILTER, _MODE_FILTER, ctypes.addressof(program), 0, 0) == 0


def _program(machine: int, calls: dict[str, int]) -> list[bytes]:
    """Write the filter: each step either decides, or goes on with the next."""
    refuse = _instruction(_RETURN, _REFUSE | errno.EPERM)
    unknown = _instruction(_RETURN, _REFUSE | errno.ENOSYS)
    allow = _instruction(_RETURN, _ALLOW)
    plain = [number for name, number in calls.items() if name not in ("clone", "clone3")]
    steps = [
        _instruction(_LOAD, _MACHINE),
        _instruction(_IF_EQUAL, machine, 1, 0),
        refuse,  # another machine's calls, by an old door of the kernel's
        _instruction(_LOAD, _NUMBER),
        _instruction(_IF_LEAST, _OTHER_NUMBERING, 0, 1),
        refuse,
        # What clone3 is to do stands in memory, where a filter cannot look; the C library then
        # takes clone.
        _instruction(_IF_EQUAL, calls["clone3"], 0, 1),
        unknown,
    ]
    for number in plain:
        steps += [_instruction(_IF_EQUAL, number, 0, 1), refuse]
    return [
        *steps,
        _instruction(_IF_EQUAL, calls["clone"], 1, 0),
        allow,
        _instruction(_LOAD, _FIRST_ARGUMENT),
        _instruction(_IF_SET, _THREAD, 1, 0),
        refuse,
        allow,
    ]


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """Write one instruction (``struct sock_filter``); a jump counts steps to leave out."""
    return struct.pack("=HBBI", code, if_true, if_false, value)
