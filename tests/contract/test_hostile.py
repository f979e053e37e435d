"""Hostile programs inside a sandbox, and hostile files that it leaves for those outside to stumble over."""

import asyncio
import os
import secrets
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import aiohttp
import pytest
from e2b import AsyncSandbox, CommandExitException, FilesystemEvent, NotEnoughSpaceException, SandboxException
from e2b.connection_config import ApiParams

from craft_desktop.host.cgroups import PREFIX, find_roots
from craft_desktop.host.handshake import Ready
from craft_desktop.host.probe import find_python
from tests.lacking import can_group, can_wall, skip_unless

DEADLINE_S = 30
StartHost = Callable[..., AbstractContextManager[tuple[Ready, "subprocess.Popen[bytes]"]]]
PYTHON = str(find_python(Path.home()).path)  # the daemon's own, which every jail shows


@pytest.fixture
async def walled(sandbox: AsyncSandbox) -> AsyncIterator[AsyncSandbox]:
    if (await sandbox.commands.run("echo $HOME")).stdout != "/home/user\n":
        skip_unless(can_wall, "bubblewrap cannot run here")
    yield sandbox


@pytest.fixture
async def machine(host: Ready) -> dict[str, object]:
    async with (
        aiohttp.ClientSession(headers={"X-API-KEY": host.api_key}) as session,
        session.get(f"{host.api_url}/craft/machine") as told,
    ):
        found: dict[str, object] = await told.json()
        return found


@pytest.fixture
def start_plain(start_host: StartHost, tmp_path: Path) -> Iterator[Ready]:
    """A host whose sandboxes share this computer's network."""
    with start_host(tmp_path / "state", "--network", "shared") as (ready, _):
        yield ready


@pytest.fixture
def word(tmp_path: Path) -> Iterator[str]:
    """A word of the person's, in `tmp_path/mine/secret`."""
    found = secrets.token_hex(16)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "secret").write_text(found)
    yield found
    assert (tmp_path / "mine" / "secret").read_text() == found


async def run_python(sandbox: AsyncSandbox, script: str, user: str = "user") -> str:
    await sandbox.files.write("/tmp/attack.py", script)
    return (await sandbox.commands.run(f"{PYTHON} /tmp/attack.py 2>&1", user=user)).stdout


async def test_no_plain_signal_from_inside_ends_it(walled: AsyncSandbox) -> None:
    for user in ("user", "root"):
        await walled.commands.run("for s in TERM INT HUP QUIT USR1 USR2 STOP KILL SEGV; do kill -$s 1; done", user=user)
    assert (await walled.commands.run("echo well")).stdout == "well\n"


async def test_the_daemon_is_not_traced_nor_read(walled: AsyncSandbox) -> None:
    script = """
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
print(libc.ptrace(16, 1, 0, 0), errno.errorcode[ctypes.get_errno()])  # PTRACE_ATTACH
try:
    os.pidfd_open(1)
    print(libc.syscall(438, os.pidfd_open(1), 0, 0), errno.errorcode[ctypes.get_errno()])  # pidfd_getfd
except OSError as error:
    print(error)
for name in ("mem", "maps", "environ", "cwd", "root", "ns/user", "ns/mnt", "syscall", "stack"):
    try:
        os.listdir(f"/proc/1/{name}") if name in ("cwd", "root") else open(f"/proc/1/{name}", "rb").read(1)
        print("read", name)
    except OSError:
        pass
"""
    assert (await run_python(walled, script)).split() == ["-1", "EPERM"] * 2


async def test_no_descriptor_but_its_own_three_is_inherited(walled: AsyncSandbox) -> None:
    told = await walled.commands.run("readlink /proc/self/fd/* | grep -v '^pipe:\\|/dev/null\\|^/proc/'; true")
    assert told.stdout == ""


