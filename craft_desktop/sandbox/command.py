"""A long command in a sandbox: listened to until its end, over as many connections as that takes.

The command runs on when nobody listens (envd ties no process to its stream), so that a network which breaks off need
cost nothing: it is joined again by its process id. How it ended is told by the stream; where it ended while nobody
listened, by what the shell around it wrote down last.
"""

import asyncio
import logging
import re
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from craft_desktop.model.errors import Problem, SandboxError, SandboxGoneError, SandboxUnreachableError
from craft_desktop.model.project import Provider
from craft_desktop.sandbox.connection import Process, Sandbox
from craft_desktop.sandbox.lines import LineCutter
from craft_desktop.sandbox.persist import RECONNECT_FIRST_S, abandon, persist
from craft_desktop.sandbox.processes import MARKER
from craft_desktop.tasks import Owner

# A connection can die unheard (another Wi-Fi, a router that forgot it): after so long a silence the command is joined
# over a new one. Installs print now and then and a person waits for them; a dev server is quiet by nature.
QUIET_INSTALL_S = 30.0
QUIET_SERVER_S = 120.0
# In the sandbox user's home, beside the project: one line, the run's id and the exit code of what ended last.
LAST_END = ".craft-desktop-ended"
# A run's id has 32 characters, an exit code three: what is longer is not ours.
_LONGEST_END = 100

