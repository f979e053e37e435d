"""Batches of the sync engine, done in a real sandbox."""

import asyncio
import dataclasses
import hashlib
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest

from craft_desktop.model.errors import SyncError
from craft_desktop.model.project import Provider
from craft_desktop.sandbox.connection import Connection, Sandbox
from craft_desktop.sandbox.launch import PROJECT_DIR
from craft_desktop.sandbox.local_host import LocalHost
from craft_desktop.sync.archive import Archive
from craft_desktop.sync.diff import Batch, Difference, FileWrite, LinkWrite, compare
from craft_desktop.sync.load import read_file
from craft_desktop.sync.scan import scan
from craft_desktop.sync.snapshot import Entry, Kind
from craft_desktop.workbench import remote as remote_module
from craft_desktop.workbench.remote import SandboxRemote


@pytest.fixture
def provider() -> Provider:
    return Provider.LOCAL


# For what is done otherwise where a line lies between.
BOTH = pytest.mark.parametrize("provider", list(Provider))


@pytest.fixture
async def sandbox(tmp_path: Path, provider: Provider) -> AsyncIterator[Sandbox]:
    host = LocalHost(tmp_path / "host")
    profile = dataclasses.replace(await host.profile(), provider=provider)
    sandbox = await Connection(profile).create(metadata={}, envs={}, timeout_s=60)
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


FILES = ["f 644 a/b/f", "f 644 d/x"]
HOSTILE = ["-rf", "new\nline", 'dou"ble', "it's", "$HOME", "`id`", "日本語", "a" * 255, "é/" * 60 + "deep", "*", " "]


def archive_of(root: Path) -> Archive:
    return Archive(root, compare({}, scan(root, {}).snapshot), {})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "folder"
    (root / "empty").mkdir(parents=True)
    for name in HOSTILE:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "run.sh").touch(0o755)
    (root / "binary.png").write_bytes(os.urandom(300_000))
    (root / "large").write_bytes(os.urandom(1000) * 5000)
    (root / "link").symlink_to("run.sh")
    (root / "dangling").symlink_to("empty/none")
    (root / "incoming").mkdir()
    (root / "incoming/f").write_text("of the name that it is unpacked under")
    return root


def told(entries: Mapping[str, Entry]) -> dict[str, tuple[object, ...]]:
    return {at: (entry.kind, entry.sha256, entry.executable, entry.target) for at, entry in entries.items()}


def wanted(root: Path) -> dict[str, tuple[object, ...]]:
    read = {at: read_file(root / at) if entry.kind is Kind.FILE else None for at, entry in walked(root).items()}
    return told({at: found[0] if (found := read[at]) else entry for at, entry in walked(root).items()})


def walked(root: Path) -> Mapping[str, Entry]:
    return scan(root, {}).snapshot


@BOTH
async def test_an_archive_brings_everything_and_the_manifest_tells_it(sandbox: Sandbox, folder: Path) -> None:
    remote = SandboxRemote(sandbox)
    await remote.apply_archive(archive_of(folder))
    assert told(await remote.manifest()) == wanted(folder)
    left = (await sandbox.run("find .craft -mindepth 1 ! -name 'manifest.*' -size +0")).stdout
    assert left == ""


async def test_manifests_asked_for_at_once_are_whole(sandbox: Sandbox) -> None:
    remote = SandboxRemote(sandbox)
    await remote.apply(Batch(writes=tuple(write(f"{number % 40}/{number}", os.urandom(64)) for number in range(2000))))
    told = await asyncio.gather(*(remote.manifest() for _ in range(6)))
    assert all(len(manifest) == 2040 for manifest in told)


async def test_manifests_that_nobody_reads_any_more_are_removed(sandbox: Sandbox) -> None:
    remote = SandboxRemote(sandbox)
    await sandbox.run("mkdir .craft && touch -d '-10 minutes' .craft/manifest.old && touch .craft/manifest.new")
    await asyncio.gather(remote.manifest(), remote.manifest())
    await remote.manifest()
    left = (await sandbox.run("ls .craft")).stdout.split()
    assert "manifest.new" in left and "manifest.old" not in left
    assert len(left) == 2


async def test_folders_that_no_file_makes_are_made(sandbox: Sandbox) -> None:
    await SandboxRemote(sandbox).apply(
        Batch(directories=("a", "a/b", "a/b/empty", "c", "d"), writes=(write("a/b/f"), write("d/x")))
    )
    assert await listing(sandbox) == ["d 755 a", "d 755 a/b", "d 755 a/b/empty", "d 755 c", "d 755 d", *FILES]


