"""slirp4netns killed under a project that runs: its network is connected again, and the run goes on."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from craft_desktop.host.probe import probe
from craft_desktop.model.session import Phase
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import fetch, tiny_project
from tests.workbench.watching import LIMIT_S, below, started

# Each request tells whether the world can be reached from where the dev server runs.
LOOKS_OUT = """
const http = require("http"), net = require("net");
http.createServer((_, answer) => {
  const socket = net.connect({ host: "%s", port: %d, timeout: 2000 });
  const tell = (word) => { socket.destroy(); answer.end(word); };
  socket.on("connect", () => tell("open")).on("error", (e) => tell(e.code)).on("timeout", () => tell("silent"));
}).listen(process.env.PORT, "127.0.0.1");
"""


@pytest.fixture(autouse=True)
def is_private() -> None:
    machine = probe(os.environ, Path.home())
    if not machine.private:
        pytest.skip(machine.network.reason)


@pytest.fixture
def outside() -> Iterator[socket.socket]:
    """A service of this computer that is no loopback's: a sandbox reaches it through its uplink."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as route:
        try:
            route.connect(("192.0.2.1", 9))  # nothing is sent; the kernel says which address it would be sent from
        except OSError:
            pytest.skip("this computer has no network device but loopback")
        address = route.getsockname()[0]
    with socket.create_server((address, 0)) as listener:
        yield listener


def uplinks(home: Path) -> dict[int, psutil.Process]:
    """Give every slirp4netns of the workbench's host, the warm spare's too."""
    found = {}
    for process in below(home):
        try:
            if process.name() == "slirp4netns" and process.status() != psutil.STATUS_ZOMBIE:
                found[process.pid] = process
        except psutil.NoSuchProcess:
            continue
    return found


async def test_its_network_is_connected_again(workbench: Workbench, outside: socket.socket, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "p")
    (folder / "server.js").write_text(LOOKS_OUT % outside.getsockname()[:2])
    project = await started(workbench, folder)
    before = workbench.session(project.id)
    assert await fetch(workbench.address(project.id)) == (200, "open")
    for _ in range(2):  # the second one is not the one that the sandbox was made with
        killed = uplinks(tmp_path)
        assert killed
        for process in killed.values():
            process.kill()
        async with asyncio.timeout(LIMIT_S):
            while not (len(now := uplinks(tmp_path)) >= len(killed) and not now.keys() & killed.keys()):
                await asyncio.sleep(0.02)
            while (told := await fetch(workbench.address(project.id))) != (200, "open"):
                assert told[0] == 200, told  # the page goes on meanwhile
                await asyncio.sleep(0.02)
    after = workbench.session(project.id)
    assert after.phase is Phase.LIVE and (after.sandbox_id, after.pid) == (before.sandbox_id, before.pid)
