"""What one look into a sandbox tells: its processes, sockets, memory, disk, clock and install. Pure.

`look_script` is the shell program that looks, `read_vitals` reads what it printed. The code in a sandbox is hostile: it
may name its processes and files as it likes, so every line is taken for what it says about that sandbox and no more.
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from craft_desktop.model.report import Listener, Process

# A dev server's tree has 3 to 12 processes; a fork bomb must not make a look long.
MOST_PROCESSES = 100
# Of a command line; `node …/next/dist/server/lib/start-server.js` has some 100 characters.
LONGEST_COMMAND = 200
# Direct dependencies looked for; the largest package.json seen names 260.
MOST_PACKAGES = 400
_LISTEN = "0A"  # TCP_LISTEN (include/net/tcp_states.h)
# What npm allows as a name; no other word reaches the shell.
_PACKAGE = re.compile(r"(?:@[a-z0-9-~][a-z0-9-._~]*/)?[A-Za-z0-9-~][A-Za-z0-9-._~]*")

# `ps`, `ss` and `lsof` are not in every image; /proc, a shell, grep, sed and df are.
_SCRIPT = """
export LC_ALL=C
echo "now $(date +%s.%N)"
echo "node $(node --version 2>/dev/null | head -c 40)"
for pid in $(grep -lszF {marker}= /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 | head -n {most}); do
  rss=$(sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/$pid/status 2>/dev/null)
  state=$(sed -n 's/^State:[^A-Za-z]*\\([A-Za-z]\\).*/\\1/p' /proc/$pid/status 2>/dev/null)
  command=$(head -c {longest} /proc/$pid/cmdline 2>/dev/null | tr '\\000-\\037' ' ')
  echo "process $pid ${{rss:-0}} ${{state:-?}} $command"
  ls -l /proc/$pid/fd 2>/dev/null | head -n 2000 | sed -n "s/.*socket:\\[\\([0-9]*\\)\\]\\$/inode $pid \\1/p"
done
for table in tcp tcp6; do
  awk '$4 == "{listen}" {{print "socket", $2, $10}}' /proc/net/$table 2>/dev/null | head -n 500
done
for name in max current; do echo "cgroup-$name $(head -c 30 /sys/fs/cgroup/memory.$name 2>/dev/null)"; done
echo "oom-kills $(sed -n 's/^oom_kill //p' /sys/fs/cgroup/memory.events 2>/dev/null)"
sed -n 's/^\\(MemTotal\\|MemAvailable\\): *\\([0-9]*\\) kB/\\1 \\2/p' /proc/meminfo 2>/dev/null
df -Pk {app} 2>/dev/null | awk 'NR == 2 {{print "disk", $2, $4}}'
df -Pi {app} 2>/dev/null | awk 'NR == 2 {{print "inodes", $2, $4}}'
for lock in {app}/.next/dev/lock {app}/.next/lock; do
  [ -e "$lock" ] || continue
  command -v flock >/dev/null || {{ echo "lock unknown $lock"; continue; }}
  flock -n "$lock" true 2>/dev/null && echo "lock free $lock" || echo "lock held $lock"
done
{{ [ -e {root}/.pnp.cjs ] || [ -e {app}/.pnp.cjs ]; }} && echo "pnp yes"
{{ [ -d {root}/node_modules ] || [ -d {app}/node_modules ]; }} && echo "installed yes"
for name in {packages}; do
  [ -e "{root}/node_modules/$name" ] || [ -e "{app}/node_modules/$name" ] || echo "missing $name"
