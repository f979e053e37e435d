"""A filter of system calls (seccomp(2)) around everything in a sandbox, this daemon included.

It refuses what a sandbox has no use for and what the kernel's worst holes were found behind: namespaces, mounts, keys,
bpf, perf, io_uring, userfaultfd; input pushed into a terminal (TIOCSTI). The answers are those that programs know how
to live with: EPERM, and ENOSYS for clone3, whose flags a filter cannot see and which every C library does without.

One door is left: a namespace may be entered by whom knows a secret. The kernel takes 32 bits of each argument of
setns(2) and gives the filter 64; the upper halves must hold the secret, which only this daemon has (`rootspace`).
Law: linux/filter.h, linux/seccomp.h, linux/audit.h; the numbers are the kernel's own, by architecture.
"""

import ctypes
import errno
import os
import secrets
import struct
from dataclasses import dataclass

from craft_desktop.host.envd.kernel import set_filter

# offsets in struct seccomp_data
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16
# classic BPF: load a word, compare with a constant, test bits, return
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_X32 = 0x40000000  # set in the numbers of x86's third set of calls
# CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}; unshare(2) has NEWTIME too, whose bit is clone(2)'s exit signal
_NAMESPACES = 0x7E020000
_NEW_TIME = 0x80
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C  # the same on both architectures


@dataclass(frozen=True, slots=True)
class _Architecture:
    """The kernel's name for it, and its numbers for the calls."""

    audit: int
    clone: int
    unshare: int
    setns: int
    ioctl: int
    owners: tuple[int, ...]
    refused: tuple[int, ...]


# Since Linux 5.1 a new call has one number on every architecture.
_CLONE3 = 435
_REFUSED_EVERYWHERE = (425, 426, 427, 428, 429, 430, 431, 432, 433, 442)  # io_uring_*, open_tree..fspick, mount_setattr
_ARCHITECTURES = {
    "x86_64": _Architecture(
        audit=0xC000003E,
        clone=56,
        unshare=272,
        setns=308,
        ioctl=16,
        owners=(92, 93, 94, 260),  # chown, fchown, lchown, fchownat
        # mount, umount2, pivot_root, add_key, request_key, keyctl, perf_event_open, bpf, userfaultfd,
        # open_by_handle_at, init_module, finit_module, delete_module, kexec_load, kexec_file_load, syslog
        refused=(165, 166, 155, 248, 249, 250, 298, 321, 323, 304, 175, 313, 176, 246, 320, 103),
    ),
    "aarch64": _Architecture(
        audit=0xC00000B7,
        clone=220,
        unshare=97,
        setns=268,
        ioctl=29,
        owners=(55, 54),  # fchown, fchownat
        # as above, in the same order
        refused=(40, 39, 41, 217, 218, 219, 241, 280, 282, 265, 105, 273, 106, 104, 294, 116),
    ),
}


@dataclass(frozen=True, slots=True)
class Secret:
    """What the upper halves of setns's two arguments must hold."""

    first: int
    second: int


def new_secret() -> Secret:
    """64 bits that nothing in the sandbox can read or guess."""
    return Secret(secrets.randbits(32), secrets.randbits(32))


def forbid(secret: Secret) -> None:
    """Put the filter around this process and all it will start, for good.

    :raises OSError: there is none for this architecture, or the kernel has no filters.
    """
    here = _here()
    upper, lower = 4, 0  # both architectures are little-endian
    program = _Program()
    program.unless_equal(_ARCH, here.audit, errno.ENOSYS)
    program.if_test(_NUMBER, _AT_LEAST, _X32, errno.ENOSYS)
    program.if_test(_NUMBER, _EQUAL, _CLONE3, errno.ENOSYS)
    for number in (*here.refused, *_REFUSED_EVERYWHERE):
        program.if_test(_NUMBER, _EQUAL, number, errno.EPERM)
    program.of(here.setns, [(0, upper, _EQUAL, secret.first, True), (1, upper, _EQUAL, secret.second, True)])
    program.of(here.clone, [(0, lower, _ANY_BIT, _NAMESPACES, False)])
    program.of(here.unshare, [(0, lower, _ANY_BIT, _NAMESPACES | _NEW_TIME, False)])
    program.of(here.ioctl, [(1, lower, _EQUAL, each, False) for each in (_TIOCSTI, _TIOCLINUX)])
    program.end()
    set_filter(program.text)


def pretend_owners() -> None:
    """Have every change of a file's owner succeed and do nothing, in this process and all it will start.

    A sandbox's two users are one to the kernel, so there is no owner to change to; programs that unpack archives as
    root insist.

    :raises OSError: as `forbid`.
    """
    program = _Program()
    for number in _here().owners:
        program.if_test(_NUMBER, _EQUAL, number, 0)
    program.end()
    set_filter(program.text)


def enter_user_namespace(descriptor: int, secret: Secret) -> None:
    """Go into a user namespace that this process's own user made, through the filter or without one.

    :raises OSError: it is forbidden.
    """
    first = ctypes.c_uint64(secret.first << 32 | descriptor)
    second = ctypes.c_uint64(secret.second << 32 | 0x10000000)  # CLONE_NEWUSER
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(ctypes.c_long(_here().setns), first, second) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


def _here() -> _Architecture:
    machine = os.uname().machine
    if machine not in _ARCHITECTURES:
        raise OSError(errno.ENOSYS, f"there is no filter for {machine}")
    return _ARCHITECTURES[machine]


class _Program:
    """Instructions, written one after another; every jump is over the next few."""

    def __init__(self) -> None:
        self.text = b""

    def unless_equal(self, offset: int, value: int, number: int) -> None:
        self._load(offset)
        self._add(_EQUAL, value, yes=1)
        self._refuse(number)

    def if_test(self, offset: int, test: int, value: int, number: int) -> None:
        self._load(offset)
        self._add(test, value, no=1)
        self._refuse(number)

    def of(self, call: int, conditions: list[tuple[int, int, int, int, bool]]) -> None:
        """Of one call, refuse what does not meet each condition.

        :param conditions: argument, offset of its half, test, value, and the outcome that is allowed.
        """
        self._load(_NUMBER)
        self._add(_EQUAL, call, no=3 * len(conditions))  # over the three instructions of each condition
        for argument, half, test, value, wanted in conditions:
            self._load(_ARGUMENTS + 8 * argument + half)
            self._add(test, value, yes=int(wanted), no=int(not wanted))
            self._refuse(errno.EPERM)

    def end(self) -> None:
        self._add(_RETURN, _ALLOW)

    def _load(self, offset: int) -> None:
        self._add(_LOAD, offset)

    def _refuse(self, number: int) -> None:
        self._add(_RETURN, _ERRNO | number)

    def _add(self, code: int, value: int, *, yes: int = 0, no: int = 0) -> None:
        self.text += struct.pack("<HBBI", code, yes, no, value)