async def test_the_kernel_is_asked_in_vain(walled: AsyncSandbox, machine: dict[str, object]) -> None:
    if not machine["system_calls_filtered"]:
        pytest.skip("there is no filter for this architecture")
    attempts = (
        "unshare -U true",
        "unshare -Ur true",
        "unshare -n true",
        "unshare -m true",
        "nsenter -U --preserve-credentials -t $(pgrep -n sleep) true",
        "mount -t tmpfs x /tmp",
        "umount /tmp",
        "dmesg",
    )
    handle = await walled.commands.run("sleep 60", user="root", background=True, timeout=0)
    for user in ("user", "root"):
        for each in attempts:
            told = await walled.commands.run(f"({each}) >/dev/null 2>&1 && echo done || echo refused", user=user)
            assert told.stdout == "refused\n", each
    await handle.kill()
    # x86_64's and aarch64's numbers are those that `envd.seccomp` names; these are the same on both
    script = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
for number in (425, 428, 430, 435, 442):
    libc.syscall(number, 0, 0, 0, 0, 0)
    print(errno.errorcode[ctypes.get_errno()])
"""
    for user in ("user", "root"):
        assert (await run_python(walled, script, user)).split() == ["EPERM", "EPERM", "EPERM", "ENOSYS", "EPERM"]


async def test_symbols_and_switches_of_the_kernel_are_shut(walled: AsyncSandbox) -> None:
    places = "/proc/sysrq-trigger /proc/sys/kernel/core_pattern /proc/sys/kernel/modprobe /proc/sys/net/ipv4/ip_forward"
    for user in ("user", "root"):
        command = f"for each in {places}; do (echo 1 > $each) 2>/dev/null && echo wrote $each; done; true"
        assert (await walled.commands.run(command, user=user)).stdout == ""
        command = "head -c1 /proc/kcore 2>/dev/null; head -c1 /proc/kmsg 2>/dev/null; ls -d /sys/* 2>/dev/null; true"
        assert (await walled.commands.run(command, user=user)).stdout == ""
        # addresses of the kernel are told to nobody in there
        told = await walled.commands.run("grep -vc '^0* ' /proc/kallsyms || true", user=user)
        assert told.stdout.strip() in ("0", "")


async def test_no_program_gains_rights(walled: AsyncSandbox) -> None:
    script = "cp /bin/true /tmp/s; chmod 6755 /tmp/s; stat -f -c %T /tmp >/dev/null; grep NoNewPrivs /proc/self/status"
    for user in ("user", "root"):
        assert (await walled.commands.run(script, user=user)).stdout.split() == ["NoNewPrivs:", "1"]
        for device in ("mknod /tmp/d b 254 0", "mknod /tmp/d c 1 1", "mknod ~/d c 5 1"):
            with pytest.raises(CommandExitException):
                await walled.commands.run(device, user=user)


async def test_the_hosts_listeners_are_out_of_reach(
    walled: AsyncSandbox, host: Ready, machine: dict[str, object]
) -> None:
    """With a network of its own: loopback, the gateway's address and abstract sockets lead to nothing of ours."""
    with socket.socket(socket.AF_UNIX) as abstract:
        name = f"craft-{secrets.token_hex(8)}"
        abstract.bind(f"\0{name}")
        abstract.listen()
        ports = [int(url.rpartition(":")[2]) for url in (host.api_url, host.traffic_url)]
        script = f"""
import socket
for address in ("127.0.0.1", "::1", "10.0.2.2", "10.0.2.3", "0.0.0.0"):
    for port in {ports}:
        try:
            socket.create_connection((address, port), 2).close()
            print("reached", address)
        except OSError:
            pass
try:
    socket.socket(socket.AF_UNIX).connect("\\0{name}")
    print("reached the abstract socket")
except OSError:
    pass
"""
        told = (await run_python(walled, script)).splitlines()
    if machine["network"] == "private":
        assert told == []
    else:
        assert machine["network_reason"], "shared, and why is told"


