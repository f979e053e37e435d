import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from craft_desktop.model.errors import (
    CraftError,
    SandboxBusyError,
    SandboxGoneError,
    SandboxUnreachableError,
)
from craft_desktop.sync.engine import BULK_FILES, RETRY_FIRST_S, RETRY_LIMIT_S
from craft_desktop.sync.state import HaltReason
from tests.sync.folder_remote import PATIENCE_S, Running, tree

NEW = "export default function Page() { return <h1>two</h1> }\n"


def save_in_place(page: Path) -> None:
    """VS Code, nano."""
    with page.open("r+") as file:
        file.truncate()
        file.write(NEW)


def save_like_vim(page: Path) -> None:
    """vim with its default `backupcopy=auto`: probe, backup by rename, new file, backup away."""
    probe = page.with_name("4913")
    probe.touch()
    probe.chmod(0o644)
    probe.unlink()
    backup = page.with_name(f"{page.name}~")
    page.rename(backup)
    with page.open("w") as file:
        file.write(NEW)
        file.flush()
        os.fsync(file.fileno())
    page.chmod(0o644)
    backup.unlink()


def save_like_jetbrains(page: Path) -> None:
    """The "safe write" of IntelliJ and WebStorm."""
    temporary = page.with_name(f"{page.name}___jb_tmp___")
    old = page.with_name(f"{page.name}___jb_old___")
    temporary.write_text(NEW)
    page.rename(old)
    temporary.rename(page)
    old.unlink()


def save_like_sublime(page: Path) -> None:
    """`atomic_save`: a temporary file over the old one."""
    temporary = page.with_name(".subl1f2.tmp")
    temporary.write_text(NEW)
    temporary.replace(page)


def save_like_vscode_as_another(page: Path) -> None:
    """VS Code's "save as root" and its atomic saves: written beside with a random name, then renamed."""
    temporary = page.with_name(".page.tsx.vsctmp")
    temporary.write_text(NEW)
    temporary.chmod(page.stat().st_mode)
    temporary.replace(page)


def save_like_npm(page: Path) -> None:
    """write-file-atomic, as `npm version` and `npm install` save package.json: written beside, flushed, renamed."""
    temporary = page.with_name(f"{page.name}.1234567890")
    with temporary.open("w") as file:
        file.write(NEW)
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(0o644)
    temporary.rename(page)


def save_like_gedit(page: Path) -> None:
    """GIO: a temporary file, a backup by hard link, a rename."""
    temporary = page.with_name(".goutputstream-A1B2C3")
    temporary.write_text(NEW)
    backup = page.with_name(f"{page.name}~")
    backup.hardlink_to(page)
    temporary.replace(page)
    backup.unlink()


def save_like_emacs(page: Path) -> None:
    """A lock that is a dangling link, then a backup by rename."""
    lock = page.with_name(f".#{page.name}")
    lock.symlink_to("someone@somewhere.1:1")
    backup = page.with_name(f"{page.name}~")
    page.rename(backup)
    page.write_text(NEW)
    lock.unlink()
    backup.unlink()


@pytest.mark.parametrize(
    "save",
    [
        save_in_place,
        save_like_vim,
        save_like_vscode_as_another,
        save_like_jetbrains,
        save_like_sublime,
        save_like_npm,
        save_like_gedit,
        save_like_emacs,
    ],
)
async def test_an_editor_saves(running: Running, save: Callable[[Path], None]) -> None:
    page = running.root / "app/page.tsx"
    save(page)
    await running.until(lambda: (running.remote.root / "app/page.tsx").read_text() == NEW)
    await running.is_equal()
    # The page was never away, and nothing of the dance was left over there.
    assert not any("app/page.tsx" in (*batch.deletes, *batch.clears) for batch in running.remote.batches)
    assert tree(running.remote.root).keys() == {"package.json", "app", "app/page.tsx", "app/layout.tsx"}


@pytest.mark.parametrize("options", ["backupcopy=auto", "backupcopy=yes", "backup backupcopy=no"])
async def test_the_real_vim_saves(running: Running, options: str) -> None:
    commands = [f"set {options}", "%s/one/two/", "w", "qa!"]
    arguments = [argument for command in commands for argument in ("-c", command)]
    vim = await asyncio.create_subprocess_exec("vim", "-Nu", "NONE", "-es", *arguments, running.root / "app/page.tsx")
    assert await vim.wait() == 0
    await running.is_equal()
    assert (running.remote.root / "app/page.tsx").read_text() == NEW
    assert not any("app/page.tsx" in (*batch.deletes, *batch.clears) for batch in running.remote.batches)
    assert not any(".swp" in relpath for batch in running.remote.batches for relpath in batch.relpaths)


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *identity, "-C", root, *arguments], check=True, capture_output=True, env=environment)


