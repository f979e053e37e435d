from collections.abc import AsyncIterator

import pytest

from craft_desktop.paths import Paths
from craft_desktop.workbench.workbench import Workbench
from tests.control.serving import Api, api_of
from tests.store.keyrings import SystemKeyring, use


@pytest.fixture(autouse=True)
def system(monkeypatch: pytest.MonkeyPatch) -> SystemKeyring:
    """No test of this folder asks a person's own keyring."""
    backend = SystemKeyring()
    use(monkeypatch, backend)
    return backend


@pytest.fixture
async def api(system: SystemKeyring, workbench: Workbench, paths: Paths) -> AsyncIterator[Api]:
    async with api_of(workbench, paths) as served:
        yield served
