import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from craft_desktop.model.errors import Problem, ProjectError, SandboxUnreachableError, SyncError
from craft_desktop.sync.load import INLINE_BYTES
from craft_desktop.sync.mirror import DOUBT_S, LOST_SOURCES, Mirror, Pushed
from craft_desktop.sync.snapshot import is_racy
from craft_desktop.tasks import Owner
from tests.sync.folder_remote import FolderRemote, tree

LOST = SandboxUnreachableError("Lost", "The line was cut.", "Wait.")


class Pair:
    """A folder, its copy and the mirror between them."""

    def __init__(self, root: Path, copy: Path, pause: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        copy.mkdir()
        self.root = root
        self.remote = FolderRemote(copy)
        self.problems: list[Problem] = []
        self.mirror = Mirror(root, self.remote, self.problems.append, time.monotonic, pause)

    async def push(self, *relpaths: str) -> Pushed:
        return await self.mirror.push(frozenset(relpaths) if relpaths else None, time.monotonic())

    def assert_equal(self) -> None:
        assert tree(self.remote.root) == tree(self.root)


@pytest.fixture
async def owner() -> AsyncIterator[Owner]:
    async with Owner("test") as owner:
        yield owner


@pytest.fixture
def pair(folder: Path, tmp_path: Path) -> Pair:
    return Pair(folder, tmp_path / "copy")


async def test_a_first_push_sends_all_in_one_batch(pair: Pair) -> None:
    (pair.root / "empty").mkdir()
    (pair.root / "run.sh").touch(0o755)
    (pair.root / "link").symlink_to("app")
    result = (await pair.push()).result
    pair.assert_equal()
    assert len(pair.remote.batches) == 1
    assert (result.files, result.deleted, result.revision) == (5, 0, 1)
    assert result.size_bytes == sum(path.stat().st_size for path in pair.root.rglob("*") if path.is_file())
    assert result.changed == tree(pair.root).keys()
    assert result.duration_ms > 0
    newest = max(path.stat().st_mtime for path in pair.root.rglob("*") if path.is_file() and not path.is_symlink())
    assert result.saved_at == pytest.approx(newest, abs=1e-6)
    (pair.root / "run.sh").unlink()
    assert (await pair.push()).result.saved_at is None  # nothing was written


async def test_a_push_of_nothing_sends_nothing(pair: Pair) -> None:
    await pair.push()
    (pair.root / "package.json").touch()
    result = (await pair.push()).result
    assert len(pair.remote.batches) == 1
    assert (result.files, result.changed, result.revision) == (0, frozenset(), 1)


async def test_only_what_differs_is_sent(pair: Pair) -> None:
    await pair.push()
    (pair.root / "app/page.tsx").write_text("two")
    (pair.root / "app/layout.tsx").rename(pair.root / "layout.tsx")
    result = (await pair.push("app/page.tsx", "app/layout.tsx", "layout.tsx")).result
    pair.assert_equal()
    assert (result.files, result.deleted, result.size_bytes) == (2, 1, 3 + (pair.root / "layout.tsx").stat().st_size)
    assert result.changed == {"app/page.tsx", "app/layout.tsx", "layout.tsx"}


async def test_the_same_size_in_the_same_tick_is_sent(pair: Pair) -> None:
    await pair.push()
    path = pair.root / "app/page.tsx"
    for number in range(30):
        path.write_text(f"{number:04}")
        await pair.push("app/page.tsx")
        pair.assert_equal()


async def test_what_the_sandbox_wrote_itself_is_left_alone(pair: Pair) -> None:
    await pair.push()
    (pair.remote.root / "next-env.d.ts").write_text("by next")
    (pair.remote.root / "app/generated").write_text("by next")
    shutil.rmtree(pair.root / "app")
    await pair.push()
    assert tree(pair.remote.root).keys() == {"package.json", "next-env.d.ts", "app", "app/generated"}


async def test_files_that_git_comes_to_ignore_go(pair: Pair) -> None:
    await pair.push()
    (pair.root / ".gitignore").write_text("layout.tsx\n")
    await pair.push()
    assert tree(pair.remote.root).keys() == {".gitignore", "package.json", "app", "app/page.tsx"}


async def test_a_large_file_is_streamed(pair: Pair) -> None:
    with (pair.root / "video.mp4").open("wb") as file:
        file.seek(200 * 1024 * 1024)
        file.write(b"end")
    (pair.root / "small.mp4").write_bytes(bytes(INLINE_BYTES))
    result = (await pair.push()).result
    assert result.size_bytes > 200 * 1024 * 1024
    assert pair.remote.largest_bytes < 2 * INLINE_BYTES
    assert (pair.remote.root / "video.mp4").stat().st_size == 200 * 1024 * 1024 + 3
    with (pair.remote.root / "video.mp4").open("rb") as copied:
        copied.seek(-5, os.SEEK_END)
        assert copied.read() == b"\0\0end"
    os.utime(pair.root / "video.mp4")
    assert not (await pair.push()).result.changed


async def test_memory_is_bounded_whatever_the_size(pair: Pair) -> None:
    (pair.root / "old").touch()
    await pair.push()
    for number in range(20):
        with (pair.root / f"photo{number}").open("wb") as file:
            file.truncate(INLINE_BYTES - 1)
    (pair.root / "old").unlink()
    (pair.root / "link").symlink_to("photo1")
    result = (await pair.push()).result
    pair.assert_equal()
    batches = pair.remote.batches[1:]
    assert len(batches) == 3
    assert pair.remote.largest_bytes <= 36 * 1024 * 1024
    assert [bool(batch.deletes or batch.links) for batch in batches] == [False, False, True]
    assert (result.files, result.deleted, result.revision) == (21, 1, 2)


async def test_a_streamed_file_that_changes_under_way_is_looked_at_again(pair: Pair, owner: Owner) -> None:
    path = pair.root / "large"
    path.write_bytes(bytes(INLINE_BYTES + 1))
    pair.remote.gate.clear()
    pushing = owner.start(pair.push(), name="push", awaited=True)
    await pair.remote.entered.wait()
    path.write_bytes(b"1" * (INLINE_BYTES + 1))
    pair.remote.gate.set()
    assert (await pushing).unstable == ("large",)
    await pair.push("large")
    pair.assert_equal()


async def test_a_streamed_file_that_goes_away_is_looked_at_again(pair: Pair, owner: Owner) -> None:
    path = pair.root / "large"
    path.write_bytes(bytes(INLINE_BYTES + 1))
    pair.remote.gate.clear()
    pushing = owner.start(pair.push(), name="push", awaited=True)
    await pair.remote.entered.wait()
    path.unlink()
    pair.remote.gate.set()
    assert "large" in (await pushing).unstable
    await pair.push()
    pair.assert_equal()


async def test_a_source_lost_again_and_again_is_a_failure(pair: Pair) -> None:
    pair.remote.failures = [FileNotFoundError(2, "No such file", "x")] * LOST_SOURCES
    for _ in range(LOST_SOURCES - 1):
        await pair.push()
    with pytest.raises(SyncError, match="could not be read"):
        await pair.push()


@pytest.mark.parametrize("failure", [LOST, asyncio.CancelledError()], ids=["error", "cancelled"])
async def test_a_push_that_failed_half_way_is_made_good(pair: Pair, failure: BaseException) -> None:
    await pair.push()
    (pair.root / "app/page.tsx").write_text("two")
    (pair.root / "app/layout.tsx").unlink()
    (pair.root / "lib").mkdir()
    (pair.root / "lib/x").write_text("x")
    pair.remote.failures = [failure]
    with pytest.raises(type(failure)):
        await pair.push()
    # Back to what was sent first: by the old knowledge there would be nothing to do.
    shutil.rmtree(pair.root / "lib")
    (pair.root / "app/page.tsx").write_text("export default function Page() { return <h1>one</h1> }\n")
    (pair.root / "app/layout.tsx").write_text("export default ({ children }) => children\n")
    assert pair.mirror.revision == 1
    await pair.push()
    pair.assert_equal()


async def test_what_git_came_to_ignore_goes_after_a_failure_too(pair: Pair) -> None:
    await pair.push()
    (pair.root / ".gitignore").write_text("layout.tsx\n")
    pair.remote.failures = [LOST]
    with pytest.raises(SandboxUnreachableError):
        await pair.push()
    await pair.push()
    assert tree(pair.remote.root).keys() == {".gitignore", "package.json", "app", "app/page.tsx"}


async def test_what_git_ignored_for_a_while_comes_back_after_a_failure(pair: Pair) -> None:
    for name in ("a.log", "b.log", "c.log"):
        (pair.root / name).touch()
    while is_racy((pair.root / "c.log").stat().st_ctime_ns, time.time_ns()):  # ends by itself
        await asyncio.sleep(0.005)
    await pair.push()
    (pair.root / ".gitignore").write_text("*.log\n")
    pair.remote.failures = [LOST]
    with pytest.raises(SandboxUnreachableError):
        await pair.push()
    assert not (pair.remote.root / "c.log").exists()
    # The files never changed, so they look as they did when they were known to be there.
    (pair.root / ".gitignore").unlink()
    await pair.push()
    pair.assert_equal()


async def test_a_problem_is_told_once(pair: Pair) -> None:
    link = pair.root / "app/passwd"
    link.symlink_to("/etc/passwd")
    for _ in range(2):
        await pair.push()
        await pair.push("app/passwd")
    assert len(pair.problems) == 1
    link.unlink()
    await pair.push("app/passwd")
    link.symlink_to("/etc/passwd")
    await pair.push("app/passwd")
    assert len(pair.problems) == 2


async def test_problems_of_many_files_are_told_together(pair: Pair) -> None:
    for number in range(200):
        (pair.root / f"app/l{number:03}").symlink_to("/etc/passwd")
    await pair.push()
    assert [problem.detail for problem in pair.problems] == [
        "app/l000 points outside; it was not sent. So it is with 199 more."
    ]


async def test_a_folder_that_was_emptied_is_not_believed(pair: Pair) -> None:
    await pair.push()
    before = tree(pair.remote.root)
    shutil.rmtree(pair.root / "app")
    (pair.root / "package.json").unlink()
    with pytest.raises(SyncError, match="emptied"):
        await pair.push()
    with pytest.raises(SyncError, match="emptied"):
        await pair.push("app", "package.json")
    pair.root.rmdir()
    with pytest.raises(ProjectError, match="gone"):
        await pair.push("app")
    assert tree(pair.remote.root) == before


async def test_an_empty_folder_may_stay_empty(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    pair = Pair(tmp_path / "project", tmp_path / "copy")
    assert not (await pair.push()).result.changed


async def test_half_a_folder_gone_is_looked_at_twice(folder: Path, tmp_path: Path) -> None:
    async def come_back(seconds: float) -> None:
        # As a tool that writes the whole folder anew.
        assert seconds == DOUBT_S
        for number in range(20):
            (folder / f"f{number}").write_text("new")

    pair = Pair(folder, tmp_path / "copy", come_back)
    for number in range(20):
        (folder / f"f{number}").touch()
    await pair.push()
    for number in range(20):
        (folder / f"f{number}").unlink()
    result = (await pair.push("f1", *(f"f{number}" for number in range(20)))).result
    pair.assert_equal()
    assert (result.files, result.deleted) == (20, 0)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from("abc"), st.sampled_from("12")),
        st.tuples(st.just("delete"), st.sampled_from("abc"), st.just("")),
        st.tuples(st.just("folder"), st.sampled_from("abc"), st.sampled_from("xy")),
        st.tuples(st.just("link"), st.sampled_from("abc"), st.sampled_from("abc")),
        st.tuples(st.just("execute"), st.sampled_from("abc"), st.just("")),
        st.tuples(st.just("rename"), st.sampled_from("abc"), st.sampled_from("abc")),
        st.tuples(st.just("push"), st.just(""), st.just("")),
        st.tuples(st.just("fail"), st.just(""), st.just("")),
    ),
    max_size=25,
)


