"""The few system calls that Python has no name for, by ctypes."""

import ctypes
import errno
import os

_libc = ctypes.CDLL(None, use_errno=True)

# <linux/prctl.h>
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
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


# <linux/sched.h>
_CLONE_NEWUSER = 0x10000000
# <linux/capability.h>: the third version of the call, whose sets have 64 bits, in two structs of three words.
_CAPABILITY_VERSION_3 = 0x20080522
_MOST_CAPABILITIES = 64


def new_user_namespace() -> None:
    """Go into a new user namespace; only for a process with one thread.

    :raises OSError: it is forbidden, or there are too many.
    """
    _checked(_libc.unshare(_CLONE_NEWUSER), "unshare(CLONE_NEWUSER)")


def enter_user_namespace(descriptor: int) -> None:
    """Go into a user namespace that this process's own user made."""
    _checked(_libc.setns(descriptor, _CLONE_NEWUSER), "setns(CLONE_NEWUSER)")


def drop_capabilities() -> None:
    """Give up every capability that this process has."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    _checked(_libc.capset(header, none), "capset")


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
