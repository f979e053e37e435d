"""Does what a store asks of a file in a thread of its own, one thing after the other, so that the loop goes on.

A file may be held by another program, or lie on a disk that is busy: whoever asked waits for it, and nobody else. The
thread is none of asyncio's own few, which a file that is held for long would take from all the others.
"""

import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_log = logging.getLogger(__name__)


class Clerk:
    """Close it with `aclose`, which waits for all that was asked.

    :param name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def do(self, work: Callable[[], T]) -> T:
        """Have `work` done and give its result; what it raises comes through.

        Who is cancelled does not wait: it is done all the same, and before whatever is asked for later.
        """
        doing = self._thread.submit(work)
        try:
            return await asyncio.shield(asyncio.wrap_future(doing))
        except asyncio.CancelledError:
            doing.add_done_callback(_log_failure)
            raise

    async def aclose(self) -> None:
        """End the thread, once all is done. May be called twice."""
        await asyncio.to_thread(self._thread.shutdown)


class _HasClerk(Protocol):
    @property
    def _clerk(self) -> Clerk: ...


S = TypeVar("S", bound=_HasClerk)


def by_clerk(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Let a method, which blocks, be done by the clerk of its object: whoever calls it awaits it."""

    async def ask(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._clerk.do(functools.partial(method, self, *args, **kwargs))

    functools.update_wrapper(ask, method)
    return ask


def _log_failure(doing: "Future[Any]") -> None:
    if error := doing.exception():
        _log.warning("what was asked for by somebody who is gone failed: %s", error)