async def test_a_branch_switch(running: Running) -> None:
    root = running.root
    for number in range(300):
        (root / f"app/{number}").mkdir()
        (root / f"app/{number}/page.tsx").write_text(f"one {number}")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    git(root, "checkout", "-qb", "other")
    for number in range(0, 300, 3):
        (root / f"app/{number}/page.tsx").write_text(f"two {number}")
        shutil.rmtree(root / f"app/{number + 1}")
        (root / f"app/{number + 2}/page.tsx").rename(root / f"app/{number + 2}.tsx")
    git(root, "add", ".")
    git(root, "commit", "-qm", "two")
    await running.until(lambda: not any(".git" in relpath for relpath in tree(running.remote.root)))
    await _equal_but_git(running)
    for branch in ("main", "other", "main"):
        before = len(running.remote.batches)
        git(root, "checkout", "-q", branch)
        await _equal_but_git(running)
        # Not file by file: one at once, then what came within the limit.
        assert len(running.remote.batches) - before < 12


async def test_a_stash_and_back(running: Running) -> None:
    root = running.root
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    (root / "app/page.tsx").write_text("work in progress")
    (root / "app/new.tsx").write_text("untracked")
    (root / "app/layout.tsx").unlink()
    await _equal_but_git(running)
    git(root, "stash", "-q", "--include-untracked")
    await _equal_but_git(running)
    assert not (running.remote.root / "app/new.tsx").exists()
    git(root, "stash", "pop", "-q")
    await _equal_but_git(running)
    assert (running.remote.root / "app/page.tsx").read_text() == "work in progress"


@pytest.mark.node
async def test_the_real_npm_changes_the_version(running: Running) -> None:
    (running.root / "package.json").write_text('{"name": "x", "version": "1.0.0"}')
    await running.is_equal()
    npm = await asyncio.create_subprocess_exec(
        *("npm", "version", "patch", "--no-git-tag-version"), cwd=running.root, stdout=subprocess.DEVNULL
    )
    assert await npm.wait() == 0
    await running.until(lambda: "1.0.1" in (running.remote.root / "package.json").read_text())
    await running.is_equal()
    assert not any("package.json" in (*batch.deletes, *batch.clears) for batch in running.remote.batches)


async def test_a_rename_of_case_alone(running: Running) -> None:
    (running.root / "app/page.tsx").rename(running.root / "app/Page.tsx")
    await running.is_equal()
    (running.root / "app").rename(running.root / "App")
    await running.is_equal()


async def _equal_but_git(running: Running) -> None:
    def is_equal() -> bool:
        wanted = {at: what for at, what in tree(running.root).items() if at.partition("/")[0] != ".git"}
        return wanted == tree(running.remote.root)

    await running.until(is_equal)


async def test_folders_come_move_and_go(running: Running) -> None:
    root = running.root
    (root / "a/b/c").mkdir(parents=True)
    (root / "a/b/c/x").write_text("x")
    await running.is_equal()
    (root / "a/b/c/y").write_text("y")
    await running.is_equal()
    (root / "a/b").rename(root / "moved")
    (root / "moved/c/x").write_text("x again")
    await running.is_equal()
    (root / "moved/c/z").write_text("z")
    await running.is_equal()
    (root / "a/b").mkdir()
    (root / "a/b/new").touch()
    await running.is_equal()
    shutil.rmtree(root / "moved")
    (root / "moved").write_text("a file now")
    await running.is_equal()
    (root / "moved").unlink()
    (root / "moved").symlink_to("app")
    (root / "app/page.tsx").chmod(0o755)
    await running.is_equal()
    (root / "empty").mkdir()
    await running.is_equal()


async def test_a_folder_moved_in_whole(running: Running, tmp_path: Path) -> None:
    (tmp_path / "kit/deep").mkdir(parents=True)
    (tmp_path / "kit/deep/x").touch()
    (tmp_path / "kit").rename(running.root / "kit")
    await running.is_equal()
    (running.root / "kit/deep/y").touch()
    await running.is_equal()


async def test_what_happens_in_a_new_folder_before_it_is_watched(running: Running) -> None:
    running.remote.entered.clear()
    running.remote.gate.clear()
    (running.root / "new").mkdir()
    await running.remote.entered.wait()
    (running.root / "new/x").touch()
    running.remote.gate.set()
    await running.is_equal()


async def test_ignore_rules_that_change(running: Running) -> None:
    (running.root / "app/.gitignore").write_text("layout.tsx\n")
    await running.until(lambda: not (running.remote.root / "app/layout.tsx").exists())
    (running.root / "app/.gitignore").unlink()
    await running.is_equal()
    (running.root / ".craftignore").write_text("app/page.tsx\n")
    await running.until(lambda: not (running.remote.root / "app/page.tsx").exists())


