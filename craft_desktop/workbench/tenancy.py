"""Gets a sandbox for a project and gives it back: the ledger's row first, so that none is ever forgotten."""

import asyncio
import contextlib
import logging
import re
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial

from craft_desktop.model.errors import SandboxBusyError, SandboxError, SandboxRefusedError, SandboxUnreachableError
from craft_desktop.model.operations import Wipe
from craft_desktop.model.origin import Origin
from craft_desktop.model.project import Project, Provider
from craft_desktop.sandbox.connection import Connection, Sandbox
from craft_desktop.sandbox.pool import Pool
from craft_desktop.store.database import unimportant
from craft_desktop.store.images import Image
from craft_desktop.store.ledger import Ledger, Row
from craft_desktop.tasks import Owner
from craft_desktop.workbench.endings import Endings
from craft_desktop.workbench.folder import read_needs_of
from craft_desktop.workbench.gallery import Gallery, Sitting, saves
from craft_desktop.workbench.parting import Partings
from craft_desktop.workbench.reconcile import end_unknown
from craft_desktop.workbench.rent import APP_METADATA, Asked, Kind, kind_of

# A crashed program leaves a sandbox running for this long at most (the web service's own figure).
SANDBOX_TIMEOUT_S = 600

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tenancy:
    """A sandbox held for a project.

    :param nonce: its row in the ledger.
    :param origin: where it came from.
    :param holds: the dependency key that its `node_modules` were installed for; None when that is not known.
    :param node: the version of Node.js in it.
    :param note: a sentence for the activity log; empty when there is nothing to say.
    :param image: what it was made from.
    """

    sandbox: Sandbox
    nonce: str
    origin: Origin
    asked: Asked
    holds: str | None = None
    node: str = ""
    note: str = ""
    image: Image | None = None

    @property
    def holds_copy(self) -> bool:
        """Can an older copy of the project be in it?"""
        return self.origin is Origin.ADOPTED or self.image is not None

    @property
    def reused(self) -> bool:
        """Was it there before, with an older copy of the project in it?"""
        return self.origin is Origin.ADOPTED


