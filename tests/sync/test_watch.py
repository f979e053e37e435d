import asyncio
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextvars import Context
from pathlib import Path

import pytest

from craft_desktop.sync.watch import FolderWatch, InotifyWatch, Sign, Told, TreeWatch, watch_folder
from tests.sync.folder_remote import PATIENCE_S

Open = Callable[..., "Ears"]


class Ears:
    """What a watch tells."""

    def __init__(self, kind: Callable[..., FolderWatch], root: Path) -> None:
        self.told: list[Told] = []
        self.threads: set[int] = set()
        self.root = root
        self.watch = kind(root, asyncio.get_running_loop(), self.hear)

    def hear(self, told: list[Told]) -> None:
        self.threads.add(threading.get_ident())
        self.told += told

    async def hears(self, relpath: str, *signs: Sign) -> None:
        end = time.monotonic() + PATIENCE_S
        while not any(told.relpath == relpath and told.sign in (signs or tuple(Sign)) for told in self.told):
            assert time.monotonic() < end, f"{relpath} was not told, only {self.told}"
            await asyncio.sleep(0.005)


@pytest.fixture
def listen(folder: Path) -> Iterator[Open]:
    opened: list[Ears] = []

    def open_ears(kind: Callable[..., FolderWatch] = watch_folder, root: Path = folder) -> Ears:
        opened.append(Ears(kind, root))
        return opened[-1]

    yield open_ears
    for ears in opened:
        ears.watch.close()
    assert not [thread for thread in threading.enumerate() if "notify" in thread.name.lower()]


@pytest.mark.parametrize("kind", [InotifyWatch, TreeWatch])
async def test_every_kind_of_change_is_told(folder: Path, listen: Open, kind: Callable[..., FolderWatch]) -> None:
    ears = listen(kind)
    ears.watch.cover(["app"])
    (folder / "app/page.tsx").write_text("two")
    await ears.hears("app/page.tsx", Sign.SAVED)
    (folder / "app/new").touch()
    await ears.hears("app/new")
    (folder / "app/folder").mkdir()
    await ears.hears("app/folder", Sign.CHANGED)
    (folder / "app/layout.tsx").rename(folder / "app/moved.tsx")
    await ears.hears("app/moved.tsx", Sign.SAVED)
    await ears.hears("app/layout.tsx", Sign.CHANGED)
    (folder / "app/link").symlink_to("new")
    await ears.hears("app/link")
    (folder / "app/page.tsx").unlink()
    (folder / "package.json").unlink()
    await ears.hears("package.json", Sign.CHANGED)
    assert ears.threads == {threading.get_ident()}


@pytest.mark.parametrize("kind", [InotifyWatch, TreeWatch])
async def test_names_of_every_kind(folder: Path, listen: Open, kind: Callable[..., FolderWatch]) -> None:
    ears = listen(kind)
    for name in ("with space", "it's", "new\nline", "日本語", os.fsdecode(b"caf\xe9")):
        (folder / name).touch()
        await ears.hears(name)


@pytest.mark.parametrize("kind", [InotifyWatch, TreeWatch])
async def test_what_is_never_sent_is_never_told(folder: Path, listen: Open, kind: Callable[..., FolderWatch]) -> None:
    for name in ("node_modules", ".next", ".git"):
        (folder / name).mkdir()
    ears = listen(kind)
    ears.watch.cover(["app"])
    for name in ("node_modules", ".next", ".git"):
        (folder / name / "x").touch()
        (folder / "app" / name).mkdir()
    (folder / "last").touch()
    await ears.hears("last")
    assert {told.relpath for told in ears.told} == {"last"}


async def test_what_is_covered_is_given_once(folder: Path, listen: Open) -> None:
    (folder / "app/deep").mkdir()
    watch = listen().watch
    assert watch.cover(["app", "app/deep", "gone", "package.json"]) == {"app", "app/deep"}
    assert watch.cover(["app", "app/deep"]) == frozenset()


