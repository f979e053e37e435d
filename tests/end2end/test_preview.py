"""The program without a window, on a real Next.js project: everything between Start and Stop."""

import asyncio
import json
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.end2end.driver import REPOSITORY, STEP_LIMIT_S, Preview, descendants, until_gone

pytestmark = [pytest.mark.node, pytest.mark.timeout(400)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(REPOSITORY / "resources" / "starter", tmp_path / "my shop"))


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def page(http: aiohttp.ClientSession, url: str) -> str:
    """Fetch a page as a browser does: `*.localhost` is loopback to a browser, unknown to the C library."""
    host = url.split("/")[2]
    port = host.rsplit(":", 1)[1]
    async with http.get(f"http://127.0.0.1:{port}/", headers={"Host": host, "Accept": "text/html"}) as answer:
        return await answer.text()


async def page_with(http: aiohttp.ClientSession, url: str, text: str) -> str:
    async with asyncio.timeout(STEP_LIMIT_S):
        while text not in (found := await page(http, url)):
            await asyncio.sleep(0.05)
    return found


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


async def test_start_edit_add_dependency_stop(tmp_path: Path, folder: Path, http: aiohttp.ClientSession) -> None:
    async with Preview(tmp_path / "home", folder) as preview:
        live = await preview.until("live")
        phases = [event["phase"] for event in preview.events if event["event"] == "phase"]
        assert phases == ["creating", "uploading", "installing", "starting", "waiting", "live"]
        url: str = live["url"]
        assert url.startswith("http://sample-project.localhost:")
        first = await page(http, url)
        assert "<html" in first

        source = folder / "app" / "page.tsx"
        text = source.read_text()
        source.write_text(text.replace("<h1", "<p>Written by the test</p><h1", 1))
        pushed = await preview.until("pushed", files=1)
        assert pushed["bytes"] == source.stat().st_size
        await page_with(http, url, "Written by the test")

        manifest: dict[str, Any] = json.loads((folder / "package.json").read_text())
        manifest["dependencies"]["is-number"] = "7.0.0"
        (folder / "package.json").write_text(json.dumps(manifest))
        (folder / "app" / "number.ts").write_text('import isNumber from "is-number";\nexport const is = isNumber(5);\n')
        await preview.until("phase", phase="installing")
        again = await preview.until("live")
        assert again["url"] == url
        assert again["sandbox_id"] == live["sandbox_id"]
        source.write_text(
            'import { is } from "./number";\nexport default () => <p>is five a number: {String(is)}</p>;\n'
        )
        await page_with(http, url, "is five a number")

        below = descendants(preview.process.pid)
        assert any("next" in " ".join(process.cmdline()) for process in below)
        preview.process.send_signal(signal.SIGINT)
        assert await preview.end() == 0
        assert await until_gone(below, 5) == []
        assert preview.events[-1]["phase"] == "stopped"
        assert is_free(int(url.rsplit(":", 1)[1].strip("/")))


async def test_kill_9_leaves_nothing(tmp_path: Path, folder: Path) -> None:
    async with Preview(tmp_path / "home", folder) as preview:
        await preview.until("live")
        below = descendants(preview.process.pid)
        assert len(below) >= 4  # host, jail, envd, dev server
        preview.process.kill()
        assert await preview.end() == -signal.SIGKILL
        assert await until_gone(below, 10) == []
