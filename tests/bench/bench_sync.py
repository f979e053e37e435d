"""What the sync costs beside the same work done otherwise: `pytest -m bench -s tests/bench/bench_sync.py`.

Each pair is measured in turns, so that what else the machine does falls on both; the ratios are what is compared with
the aims.
"""

import asyncio
import dataclasses
import gzip
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from e2b import AsyncSandbox

from craft_desktop.model.project import Provider
from craft_desktop.sandbox.connection import Connection, Sandbox
from craft_desktop.sandbox.launch import PROJECT_DIR
from craft_desktop.sandbox.local_host import LocalHost
from craft_desktop.sandbox.profile import Profile
from craft_desktop.sync import mirror
from craft_desktop.sync.archive import Archive
from craft_desktop.sync.diff import Batch, compare
from craft_desktop.sync.engine import SyncEngine
from craft_desktop.sync.load import Loader
from craft_desktop.sync.mirror import Mirror
from craft_desktop.sync.scan import scan
from craft_desktop.sync.snapshot import RACY_NS, Entry
from craft_desktop.sync.threads import look_in_thread
from craft_desktop.tasks import Owner
from craft_desktop.workbench.manifest import read_manifest
from craft_desktop.workbench.remote import SandboxRemote
from tests.bench.distance import Distance

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

ROUNDS = 7  # an odd number, for the median
PUSH_ROUNDS = 9  # each makes three sandboxes
FAR_ROUNDS = 3
# the aims of the issue
SCAN_RATIO = 1.0
PUSH_RATIO = 20.0
WORDS = Path(__file__).read_text() * 2


