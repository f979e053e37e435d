from pathlib import Path

import pytest

from craft_desktop.sync.snapshot import COARSE_NS, DIRECTORY, RACY_NS, Entry, Kind, file_entry, is_racy


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


@pytest.mark.parametrize(
    ("ctime_ns", "age_ns", "answer"),
    [
        (7_000_000_001, RACY_NS - 1, True),
        (7_000_000_001, RACY_NS, False),
        (7_000_000_000, RACY_NS, True),
        (7_000_000_000, COARSE_NS, False),
        (7_000_000_001, -5, True),
    ],
)
def test_what_may_change_again_within_its_time(ctime_ns: int, age_ns: int, answer: bool) -> None:
    assert is_racy(ctime_ns, ctime_ns + age_ns) is answer
