"""Batches of the sync engine, done in a real sandbox."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from craft_desktop.model.errors import SyncError
from craft_desktop.sandbox.connection import Connection, Sandbox
from craft_desktop.sandbox.launch import PROJECT_DIR
from craft_desktop.sandbox.local_host import LocalHost
from craft_desktop.sync.diff import Batch, FileWrite, LinkWrite
from craft_desktop.workbench.remote import SandboxRemote


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    host = LocalHost(tmp_path / "host")
    sandbox = await Connection(await host.profile()).create(metadata={}, envs={}, timeout_s=60)
    await sandbox.run(f"mkdir {PROJECT_DIR}")
    yield sandbox
    await host.aclose()


async def listing(sandbox: Sandbox) -> list[str]:
    told = (await sandbox.run("find . -mindepth 1 -printf '%y %m %P %l\\0'", cwd=PROJECT_DIR)).stdout
    return sorted(line.strip() for line in told.split("\0") if line)


def write(relpath: str, data: bytes = b"x", *, executable: bool = False) -> FileWrite:
    return FileWrite(relpath, data, len(data), executable)


async def test_a_batch_is_done_in_its_order(sandbox: Sandbox, tmp_path: Path) -> None:
    remote = SandboxRemote(sandbox)
    streamed = tmp_path / "streamed"
    streamed.write_bytes(b"s" * 5_000_000)
    await remote.apply(
        Batch(
            directories=("empty", "-dash"),
            writes=(
                write("a"),
                write("run.sh", executable=True),
                write("new\nline"),
                FileWrite("big", streamed, 5_000_000, False),
            ),
            links=(LinkWrite("link", "a"),),
        )
    )
    assert await listing(sandbox) == [
        "d 755 -dash",
        "d 755 empty",
        "f 644 a",
        "f 644 big",
        "f 644 new\nline",
        "f 755 run.sh",
        "l 777 link a",
    ]
    await remote.apply(
        Batch(
            clears=("a", "empty"),
            directories=("a",),
            writes=(write("a/b"), write("empty"), write("run.sh")),
            deletes=("new\nline", "link", "big", "-dash", "never-there"),
        )
    )
    assert await listing(sandbox) == ["d 755 a", "f 644 a/b", "f 644 empty", "f 644 run.sh"]


async def test_a_folder_in_which_the_sandbox_put_something_stays(sandbox: Sandbox) -> None:
    remote = SandboxRemote(sandbox)
    await remote.apply(Batch(directories=("d",), writes=(write("d/mine"),)))
    await sandbox.run("touch d/theirs", cwd=PROJECT_DIR)
    await remote.apply(Batch(deletes=("d/mine", "d")))
    assert await listing(sandbox) == ["d 755 d", "f 644 d/theirs"]


async def test_ten_thousand_deletes_are_one_batch(sandbox: Sandbox) -> None:
    remote = SandboxRemote(sandbox)
    names = tuple(
        f"{'long-name-' * 15}{number}" for number in range(10_000)
    )  # 1.6 MB of names: no command line holds it
    await remote.apply(Batch(writes=tuple(write(name, b"") for name in names)))
    assert len(await listing(sandbox)) == 10_000
    await remote.apply(Batch(deletes=names))
    assert await listing(sandbox) == []


async def test_what_cannot_be_done_is_told(sandbox: Sandbox) -> None:
    await sandbox.run("touch file", cwd=PROJECT_DIR)
    with pytest.raises(SyncError) as caught:
        await SandboxRemote(sandbox).apply(Batch(directories=("file/below",)))
    assert "file" in caught.value.problem.detail


async def test_a_file_that_cannot_be_read_is_left_to_the_engine(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await SandboxRemote(sandbox).apply(Batch(writes=(FileWrite("gone", tmp_path / "gone", 9, False),)))
