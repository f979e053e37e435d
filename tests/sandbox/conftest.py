"""A real embedded host, and a sandbox of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from craft_desktop.sandbox.connection import Connection, Sandbox
from craft_desktop.sandbox.local_host import LocalHost


@pytest.fixture
async def local_host(tmp_path: Path) -> AsyncIterator[LocalHost]:
    host = LocalHost(tmp_path / "host")
    yield host
    await host.aclose()


@pytest.fixture
async def connection(local_host: LocalHost) -> Connection:
    return Connection(await local_host.profile())


@pytest.fixture
async def sandbox(connection: Connection) -> Sandbox:
    return await connection.create(metadata={"test": "yes"}, envs={"ALWAYS": "there"}, timeout_s=60)