async def test_with_the_shared_network_the_listeners_still_want_their_keys(start_plain: Ready) -> None:
    """There loopback is this computer's own: the listeners can be reached, and give nothing without a key."""
    options = ApiParams(api_key=start_plain.api_key, api_url=start_plain.api_url, sandbox_url=start_plain.sandbox_url)
    one, other = [await AsyncSandbox.create(**options) for _ in range(2)]
    script = f"""
import urllib.error, urllib.request
for url, headers in (
    ("{start_plain.api_url}/v2/sandboxes", {{}}),
    ("{start_plain.api_url}/v2/sandboxes", {{"X-API-KEY": "{one._envd_access_token}"}}),
    ("{start_plain.traffic_url}/files?path=/etc/passwd", {{"E2b-Sandbox-Id": "{other.sandbox_id}"}}),
    ("{start_plain.traffic_url}/files?path=/etc/passwd",
     {{"E2b-Sandbox-Id": "{other.sandbox_id}", "X-Access-Token": "{one._envd_access_token}"}}),
):
    try:
        print(urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=5).status)
    except urllib.error.HTTPError as error:
        print(error.code)
"""
    assert (await run_python(one, script)).split() == ["401"] * 4
    async with (
        aiohttp.ClientSession(headers={"X-API-KEY": start_plain.api_key}) as session,
        session.get(f"{start_plain.api_url}/craft/machine") as told,
    ):
        machine = await told.json()
    assert machine["network"] == "shared" and machine["network_reason"]


async def test_links_planted_for_those_outside_are_not_followed(
    walled: AsyncSandbox, options: ApiParams, tmp_path: Path, word: str
) -> None:
    """A snapshot, a fork, a copy and the clearing away meet links to the person's files, and folders become links."""
    mine = tmp_path / "mine"
    await walled.commands.run(f"mkdir d; ln -s {mine} d/folder; ln -s {mine}/secret d/file; ln -s {mine} /tmp/folder")
    swap = f"while :; do mkdir -p s; touch s/secret; rm -rf s; ln -s {mine} s; rm s; done"
    swapping = await walled.commands.run(swap, background=True, timeout=0)
    made = []
    for _ in range(3):
        taken = await walled.create_snapshot()
        made.append(await AsyncSandbox.create(template=taken.snapshot_id, **options))
    await swapping.kill()
    for each in (*made, walled):
        # a link is a link in the copy as well, and what was not the sandbox's is in none
        told = await each.commands.run("readlink d/folder d/file /tmp/folder")
        assert told.stdout.split() == [str(mine), str(mine / "secret"), str(mine)]
        assert (await each.commands.run(f"grep -rs {word} /home/user /tmp || true")).stdout == ""
        with pytest.raises(Exception, match="does not exist"):
            await each.files.read("d/file")
    await asyncio.gather(*(each.kill() for each in made))
    assert [each.name for each in mine.iterdir()] == [
        "secret"
    ]  # nothing was removed through a link, nothing was put there


# Exchanges two names over and over: whoever looks at a name and then opens it finds something else there. The pause
# between (in s; 0 is as often as it can) is for who tells of each: more than the kernel holds is lost, and said so.
SWAP = """
import ctypes, os, sys, time
libc = ctypes.CDLL(None)
for pair in [(b"s", b"l"), (b"deep/a", b"deep/l"), (b"deep/f", b"deep/k")]:
    if os.fork() == 0:
        while True:
            libc.renameat2(-100, pair[0], -100, pair[1], 2)  # RENAME_EXCHANGE
            time.sleep(float(sys.argv[1]))
"""