async def test_a_folder_that_moved_is_new(folder: Path, listen: Open) -> None:
    ears = listen()
    (folder / "app/deep").mkdir()
    ears.watch.cover(["app", "app/deep"])
    (folder / "app").rename(folder / "src")
    (folder / "app").mkdir()
    await ears.hears("src")
    assert ears.watch.cover(["app", "src", "src/deep"]) == {"app", "src", "src/deep"}
    (folder / "src/deep/x").touch()
    await ears.hears("src/deep/x")
    (folder / "app/y").touch()
    await ears.hears("app/y")
    assert not any(told.relpath.startswith("app/deep") for told in ears.told)


async def test_a_folder_made_again_is_new(folder: Path, listen: Open) -> None:
    ears = listen()
    ears.watch.cover(["app"])
    shutil.rmtree(folder / "app")
    await ears.hears("app")
    (folder / "app").mkdir()
    ears.told.clear()
    await asyncio.sleep(0)
    assert ears.watch.cover(["app"]) == {"app"}


@pytest.mark.parametrize("kind", [InotifyWatch, TreeWatch])
async def test_the_root_itself_vanishing_is_told(folder: Path, listen: Open, kind: Callable[..., FolderWatch]) -> None:
    ears = listen(kind)
    shutil.rmtree(folder)
    await ears.hears("", Sign.ROOT_LOST)


async def test_the_root_moving_away_is_told(folder: Path, listen: Open) -> None:
    ears = listen()
    folder.rename(folder.with_name("elsewhere"))
    await ears.hears("", Sign.ROOT_LOST)


async def test_a_root_that_is_not_there(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        watch_folder(folder / "gone", asyncio.get_running_loop(), lambda told: None)
    assert not [thread for thread in threading.enumerate() if "notify" in thread.name.lower()]


async def test_nothing_is_told_after_the_end(folder: Path) -> None:
    ears = Ears(watch_folder, folder)
    (folder / "x").touch()
    ears.watch.close()
    await asyncio.sleep(0)
    assert ears.told == []


class BusyLoop(asyncio.SelectorEventLoop):
    """A loop that keeps whoever wakes it waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.is_free = threading.Event()

    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.Handle:
        assert self.is_free.wait(PATIENCE_S)
        return super().call_soon_threadsafe(callback, *args, context=context)


def test_hints_that_were_lost_are_told(folder: Path) -> None:
    queue = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    loop = BusyLoop()
    told: list[Told] = []
    watch = InotifyWatch(folder, loop, told.extend)
    for _ in range(queue // 2):  # three events each; about 2,000 are read before the reader has to wait
        (folder / "x").touch()
        (folder / "x").unlink()
    loop.is_free.set()
    end = time.monotonic() + PATIENCE_S
    while not any(hint.sign is Sign.OVERFLOWED for hint in told):
        assert time.monotonic() < end
        loop.run_until_complete(asyncio.sleep(0.01))
    watch.close()
    loop.close()
    assert sum(hint.sign is Sign.OVERFLOWED for hint in told) == 1


def in_namespace(limit: str, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script where the kernel grants less, in a user namespace of its own."""
    shell = f'{limit} && exec "$0" -c "$@"'
    command = ["unshare", "-Ur", "sh", "-c", shell, sys.executable, script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=dict(os.environ))
    if "unshare" in done.stderr or "Permission denied" in done.stderr.partition("Traceback")[0]:
        pytest.skip(f"user namespaces: {done.stderr.strip()}")
    return done


LIMIT = """
import asyncio, pathlib, sys
from craft_desktop.sync.watch import watch_folder

async def main():
    root = pathlib.Path(sys.argv[1])
    watch = watch_folder(root, asyncio.get_running_loop(), print)
    try:
        watch.cover([path.name for path in root.iterdir() if path.is_dir()])
    except OSError as error:
        print(error.errno, error.strerror)
    watch.close()

asyncio.run(main())
"""


def test_the_limit_of_watches_is_an_error(folder: Path) -> None:
    for number in range(20):
        (folder / f"d{number}").mkdir()
    done = in_namespace("echo 10 > /proc/sys/user/max_inotify_watches", LIMIT, str(folder))
    assert done.stdout == "28 inotify watch limit reached\n", done.stderr


def test_the_limit_of_instances_is_an_error(folder: Path) -> None:
    done = in_namespace("echo 0 > /proc/sys/user/max_inotify_instances", LIMIT, str(folder))
    assert "OSError: [Errno 24] inotify instance limit reached" in done.stderr
