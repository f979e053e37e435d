"""Work that a broken network or a busy provider hinders: tried again, or, where nothing depends on it, given up."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from craft_desktop.model.errors import SandboxBusyError, SandboxError, SandboxUnreachableError

# A network that breaks off for longer leaves a page that hangs; starting over tells more than waiting.
RECONNECT_LIMIT_S = 120.0
# The first pause is the time that a changed Wi-Fi takes at best; the last one still finds it soon after a minute.
RECONNECT_FIRST_S = 0.5
RECONNECT_PAUSE_S = 15.0

# Longest wait for one answer of the control plane; a create on E2B's cloud takes well under a second.
REQUEST_LIMIT_S = 30.0
# Longest wait for the clean-up of a sandbox that may already be gone.
KILL_LIMIT_S = 10.0

T = TypeVar("T")
_log = logging.getLogger(__name__)


async def persist(work: Callable[[], Awaitable[T]]) -> T:
    """Do `work`, and do it again for RECONNECT_LIMIT_S seconds where nobody answers or all are busy.

    :raises SandboxError: that does not go away, or it is something else.
    """
    wait_s = RECONNECT_FIRST_S
    until = time.monotonic() + RECONNECT_LIMIT_S
    while True:
        try:
            return await work()
        except (SandboxUnreachableError, SandboxBusyError):
            if time.monotonic() > until:
                raise
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, RECONNECT_PAUSE_S)


async def abandon(work: Callable[[], Awaitable[None]]) -> bool:
    """Do a clean-up whose failure changes nothing for the person: it is logged as a warning. Answer if it was done."""
    try:
        async with asyncio.timeout(KILL_LIMIT_S):
            await work()
    except (SandboxError, TimeoutError) as error:
        _log.warning("clean-up: %s", error)
        return False
    return True


async def within(work: Awaitable[T], limit_s: float) -> T:
    """Wait so long at most; the client's own deadline for a stream leaves a task that nobody collects (Python 3.11).

    :raises TimeoutError: it took longer.
    """
    async with asyncio.timeout(limit_s):
        return await work