async def test_a_push_is_told(running: Running) -> None:
    running.pushed.clear()
    revision = running.engine.revision
    (running.root / "app/page.tsx").write_text("two")
    await running.until(lambda: bool(running.pushed))
    result = running.pushed[0]
    assert (result.files, result.deleted, result.size_bytes, result.revision) == (1, 0, 3, revision + 1)
    assert result.changed == {"app/page.tsx"}
    assert 0 < result.duration_ms < PATIENCE_S * 1000


async def test_a_save_does_not_wait_for_what_rests(running: Running) -> None:
    before = len(running.remote.batches)
    for number in range(3):
        (running.root / f"app/new{number}").touch()
    (running.root / "app/page.tsx").write_text("two")
    (running.root / "app/layout.tsx").write_text("two")
    await running.is_equal()
    first, *others = running.remote.batches[before:]
    assert first.relpaths == {"app/page.tsx"}
    assert frozenset().union(*(batch.relpaths for batch in others)) >= {"app/layout.tsx", "app/new0", "app/new2"}


async def test_what_comes_during_a_push_goes_together(running: Running) -> None:
    remote = running.remote
    remote.gate.clear()
    remote.entered.clear()
    (running.root / "app/page.tsx").write_text("1")
    await remote.entered.wait()
    before = len(remote.batches)
    for number in range(2, 50):
        (running.root / "app/page.tsx").write_text(str(number))
        (running.root / f"app/{number}").touch()
    remote.gate.set()
    await running.is_equal()
    # The one held back, the save that was urgent, the rest.
    assert len(remote.batches) - before <= 4


