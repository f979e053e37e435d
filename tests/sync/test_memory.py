import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from craft_desktop.sync.diff import compare
from craft_desktop.sync.ignore import IgnoreRules
from craft_desktop.sync.known import Known
from craft_desktop.sync.load import read_file
from craft_desktop.sync.memory import Folder, Memory, Stamp, filesystem_of, is_timely
from craft_desktop.sync.scan import Scan, scan
from craft_desktop.sync.signatures import PlainSignatures, Signatures, find_signatures
from craft_desktop.sync.snapshot import COARSE_NS, DIRECTORY, RACY_NS, UNCERTAIN, Entry, Kind
from tests.sync import edits

PATIENCE_S = 5.0  # a tick of the kernel's clock is 10 ms at most


def let_the_clock_tick(place: Path) -> None:
    """Wait until what changes from here on bears another time than all before."""
    probe = place / "probe"
    probe.touch()
    before, end = probe.stat().st_ctime_ns, time.monotonic() + PATIENCE_S
    while probe.stat().st_ctime_ns == before:
        assert time.monotonic() < end, "the file system's clock stands still"
        probe.touch()


def later() -> int:
    """The clock, after a tick that was waited for."""
    return time.time_ns() + COARSE_NS


def settle(root: Path, known: Known, found: Scan) -> None:
    """Take what a scan found as sent."""
    difference = compare(found.before, found.snapshot)
    for relpath in difference.clears:
        for below in [at for at in known if at == relpath or at.startswith(f"{relpath}/")]:
            del known[below]
    for relpath in difference.deletes:
        del known[relpath]
    for relpath, entry in found.snapshot.items():
        if entry.kind is not Kind.FILE:
            if known.get(relpath) != entry:
                known[relpath] = entry
        elif entry.sha256 is None and (read := read_file(root / relpath, later)) is not None:
            known[relpath] = read[0]


class Remembering(RuleBasedStateMachine):
    """A folder and what is known of its copy, both changed at random: with a memory a scan tells what it does without.

    Mostly only some of it is sent between two scans, so that folders are known in part.
    """

    signatures: Signatures = PlainSignatures()

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="craft-memory-")).resolve()
        self.root = self.place / "project"
        self.root.mkdir()
        self.known = Known({})
        self.memory = Memory()
        self.sent_by: IgnoreRules | None = None
        edits.write(self.root, "d/e/y", b"1")
        edits.write(self.root, "d/x", b"1")
        edits.write(self.root, "k", b"1")
        for _ in range(3):
            self.send()

    @rule(name=edits.NAMES, content=edits.CONTENTS)
    def write(self, name: str, content: bytes) -> None:
        edits.write(self.root, name, content)

    @rule(name=edits.NAMES, content=edits.CONTENTS)
    def write_beside(self, name: str, content: bytes) -> None:
        edits.write_beside(self.root, name, content)

    @rule(name=edits.NAMES)
    def make(self, name: str) -> None:
        edits.make(self.root, name)

    @rule(name=edits.NAMES)
    def remove(self, name: str) -> None:
        edits.remove(self.root, name)

    @rule(name=edits.NAMES, other=edits.NAMES)
    def move(self, name: str, other: str) -> None:
        edits.move(self.root, name, other)

    @rule(name=edits.NAMES)
    def execute(self, name: str) -> None:
        edits.execute(self.root, name)

    @rule(name=edits.NAMES, to=edits.TARGETS)
    def link(self, name: str, to: str) -> None:
        edits.link(self.root, name, to)

    @rule(
        at=st.sampled_from([".gitignore", "d/.gitignore", ".craftignore"]),
        content=st.sampled_from([b"", b"x\n", b"y\n.gitignore\n", b"x\n.gitignore\n", b"/d/e\n", b"a\n!y\n"]),
    )
    def ignore(self, at: str, content: bytes) -> None:
        edits.write(self.root, at, content)

    @rule(
        name=edits.NAMES,
        entry=st.sampled_from([None, UNCERTAIN, DIRECTORY, Entry(Kind.FILE, sha256="0"), Entry(Kind.LINK, target="a")]),
    )
    def meddle(self, name: str, entry: Entry | None) -> None:
        """The copy was found to hold something else."""
        self.sent_by = None
        if entry is None:
            self.known.pop(name, None)
        else:
            self.known[name] = entry

    @rule(name=edits.NAMES)
    def doubt(self, name: str) -> None:
        if name in self.known:
            self.known[name] = self.known[name].in_doubt()

    @rule()
    def scan(self) -> None:
        """Look without sending."""
        self.look()
        self.sent_by = None

    @rule()
    def send(self) -> None:
        found = self.look()
        settle(self.root, self.known, found)
        self.sent_by = found.rules

    def look(self) -> Scan:
        let_the_clock_tick(self.place)
        quick = scan(
            self.root,
            self.known.entries,
            self.sent_by,
            memory=self.memory,
            touched=self.known.touched,
            signatures=self.signatures,
            now_ns=later,
        )
        whole = scan(self.root, self.known.entries)
        assert compare(quick.before, quick.snapshot) == compare(self.known.entries, whole.snapshot)
        assert quick.snapshot.items() <= whole.snapshot.items()
        assert (quick.problems, quick.rules, quick.unread) == (whole.problems, whole.rules, whole.unread)
        assert set(quick.folders) == set(whole.folders)
        assert len(quick.folders) == len(whole.folders)
        self.memory = quick.memory
        self.known.touched.clear()
        return quick

    def teardown(self) -> None:
        try:
            for _ in range(3):
                self.send()
            assert not compare(self.known.entries, scan(self.root, self.known.entries).snapshot)
        finally:
            shutil.rmtree(self.place)


