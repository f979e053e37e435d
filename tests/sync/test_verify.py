"""Drift that something in the sandbox causes, found by hashes and repaired: `SyncEngine.verify`."""

import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from craft_desktop.model.errors import SandboxUnreachableError
from craft_desktop.sync.drift import REWRITTEN_FILES
from craft_desktop.sync.engine import BULK_FILES, VERIFY_ROUNDS
from craft_desktop.sync.snapshot import Entry
from tests.sync.folder_remote import Running, tree

LOST = SandboxUnreachableError("Lost", "The line was cut.", "Wait.")


def rewrite(copy: Path) -> None:
    (copy / "app/page.tsx").write_text("not sent by anyone")


def remove(copy: Path) -> None:
    shutil.rmtree(copy / "app")


def make_executable(copy: Path) -> None:
    (copy / "app/page.tsx").chmod(0o755)


def turn_into_folder(copy: Path) -> None:
    (copy / "app/page.tsx").unlink()
    (copy / "app/page.tsx/inner").mkdir(parents=True)


def turn_into_link(copy: Path) -> None:
    (copy / "app/page.tsx").unlink()
    (copy / "app/page.tsx").symlink_to("/etc/passwd")


@pytest.mark.parametrize("meddle", [rewrite, remove, make_executable, turn_into_folder, turn_into_link])
async def test_drift_is_repaired_and_told(running: Running, meddle: Callable[[Path], None]) -> None:
    meddle(running.remote.root)
    verification = await running.engine.verify()
    assert tree(running.remote.root) == tree(running.root)
    assert verification.is_equal
    assert "app/page.tsx" in verification.drifted
    assert verification.files == 4
    assert running.verified == [verification]
    state = running.engine.state
    assert state.verified_at is not None and abs(time.time() - state.verified_at) < 20
    assert running.states[-1] == state
    assert running.pushed[-1].revision == state.revision


async def test_nothing_drifted(running: Running) -> None:
    (running.remote.root / "next-env.d.ts").write_text("by the sandbox")
    batches = len(running.remote.batches)
    verification = await running.engine.verify()
    assert (verification.drifted, verification.is_equal) == ((), True)
    assert len(running.remote.batches) == batches
    assert (running.remote.root / "next-env.d.ts").exists()


async def test_what_was_edited_meanwhile_is_no_drift(running: Running) -> None:
    (running.root / "app/page.tsx").write_text("an edit")
    assert (await running.engine.verify()).drifted == ()
    assert tree(running.remote.root) == tree(running.root)


async def test_what_a_tool_rewrites_is_put_back_once_and_then_left(running: Running) -> None:
    page, copy = running.root / "app/page.tsx", running.remote.root / "app/page.tsx"
    manifest = running.remote.manifest
    edits = 0

    async def meddled() -> Mapping[str, Entry]:
        nonlocal edits
        if copy.read_text() != "by a tool":
            edits += 1
            copy.write_text("by a tool")
        return await manifest()

    running.remote.manifest = meddled  # type: ignore[method-assign]
    first = await running.engine.verify()
    assert (first.drifted, first.left, first.is_equal) == (("app/page.tsx",), ("app/page.tsx",), True)
    assert running.engine.state.verified_at is not None
    batches = len(running.remote.batches)
    for _ in range(3):
        again = await running.engine.verify()
        assert (again.drifted, again.left, again.is_equal) == ((), (), True)
    assert (len(running.remote.batches), edits, copy.read_text()) == (batches, 2, "by a tool")
    # The person's word is sent, and defended once again.
    page.write_text("an edit")
    await running.until(lambda: len(running.remote.batches) > batches)
    assert copy.read_text() == "an edit"
    assert (await running.engine.verify()).left == ("app/page.tsx",)
    assert edits == 4
    assert not running.problems


@pytest.mark.parametrize("meddle", [remove, make_executable, turn_into_folder, turn_into_link])
async def test_what_is_no_edit_is_put_back_each_time(running: Running, meddle: Callable[[Path], None]) -> None:
    for _ in range(3):
        meddle(running.remote.root)
        assert not (await running.engine.verify()).left
        assert tree(running.remote.root) == tree(running.root)


async def test_something_that_keeps_rewriting_much_is_told(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"app/{number}" for number in range(REWRITTEN_FILES + 1)]
    for name in names:
        (running.root / name).write_text("x")
    await running.until(lambda: tree(running.remote.root) == tree(running.root))
    manifest = running.remote.manifest

    async def meddled() -> Mapping[str, Entry]:
        for name in names:
            (running.remote.root / name).write_text("not sent by anyone")
        return await manifest()

    monkeypatch.setattr(running.remote, "manifest", meddled)
    verification = await running.engine.verify()
    assert not verification.is_equal
    assert set(verification.drifted) == set(names)
    assert running.remote.manifests == VERIFY_ROUNDS
    assert running.engine.state.verified_at is None
    assert "app/0" in running.problems[-1].detail


async def test_a_large_push_is_verified_by_itself(running: Running) -> None:
    # All at once, by one name: written one by one they may go in several small pushes.
    aside = running.root.parent / "aside"
    aside.mkdir()
    for number in range(BULK_FILES):
        (aside / f"{number}").touch()
    aside.rename(running.root / "app" / "many")
    await running.until(lambda: bool(running.verified))
    assert running.verified[0].is_equal


async def test_a_first_push_is_verified_by_the_run(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    sync = Running(folder, tmp_path / "copy")
    await sync.engine.push_all()
    rewrite(sync.remote.root)
    await sync.start()
    await sync.until(lambda: bool(sync.verified))
    assert sync.verified[0].drifted == ("app/page.tsx",)
    await sync.aclose()


async def test_a_reconnect_is_verified(running: Running) -> None:
    running.remote.failures = [LOST]
    # The sandbox that comes back may be an older one.
    remove(running.remote.root)
    (running.root / "package.json").write_text("{}")
    await running.until(lambda: bool(running.verified) and running.verified[-1].is_equal)
    assert tree(running.remote.root) == tree(running.root)


async def test_a_verification_that_fails_is_tried_again(running: Running) -> None:
    running.remote.manifest_failures = [LOST, LOST]
    for number in range(BULK_FILES):
        (running.root / f"app/{number}").touch()
    await running.until(lambda: bool(running.verified))
    assert running.remote.manifests == 3


@pytest.mark.parametrize("files", [3, 500])
async def test_a_warm_sandbox_is_sent_only_what_differs(folder: Path, tmp_path: Path, files: int) -> None:
    for number in range(files):
        (folder / f"app/{number}.tsx").write_text(str(number))
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "node_modules/next").mkdir(parents=True)
    (copy / ".next/cache").mkdir(parents=True)
    (copy / "old/deep").mkdir(parents=True)
    (copy / "old/deep/x").touch()
    (copy / ".env.local").write_text("another project's secret")
    (copy / "app/page.tsx").write_text("older")
    (copy / "app/layout.tsx").unlink()
    (copy / "app/layout.tsx").mkdir()
    sync = Running(folder, copy)
    manifest = {
        at: entry for at, entry in (await sync.remote.manifest()).items() if not at.startswith(("node", ".next"))
    }
    sync.engine.adopt(manifest)
    result = await sync.engine.push_all()
    assert result.files == 2
    assert {at for at in tree(copy) if not at.startswith(("node_modules", ".next"))} == tree(folder).keys()
    assert (copy / "node_modules/next").is_dir() and (copy / ".next/cache").is_dir()
    assert (copy / "app/page.tsx").read_text() != "older"
