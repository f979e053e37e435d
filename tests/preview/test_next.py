"""The starter project behind the gateway, as a browser would use it: a real Next.js, no sandbox."""

import asyncio
import html
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from craft_desktop.preview.gateway import Gateway
from craft_desktop.preview.routes import Upstream
from craft_desktop.sandbox.local_host import HOST_COMMAND, host_environment

pytestmark = [pytest.mark.node, pytest.mark.timeout(300)]

STARTER = Path(__file__).parents[2] / "resources" / "starter"
READY_S = 90  # the slowest first page measured is 15 s; this machine is shared
ELSEWHERE = """
import { NextResponse } from "next/server";
export const GET = (request: Request) => NextResponse.redirect(new URL("/?arrived", request.url));
"""


@dataclass(frozen=True)
class DevServer:
    folder: Path
    port: int

    @property
    def here(self) -> Upstream:
        """The way to a sandbox on this computer."""
        return Upstream(f"http://127.0.0.1:{self.port}", f"{self.port}-box.localhost:4999")

    @property
    def away(self) -> Upstream:
        """The way through an ingress with a public name, which strips X-Forwarded-*."""
        return Upstream(f"http://127.0.0.1:{self.port}", f"{self.port}-box.e2b.example")


@pytest.fixture(scope="module")
def dev_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    folder = tmp_path_factory.mktemp("next") / "starter"
    shutil.copytree(STARTER, folder, ignore=shutil.ignore_patterns("node_modules", ".next"))
    (folder / "app" / "elsewhere").mkdir()
    (folder / "app" / "elsewhere" / "route.ts").write_text(ELSEWHERE)
    # The Node.js that sandboxes get: the system's, or the one from PyPI.
    told = subprocess.run(
        [*HOST_COMMAND, "--check"], check=True, capture_output=True, env=host_environment(), timeout=60
    )
    node = json.loads(told.stdout)["node"]
    path = os.pathsep.join((str(Path(node["path"]).parent), os.environ["PATH"]))
    environment = {**os.environ, "PATH": path, "NEXT_TELEMETRY_DISABLED": "1", "NO_COLOR": "1"}
    install = [node["path"], node["npm"], "install", "--no-audit", "--no-fund", "--prefer-offline"]
    subprocess.run(install, cwd=folder, env=environment, check=True, capture_output=True, timeout=200)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(folder / "node_modules/.bin/next"), "dev", "-H", "127.0.0.1", "-p", str(port)]
    with (
        (folder.parent / "dev.log").open("wb") as log,
        subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True) as run,
    ):
        try:
            _wait_for_page(run, port)
            yield DevServer(folder, port)
        finally:
            os.killpg(run.pid, signal.SIGKILL)


def _wait_for_page(run: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + READY_S
    while run.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=READY_S) as answer:
                assert answer.status == 200
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)  # polls a port with a deadline
    pytest.fail(f"next dev does not serve (exit code {run.poll()})")


@pytest.fixture(params=["here", "away"])
def address(request: pytest.FixtureRequest, gateway: Gateway, dev_server: DevServer) -> str:
    gateway.serve("sample", getattr(dev_server, request.param))
    return gateway.url("sample").rstrip("/")


async def test_page_comes_whole(address: str, browser: aiohttp.ClientSession) -> None:
    async with browser.get(f"{address}/") as answer:
        page = await answer.text()
    assert answer.status == 200
    assert "Hello, " in page
    script = re.search(r'src="(/_next/static/[^"]+\.js[^"]*)"', page)
    assert script is not None
    # As a module script of the page would be fetched: Next.js checks this Origin on its internal paths.
    async with browser.get(address + html.unescape(script[1]), headers={"Origin": address}) as answer:
        assert answer.status == 200
        assert await answer.read()


async def test_edit_reaches_hot_reload_socket(
    address: str, browser: aiohttp.ClientSession, dev_server: DevServer
) -> None:
    page = dev_server.folder / "app" / "page.tsx"
    before = page.read_text()
    words = f"It changed at {address}"  # differs from what another run left on its way
    async with browser.ws_connect(f"{address}/_next/hmr?id=test", headers={"Origin": address}) as hot_reload:
        try:
            page.write_text(before.replace("It runs", words))
            async with asyncio.timeout(30):
                while True:
                    message = await hot_reload.receive()
                    assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY), message
                    async with browser.get(f"{address}/") as answer:
                        if words in await answer.text():
                            break
        finally:
            page.write_text(before)


async def test_foreign_origin_stays_foreign(address: str, browser: aiohttp.ClientSession) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await browser.ws_connect(f"{address}/_next/hmr", headers={"Origin": "http://evil.example"})
    assert refusal.value.status == 502  # Next.js >= 16.2 answers the bare word "Unauthorized", which is not HTTP


async def _form(address: str, browser: aiohttp.ClientSession) -> aiohttp.FormData:
    async with browser.get(f"{address}/") as answer:
        page = await answer.text()
    form = aiohttp.FormData(default_to_multipart=True)
    for field in re.findall(r'<input type="hidden" [^>]*>', page):
        name = re.search(r'name="([^"]*)"', field)
        value = re.search(r'value="([^"]*)"', field)
        assert name is not None
        form.add_field(html.unescape(name[1]), html.unescape(value[1]) if value else "")
    return form


async def test_server_action_without_script_redirects_to_the_page(address: str, browser: aiohttp.ClientSession) -> None:
    form = await _form(address, browser)
    form.add_field("name", "Ada")
    async with browser.post(f"{address}/", data=form, headers={"Origin": address}, allow_redirects=False) as answer:
        assert answer.status == 303
        assert answer.headers["Location"] in ("/", f"{address}/")
    async with browser.get(f"{address}/") as answer:
        assert "Hello, " in await answer.text()
        assert "Ada" in await answer.text()


async def test_server_action_by_script_succeeds(address: str, browser: aiohttp.ClientSession) -> None:
    async with browser.get(f"{address}/") as answer:
        found = re.search(r"\$ACTION_ID_([0-9a-f]+)", await answer.text())
    assert found is not None
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field("_1_name", "Grace")
    form.add_field("0", '["$K1"]')
    headers = {"Origin": address, "Next-Action": found[1], "Accept": "text/x-component"}
    async with browser.post(f"{address}/", data=form, headers=headers, allow_redirects=False) as answer:
        body = await answer.text()
        assert answer.status in (200, 303)
        assert answer.headers["x-action-redirect"].startswith("/;")
        assert "Grace" in body  # the page after the redirect came along, fetched by Next.js from itself


async def test_server_action_of_a_foreign_site_is_refused(address: str, browser: aiohttp.ClientSession) -> None:
    form = await _form(address, browser)
    form.add_field("name", "Mallory")
    async with browser.post(
        f"{address}/", data=form, headers={"Origin": "http://evil.example"}, allow_redirects=False
    ) as answer:
        assert answer.status == 500
        assert "name" not in answer.cookies


async def test_absolute_redirect_stays_on_the_address(address: str, browser: aiohttp.ClientSession) -> None:
    async with browser.get(f"{address}/elsewhere", allow_redirects=False) as answer:
        assert answer.status == 307
        assert answer.headers["Location"] == f"{address}/?arrived"
