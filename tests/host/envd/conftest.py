from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.host.envd.driver import Driver, running_daemon


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Driver]:
    async with running_daemon(tmp_path) as driver:
        yield driver
