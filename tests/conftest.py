"""What every part of the suite may use: folders of its own, a workbench on them, and small projects."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from e2b import Sandbox
from e2b.connection_config import ApiParams

from craft_desktop.host.handshake import Ready
from craft_desktop.paths import Paths, find_paths
from craft_desktop.workbench.assemble import open_workbench
from craft_desktop.workbench.workbench import Workbench

# a shell's background job ignores Ctrl-C, and so would every program that the tests start and interrupt
signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parents[1]

# A project without dependencies: its server tells every file that it finds beside itself.
SERVER = """
const http = require("http"), fs = require("fs"), path = require("path"), crypto = require("crypto");
function walk(dir, found) {
  for (const name of fs.readdirSync(dir)) {
    const file = path.join(dir, name), stat = fs.lstatSync(file);
    if (name === "node_modules" || name === "package-lock.json") continue;
    if (stat.isSymbolicLink()) found[file] = "-> " + fs.readlinkSync(file);
    else if (stat.isDirectory()) { found[file] = "dir"; walk(file, found); }
    else {
      const hash = crypto.createHash("sha256"), fd = fs.openSync(file), part = Buffer.alloc(1 << 20);
      for (let n; (n = fs.readSync(fd, part)) > 0; ) hash.update(part.subarray(0, n));
      fs.closeSync(fd);
      found[file] = hash.digest("hex") + (stat.mode & 0o100 ? " x" : "");
    }
  }
  return found;
}
console.log("serving");
function listing() {
  try { return walk(".", {}); } catch (error) { return {}; }  // a file went while it was looked at: asked again
}
http.createServer((_, answer) => answer.end(JSON.stringify(listing()))).listen(process.env.PORT, "127.0.0.1");
"""


def tiny_project(folder: Path, *, scripts: dict[str, str] | None = None, **manifest: Any) -> Path:
    """Make a project that serves the list of its own files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "server.js").write_text(SERVER)
    data = {"name": folder.name, "scripts": {"dev": "node server.js", **(scripts or {})}, **manifest}
    (folder / "package.json").write_text(json.dumps(data))
    return folder


def files_of(folder: Path) -> dict[str, str]:
    """Give what the tiny project's server should tell of `folder`."""
    found = {}
    for path in sorted(folder.rglob("*")):
        relpath = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[relpath] = f"-> {path.readlink()}"
        elif path.is_dir():
            found[relpath] = "dir"
        else:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            found[relpath] = digest + (" x" if path.stat().st_mode & 0o100 else "")
    return found


async def fetch(url: str, path: str = "") -> tuple[int, str]:
    """Fetch a preview address as a browser does: `*.localhost` is loopback to a browser, unknown to the C library."""
    host = url.split("/")[2]
    port = host.rsplit(":", 1)[1]
    headers = {"Host": host, "Accept": "text/html"}
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/{path}", headers=headers) as answer:
        return answer.status, await answer.text()


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths({"CRAFT_DESKTOP_HOME": str(tmp_path / "home")})


@pytest.fixture
async def workbench(paths: Paths) -> AsyncIterator[Workbench]:
    async with open_workbench(paths) as opened:
        yield opened


class StandaloneHost:
    """`craft-desktop host` as its own process, standing for an E2B that is elsewhere."""

    def __init__(self, process: subprocess.Popen[bytes], ready: Ready) -> None:
        self.process = process
        self.ready = ready

    async def choose(self, workbench: Workbench) -> None:
        """Let the E2B profile of a workbench point here, by address."""
        await workbench.change_setting("e2b_domain", self.ready.domain)
        await workbench.change_setting("e2b_api_url", self.ready.api_url)
        await workbench.change_setting("e2b_sandbox_url", self.ready.sandbox_url)

    def clear(self) -> None:
        """End every sandbox that it has."""
        options = ApiParams(api_key=self.ready.api_key, api_url=self.ready.api_url, sandbox_url=self.ready.sandbox_url)
        for info in Sandbox.list(**options).next_items():
            Sandbox.kill(info.sandbox_id, **options)


@pytest.fixture(scope="session")
def standalone_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandaloneHost]:
    """One for all tests: what a start of it takes, 1 s of a processor, would else be paid by each of seventy."""
    command = [sys.executable, str(REPOSITORY / "main.py"), "host", "--json"]
    environment = {**os.environ, "CRAFT_DESKTOP_HOME": str(tmp_path_factory.mktemp("elsewhere"))}
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        yield StandaloneHost(process, Ready.parse(process.stdout.readline()))
        process.terminate()
        assert process.wait(10) == 0


@pytest.fixture
def elsewhere(standalone_host: StandaloneHost) -> Iterator[StandaloneHost]:
    """The host without a sandbox, and with none afterwards: what one test left is not found by the next."""
    yield standalone_host
    standalone_host.clear()