# The first line tries the folder; the newline before the bracket ends a comment at the end of a command.
_SCRIPT = """(cd -- {folder} || exit
{command}
); set -- $?; {{ echo {run_id} $1 >{last_end}; }} 2>/dev/null; exit $1"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Breaks:
    """Who is told of connections to a distant sandbox that break off.

    :param on_broken: told why, once a break.
    :param on_joined: told when it was made again.
    """

    on_broken: Callable[[Problem], None] = lambda _: None
    on_joined: Callable[[], None] = lambda: None


class Command:
    """A command that was begun; `pid` as the sandbox counts. `begin` gives one."""

    def __init__(
        self,
        sandbox: Sandbox,
        process: "Process | _Ended",
        run_id: str,
        heard: "_Heard",
        breaks: Breaks,
        quiet_s: float,
    ) -> None:
        self._sandbox = sandbox
        self._process = process
        self._heard = heard
        self._breaks = breaks
        self._quiet_s = quiet_s
        self.run_id = run_id
        self.pid = process.pid

    async def wait(self) -> int | None:
        """Wait for the end and give the exit code; None when it ended unheard and nothing tells how.

        Over a network, a connection that breaks off is made again for RECONNECT_LIMIT_S seconds. On this computer none
        lies between: a host that does not answer has ended.

        :raises SandboxError: the sandbox is gone, refuses, or does not answer for too long.
        """
        try:
            while True:
                try:
                    return await self._listen()
                except SandboxUnreachableError as error:
                    if not self._is_distant:
                        raise
                    self._breaks.on_broken(error.problem)
                await self._come_back()
        finally:
            self._heard.finish()

    async def leave(self) -> None:
        """Stop listening; it runs on."""
        await abandon(self._process.leave)

    async def rejoin(self) -> None:
        """Listen again, over a new connection; the old one is given up.

        :raises SandboxError: refused, unreachable or gone.
        """
        process = await self._sandbox.rejoin(self.pid, self._heard.feed)
        before, self._process = self._process, process or _Ended(await _exit_code_of(self._sandbox, self.run_id))
        self._heard.at = time.monotonic()
        # Only now: for a moment both listen, so that no line is lost.
        await abandon(before.leave)

    @property
    def _is_distant(self) -> bool:
        return self._sandbox.provider is not Provider.LOCAL

    async def _listen(self) -> int | None:
        while True:
            async with Owner("command") as owner:
                ending = owner.start(self._process.wait(), name="end", awaited=True)
                while not ending.done() and not self._is_quiet:
                    await asyncio.wait({ending}, timeout=self._heard.at + self._quiet_s - time.monotonic())
                if ending.done():
                    return ending.result()
                await self._ask_anew()

    @property
    def _is_quiet(self) -> bool:
        return self._is_distant and time.monotonic() - self._heard.at >= self._quiet_s

    async def _ask_anew(self) -> None:
        try:
            await self.rejoin()
        except (SandboxGoneError, SandboxUnreachableError):
            raise
        except SandboxError as error:  # busy, or refused for a moment: silence alone is no failure
            _log.info("a quiet command was not joined again: %s", error)
        self._heard.at = time.monotonic()

    async def _come_back(self) -> None:
        heard_at = self._heard.at
        await asyncio.sleep(RECONNECT_FIRST_S)
        await persist(self.rejoin)
        self._heard.interrupt(
            f"[the connection broke off: up to {time.monotonic() - heard_at:.0f} s of this are missing]"
        )
        self._breaks.on_joined()


async def begin(
    sandbox: Sandbox,
    command: str,
    *,
    folder: str,
    run_id: str,
    envs: Mapping[str, str],
    hear: Callable[[str], None],
    breaks: Breaks,
    quiet_s: float,
) -> Command:
    """Start a command in the background.

    :param command: for bash.
    :param folder: where, relative to the sandbox user's home.
    :param run_id: marks its processes.
    :param hear: told each line of its output.
    :param quiet_s: seconds of silence after which a distant sandbox is asked anew.
    Where a network breaks off before its process id is known, it is looked for as soon as the sandbox answers, and
    started once more if it was not.

    :raises SandboxError: the sandbox is gone, refuses or does not answer; it may have been started.
    """
    heard = _Heard(hear)
    script = _SCRIPT.format(folder=shlex.quote(folder), command=command, run_id=run_id, last_end=LAST_END)

    async def start() -> Process:
        return await sandbox.start(script, cwd=".", envs={**envs, MARKER: run_id}, on_output=heard.feed)

    try:
        process: Process | _Ended = await start()
    except SandboxUnreachableError as error:
        if sandbox.provider is Provider.LOCAL:
            raise
        breaks.on_broken(error.problem)
        process = await persist(lambda: _find(sandbox, run_id, heard)) or await start()
        breaks.on_joined()
    return Command(sandbox, process, run_id, heard, breaks, quiet_s)


async def _find(sandbox: Sandbox, run_id: str, heard: "_Heard") -> "Process | _Ended | None":
    """Give a command whose start was not answered; None if nothing tells that it ever began."""
    pid = await sandbox.pid_of(MARKER, run_id)
    process = None if pid is None else await sandbox.rejoin(pid, heard.feed)
    exit_code = await _exit_code_of(sandbox, run_id) if process is None else None
    if process is not None or exit_code is not None:
        heard.interrupt("[the connection broke off: the first lines of this may be missing]")
    return process or (None if exit_code is None else _Ended(exit_code))


class _Heard:
    """Cuts the output into lines, and knows when something was heard last."""

    def __init__(self, hear: Callable[[str], None]) -> None:
        self._hear = hear
        self._cutter = LineCutter(hear)
        self.at = time.monotonic()

    def feed(self, chunk: str) -> None:
        self.at = time.monotonic()
        self._cutter.feed(chunk)

    def finish(self) -> None:
        self._cutter.finish()

    def interrupt(self, line: str) -> None:
        """Say a line of our own in between."""
        self._cutter.finish()
        self._hear(line)


class _Ended:
    """Stands for a command that ended while nobody listened; its process id is of no use any more."""

    pid = 0

    def __init__(self, exit_code: int | None) -> None:
        self._exit_code = exit_code

    async def wait(self) -> int | None:
        return self._exit_code

    async def leave(self) -> None:
        """There is nothing to leave."""


async def _exit_code_of(sandbox: Sandbox, run_id: str) -> int | None:
    """Give the exit code that the shell around a command wrote down; None where it could not."""
    # Bounded: what lies there is the sandbox's to say.
    outcome = await sandbox.run(f"head -c {_LONGEST_END} {LAST_END}", cwd=".")
    told = re.fullmatch(rf"{re.escape(run_id)} ([0-9]{{1,3}})\n", outcome.stdout)
    return int(told[1]) if told else None
