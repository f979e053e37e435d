"""The few system calls that Python has no name for, by ctypes."""

import ctypes
import os

_libc = ctypes.CDLL(None, use_errno=True)

# <linux/prctl.h>
_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36


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