@pytest.mark.parametrize("signatures", [PlainSignatures(), find_signatures()], ids=["plain", "fastest"])
def test_a_memory_changes_nothing_but_the_time(signatures: Signatures, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Remembering, "signatures", signatures)
    run_state_machine_as_test(Remembering, settings=settings(max_examples=50, stateful_step_count=20, deadline=None))


class Settled:
    """A folder that was scanned until all of it is remembered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known = Known({})
        self.memory = Memory()
        for _ in range(3):
            settle(folder, self.known, self.scan())

    def scan(self, now_ns: Callable[[], int] = later) -> Scan:
        let_the_clock_tick(self.folder.parent)
        found = scan(self.folder, self.known.entries, memory=self.memory, touched=self.known.touched, now_ns=now_ns)
        self.memory = found.memory
        self.known.touched.clear()
        return found


@pytest.fixture
def settled(folder: Path) -> Settled:
    return Settled(folder.resolve())


def test_this_file_system_is_believed_and_stamps_its_folders(tmp_path: Path) -> None:
    assert is_timely(tmp_path.resolve())
    (tmp_path / "a").touch()
    changes: list[Callable[[], object]] = [
        lambda: (tmp_path / "b").touch(),
        lambda: (tmp_path / "b").unlink(),
        lambda: (tmp_path / "a").rename(tmp_path / "c"),
        lambda: (tmp_path / "d").symlink_to("c"),
        lambda: (tmp_path / "c").replace(tmp_path / "d"),
        lambda: (tmp_path / "e").mkdir(),
        lambda: (tmp_path / "e").rmdir(),
        lambda: (tmp_path / "f").hardlink_to(tmp_path / "d"),
    ]
    for change in changes:
        let_the_clock_tick(tmp_path)
        before = Stamp.of(tmp_path.stat())
        let_the_clock_tick(tmp_path / "..")
        change()
        assert Stamp.of(tmp_path.stat()) != before


def test_what_is_as_known_is_passed_over(settled: Settled) -> None:
    found = settled.scan()
    assert not found.snapshot
    assert not found.before
    assert found.folders == ("app",)


def test_only_the_folder_that_changed_is_told(settled: Settled) -> None:
    (settled.folder / "app/page.tsx").write_text("two")
    found = settled.scan()
    assert found.snapshot.keys() == {"app/page.tsx", "app/layout.tsx"}
    assert compare(found.before, found.snapshot).writes == ("app/page.tsx",)


def test_a_folder_that_changed_just_now_is_listed_again(settled: Settled) -> None:
    (settled.folder / "app/new").touch()
    found = settled.scan(lambda: (settled.folder / "app").stat().st_ctime_ns + RACY_NS - 1)
    assert "app" not in found.memory.folders
    assert "" in found.memory.folders


def test_a_file_of_the_same_size_and_mtime_is_seen(settled: Settled) -> None:
    path = settled.folder / "app/page.tsx"
    before = path.stat()
    path.write_bytes(b"x" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    found = settled.scan()
    assert compare(found.before, found.snapshot).writes == ("app/page.tsx",)


def test_a_young_file_is_not_taken_for_known(settled: Settled) -> None:
    settled.known["app/page.tsx"] = settled.known["app/page.tsx"]._replace(ctime_ns=0)
    found = settled.scan()
    assert compare(found.before, found.snapshot).writes == ("app/page.tsx",)


def test_other_rules_from_outside_forget_all(settled: Settled) -> None:
    (settled.folder / ".craftignore").write_text("layout.tsx\n")
    found = settled.scan()
    assert compare(found.before, found.snapshot).deletes == ("app/layout.tsx",)


def test_rules_above_forget_what_lies_below(settled: Settled) -> None:
    (settled.folder / ".gitignore").write_text("layout.tsx\n")
    found = settled.scan()
    assert compare(found.before, found.snapshot).deletes == ("app/layout.tsx",)


def test_rules_that_are_not_sent_themselves_are_read_again(folder: Path) -> None:
    (folder / "app/.gitignore").write_text(".gitignore\n")
    settled = Settled(folder.resolve())
    assert not settled.scan().snapshot
    (folder / "app/.gitignore").write_text(".gitignore\nlayout.tsx\n")
    found = settled.scan()
    assert compare(found.before, found.snapshot).deletes == ("app/layout.tsx",)


def test_nothing_is_remembered_where_times_cannot_be_believed(
    settled: Settled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("craft_desktop.sync.scan.is_timely", lambda _: False)
    found = settled.scan()
    assert not found.memory.folders
    assert found.memory.loose is None
    assert not compare(found.before, found.snapshot)
    assert settled.scan().snapshot.keys() == settled.known.keys()


MOUNTS: Mapping[str, str] = {
    "/home/a": "ext4",
    "/": "ext4",
    "/mnt/share/x": "nfs4",
    "/mnt/shared": "ext4",
    "/mnt/with space/x": "fuse.sshfs",
    "/mnt/over": "tmpfs",
}


@pytest.mark.parametrize(("path", "kind"), MOUNTS.items())
def test_the_file_system_of_a_path(path: str, kind: str) -> None:
    mounts = (
        b"22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
        b"30 22 0:40 / /mnt/share rw - nfs4 server:/x rw\n"
        b"31 22 0:41 / /mnt/with\\040space rw shared:7 master:1 - fuse.sshfs x rw\n"
        b"32 22 0:42 / /mnt/over rw - xfs /dev/x rw\n"
        b"33 32 0:43 / /mnt/over rw - tmpfs x rw\n"
        b"\n"
    )
    assert filesystem_of(path.encode(), mounts) == kind


def test_all_that_a_folder_holds() -> None:
    stamp = Stamp(1, 2, 3, 4)
    folder = Folder(stamp, (), (), False, None, (b"a",), ("x/a",), ("x/b",), ("x/c",), ())
    assert list(folder.relpaths) == ["x/a", "x/b", "x/c"]
    assert replace(Memory(), folders={"x": folder}).folders["x"] is folder


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
def test_what_is_mounted_below_is_listed_every_time(folder: Path) -> None:
    (folder / "mounted").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder / "mounted"], check=True)
    try:
        (folder / "mounted" / "file").write_text("x")
        let_the_clock_tick(folder)
        found = Settled(folder.resolve()).scan()
        assert found.memory is not None
        assert "app" in found.memory.folders
        assert "mounted" not in found.memory.folders
    finally:
        subprocess.run(["umount", folder / "mounted"], check=True)
