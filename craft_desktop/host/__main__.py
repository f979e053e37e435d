"""The embedded sandbox host as a program: `python -m craft_desktop.host`.

Prints one ready line on standard output, then nothing there; logs go to standard error. Ends with exit code 0 on
SIGTERM, SIGINT and, with `--lifeline`, when its standard input ends or its parent does.
"""

import argparse
import asyncio
import contextlib
import ctypes
import json
import logging
import os
import signal
import stat
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from craft_desktop.host.handshake import Ready
from craft_desktop.host.machine import Bubblewrap, Machine, report
from craft_desktop.host.nodes import Nodes, shelves
from craft_desktop.host.probe import probe, replace_bubblewrap, without_network
from craft_desktop.host.sandboxes import MOST_SANDBOXES
from craft_desktop.host.server import Wishes, serve
from craft_desktop.host.trials import try_layering

PR_SET_PDEATHSIG = 1  # prctl(2)
SWITCHED_OFF = Bubblewrap(
    None,
    False,
    reason="Isolation is switched off on the command line (--isolation none).",
    remedy="Start the host without that option.",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a host, or tell what this machine offers. Returns the exit code."""
    wanted = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.DEBUG if wanted.verbose else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    machine = probe(os.environ, Path.home())
    if wanted.isolation == "none":
        machine = replace_bubblewrap(machine, SWITCHED_OFF)
    if wanted.network == "shared":
        machine = without_network(machine, "A private network is switched off on the command line (--network shared).")
    nodes = Nodes(shelves(os.environ, Path.home()), Path.home())
    if wanted.check:
        with tempfile.TemporaryDirectory(prefix="craft-host-", dir=_existing(wanted.state)) as folder:
            machine = try_layering(machine, Path(folder))
        _say(json.dumps(report(machine, nodes.told()), indent=None if wanted.json else 2))
        return 0
    try:
        state = wanted.state or common_state(Path(tempfile.gettempdir()))
        state.mkdir(parents=True, exist_ok=True)
        machine = try_layering(machine, state)
        wishes = Wishes(state, wanted.port, wanted.domain, wanted.certificate, wanted.sandboxes)
        asyncio.run(_run(wishes, machine, nodes, lifeline=wanted.lifeline))
    except OSError as error:
        logging.getLogger(__name__).error("the host cannot start: %s", error)
        return 1
    if wanted.state is None:
        with contextlib.suppress(OSError):  # snapshots are in it, or another host
            state.rmdir()
    return 0


def common_state(temporary: Path) -> Path:
    """The folder of hosts that were told none: one for all of a person's, so that each clears up after the last.

    :raises OSError: its name, which anybody could guess, is taken by something that is not the person's alone.
    """
    folder = temporary / f"craft-host-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid() or seen.st_mode & 0o077:
        raise PermissionError(f"{folder} is not a folder of this person's alone; name another with --state")
    return folder


async def _run(wishes: Wishes, machine: Machine, nodes: Nodes, *, lifeline: bool) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if lifeline:
        parent = os.getppid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            stop.set()  # it died before the kernel was told to watch it
        loop.add_reader(sys.stdin.fileno(), _drain, sys.stdin.fileno(), stop, loop)
    await serve(wishes, machine, stop, _announce, nodes)


def _drain(descriptor: int, stop: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    """Read the lifeline; what comes is of no matter, its end is."""
    if not os.read(descriptor, 4096):
        loop.remove_reader(descriptor)
        stop.set()


def _existing(state: Path | None) -> Path | None:
    """The folder of `state`'s disk nearest to it; None leaves it to the system."""
    return next((each for each in (state, *state.absolute().parents) if each.is_dir()), None) if state else None


def _announce(ready: Ready) -> None:
    _say(ready.format())


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m craft_desktop.host", description="An E2B-compatible sandbox host on this computer."
    )
    parser.add_argument("--port", type=int, default=0, help="port of the API on loopback; 0 takes any (default)")
    parser.add_argument("--domain", help="what follows PORT-ID. in preview addresses (default: localhost:PORT)")
    parser.add_argument(
        "--certificate",
        type=Path,
        metavar="PEM",
        help="key and certificate for *.DOMAIN: be there behind TLS too, as a client given DOMAIN alone expects",
    )
    parser.add_argument("--state", type=Path, help="folder for the sandboxes' files (default: a common one)")
    parser.add_argument(
        "--sandboxes", type=int, default=MOST_SANDBOXES, help="how many there may be at once (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON (the ready line always is)")
    parser.add_argument("--lifeline", action="store_true", help="end when standard input ends")
    parser.add_argument("--check", action="store_true", help="tell what this machine offers, and end")
    parser.add_argument("--isolation", choices=("auto", "none"), default="auto", help="none: never build jails")
    parser.add_argument("--network", choices=("auto", "shared"), default="auto", help="shared: this computer's own")
    parser.add_argument("--verbose", action="store_true", help="log everything")
    return parser


if __name__ == "__main__":
    sys.exit(main())
