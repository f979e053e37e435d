"""A folder on disk that stands for the sandbox, and the wait for it to become equal."""

import asyncio
import hashlib
import io
import os
import shutil
import stat
import tarfile
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path

from craft_desktop.model.errors import Problem
from craft_desktop.sync.archive import Archive
from craft_desktop.sync.diff import Batch, FileWrite
from craft_desktop.sync.engine import SyncEngine
from craft_desktop.sync.mirror import PushResult
from craft_desktop.sync.snapshot import DIRECTORY, Entry, Kind
from craft_desktop.sync.state import SyncState, Verification
from craft_desktop.tasks import Owner

PATIENCE_S = 20.0  # far beyond what any of it takes, on a machine that is busy with other tests

Tree = dict[str, tuple[object, ...]]


def tree(root: Path) -> Tree:
    """Everything in a folder that a sync must carry over."""
    found: Tree = {}
    for at, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(at, name)
            relpath = path.relative_to(root).as_posix()
            if path.is_symlink():
                found[relpath] = ("link", str(path.readlink()))
            elif path.is_dir():
                found[relpath] = ("directory",)
            elif path.is_file():
                found[relpath] = ("file", path.read_bytes(), bool(path.stat().st_mode & stat.S_IXUSR))
    return found


class FolderRemote:
    """Carries out batches as strictly as the contract of `Batch` is worded.

    :param failures: raised by the next calls of `apply`, one each, after half of the batch is done.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.batches: list[Batch] = []
        self.failures: list[BaseException] = []
        self.applied = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()
        self.largest_bytes = 0
        self.archives = 0
        self.manifests = 0
        self.manifest_failures: list[BaseException] = []

    async def apply_archive(self, archive: Archive) -> None:
        self.entered.set()
        await self.gate.wait()
        failure = self.failures.pop(0) if self.failures else None
        pieces = archive.pieces()
        if failure:
            # The line broke: nothing of it is there.
            next(pieces)
            raise failure
        self.archives += 1
        packed = b"".join(pieces)
        with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as unpacked:
            unpacked.extractall(self.root, filter="tar")
        self.applied.set()

    async def manifest(self) -> Mapping[str, Entry]:
        self.manifests += 1
        if self.manifest_failures:
            raise self.manifest_failures.pop(0)
        found: dict[str, Entry] = {}
        for relpath, (kind, *facts) in tree(self.root).items():
            if kind == "link":
                found[relpath] = Entry(Kind.LINK, target=str(facts[0]))
            elif kind == "directory":
                found[relpath] = DIRECTORY
            else:
                content, executable = facts
                assert isinstance(content, bytes)
                found[relpath] = Entry(
                    Kind.FILE, executable=bool(executable), sha256=hashlib.sha256(content).hexdigest()
                )
        return found

    async def apply(self, batch: Batch) -> None:
        assert batch, "an empty order"
        self.entered.set()
        await self.gate.wait()
        self.batches.append(batch)
        self.largest_bytes = max(
            self.largest_bytes, sum(len(write.source) for write in batch.writes if isinstance(write.source, bytes))
        )
        failure = self.failures.pop(0) if self.failures else None
        steps = self._steps(batch)
        for step in steps[: len(steps) // 2] if failure else steps:
            step()
        if failure:
            raise failure
        self.applied.set()

    def _steps(self, batch: Batch) -> list[Callable[[], None]]:
        root = self.root
        return [
            *(partial(self._clear, root / relpath) for relpath in batch.clears),
            *(partial(self._make, root / relpath) for relpath in batch.directories),
            *(partial(self._write, root / write.relpath, write) for write in batch.writes),
            *(partial(self._link, root / link.relpath, link.target) for link in batch.links),
            *(partial(self._delete, root / relpath) for relpath in batch.deletes),
        ]

    @staticmethod
    def _clear(path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    @staticmethod
    def _make(path: Path) -> None:
        # The folder above must be there, and nothing else in its place.
        if not path.is_dir():
            path.mkdir()

    @staticmethod
    def _write(path: Path, write: FileWrite) -> None:
        assert not path.is_symlink(), f"{path} would be written through a link"
        if isinstance(write.source, bytes):
            path.write_bytes(write.source)
        else:
            shutil.copyfile(write.source, path)
        path.chmod(0o755 if write.executable else 0o644)

    @staticmethod
    def _link(path: Path, target: str) -> None:
        assert not Path(target).is_absolute()
        if path.is_symlink() and str(path.readlink()) == target:
            return
        path.symlink_to(target)

    @staticmethod
    def _delete(path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        else:
            path.unlink(missing_ok=True)


class Running:
    """An engine that runs, the folder and its copy."""

    def __init__(self, root: Path, copy: Path, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        self.root = root
        self.remote = FolderRemote(copy)
        self.pushed: list[PushResult] = []
        self.problems: list[Problem] = []
        self.verified: list[Verification] = []
        self.states: list[SyncState] = []
        self.engine = SyncEngine(
            root,
            self.remote,
            on_pushed=self.pushed.append,
            on_problem=self.problems.append,
            on_verified=self.verified.append,
            on_state=self.states.append,
            pause=pause,
        )
        self._owner = Owner("test")
        self.task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Run, and wait until the copy is equal and changes are noticed."""
        self.task = self._owner.start(self.engine.run(), name="sync", awaited=True)
        await self.is_equal()
        # The first of these may still be found by the pushes that a run begins with, the second by a hint alone.
        probe = self.root / "probe"
        probe.touch()
        await self.is_equal()
        probe.unlink()
        await self.is_equal()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds."""
        end = time.monotonic() + PATIENCE_S
        while not holds():
            if self.task is not None and self.task.done():
                await self.task
            assert time.monotonic() < end, "it did not come to hold"
            await asyncio.sleep(0.005)

    async def is_equal(self) -> None:
        """Wait until folder and copy are equal."""
        end = time.monotonic() + PATIENCE_S
        while tree(self.root) != tree(self.remote.root):
            if self.task is not None and self.task.done():
                await self.task
            assert time.monotonic() < end, _differences(tree(self.root), tree(self.remote.root))
            await asyncio.sleep(0.01)

    async def aclose(self) -> None:
        """End the run."""
        await self._owner.aclose()


def _differences(wanted: Tree, found: Tree) -> str:
    lines = [f"lacks {relpath}" for relpath in wanted.keys() - found.keys()]
    lines += [f"has {relpath}" for relpath in found.keys() - wanted.keys()]
    lines += [f"differs in {relpath}" for relpath in wanted.keys() & found.keys() if wanted[relpath] != found[relpath]]
    return "\n".join(lines)
