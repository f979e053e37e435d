"""Tries what a distribution may ship and yet forbid: a jail, namespaces ahead of it, a network of its own in them.

Each trial is what a sandbox's start does, with a program that says one word in place of envd. Blocks, up to
`TRIAL_TIMEOUT_S` for each that gives no answer; 40 ms each where all is well.
"""

import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import craft_desktop
from craft_desktop.host import netfilter
from craft_desktop.host.copier import FICLONE
from craft_desktop.host.furniture import write_etc
from craft_desktop.host.isolation import LIBRARY, Jail, Network, jail_argv
from craft_desktop.host.machine import Bubblewrap, Layering, Machine, PrivateNetwork
from craft_desktop.host.namespaces import ADDRESS, Holder, Overlay, hold_argv, lay_argv, slirp_argv
from craft_desktop.host.surroundings import on_loopback

TRIAL_TIMEOUT_S = 10.0  # a trial takes 40 ms; a machine busy with an install may need far longer
SAYS = "import os, socket, ctypes; print(os.getpid())"  # 1, in a process namespace of its own
# what envd does before it serves; each word only when it was done
SEALS = """
from craft_desktop.host.envd.rootspace import make_root_space
from craft_desktop.host.envd.seccomp import forbid, new_secret
secret = new_secret()
rooted = make_root_space(secret) is not None
forbid(secret)
print("sealed", *["rooted"] * rooted)
"""
TUN = Path("/dev/net/tun")
USERNS_REMEDY = (
    "This system forbids unprivileged user namespaces. Allow them for bubblewrap with an AppArmor profile, or "
    "run: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
)
SLIRP_REMEDY = "Install slirp4netns (Debian, Ubuntu: sudo apt-get install slirp4netns; Fedora: sudo dnf install it)."
TUN_REMEDY = "Load the driver and let everybody open it: sudo modprobe tun && sudo chmod 0666 /dev/net/tun"


def try_bubblewrap(machine: Machine, environ: Mapping[str, str]) -> Bubblewrap:
    """Run envd's interpreter in a trial jail."""
    path = shutil.which("bwrap", path=environ.get("PATH", os.defpath))
    if path is None:
        return Bubblewrap(
            None,
            False,
            reason="bubblewrap is not installed, so projects would run without walls around them.",
            remedy="Install bubblewrap (Debian, Ubuntu: sudo apt-get install bubblewrap; Fedora: sudo dnf install it).",
        )
    told = run([path, "--version"], environ)
    version = told.stdout.strip().removeprefix("bubblewrap ") if told else ""
    complaint = ""
    for nested in (False, True):
        with _jail(machine, nested=nested) as jail:
            tried = run(jail_argv(path, jail, _command(machine)), environ)
        if tried is not None and tried.returncode == 0 and tried.stdout.strip() == "1":
            sealed, rooted = _try_seal(path, machine, environ)
            return Bubblewrap(path, True, nested, sealed, rooted, version)
        lines = tried.stderr.strip().splitlines() if tried else ["no answer within ten seconds"]
        complaint = complaint or (lines[-1] if lines else f"exit code {tried.returncode if tried else '?'}")
    return Bubblewrap(
        path,
        False,
        version=version,
        reason=f"bubblewrap is installed but cannot make a sandbox here: {complaint}",
        remedy=USERNS_REMEDY,
    )


