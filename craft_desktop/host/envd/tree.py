"""The processes below this one, read from /proc.

This daemon is the reaper of orphans (`kernel.adopt_orphans`), so what it started, and what that started in turn,
stays below it whatever forks and sessions it went through.
"""

import os
import signal
from pathlib import Path

_PROC = Path("/proc")


def parents() -> dict[int, int]:
    """The parent of every visible process, by process id."""
    found = {}
    for entry in os.scandir(_PROC):
        if not entry.name.isdecimal():
            continue
        try:
            text = Path(entry.path, "stat").read_bytes()
        except OSError:  # it ended meanwhile
            continue
        # The name, in parentheses, may hold anything; what follows the last one is state and parent.
        found[int(entry.name)] = int(text.rpartition(b")")[2].split()[1])
    return found


def descendants(root: int) -> list[int]:
    """Every process below `root`, itself not counted, parents before children."""
    children: dict[int, list[int]] = {}
    for pid, parent in parents().items():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    rest = list(children.get(root, ()))
    while rest:
        pid = rest.pop(0)
        found.append(pid)
        rest.extend(children.get(pid, ()))
    return found


def kill_descendants(root: int) -> int:
    """Send SIGKILL to every process below `root`; how many there were, dead ones not yet reaped included."""
    pids = descendants(root)
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:  # it ended meanwhile
            continue
    return len(pids)
