"""The only door to asyncio tasks: an Owner starts them, names them and ends them.

A task nobody holds may be collected while it runs, and its failure is told to nobody. Here every task has an
owner, a name and an end. This module imports the standard library alone, so that `host/` may use it too.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Owner:
    """Starts tasks and ends them all in `aclose()`.

    :param name: what owns the tasks; leads their names.
    :param on_crash: told once of a task that failed and whose result nobody awaits; without it the failure
        is logged whole.
    """

    def __init__(self, name: str, on_crash: Callable[[str, BaseException], None] | None = None) -> None:
        self._name = name
        self._on_crash = on_crash
        self._tasks: set[asyncio.Task[Any]] = set()
        self._awaited: set[asyncio.Task[Any]] = set()
        self._closed = False

    def start(self, work: Coroutine[Any, Any, T], *, name: str, awaited: bool = False) -> asyncio.Task[T]:
        """Start `work` as a task of this owner.

        :param awaited: the caller takes the result (or the failure) itself; a crash is then not told here.
        :raises RuntimeError: the owner is closed; `work` is closed unrun.
        """
        if self._closed:
            work.close()
            raise RuntimeError(f"{self._name} is closed; {name} was not started")
        task = asyncio.get_running_loop().create_task(work, name=f"{self._name}: {name}")
        self._tasks.add(task)
        if awaited:
            self._awaited.add(task)
        task.add_done_callback(self._ended)
        return task

    async def finish(self, work: Coroutine[Any, Any, T], *, name: str) -> T:
        """Do `work` to its end, though the caller be cancelled meanwhile; the cancellation comes through afterwards."""
        task = self.start(work, name=name, awaited=True)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait({task})
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.warning("task %s, whose caller was cancelled: %s", task.get_name(), error)
            raise

    @property
    def is_closed(self) -> bool:
        """Does it start nothing any more?"""
        return self._closed

    def __len__(self) -> int:
        return len(self._tasks)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        awaited = task in self._awaited
        self._awaited.discard(task)
        if task.cancelled() or awaited:
            return
        error = task.exception()
        if error is None:
            return
        if self._on_crash is None:
            _log.error("task %s crashed", task.get_name(), exc_info=error)
        else:
            self._on_crash(task.get_name(), error)

    async def aclose(self) -> None:
        """Cancel every task and wait until all have ended. May be called twice.

        A task that calls this (a session that closes itself) is neither cancelled nor waited for.
        """
        self._closed = True
        current = asyncio.current_task()
        tasks = [task for task in self._tasks if task is not current]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
