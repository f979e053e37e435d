"""What the system says of memory: its own, and a process's. Linux tells it in /proc; elsewhere nothing is known."""

from pathlib import Path

from craft_desktop.model.memory import Memory

PROC = Path("/proc")
_KIB = 1024
"""The unit of every figure read here, whatever the letters say (proc(5): "kB")."""

_SHARES, _WHOLES = ("Pss_Anon", "Pss_Shmem"), ("RssAnon", "RssShmem")


def read_memory(proc: Path = PROC) -> Memory | None:
    """Tell the computer's memory; None where it cannot be read."""
    figures = _figures(proc / "meminfo")
    total, available = figures.get("MemTotal"), figures.get("MemAvailable")
    return Memory(total, available) if total and available is not None else None


def read_process(pid: int, proc: Path = PROC) -> int | None:
    """Tell the bytes a process has for itself, which its end would give back; None if there is none.

    What it shares with other processes counts in shares: pages' processes begin as copies of one, and counted whole
    what they have in common made the figure 29 % too large (measured with ten pages). Pages of files (the engine's
    code) are left out: all of them share these, and they can be read again at any time.
    """
    if pid <= 0:
        return None
    shares = _figures(proc / str(pid) / "smaps_rollup")
    figures = shares or _figures(proc / str(pid) / "status")  # a kernel may not tell shares, or not of this process
    own = [figures[name] for name in (_SHARES if shares else _WHOLES) if name in figures]
    return sum(own) if own else None


def _figures(path: Path) -> dict[str, int]:
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except OSError:  # no such system, or the process has just ended
        return {}
    found = {}
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2 and words[1] == "kB" and words[0].isdecimal():
            found[name] = int(words[0]) * _KIB
    return found
