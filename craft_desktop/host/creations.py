"""Create calls by their Idempotency-Key: a repeated call is answered with the sandbox of the first."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from craft_desktop.host.bodies import BadRequest
from craft_desktop.host.registry import Registry, Sandbox
from craft_desktop.tasks import Owner


class Creations:
    """The same key is the same sandbox, even while the first call still runs. Close it with `aclose`."""

    def __init__(self) -> None:
        self._owner = Owner("creations")
        self._known: dict[str, tuple[str, asyncio.Task[Sandbox]]] = {}

    async def once(
        self, key: str, digest: str, make: Callable[[], Coroutine[Any, Any, Sandbox]], registry: Registry
    ) -> Sandbox:
        """What `make` gives, made once for `key`.

        :param digest: of the request; another request under the same key is refused.
        :raises BadRequest: the key was used for another request.
        """
        self._prune(registry)
        if key not in self._known:
            self._known[key] = (digest, self._owner.start(make(), name=f"create {key}", awaited=True))
        first, task = self._known[key]
        if first != digest:
            raise BadRequest("Idempotency-Key was used for another request")
        # shielded: the caller who goes away must not end what a repeated call will ask for
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """End creations that still run."""
        await self._owner.aclose()

    def _prune(self, registry: Registry) -> None:
        """Forget failures, which may be tried again, and sandboxes that have ended."""
        for key, (_, task) in list(self._known.items()):
            if task.done() and (
                task.cancelled() or task.exception() or registry.find(task.result().sandbox_id) is None
            ):
                del self._known[key]
