"""What the sandbox uses: its own processes' time and memory, beside what the machine has."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from craft_desktop.host.envd.state import State
from craft_desktop.host.envd.tree import descendants

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_MIB = 1024 * 1024


class Metrics:
    """Answers `/metrics` in the keys of E2B's envd.

    A sandbox there is a machine of its own; here it shares one, so its use is the sum over its processes, this
    daemon among them, shared memory counted for each. Processor use is the mean since the last reading.

    :param clock: seconds, monotonic.
    """

    def __init__(self, state: State, clock: Callable[[], float] = time.monotonic) -> None:
        self._state = state
        self._clock = clock
        self._read_at = clock()
        self._used_s: dict[int, float] = {}

    def read(self) -> dict[str, float]:
        """The metrics now; bytes unless the key says otherwise."""
        now = self._clock()
        used_s: dict[int, float] = {}
        resident = 0
        for pid in (os.getpid(), *descendants(os.getpid())):
            try:
                text = Path(f"/proc/{pid}/stat").read_bytes()
            except OSError:  # it ended meanwhile
                continue
            # Fields counted from the state, which is the third: utime 14, stime 15, rss 24 (proc(5)).
            fields = text.rpartition(b")")[2].split()
            used_s[pid] = (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
            resident += int(fields[21]) * _PAGE_BYTES
        spent = sum(max(0.0, seconds - self._used_s.get(pid, 0.0)) for pid, seconds in used_s.items())
        elapsed = now - self._read_at
        count = len(os.sched_getaffinity(0))
        self._read_at, self._used_s = now, used_s
        memory = _memory()
        disk = os.statvfs(self._state.user(None).home)
        total = memory.get("MemTotal", 0)
        return {
            "ts": int(time.time()),
            "cpu_count": count,
            "cpu_used_pct": round(100 * spent / elapsed / count, 2) if elapsed > 0 else 0.0,
            "mem_total": total,
            "mem_total_mib": total // _MIB,
            "mem_used": resident,
            "mem_used_mib": resident // _MIB,
            "mem_cache": memory.get("Cached", 0),
            "disk_total": disk.f_blocks * disk.f_frsize,
            "disk_used": (disk.f_blocks - disk.f_bfree) * disk.f_frsize,
        }


def _memory() -> dict[str, int]:
    """/proc/meminfo in bytes."""
    found = {}
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        words = rest.split()
        if len(words) == 2:  # those with a unit, which is always kB
            found[name] = int(words[0]) * 1024
    return found
