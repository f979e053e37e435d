"""Short questions to a real sandbox whose code answers in bad faith."""

import asyncio
import time

import psutil
import pytest

from craft_desktop.model.errors import SandboxError, SandboxUnreachableError
from craft_desktop.sandbox.brief import MOST_CHARACTERS
from craft_desktop.sandbox.connection import Sandbox

MORE_BYTES = 64 * 1024 * 1024


async def test_what_is_printed_without_end_is_not_taken_in(sandbox: Sandbox) -> None:
    await sandbox.write([(".profile", b"yes\n")])
    before = psutil.Process().memory_info().rss
    began = time.monotonic()
    with pytest.raises(SandboxError, match="far more than it was asked"):
        await sandbox.run("echo hello", limit_s=20)
    assert time.monotonic() - began < 20
    assert psutil.Process().memory_info().rss - before < MORE_BYTES


async def test_much_is_kept_whole(sandbox: Sandbox) -> None:
    outcome = await sandbox.run(f"head -c {MOST_CHARACTERS} /dev/zero | tr '\\0' x; exit 4")
    assert (outcome.exit_code, outcome.stdout) == (4, "x" * MOST_CHARACTERS)


async def test_nobody_listens_to_what_a_command_left_behind(sandbox: Sandbox) -> None:
    before = asyncio.all_tasks()
    with pytest.raises(SandboxUnreachableError):
        await sandbox.run("(while sleep 0.1; do echo still; done) & echo begun", limit_s=0.5)
    async with asyncio.timeout(10):
        while asyncio.all_tasks() - before:
            await asyncio.sleep(0.02)


async def test_who_gives_up_listens_no_more(sandbox: Sandbox) -> None:
    before = asyncio.all_tasks()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await sandbox.run("while sleep 0.1; do echo still; done")
    async with asyncio.timeout(10):
        while asyncio.all_tasks() - before:
            await asyncio.sleep(0.02)


async def test_a_file_is_read_up_to_its_bound(sandbox: Sandbox) -> None:
    await sandbox.write([("small", b"x" * 1000)])
    assert await sandbox.read("small", 1000) == b"x" * 1000
    with pytest.raises(SandboxError, match="far more than it was asked"):
        await sandbox.read("small", 999)
    await sandbox.run("truncate -s 8G large; mkfifo pipe")
    with pytest.raises(SandboxError, match="far more than it was asked"):
        await sandbox.read("large", 100_000)
    for name in ("pipe", "absent"):
        with pytest.raises(SandboxError):
            await sandbox.read(name, 1000)