async def test_edits_between_the_first_push_and_the_run(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    sync = Running(folder, tmp_path / "copy")
    result = await sync.engine.push_all()
    assert result.files == 3
    assert sync.pushed == []
    (folder / "app/page.tsx").write_text("meanwhile")
    await sync.start()
    await sync.aclose()


async def test_a_push_of_all_during_the_run(running: Running) -> None:
    (running.root / "app/page.tsx").write_text("two")
    await running.engine.push_all()
    assert (running.remote.root / "app/page.tsx").read_text() == "two"


async def test_a_run_that_was_ended_leaves_no_thread_and_may_begin_again(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    sync = Running(folder, tmp_path / "copy")
    for number in range(2):
        (folder / "x").write_text(str(number))
        await sync.start()
        assert sync.task is not None
        sync.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sync.task
        assert not [path for path in Path("/proc/self/fd").iterdir() if _is_inotify(path)]
    await sync.aclose()


def _is_inotify(descriptor: Path) -> bool:
    try:
        return "inotify" in str(descriptor.readlink())
    except FileNotFoundError:  # the listing's own
        return False


@pytest.mark.parametrize("kind", [SandboxUnreachableError, SandboxBusyError])
async def test_a_sandbox_that_does_not_answer_is_tried_again(
    folder: Path, tmp_path: Path, kind: type[CraftError]
) -> None:
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    (tmp_path / "copy").mkdir()
    sync = Running(folder, tmp_path / "copy", pause)
    await sync.start()
    sync.remote.failures = [kind("No answer", "x", "Wait.")] * 7
    (folder / "app/page.tsx").write_text("two")
    (folder / "app/layout.tsx").unlink()
    await sync.is_equal()
    await sync.until(lambda: not sync.remote.failures)
    assert waits == [min(RETRY_FIRST_S * 2**number, RETRY_LIMIT_S) for number in range(7)]
    assert [problem.title for problem in sync.problems] == ["No answer"]
    await sync.aclose()


async def test_every_other_failure_ends_the_run(running: Running) -> None:
    running.remote.failures = [SandboxGoneError("Gone", "x", "Start.")]
    (running.root / "app/page.tsx").write_text("two")
    assert running.task is not None
    with pytest.raises(SandboxGoneError):
        await asyncio.wait_for(running.task, PATIENCE_S)


def empty(root: Path) -> None:
    for path in root.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def move_away(root: Path) -> None:
    root.rename(root.with_name("elsewhere"))


LOSSES = [
    pytest.param(shutil.rmtree, HaltReason.GONE, id="deleted"),
    pytest.param(move_away, HaltReason.GONE, id="moved"),
    pytest.param(empty, HaltReason.EMPTIED, id="emptied"),
]


async def lose(running: Running, away: Callable[[Path], object], reason: HaltReason) -> dict[str, tuple[object, ...]]:
    # In one push, and verified: a verification under way would see a part of it gone, and send that.
    aside = running.root.parent / "aside"
    aside.mkdir()
    for number in range(BULK_FILES):
        (aside / f"{number}").touch()
    aside.rename(running.root / "app/many")
    await running.until(lambda: bool(running.verified))
    await running.is_equal()
    before = tree(running.remote.root)
    away(running.root)
    # A deletion may be seen half-way, as an emptied folder that is there.
    await running.until(
        lambda: running.engine.state.halted is not None and running.engine.state.halted.reason is reason
    )
    assert running.problems
    assert running.states[-1].halted == running.engine.state.halted
    return before


@pytest.mark.parametrize(("away", "reason"), LOSSES)
async def test_a_lost_folder_halts_the_sync_until_it_is_back(
    running: Running, away: Callable[[Path], object], reason: HaltReason
) -> None:
    before = await lose(running, away, reason)
    running.engine.wait_for_files()
    halted = running.engine.state.halted
    assert halted is not None and halted.is_waiting
    assert tree(running.remote.root) == before
    running.root.mkdir(exist_ok=True)
    (running.root / "index.html").write_text("back")
    await running.is_equal()
    await running.until(lambda: running.engine.state.halted is None)
    (running.root / "index.html").write_text("and followed")
    await running.is_equal()


@pytest.mark.parametrize(("away", "reason"), LOSSES)
async def test_emptiness_that_is_meant_is_sent(
    running: Running, away: Callable[[Path], object], reason: HaltReason
) -> None:
    await lose(running, away, reason)
    (running.remote.root / "by-the-sandbox").touch()
    running.engine.send_emptiness()
    await running.until(lambda: tree(running.remote.root).keys() == {"by-the-sandbox"})
    running.root.mkdir(exist_ok=True)
    (running.root / "index.html").write_text("new")
    await running.until(lambda: (running.remote.root / "index.html").exists())
    assert (running.remote.root / "by-the-sandbox").exists()
    await running.until(lambda: running.engine.state.halted is None)


async def test_an_answer_without_a_question_does_nothing(running: Running) -> None:
    running.engine.send_emptiness()
    running.engine.wait_for_files()
    (running.root / "app/page.tsx").write_text("two")
    await running.is_equal()
    assert running.engine.state.halted is None


async def test_a_project_of_one_file_is_renamed(running: Running) -> None:
    empty(running.root / "app")
    (running.root / "package.json").rename(running.root / "index.html")
    await running.is_equal()
    assert running.engine.state.halted is None


async def test_another_folder_takes_its_place(running: Running, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(running.root, other)
    (other / "app/page.tsx").write_text("the other's")
    # In one step, as renameat2(RENAME_EXCHANGE) does it, there is always a folder.
    running.root.rename(tmp_path / "old")
    other.rename(running.root)
    await running.is_equal()
    (running.root / "app/page.tsx").write_text("the other's, edited")
    await running.is_equal()


async def test_problems_do_not_stop_it(running: Running) -> None:
    (running.root / "app/passwd").symlink_to("/etc/passwd")
    os.mkfifo(running.root / "app/pipe")
    (running.root / os.fsdecode(b"caf\xe9")).touch()
    await running.until(lambda: len(running.problems) == 3)
    (running.root / "app/page.tsx").write_text("two")
    await running.until(lambda: (running.remote.root / "app/page.tsx").read_text() == "two")


POLLING = """
import asyncio, pathlib, sys
from tests.sync.folder_remote import Running

async def main():
    place = pathlib.Path(sys.argv[1])
    (place / "copy").mkdir()
    sync = Running(place / "project", place / "copy")
    await sync.start()
    for number in range(3):
        (place / "project/d15/x").write_text(str(number))
        await sync.is_equal()
    print(*(problem.title for problem in sync.problems), sep="|")
    await sync.aclose()

asyncio.run(main())
"""


@pytest.mark.parametrize("limit", ["max_inotify_watches", "max_inotify_instances"])
def test_where_the_system_cannot_watch_it_polls_and_says_so(folder: Path, limit: str) -> None:
    for number in range(20):
        (folder / f"d{number}").mkdir()
    # In a user namespace of its own the kernel may grant less without harm to others.
    shell = f'echo 2 > /proc/sys/user/{limit} && exec "$0" -c "$@"'
    if limit == "max_inotify_instances":
        shell = shell.replace("2", "0", 1)
    command = ["unshare", "-Ur", "sh", "-c", shell, sys.executable, POLLING, str(folder.parent)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=90, check=False, cwd=Path(__file__).parents[2]
    )
    if "unshare" in done.stderr or "/proc/sys/user" in done.stderr:
        pytest.skip(f"user namespaces: {done.stderr.strip()}")
    assert done.stdout == "Changes are noticed more slowly\n", done.stderr
