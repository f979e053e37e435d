"""A landlord on a real embedded host."""

import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from craft_desktop.model.project import Project
from craft_desktop.model.settings import Settings
from craft_desktop.sandbox.connection import Connection
from craft_desktop.sandbox.local_host import LocalHost
from craft_desktop.store.images import ImageStore
from craft_desktop.store.ledger import Ledger
from craft_desktop.tasks import Owner
from craft_desktop.workbench.gallery import Gallery
from craft_desktop.workbench.tenancy import Landlord
from tests.conftest import tiny_project

LIMIT_S = 60.0
# The user id that Linux keeps for those who own nothing.
NOBODY = 65534


@dataclass
class House:
    """A landlord with all that it needs; `told` is what it told of images."""

    landlord: Landlord
    gallery: Gallery
    connection: Connection
    ledger: Ledger
    images: ImageStore
    owner: Owner
    folder: Path
    installation: str
    told: list[str] = field(default_factory=list)

    def project(self, name: str, **manifest: Any) -> Project:
        """Make a project in a folder of its own."""
        path = tiny_project(self.folder / name, **manifest)
        now = time.time()
        return Project(secrets.token_hex(8), name, name, path, now, now)

    def again(self) -> Landlord:
        """Make another landlord on the same lists, as another copy of the program has."""
        return Landlord(self.ledger, self.gallery, self.owner, self.installation)

    def next_copy(self) -> "House":
        """Make what another copy of the program has, on the same folders. Close it with `aclose`."""
        ledger, images = Ledger(self.folder / "state"), ImageStore(self.folder / "state")
        gallery = Gallery(images, self.owner, Settings, self.installation)
        landlord = Landlord(ledger, gallery, self.owner, self.installation)
        return replace(self, landlord=landlord, gallery=gallery, ledger=ledger, images=images)

    async def aclose(self) -> None:
        """End what it holds ready, and let go of the rest."""
        await self.landlord.aclose()
        await self.ledger.aclose()
        await self.images.aclose()

    async def until_told(self, words: str) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not any(words in line for line in self.told):
                await asyncio.sleep(0.02)

    async def snapshots(self) -> list[str]:
        return [name for found in await self.connection.snapshots() for name in found.names]


async def running(house: House) -> list[str]:
    return [found.sandbox_id for found in await house.connection.list({"app": "craft-desktop"})]


@pytest.fixture
async def settings() -> Settings:
    return Settings()


@pytest.fixture
async def house(tmp_path: Path, settings: Settings) -> AsyncIterator[House]:
    host = LocalHost(tmp_path / "host")
    (tmp_path / "state").mkdir()
    ledger, images = Ledger(tmp_path / "state"), ImageStore(tmp_path / "state")
    installation = "0123456789ab"
    async with Owner("test") as owner:
        gallery = Gallery(images, owner, lambda: settings, installation)
        landlord = Landlord(ledger, gallery, owner, installation, lambda: settings.pool_size)
        connection = Connection(await host.profile())
        yield House(landlord, gallery, connection, ledger, images, owner, tmp_path, installation)
        await landlord.aclose()
    await ledger.aclose()
    await images.aclose()
    await host.aclose()


@pytest.fixture
def humble(tmp_path: Path) -> Iterator[Path]:
    """A folder of a person who may not read everything, as root may."""
    if os.geteuid() != 0:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, NOBODY, -1)
        os.seteuid(NOBODY)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)
