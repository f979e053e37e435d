"""Keeps a sandbox's own deadline ahead of a project that is used, and notices a sandbox that is gone."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from craft_desktop.model.errors import Problem, SandboxError, SandboxGoneError
from craft_desktop.sandbox.connection import Sandbox
from craft_desktop.workbench.tenancy import SANDBOX_TIMEOUT_S

# Three chances within the timeout.
HEARTBEAT_S = 200.0
# After one that failed: a network that comes back is used before the sandbox's time is over.
AGAIN_S = 15.0

_log = logging.getLogger(__name__)


class Heartbeat:
    """The heartbeat of one sandbox.

    :param is_wanted: whether the project is used; one that is not is left to its own deadline, so that a program that
        hangs keeps nothing running.
    :param on_problem: told once of what stands in the way, until a beat succeeds. The page goes on while the sandbox
        does: a key that was revoked ends nothing that runs, it only cannot be kept running.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        is_wanted: Callable[[], bool],
        every_s: float = HEARTBEAT_S,
        on_problem: Callable[[Problem], None] = lambda _: None,
    ) -> None:
        self._sandbox = sandbox
        self._is_wanted = is_wanted
        self._every_s = every_s
        self._on_problem = on_problem
        self._told = ""
        self._asked = asyncio.Event()

    def beat_now(self) -> None:
        """Do not wait for the next: this computer slept, and nobody knows what became of the sandbox."""
        self._asked.set()

    async def run(self) -> None:
        """Beat until cancelled.

        :raises SandboxGoneError: the sandbox is no more.
        """
        wait_s = self._every_s
        while True:
            with contextlib.suppress(TimeoutError):  # the usual case: nobody asked before the time was over
                async with asyncio.timeout(wait_s):
                    await self._asked.wait()
            self._asked.clear()
            wait_s = self._every_s
            if not self._is_wanted():
                continue
            try:
                await self._sandbox.keep(SANDBOX_TIMEOUT_S)
                self._told = ""
            except SandboxGoneError:
                raise
            except SandboxError as error:
                wait_s = min(AGAIN_S, self._every_s)
                _log.warning("heartbeat: %s", error)
                self._tell(error.problem)

    def _tell(self, problem: Problem) -> None:
        if problem.title == self._told:
            return
        self._told = problem.title
        minutes = SANDBOX_TIMEOUT_S // 60
        self._on_problem(
            Problem(
                problem.title,
                f"{problem.detail} The page stays for {minutes} minutes at most unless this goes away.",
                problem.remedy,
                problem.action,
            )
        )
