"""The line to a real sandbox stalls, breaks off, is away for a while; its disk fills up: the sync comes through."""

import asyncio
import contextlib
import dataclasses
import hashlib
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from craft_desktop.model.errors import SandboxUnreachableError
from craft_desktop.sandbox import upload
from craft_desktop.sandbox.connection import Connection, Sandbox
from craft_desktop.sandbox.launch import PROJECT_DIR
from craft_desktop.sandbox.local_host import LocalHost
from craft_desktop.sync.engine import SyncEngine
from craft_desktop.sync.scan import scan
from craft_desktop.sync.snapshot import Kind
from craft_desktop.tasks import Owner
from craft_desktop.workbench.remote import SandboxRemote
from tests.sync import edits
from tests.sync.folder_remote import PATIENCE_S

STALL_S = 1.0


class Line:
    """A proxy between the client and the host, whose upward direction can be disturbed.

    :ivar stalls_after: bytes of a connection after which it passes nothing more; None: never.
    :ivar resets_after: bytes after which it is cut.
    :ivar is_away: cut at once.
    """

    def __init__(self, host: str, port: int) -> None:
        self._upstream = host, port
        self.stalls_after: int | None = None
        self.resets_after: int | None = None
        self.is_away = False
        self.cut = 0
        self._server: asyncio.Server | None = None
        self._owner = Owner("line")
        self._released = asyncio.Event()

    async def open(self) -> str:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._owner.start(self._serve(reader, writer), name="connection")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.is_away:
                return
            up_reader, up_writer = await asyncio.open_connection(*self._upstream)
            try:
                up = self._owner.start(self._pass(reader, up_writer, is_up=True), name="up", awaited=True)
                down = self._owner.start(self._pass(up_reader, writer, is_up=False), name="down", awaited=True)
                await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                up_writer.transport.abort()
        finally:
            self.cut += 1
            writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_up: bool) -> None:
        passed = 0
        with contextlib.suppress(ConnectionError):
            while piece := await reader.read(65536):
                passed += len(piece)
                if is_up and (self.is_away or (self.resets_after is not None and passed > self.resets_after)):
                    return
                if is_up and self.stalls_after is not None and passed > self.stalls_after:
                    await self._released.wait()
                writer.write(piece)
                await writer.drain()

    async def aclose(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._owner.aclose()


@pytest.fixture
async def parts(tmp_path: Path) -> AsyncIterator[tuple[Sandbox, Line]]:
    host = LocalHost(tmp_path / "host")
    profile = await host.profile()
    assert profile.sandbox_url
    address = urlsplit(profile.sandbox_url)
    assert address.hostname and address.port
    line = Line(address.hostname, address.port)
    through = dataclasses.replace(profile, sandbox_url=await line.open())
    sandbox = await Connection(through).create(metadata={}, envs={}, timeout_s=120)
    await sandbox.run(f"mkdir {PROJECT_DIR}")
    yield sandbox, line
    await line.aclose()
    await host.aclose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "project"
    (root / "app").mkdir(parents=True)
    for number in range(300):
        (root / f"app/{number}.bin").write_bytes(os.urandom(20_000))
    return root


class Watched:
    """An engine that runs, and what it told."""

    def __init__(self, root: Path, sandbox: Sandbox) -> None:
        self.root = root
        self.problems: list[str] = []
        self.remote = SandboxRemote(sandbox)
        self.engine = SyncEngine(
            root,
            self.remote,
            on_pushed=lambda _: None,
            on_problem=lambda problem: self.problems.append(problem.title),
        )

    async def until_told(self, words: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not any(words in title for title in self.problems):
                await asyncio.sleep(0.02)

    async def until_verified(self) -> None:
        async with asyncio.timeout(2 * PATIENCE_S):
            while not (await self.engine.verify()).is_equal:
                await asyncio.sleep(0.05)


async def names(sandbox: Sandbox) -> int:
    return len((await sandbox.run("find . -type f", cwd=PROJECT_DIR)).stdout.split())


@pytest.mark.parametrize("fault", ["stalls_after", "resets_after"])
async def test_a_first_push_that_breaks_half_way_leaves_nothing_and_is_made_good(
    parts: tuple[Sandbox, Line], folder: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(upload, "STALL_LIMIT_S", STALL_S)
    sandbox, line = parts
    watched = Watched(folder, sandbox)
    setattr(line, fault, 2_000_000)
    with pytest.raises(SandboxUnreachableError):
        await asyncio.wait_for(watched.engine.push_all(), PATIENCE_S)
    setattr(line, fault, None)
    assert await names(sandbox) == 0
    assert (await watched.engine.push_all()).files == 300
    verification = await watched.engine.verify()
    assert (verification.files, verification.drifted, verification.is_equal) == (301, (), True)


async def test_a_save_on_a_stalled_line_is_noticed_and_sent_again(
    parts: tuple[Sandbox, Line], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "UPLOAD_ANSWER_S", STALL_S)
    sandbox, line = parts
    watched = Watched(folder, sandbox)
    await watched.engine.push_all()
    async with Owner("test") as owner:
        owner.start(watched.engine.run(), name="sync")
        await watched.engine.verify()
        line.stalls_after = 0
        (folder / "app/1.bin").write_text("saved")
        await watched.until_told("does not answer")
        line.stalls_after = None
        await watched.until_verified()
    assert (await sandbox.run("cat app/1.bin", cwd=PROJECT_DIR)).stdout == "saved"


async def test_a_sandbox_out_of_reach_for_a_while(parts: tuple[Sandbox, Line], folder: Path) -> None:
    sandbox, line = parts
    watched = Watched(folder, sandbox)
    await watched.engine.push_all()
    async with Owner("test") as owner:
        owner.start(watched.engine.run(), name="sync")
        await watched.engine.verify()
        line.is_away = True
        for number in range(0, 300, 2):
            (folder / f"app/{number}.bin").write_text("while it was away")
            (folder / f"app/{number + 1}.bin").unlink()
        await watched.until_told("does not answer")
        cut = line.cut
        async with asyncio.timeout(PATIENCE_S):
            while line.cut < cut + 3:
                await asyncio.sleep(0.02)
        line.is_away = False
        async with asyncio.timeout(PATIENCE_S):
            while await names(sandbox) != 150:
                await asyncio.sleep(0.1)
        await watched.until_verified()
    assert watched.problems.count(watched.problems[0]) == 1


FULL = """
import asyncio, os, pathlib, sys
from craft_desktop.model.errors import DiskFullError
from craft_desktop.sandbox.connection import Connection
from craft_desktop.sandbox.local_host import LocalHost
from craft_desktop.tasks import Owner
from tests.workbench.test_remote_faults import PROJECT_DIR, Watched, names

async def main():
    small, root = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    host = LocalHost(small / "host")
    sandbox = await Connection(await host.profile()).create(metadata={}, envs={}, timeout_s=120)
    await sandbox.run(f"mkdir {PROJECT_DIR}")
    for number in range(40):
        (root / f"app/large{number}.png").write_bytes(os.urandom(1_000_000))
    watched = Watched(root, sandbox)
    try:
        await watched.engine.push_all()
    except DiskFullError:
        print("told", await names(sandbox))
    async with Owner("test") as owner:
        owner.start(watched.engine.run(), name="sync")
        await watched.until_told("disk is full")
        for number in range(1, 40):
            (root / f"app/large{number}.png").unlink()
        async with asyncio.timeout(60):
            while watched.engine.revision == 0:
                await asyncio.sleep(0.05)
        await watched.until_verified()
    print("then", await names(sandbox))
    await host.aclose()

asyncio.run(main())
"""


def test_a_full_disk_is_told_leaves_nothing_and_is_tried_again(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "small").mkdir()
    # A small file system of its own, in a mount namespace of its own.
    script = 'mount -t tmpfs -o size=30m none "$1" && exec "$0" -c "$3" "$1" "$2"'
    command = ["unshare", "--map-root-user", "--mount", "bash", "-c", script]
    done = subprocess.run(
        [*command, sys.executable, str(tmp_path / "small"), str(folder), FULL],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout == "told 0\nthen 301\n", done.stderr


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_happens_folder_and_sandbox_end_equal(
    parts: tuple[Sandbox, Line], tmp_path: Path, seed: int
) -> None:
    sandbox, line = parts
    drawn = random.Random(seed)
    root = tmp_path.resolve() / "machine"
    root.mkdir()
    (root / "package.json").write_text("{}")
    watched = Watched(root, sandbox)
    listed = ["a", "A", "b", "-rf", "new\nline", 'quo"te', "d/x", "d/e/y", "d", "é"]

    def edit() -> None:
        name, other = drawn.choice(listed), drawn.choice(listed)
        acts: list[Callable[[], None]] = [
            lambda: edits.write(root, name, drawn.randbytes(drawn.choice([0, 1, 9000]))),
            lambda: edits.write_beside(root, name, b"beside"),
            lambda: edits.make(root, name),
            lambda: edits.remove(root, name),
            lambda: edits.move(root, name, other),
            lambda: edits.execute(root, name),
            lambda: edits.link(root, name, "d/x"),
        ]
        drawn.choice(acts)()

    for _ in range(12):
        for _ in range(drawn.randrange(1, 8)):
            edit()
        accident = drawn.choice(["none", "away", "crash", "meddle"])
        if accident == "away":
            line.is_away = True
            with contextlib.suppress(SandboxUnreachableError):
                await watched.engine.push_all()
            line.is_away = False
            edit()
        elif accident == "crash":
            watched = Watched(root, sandbox)
            watched.engine.adopt(await watched.remote.manifest())
        elif accident == "meddle":
            # What is rewritten a second time, at the same content of the folder's, would be left so: see `Rewrites`.
            edits.write(root, "package.json", drawn.randbytes(8))
            await sandbox.run("rm -rf d; echo meddled > package.json; chmod -f +x a b", cwd=PROJECT_DIR)
        assert (await watched.engine.verify()).is_equal
        held = await watched.remote.manifest()
        wanted = scan(root, {}).snapshot
        assert held.keys() == wanted.keys()
        for relpath, entry in wanted.items():
            found = held[relpath]
            assert (found.kind, found.target, found.executable) == (entry.kind, entry.target, entry.executable)
            if entry.kind is Kind.FILE:
                assert found.sha256 == hashlib.sha256((root / relpath).read_bytes()).hexdigest()


async def test_ten_thousand_files_changed_at_once(parts: tuple[Sandbox, Line], folder: Path) -> None:
    sandbox, _ = parts
    watched = Watched(folder, sandbox)
    await watched.engine.push_all()
    async with Owner("test") as owner:
        owner.start(watched.engine.run(), name="sync")
        for number in range(10_000):
            (folder / f"new{number // 100}").mkdir(exist_ok=True)
            (folder / f"new{number // 100}/{number}").write_text(str(number))
        async with asyncio.timeout(5 * PATIENCE_S):
            while await names(sandbox) != 10_300:
                await asyncio.sleep(0.2)
        await watched.until_verified()
