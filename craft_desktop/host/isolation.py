"""What a sandbox sees of this machine, as a bubblewrap command line. Pure: no file is looked at here.

The jail starts empty. What is put in: the system's programs read-only, a handful of files of /etc, a home, /tmp,
and where they lie elsewhere Node.js and Python read-only at their own paths. Nothing of the person's home, no
environment, no other process. envd is PID 1 in there: a process of the sandbox cannot signal it, and its end is
the end of all. Law: bubblewrap(1); a bind written later lies on top of an earlier one, so the order below
matters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

USER_ID = 1000  # E2B's `user`; the uid inside, whoever runs the host outside
USER_HOME = "/home/user"
LIBRARY = "/run/craft/lib"  # where envd's own modules are laid
TOOLS = "/run/craft/bin"  # where commands are laid that Node.js lacks in its own folder
HOSTNAME = "e2b.local"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

PASSWD = "root:x:0:0:root:/root:/bin/bash\nuser:x:1000:1000:user:/home/user:/bin/bash\n"
GROUP = "root:x:0:\nuser:x:1000:\n"
# the machine's own file may name modules that ask a daemon over a socket which is not in the jail
NSSWITCH = "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n"

# Public facts of the system and nothing else: /etc/ssl as a whole holds private keys, readable when root runs the host.
SYSTEM_FILES = (
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/tls/certs",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/cert.pem",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/timezone",
)

# What of /proc belongs to the machine and not to processes. Run by root, a sandbox's user is to the kernel the owner of
# these files: without any capability it could name the program that the kernel runs when another crashes
# (sys/kernel/core_pattern). bubblewrap covers some, and `sys` not (it asks for a right that /proc/sys never shows).
KERNEL_FILES = (
    "/proc/acpi",
    "/proc/asound",
    "/proc/bus",
    "/proc/driver",
    "/proc/fs",
    "/proc/irq",
    "/proc/latency_stats",
    "/proc/mtrr",
    "/proc/pressure",
    "/proc/scsi",
    "/proc/sys",
    "/proc/sysrq-trigger",
)


class Network(StrEnum):
    """Which network a sandbox has."""

    SHARED = "shared"
    """The machine's own, its loopback services included."""
    PRIVATE = "private"
    """One of its own, which stands when the jail is built in it, and leads out through slirp4netns."""
    NONE = "none"
    """A loopback of its own and nothing else."""


@dataclass(frozen=True, slots=True)
class Homes:
    """Where the two users of a sandbox live, in the paths that programs inside see."""

    user: str
    root: str


JAIL_HOMES = Homes(USER_HOME, "/root")


@dataclass(frozen=True, slots=True)
class Jail:
    """One sandbox's walls.

    :param home: the folder shown as /home/user, writable.
    :param scratch: the folder shown as /tmp, writable; on disk, since a memory one would be eaten by package managers.
    :param etc: the folder with this host's own passwd, group, hosts, nsswitch.conf and resolv.conf.
    :param modules: envd's modules: name under `LIBRARY` -> where each lies.
    :param tools: the folder shown as `TOOLS`.
    :param links: `/bin`, `/lib`, ... that are links on this machine -> their targets.
    :param trees: files and folders shown read-only at their own path.
    :param environment: what envd itself starts with; nothing else is in it.
    :param boot_id: the file shown as the kernel's random/boot_id: a sandbox that starts anew has another.
    :param nested: whether bubblewrap leaves programs inside free to make user namespaces of their own.
    """

    home: Path
    scratch: Path
    etc: Path
    modules: Mapping[str, Path]
    tools: Path
    links: Mapping[str, str]
    trees: tuple[Path, ...] = ()
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    boot_id: Path | None = None
    network: Network = Network.SHARED
    nested: bool = False


def jail_argv(bubblewrap: str, jail: Jail, command: list[str], told: int | None = None) -> list[str]:
    """The command line that runs `command` within the walls of `jail`.

    :param told: a descriptor to which bubblewrap writes the id of its child, which is PID 1 inside.
    """
    info = [] if told is None else ["--info-fd", str(told)]
    return [bubblewrap, *info, *_walls(jail), *_system(jail), *_own(jail), "--remount-ro", "/", "--", *command]


def is_narrow(tree: Path, home: Path) -> bool:
    """Whether showing `tree` shows a program's own files and not a person's: neither a home nor what holds one.

    A tool installed straight into `~/.local` or `/opt` shares that folder with others, so the folder is too wide.
    """
    shared = {home, home / ".local", *(Path(name) for name in ("/", "/home", "/opt", "/srv", "/var", "/mnt", "/etc"))}
    return tree not in shared and tree not in home.parents


def _walls(jail: Jail) -> list[str]:
    argv = ["--unshare-user", "--uid", str(USER_ID), "--gid", str(USER_ID)]
    if not jail.nested:
        argv += ["--disable-userns"]
    argv += ["--unshare-pid", "--as-pid-1", "--unshare-ipc", "--unshare-uts", "--hostname", HOSTNAME]
    argv += ["--unshare-cgroup-try"]
    if jail.network is Network.NONE:
        argv += ["--unshare-net"]
    argv += ["--die-with-parent", "--new-session", "--clearenv"]
    for name, value in jail.environment.items():
        argv += ["--setenv", name, value]
    return argv


def _system(jail: Jail) -> list[str]:
    argv = ["--ro-bind", "/usr", "/usr"]
    for link, target in jail.links.items():
        argv += ["--symlink", target, link]
    for name in SYSTEM_FILES:
        argv += ["--ro-bind-try", name, name]
    own = ("passwd", "group", "hosts", "nsswitch.conf")
    for name in (*own, "resolv.conf") if jail.network is Network.PRIVATE else own:
        argv += ["--ro-bind", str(jail.etc / name), f"/etc/{name}"]
    argv += ["--proc", "/proc", "--dev", "/dev"]
    for name in KERNEL_FILES:
        argv += ["--ro-bind-try", name, name]
    if jail.boot_id is not None:
        argv += ["--ro-bind", str(jail.boot_id), "/proc/sys/kernel/random/boot_id"]
    argv += ["--perms", "0755", "--tmpfs", "/run", "--perms", "1777", "--tmpfs", "/var/tmp"]
    return argv


def _own(jail: Jail) -> list[str]:
    argv = ["--bind", str(jail.scratch), "/tmp", "--perms", "0700", "--tmpfs", "/root"]
    argv += ["--bind", str(jail.home), USER_HOME]
    # after the homes: Python may lie in /root or under a person's /home, and only its own folder is to show there
    for tree in jail.trees:
        argv += ["--ro-bind", str(tree), str(tree)]
    argv += ["--ro-bind", str(jail.tools), TOOLS]
    for name, source in jail.modules.items():
        argv += ["--ro-bind", str(source), f"{LIBRARY}/{name}"]
    return [*argv, "--chdir", USER_HOME]
