"""Pause and resume: with memory, without it, at the deadline, and by traffic."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from e2b import AsyncSandbox, SandboxException, SandboxState
from e2b.connection_config import ApiParams

from craft_desktop.host.handshake import Ready
from tests.lacking import can_wall, skip_unless

LIMIT_S = 20
BOOT = "/proc/sys/kernel/random/boot_id"
COUNT = "pgrep -cx sleep || true"


@pytest.fixture
async def made() -> AsyncIterator[list[AsyncSandbox]]:
    sandboxes: list[AsyncSandbox] = []
    yield sandboxes
    for each in sandboxes:
        await each.kill()


async def out(sandbox: AsyncSandbox, command: str) -> str:
    return (await sandbox.commands.run(command)).stdout


async def until_paused(sandbox: AsyncSandbox) -> None:
    async with asyncio.timeout(LIMIT_S):
        while (await sandbox.get_info()).state is not SandboxState.PAUSED:
            await asyncio.sleep(0.05)


async def test_memory_is_kept_unless_it_is_not_wanted(sandbox: AsyncSandbox) -> None:
    if (await out(sandbox, "echo $HOME")) != "/home/user\n":
        skip_unless(can_wall, "bubblewrap cannot run here")
    await sandbox.files.write("kept", "kept")
    await sandbox.commands.run("sleep 3333", background=True, timeout=0)
    boot = await sandbox.files.read(BOOT)
    assert await sandbox.pause()
    await sandbox.connect()
    assert await out(sandbox, COUNT) == "1\n" and await sandbox.files.read(BOOT) == boot
    assert await sandbox.pause(keep_memory=False)
    assert not await sandbox.is_running()
    await sandbox.connect()
    assert await sandbox.is_running()
    assert await sandbox.files.read("kept") == "kept"
    assert await out(sandbox, COUNT) == "0\n"
    assert await sandbox.files.read(BOOT) != boot
    # what was paused with its memory can still be started anew
    await sandbox.commands.run("sleep 3334", background=True, timeout=0)
    await sandbox.pause()
    await sandbox.connect(on_resume="reboot")
    assert await out(sandbox, COUNT) == "0\n"
    assert await sandbox.files.read("kept") == "kept"


async def test_a_sandbox_upon_a_snapshot_starts_anew_too(
    sandbox: AsyncSandbox, options: ApiParams, made: list[AsyncSandbox]
) -> None:
    await sandbox.files.write("below", "below")
    taken = await sandbox.create_snapshot()
    upon = await AsyncSandbox.create(taken.snapshot_id, envs={"GIVEN": "1"}, timeout=120, **options)
    made.append(upon)
    await AsyncSandbox.delete_snapshot(taken.snapshot_id, **options)
    await out(upon, "echo mine > mine; echo changed > below")
    await upon.pause(keep_memory=False)
    cold = await upon.create_snapshot()
    await upon.connect()
    assert await out(upon, "cat mine below; echo $GIVEN") == "mine\nchanged\n1\n"
    made.append(await AsyncSandbox.create(cold.snapshot_id, timeout=60, **options))
    assert await out(made[1], "cat mine below") == "mine\nchanged\n"
    await AsyncSandbox.delete_snapshot(cold.snapshot_id, **options)
    await upon.pause(keep_memory=False)
    assert await upon.kill()


@pytest.mark.parametrize("mode", ["full", "filesystem"])
async def test_the_deadline_pauses_as_it_was_asked(mode: str, options: ApiParams, made: list[AsyncSandbox]) -> None:
    lifecycle = {"on_timeout": {"action": "pause", "mode": mode}}
    sandbox = await AsyncSandbox.create(timeout=2, lifecycle=lifecycle, **options)  # type: ignore[arg-type]
    made.append(sandbox)
    await sandbox.commands.run("sleep 3335", background=True, timeout=0)
    await until_paused(sandbox)
    await sandbox.connect(timeout=60)
    assert await out(sandbox, COUNT) == ("1\n" if mode == "full" else "0\n")


async def test_traffic_wakes_who_asked_for_it(host: Ready, options: ApiParams, made: list[AsyncSandbox]) -> None:
    lifecycle = {"on_timeout": "pause", "auto_resume": True}
    wakes = await AsyncSandbox.create(timeout=60, lifecycle=lifecycle, **options)  # type: ignore[arg-type]
    sleeps = await AsyncSandbox.create(timeout=60, lifecycle={"on_timeout": "pause"}, **options)
    made += [wakes, sleeps]
    for each in made:
        await each.pause()
    async with aiohttp.ClientSession() as session:
        for sandbox, message in ((wakes, "port is not open"), (sleeps, "was not found")):
            headers = {"E2b-Sandbox-Id": sandbox.sandbox_id, "E2b-Sandbox-Port": "3000"}
            async with session.get(host.traffic_url, headers=headers) as answer:
                assert answer.status == 502
                assert message in (await answer.json())["message"]
    assert (await wakes.get_info()).state is SandboxState.RUNNING
    assert (await sleeps.get_info()).state is SandboxState.PAUSED
    # started anew it is only by a call
    await wakes.pause(keep_memory=False)
    assert not await wakes.is_running()
    assert (await wakes.get_info()).state is SandboxState.PAUSED
    await wakes.connect()
    assert await wakes.is_running()


# answers a WebSocket's first request (RFC 6455, 4.2.2) with one text frame and the end, any other request with 426
ECHO = """
import { createHash } from "node:crypto";
import { createServer } from "node:http";
const server = createServer((_, response) => response.writeHead(426).end());
server.on("upgrade", (request, socket) => {
  const key = request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const accept = createHash("sha1").update(key).digest("base64");
  const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, "", ""].join("\\r\\n"));
  socket.end(Buffer.from([0x81, 5, ...Buffer.from("hello"), 0x88, 0]));
});
server.listen(Number(process.argv[2]));
"""


async def test_a_websocket_wakes_it_too(host: Ready, options: ApiParams, made: list[AsyncSandbox]) -> None:
    lifecycle = {"on_timeout": "pause", "auto_resume": True}
    sandbox = await AsyncSandbox.create(timeout=60, lifecycle=lifecycle, **options)  # type: ignore[arg-type]
    made.append(sandbox)
    await sandbox.files.write("echo.mjs", ECHO)
    port = (await out(sandbox, "echo ${PORT:-3000}")).strip()
    echo = await sandbox.commands.run(f"exec node echo.mjs {port}", background=True, timeout=0)
    headers = {"E2b-Sandbox-Id": sandbox.sandbox_id, "E2b-Sandbox-Port": port}
    async with aiohttp.ClientSession(headers=headers) as session, asyncio.timeout(LIMIT_S):
        while True:
            async with session.get(host.traffic_url) as answer:
                if answer.status == 426:
                    break
        for _ in range(2):
            await sandbox.pause()
            async with session.ws_connect(host.traffic_url) as socket:
                assert await socket.receive_str() == "hello"
            assert (await sandbox.get_info()).state is SandboxState.RUNNING
    # woken by traffic it has five minutes at least
    info = await sandbox.get_info()
    assert (info.end_at - datetime.now(UTC)).total_seconds() > 200
    await echo.kill()


async def test_what_cannot_be_combined_is_refused(host: Ready) -> None:
    body = {"templateID": "base", "autoPause": True, "autoPauseMemory": False, "autoResume": {"enabled": True}}
    async with (
        aiohttp.ClientSession(headers={"X-API-KEY": host.api_key}) as session,
        session.post(f"{host.api_url}/v2/sandboxes", json=body) as answer,
    ):
        assert answer.status == 400


async def test_many_wake_one_at_once(sandbox: AsyncSandbox, options: ApiParams) -> None:
    for keep in (True, False):
        await sandbox.pause(keep_memory=keep)
        await asyncio.gather(*(AsyncSandbox.connect(sandbox.sandbox_id, **options) for _ in range(5)))
        assert await out(sandbox, "echo well") == "well\n"
    await sandbox.pause(keep_memory=False)
    results = await asyncio.gather(sandbox.connect(), sandbox.kill(), return_exceptions=True)
    assert not any(isinstance(each, BaseException) and not isinstance(each, SandboxException) for each in results)
    assert not await sandbox.is_running()
