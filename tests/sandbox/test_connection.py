"""The door to the e2b client, against the real host: what is asked arrives, what fails is told in our words."""

import asyncio
import dataclasses
import gc
import hashlib
from pathlib import Path

import aiohttp
import pytest
from e2b import NotEnoughSpaceException, RateLimitException, SandboxException, ServiceBusyException

from craft_desktop.model.errors import (
    SandboxError,
    SandboxGoneError,
    SandboxRefusedError,
    SandboxUnreachableError,
    SyncError,
)
from craft_desktop.model.project import Provider
from craft_desktop.sandbox.connection import Connection, Sandbox
from craft_desktop.sandbox.faults import translated
from craft_desktop.sandbox.local_host import LocalHost
from craft_desktop.sandbox.persist import abandon
from craft_desktop.tasks import Owner


async def test_a_command_answers_with_its_exit_code_and_both_outputs(sandbox: Sandbox) -> None:
    outcome = await sandbox.run("echo out; echo err >&2; echo $ALWAYS; exit 3")
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (3, "out\nthere\n", "err\n")


async def test_files_are_written_in_one_request_and_streamed(sandbox: Sandbox, tmp_path: Path) -> None:
    await sandbox.write([("project/a b.txt", b"one"), ("project/deep/ü\n'.bin", bytes(range(256)))])
    large = tmp_path / "large"
    large.write_bytes(b"x" * 3_000_000)
    await sandbox.write_stream("project/large", large)
    outcome = await sandbox.run(
        "cat 'a b.txt'; stat -c %s large; cat deep/* | sha256sum | cut -d' ' -f1", cwd="project"
    )
    odd = ["100%25.txt", 'say "hi"', "back\\slash", "a\tb", "%22"]
    await sandbox.write([(f"odd/{name}", b"") for name in odd])
    assert sorted((await sandbox.run("printf '%s\\0' *", cwd="odd")).stdout.split("\0")[:-1]) == sorted(odd)
    assert outcome.stdout == f"one3000000\n{hashlib.sha256(bytes(range(256))).hexdigest()}\n"


async def test_a_background_command_is_heard_and_awaited(sandbox: Sandbox) -> None:
    heard: list[str] = []
    process = await sandbox.start(
        "echo $WHO; echo done >&2; exit 5", cwd=".", envs={"WHO": "me"}, on_output=heard.append
    )
    assert process.pid > 0
    assert await process.wait() == 5
    assert sorted("".join(heard).split()) == ["done", "me"]


async def test_a_port_answers_at_its_address_and_only_with_the_token(sandbox: Sandbox) -> None:
    port = int((await sandbox.run("echo ${PORT:-3000}")).stdout)
    server = "require('http').createServer((q, a) => a.end('hello ' + q.headers.host)).listen(process.env.PORT)"
    ready = asyncio.Event()
    await sandbox.start(
        f'node -e "{server}; console.log(1)"', cwd=".", envs={"PORT": str(port)}, on_output=lambda _: ready.set()
    )
    address = sandbox.address(port)
    async with asyncio.timeout(20), aiohttp.ClientSession() as http:
        await ready.wait()
        headers = {"Host": address.host, **dict(address.headers)}
        while True:
            async with http.get(address.url, headers=headers) as answer:
                if answer.status == 200:
                    assert await answer.text() == f"hello {address.host}"
                    break
        async with http.get(address.url, headers={"Host": address.host}) as answer:
            assert answer.status == 403


async def test_sandboxes_are_listed_by_metadata_taken_over_and_ended(connection: Connection, sandbox: Sandbox) -> None:
    assert [found.sandbox_id for found in await connection.list({"test": "yes"})] == [sandbox.id]
    assert await connection.list({"test": "no"}) == []
    again = await connection.connect(sandbox.id, timeout_s=60)
    await again.keep(60)
    assert (await again.run("true")).exit_code == 0
    await connection.kill(sandbox.id)
    await connection.kill(sandbox.id)
    await sandbox.kill()
    assert await connection.list({"test": "yes"}) == []


