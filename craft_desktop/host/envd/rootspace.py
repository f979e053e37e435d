"""Where a command of the user `root` is root: a user namespace in which this daemon's own user is called 0.

A sandbox's walls map one user, so two cannot live in it. But one user may have two names (user_namespaces(7)): in a
namespace below the sandbox's own, id 0 is mapped to the same user. `whoami` says root there, scripts that insist on
id 0 run; a file written there belongs to `user` outside and the other way round. Nothing more is gained: all
capabilities are given up before the command starts, so it may mount nothing and make no namespaces.

Made once, before anything of a client runs, and then the door is shut for good: no process of the sandbox may make
a user namespace afterwards (what bubblewrap's --disable-userns does, which must be left out for this), nor one of
any other kind. For there is a way in that cannot be closed: to the kernel any process of the sandbox owns the
namespace, so it may enter it by a root process's /proc entry, and has every capability there. They reach only what
belongs to that namespace, and as long as nothing can be made in it, that is nothing.
Shutting it takes CAP_SYS_RESOURCE, which the daemon has from bubblewrap for that moment, and gives up with all others.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from craft_desktop.host.envd.kernel import (
    drop_bounding_capabilities,
    drop_capabilities,
    enter_user_namespace,
    new_user_namespace,
)

# namespaces(7); older kernels lack the last ones.
_KINDS = ("user", "mnt", "net", "pid", "ipc", "uts", "cgroup", "time")


def make_root_space() -> Callable[[], None] | None:
    """Make the namespace and shut the door; what a child calls to become root, None when it cannot be had.

    :raises OSError: the door cannot be shut. Then nothing of a client may run here.
    """
    try:
        descriptor = _mapped_namespace()
    except OSError:  # forbidden here; that the door is shut matters all the same
        descriptor = None
    for kind in _KINDS:
        with suppress(FileNotFoundError):
            Path(f"/proc/sys/user/max_{kind}_namespaces").write_text("0")
    drop_capabilities()
    if descriptor is None:
        return None

    def become_root() -> None:
        """For a child between fork and exec."""
        enter_user_namespace(descriptor)
        drop_bounding_capabilities()
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)

    return become_root if _works(become_root) else None


def _mapped_namespace() -> int:
    """A descriptor that holds a namespace in which 0 is this process's own user.

    The namespace is made by a child, since its maker would be inside it, and mapped from here.

    :raises OSError: it is not allowed.
    """
    told, tell = os.pipe()
    wait, let_go = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(let_go)  # its end is awaited below, and this is one of its two holders
            new_user_namespace()
            os.write(tell, b"1")
            os.read(wait, 1)
        finally:  # never back into the daemon's code
            os._exit(0)
    os.close(tell)
    os.close(wait)
    try:
        if os.read(told, 1) != b"1":
            raise PermissionError("no user namespace can be made here")
        below = Path(f"/proc/{child}")
        (below / "setgroups").write_text("deny")  # the kernel's condition for mapping groups without privilege
        (below / "uid_map").write_text(f"0 {os.getuid()} 1")
        (below / "gid_map").write_text(f"0 {os.getgid()} 1")
        return os.open(below / "ns" / "user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(told)
        os.close(let_go)
        os.waitpid(child, 0)


def _works(become_root: Callable[[], None]) -> bool:
    """Whether a child can become root: a security module may allow the namespace and not the way in."""
    child = os.fork()
    if child == 0:
        try:
            become_root()
        finally:  # never back into the daemon's code, whatever went wrong
            os._exit(0 if os.getuid() == 0 else 1)
    return os.waitpid(child, 0)[1] == 0
