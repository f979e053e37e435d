"""Gets a sandbox for a project and gives it back: the ledger's row first, so that none is ever forgotten."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from craft_desktop.model.errors import SandboxError, SandboxGoneError
from craft_desktop.model.project import Project
from craft_desktop.sandbox.connection import Connection, Sandbox, abandon
from craft_desktop.store.ledger import Ledger
from craft_desktop.tasks import Owner

# A crashed program leaves a sandbox running for this long at most (the web service's own figure).
SANDBOX_TIMEOUT_S = 600

APP_METADATA = {"app": "craft-desktop"}

_log = logging.getLogger(__name__)


class Origin(StrEnum):
    """Where a project's sandbox comes from."""

    ADOPTED = "adopted"
    """A run of the program that was killed left it behind."""
    POOLED = "pooled"
    """It was made ahead."""
    IMAGE = "image"
    """It was made from a snapshot that holds the dependencies."""
    TEMPLATE = "template"
    """It was made from the bare template."""


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A sandbox held for a project; `nonce` is its row in the ledger.

    :param holds: the dependency key that its node_modules were installed for; None for none.
    """

    sandbox: Sandbox
    nonce: str
    origin: Origin
    holds: str | None = None

    @property
    def reused(self) -> bool:
        """Was it used before, so that old processes and an old copy may be in it?"""
        return self.origin is Origin.ADOPTED


class Landlord:
    """Hands out sandboxes and takes them back."""

    def __init__(self, ledger: Ledger, owner: Owner) -> None:
        self._ledger = ledger
        self._owner = owner

    async def rent(self, connection: Connection, project: Project, consent: Mapping[str, str]) -> Tenancy:
        """Give the sandbox that an earlier run of the program left behind for this project, or a new one.

        Others left behind for it are ended. Cancelled while a sandbox is being made, it is ended once it is there.

        :raises SandboxError: refused, busy or unreachable.
        """
        left = await self._take_over(connection, project)
        if left is not None:
            return left
        nonce = secrets.token_hex(16)
        self._ledger.ask(nonce, project.id, connection.profile.provider, time.time())
        metadata = {**APP_METADATA, "project": project.id, "nonce": nonce, **consent}
        making = self._owner.start(
            connection.create(metadata=metadata, envs={}, timeout_s=SANDBOX_TIMEOUT_S), name="create", awaited=True
        )
        try:
            sandbox = await asyncio.shield(making)
        except asyncio.CancelledError:
            self._owner.start(self._discard(making, nonce), name="discard")
            raise
        except SandboxError:
            self._strike(nonce)
            raise
        self._ledger.made(nonce, sandbox.id)
        return Tenancy(sandbox, nonce, Origin.TEMPLATE)

    async def release(self, tenancy: Tenancy) -> None:
        """End the sandbox. One that cannot be reached stays in the ledger, and ends by its own timeout."""
        if await abandon(tenancy.sandbox.kill):
            self._strike(tenancy.nonce)

    async def _take_over(self, connection: Connection, project: Project) -> Tenancy | None:
        rows = [row for row in self._ledger.left_behind(connection.profile.provider) if row.project_id == project.id]
        kept: Tenancy | None = None
        for row in rows:
            found = await connection.list({**APP_METADATA, "nonce": row.nonce})
            if kept is None and found:
                with contextlib.suppress(SandboxGoneError):
                    sandbox = await connection.connect(found[0].sandbox_id, timeout_s=SANDBOX_TIMEOUT_S)
                    self._ledger.take_over(row.nonce)
                    kept = Tenancy(sandbox, row.nonce, Origin.ADOPTED)
                    continue
            for extra in found:
                await connection.kill(extra.sandbox_id)
            self._strike(row.nonce)
        return kept

    def _strike(self, nonce: str) -> None:
        # A full disk must not hide the failure that brought us here; the row is struck at the next start instead.
        try:
            self._ledger.end(nonce, time.time())
        except SandboxError as error:
            _log.warning("%s", error)

    async def _discard(self, making: "asyncio.Task[Sandbox]", nonce: str) -> None:
        try:
            sandbox = await making
        except SandboxError as error:
            _log.info("a sandbox that was no longer wanted was not made: %s", error)
            self._strike(nonce)
            return
        await self.release(Tenancy(sandbox, nonce, Origin.TEMPLATE))
