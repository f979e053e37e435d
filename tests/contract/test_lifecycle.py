"""Sandboxes are created, found, kept and ended as the SDK expects."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import uuid4

import aiohttp
import pytest
from e2b import (
    AsyncSandbox,
    AuthenticationException,
    NotFoundException,
    Sandbox,
    SandboxException,
    SandboxInfo,
    SandboxQuery,
    SandboxState,
)
from e2b.connection_config import ApiParams
from e2b.exceptions import SandboxNotFoundException

from craft_desktop.host.handshake import Ready

GONE_TIMEOUT_S = 20


async def wait_until_gone(sandbox: AsyncSandbox) -> None:
    """A sandbox ends when its host decides; asked until then, with a deadline."""
    async with asyncio.timeout(GONE_TIMEOUT_S):
        while await sandbox.is_running():
            await asyncio.sleep(0.05)


async def test_a_sandbox_lives_and_dies(options: ApiParams) -> None:
    sandbox = await AsyncSandbox.create(**options)
    assert await sandbox.is_running()
    assert sandbox.sandbox_id in [each.sandbox_id for each in await listed(options)]
    assert await sandbox.kill()
    assert not await sandbox.is_running()
    assert not await sandbox.kill()
    assert sandbox.sandbox_id not in [each.sandbox_id for each in await listed(options)]
    with pytest.raises(SandboxException, match="was not found: The sandbox was killed"):
        await sandbox.commands.run("true")


async def listed(options: ApiParams, **metadata: str) -> list[SandboxInfo]:
    paginator = AsyncSandbox.list(query=SandboxQuery(metadata=metadata), **options)
    found: list[SandboxInfo] = []
    while paginator.has_next:
        found += await paginator.next_items()
    return found


def test_the_sync_sdk_does_the_same(options: ApiParams) -> None:
    with Sandbox.create(**options) as sandbox:
        assert sandbox.is_running()
        assert sandbox.commands.run("echo hello").stdout == "hello\n"
    assert not sandbox.is_running()
    assert not Sandbox.kill(sandbox.sandbox_id, **options)


async def test_what_is_told_of_a_sandbox(options: ApiParams) -> None:
    before = datetime.now(UTC)
    sandbox = await AsyncSandbox.create(timeout=100, metadata={"a": "1"}, **options)
    try:
        info = await sandbox.get_info()
        assert info.sandbox_id == sandbox.sandbox_id
        assert info.template_id == "base"
        assert info.metadata == {"a": "1"}
        assert info.state is SandboxState.RUNNING
        assert info.envd_version == "0.6.13"
        assert before - timedelta(seconds=1) <= info.started_at <= datetime.now(UTC)
        assert timedelta(seconds=95) < info.end_at - info.started_at < timedelta(seconds=105)
    finally:
        await sandbox.kill()


async def test_another_timeout_counts_from_now_and_may_be_shorter(sandbox: AsyncSandbox) -> None:
    await sandbox.set_timeout(500)
    assert (await sandbox.get_info()).end_at > datetime.now(UTC) + timedelta(seconds=480)
    await sandbox.set_timeout(50)
    assert (await sandbox.get_info()).end_at < datetime.now(UTC) + timedelta(seconds=60)


async def test_a_sandbox_ends_at_its_deadline(options: ApiParams) -> None:
    sandbox = await AsyncSandbox.create(timeout=1, **options)
    await wait_until_gone(sandbox)
    with pytest.raises(SandboxNotFoundException):
        await sandbox.get_info()


async def test_connecting_gives_the_same_sandbox_and_never_less_time(sandbox: AsyncSandbox, options: ApiParams) -> None:
    await sandbox.files.write("note", "kept")
    end_at = (await sandbox.get_info()).end_at
    same = await AsyncSandbox.connect(sandbox.sandbox_id, timeout=10, **options)
    assert await same.files.read("note") == "kept"
    assert (await same.get_info()).end_at == end_at
    await AsyncSandbox.connect(sandbox.sandbox_id, timeout=1000, **options)
    assert (await same.get_info()).end_at > end_at


async def test_metadata_is_found_whatever_it_says(options: ApiParams) -> None:
    tag = uuid4().hex
    metadata = {"tag": tag, "weird key&=": "a b&c=d%20/é?+"}
    one = await AsyncSandbox.create(metadata=metadata, **options)
    two = await AsyncSandbox.create(metadata={"tag": tag}, **options)
    try:
        assert len(await listed(options, tag=tag)) == 2
        assert len(await listed(options, **metadata)) == 1
        assert await listed(options, tag=tag + "x") == []
    finally:
        await one.kill()
        await two.kill()


async def test_a_list_comes_in_pages(options: ApiParams) -> None:
    tag = uuid4().hex
    made = [await AsyncSandbox.create(metadata={"tag": tag}, **options) for _ in range(3)]
    try:
        paginator = AsyncSandbox.list(query=SandboxQuery(metadata={"tag": tag}), limit=2, **options)
        first = await paginator.next_items()
        assert len(first) == 2 and paginator.has_next
        second = await paginator.next_items()
        assert len(second) == 1 and not paginator.has_next
        newest_first = [sandbox.sandbox_id for sandbox in reversed(made)]
        assert [each.sandbox_id for each in first + second] == newest_first
    finally:
        for sandbox in made:
            await sandbox.kill()


async def test_a_list_is_ordered_and_bounded(options: ApiParams) -> None:
    tag = uuid4().hex
    made = [await AsyncSandbox.create(metadata={"tag": tag}, **options) for _ in range(3)]
    ids = [each.sandbox_id for each in made]
    try:

        async def told(order: Literal["asc", "desc"] = "desc", limit: int | None = None, **query: Any) -> list[str]:
            asked = SandboxQuery(metadata={"tag": tag}, **query)
            paginator = AsyncSandbox.list(query=asked, order=order, limit=limit, **options)
            found: list[str] = []
            while paginator.has_next:
                found += [each.sandbox_id for each in await paginator.next_items()]
            return found

        assert await told(order="asc", limit=1) == ids
        assert await told(limit=2) == ids[::-1]
        started = (await made[1].get_info()).started_at
        # a bound that is met counts
        assert await told(started_after=started, order="asc") == ids[1:]
        assert await told(started_after=datetime.now(UTC)) == []
        assert await told(template="base") == ids[::-1] and await told(template="other") == []
        await made[1].pause()
        assert await told(state=[SandboxState.PAUSED]) == [ids[1]]
        assert await told(state=[SandboxState.RUNNING, SandboxState.PAUSED], limit=1) == ids[::-1]
        # what comes and goes between two pages neither repeats nor hides others
        paginator = AsyncSandbox.list(query=SandboxQuery(metadata={"tag": tag}), limit=1, **options)
        assert [each.sandbox_id for each in await paginator.next_items()] == [ids[2]]
        await made[2].kill()
        made.append(await AsyncSandbox.create(metadata={"tag": tag}, **options))
        assert [each.sandbox_id for each in await paginator.next_items()] == [ids[1]]
    finally:
        for sandbox in made:
            await sandbox.kill()


async def test_both_generations_of_the_routes(host: Ready) -> None:
    """What the SDKs before 2.50 and the command line call, beside what they call now."""
    headers = {"X-API-KEY": host.api_key}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def call(method: str, path: str, body: object = None) -> tuple[int, Any]:
            async with session.request(method, host.api_url + path, json=body) as answer:
                return answer.status, await answer.json() if answer.content_type == "application/json" else None

        code, old = await call("POST", "/sandboxes", {"templateID": "base", "timeout": 20})
        assert code == 201 and "envdAccessToken" not in old
        code, new = await call("POST", "/v2/sandboxes", {"templateID": "base", "timeout": 20})
        assert code == 201 and new["envdAccessToken"]
        for each in (old, new):
            path = f"/sandboxes/{each['sandboxID']}"
            end_at = (await call("GET", path))[1]["endAt"]
            assert (await call("POST", f"{path}/refreshes", {"duration": 10}))[0] == 204
            assert (await call("GET", path))[1]["endAt"] == end_at, "a refresh never shortens"
            assert (await call("POST", f"{path}/refreshes", {"duration": 3600}))[0] == 204
            assert (await call("GET", path))[1]["endAt"] > end_at
            assert (await call("POST", f"{path}/refreshes", {"duration": 3601}))[0] == 400
            assert (await call("POST", f"{path}/resume", {"timeout": 20}))[0] == 409
            for way in (f"{path}/resume", f"{path}/connect", f"/v2{path}/connect"):
                assert (await call("POST", f"{path}/pause", {}))[0] == 204
                assert (await call("POST", f"{path}/pause", {}))[0] == 409
                assert each["sandboxID"] not in [one["sandboxID"] for one in (await call("GET", "/sandboxes"))[1]]
                assert each["sandboxID"] in [one["sandboxID"] for one in (await call("GET", "/v2/sandboxes"))[1]]
                code, woken = await call("POST", way, {"timeout": 20})
                assert (code, woken["sandboxID"]) == (201, each["sandboxID"])
            assert (await call("POST", f"/v2{path}/connect", {"timeout": 20}))[0] == 200
            assert (await call("DELETE", path))[0] == 204
            assert (await call("DELETE", path))[0] == 404


async def test_a_create_that_is_asked_again_is_one(options: ApiParams) -> None:
    key = uuid4().hex
    one = await AsyncSandbox.create(timeout=60, idempotency_key=key, **options)
    two = await asyncio.to_thread(lambda: Sandbox.create(timeout=60, idempotency_key=key, **options))
    try:
        assert one.sandbox_id == two.sandbox_id
        assert two.commands.run("true").exit_code == 0
        with pytest.raises(SandboxException, match=r"400.*another request"):
            await AsyncSandbox.create(timeout=61, idempotency_key=key, **options)
    finally:
        await one.kill()


async def test_a_paused_sandbox_stands_still_and_wakes_by_connect(options: ApiParams) -> None:
    sandbox = await AsyncSandbox.create(timeout=60, **options)
    try:
        beat = "while :; do date +%s%N > /tmp/now; sleep 0.02; done"
        await sandbox.commands.run(beat, background=True, timeout=0)
        assert await sandbox.pause()
        assert not await sandbox.pause()
        assert (await sandbox.get_info()).state is SandboxState.PAUSED
        assert not await sandbox.is_running()
        same = await AsyncSandbox.connect(sandbox.sandbox_id, **options)
        assert await same.is_running()
        first = await same.files.read("/tmp/now") if await same.files.exists("/tmp/now") else ""
        async with asyncio.timeout(10):
            while await same.files.read("/tmp/now") in (first, ""):
                await asyncio.sleep(0.05)
    finally:
        await sandbox.kill()


async def test_gauges_are_told(sandbox: AsyncSandbox) -> None:
    (told,) = await sandbox.get_metrics()
    assert told.cpu_count > 0
    assert 0 <= told.mem_used < told.mem_total
    assert 0 < told.disk_used < told.disk_total


async def test_a_wrong_key_is_told(options: ApiParams) -> None:
    with pytest.raises(AuthenticationException):
        await AsyncSandbox.create(api_key="e2b_" + "0" * 40, api_url=options["api_url"])


async def test_an_unknown_template_or_sandbox_is_told(options: ApiParams) -> None:
    with pytest.raises(SandboxException, match=r"404.*template 'nothing' was not found"):
        await AsyncSandbox.create("nothing", **options)
    with pytest.raises(NotFoundException):
        await AsyncSandbox.connect("i" + "0" * 20, **options)
    with pytest.raises(SandboxNotFoundException):
        await AsyncSandbox.set_timeout("i" + "0" * 20, 10, **options)


async def test_what_this_host_cannot_give_is_refused_with_words(options: ApiParams) -> None:
    with pytest.raises(SandboxException, match="through a proxy of your own"):
        await AsyncSandbox.create(network={"egress_proxy": {"address": "proxy.example:1080"}}, **options)


async def test_the_same_idempotency_key_is_the_same_sandbox(host: Ready) -> None:
    body = {"templateID": "base", "timeout": 30, "metadata": {}, "envVars": {}}
    headers = {"X-API-KEY": host.api_key, "Idempotency-Key": uuid4().hex}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def create(changed: dict[str, object]) -> tuple[int, dict[str, str]]:
            async with session.post(f"{host.api_url}/v2/sandboxes", json={**body, **changed}) as answer:
                return answer.status, await answer.json()

        (code, one), (_, two) = await asyncio.gather(create({}), create({}))
        assert code == 201 and one["sandboxID"] == two["sandboxID"]
        code, refused = await create({"timeout": 31})
        assert code == 400 and "Idempotency-Key" in refused["message"]
        async with session.delete(f"{host.api_url}/sandboxes/{one['sandboxID']}") as answer:
            assert answer.status == 204
        code, other = await create({})
        assert code == 201 and other["sandboxID"] != one["sandboxID"]
        async with session.delete(f"{host.api_url}/sandboxes/{other['sandboxID']}"):
            pass


async def test_a_create_takes_the_spare(options: ApiParams) -> None:
    """The figure is generous: under load a machine may be slow, but an interpreter's start would show."""
    async with asyncio.timeout(30):
        fastest = 10.0
        while fastest > 0.15:
            start = time.monotonic()
            sandbox = await AsyncSandbox.create(**options)
            fastest = min(fastest, time.monotonic() - start)
            await sandbox.kill()
