from pathlib import Path

import pytest

from craft_desktop.sync.snapshot import DIRECTORY, Entry, Kind, Snapshot, file_entry


def test_a_file_is_recognised_by_its_stat(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("one")
    entry = file_entry(path.stat(), "hash")
    assert (entry.kind, entry.size, entry.executable, entry.sha256) == (Kind.FILE, 3, False, "hash")
    assert entry.has_signature(path.stat())
    path.chmod(0o755)
    assert not entry.has_signature(path.stat())
    assert file_entry(path.stat()).executable


@pytest.mark.parametrize(
    "entry", [DIRECTORY, Entry(Kind.FILE, sha256="x"), Entry(Kind.LINK, target="x")], ids=lambda entry: entry.kind
)
def test_doubt_makes_a_thing_unequal_to_itself(entry: Entry) -> None:
    assert entry.in_doubt() != entry
    assert entry.in_doubt().kind is entry.kind
    assert entry.in_doubt().in_doubt() == entry.in_doubt()


def test_a_snapshot_is_a_mapping() -> None:
    snapshot = Snapshot({"a": DIRECTORY})
    assert snapshot["a"] is DIRECTORY
    assert list(snapshot) == ["a"]
    assert len(snapshot) == 1
    assert snapshot.get("b") is None
