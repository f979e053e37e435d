"""A client that reads slowly, through envd, the host's proxy and the wire: nothing is lost, nothing piles up."""

import asyncio
import base64
import json
import struct
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import psutil
from e2b import AsyncSandbox

from craft_desktop.host.handshake import Ready

DEADLINE_S = 60
LINES = 1_000_000
# What a line of the command's output is: its number, and what makes it 64 bytes.
WIDTH = 64
MOST_GROWTH_BYTES = 8 * 1024 * 1024  # 64 MB are printed, 85 as they travel; measured: 1.3 to 1.6


async def carriers(host: Ready, sandbox: AsyncSandbox) -> list[psutil.Process]:
    """What the output passes through: the host, and the sandbox's daemon, known by a child of its own."""
    mark = "600.125"
    await sandbox.commands.run(f"exec sleep {mark}", background=True, timeout=0)
    root = psutil.Process(host.pid)
    async with asyncio.timeout(DEADLINE_S):
        while True:
            for each in root.children(recursive=True):
                if mark in each.cmdline()[1:] and (daemon := each.parent()) is not None:
                    return [root, daemon]
            await asyncio.sleep(0.05)


def resident(processes: Sequence[psutil.Process]) -> int:
    """Their memory in bytes."""
    return sum(each.memory_info().rss for each in processes)


async def messages(content: aiohttp.StreamReader) -> AsyncIterator[dict[str, Any]]:
    while True:
        flags, size = struct.unpack(">BI", await content.readexactly(5))
        yield json.loads(await content.readexactly(size))
        if flags & 2:
            return


async def settled(sandbox: AsyncSandbox, path: str) -> str:
    """What a growing file says when it has stopped growing."""
    last = ""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            await asyncio.sleep(0.5)
            now = await sandbox.files.read(path) if await sandbox.files.exists(path) else ""
            if now and now == last:
                return now
            last = now


SCRIPT = f"""import sys
for n in range({LINES}):
    sys.stdout.write(f'{{n:0{WIDTH - 1}d}}\\n')
    if n % 10000 == 0:
        open('reached', 'w').write(str(n))
"""


async def test_a_slow_reader_loses_nothing_and_nothing_piles_up(host: Ready, sandbox: AsyncSandbox) -> None:
    await sandbox.files.write("print.py", SCRIPT)
    request = json.dumps(
        {"process": {"cmd": "/bin/bash", "args": ["-l", "-c", "exec python3 print.py"]}, "stdin": False}
    )
    headers = {
        "Content-Type": "application/connect+json",
        "Connect-Protocol-Version": "1",
        "E2b-Sandbox-Id": sandbox.sandbox_id,
        "E2b-Sandbox-Port": "49983",
        "X-Access-Token": str(sandbox._envd_access_token),  # the SDK tells it nowhere else
    }
    processes = await carriers(host, sandbox)
    before = resident(processes)
    url = f"{host.sandbox_url}/process.Process/Start"
    body = struct.pack(">BI", 0, len(request)) + request.encode()
    deadline = aiohttp.ClientTimeout(2 * DEADLINE_S)
    async with (
        aiohttp.ClientSession(timeout=deadline) as session,
        session.post(url, data=body, headers=headers) as response,
    ):
        stream = messages(response.content)
        assert "start" in (await anext(stream))["event"]
        # nobody reads: the command comes to a halt, and others are served meanwhile
        reached = await settled(sandbox, "reached")
        assert reached.isdecimal() and int(reached) < LINES // 2
        assert (await sandbox.commands.run("echo served")).stdout == "served\n"
        growth = resident(processes) - before
        assert growth < MOST_GROWTH_BYTES, growth
        heard = bytearray()
        end: dict[str, Any] = {}
        async for message in stream:
            event = message.get("event", {})
            heard += base64.b64decode(event.get("data", {}).get("stdout", ""))
            end = event.get("end", end)
    assert end["status"] == "exit status 0"
    lines = bytes(heard).split()
    assert len(lines) == LINES
    assert all(int(line) == number for number, line in enumerate(lines))
    assert resident(processes) - before < MOST_GROWTH_BYTES
