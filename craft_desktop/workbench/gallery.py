"""Keeps images: takes snapshots of sandboxes at quiet moments, and drops those that are no longer worth their room.

What may be in an image, and who may start from it: `sandbox.warm`.
"""

import asyncio
import dataclasses
import logging
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from craft_desktop.model.errors import CraftError, SandboxError
from craft_desktop.model.project import Project, Provider
from craft_desktop.model.settings import Settings
from craft_desktop.sandbox.connection import Connection, Sandbox
from craft_desktop.sandbox.launch import PROJECT_DIR, Launch
from craft_desktop.sandbox.persist import abandon
from craft_desktop.sandbox.profile import Profile
from craft_desktop.store.database import unimportant
from craft_desktop.store.images import Image, ImageStore, superfluous
from craft_desktop.tasks import Owner
from craft_desktop.workbench.folder import read_folder, read_needs_of

# Who has not saved or clicked for so long reads the page: the freeze at a snapshot's end falls into that.
QUIET_S = 5.0
# An image of the same dependencies is taken anew after a day of work: the framework's cache in it grows old.
FRESH_S = 86400.0
GB = 1_000_000_000
# A lock file that the install made would hide that the next project has none. The package manager's cache is as large
# as what it installed, and nothing is installed from it any more.
_BARE = f"find {PROJECT_DIR} -mindepth 1 -maxdepth 1 ! -name node_modules -exec rm -rf {{}} +; rm -rf .npm .cache"

_log = logging.getLogger(__name__)


def provider_of(profile: Profile) -> str:
    """Name the provider, apart from others of its kind; this computer's host is at another address at every start."""
    here = profile.provider is Provider.LOCAL
    return profile.provider.value if here else f"{profile.provider.value} {profile.api_url or profile.domain}"


def place_of(profile: Profile, consent: Mapping[str, str]) -> str:
    """Name where an image lies, so that only sandboxes begin with it that are as the one it was taken of."""
    how = "".join(f" {name}={consent[name]}" for name in sorted(consent))
    return f"{provider_of(profile)} {profile.template}{how}"


def saves(image: Image) -> str:
    """Say what a start from an image spares the person."""
    saved = f"saves about {image.install_s:.0f} s of installing" if image.install_s >= 1 else "nothing to install"
    return f"The dependencies are kept from an earlier start: {saved}"


@dataclass(frozen=True, slots=True)
class Sitting:
    """A sandbox that an image is to be taken of.

    :param key: the dependency key that its `node_modules` are whole for.
    :param workshop: makes a sandbox that belongs to no project and ends it on the way out.
    :param idle_s: the seconds since somebody used the project.
    :param tell: told what was kept, or why not.
    """

    connection: Connection
    sandbox: Sandbox
    nonce: str
    place: str
    key: str
    project: Project
    node: str
    workshop: Callable[[], AbstractAsyncContextManager[Sandbox]]
    idle_s: Callable[[], float]
    tell: Callable[[str], None]


