"""Whatever happens to a folder, to its copy and to the line between them, they end equal.

A machine of random edits, failures half-way, crashes of the engine, lost sandboxes and meddling, against a copy that
is a folder on disk.
"""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from craft_desktop.model.errors import Problem, SandboxUnreachableError
from craft_desktop.sync import mirror
from craft_desktop.sync.engine import SyncEngine
from tests.sync import edits
from tests.sync.folder_remote import FolderRemote, Tree, tree

LOST = SandboxUnreachableError("Lost", "The line was cut.", "Wait.")


class Syncing(RuleBasedStateMachine):
    """A folder, its copy, and the engine between them, which looks only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="craft-machine-")).resolve()
        self.root, self.copy = self.place / "project", self.place / "copy"
        self.root.mkdir()
        self.copy.mkdir()
        # One file stays, so that no edit empties the folder: that halts, and has its own tests.
        (self.root / "package.json").write_text("{}")
        self.runner = asyncio.Runner()
        self.remote = FolderRemote(self.copy)
        self.problems: list[Problem] = []
        self.touched: set[str] = set()
        self.is_meddled = False
        self.begin()

    def begin(self) -> None:
        async def no_pause(seconds: float) -> None:
            assert seconds > 0

        self.left: dict[str, tuple[object, ...]] = {}
        self.engine = SyncEngine(
            self.root, self.remote, on_pushed=lambda _: None, on_problem=self.problems.append, pause=no_pause
        )

    @rule(name=edits.NAMES, content=edits.CONTENTS)
    def write(self, name: str, content: bytes) -> None:
        edits.write(self.root, name, content)
        self.touched.add(name)

    @rule(name=edits.NAMES, content=edits.CONTENTS)
    def write_beside(self, name: str, content: bytes) -> None:
        edits.write_beside(self.root, name, content)
        self.touched.add(name)

    @rule(name=edits.NAMES)
    def make(self, name: str) -> None:
        edits.make(self.root, name)
        self.touched.add(name)

    @rule(name=edits.NAMES)
    def remove(self, name: str) -> None:
        edits.remove(self.root, name)
        self.touched.add(name)

    @rule(name=edits.NAMES, other=edits.NAMES)
    def move(self, name: str, other: str) -> None:
        edits.move(self.root, name, other)
        self.touched |= {name, other}

    @rule(name=edits.NAMES)
    def execute(self, name: str) -> None:
        edits.execute(self.root, name)
        self.touched.add(name)

    @rule(name=edits.NAMES, to=edits.TARGETS)
    def link(self, name: str, to: str) -> None:
        edits.link(self.root, name, to)
        self.touched.add(name)

    @precondition(lambda self: not self.is_meddled)
    @rule(is_told=st.booleans())
    def push(self, is_told: bool) -> None:
        paths = frozenset(self.touched) if is_told else None
        self.runner.run(self.engine._push_once(paths, 0.0))
        self.touched.clear()
        assert self.told() == self.wanted()

    # A copy that lost a folder fails a batch with an OSError of its own, which counts as a lost source.
    @precondition(lambda self: not self.is_meddled)
    @rule(is_cancelled=st.booleans())
    def push_that_fails(self, is_cancelled: bool) -> None:
        failure: BaseException = asyncio.CancelledError() if is_cancelled else LOST
        self.remote.failures = [failure]
        try:
            self.runner.run(self.engine._push_once(frozenset(self.touched), 0.0))
        except (SandboxUnreachableError, asyncio.CancelledError):
            self.touched.clear()
        self.remote.failures = []

    @rule()
    def crash_and_take_over(self) -> None:
        """The program was killed; the next one takes the sandbox over as it is."""
        self.begin()
        manifest = self.runner.run(self.remote.manifest())
        self.engine.adopt(manifest)
        self.runner.run(self.engine.push_all())
        self.touched.clear()
        self.is_meddled = False
        assert self.told() == self.wanted()

    @rule()
    def lose_the_sandbox(self) -> None:
        """It is gone with all it held; a new engine begins with a new one."""
        shutil.rmtree(self.copy)
        self.copy.mkdir()
        self.is_meddled = False
        self.begin()

    @rule()
    def resume_an_older_one(self) -> None:
        """What was sent lately is not there any more; nobody told the engine."""
        for path in sorted(self.copy.iterdir())[::2]:
            edits.remove(self.copy, path.name)
        self.is_meddled = True

    @rule(name=edits.NAMES, content=edits.CONTENTS)
    def meddle(self, name: str, content: bytes) -> None:
        """Something in the sandbox writes over what was sent."""
        if (self.copy / name).exists() and edits._is_inside(self.copy, name):
            edits.write(self.copy, name, content)
            self.is_meddled = True

    @rule()
    def verify(self) -> None:
        verification = self.runner.run(self.engine.verify())
        assert verification.is_equal
        wanted = self.wanted()
        self.left.update((name, wanted[name]) for name in verification.left)
        self.touched.clear()
        self.is_meddled = False
        assert self.told() == self.wanted()

    def told(self) -> Tree:
        """All of the copy; what was meddled with twice and left so, while the folder's is the same, as wanted."""
        found, wanted = tree(self.copy), self.wanted()
        for name, was_left in self.left.items():
            if name in found and found[name][0] == "file" and wanted.get(name) == was_left:
                found[name] = was_left
        return found

    def wanted(self) -> Tree:
        """All of the folder but links that leave it."""
        return {
            at: what
            for at, what in tree(self.root).items()
            if what[0] != "link" or Path(os.path.realpath(self.root / at)).is_relative_to(self.root)
        }

    def teardown(self) -> None:
        try:
            self.verify()
        finally:
            self.runner.close()
            shutil.rmtree(self.place)


@pytest.mark.parametrize("archive_files", [1, 1000], ids=["as streams", "as batches"])
def test_folder_and_copy_end_equal(archive_files: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "ARCHIVE_FILES", archive_files)
    run_state_machine_as_test(Syncing, settings=settings(max_examples=60, stateful_step_count=30, deadline=None))
