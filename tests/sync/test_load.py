import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

from craft_desktop.sync.diff import FileWrite
from craft_desktop.sync.load import BATCH_BYTES, BATCH_FILES, INLINE_BYTES, Loader, read_file
from craft_desktop.sync.snapshot import RACY_NS, Entry, Kind


def later() -> int:
    """A clock by which no file is young."""
    return time.time_ns() + RACY_NS


def entry_of(path: Path) -> Entry:
    found = read_file(path, later)
    assert found is not None
    return found[0]


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "x"
    content = bytes(range(256)) * 3
    path.write_bytes(content)
    found = read_file(path, later)
    assert found is not None
    entry, read = found
    assert read == content
    assert entry.sha256 == hashlib.sha256(content).hexdigest()
    assert entry.has_signature(path.stat())


def test_a_young_file_is_not_recognised_by_its_stat(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("one")
    found = read_file(path, lambda: path.stat().st_ctime_ns + RACY_NS - 1)
    assert found is not None
    assert not found[0].has_signature(path.stat())


def test_a_large_file_is_a_path(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(INLINE_BYTES + 1)
    portion = Loader(tmp_path, ("large",), {}, later).read()
    assert portion.writes == [FileWrite("large", path, INLINE_BYTES + 1, False)]
    assert portion.read["large"].sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_the_copy_holds_is_read_but_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("one")
    known = {"x": entry_of(path)._replace(mtime_ns=1)}
    portion = Loader(tmp_path, ("x",), known, later).read()
    assert portion.writes == []
    assert portion.read["x"].has_signature(path.stat())
    path.chmod(0o755)
    assert [write.executable for write in Loader(tmp_path, ("x",), known, later).read().writes] == [True]


def test_a_portion_is_bounded_in_bytes(tmp_path: Path) -> None:
    names = tuple(f"f{number}" for number in range(BATCH_BYTES // INLINE_BYTES + 2))
    for name in names:
        with (tmp_path / name).open("wb") as file:
            file.truncate(INLINE_BYTES)
    loader = Loader(tmp_path, names, {}, later)
    first, second = loader.read(), loader.read()
    assert sum(write.size for write in first.writes) == BATCH_BYTES
    assert not first.is_last
    assert second.is_last
    assert (*first.read, *second.read) == names


def test_a_portion_is_bounded_in_files(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    loader = Loader(tmp_path, ("x",) * (BATCH_FILES + 1), {}, later)
    assert [len(loader.read().writes), len(loader.read().writes)] == [BATCH_FILES, 1]


def test_what_is_gone_or_no_file_any_more_is_unstable(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("nowhere")
    portion = Loader(tmp_path, ("gone", "gone/x", "link", "pipe"), {}, later).read()
    assert portion.unstable == ["gone", "gone/x", "link", "pipe"]
    assert not portion.problems
    assert not portion.read


def test_a_file_that_grows_while_it_is_read_is_unstable(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with path.open("wb") as file:
        file.truncate(INLINE_BYTES + 1)
        file.flush()
        before = path.stat()
        # Written with the old times put back: only the kernel's own ctime tells.
        real = os.fstat
        calls = 0

        def grow(descriptor: int) -> os.stat_result:
            nonlocal calls
            calls += 1
            if calls == 2:
                os.write(file.fileno(), b"more")
                os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
            return real(descriptor)

        os.fstat = grow  # type: ignore[assignment]
        try:
            assert read_file(path, later) is None
        finally:
            os.fstat = real


def test_a_read_that_fails_is_a_problem(open_folder: Path, as_ordinary_user: Callable[[], None]) -> None:
    for name in ("open", "secret"):
        (open_folder / name).write_text(name)
    (open_folder / "secret").chmod(0)
    as_ordinary_user()
    portion = Loader(open_folder, ("open", "secret"), {}, later).read()
    assert [write.relpath for write in portion.writes] == ["open"]
    assert "secret: Permission denied" in portion.problems["secret"].detail


def test_an_input_error_is_a_problem() -> None:
    # A file of the kernel whose first byte no process may read.
    portion = Loader(Path("/proc/self"), ("mem",), {"mem": Entry(Kind.FILE)}, later).read()
    assert "mem: Input/output error" in portion.problems["mem"].detail
