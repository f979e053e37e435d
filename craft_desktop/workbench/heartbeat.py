"""Keeps a sandbox's own deadline ahead of a project that is used, and notices a sandbox that is gone."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from craft_desktop.model.errors import SandboxError, SandboxGoneError
from craft_desktop.sandbox.connection import Sandbox
from craft_desktop.workbench.tenancy import SANDBOX_TIMEOUT_S

# Three chances within the timeout.
HEARTBEAT_S = 200.0

_log = logging.getLogger(__name__)


class Heartbeat:
    """The heartbeat of one sandbox.

    :param is_wanted: whether the project is used; one that is not is left to its own deadline, so that a program that
        hangs keeps nothing running.
    """

    def __init__(self, sandbox: Sandbox, is_wanted: Callable[[], bool], every_s: float = HEARTBEAT_S) -> None:
        self._sandbox = sandbox
        self._is_wanted = is_wanted
        self._every_s = every_s
        self._asked = asyncio.Event()

    def beat_now(self) -> None:
        """Do not wait for the next: this computer slept, and nobody knows what became of the sandbox."""
        self._asked.set()

    async def run(self) -> None:
        """Beat until cancelled.

        :raises SandboxGoneError: the sandbox is no more.
        """
        while True:
            with contextlib.suppress(TimeoutError):  # the usual case: nobody asked before the time was over
                async with asyncio.timeout(self._every_s):
                    await self._asked.wait()
            self._asked.clear()
            if not self._is_wanted():
                continue
            try:
                await self._sandbox.keep(SANDBOX_TIMEOUT_S)
            except SandboxGoneError:
                raise
            except SandboxError as error:
                # Two more heartbeats fit into the time that is left.
                _log.warning("heartbeat: %s", error)