def make_sources(root: Path, count: int) -> None:
    """Files like a project's: some 2 kB of code each, 50 to a folder."""
    drawn = random.Random(count)
    for number in range(count):
        path = root / f"src/{number // 1000}/{number // 50}/page{number}.tsx"
        path.parent.mkdir(parents=True, exist_ok=True)
        begin = drawn.randrange(len(WORDS) // 2)
        path.write_text(WORDS[begin : begin + drawn.randrange(500, 3500)])
    (root / ".gitignore").write_text("node_modules\n/.next/\n/out/\n*.log\n.env*\n")


def told(what: str, theirs: list[float], ours: list[float]) -> float:
    """Print a row; how many times the other's time ours takes."""
    their_ms, our_ms = statistics.median(theirs) * 1000, statistics.median(ours) * 1000
    sys.stdout.write(f"\n{what:44} theirs {their_ms:9.1f} ms   ours {our_ms:9.1f} ms   x {our_ms / their_ms:6.2f}")
    return our_ms / their_ms


def took(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@pytest.mark.parametrize("count", [10_000, 100_000])
def test_scan_and_compare_beside_git_status(tmp_path: Path, count: int) -> None:
    root = tmp_path.resolve()
    make_sources(root, count)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", root, *arguments], check=True, capture_output=True, env=environment)

    git("init", "-q")
    git("add", ".")
    first = scan(root, {})
    loader = Loader(root, compare({}, first.snapshot).writes, {}, lambda: time.time_ns() + RACY_NS)
    known: dict[str, Entry] = dict(first.snapshot)
    while not (portion := loader.read()).is_last:
        known.update(portion.read)
    known.update(portion.read)

    found = scan(root, known, first.rules, memory=first.memory, touched=known)

    def ours() -> None:
        nonlocal found
        found = scan(root, known, found.rules, memory=found.memory)
        assert not compare(found.before, found.snapshot)

    # What a session does once: it makes the signatures that later scans compare with.
    ours()

    pairs = [(took(lambda: git("status", "--porcelain")), took(ours)) for _ in range(ROUNDS)]
    told(f"{count} files: git status, scan and compare", [pair[0] for pair in pairs], [pair[1] for pair in pairs])


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[Connection]:
    host = LocalHost(tmp_path / "host")
    yield Connection(await host.profile())
    await host.aclose()


async def fresh(connection: Connection) -> Sandbox:
    sandbox = await connection.create(metadata={}, envs={}, timeout_s=600)
    await sandbox.run(f"mkdir {PROJECT_DIR}")
    return sandbox


@pytest.fixture
def stalls() -> "Stalls":
    return Stalls()


class Stalls:
    """The longest that a loop's turn was late, by a task that asks to be woken every millisecond."""

    TICK_S = 0.001

    async def of(self, work: Awaitable[object]) -> float:
        """Do something; give how late the latest turn came meanwhile, in milliseconds."""
        longest = 0.0

        async def tick() -> None:
            nonlocal longest
            while True:
                begun = time.perf_counter()
                await asyncio.sleep(self.TICK_S)
                longest = max(longest, time.perf_counter() - begun - self.TICK_S)

        async with Owner("stalls") as owner:
            owner.start(tick(), name="tick")
            await asyncio.sleep(0)
            await work
        return longest * 1000


class DiskRemote:
    """A sandbox that takes everything at once and tells it back: what is measured is the sync alone."""

    def __init__(self) -> None:
        self.held: dict[str, Entry] = {}

    async def apply(self, batch: Batch) -> None:
        """Take a batch."""

    async def apply_archive(self, archive: Archive) -> None:
        """Take an archive's pieces, each made in a thread."""
        pieces = archive.pieces()
        while await look_in_thread(lambda: next(pieces, b"")):
            pass

    async def manifest(self) -> dict[str, Entry]:
        """Tell what was given before."""
        return self.held


@pytest.mark.parametrize("count", [100_000])
async def test_the_longest_stall_of_the_loop(tmp_path: Path, stalls: Stalls, count: int) -> None:
    root = tmp_path.resolve() / "project"
    root.mkdir()
    make_sources(root, count)
    remote = DiskRemote()
    engine = SyncEngine(root, remote, on_pushed=lambda _: None, on_problem=lambda problem: pytest.fail(str(problem)))
    first = await stalls.of(engine.push_all())
    again = await stalls.of(engine.push_all())
    third = await stalls.of(engine.push_all())
    remote.held = engine._mirror.held()
    verify = await stalls.of(engine.verify())
    listed = "".join(f"f644 {at}\0\0" for at in remote.held) + "\0\0"
    hashed = "".join(f"{entry.sha256 or '0' * 64} *./{at}\0" for at, entry in remote.held.items())
    packed = gzip.compress((listed + hashed).encode(), 1)
    read = await stalls.of(look_in_thread(lambda: read_manifest(packed)))
    idle = await stalls.of(asyncio.sleep(2))
    sys.stdout.write(
        f"\nlongest stall with {count} files, ms: first push {first:.1f}, scan and compare, listed {again:.1f},"
        f" remembered {third:.1f}, verify {verify:.1f}, a manifest read {read:.1f}; nothing at all {idle:.1f}"
    )


async def push(root: Path, sandbox: Sandbox) -> float:
    held = Mirror(root, SandboxRemote(sandbox), lambda problem: pytest.fail(str(problem)), time.monotonic)
    start = time.perf_counter()
    await held.push(None, 0.0)
    return time.perf_counter() - start


async def plain(connection: Connection, sandbox: Sandbox) -> AsyncSandbox:
    """The client as anyone has it, on a sandbox of its own making or not; its connection stands."""
    client = await AsyncSandbox.connect(sandbox.id, **connection._options)
    await client.files.write("warm", b"")
    return client


async def push_beside_the_loop(connection: Connection, root: Path, what: str, rounds: int) -> None:
    """Push in turns: by the client's loop, by us, and as an archive that is there already and is unpacked in place."""
    files = [path for path in root.rglob("*") if path.is_file()]
    archive = b"".join(Archive(root, compare({}, scan(root, {}).snapshot), {}).pieces(packed=False))
    theirs, ours, bounds = [], [], []
    for _ in range(rounds):
        sandbox = await fresh(connection)
        client = await plain(connection, sandbox)
        start = time.perf_counter()
        for path in files:
            await client.files.write(f"{PROJECT_DIR}/{path.relative_to(root)}", path.read_bytes())
        theirs.append(time.perf_counter() - start)
        await sandbox.kill()
        sandbox = await fresh(connection)
        await sandbox.write([("warm", b"")])
        ours.append(await push(root, sandbox))
        await sandbox.kill()
        sandbox = await fresh(connection)
        client = await plain(connection, sandbox)
        start = time.perf_counter()
        await client.files.write("archive", archive)
        assert (await client.commands.run(f"tar -xf archive -C {PROJECT_DIR}")).exit_code == 0
        bounds.append(time.perf_counter() - start)
        await sandbox.kill()
    told(f"push of {len(files) - 1} files, {what}: the client's loop, ours", theirs, ours)
    told(f"push of {len(files) - 1} files, {what}: a bare archive, ours", bounds, ours)
    sys.stdout.write(f"\n{'':20}so the loop takes {statistics.median(theirs) / statistics.median(ours):.1f} times ours")


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, or on the disk."""
    if request.param == "disk":
        yield tmp_path.resolve()
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


@pytest.fixture
async def host(place: Path) -> AsyncIterator[Profile]:
    host = LocalHost(place / "host")
    yield await host.profile()
    await host.aclose()


@pytest.mark.parametrize("count", [1, 100, 1_000])
@pytest.mark.parametrize("place", ["memory", "disk"], indirect=True)
async def test_a_first_push_beside_one_write_a_file(
    host: Profile, place: Path, count: int, request: pytest.FixtureRequest
) -> None:
    root = place / "project"
    make_sources(root, count)
    await push_beside_the_loop(Connection(host), root, request.node.callspec.params["place"], PUSH_ROUNDS)


@pytest.mark.parametrize("count", [1, 100, 1_000])
@pytest.mark.parametrize("place", ["memory"], indirect=True)
async def test_a_first_push_over_a_distance(host: Profile, place: Path, count: int) -> None:
    root = place / "project"
    make_sources(root, count)
    async with Distance(host.sandbox_url) as line:
        far = dataclasses.replace(host, provider=Provider.E2B, sandbox_url=line.url)
        # The loop takes 20 ms a file for certain; there is little to scatter.
        await push_beside_the_loop(Connection(far), root, "20 ms away", FAR_ROUNDS)


@pytest.mark.parametrize("count", [30, 100, 300, 1_000, 10_000])
async def test_a_stream_beside_batches(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    root = tmp_path.resolve() / "project"
    make_sources(root, count)
    times: dict[int, list[float]] = {0: [], sys.maxsize: []}
    for _ in range(3):
        for limit, taken in times.items():
            monkeypatch.setattr(mirror, "ARCHIVE_FILES", limit)
            sandbox = await fresh(connection)
            taken.append(await push(root, sandbox))
            await sandbox.kill()
    told(f"push of {count} files: batches, one stream", times[sys.maxsize], times[0])


@pytest.mark.parametrize("count", [100, 10_000])
async def test_a_manifest(connection: Connection, tmp_path: Path, count: int) -> None:
    root = tmp_path.resolve() / "project"
    make_sources(root, count)
    sandbox = await fresh(connection)
    await push(root, sandbox)
    bare, ours = [], []
    for _ in range(ROUNDS):
        bare.append(
            took(
                lambda: subprocess.run(
                    f"find {root} -type f -print0 | xargs -0 sha256sum >/dev/null", shell=True, check=True
                )
            )
        )
        start = time.perf_counter()
        assert len(await SandboxRemote(sandbox).manifest()) > count
        ours.append(time.perf_counter() - start)
    told(f"{count} files: sha256sum here, a manifest", bare, ours)
    await sandbox.kill()
