"""Keeps a quirk of the client quiet: a stream that is cancelled while it opens leaves a failure that nobody collects.

On Python 3.11 `connectrpc` (0.12) opens a stream through `asyncio.wait_for`; its inner task answers the cancellation
with an error of its own, which `wait_for` does not take, so that asyncio complains when the task is collected. The
cancellation itself has reached whoever asked for it; there is nothing to tell.
"""

import asyncio
from typing import Any

_TOLD = "Request was cancelled"


def keep_cancellations_quiet(loop: asyncio.AbstractEventLoop) -> None:
    """Let `loop` pass over these complaints; all others go where they went before."""
    before = loop.get_exception_handler()

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if type(error).__name__ == "ConnectError" and str(error) == _TOLD:
            return
        if before is None:
            loop.default_exception_handler(context)
        else:
            before(loop, context)

    loop.set_exception_handler(handle)
