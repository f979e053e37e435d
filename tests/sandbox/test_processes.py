"""Whole trees end: children with sessions of their own, orphans, and those that do not listen to SIGTERM."""

import asyncio
import shlex

from craft_desktop.sandbox.connection import Sandbox
from craft_desktop.sandbox.processes import MARKER, STOP_GRACE_S, end_command, end_tree, is_watching


async def test_every_marked_process_ends_and_no_other(sandbox: Sandbox) -> None:
    ready = asyncio.Event()
    tree = "setsid sleep 1001 & (setsid sleep 1002 &) ; (trap '' TERM; sleep 1003; sleep 1004) & echo up; wait"
    await sandbox.start(tree, cwd=".", envs={MARKER: "one"}, on_output=lambda _: ready.set())
    await sandbox.start("sleep 1005", cwd=".", envs={MARKER: "two"}, on_output=lambda _: None)
    async with asyncio.timeout(10):
        await ready.wait()
        while len((await sandbox.run("pgrep -x sleep")).stdout.split()) < 4:
            await asyncio.sleep(0.02)
    await end_tree(sandbox, "one")
    assert (await sandbox.run("pgrep -xa sleep | cut -d' ' -f2-")).stdout == "sleep 1005\n"


async def test_nothing_to_end_is_no_failure(sandbox: Sandbox) -> None:
    await end_tree(sandbox, "never")


async def test_who_watches_files_is_found(sandbox: Sandbox) -> None:
    ready = asyncio.Event()

    async def begin(program: str, run_id: str) -> None:
        ready.clear()
        command = f"node -e {shlex.quote(program)}"
        await sandbox.start(command, cwd=".", envs={MARKER: run_id}, on_output=lambda _: ready.set())
        async with asyncio.timeout(10):
            await ready.wait()

    stays = 'console.log("up"); setInterval(() => {}, 1000);'
    await begin(f'require("fs").watch(".", () => {{}}); {stays}', "watches")
    await begin(stays, "blind")
    assert await is_watching(sandbox, "watches")
    assert not await is_watching(sandbox, "blind")
    assert await is_watching(sandbox, "never")  # nobody was seen: it may


async def test_one_that_does_not_listen_is_ended_after_the_grace(sandbox: Sandbox) -> None:
    ready = asyncio.Event()
    stays = "trap '' TERM; echo up; while true; do sleep 1006; done"
    await sandbox.start(stays, cwd=".", envs={MARKER: "deaf"}, on_output=lambda _: ready.set())
    async with asyncio.timeout(10):
        await ready.wait()
    began = asyncio.get_running_loop().time()
    await end_tree(sandbox, "deaf", STOP_GRACE_S)
    took_s = asyncio.get_running_loop().time() - began
    # Its sleep is begun again whenever that is ended; a loaded machine takes longer for each look.
    assert took_s >= STOP_GRACE_S
    assert (await sandbox.run("pgrep -x sleep")).stdout == ""
    assert f"seq {int(STOP_GRACE_S / 0.05)})" in end_command("deaf", STOP_GRACE_S)