def try_network(machine: Machine, environ: Mapping[str, str]) -> tuple[Holder | None, PrivateNetwork]:
    """Run a trial jail in namespaces made ahead of it, then once more with a network of its own.

    :param machine: with what was found about bubblewrap.
    """
    if not machine.isolated:
        return None, PrivateNetwork(reason="Without walls there is no network of its own.")
    where = environ.get("PATH", os.defpath)
    programs = [shutil.which(name, path=where) for name in ("unshare", "nsenter", "mount")]
    if not all(programs):
        return None, PrivateNetwork(
            reason="unshare, nsenter or mount is missing, so no network can be made ahead of a sandbox.",
            remedy="Install util-linux.",
        )
    holder = Holder(*(str(program) for program in programs))
    complaint = _hold(machine, holder, None, environ)
    if complaint:
        return None, PrivateNetwork(
            reason=f"This system lets bubblewrap make namespaces but not unshare: {complaint}", remedy=USERNS_REMEDY
        )
    slirp = shutil.which("slirp4netns", path=where)
    if slirp is None:
        reason = "slirp4netns is not installed, so sandboxes share this computer's network."
        return holder, PrivateNetwork(reason=reason, remedy=SLIRP_REMEDY)
    if name := on_loopback(machine.environment):
        reason = f"{name} names this computer itself, which a sandbox with a network of its own could not reach."
        return holder, PrivateNetwork(slirp, reason=reason, remedy=f"Let {name} name another computer, or unset it.")
    found = PrivateNetwork(slirp, usable=True)
    for network in (found, replace(found, hardened=False)):
        latest = _hold(machine, holder, network, environ)
        if not latest:
            return holder, replace(network, unfiltered=_filter(machine, holder, environ))
        complaint = complaint or latest
    remedy = USERNS_REMEDY if os.access(TUN, os.R_OK | os.W_OK) else TUN_REMEDY
    reason = f"slirp4netns is installed but cannot connect a sandbox here: {complaint}"
    return holder, PrivateNetwork(slirp, reason=reason, remedy=remedy)


def try_layering(machine: Machine, folder: Path) -> Machine:
    """Try the ways to snapshots on the disk that `folder` is on; `machine` with the best.

    :param folder: there and writable.
    """
    with tempfile.TemporaryDirectory(prefix="trial-", dir=folder) as name:
        trial = Path(name)
        reason = _lay(machine, trial)
        if not reason:
            return replace(machine, layering=Layering.OVERLAY, layering_reason="")
        layering = Layering.REFLINK if _clones(trial) else Layering.COPY
    return replace(machine, layering=layering, layering_reason=f"Overlays cannot be used here: {reason}")


def _lay(machine: Machine, folder: Path) -> str:
    """Write into and remove from a trial overlay; what stood in the way, or nothing."""
    if machine.holder is None:
        return machine.network.reason or "no namespaces are made ahead of a sandbox."
    for part in ("lower/kept", "upper", "work", "target"):
        (folder / part).mkdir(parents=True)
    (folder / "lower" / "gone").touch()
    overlay = Overlay(("lower",), "upper", "work", "target")
    lay = lay_argv(machine.holder, folder, [overlay])
    use = 'cd "$1"; shift; "$@" && rm target/gone && rm -r target/kept && mkdir target/kept && echo new > target/new'
    argv = [machine.holder.unshare, "--user", "--map-root-user", "--mount", machine.holder.shell, "-c", use, "use"]
    tried = run([*argv, str(folder), *lay], os.environ)
    if tried is None:
        return "no answer within ten seconds"
    if tried.returncode != 0:
        return (tried.stderr.strip().splitlines() or [f"exit code {tried.returncode}"])[-1]
    whole = (folder / "upper" / "new").exists() and (folder / "upper" / "gone").is_char_device()
    return "" if whole and (folder / "lower" / "gone").exists() else "it does not keep what is written"


def _clones(folder: Path) -> bool:
    """Whether the file system copies by reference."""
    (folder / "one").write_text("x")
    with (folder / "one").open() as one, (folder / "two").open("w") as two:
        try:
            fcntl.ioctl(two, FICLONE, one.fileno())
        except OSError:
            return False
    return True