class Gallery:
    """Every image of this installation.

    :param settings: asks for the settings in force.
    :param installation: leads the name of each snapshot, so that one whose row is lost is known.
    """

    def __init__(self, store: ImageStore, owner: Owner, settings: Callable[[], Settings], installation: str) -> None:
        self._store = store
        self._owner = owner
        self._settings = settings
        self._prefix = f"craft-{installation}-"
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._taking: dict[str, asyncio.Event] = {}  # by nonce: told when the snapshot is done
        self._waiting: dict[str, Sitting] = {}  # for the moment when their own image is taken
        self._install_s: dict[str, float] = {}
        # One snapshot at a time: each copies hundreds of megabytes on this computer's disk.
        self._turn = asyncio.Lock()

    @property
    def limit_bytes(self) -> int:
        """The room for all images together; 0 keeps none."""
        return self._settings().images_gb * GB

    async def best(self, place: str, key: str, project_id: str, *, shared: bool) -> Image | None:
        """Give the warmest image for a start.

        :param shared: whether the project may start from an image for all.
        """
        if not self.limit_bytes:
            return None
        found = await self._store.find(place, key, project_id)
        return next((image for image in found if image.project_id or shared), None)

    async def used(self, image: Image) -> None:
        """Note that a start uses it."""
        with unimportant():
            await self._store.used(image.name, time.time())

    def timing(self, nonce: str, took_s: float | None) -> None:
        """Note how long a sandbox's install took; None when one begins."""
        self._install_s.pop(nonce, None)
        if took_s is not None:
            self._install_s[nonce] = took_s

    def keep(self, sitting: Sitting) -> None:
        """Take what images are worth taking of a sandbox, in the background, once nobody works with it."""
        if sitting.nonce in self._tasks or not self.limit_bytes:
            return
        task = self._owner.start(self._keep(sitting), name=f"image of {sitting.project.slug}")
        self._tasks[sitting.nonce] = task
        self._waiting[sitting.nonce] = sitting
        task.add_done_callback(lambda _: self._forget(sitting.nonce, task))

    def _forget(self, nonce: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(nonce) is task:  # after a clean restart another one may have its place
            del self._tasks[nonce]

    def is_waiting(self, nonce: str) -> bool:
        """Is an image of this sandbox still to be taken, or just being taken?"""
        return nonce in self._waiting

    async def take_now(self, nonce: str) -> None:
        """Take the project's own image without a quiet moment: its sandbox is about to end, and nobody works there."""
        sitting, task = self._waiting.pop(nonce, None), self._tasks.get(nonce)
        if sitting is None or task is None:
            return
        if nonce in self._taking:
            async with self._turn:  # it ends when that is taken
                return
        task.cancel()
        try:
            if not await self._is_fresh(sitting, sitting.project.id):
                await self._take_own(sitting)
        except CraftError as error:
            self._not_kept(sitting, error)

    def leave(self, nonce: str) -> None:
        """Take nothing more of a sandbox that is about to end. A snapshot under way fails or is done by itself."""
        self._install_s.pop(nonce, None)
        self._waiting.pop(nonce, None)
        task = self._tasks.pop(nonce, None)
        if task is not None and nonce not in self._taking:
            task.cancel()

    async def discard(self, connection: Connection, nonce: str, project_id: str) -> None:
        """Delete the images that hold a project's files, and take none of its sandbox while that is being cleaned.

        A snapshot under way is awaited first. After the next good first page a new one is taken.
        """
        task = self._tasks.get(nonce)
        snapshot = self._taking.get(nonce)
        self.leave(nonce)
        if task is not None and snapshot is not None:
            await snapshot.wait()
            task.cancel()
        await self.forget(connection, project_id)

    async def drop(self, connection: Connection, image: Image) -> None:
        """Delete an image. One that cannot be deleted now is when the provider is reconciled."""
        with unimportant():
            await self._store.forget(image.name)
        await abandon(lambda: connection.delete_snapshot(image.snapshot_id or image.name))

    async def forget(self, connection: Connection, project_id: str) -> None:
        """Delete the images that hold a project's files."""
        for image in await self._near(connection.profile):
            if image.project_id == project_id:
                await self.drop(connection, image)

    async def providers(self, project_id: str) -> frozenset[Provider]:
        """Give the providers where images hold a project's files."""
        places = [place for place in await self._store.places() if await self._holds(place, project_id)]
        return frozenset(Provider(place.partition(" ")[0]) for place in places)

    async def _holds(self, place: str, project_id: str) -> bool:
        return any(image.project_id == project_id for image in await self._store.all(place))

    async def reconcile(self, connection: Connection, known_project_ids: Collection[str]) -> None:
        """Delete snapshots that no row names, forget rows without a snapshot, and drop what is not worth its room.

        :raises SandboxError: refused, busy or unreachable.
        """
        # The provider first: what another copy takes meanwhile has its row before it is there.
        listed = {name for found in await connection.snapshots() for name in found.names}
        unfinished = await self._store.unfinished()
        rows = {image.name: image for image in await self._near(connection.profile)}
        for name in listed:
            if name.startswith(self._prefix) and (name not in rows or name in unfinished):
                _log.info("deleting %s, which no image needs", name)
                await connection.delete_snapshot(name)
        for name, image in rows.items():
            if name in unfinished or (image.snapshot_id is not None and name not in listed):
                await self._store.forget(name)
        await self._tidy(connection, known_project_ids)

    async def _tidy(self, connection: Connection, known_project_ids: Collection[str]) -> None:
        images = await self._near(connection.profile)
        for image in superfluous(images, known_project_ids, self.limit_bytes, time.time()):
            await self.drop(connection, image)

    async def _near(self, profile: Profile) -> list[Image]:
        lead = f"{provider_of(profile)} "
        near = [place for place in await self._store.places() if place.startswith(lead)]
        return [image for place in near for image in await self._store.all(place)]

    async def _keep(self, sitting: Sitting) -> None:
        try:
            await self._quiet(sitting)
            if not await self._is_fresh(sitting, sitting.project.id):
                await self._take_own(sitting)
            self._waiting.pop(sitting.nonce, None)
            if not await self._is_fresh(sitting, ""):
                await self._take_for_all(sitting)
            known = {image.project_id for image in await self._near(sitting.connection.profile)}
            await self._tidy(sitting.connection, known)
        except CraftError as error:
            self._not_kept(sitting, error)

    def _not_kept(self, sitting: Sitting, error: CraftError) -> None:
        _log.warning("no image of %s: %s", sitting.project.slug, error)
        sitting.tell(f"The dependencies were not kept for later starts: {error.problem.title}")

    async def _quiet(self, sitting: Sitting) -> None:
        while (rest_s := QUIET_S - sitting.idle_s()) > 0:  # noqa: ASYNC110 -- asked, not told: each use moves it
            await asyncio.sleep(rest_s)

    async def _is_fresh(self, sitting: Sitting, project_id: str) -> bool:
        found = await self._store.find(sitting.place, sitting.key, project_id)
        return any(image.project_id == project_id and time.time() - image.asked_at < FRESH_S for image in found)

    async def _take_own(self, sitting: Sitting) -> None:
        started = time.monotonic()
        image = self._new(sitting, sitting.project.id, await self._took_s(sitting))
        async with self._turn:
            self._taking[sitting.nonce] = asyncio.Event()
            try:
                await self._take(sitting.connection, sitting.sandbox, image)
            finally:
                self._taking.pop(sitting.nonce).set()
        _log.info("image %s of %s taken in %.1f s", image.name, sitting.project.slug, time.monotonic() - started)
        sitting.tell("Kept the dependencies for later starts")

    async def _take_for_all(self, sitting: Sitting) -> None:
        """Install in a sandbox of its own, where no code of a project runs, and keep that."""
        path = sitting.project.path
        needs = await asyncio.to_thread(read_needs_of, path)
        folder = await asyncio.to_thread(read_folder, path)
        if not needs.shared_manifest or folder.dependency_key != sitting.key:
            return
        files = [(f"{PROJECT_DIR}/package.json", needs.shared_manifest.encode())]
        if needs.lock_file != folder.recipe.lock_file:
            return  # it lies elsewhere: a part of a monorepo
        if needs.lock_file is not None:
            content = await asyncio.to_thread((path / needs.lock_file).read_bytes)
            files.append((f"{PROJECT_DIR}/{needs.lock_file}", content))
        # The person's own work goes first.
        recipe = dataclasses.replace(folder.recipe, install_command=f"nice -n 19 {folder.recipe.install_command}")
        await self._quiet(sitting)
        async with self._turn, sitting.workshop() as sandbox:
            launch = Launch(sandbox, lambda: secrets.token_hex(16))
            await launch.prepare(reused=False)
            await sandbox.write(files)
            started = time.monotonic()
            await launch.install(recipe, self._settings().install_limit_s, lambda line: _log.debug("image: %s", line))
            image = self._new(sitting, "", time.monotonic() - started)
            await sandbox.run(_BARE, limit_s=60)
            await self._take(sitting.connection, sandbox, image)
        sitting.tell("Kept the dependencies for other projects with the same ones")

    async def _take(self, connection: Connection, sandbox: Sandbox, image: Image) -> None:
        size = await sandbox.run("nice -n 19 du -sk . | cut -f1", limit_s=60)  # 100,000 files took 2 s
        size_bytes = int(size.stdout.strip() or 0) * 1024
        if size_bytes > self.limit_bytes:
            return
        await self._store.ask(image)
        try:
            snapshot_id = await sandbox.snapshot(image.name)
        except SandboxError:
            # What the provider made of it none the less goes now, or is known by its name when it is reconciled.
            await abandon(lambda: connection.delete_snapshot(image.name))
            with unimportant():
                await self._store.forget(image.name)
            raise
        await self._store.made(image.name, snapshot_id, size_bytes)

    def _new(self, sitting: Sitting, project_id: str, install_s: float) -> Image:
        now = time.time()
        name = f"{self._prefix}{secrets.token_hex(8)}"
        return Image(name, sitting.place, sitting.key, project_id, sitting.node, install_s, now, now)

    async def _took_s(self, sitting: Sitting) -> float:
        """Give how long the install took, in this sandbox or before."""
        if sitting.nonce in self._install_s:
            return self._install_s[sitting.nonce]
        found = await self._store.find(sitting.place, sitting.key, sitting.project.id)
        return found[0].install_s if found else 0.0
