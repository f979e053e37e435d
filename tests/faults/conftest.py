"""A host, the fault proxy before it, and a workbench that knows the proxy alone."""

import dataclasses
from collections.abc import AsyncIterator

import pytest

from craft_desktop.paths import Paths
from craft_desktop.workbench.assemble import open_workbench
from tests.conftest import StandaloneHost
from tests.faults.proxy import FaultProxy
from tests.faults.stage import Stage


@pytest.fixture
async def proxy(elsewhere: StandaloneHost) -> AsyncIterator[FaultProxy]:
    async with FaultProxy(elsewhere.ready.api_url, elsewhere.ready.sandbox_url) as opened:
        yield opened


@pytest.fixture
def proxied(elsewhere: StandaloneHost, proxy: FaultProxy) -> StandaloneHost:
    """The host as it is known through the proxy."""
    api_url, sandbox_url = proxy.urls
    return StandaloneHost(
        elsewhere.process, dataclasses.replace(elsewhere.ready, api_url=api_url, sandbox_url=sandbox_url)
    )


@pytest.fixture
async def stage(
    paths: Paths,
    elsewhere: StandaloneHost,
    proxied: StandaloneHost,
    proxy: FaultProxy,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Stage]:
    monkeypatch.setenv("E2B_API_KEY", elsewhere.ready.api_key)
    async with open_workbench(paths) as workbench:
        await proxied.choose(workbench)
        yield Stage(workbench, proxy, elsewhere, paths.state)
        await proxy.heal()  # what runs is to be ended in order
