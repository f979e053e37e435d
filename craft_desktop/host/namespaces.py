"""Command lines that make a sandbox's namespaces before bubblewrap builds its walls in them. Pure.

bubblewrap by itself gives either this machine's network or none. So a holder goes first: `unshare` makes a user,
a mount and a network namespace, a shell in there binds the sandbox's folders onto themselves as shared mounts,
says that it stands, waits for a line on its standard input, and then becomes bubblewrap: no process is left over.
While it waits, slirp4netns is attached to its network. What is mounted later on those folders in the holder's
namespace shows inside the jail too (mount_namespaces(7), "shared subtrees"): so a spare that already runs is
given the files of a snapshot. Measured: 3 ms for the namespaces, 7 ms for the network, 7 ms for a late overlay.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

# libslirp's own resolver: it asks whatever this machine's /etc/resolv.conf names, a loopback address too
NAME_SERVER = "10.0.2.3"
DEVICE = "tap0"
ADDRESS = "10.0.2.100"  # a sandbox's own there, slirp4netns's choice
# the largest frame slirp4netns takes; with Ethernet's 1500 a download costs several times the processor time
MTU = 65_520

# $1 is mount(8); then folders up to `--`; then the command. The end of standard input is the host's own end.
_HOLD = (
    'mount=$1; shift; while [ "$1" != -- ]; do '
    '"$mount" -n --bind --make-shared "$1" "$1" || exit 1; shift; done; shift; '
    'echo; read -r go || exit 1; exec "$@" >/dev/null'
)

# $1 is where the names start from, $2 mount(8); then four for each overlay. `userxattr`: in a user namespace
# overlayfs may keep its marks in no other attributes. `volatile`: a sandbox's files do not outlive its host, and
# without it the end of each flushes the whole disk beneath (measured after a copy of 340 MB: 2.2 s, with it 12 ms).
_LAY = (
    'cd "$1" && mount=$2 && shift 2 || exit 1; while [ $# -gt 0 ]; do '
    '"$mount" -n -t overlay -o "nosuid,nodev,userxattr,volatile,lowerdir=$1,upperdir=$2,workdir=$3" overlay "$4" '
    "|| exit 1; "
    "shift 4; done"
)


@dataclass(frozen=True, slots=True)
class Holder:
    """The programs (of util-linux) that make and enter namespaces, with their full paths."""

    unshare: str
    nsenter: str
    mount: str
    shell: str = "/bin/sh"


@dataclass(frozen=True, slots=True)
class Overlay:
    """One overlay to mount; all names are relative to one folder and free of `,` and `:`.

    :param lower: what lies beneath, topmost first; it is only read.
    :param upper: where every write goes; `work` is overlayfs's own, on the same disk.
    """

    lower: tuple[str, ...]
    upper: str
    work: str
    target: str


def hold_argv(holder: Holder, folders: tuple[Path, ...], command: list[str], *, private: bool) -> list[str]:
    """The command line that stands in new namespaces, says so with an empty line, and becomes `command` when told.

    :param folders: made mounts of their own, onto which something may be mounted later.
    :param private: with a network namespace, which has nothing but a loopback that is still down.
    """
    argv = [holder.unshare, "--user", "--map-root-user", "--mount", *(["--net"] if private else [])]
    return [*argv, holder.shell, "-c", _HOLD, "hold", holder.mount, *(str(each) for each in folders), "--", *command]


def slirp_argv(slirp: str, pid: int, ready: int, end: int, *, hardened: bool) -> list[str]:
    """The command line that connects the network namespace of `pid` to the world, not to this machine's loopback.

    :param ready: a descriptor to which it writes when it stands.
    :param end: a descriptor at whose end it ends.
    :param hardened: in a mount namespace and a system call filter of its own, since it parses what a sandbox sends.
    """
    argv = [slirp, "--configure", f"--mtu={MTU}", "--disable-host-loopback"]
    if hardened:
        argv += ["--enable-sandbox", "--enable-seccomp"]
    argv += [f"--ready-fd={ready}", f"--exit-fd={end}", f"--userns-path=/proc/{pid}/ns/user"]
    return [*argv, str(pid), DEVICE]


def enter_argv(holder: Holder, pid: int, command: list[str], space: Literal["mount", "net"] = "mount") -> list[str]:
    """The command line that runs `command` in a holder's user namespace and one that belongs to it, with all rights."""
    return [holder.nsenter, "--preserve-credentials", "--user", f"--{space}", "--target", str(pid), "--", *command]


def own_argv(holder: Holder, command: list[str]) -> list[str]:
    """The command line that runs `command` in a user namespace of its own, with all rights over the person's files."""
    return [holder.unshare, "--user", "--map-root-user", "--", *command]


def lay_argv(holder: Holder, folder: Path, overlays: list[Overlay]) -> list[str]:
    """The command line that mounts overlays, their names starting from `folder`. For use in a holder's namespace."""
    words = [word for each in overlays for word in (":".join(each.lower), each.upper, each.work, each.target)]
    return [holder.shell, "-c", _LAY, "lay", str(folder), holder.mount, *words]


def resolver(system: str) -> str:
    """The text of a private network's /etc/resolv.conf: its own name server, this machine's search domains.

    :param system: this machine's own.
    """
    kept = [line for line in system.splitlines() if line.split(maxsplit=1)[:1] in (["search"], ["options"])]
    return "\n".join([f"nameserver {NAME_SERVER}", *kept]) + "\n"
