from datetime import UTC, datetime

import pytest

from craft_desktop.host.bodies import BadRequest
from craft_desktop.host.registry import CursorError
from craft_desktop.host.snapshot_routes import cursor_of, place_of, read_name, told
from craft_desktop.host.snapshots import Snapshot

NOW = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (None, ("", "default")),
        ("my-app", ("my-app", "default")),
        ("my_app:v1.2", ("my_app", "v1.2")),
        ("local/my-app", ("my-app", "default")),
    ],
)
def test_names_are_read(name: str | None, expected: tuple[str, str]) -> None:
    assert read_name({"name": name}) == expected


@pytest.mark.parametrize("name", ["", "A", "other/app", "a:", "a:b:c", "a b", "../x", "a" * 200, 7, "x\n"])
def test_other_names_are_refused(name: object) -> None:
    with pytest.raises(BadRequest):
        read_name({"name": name})


def test_a_snapshot_is_told_by_name_if_it_has_one() -> None:
    plain = Snapshot("t" * 20, "i1", NOW, ("t" * 20,))
    assert told(plain) == {"snapshotID": "t" * 20 + ":default", "names": []}
    named = Snapshot("t" * 20, "i1", NOW, ("t" * 20,), "app", "v1")
    assert told(named) == {"snapshotID": "local/app:v1", "names": ["local/app"]}


def test_a_page_token_names_a_place() -> None:
    snapshot = Snapshot("t" * 20, "i1", NOW, ())
    assert place_of(cursor_of(snapshot)) == (NOW, "t" * 20)
    for token in ("x", "é", "", "MjAyNi0wMS0wMVQwMDowMDowMF9feA"):
        with pytest.raises(CursorError):
            place_of(token)
