import logging
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.sync.diff import compare
from craft_desktop.sync.index import UnreadableIndexError, read_index, read_tracked
from craft_desktop.sync.scan import look, scan
from craft_desktop.sync.tracked import Tracked

NAMES = [".gitignore", "a/b/c d", "a/b/cé", "a/new\nline", "b", "dist/x.js", "dist/y/z.js", "n" * 250, "d/" * 60 + "f"]


def git(folder: Path, *arguments: str) -> bytes:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "protocol.file.allow=always")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *identity, "-C", folder, *arguments], check=True, capture_output=True, env=environment
    )
    return done.stdout


def make(folder: Path, *options: str) -> Path:
    folder = folder.resolve()
    folder.mkdir(parents=True)
    git(folder, "init", "-q", *options)
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / ".gitignore").write_text("dist/\n*.log\n")
    (folder / "link").symlink_to("b")
    git(folder, "add", "-f", ".")
    return folder


def listed(folder: Path) -> set[str]:
    return {os.fsdecode(name) for name in git(folder, "ls-files", "-z").split(b"\0") if name}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "project")


@pytest.mark.parametrize("version", ["2", "4"])
@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_every_form_is_read_as_git_reads_it(tmp_path: Path, version: str, form: str) -> None:
    folder = make(tmp_path / "project", f"--object-format={form}")
    git(folder, "update-index", "--index-version", version)
    (folder / "later").write_text("x")
    git(folder, "add", "--intent-to-add", "later")  # an extended entry: in version 2 it makes version 3
    assert (folder / ".git/index").read_bytes()[7] == (4 if version == "4" else 3)
    tracked = read_tracked(folder, Tracked())
    assert tracked.files == listed(folder) == {*NAMES, "link", "later"}
    assert read_tracked(folder / "a", Tracked()).files == {"b/c d", "b/cé", "new\nline"}


def test_an_index_without_a_hash_of_its_own(folder: Path) -> None:
    data = (folder / ".git/index").read_bytes()
    (folder / ".git/index").write_bytes(data[:-20] + bytes(20))
    assert read_tracked(folder, Tracked()).files == listed(folder)


def test_a_linked_work_tree_has_an_index_of_its_own(folder: Path, tmp_path: Path) -> None:
    git(folder, "commit", "-qm", "x")
    git(folder, "worktree", "add", "-q", str(tmp_path / "other"))
    other = (tmp_path / "other").resolve()
    git(other, "rm", "-q", "dist/x.js")
    assert read_tracked(other, Tracked()).files == listed(other) == {*NAMES, "link"} - {"dist/x.js"}


def test_a_submodule_is_no_file(folder: Path, tmp_path: Path) -> None:
    module = make(tmp_path / "module")
    git(module, "commit", "-qm", "x")
    git(folder, "submodule", "--quiet", "add", str(module), "sub")
    assert read_tracked(folder, Tracked()).files == listed(folder) - {"sub"}


def test_it_is_read_again_only_when_it_changed(folder: Path) -> None:
    first = read_tracked(folder, Tracked())
    assert read_tracked(folder, first) is first
    git(folder, "rm", "-q", "--cached", "b")
    assert "b" not in read_tracked(folder, first).files


@pytest.mark.parametrize("how", ["split", "sparse", "torn", "empty", "other", "longer"])
def test_one_that_cannot_be_read_whole_counts_as_none_and_is_told_once(
    folder: Path, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    path = folder / ".git/index"
    if how == "split":
        git(folder, "update-index", "--split-index")
    elif how == "sparse":
        git(folder, "commit", "-qm", "x")
        git(folder, "sparse-checkout", "set", "--cone", "--sparse-index", "a")
    else:
        data = path.read_bytes()
        path.write_bytes({"torn": data[:-30], "empty": b"", "other": b"x" * 99, "longer": data + b"x"}[how])
    with caplog.at_level(logging.INFO):
        first = read_tracked(folder, Tracked())
        assert read_tracked(folder, first) is first
        os.utime(path)
        again = read_tracked(folder, first)
    assert first.reason == again.reason is not None
    assert not again.files
    assert len(caplog.records) == 1
    assert not any(relpath.startswith("dist/") for relpath in scan(folder, {}).snapshot)


def test_outside_of_a_repository_nothing_is_tracked(tmp_path: Path) -> None:
    assert read_tracked(tmp_path.resolve(), Tracked()) == Tracked()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main")
    assert read_tracked(tmp_path.resolve(), Tracked()) == Tracked()


@given(st.binary(max_size=200), st.integers(0, 3000), st.integers(0, 255))
def test_whatever_stands_there_it_ends(tail: bytes, at: int, byte: int) -> None:
    entry = bytes(24) + (0o100644).to_bytes(4, "big") + bytes(32) + (1).to_bytes(2, "big") + b"f" + bytes(9)
    data = bytearray(b"DIRC" + (2).to_bytes(4, "big") + (40).to_bytes(4, "big") + entry * 40 + tail)
    data[at % len(data)] = byte
    try:
        found = list(read_index(bytes(data) + bytes(20)))
    except UnreadableIndexError:
        return
    assert all(found)


def test_what_is_tracked_is_sent_and_nothing_else_of_an_ignored_folder(folder: Path) -> None:
    git(folder, "rm", "-q", "--cached", "dist/y/z.js")
    for name in ("dist/other", "dist/.env", "dist/y/.gitignore", "dist/new/f", "x.log", "kept.log"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("!*\n")
    git(folder, "add", "-f", "kept.log", "dist/y/.gitignore")
    found = scan(folder, {})
    sent = {relpath for relpath in found.snapshot if relpath.startswith("dist") or relpath.endswith(".log")}
    assert sent == {"dist", "dist/x.js", "dist/y", "dist/y/.gitignore", "kept.log"}
    # A look at single paths says the same, and so does a scan that remembers.
    for relpath in ("dist/other", "dist/.env", "dist/new", "dist/new/f", "x.log", "dist/y/z.js"):
        assert relpath not in look(folder, {}, found.rules, [relpath]).snapshot
    for relpath in sent:
        assert relpath in look(folder, {}, found.rules, [relpath]).snapshot
    again = scan(folder, dict(found.snapshot), found.rules, memory=found.memory)
    assert not compare(again.before, again.snapshot).deletes
    (folder / "dist/x.js").write_text("more")
    assert look(folder, found.snapshot, found.rules, ["dist/x.js"]).snapshot["dist/x.js"].size == 4


def test_the_persons_own_word_is_stronger(folder: Path) -> None:
    (folder / ".craftignore").write_text("dist/x.js\n/a/\n.git\n")
    found = scan(folder, {})
    assert {"dist/y/z.js", "b"} <= found.snapshot.keys()
    assert not {"dist/x.js", "a", ".git"} & found.snapshot.keys()


def test_what_git_begins_and_ceases_to_track(folder: Path) -> None:
    (folder / "new.log").write_text("x")
    first = scan(folder, {})
    git(folder, "add", "-f", "new.log")
    second = scan(folder, dict(first.snapshot), first.rules, memory=first.memory)
    assert "new.log" in compare(second.before, second.snapshot).writes
    git(folder, "rm", "-q", "-r", "--cached", "dist", "new.log")
    third = scan(folder, dict(second.snapshot), second.rules, memory=second.memory)
    assert set(compare(third.before, third.snapshot).deletes) == {
        "dist",
        "dist/x.js",
        "dist/y",
        "dist/y/z.js",
        "new.log",
    }
