"""Ends whole trees of processes inside a sandbox, finds their ports and watches, by a marker in their environment.

Why a marker: ending a command through envd ends its leader alone and leaves, for one, `next-server` holding the port
(E2B#1034). Process groups and parents are lost when a leader dies or a child starts a session of its own; the
environment is inherited by all of them.
"""

import shlex

from craft_desktop.model.errors import SandboxError
from craft_desktop.sandbox.connection import Sandbox
from craft_desktop.sandbox.ports import listening_ports

MARKER = "CRAFT_DESKTOP_RUN"
# `next dev` ends clean within 0.2 s of SIGTERM (measured); ten times that, then SIGKILL.
GRACE_S = 2.0
# A person who pressed Stop waits: twice what `next dev` takes, and still within a second with all the rest.
STOP_GRACE_S = 0.5
# Said where SIGKILL ended what nobody here had ended: the kernel does so when there is no memory left.
MORE_MEMORY = (
    "Close other programs, or on E2B choose a template with more memory; then start again. "
    "NODE_OPTIONS=--max-old-space-size=… makes Node.js content with less."
)

# Signal 0 asks only who is there. The shell that runs this is not marked, so it never finds itself.
_SCRIPT = """
marked() {{ grep -lszF {mark} /proc/[0-9]*/environ | cut -d/ -f3; }}
kill -TERM $(marked) 2>/dev/null
for _ in $(seq {tries}); do [ -z "$(marked)" ] && exit 0; sleep 0.05; done
for _ in $(seq {again}); do kill -KILL $(marked) 2>/dev/null; [ -z "$(marked)" ] && exit 0; sleep 0.05; done
marked; exit 1
"""

# `ss` and `lsof` are not in every image; /proc, a shell, grep and sed are.
_LISTENING = """
for pid in $(grep -lszF {mark} /proc/[0-9]*/environ | cut -d/ -f3); do
  ls -l /proc/$pid/fd 2>/dev/null
done | sed -n 's/.*socket:\\[\\([0-9]*\\)\\]$/inode \\1/p' | sort -u
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null
true
"""

# Each watch of a process is a line of its inotify descriptor's fdinfo (proc(5)); whoever asks libuv, chokidar or
# Turbopack to watch has some. `none` is said where processes were seen and none watches.
_WATCHING = """
for pid in $(grep -lszF {mark} /proc/[0-9]*/environ | cut -d/ -f3); do
  [ -n "$(ls /proc/$pid/fdinfo 2>/dev/null)" ] && seen=1
  grep -qs '^inotify ' /proc/$pid/fdinfo/* && echo some && exit
done
[ -n "$seen" ] && echo none
true
"""


def end_command(run_id: str, grace_s: float = GRACE_S) -> str:
    """Give the shell script that ends every process marked with `run_id`: SIGTERM, a grace time, SIGKILL."""
    mark = shlex.quote(f"{MARKER}={run_id}")
    return _SCRIPT.format(mark=mark, tries=int(grace_s / 0.05), again=int(GRACE_S / 0.05))


async def end_tree(sandbox: Sandbox, run_id: str, grace_s: float = GRACE_S) -> None:
    """End every process marked with `run_id` in the sandbox; those that do not end by themselves after `grace_s`.

    :raises SandboxError: some would not end, or the sandbox is gone or unreachable.
    """
    outcome = await sandbox.run(end_command(run_id, grace_s), limit_s=4 * GRACE_S + 10)
    if outcome.exit_code != 0:
        raise SandboxError(
            "The dev server could not be ended",
            f"These processes are still there: {outcome.stdout.split()}",
            "Stop the project; that ends the sandbox with everything in it.",
        )


async def ports_of(sandbox: Sandbox, run_id: str) -> list[int]:
    """Give the ports at which processes marked with `run_id` listen, in order.

    :raises SandboxError: the sandbox is gone or unreachable.
    """
    outcome = await sandbox.run(_LISTENING.format(mark=shlex.quote(f"{MARKER}={run_id}")))
    lines = outcome.stdout.splitlines()
    inodes = [line.removeprefix("inode ") for line in lines if line.startswith("inode ")]
    return listening_ports(inodes, lines)


async def is_watching(sandbox: Sandbox, run_id: str) -> bool:
    """Does a process marked with `run_id` watch files? Where that cannot be seen, it may.

    :raises SandboxError: the sandbox is gone or unreachable.
    """
    outcome = await sandbox.run(_WATCHING.format(mark=shlex.quote(f"{MARKER}={run_id}")))
    return outcome.stdout.strip() != "none"
