import ctypes
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from craft_desktop.sync.signatures import (
    PlainSignatures,
    Signatures,
    StatxSignatures,
    find_signatures,
)
from craft_desktop.sync.snapshot import Entry, file_entry

NAMES = ["with space", "new\nline", "-rf", "é", os.fsdecode(b"caf\xe9"), "*", "a" * 255, "link", "folder"]


@pytest.fixture(params=[PlainSignatures, StatxSignatures])
def signatures(request: pytest.FixtureRequest) -> Signatures:
    made: Signatures = request.param()
    return made


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    for name in NAMES[:-2]:
        (tmp_path / name).write_text(name[:3], errors="surrogateescape")
    (tmp_path / "link").symlink_to("é")
    (tmp_path / "folder").mkdir()
    # Before 1970, and beyond what 32 bits hold.
    os.utime(tmp_path / "-rf", ns=(0, -1_500_000_001))
    os.utime(tmp_path / "*", ns=(0, 5_000_000_000_999_999_999))
    descriptor = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def entry_of(path: Path) -> Entry:
    return file_entry(path.lstat())


def test_entries_and_files_agree(signatures: Signatures, descriptor: int, tmp_path: Path) -> None:
    entries = [entry_of(tmp_path / name) for name in NAMES]
    found = signatures.of_files(descriptor, [os.fsencode(name) for name in NAMES])
    assert found == signatures.of_entries(entries)


@pytest.mark.parametrize("field", ["size", "mtime_ns", "ctime_ns", "inode"])
@pytest.mark.parametrize("by", [1, 2**33])
def test_each_fact_counts(signatures: Signatures, descriptor: int, tmp_path: Path, field: str, by: int) -> None:
    entries = [entry_of(tmp_path / name) for name in NAMES]
    for at, entry in enumerate(entries):
        other = entry._replace(**{field: getattr(entry, field) + by})
        assert signatures.of_entries([*entries[:at], other, *entries[at + 1 :]]) != signatures.of_entries(entries)


def test_reading_a_file_changes_nothing(signatures: Signatures, descriptor: int, tmp_path: Path) -> None:
    before = signatures.of_files(descriptor, ["é".encode()])
    (tmp_path / "é").read_bytes()
    os.stat(tmp_path / "é")  # noqa: PTH116 - as others do
    assert signatures.of_files(descriptor, ["é".encode()]) == before


def test_a_file_that_is_gone_has_none(signatures: Signatures, descriptor: int) -> None:
    assert signatures.of_files(descriptor, [b"*", b"none"]) is None


def test_more_files_than_one_round(signatures: Signatures, tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(2500)]
    for name in names:
        (tmp_path / name).touch()
    descriptor = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        entries = [entry_of(tmp_path / name) for name in names]
        encoded = [name.encode() for name in names]
        assert signatures.of_files(descriptor, encoded) == signatures.of_entries(entries)
        (tmp_path / "f2400").write_text("x")
        assert signatures.of_files(descriptor, encoded) != signatures.of_entries(entries)
    finally:
        os.close(descriptor)


def test_a_folder_without_files(signatures: Signatures, descriptor: int) -> None:
    assert signatures.of_files(descriptor, []) == signatures.of_entries([])


@settings(max_examples=50, deadline=None)  # on a real disk
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["write", "touch", "chmod", "remove"])), max_size=8))
def test_both_ways_see_the_same(acts: list[tuple[str, str]]) -> None:
    names = [b"a", b"b", b"c"]
    ways: list[Signatures] = [PlainSignatures(), StatxSignatures()]
    root = Path(tempfile.mkdtemp(prefix="craft-signatures-"))
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in "abc":
            (root / name).touch()
        before = [way.of_files(descriptor, names) for way in ways]
        for name, act in acts:
            path = root / name
            if act == "write":
                path.write_text(act)
            elif act == "touch":
                path.touch()
            elif act == "chmod" and path.exists():
                path.chmod(path.stat().st_mode ^ 0o100)
            elif act == "remove":
                path.unlink(missing_ok=True)
        after = [way.of_files(descriptor, names) for way in ways]
        assert (after[0] == before[0]) is (after[1] == before[1])
        assert (after[0] is None) is (after[1] is None)
    finally:
        os.close(descriptor)
        shutil.rmtree(root)


def test_without_statx_the_plain_way_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(find_signatures(), StatxSignatures)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: {"statx": lambda *_: -1})
    assert isinstance(find_signatures(), PlainSignatures)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: _NoSuchFunction())
    assert isinstance(find_signatures(), PlainSignatures)


class _NoSuchFunction:
    def __getitem__(self, name: str) -> object:
        raise AttributeError(name)
