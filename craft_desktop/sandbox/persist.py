"""Tries again what a broken network or a busy provider hinders."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from craft_desktop.model.errors import SandboxBusyError, SandboxUnreachableError

# A network that breaks off for longer leaves a page that hangs; starting over tells more than waiting.
RECONNECT_LIMIT_S = 120.0
# The first pause is the time that a changed Wi-Fi takes at best; the last one still finds it soon after a minute.
RECONNECT_FIRST_S = 0.5
RECONNECT_PAUSE_S = 15.0

T = TypeVar("T")


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
