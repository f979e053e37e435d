"""What a hostile project would try: each sentence of the promise, as an attempt."""

import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import psutil
import pytest
from e2b import AsyncSandbox
from e2b.connection_config import ApiParams
from yarl import URL

from craft_desktop.host.handshake import Ready
from tests.lacking import can_wall, skip_unless


@pytest.fixture
async def walled(sandbox: AsyncSandbox) -> AsyncIterator[AsyncSandbox]:
    if (await sandbox.commands.run("echo $HOME")).stdout != "/home/user\n":
        skip_unless(can_wall, "bubblewrap cannot run here")
    yield sandbox


async def out(sandbox: AsyncSandbox, command: str) -> str:
    return (await sandbox.commands.run(f"{{ {command}; }} 2>&1 || true")).stdout


@pytest.fixture
def secret(tmp_path: Path) -> tuple[Path, str]:
    """A file of the person's, and its content."""
    word = secrets.token_hex(16)
    (tmp_path / "secret").write_text(word)
    return tmp_path / "secret", word


async def test_links_and_dots_lead_nowhere(walled: AsyncSandbox, secret: tuple[Path, str]) -> None:
    path, word = secret
    await out(walled, f"ln -s {path} link; ln -s / root; ln -s ../../../../../../../.. up")
    for attempt in (f"{path}", "link", f"root{path}", f"up{path}", "../" * 12 + str(path), f"/proc/1/root{path}"):
        assert word not in await out(walled, f"cat {attempt}")
        assert attempt == "link" or not await walled.files.exists(attempt)  # the link itself is there
    for attempt in ("/proc/1/root", "/proc/1/cwd", "/proc/self/root/proc/1/root"):
        assert "cannot" in await out(walled, f"ls {attempt}/") or await out(walled, f"ls {attempt}/home") == "user\n"


async def test_files_are_not_reached_by_address_either(
    walled: AsyncSandbox, secret: tuple[Path, str], host: Ready
) -> None:
    path, word = secret
    await out(walled, f"ln -s {path} link")
    headers = {"E2b-Sandbox-Id": walled.sandbox_id, "X-Access-Token": str(walled._envd_access_token)}
    async with aiohttp.ClientSession(headers=headers) as session:
        for attempt in ("link", f"{path}", f"../../../../../..{path}", f"%2e%2e/%2e%2e/..{path}"):
            url = URL(f"{host.traffic_url}/files?path={attempt}", encoded=True)
            async with session.get(url) as answer:
                assert answer.status == 404 and word not in await answer.text()


async def test_devices_give_nothing(walled: AsyncSandbox) -> None:
    shown = set((await out(walled, "find /dev -type b; find /dev -type c")).split())
    assert {each for each in shown if not each.startswith("/dev/pts/")} <= {
        f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty", "console", "ptmx")
    }
    assert "not permitted" in await out(walled, "mknod disk b 254 0")
    assert "not permitted" in await out(walled, "mknod mem c 1 1")


async def test_the_kernels_own_files_cannot_be_written(walled: AsyncSandbox) -> None:
    """Run by root, the sandbox's user owns them as far as the kernel is concerned."""
    processes = "-path '/proc/[0-9]*' -o -path /proc/self -o -path /proc/thread-self"
    assert await out(walled, f"find /proc \\( {processes} \\) -prune -o -writable -type f -print") == ""
    for name in ("sys/kernel/core_pattern", "sys/vm/drop_caches", "sys/kernel/hostname", "sysrq-trigger"):
        assert not (await out(walled, f"echo 1 > /proc/{name} && echo done")).endswith("done\n")
    assert await out(walled, "ls /sys") in ("", "ls: cannot access '/sys': No such file or directory\n")
    for call in ("mount -t tmpfs x /tmp", "mount --bind / /tmp", "umount -l /home/user", "chroot / true"):
        assert await out(walled, f"{call} && echo done") != "done\n"


async def test_no_capability_is_held_and_none_can_be_had(walled: AsyncSandbox) -> None:
    told = await out(walled, "grep -E 'CapEff|CapPrm|NoNewPrivs' /proc/self/status")
    assert told.split() == ["CapPrm:", "0" * 16, "CapEff:", "0" * 16, "NoNewPrivs:", "1"]
    for way in ("unshare -Ur true", "unshare -n true", "unshare -m true", "nsenter -t 1 -m true"):
        assert await out(walled, f"{way} && echo in") != "in\n"
    assert "user" in await out(walled, "su root -c id; id -un")


async def test_the_hosts_sockets_and_tokens_are_not_there(
    walled: AsyncSandbox, host: Ready, options: ApiParams
) -> None:
    other = await AsyncSandbox.create(**options)
    try:
        places = "/proc/[0-9]*/environ /proc/[0-9]*/cmdline /run /tmp /var /home /root /etc"
        for token in (host.api_key, str(other._envd_access_token), str(walled._envd_access_token)):
            # backwards, and turned round inside: the command that looks must not find itself
            told = await out(walled, f"echo {token[::-1]} | rev > /dev/shm/w; grep -rslaF -f /dev/shm/w {places}")
            assert told == ""
        await out(walled, "echo xqz-here > /tmp/me; echo ereh-zqx | rev > /dev/shm/w")
        assert await out(walled, f"grep -rslaF -f /dev/shm/w {places}") == "/tmp/me\n"  # it would be found
        assert await out(walled, "find / -xdev -type s 2>/dev/null") == ""
    finally:
        await other.kill()


async def test_the_control_plane_refuses_a_sandboxs_own_token(walled: AsyncSandbox, host: Ready) -> None:
    token = str(walled._envd_access_token)
    async with aiohttp.ClientSession(headers={"X-API-KEY": token, "X-Access-Token": token}) as session:
        for path in ("/v2/sandboxes", "/snapshots", "/craft/machine", f"/sandboxes/{walled.sandbox_id}"):
            async with session.get(f"{host.api_url}{path}") as answer:
                assert answer.status == 401


async def test_another_sandboxs_daemon_refuses_it_too(walled: AsyncSandbox, options: ApiParams, host: Ready) -> None:
    other = await AsyncSandbox.create(**options)
    try:
        headers = {"E2b-Sandbox-Id": other.sandbox_id, "X-Access-Token": str(walled._envd_access_token)}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{host.traffic_url}/files?path=/etc/passwd") as answer,
        ):
            assert answer.status == 401
    finally:
        await other.kill()


async def test_processes_outside_cannot_be_seen_or_signalled(walled: AsyncSandbox) -> None:
    mine = os.getpid()
    told = await out(walled, f"kill -0 {mine}; ls -d /proc/{mine}")
    assert told.count("No such") == 2
    before = psutil.Process().status()
    await out(walled, "kill -STOP -1")
    assert psutil.Process().status() == before
    assert await walled.is_running()
