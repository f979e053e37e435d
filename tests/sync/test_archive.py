import hashlib
import io
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.sync import archive as module
from craft_desktop.sync.archive import PIECE_BYTES, PORTION_BYTES, Archive
from craft_desktop.sync.diff import Difference, FileWrite, LinkWrite, compare
from craft_desktop.sync.load import INLINE_BYTES, Portion
from craft_desktop.sync.scan import scan
from craft_desktop.sync.snapshot import Entry
from tests.sync.folder_remote import tree


def archive_of(root: Path, known: dict[str, Entry] | None = None) -> Archive:
    return Archive(root, compare({}, scan(root, {}).snapshot), known or {})


def unpack(packed: bytes, into: Path) -> None:
    into.mkdir(exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(packed)) as unpacked:
        unpacked.extractall(into, filter="tar")


@pytest.mark.parametrize("is_packed", [True, False])
def test_everything_comes_through(folder: Path, tmp_path: Path, is_packed: bool) -> None:
    (folder / "empty").mkdir()
    (folder / "run.sh").touch(0o755)
    (folder / "link").symlink_to("app")
    (folder / "none").touch()
    (folder / "large").write_bytes(os.urandom(1000) * (INLINE_BYTES // 999))
    (folder / "photo.JPG").write_bytes(os.urandom(1_000_000))
    for length in (99, 100, 101, 255):
        (folder / ("é" + "n" * (length - 2))).write_text("long")
    archive = archive_of(folder)
    sent = b"".join(archive.pieces(packed=is_packed))
    assert (sent[:2] == b"\x1f\x8b") is is_packed
    unpack(sent, tmp_path / "copy")
    assert tree(tmp_path / "copy") == tree(folder)
    files = {at for at, (kind, *_) in tree(folder).items() if kind == "file"}
    assert archive.sent.keys() == archive.read.keys() == files
    assert archive.read["large"].sha256 == hashlib.sha256((folder / "large").read_bytes()).hexdigest()
    assert not archive.unstable and not archive.problems


def test_an_empty_difference_is_an_empty_archive(tmp_path: Path) -> None:
    unpack(b"".join(Archive(tmp_path, Difference(), {}).pieces()), tmp_path / "copy")
    assert tree(tmp_path / "copy") == {}


@given(
    name=st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=80),
    size=st.integers(0, 8**11 + 5),
    mode=st.sampled_from([0o644, 0o755]),
)
def test_a_head_says_what_the_library_reads(name: str, size: int, mode: int) -> None:
    head = module._header(name, tarfile.REGTYPE, mode, size=size)
    with tarfile.open(fileobj=io.BytesIO(head + bytes(1024)), mode="r:") as read:
        member = read.next()
    assert member is not None
    assert (member.name, member.size, member.mode, member.isreg()) == (name.rstrip("/"), size, mode, True)


def test_what_the_copy_holds_is_not_packed(folder: Path) -> None:
    first = archive_of(folder)
    assert b"".join(first.pieces())
    again = archive_of(folder, dict(first.read))
    small = b"".join(again.pieces())
    assert not again.sent
    assert again.read.keys() == first.read.keys()
    assert len(small) < 300


def test_pieces_can_be_asked_for_anew(folder: Path, tmp_path: Path) -> None:
    archive = archive_of(folder)
    next(archive.pieces())
    (folder / "app/page.tsx").write_text("meanwhile")
    unpack(b"".join(archive.pieces()), tmp_path / "copy")
    assert tree(tmp_path / "copy") == tree(folder)


def test_memory_is_bounded(folder: Path) -> None:
    for number in range(40):
        (folder / f"{number}.bin").write_bytes(os.urandom(1_000_000))
    with (folder / "video").open("wb") as file:
        file.truncate(300_000_000)
    largest = max(map(len, archive_of(folder).pieces()))
    assert largest <= PIECE_BYTES + INLINE_BYTES + PORTION_BYTES


class Meddled(Archive):
    """Something happens to a large file after it was hashed."""

    def __init__(self, root: Path, size: int | None) -> None:
        super().__init__(root, compare({}, scan(root, {}).snapshot), {})
        self._path = root / "large"
        self._size = size

    def _take(self, portion: Portion) -> None:
        super()._take(portion)
        if self._size is None:
            self._path.unlink()
        else:
            os.truncate(self._path, self._size)


@pytest.mark.parametrize("size", [None, 0, INLINE_BYTES + 1, INLINE_BYTES + 100_000])
def test_a_large_file_that_changes_harms_no_other(folder: Path, tmp_path: Path, size: int | None) -> None:
    (folder / "large").write_bytes(os.urandom(INLINE_BYTES + 50_000))
    (folder / "z").write_text("after it")
    archive = Meddled(folder, size)
    unpack(b"".join(archive.pieces()), tmp_path / "copy")
    assert (tmp_path / "copy/z").read_text() == "after it"
    # A file that grew is found by its stat, once it was sent.
    assert archive.unstable == (["large"] if size is None or size <= INLINE_BYTES + 1 else [])


def test_a_file_that_cannot_be_read_is_told(folder: Path) -> None:
    difference = Difference(writes=("package.json", "gone"), links=(LinkWrite("l", "x"),))
    archive = Archive(folder, difference, {})
    assert b"".join(archive.pieces())
    assert archive.unstable == ["gone"]
    assert archive.sent.keys() == {"package.json"}


def test_a_source_that_breaks_off_is_filled_up(folder: Path) -> None:
    archive = archive_of(folder)

    def broken(_: int) -> bytes:
        raise OSError(5, "Input/output error")

    chunks: Iterator[tuple[bool, bytes]] = archive._stream(FileWrite("x", folder, 1000, False), broken, False)
    assert sum(len(chunk) for _, chunk in chunks) == 1000
