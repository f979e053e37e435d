"""The few system calls that Python has no name for, by ctypes."""

import ctypes
import errno
import os

_libc = ctypes.CDLL(None, use_errno=True)

# <linux/prctl.h>
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2  # <linux/seccomp.h>
_INSTRUCTION_BYTES = 8  # <linux/filter.h>: struct sock_filter


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def hide_memory() -> None:
    """Keep processes of the same user from reading this one's memory, where the access token lies."""
    _checked(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)")


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that none escapes the final kill."""
    _checked(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl(PR_SET_CHILD_SUBREAPER)")


class _FilterProgram(ctypes.Structure):
    """<linux/filter.h>: struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def set_filter(program: bytes) -> None:
    """Put a filter of system calls around this process and all it will start.

    :param program: instructions of classic BPF.
    :raises OSError: the kernel has no filters, or does not take this one.
    """
    _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")
    given = _FilterProgram(len(program) // _INSTRUCTION_BYTES, program)
    _checked(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(given), 0, 0), "prctl(PR_SET_SECCOMP)")


# <linux/sched.h>
_CLONE_NEWUSER = 0x10000000
_MOST_CAPABILITIES = 64  # <linux/capability.h>: the sets have 64 bits


def new_user_namespace() -> None:
    """Go into a new user namespace; only for a process with one thread.

    :raises OSError: it is forbidden, or there are too many.
    """
    _checked(_libc.unshare(_CLONE_NEWUSER), "unshare(CLONE_NEWUSER)")


def drop_bounding_capabilities() -> None:
    """Have no capability left after the next exec either, though it be as user 0."""
    for number in range(_MOST_CAPABILITIES):
        # EINVAL: the kernel has no such capability, nor any above
        if _libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0) < 0:
            if ctypes.get_errno() != errno.EINVAL or number == 0:
                _checked(-1, "prctl(PR_CAPBSET_DROP)")
            return


def inotify_open() -> int:
    """A new inotify descriptor, non-blocking, not inherited.

    :raises OSError: EMFILE, the user's instances are used up (fs.inotify.max_user_instances).
    """
    return _checked(_libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), "inotify_init1")


def inotify_watch(descriptor: int, path: str, mask: int) -> int:
    """Watch a path; the watch's number.

    :raises OSError: ENOSPC, the user's watches are used up (fs.inotify.max_user_watches).
    """
    return _checked(
        _libc.inotify_add_watch(descriptor, os.fsencode(path), ctypes.c_uint32(mask)), f"inotify_add_watch {path}"
    )


def inotify_unwatch(descriptor: int, watch: int) -> None:
    """End a watch; one that has ended by itself is no error."""
    _libc.inotify_rm_watch(descriptor, watch)