def run(argv: list[str], environ: Mapping[str, str], given: str = "") -> subprocess.CompletedProcess[str] | None:
    """Run a program to its end; None when it cannot be started or gives no answer in time.

    :param given: on its standard input.
    """
    try:
        return subprocess.run(
            argv,
            input=given,
            capture_output=True,
            text=True,
            timeout=TRIAL_TIMEOUT_S,
            env=dict(environ),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None


def _try_seal(path: str, machine: Machine, environ: Mapping[str, str]) -> tuple[bool, bool]:
    """Whether envd can filter system calls, and give the user root its id behind the filter."""
    with _jail(machine, nested=True) as jail:
        modules = {"craft_desktop": Path(craft_desktop.__file__).parent}
        jail = replace(jail, modules=modules, environment={"PYTHONPATH": LIBRARY, "PYTHONDONTWRITEBYTECODE": "1"})
        tried = run(jail_argv(path, jail, [str(machine.python.path), "-s", "-S", "-c", SEALS]), environ)
    said = tried.stdout.split() if tried is not None else []
    return "sealed" in said, "rooted" in said


def _command(machine: Machine) -> list[str]:
    return [str(machine.python.path), "-s", "-S", "-c", SAYS]


@contextmanager
def _jail(machine: Machine, *, nested: bool, network: Network = Network.SHARED) -> Iterator[Jail]:
    with tempfile.TemporaryDirectory(prefix="craft-trial-") as name:
        folder = Path(name)
        for part in ("home", "tmp", "etc", "tools"):
            (folder / part).mkdir()
        write_etc(folder / "etc", machine)
        yield Jail(
            home=folder / "home",
            scratch=folder / "tmp",
            etc=folder / "etc",
            modules={},
            tools=folder / "tools",
            links=machine.links,
            trees=machine.trees,
            nested=nested,
            network=network,
        )


def _hold(machine: Machine, holder: Holder, network: PrivateNetwork | None, environ: Mapping[str, str]) -> str:
    """Run a trial jail within a holder; what stood in the way, or nothing.

    :param network: to connect it with; None leaves it in this machine's.
    """
    assert machine.bubblewrap.path is not None  # only asked where it is usable
    wanted = Network.SHARED if network is None else Network.PRIVATE
    with ExitStack() as stack:
        jail = stack.enter_context(_jail(machine, nested=machine.bubblewrap.nested, network=wanted))
        # its word goes to standard error: standard output is the holder's own and then nobody's
        command = ["/bin/sh", "-c", 'exec "$@" >&2', "sh", *_command(machine)]
        argv = jail_argv(machine.bubblewrap.path, jail, command)
        try:
            holding = subprocess.Popen(
                hold_argv(holder, (jail.home, jail.scratch), argv, private=network is not None),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(environ),
            )
        except OSError as error:
            return str(error)
        stack.enter_context(holding)
        stack.callback(holding.kill)
        assert holding.stdin is not None and holding.stdout is not None
        if not _first_bytes(holding.stdout.fileno()):
            return _complaint(holding)
        if network is not None and (complaint := _connect(stack, network, holding.pid, environ)):
            return complaint
        try:
            _, told = holding.communicate(b"\n", timeout=TRIAL_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            return "no answer within ten seconds"
        lines = told.decode(errors="replace").split()
        return "" if lines == ["1"] else " ".join(lines) or f"exit code {holding.returncode}"


def _filter(machine: Machine, holder: Holder, environ: Mapping[str, str]) -> str:
    """Write the packet filter of a trial network, as for a sandbox with named hosts; what stood in the way, in a
    sentence, or nothing."""
    order = {"refused4": [(1, 2)], "refused6": [(1, 2)], "gate": (ADDRESS, 1)}
    argv = [holder.unshare, "--user", "--map-root-user", "--net", str(machine.python.path), "-I", "-S"]
    tried = run([*argv, netfilter.__file__], environ, json.dumps(order))
    if tried is None or tried.returncode != 0:
        lines = tried.stderr.strip().splitlines() if tried else ["no answer within ten seconds"]
        return f"This system lets no packet filter be set in a network of one's own (nftables): {' '.join(lines[-1:])}"
    return ""


def _connect(stack: ExitStack, network: PrivateNetwork, pid: int, environ: Mapping[str, str]) -> str:
    """Attach slirp4netns for as long as `stack` is open; what stood in the way, or nothing."""
    assert network.slirp is not None  # only asked where it is there
    told, ready = os.pipe()
    end, closed_last = os.pipe()
    with ExitStack() as theirs:
        theirs.callback(os.close, ready)
        theirs.callback(os.close, end)
        attached = subprocess.Popen(
            slirp_argv(network.slirp, pid, ready, end, hardened=network.hardened),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(ready, end),
            env=dict(environ),
        )
    stack.enter_context(attached)
    stack.callback(attached.kill)
    stack.callback(os.close, closed_last)
    stack.callback(os.close, told)
    return "" if _first_bytes(told) else _complaint(attached)


def _first_bytes(descriptor: int) -> bytes:
    readable, _, _ = select.select([descriptor], [], [], TRIAL_TIMEOUT_S)
    return os.read(descriptor, 4096) if readable else b""


def _complaint(process: "subprocess.Popen[bytes]") -> str:
    """The last line of a program that did not do its part."""
    process.kill()
    assert process.stderr is not None
    lines = process.stderr.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {process.wait()}"