def edit(root: Path, act: str, name: str, other: str) -> None:
    path = root / name
    is_folder = path.is_dir() and not path.is_symlink()
    if act == "rename":
        target = root / other
        if (path.exists() or path.is_symlink()) and path != target:
            edit(root, "delete", other, "")
            path.rename(target)
        return
    if act == "execute":
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode ^ 0o100)
        return
    if act == "write" and is_folder:
        (path / "inner").write_text(other)
        return
    if act == "folder" and is_folder:
        if not (path / other).exists():
            (path / other).mkdir()
        return
    if act == "write" and path.is_file() and not path.is_symlink():
        path.write_text(other)
        return
    if is_folder:
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    if act == "write":
        path.write_text(other)
    elif act == "folder":
        path.mkdir()
        (path / other).touch()
    elif act == "link":
        path.symlink_to(other)


@settings(max_examples=100, deadline=None)  # on a real disk
@given(STEPS)
def test_whatever_happens_the_copy_ends_equal(steps: list[tuple[str, str, str]]) -> None:
    async def play() -> None:
        with tempfile.TemporaryDirectory() as place:
            root = Path(place).resolve() / "project"
            root.mkdir()
            (root / "package.json").write_text("{}")
            pair = Pair(root, Path(place) / "copy")
            touched: set[str] = set()
            for act, name, other in steps:
                if act in ("push", "fail"):
                    pair.remote.failures = [LOST] if act == "fail" else []
                    told, touched = touched, set()
                    try:
                        await pair.push(*told)
                        pair.assert_equal()
                    except SandboxUnreachableError:
                        pair.remote.failures = []
                else:
                    edit(root, act, name, other)
                    touched |= {name, other} if act == "rename" else {name}
            pair.remote.failures = []
            await pair.push()
            pair.assert_equal()

    asyncio.run(play())
