import ctypes
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.sync.folder_remote import Running

NOBODY = 65534  # owns nothing, on every Linux


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small project."""
    root = tmp_path / "project"
    (root / "app").mkdir(parents=True)
    (root / "package.json").write_text('{"name": "x"}')
    (root / "app/page.tsx").write_text("export default function Page() { return <h1>one</h1> }\n")
    (root / "app/layout.tsx").write_text("export default ({ children }) => children\n")
    return root


@pytest.fixture
async def running(folder: Path, tmp_path: Path) -> AsyncIterator[Running]:
    """The small project, being kept equal."""
    copy = tmp_path / "copy"
    copy.mkdir()
    sync = Running(folder, copy)
    await sync.start()
    yield sync
    await sync.aclose()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user of the machine may enter, unlike pytest's own."""
    root = Path(tempfile.mkdtemp(prefix="craft-sync-"))
    root.chmod(0o755)
    yield root
    shutil.rmtree(root)


@pytest.fixture
def as_ordinary_user() -> Iterator[Callable[[], None]]:
    """Take root's right to read everything from this thread, from the call to the test's end.

    Linux keeps the user for file access per thread (setfsuid(2)), and its capabilities with it.
    """
    libc = ctypes.CDLL(None)
    is_root = os.geteuid() == 0
    yield lambda: libc.setfsuid(NOBODY) if is_root else None
    libc.setfsuid(os.geteuid())
