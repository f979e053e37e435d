"""The table of processes: started, found by id or tag, reaped, and at the end all killed."""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping

from craft_desktop.host.envd.journal import Journal
from craft_desktop.host.envd.process import Command, Process
from craft_desktop.host.envd.spawn import spawn_with_pipes, spawn_with_terminal
from craft_desktop.host.envd.tree import kill_descendants

_log = logging.getLogger(__name__)

# How long the end of a process can still be asked for, E2B's own.
_RETENTION_S = 30.0
# How long the final kill waits for the kernel to end what it killed, and how often it looks again: a process may fork
# between the look and the kill, so one round is not enough.
_KILL_DEADLINE_S = 5.0
_KILL_ROUND_S = 0.01


class ProcessTable:
    """Every process started here that runs, or ended less than 30 s ago.

    `reap` must be called on SIGCHLD. Children that nobody started here (orphans that this daemon adopted) are
    reaped as well.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._running: dict[int, Process] = {}
        self._ended: dict[int, Process] = {}
        self._is_closed = False

    def start(
        self, command: Command, env: Mapping[str, str], cwd: str, in_child: Callable[[], None] | None = None
    ) -> Process:
        """Start a process.

        :param in_child: called in the child before it becomes the command.
        :raises OSError: it cannot be executed, or the table is closed.
        :raises ValueError: an argument or a variable cannot be passed on.
        """
        if self._is_closed:
            raise OSError("envd is shutting down")
        argv = [command.cmd, *command.args]
        if command.pty is not None:
            spawned = spawn_with_terminal(argv, env, cwd, *command.pty, in_child=in_child)
        else:
            spawned = spawn_with_pipes(argv, env, cwd, stdin=command.stdin, in_child=in_child)
        process = Process(command, spawned, self._note_end, self._note_output)
        self._journal.note("process started", pid=process.pid, command=" ".join(argv), cwd=cwd)
        self._ended.pop(process.pid, None)
        self._running[process.pid] = process
        return process

    def running(self) -> list[Process]:
        """The processes that run, in order of their start."""
        return list(self._running.values())

    def find(self, pid: int | None, tag: str | None, *, ended_too: bool = False) -> Process | None:
        """The process with that id or, without an id, the newest with that tag.

        :param ended_too: also one that ended less than 30 s ago.
        """
        tables = (self._running, self._ended) if ended_too else (self._running,)
        for table in tables:
            if pid is not None:
                if pid in table:
                    return table[pid]
                continue
            for process in reversed(table.values()):
                if tag is not None and process.command.tag == tag:
                    return process
        return None

    def reap(self) -> None:
        """Take in every child that has exited."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            process = self._running.get(pid)
            if process is not None and not process.leader_has_exited:
                process.leader_exited(os.waitstatus_to_exitcode(status), os.WCOREDUMP(status))

    def _note_output(self, process: Process, stream: str, data: bytes) -> None:
        self._journal.note(data.decode(errors="replace").rstrip("\n"), pid=process.pid, event_type=stream)

    def _note_end(self, process: Process) -> None:
        self._journal.note(f"process ended: {process.ending.status if process.ending else ''}", pid=process.pid)
        if self._running.get(process.pid) is process:
            del self._running[process.pid]
        self._ended[process.pid] = process
        asyncio.get_running_loop().call_later(_RETENTION_S, self._forget, process)

    def _forget(self, process: Process) -> None:
        if self._ended.get(process.pid) is process:
            del self._ended[process.pid]

    async def aclose(self) -> None:
        """Kill every process below this daemon, and wait until none is left.

        :raises TimeoutError: some did not end within 5 s.
        """
        self._is_closed = True
        async with asyncio.timeout(_KILL_DEADLINE_S):
            while kill_descendants(os.getpid()):
                self.reap()
                await asyncio.sleep(_KILL_ROUND_S)
        for process in (*self._running.values(), *self._ended.values()):
            process.close()