class Landlord:
    """Hands out sandboxes and takes them back.

    :param installation: the name of this installation, told to the provider with each sandbox.
    :param pool_size: asks how many sandboxes to keep ready.
    """

    def __init__(
        self,
        ledger: Ledger,
        gallery: Gallery,
        owner: Owner,
        installation: str,
        pool_size: Callable[[], int] = lambda: 0,
    ) -> None:
        self._ledger = ledger
        self._gallery = gallery
        self._owner = owner
        self._installation = installation
        self._nodes: dict[str, str] = {}
        self._endings = Endings(ledger, owner, SANDBOX_TIMEOUT_S)
        self.partings: Partings[Tenancy] = Partings(lambda each: gallery.take_now(each.nonce), self._let_go)
        self._pool: Pool[Kind, Tenancy] = Pool(
            lambda kind: self._make(kind.asked, kind.image, project_id=""), self._is_kept, self._end_pooled, pool_size
        )

    async def rent(
        self,
        connection: Connection,
        project: Project,
        consent: Mapping[str, str],
        key: str | None = None,
        envs: Mapping[str, str] = {},
    ) -> Tenancy:
        """Give the warmest sandbox there is: left behind by an earlier run, or made from an image, or a new one.

        Others left behind for the project are ended. Cancelled while a sandbox is being made, it is ended once it is
        there. An image that does not start is dropped, and a clean sandbox made instead; the tenancy's note says so.

        :param key: the folder's dependency key; None takes no image.
        :param envs: for every process in the sandbox.
        :raises SandboxError: refused, busy or unreachable.
        """
        await self.partings.ended(project.id)  # the image that it keeps saves an install
        asked = Asked(connection, project, consent, key, envs)
        needs = await asyncio.to_thread(read_needs_of, project.path)
        tenancy = await self._take_over(asked)
        if tenancy is None:
            shared = bool(needs.shared_manifest)
            best = await self._gallery.best(asked.place, key, project.id, shared=shared) if key else None
            tenancy = await self._pooled(asked, best) or await self._from_image(asked, best)
        if tenancy is None:
            tenancy = await self._make(asked, None)
        tenancy = replace(tenancy, node=await self._ask_node(tenancy))
        self._pool.want(kind_of(asked, None))
        return tenancy

    async def release(self, tenancy: Tenancy) -> None:
        """End the sandbox. One that cannot be reached stays in the ledger, and is ended later or by its own timeout."""
        self._gallery.leave(tenancy.nonce)
        await self._endings.end(tenancy.nonce, [tenancy.sandbox.kill])

    async def leave(self, tenancy: Tenancy, for_s: int) -> None:
        """Leave the sandbox as it is for the next start of the program, for so many seconds, or else end it."""
        self._gallery.leave(tenancy.nonce)
        try:
            await tenancy.sandbox.keep(for_s)
        except SandboxError as error:
            _log.info("%s could not be left running: %s", tenancy.sandbox.id, error)
            await self.release(tenancy)
            return
        await self._ledger.disown(tenancy.nonce)

    async def part(self, tenancy: Tenancy, rest: Callable[[], Awaitable[None]]) -> None:
        """Release a good run's sandbox; an image still to be taken is, behind it, once `rest` ended its code."""
        if self._gallery.is_waiting(tenancy.nonce):
            await rest()
            self.partings.begin(tenancy.asked.project.id, tenancy)
        else:
            await self._let_go(tenancy)

    async def _let_go(self, tenancy: Tenancy) -> None:
        await self.release(tenancy)
        await self.expect(tenancy)

    async def expect(self, tenancy: Tenancy) -> None:
        """Have a sandbox ready for another start of a project whose good run has ended, if the settings say so."""
        asked = tenancy.asked
        with unimportant():  # a run that has ended well does not fail for what may come after it
            key, project_id = asked.key, asked.project.id
            best = await self._gallery.best(asked.place, key, project_id, shared=False) if key else None
            self._pool.want(kind_of(asked, best))

    async def aclose(self) -> None:
        """End what is kept ready. What is rented is released by who rents it."""
        await self.partings.aclose()
        await self._pool.aclose()

    async def installing(self, tenancy: Tenancy) -> None:
        """Note that an install begins: until `installed`, what `node_modules` hold is not known."""
        with unimportant():
            await self._ledger.holds(tenancy.nonce, None)
        self._gallery.timing(tenancy.nonce, None)

    async def installed(self, tenancy: Tenancy, key: str, took_s: float) -> None:
        """Note what `node_modules` are whole for, so that a start after a crash need not install again."""
        with unimportant():  # without the note, a start after a crash installs again
            await self._ledger.holds(tenancy.nonce, key)
        self._gallery.timing(tenancy.nonce, took_s)

    def keep_image(
        self,
        tenancy: Tenancy,
        key: str,
        *,
        idle_s: Callable[[], float] = lambda: float("inf"),
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Keep an image of the sandbox for later starts, in the background, at a moment when nobody works with it.

        To be called after a good first page. Nothing that goes wrong with it touches the run.

        :param key: the folder's dependency key, that was installed for.
        :param idle_s: the seconds since somebody used the project: an edit, a request, a command.
        :param tell: told what was kept, or why not.
        """
        asked = tenancy.asked
        self._gallery.keep(
            Sitting(
                connection=asked.connection,
                sandbox=tenancy.sandbox,
                nonce=tenancy.nonce,
                place=asked.place,
                key=key,
                project=asked.project,
                node=tenancy.node,
                workshop=lambda: self._workshop(asked),
                idle_s=idle_s,
                tell=tell,
            )
        )

    async def distrust(self, tenancy: Tenancy) -> bool:
        """Drop the image that this sandbox was made from: its run failed before its page. Was there one?"""
        if tenancy.image is None:
            return False
        await self._gallery.drop(tenancy.asked.connection, tenancy.image)
        return True

    async def discard_images(self, tenancy: Tenancy, what: Wipe) -> None:
        """Delete the images that would bring back what is being deleted in the sandbox."""
        asked = tenancy.asked
        await self._gallery.discard(asked.connection, tenancy.nonce, asked.project.id)
        if what is Wipe.INSTALLED:
            await self.distrust(tenancy)

    async def reconcile(self, connection: Connection, known_project_ids: Collection[str]) -> None:
        """Bring a provider and what this computer remembers of it to the same: nothing runs that nobody knows.

        What an ended copy of the program left of a known project stays for `rent`; all else of this installation is
        ended, running or asleep, and snapshots that no image needs are deleted. To be called again until it succeeds.

        :raises SandboxError: refused, busy or unreachable.
        """
        ours = {**APP_METADATA, "installation": self._installation}
        await end_unknown(connection, self._ledger, ours, known_project_ids)
        await self._gallery.reconcile(connection, known_project_ids)

    async def _take_over(self, asked: Asked) -> Tenancy | None:
        connection, project = asked.connection, asked.project
        left = await self._ledger.left_behind(connection.profile.provider)
        kept: Tenancy | None = None
        taken: list[str] = []
        try:
            for row in left:
                if row.project_id != project.id:
                    continue
                found = await connection.list({**APP_METADATA, "nonce": row.nonce})
                taken.append(row.nonce)
                if not await self._ledger.take_over(row):
                    continue  # another copy of the program was faster
                if found and kept is None and asked.fits(found[0].metadata):
                    sandbox = await self._wake(connection, row, found[0].sandbox_id)
                    if sandbox is not None:
                        kept = Tenancy(sandbox, row.nonce, Origin.ADOPTED, asked, holds=row.holds)
                        continue
                await self._endings.end(row.nonce, [partial(connection.kill, each.sandbox_id) for each in found])
        except BaseException:
            for nonce in taken:  # stopped, or the provider failed: they are the next start's
                await self._ledger.disown(nonce)
            raise
        return kept

    async def _wake(self, connection: Connection, row: Row, sandbox_id: str) -> Sandbox | None:
        try:
            return await connection.connect(sandbox_id, timeout_s=SANDBOX_TIMEOUT_S, variables=row.variables)
        except SandboxError as error:
            # One that does not answer is ended, or left to the next look, and a new one made.
            _log.info("%s was not taken over: %s", sandbox_id, error)
            return None

    async def _pooled(self, asked: Asked, best: Image | None) -> Tenancy | None:
        """Give a sandbox kept ready, if it is as warm as one made now would be; its environment is empty."""
        found = None if asked.envs else await self._pool.take(kind_of(asked, best))
        if found is None:
            return None
        tenancy = replace(found, origin=Origin.POOLED, asked=asked, note=saves(best) if best else "")
        async with self._released_on_failure(tenancy):
            await self._ledger.assign(tenancy.nonce, asked.project.id)
            if best is not None:
                await self._gallery.used(best)
        return tenancy

    async def _is_kept(self, tenancy: Tenancy) -> bool:
        try:
            await tenancy.sandbox.keep(SANDBOX_TIMEOUT_S)
        except SandboxError as error:
            _log.info("a sandbox kept ready is no more: %s", error)
            return False
        return True

    async def _end_pooled(self, tenancy: Tenancy) -> None:
        await self._endings.end(tenancy.nonce, [tenancy.sandbox.kill])

    async def _from_image(self, asked: Asked, image: Image | None) -> Tenancy | None:
        if image is None:
            return None
        try:
            tenancy = await self._make(asked, image)
            node = await self._ask_node(tenancy)
            if node == image.node:
                async with self._released_on_failure(tenancy):
                    await self._gallery.used(image)
                return replace(tenancy, note=saves(image))
            await self.release(tenancy)
            reason = f"it was installed with Node.js {image.node}, and this is {node}"
        except (SandboxRefusedError, SandboxBusyError):
            raise  # not the image's fault
        except SandboxError as error:
            reason = str(error)
        _log.warning("image %s: %s", image.name, reason)
        # Whether it is the image or the provider that fails shows now: where this fails too, the image stays.
        clean = await self._make(asked, None)
        await self._gallery.drop(asked.connection, image)
        return replace(clean, note=f"The kept dependencies could not be used and were dropped: {reason}")

    async def _make(self, asked: Asked, image: Image | None, project_id: str | None = None) -> Tenancy:
        nonce = secrets.token_hex(16)
        whose = asked.project.id if project_id is None else project_id
        try:
            await self._ledger.ask(nonce, whose, asked.connection.profile.provider, time.time(), asked.envs)
        except asyncio.CancelledError:
            await self._ledger.end(nonce, time.time())  # nothing is asked for
            raise
        making = self._owner.start(self._create(asked, nonce, image, whose), name="create", awaited=True)
        try:
            sandbox = await asyncio.shield(making)
        except asyncio.CancelledError:
            self._owner.start(self._discard(asked, making, nonce), name="discard")
            raise
        except SandboxError as error:
            await self._not_made(nonce, error)
            raise
        tenancy = Tenancy(sandbox, nonce, Origin.TEMPLATE, asked)
        if image is not None:
            tenancy = Tenancy(sandbox, nonce, Origin.IMAGE, asked, holds=image.key, image=image)
        async with self._released_on_failure(tenancy):
            await self._ledger.made(nonce, sandbox.id)
            await self._ledger.holds(nonce, tenancy.holds)
        return tenancy

    async def _create(self, asked: Asked, nonce: str, image: Image | None, whose: str) -> Sandbox:
        ours = {**APP_METADATA, "installation": self._installation, "project": whose, "nonce": nonce}
        return await asked.connection.create(
            metadata={**ours, **asked.consent},
            envs=asked.envs,
            timeout_s=SANDBOX_TIMEOUT_S,
            base=image.snapshot_id if image else None,
        )

    async def _ask_node(self, tenancy: Tenancy) -> str:
        """Ask for the version of Node.js, once a place: on this computer it is the computer's, on E2B the image's."""
        asked = tenancy.asked
        if tenancy.image is not None and asked.connection.profile.provider is not Provider.LOCAL:
            return tenancy.image.node
        known = self._nodes.get(asked.place)
        if known is None:
            async with self._released_on_failure(tenancy):
                outcome = await tenancy.sandbox.run("node --version")
            told = re.fullmatch(r"v?([0-9]+(?:\.[0-9]+){0,2}[0-9A-Za-z.-]{0,40})\s*", outcome.stdout)
            known = told[1] if told and outcome.exit_code == 0 else ""
            # Where a project's code ran, its profile may say anything: that is not believed of other sandboxes.
            if known and not tenancy.holds_copy:
                self._nodes[asked.place] = known
        return known

    @contextlib.asynccontextmanager
    async def _released_on_failure(self, tenancy: Tenancy) -> AsyncIterator[None]:
        try:
            yield
        except BaseException:
            await self.release(tenancy)
            raise

    @contextlib.asynccontextmanager
    async def _workshop(self, asked: Asked) -> AsyncIterator[Sandbox]:
        tenancy = await self._make(asked.alone, None, project_id="")
        try:
            yield tenancy.sandbox
        finally:
            await self.release(tenancy)

    async def _not_made(self, nonce: str, error: SandboxError) -> None:
        if isinstance(error, SandboxUnreachableError):  # nobody knows whether it was
            await self._ledger.disown(nonce)
        else:
            await self._endings.end(nonce, [])

    async def _discard(self, asked: Asked, making: "asyncio.Task[Sandbox]", nonce: str) -> None:
        try:
            sandbox = await making
        except SandboxError as error:
            _log.info("a sandbox that was no longer wanted was not made: %s", error)
            await self._not_made(nonce, error)
            return
        await self.release(Tenancy(sandbox, nonce, Origin.TEMPLATE, asked))
