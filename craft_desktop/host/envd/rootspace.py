"""Where a command of the user `root` is root: a user namespace in which this daemon's own user is called 0.

A sandbox's walls map one user, so two cannot live in it. But one user may have two names (user_namespaces(7)): in a
namespace below the sandbox's own, id 0 is mapped to the same user. `whoami` says root there, scripts that insist on
id 0 run. Nothing more is gained: all capabilities are given up before the command starts, so it may mount nothing and
make no namespaces. Nor is anything kept from `user`: to the kernel the files of both are one user's. A change of
owner therefore does nothing, and succeeds.

Made once, before anything of a client runs. To the kernel the sandbox's user is the owner of this namespace and could
enter it with every capability there, through `/proc/PID/ns/user` of a command that runs in it. So it is only to be had
behind the filter of system calls (`seccomp`), which lets no one make a namespace, and enter this one but by a secret.
"""

import os
from collections.abc import Callable
from pathlib import Path

from craft_desktop.host.envd.kernel import drop_bounding_capabilities, new_user_namespace
from craft_desktop.host.envd.seccomp import Secret, enter_user_namespace, pretend_owners


def make_root_space(secret: Secret) -> Callable[[], None] | None:
    """Make the namespace; what a child calls to become root, None when it cannot be had.

    :param secret: what will open the filter.
    """
    try:
        descriptor = _mapped_namespace()
    except OSError:  # forbidden here
        return None

    def become_root() -> None:
        """For a child between fork and exec."""
        enter_user_namespace(descriptor, secret)
        drop_bounding_capabilities()
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
        pretend_owners()

    if _works(become_root):
        return become_root
    os.close(descriptor)
    return None


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