async def test_folders_that_become_links_beneath_a_copy_lead_nowhere(
    walled: AsyncSandbox, options: ApiParams, tmp_path: Path, word: str
) -> None:
    """Forks of a sandbox and of one that lies upon a snapshot, while names change places all the time."""
    mine = tmp_path / "mine"
    (mine / "b").mkdir()
    (mine / "b" / "secret").write_text(word)
    lay = "mkdir -p s/b deep/a/b; for d in s deep/a; do echo own > $d/secret; echo own > $d/b/secret; done; "
    lay += f"echo own > deep/f; ln -s {mine} l; ln -s {mine} deep/l; ln -s {mine}/secret deep/k"
    await walled.commands.run(lay)
    upon = (await walled.fork(timeout=120))[0]  # as long as what it came from: unasked it would be 15 s
    assert isinstance(upon, AsyncSandbox), upon
    made: list[AsyncSandbox] = [upon]
    for each in (walled, upon):
        await each.files.write("/tmp/swap.py", SWAP)
        await each.commands.run(f"{PYTHON} /tmp/swap.py 0 >/dev/null 2>&1")
    for each in (walled, upon) * 3:
        for fork in await each.fork(count=2, timeout=60):
            assert isinstance(fork, AsyncSandbox), fork
            made.append(fork)
            # both names of each pair are there, one a link as it was laid, the other what it was
            told = await fork.commands.run(
                "readlink s l deep/a deep/l deep/f deep/k; cat [sl]/secret deep/?/b/secret; true"
            )
            assert sorted(told.stdout.split()) == sorted([str(mine), str(mine), f"{mine}/secret", "own", "own"])
            assert (await fork.commands.run(f"grep -rs {word} /home/user /tmp || true")).stdout == ""
    await asyncio.gather(*(each.kill() for each in made))
    assert sorted(str(each.relative_to(mine)) for each in mine.rglob("*")) == ["b", "b/secret", "secret"]


async def test_a_watch_bears_folders_that_become_links(walled: AsyncSandbox) -> None:
    """Links to all there is, and back to the watched folder: what is below it is seen and no more, and it goes on."""
    await walled.commands.run("mkdir -p w/s w/deep/a; touch w/s/own w/deep/f; ln -s / w/l; ln -s ../../w w/deep/l")
    await walled.commands.run("ln -s / w/deep/k")
    seen: set[str] = set()
    marked = asyncio.Event()
    ends: list[Exception | None] = []

    def note(event: FilesystemEvent) -> None:
        seen.add(event.name)
        if event.name.startswith("mark"):
            marked.set()

    await walled.files.write("/tmp/swap.py", SWAP)
    await walled.commands.run(f"cd w && {PYTHON} /tmp/swap.py 0.002 >/dev/null 2>&1")
    for number in range(5):
        watch = await walled.files.watch_dir("w", note, on_exit=ends.append, recursive=True, timeout=0)
        marked.clear()
        await walled.files.write(f"w/mark{number}", "x")
        async with asyncio.timeout(DEADLINE_S):
            await marked.wait()
        await watch.stop()  # type: ignore[no-untyped-call]
        assert (await walled.commands.run("echo well")).stdout == "well\n"
    assert {f"mark{number}" for number in range(5)} <= seen
    assert {name for name in seen if not name.startswith("mark")} <= {
        *("s", "l", "deep/a", "deep/l", "deep/f", "deep/k"),
        *("s/own", "l/own"),
    }, (seen, ends)


async def test_groups_of_processes_are_neither_seen_nor_written(start_host: StartHost, tmp_path: Path) -> None:
    """Bounds of its own, and other sandboxes' groups: no tree of them is shown or can be mounted."""
    with start_host(tmp_path / "state") as (ready, _):
        options = ApiParams(api_key=ready.api_key, api_url=ready.api_url, sandbox_url=ready.sandbox_url)
        sandbox, _ = [await AsyncSandbox.create(**options) for _ in range(2)]
        if (await sandbox.commands.run("echo $HOME")).stdout != "/home/user\n":
            skip_unless(can_wall, "bubblewrap cannot run here")
        (run,) = [each.name for each in (tmp_path / "state").iterdir()]
        groups = [each for root in find_roots().folders for each in root.glob(f"{PREFIX}{run}-*")]
        before = {file: file.read_text() for each in groups for file in each.glob("*.max")}
        for user in ("user", "root"):
            told = await sandbox.commands.run("cut -d: -f3 /proc/self/cgroup /proc/1/cgroup | sort -u", user=user)
            assert told.stdout == "/\n"  # its own namespace: where its group lies is not told
            assert (await sandbox.commands.run("grep -c cgroup /proc/mounts || true", user=user)).stdout == "0\n"
            found = await sandbox.commands.run(
                f"find / -xdev \\( -name '{PREFIX}*' -o -name 'cgroup.procs' -o -name 'pids.max' \\) 2>/dev/null; true",
                user=user,
            )
            assert found.stdout == ""
            tries = [f"mount -t {kind} x /tmp" for kind in ("cgroup", "cgroup2")]
            tries += [f"echo 1 > {file}" for file in before] + [f"rmdir {each}" for each in groups]
            for each in tries:
                told = await sandbox.commands.run(f"({each}) >/dev/null 2>&1 && echo done || echo refused", user=user)
                assert told.stdout == "refused\n", each
        assert {file: file.read_text() for file in before} == before


