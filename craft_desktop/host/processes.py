"""Processes of this machine as /proc tells them: who descends from whom. For what no namespace holds together.

A process is known by its id and its start time, so that an id which the kernel has given to another since is left
alone.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
STILL = frozenset("TtZX")  # stopped, traced, ended (proc(5))
HALT_TIMEOUT_S = 2.0
HALT_PAUSE_S = 0.001  # a stop arrives at the next turn of the scheduler


@dataclass(frozen=True, slots=True)
class Seen:
    """One process, at the moment it was looked at. `started` is in clock ticks since boot (proc(5), field 22)."""

    pid: int
    parent: int
    started: int
    state: str


def look(pid: int, proc: Path = PROC) -> Seen | None:
    """One process, or None when it is gone."""
    try:
        text = (proc / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # the program's name stands in brackets and may itself hold brackets and spaces
    fields = text.rpartition(")")[2].split()
    return Seen(pid, int(fields[1]), int(fields[19]), fields[0])


def descendants(root: int, proc: Path = PROC) -> set[Seen]:
    """Every process below `root`, itself not included."""
    children: dict[int, list[Seen]] = {}
    for entry in proc.iterdir():
        if entry.name.isdigit() and (seen := look(int(entry.name), proc)) is not None:
            children.setdefault(seen.parent, []).append(seen)
    found: set[Seen] = set()
    waiting = [root]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child.pid)
    return found


def kill(family: set[Seen]) -> None:
    """Kill those of `family` that are still the same processes, the older first.

    A daemon would otherwise live to see its children killed, and tell their clients of an end like any other.
    """
    send(sorted(family, key=lambda member: (member.started, member.pid)), signal.SIGKILL)


def send(family: Iterable[Seen], number: signal.Signals) -> None:
    """Signal those of `family` that are still the same processes."""
    for member in family:
        now = look(member.pid)
        if now is not None and now.started == member.started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member.pid, number)


def halt(pid: int) -> None:
    """Stop one process, what is below it not. Blocks until it stands still."""
    _halt(lambda: {here} if (here := look(pid)) else set())


def freeze(root: int) -> set[Seen]:
    """Stop `root` and all below it, those born meanwhile too; those that did run. Blocks until all stand still."""
    return _halt(lambda: descendants(root) | ({here} if (here := look(root)) else set()))


def _halt(family: Callable[[], set[Seen]]) -> set[Seen]:
    """Stop what `family` names, asked again until all of it stands still; those that were stopped.

    A process deep in the kernel (a slow disk) stops when it comes back; it is waited for `HALT_TIMEOUT_S` at most.
    """
    deadline = time.monotonic() + HALT_TIMEOUT_S
    stopped: set[Seen] = set()
    while time.monotonic() < deadline:
        moving = {member for member in family() if member.state not in STILL}
        if not moving:
            break
        send(moving, signal.SIGSTOP)
        stopped |= moving
        time.sleep(HALT_PAUSE_S)
    return stopped


def thaw(stopped: set[Seen]) -> None:
    """Let those run on that `freeze` stopped; what a program in there had stopped itself stays so."""
    send(stopped, signal.SIGCONT)


def jails_of(folder: Path, proc: Path = PROC) -> set[Seen]:
    """The processes that build a jail around something of `folder`: what a killed host may have left behind.

    They are bubblewrap, and the holder that goes before it (`namespaces`), whose script is called so.
    """
    found: set[Seen] = set()
    for entry in proc.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            program, *arguments = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it ended, or is another person's
        inside = bytes(folder) + b"/"
        if not (program.endswith(b"bwrap") or b"hold" in arguments):
            continue
        if any(each.startswith(inside) for each in arguments):
            seen = look(int(entry.name), proc)
            found |= {seen} if seen else set()
    return found