async def test_what_is_gone_is_told_as_gone(connection: Connection, sandbox: Sandbox) -> None:
    await sandbox.kill()
    for attempt in (
        sandbox.run("true"),
        sandbox.write([("a", b"")]),
        sandbox.keep(60),
        connection.connect(sandbox.id, timeout_s=60),
    ):
        with pytest.raises(SandboxGoneError) as caught:
            await attempt
        assert caught.value.problem.remedy


async def test_a_wrong_key_is_refused(local_host: LocalHost) -> None:
    profile = dataclasses.replace(await local_host.profile(), api_key="e2b_" + "0" * 40)
    with pytest.raises(SandboxRefusedError):
        await Connection(profile).list({})


async def test_a_host_that_ended_took_the_sandbox_with_it(
    local_host: LocalHost, connection: Connection, sandbox: Sandbox
) -> None:
    elsewhere = Connection(dataclasses.replace(connection.profile, provider=Provider.E2B))
    joined = await elsewhere.connect(sandbox.id, timeout_s=60)
    await local_host.aclose()
    with pytest.raises(SandboxGoneError):
        await sandbox.run("true")
    assert await abandon(sandbox.kill)
    # of a provider elsewhere nobody knows whether it is the network
    with pytest.raises(SandboxUnreachableError):
        await joined.run("true")


@pytest.mark.parametrize(
    ("foreign", "ours", "title"),
    [
        (NotEnoughSpaceException("no space"), SyncError, "The disk is full"),
        (RateLimitException("slow down"), SandboxError, "is busy"),  # type: ignore[no-untyped-call]  # the client types it not
        (ServiceBusyException("busy"), SandboxError, "is busy"),
        (SandboxException("x " * 500), SandboxError, "refused"),
    ],
)
async def test_each_foreign_error_becomes_a_message(
    connection: Connection, foreign: Exception, ours: type[Exception], title: str
) -> None:
    with pytest.raises(ours) as caught:
        async with translated(connection.profile):
            raise foreign
    assert title in str(caught.value)
    assert len(str(caught.value)) < 400
    assert caught.value.__cause__ is foreign


async def test_a_sandbox_sleeps_is_listed_as_asleep_and_wakes(connection: Connection, sandbox: Sandbox) -> None:
    await sandbox.start("sleep 4242", cwd=".", envs={}, on_output=lambda _: None)
    await sandbox.pause()
    await sandbox.pause()  # asleep already
    (found,) = await connection.list({"test": "yes"})
    assert (found.sandbox_id, found.is_paused) == (sandbox.id, True)
    woken = await connection.connect(sandbox.id, timeout_s=60)
    assert (await woken.run("pgrep -cx sleep")).stdout == "1\n"
    (found,) = await connection.list({"test": "yes"})
    assert not found.is_paused
    await woken.kill()
    with pytest.raises(SandboxGoneError):
        await woken.pause()
    with pytest.raises(SandboxGoneError):
        await woken.snapshot("too-late")


async def test_a_sandbox_begins_with_a_snapshot_of_another(connection: Connection, sandbox: Sandbox) -> None:
    await sandbox.write([("project/kept", b"kept")])
    taken = await sandbox.snapshot("craft-test-one")
    (listed,) = await connection.snapshots()
    assert (listed.snapshot_id, listed.names) == (taken, ("craft-test-one",))
    other = await connection.create(metadata={}, envs={"MINE": "1"}, timeout_s=60, base=taken)
    outcome = await other.run("cat project/kept; echo $MINE$ALWAYS; pgrep -cx sleep")
    assert outcome.stdout == "kept1\n0\n"  # its files, and neither its environment nor its processes
    await connection.delete_snapshot("craft-test-one")
    await connection.delete_snapshot(taken)  # gone already
    assert list(await connection.snapshots()) == []
    with pytest.raises(SandboxError):
        await connection.create(metadata={}, envs={}, timeout_s=60, base=taken)


async def test_a_command_cancelled_while_it_opens_leaves_no_failure_that_nobody_collects(sandbox: Sandbox) -> None:
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    async with Owner("test") as owner:
        for turns in range(60):
            begin = (
                sandbox.start("sleep 9", cwd=".", envs={}, on_output=lambda _: None)
                if turns % 2
                else sandbox.run("sleep 9")
            )
            task = owner.start(begin, name="opening", awaited=True)
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait({task})
            del task, begin
    gc.collect()
    assert told == []
