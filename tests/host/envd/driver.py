"""A real daemon in a real child process, and the calls to drive it; what the host is to envd."""

import asyncio
import base64
import io
import json
import os
import socket
import struct
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import h11
import multipart

import craft_desktop

TOKEN = "token-of-the-test"
# No answer of the daemon takes this long, not even on a busy machine.
PATIENCE_S = 20.0


def make_library(folder: Path) -> Path:
    """The folder that the host binds into a sandbox: these modules and no others."""
    package = Path(craft_desktop.__file__).parent
    (folder / "craft_desktop" / "host").mkdir(parents=True)
    for relpath in ("__init__.py", "tasks.py", "host/__init__.py", "host/envd"):
        (folder / "craft_desktop" / relpath).symlink_to(package / relpath)
    (folder / "h11").symlink_to(Path(h11.__file__).parent)
    (folder / "multipart.py").symlink_to(multipart.__file__)
    return folder


class Driver:
    """A running daemon."""

    def __init__(self, home: Path, process: asyncio.subprocess.Process, dial: socket.socket, socket_path: Path) -> None:
        self.home = home
        self.process = process
        self.dial = dial
        self.socket_path = socket_path
        self.http = aiohttp.ClientSession(
            "http://envd", connector=aiohttp.UnixConnector(str(socket_path)), timeout=aiohttp.ClientTimeout(PATIENCE_S)
        )
        self.token: str | None = TOKEN
        # Words of the warnings that the daemon may log in this test.
        self.expected_warnings: tuple[str, ...] = ()

    def headers(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        own = {"X-Access-Token": self.token} if self.token else {}
        return {**own, **(more or {})}

    async def init(self, **changes: Any) -> int:
        document: dict[str, Any] = {
            "sandboxId": "isandbox",
            "accessToken": TOKEN,
            "envVars": {"FROM_SANDBOX": "1"},
            "users": {"user": {"home": str(self.home)}, "root": {"home": str(self.home / "root")}},
            "defaultUser": "user",
            "defaultWorkdir": None,
            **changes,
        }
        async with self.http.post("/init", json=document, headers=self.headers()) as response:
            return response.status

    async def call(self, method: str, message: Any, headers: Mapping[str, str] | None = None) -> tuple[int, Any]:
        """A unary call: status and answer."""
        # A file object, for aiohttp warns of large bodies given as bytes.
        body = io.BytesIO(json.dumps(message).encode())
        sent = self.headers({"Content-Type": "application/json", **(headers or {})})
        async with self.http.post(f"/{method}", data=body, headers=sent) as response:
            return response.status, await response.json()

    async def fs(self, method: str, **message: Any) -> tuple[int, Any]:
        return await self.call(f"filesystem.Filesystem/{method}", message)

    async def proc(self, method: str, **message: Any) -> tuple[int, Any]:
        return await self.call(f"process.Process/{method}", message)

    @asynccontextmanager
    async def stream(
        self, method: str, message: Any, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """A server stream; its last message is `{"__end__": ...}`."""
        sent = self.headers({"Content-Type": "application/connect+json", **(headers or {})})
        async with self.http.post(f"/{method}", data=envelope(message), headers=sent) as response:
            assert response.status == 200, await response.text()
            yield frames(response.content)

    @asynccontextmanager
    async def start(
        self, command: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """`Start` as the SDK does it: a login shell, no input unless asked for."""
        config = {"cmd": "/bin/bash", "args": ["-l", "-c", command], **more.pop("process", {})}
        message = {"process": config, "stdin": False, **more}
        async with self.stream("process.Process/Start", message, headers) as events:
            yield events

    async def run(self, command: str, headers: Mapping[str, str] | None = None, **more: Any) -> "Ran":
        async with self.start(command, headers, **more) as events:
            return await Ran.of(events)

    async def upload(
        self,
        files: Mapping[str, bytes],
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """A multipart upload with full paths as file names."""
        form = aiohttp.MultipartWriter("form-data")
        for path, content in files.items():
            part = form.append(io.BytesIO(content))
            part.headers["Content-Disposition"] = f'form-data; name="file"; filename="{path}"'
        async with self.http.post("/files", data=form, params=query or {}, headers=self.headers(headers)) as response:
            return response.status, await response.json()

    async def download(
        self, path: str, headers: Mapping[str, str] | None = None, query: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        params = {"path": path, **(query or {})}
        async with self.http.get("/files", params=params, headers=self.headers(headers)) as response:
            return response.status, await response.read()

    async def ask_dial(self, number: int, port: int) -> tuple[dict[str, Any], socket.socket | None]:
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self.dial, json.dumps({"id": number, "port": port}).encode())
        ready = loop.create_future()
        loop.add_reader(self.dial, lambda: None if ready.done() else ready.set_result(None))
        try:
            async with asyncio.timeout(PATIENCE_S):
                await ready
        finally:
            loop.remove_reader(self.dial)
        data, descriptors, _, _ = socket.recv_fds(self.dial, 4096, 1)
        return json.loads(data), socket.socket(fileno=descriptors[0]) if descriptors else None

    def memory(self) -> tuple[int, int]:
        """Resident bytes, and those of them that are the daemon's own."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        figures = {
            line.split(":")[0]: line.split()[1] for line in text.splitlines() if line.startswith(("VmRSS", "RssA"))
        }
        return int(figures["VmRSS"]) * 1024, int(figures["RssAnon"]) * 1024

    async def end(self) -> int:
        """End the lifeline; the daemon's exit status."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()


class Ran:
    """What a finished stream of a process said."""

    def __init__(self) -> None:
        self.pid = 0
        self.stdout = b""
        self.stderr = b""
        self.pty = b""
        self.end: dict[str, Any] | None = None
        self.error: dict[str, Any] | None = None
        self.keepalives = 0

    @classmethod
    async def of(cls, events: AsyncIterator[dict[str, Any]]) -> "Ran":
        ran = cls()
        is_first = True
        async for message in events:
            if "__end__" in message:
                ran.error = message["__end__"].get("error")
                continue
            event = message["event"]
            assert ("start" in event) == is_first, event
            is_first = False
            if "start" in event:
                ran.pid = event["start"]["pid"]
            elif "data" in event:
                for stream, text in event["data"].items():
                    setattr(ran, stream, getattr(ran, stream) + base64.b64decode(text))
            elif "keepalive" in event:
                ran.keepalives += 1
            else:
                ran.end = event["end"]
        return ran


def tell(what: str) -> None:
    """Print a figure, shown by `pytest -rP`."""
    sys.stdout.write(what + "\n")


def envelope(message: Any, flags: int = 0) -> bytes:
    payload = json.dumps(message).encode()
    return struct.pack(">BI", flags, len(payload)) + payload


async def frames(content: aiohttp.StreamReader) -> AsyncIterator[dict[str, Any]]:
    while True:
        flags, size = struct.unpack(">BI", await content.readexactly(5))
        message = json.loads(await content.readexactly(size))
        if flags & 2:
            yield {"__end__": message}
            assert await content.read() == b""
            return
        yield message


async def next_data(events: AsyncIterator[dict[str, Any]], stream: str = "stdout") -> bytes:
    """The next output of one stream, other events passed over."""
    async for message in events:
        data = message.get("event", {}).get("data", {})
        if stream in data:
            return base64.b64decode(data[stream])
    raise AssertionError("the stream ended")


async def eventually(condition: Any, what: str) -> None:
    """Poll a condition until it holds; `what` says it in words."""
    assert what
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running_daemon(folder: Path, *, init: bool = True) -> AsyncIterator[Driver]:
    """A daemon with its home in `folder`, ended and checked for a clean exit."""
    home = folder / "home"
    home.mkdir()
    (home / "root").mkdir()
    socket_path = folder / "envd.sock"
    library = make_library(folder / "lib")
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(socket_path))
        listener.listen(128)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-s", "-S", "-m", "craft_desktop.host.envd"),
            *("--listen-fd", str(listener.fileno()), "--dial-fd", str(theirs.fileno())),
            pass_fds=[listener.fileno(), theirs.fileno()],
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=folder,
            env={"PYTHONPATH": str(library), "PATH": os.environ["PATH"], "SECRET_OF_THE_HOST": "1"},
        )
    theirs.close()
    ours.setblocking(False)
    driver = Driver(home, process, ours, socket_path)
    log: list[str] = []

    async def read_log() -> None:
        assert process.stderr is not None
        while line := await process.stderr.readline():
            log.append(line.decode())

    async with asyncio.TaskGroup() as group:
        group.create_task(read_log())
        try:
            if init:
                assert await driver.init() == 204
            yield driver
        finally:
            await driver.http.close()
            status = await driver.end()
            ours.close()
    unexpected = [
        line
        for line in log
        if not line.startswith(("INFO", "DEBUG")) and not any(words in line for words in driver.expected_warnings)
    ]
    assert not unexpected, "".join(log)
    assert status == 0
