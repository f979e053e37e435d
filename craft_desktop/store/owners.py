"""Which process a row belongs to: its pid, and a mark that no later process with the same pid has."""

import os
from pathlib import Path


def mark_of(pid: int) -> str:
    """Give what tells a process from a later one with the same pid: when it began, since which boot; "" if unknown.

    Field 22 of /proc/<pid>/stat (proc(5)) counts from boot, so the boot's id stands with it.
    """
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    # The name in brackets may hold spaces and brackets of its own; field 3 is the first behind the last of them.
    return f"{told.rpartition(')')[2].split()[22 - 3]}@{boot}"


def is_alive(pid: int, mark: str) -> bool:
    """Answer whether the process that wrote `pid` and `mark` still runs.

    Without a mark, a pid taken again by another program only means that a sandbox ends by its own timeout.
    """
    if pid <= 0:  # nobody's; kill(2) would mean a whole group
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's, but there
    return not mark or mark_of(pid) in ("", mark)