async def test_paths_through_links_lead_nowhere_in_every_call(walled: AsyncSandbox, tmp_path: Path, word: str) -> None:
    mine = tmp_path / "mine"
    await walled.commands.run(f"ln -s {mine} out; ln -s / root; touch here")
    for attempt in (f"{mine}/new", "out/new", f"../../..{mine}/new", f"root{mine}/new"):
        try:
            await walled.files.write(attempt, "x")
            await walled.files.rename("here", f"{attempt}2")
            await walled.files.make_dir(f"{attempt}3")
            await walled.files.remove(f"{mine}/secret")
        except Exception as refused:
            assert word not in str(refused)
        assert [each.name for each in mine.iterdir()] == ["secret"]


async def test_a_memory_bomb_ends_itself_alone(start_host: StartHost, tmp_path: Path) -> None:
    roots = find_roots()
    if roots.memory is None:
        skip_unless(can_group, "groups of processes cannot be made here")
    with start_host(tmp_path / "state") as (ready, _):
        options = ApiParams(api_key=ready.api_key, api_url=ready.api_url, sandbox_url=ready.sandbox_url)
        bomb, other = [await AsyncSandbox.create(**options) for _ in range(2)]
        (run,) = [each.name for each in (tmp_path / "state").iterdir()]
        # three quarters of the machine's is what it has; so much is not filled on a machine that others use
        for group in roots.memory.glob(f"craft-{run}-*"):
            for name in ("memory.max", "memory.limit_in_bytes"):
                if (group / name).exists():
                    (group / name).write_text(str(256 * 2**20))
        with pytest.raises(CommandExitException) as ended:
            await run_python(bomb, "x = bytearray(b'x') * 2**29")
        assert ended.value.exit_code == 137 or "signal: killed" in str(ended.value)
        for each in (bomb, other):
            assert (await each.commands.run("echo well")).stdout == "well\n"


async def test_a_full_disk_is_told_for_each_by_itself(start_host: StartHost, tmp_path: Path) -> None:
    """On a disk of 48 MB that one sandbox fills: it is told, the other still runs, and its end frees the disk."""
    with small_disk(tmp_path / "state", 48) as state, start_host(state) as (ready, _):
        options = ApiParams(api_key=ready.api_key, api_url=ready.api_url, sandbox_url=ready.sandbox_url)
        hog, other = [await AsyncSandbox.create(**options) for _ in range(2)]
        with pytest.raises(CommandExitException, match="No space left"):
            await hog.commands.run("cat /dev/zero > ~/all")
        with pytest.raises(NotEnoughSpaceException):
            await hog.files.write("more", b"x" * 2**20)
        for refused in (hog.create_snapshot(), hog.fork()):
            with pytest.raises(SandboxException, match=r"^507: not enough space: .*No space") as told:
                await refused
            assert told.value.status_code == 507
        assert list((state / "snapshots").glob("*")) == []
        assert (await hog.commands.run("echo well")).stdout == "well\n"
        assert (await other.commands.run("echo well")).stdout == "well\n"
        await hog.kill()
        async with asyncio.timeout(DEADLINE_S):  # its folders go after the answer
            while os.statvfs(state).f_bavail * os.statvfs(state).f_frsize < 40 * 2**20:
                await asyncio.sleep(0.02)
        await other.files.write("more", b"x" * 2**20)


@contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m,mode=0700", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