async def test_lists_go_into_the_command_or_by_file_alike(
    sandbox: Sandbox, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in (remote_module.INLINE_BYTES, 0):
        monkeypatch.setattr(remote_module, "INLINE_BYTES", limit)
        remote = SandboxRemote(sandbox)
        links = tuple(LinkWrite(f"to{number}", name) for number, name in enumerate(HOSTILE))
        folders = tuple(f"d/{name}" for name in HOSTILE)
        await remote.apply(Batch(directories=folders, links=links))
        held = await remote.manifest()
        assert {entry.target for entry in held.values() if entry.kind is Kind.LINK} == set(HOSTILE)
        assert set(folders) <= held.keys()
        await remote.apply(Batch(clears=folders, deletes=tuple(link.relpath for link in links)))
        held = await remote.manifest()
        assert not set(folders) & held.keys()
        assert all(entry.kind is Kind.DIRECTORY for entry in held.values())


@BOTH
async def test_only_where_a_line_lies_between_an_archive_is_packed(
    sandbox: Sandbox, folder: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[bytes] = []
    write_pieces = sandbox.write_pieces

    async def heard(path: str, pieces: Iterator[bytes]) -> None:
        sent.extend(pieces)
        await write_pieces(path, iter(sent))

    monkeypatch.setattr(sandbox, "write_pieces", heard)
    await SandboxRemote(sandbox).apply_archive(archive_of(folder))
    assert (sent[0][:2] == b"\x1f\x8b") is (provider is Provider.E2B)


async def test_an_archive_of_files_that_all_vanished_changes_nothing(sandbox: Sandbox, folder: Path) -> None:
    await sandbox.run("touch theirs", cwd=PROJECT_DIR)
    await SandboxRemote(sandbox).apply_archive(Archive(folder, Difference(), {}))
    assert await listing(sandbox) == ["f 644 theirs"]


async def test_what_an_archive_left_half_unpacked_is_no_part_of_the_next(sandbox: Sandbox, folder: Path) -> None:
    await sandbox.run("mkdir -p .craft/incoming.old/app && touch .craft/incoming.old/app/stale")
    await SandboxRemote(sandbox).apply_archive(archive_of(folder))
    assert told(await SandboxRemote(sandbox).manifest()) == wanted(folder)
    assert (await sandbox.run("ls -d .craft/incoming*")).stdout == ""


async def test_an_archive_joins_what_is_there(sandbox: Sandbox, folder: Path) -> None:
    remote = SandboxRemote(sandbox)
    await sandbox.run("mkdir -p node_modules/x empty && echo theirs > empty/own && echo old > run.sh", cwd=PROJECT_DIR)
    await remote.apply_archive(archive_of(folder))
    manifest = await remote.manifest()
    assert told({at: entry for at, entry in manifest.items() if at != "empty/own"}) == wanted(folder)
    assert "empty/own" in manifest
    assert (await sandbox.run("ls -d node_modules/x", cwd=PROJECT_DIR)).exit_code == 0


async def test_names_of_any_bytes_are_told_and_can_be_deleted(sandbox: Sandbox) -> None:
    remote = SandboxRemote(sandbox)
    await sandbox.run(
        r"mkdir $'caf\xe9'; echo x > $'caf\xe9/\x01\xff\n'; mkfifo pipe; ln -s $'\xfe' l", cwd=PROJECT_DIR
    )
    manifest = await remote.manifest()
    name = os.fsdecode(b"caf\xe9/\x01\xff\n")
    assert manifest[name].sha256 == hashlib.sha256(b"x\n").hexdigest()
    assert manifest["l"].target == os.fsdecode(b"\xfe")
    assert manifest["pipe"].kind is Kind.UNCERTAIN
    await remote.apply(Batch(deletes=(name, os.fsdecode(b"caf\xe9"), "l", "pipe")))
    assert await listing(sandbox) == []


async def test_what_is_never_sent_is_not_told(sandbox: Sandbox) -> None:
    await sandbox.run("mkdir -p a/node_modules/x .next/y .git; touch a/node_modules/x/z .next/y/z a/z", cwd=PROJECT_DIR)
    assert (await SandboxRemote(sandbox).manifest()).keys() == {"a", "a/z"}


async def test_an_execute_bit_that_drifted_is_taken_away(sandbox: Sandbox) -> None:
    remote = SandboxRemote(sandbox)
    await remote.apply(Batch(writes=(write("a"),)))
    await sandbox.run("chmod +x a", cwd=PROJECT_DIR)
    assert (await remote.manifest())["a"].executable
    await remote.apply(Batch(writes=(write("a"),)))
    assert await listing(sandbox) == ["f 644 a"]


async def test_a_stream_that_breaks_off_leaves_nothing_and_is_sent_again(sandbox: Sandbox, folder: Path) -> None:
    class Broken(Archive):
        def pieces(self, *, packed: bool = True) -> Iterator[bytes]:
            yield next(super().pieces(packed=packed))
            raise ConnectionResetError(104, "reset")

    remote = SandboxRemote(sandbox)
    difference = compare({}, scan(folder, {}).snapshot)
    with pytest.raises(ConnectionResetError):
        await remote.apply_archive(Broken(folder, difference, {}))
    assert await listing(sandbox) == []
    archive = Archive(folder, difference, {})
    await remote.apply_archive(archive)
    await remote.apply_archive(archive)
    assert told(await remote.manifest()) == wanted(folder)


@BOTH
async def test_an_archive_that_cannot_be_unpacked_leaves_nothing(sandbox: Sandbox, folder: Path) -> None:
    class Cut(Archive):
        def pieces(self, *, packed: bool = True) -> Iterator[bytes]:
            whole = b"".join(super().pieces(packed=packed))
            yield whole[: len(whole) // 2]

    with pytest.raises(SyncError):
        await SandboxRemote(sandbox).apply_archive(Cut(folder, compare({}, scan(folder, {}).snapshot), {}))
    assert await listing(sandbox) == []
    assert (await sandbox.run("ls -A .craft")).stdout == ""