done
echo end
"""


@dataclass(frozen=True, slots=True)
class Vitals:
    """What was seen. Sizes in bytes, `now` in Unix seconds; None where it could not be told.

    `locks` are Next.js's lock files with "held", "free" or "unknown"; `missing` the direct dependencies that are not
    installed; `is_whole` says that the look came to its end.
    """

    now: float | None = None
    node: str = ""
    processes: tuple[Process, ...] = ()
    listeners: tuple[Listener, ...] = ()
    memory_total: int | None = None
    memory_used: int | None = None
    oom_kills: int = 0
    disk_total: int | None = None
    disk_free: int | None = None
    inodes_total: int | None = None
    inodes_free: int | None = None
    locks: tuple[tuple[str, str], ...] = ()
    is_installed: bool = False
    missing: tuple[str, ...] = ()
    is_whole: bool = False


def look_script(marker: str, root: str, app: str, packages: Iterable[str]) -> str:
    """Give the shell program that looks.

    :param marker: the environment variable that marks the dev server's processes.
    :param root: the folder of the install, below the home; `app` the one of the dev script.
    :param packages: the direct dependencies, to be looked for.
    """
    names = [name for name in packages if _PACKAGE.fullmatch(name)][:MOST_PACKAGES]
    return _SCRIPT.format(
        marker=shlex.quote(marker),
        most=MOST_PROCESSES,
        longest=LONGEST_COMMAND,
        listen=_LISTEN,
        root=shlex.quote(root),
        app=shlex.quote(app),
        packages=" ".join(shlex.quote(name) for name in names) or '""',
    )


def read_vitals(text: str) -> Vitals:
    """Read what the look printed; what is missing or broken is None, and no line breaks another."""
    facts: dict[str, str] = {}
    processes: list[Process] = []
    owners: dict[str, int] = {}
    sockets: list[tuple[str, str]] = []
    locks: list[tuple[str, str]] = []
    missing: list[str] = []
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        parts = rest.split(" ")
        if word == "process" and len(parts) > 2 and parts[0].isdecimal() and parts[1].isdecimal():
            command = " ".join(parts[3:]).strip()
            processes.append(Process(int(parts[0]), int(parts[1]) * 1024, parts[2], command))
        elif word == "inode" and len(parts) == 2 and parts[0].isdecimal():
            owners.setdefault(parts[1], int(parts[0]))
        elif word == "socket" and len(parts) == 2:
            sockets.append((parts[0], parts[1]))
        elif word == "lock" and len(parts) > 1:
            locks.append((" ".join(parts[1:]), parts[0]))
        elif word == "missing" and rest:
            missing.append(rest)
        else:
            facts.setdefault(word, rest.strip())
    disk, inodes = _pair(facts.get("disk")), _pair(facts.get("inodes"))
    total, used = _memory(facts)
    return Vitals(
        now=_decimal(facts.get("now")),
        node=facts.get("node", ""),
        processes=tuple(processes),
        listeners=_listeners(processes, owners, sockets),
        memory_total=total,
        memory_used=used,
        oom_kills=_whole(facts.get("oom-kills")) or 0,
        disk_total=disk[0] * 1024 if disk else None,
        disk_free=disk[1] * 1024 if disk else None,
        inodes_total=inodes[0] if inodes else None,
        inodes_free=inodes[1] if inodes else None,
        locks=tuple(locks),
        is_installed="installed" in facts or "pnp" in facts,
        missing=() if "pnp" in facts else tuple(missing),
        is_whole="end" in facts,
    )


def read_address(coded: str) -> tuple[str, int] | None:
    """Read an address and a port as /proc/net/tcp writes them; None for what is none.

    The kernel writes each four bytes as a number of a little-endian machine, which both of E2B's and this one are.
    """
    host, _, port = coded.partition(":")
    try:
        words = bytes.fromhex(host)
        number = int(port, 16)
    except ValueError:
        return None
    address = b"".join(words[start : start + 4][::-1] for start in range(0, len(words), 4))
    if len(address) == 16 and address[:12] == b"\0" * 10 + b"\xff\xff":
        address = address[12:]
    if len(address) == 4:
        return ".".join(str(byte) for byte in address), number
    if len(address) != 16:
        return None
    if address == b"\0" * 16:
        return "::", number
    if address == b"\0" * 15 + b"\1":
        return "::1", number
    return ":".join(f"{address[at] << 8 | address[at + 1]:x}" for at in range(0, 16, 2)), number


def _listeners(
    processes: Iterable[Process], owners: dict[str, int], sockets: Sequence[tuple[str, str]]
) -> tuple[Listener, ...]:
    commands = {process.pid: process.command for process in processes}
    found = []
    for coded, inode in sockets:
        address, pid = read_address(coded), owners.get(inode)
        if address is not None and pid is not None:
            found.append(Listener(*address, pid, commands.get(pid, "")))
    return tuple(sorted(found, key=lambda each: (each.port, each.address)))


def _memory(facts: dict[str, str]) -> tuple[int | None, int | None]:
    """Give what there is and what is used: the sandbox's own limit, where one is seen, else its machine's."""
    limit, current = _whole(facts.get("cgroup-max")), _whole(facts.get("cgroup-current"))
    if limit and current is not None:
        return limit, current
    total, free = _whole(facts.get("MemTotal")), _whole(facts.get("MemAvailable"))
    if total is None or free is None:
        return None, None
    return total * 1024, max(0, total - free) * 1024


def _pair(text: str | None) -> tuple[int, int] | None:
    parts = (text or "").split()
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        return None
    return int(parts[0]), int(parts[1])


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 20 else None


def _decimal(text: str | None) -> float | None:
    return float(text) if text and re.fullmatch(r"\d{1,12}(?:\.\d{1,9})?", text) else None
