import errno
import os
import socket
import stat
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from craft_desktop.host import copier as module
from craft_desktop.host.copier import Copier, Mode, main


def told(folder: Path) -> dict[str, object]:
    """Everything of a tree that a copy must keep."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        seen = path.lstat()
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = ("link", str(path.readlink()))
        elif path.is_dir():
            found[name] = ("folder", stat.S_IMODE(seen.st_mode), seen.st_mtime_ns)
        else:
            held = path.read_bytes() if path.is_file() else b""  # a pipe has no end
            found[name] = (stat.S_IFMT(seen.st_mode), stat.S_IMODE(seen.st_mode), seen.st_mtime_ns, held)
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    (source / "a" / "b").mkdir(parents=True)
    (source / "a" / "file").write_text("one")
    (source / "a" / "run").write_text("#!")
    (source / "a" / "run").chmod(0o755)
    (source / "a" / "out").symlink_to("/etc/passwd")
    os.link(source / "a" / "file", source / "same")
    (source / "closed").mkdir(0o500)
    os.utime(source / "a" / "file", ns=(1, 10**18 + 7))
    os.setxattr(source / "a" / "file", "user.e2b.k", b"v")
    return source


def test_a_copy_is_equal(source: Path, tmp_path: Path) -> None:
    copier = Copier(str(source), str(tmp_path / "target"), Mode.PLAIN)
    copier.copy()
    assert told(tmp_path / "target") == told(source)
    copier.catch_up()
    assert told(tmp_path / "target") == told(source)
    target = tmp_path / "target"
    assert (target / "same").stat().st_ino == (target / "a" / "file").stat().st_ino
    assert (target / "same").stat().st_ino != (source / "same").stat().st_ino
    assert os.getxattr(target / "same", "user.e2b.k") == b"v"


def test_what_changed_meanwhile_is_caught_up_with(source: Path, tmp_path: Path) -> None:
    copier = Copier(str(source), str(tmp_path / "target"), Mode.PLAIN)
    copier.copy()
    (source / "a" / "file").write_text("two")
    os.utime(source / "a" / "file", ns=(1, 10**18 + 7))  # the same length and time: only the change time tells
    (source / "a" / "run").unlink()
    (source / "a" / "run").mkdir()
    (source / "a" / "out").unlink()
    (source / "a" / "out").symlink_to("elsewhere")
    (source / "a" / "b").rmdir()
    (source / "new").write_text("new")
    copier.catch_up()
    assert told(tmp_path / "target") == told(source)


@pytest.mark.parametrize("was", ["file", "folder", "link"])
@pytest.mark.parametrize("becomes", ["file", "folder", "link", "pipe", "socket", "nothing"])
def test_what_becomes_something_else_once_it_was_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, was: str, becomes: str
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    name = source / "name"
    make(name, was)
    look = os.stat

    def looked_at_too_early(path: str, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
        seen = look(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
        if path == "name" and dir_fd is not None:
            monkeypatch.undo()
            name.rename(tmp_path / "before")
            make(name, becomes)
        return seen

    monkeypatch.setattr(os, "stat", looked_at_too_early)
    copier = Copier(str(source), str(tmp_path / "target"), Mode.PLAIN)
    copier.copy()
    copier.catch_up()
    if becomes == "socket":  # of no use to who does not listen on it
        assert not (tmp_path / "target" / "name").exists()
    else:
        assert told(tmp_path / "target") == told(source)


def make(path: Path, kind: str) -> None:
    match kind:
        case "file":
            path.write_text(kind)
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to("elsewhere")
        case "pipe":
            os.mkfifo(path)
        case "socket":
            os.mknod(path, stat.S_IFSOCK | 0o600)


def test_folders_that_changed_places_are_told_apart(tmp_path: Path) -> None:
    """As a deployment does: what is in them did not change, and its change times tell nothing."""
    source, target = tmp_path / "source", tmp_path / "target"
    for name in ("now", "next"):
        (source / name / "inner").mkdir(parents=True)
        (source / name / "inner" / "file").write_text(name)
    time.sleep(module.TICK_NS / 1e9)  # not a wait: it lets the files grow older than the copying
    copier = Copier(str(source), str(target), Mode.PLAIN)
    copier.copy()
    (source / "now").rename(source / "former")
    (source / "next").rename(source / "now")
    copier.catch_up()
    assert told(target) == told(source)
    assert (target / "now" / "inner" / "file").read_text() == "next"


def test_a_socket_still_hides_what_lies_beneath(tmp_path: Path) -> None:
    layer, kept, below = (tmp_path / name for name in ("layer", "kept", "below"))
    for part in ("up", "fresh", "anew"):
        (layer / part).mkdir(parents=True)
    for part in ("up", "anew"):
        os.setxattr(layer / part, "user.overlay.origin", b"x")
    os.setxattr(layer / "anew", "user.overlay.opaque", b"y")
    names = ("name", "up/name", "fresh/name", "anew/name")
    for name in names:
        os.mknod(layer / name, stat.S_IFSOCK | 0o600)
    Copier(str(layer), str(kept), Mode.LAYER).copy()
    # a mark where nothing lies beneath would be listed by the overlay
    assert [name for name in names if (kept / name).is_char_device()] == ["name", "up/name"]
    assert not (kept / "fresh" / "name").exists() and not (kept / "anew" / "name").exists()
    (below / "up").mkdir(parents=True)
    for name in ("name", "up/name"):
        (below / name).write_text("removed long ago")
    assert main(["merge", str(kept), str(below)]) == 0
    assert sorted(str(each.relative_to(below)) for each in below.rglob("*")) == ["anew", "fresh", "up"]


@pytest.mark.parametrize(
    ("number", "name", "is_told"),
    [
        (errno.ENOSPC, "user.overlay.opaque", True),
        (errno.ENOSPC, "user.e2b.k", True),
        (errno.ENOTSUP, "user.overlay.opaque", True),
        (errno.ENOTSUP, "user.e2b.k", False),  # a disk without attributes keeps the file at least
        (errno.ENODATA, "user.e2b.k", False),  # it was taken off meanwhile
    ],
)
def test_an_attribute_that_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, name: str, is_told: bool
) -> None:
    """Without its mark a folder made anew would show again what was removed from it."""
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "anew").mkdir(parents=True)
    os.setxattr(source / "anew", name, b"y")

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "setxattr", refuse)
    copier = Copier(str(source), str(target), Mode.LAYER)
    if is_told:
        with pytest.raises(OSError, match=os.strerror(number)):
            copier.copy()
    else:
        copier.copy()
        assert (target / "anew").is_dir()


def test_a_tree_that_is_too_deep_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = deepest = tmp_path / "s"
    source.mkdir()
    for _ in range(700):  # two calls each are more than Python makes
        deepest /= "d"
        deepest.mkdir()
    assert main(["merge", str(source), str(tmp_path / "t")]) == 1
    assert "more than 333 times" in capsys.readouterr().err


def test_access_lists_are_kept(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "file").touch(0o600)
    # version 2; owner rw-, this user r--, group ---, mask r--, others --- (acl(5), as the kernel stores it)
    entries = ((1, 6, -1), (2, 4, os.getuid()), (4, 0, -1), (16, 4, -1), (32, 0, -1))
    access = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *each) for each in entries)
    try:
        os.setxattr(source / "file", "system.posix_acl_access", access)
    except OSError as error:
        pytest.skip(f"no access lists on this disk: {error}")
    Copier(str(source), str(tmp_path / "target"), Mode.PLAIN).copy()
    assert os.getxattr(tmp_path / "target" / "file", "system.posix_acl_access") == access


def test_holes_stay_holes_and_what_is_no_file_is_left_out(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with (source / "sparse").open("wb") as file:
        file.seek(1 << 30)
        file.write(b"end")
        file.truncate(1 << 31)
    os.mkfifo(source / "pipe", 0o640)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(source / "socket"))
    target = tmp_path / "target"
    Copier(str(source), str(target), Mode.PLAIN).copy()
    assert (target / "sparse").stat().st_size == 1 << 31
    assert (target / "sparse").stat().st_blocks < 100
    assert sorted(each.name for each in target.iterdir()) == ["pipe", "sparse"]
    assert stat.S_ISFIFO((target / "pipe").lstat().st_mode)


def test_a_folder_that_becomes_a_link_is_not_followed(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The swap a hostile program would try: between the look and the opening."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("hush")
    real = os.stat

    def swap(path: object, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
        seen = real(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)  # type: ignore[arg-type]
        if path in ("closed", "run"):
            there = source / "closed" if path == "closed" else source / "a" / "run"
            there.rmdir() if there.is_dir() else there.unlink()
            there.symlink_to(secret if path == "closed" else secret / "key")
        return seen

    monkeypatch.setattr(os, "stat", swap)
    Copier(str(source), str(tmp_path / "target"), Mode.PLAIN).copy()
    monkeypatch.undo()
    assert "hush" not in str(told(tmp_path / "target").values())
    assert not (tmp_path / "target" / "closed").exists()


def marked(folder: Path) -> Path:
    """A layer: `gone` is removed, `anew` hides what lies beneath."""
    folder.mkdir()
    os.mknod(folder / "gone", stat.S_IFCHR, 0)
    (folder / "anew").mkdir()
    (folder / "anew" / "mine").write_text("mine")
    (folder / "kind").write_text("a file now")
    os.setxattr(folder / "anew", "user.overlay.opaque", b"y")
    os.setxattr(folder / "anew", "user.overlay.origin", b"x")
    return folder


def test_marks_are_kept_of_a_layer_and_of_nothing_else(tmp_path: Path) -> None:
    layer = marked(tmp_path / "layer")
    Copier(str(layer), str(tmp_path / "kept"), Mode.LAYER).copy()
    assert stat.S_ISCHR((tmp_path / "kept" / "gone").lstat().st_mode)
    assert os.listxattr(tmp_path / "kept" / "anew") == ["user.overlay.opaque"]
    Copier(str(layer), str(tmp_path / "plain"), Mode.PLAIN).copy()
    assert not (tmp_path / "plain" / "gone").exists()
    assert os.listxattr(tmp_path / "plain" / "anew") == []


def test_layers_are_merged_as_an_overlay_would_show_them(tmp_path: Path) -> None:
    below = tmp_path / "below"
    (below / "anew").mkdir(parents=True)
    (below / "kind").mkdir()
    for name in ("gone", "anew/theirs", "stays"):
        (below / name).write_text("below")
    assert main(["merge", str(marked(tmp_path / "layer")), str(below)]) == 0
    assert sorted(str(each.relative_to(below)) for each in below.rglob("*")) == ["anew", "anew/mine", "kind", "stays"]
    assert (below / "kind").read_text() == "a file now"
    assert os.listxattr(below / "anew") == []


def run(*arguments: object, go: bytes = b"\n") -> "subprocess.CompletedProcess[bytes]":
    argv = [sys.executable, "-s", "-S", module.__file__, *map(str, arguments)]
    return subprocess.run(argv, input=go, capture_output=True, check=False)


def test_the_program_tells_its_passes(source: Path, tmp_path: Path) -> None:
    ended = run("plain", source, tmp_path / "target")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"copied\ndone\n", b"")
    assert told(tmp_path / "target") == told(source)
    assert run("plain", source, tmp_path / "other", go=b"").returncode == 1
    ended = run("plain", tmp_path / "nothing", tmp_path / "third")
    assert ended.returncode == 1 and b"nothing" in ended.stderr


def test_names_that_are_no_text_are_kept(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "source") + b"/\xff\n")).write_text("x")
    assert run("plain", tmp_path / "source", tmp_path / "target").returncode == 0
    assert os.listdir(os.fsencode(tmp_path / "target")) == [b"\xff\n"]  # noqa: PTH208 -- bytes
