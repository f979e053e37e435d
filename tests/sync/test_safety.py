import pytest

from craft_desktop.sync.safety import is_doubtful, is_emptied, restrict
from craft_desktop.sync.snapshot import DIRECTORY, Entry, Kind

FILE = Entry(Kind.FILE, sha256="x")
TEN = {**{f"f{number}": FILE for number in range(10)}, "d": DIRECTORY}


@pytest.mark.parametrize(
    ("known", "deletes", "answer"),
    [
        (TEN, list(TEN), True),
        (TEN, [name for name in TEN if name != "d"], True),
        (TEN, [name for name in TEN if name != "f1"], False),
        (TEN, [], False),
        ({}, [], False),
        ({"d": DIRECTORY}, ["d"], False),
    ],
)
def test_emptied(known: dict[str, Entry], deletes: list[str], answer: bool) -> None:
    assert is_emptied(known, deletes) is answer


@pytest.mark.parametrize(
    ("deletes", "answer"),
    [(["f0", "f1", "f2", "f3", "f4"], True), (["f0", "f1", "f2", "f3"], False), (["f0", "f1", "f2", "f3", "d"], False)],
)
def test_half_of_the_files_is_doubtful(deletes: list[str], answer: bool) -> None:
    assert is_doubtful(TEN, deletes) is answer


def test_a_handful_of_many_is_not_doubtful() -> None:
    many = {f"f{number}": FILE for number in range(100)}
    assert not is_doubtful(many, [f"f{number}" for number in range(49)])
    assert is_doubtful(many, [f"f{number}" for number in range(50)])


def test_restrict() -> None:
    known = {"a": DIRECTORY, "a/x": FILE, "a/b": DIRECTORY, "a/b/y": FILE, "c": FILE, "ab": FILE}
    assert restrict(known, frozenset({"a"}), frozenset()).keys() == {"a", "a/x", "a/b", "a/b/y"}
    assert restrict(known, frozenset({"a"}), frozenset({"a/b"})).keys() == {"a", "a/x"}
    assert restrict(known, frozenset({"c", "new"}), frozenset()).keys() == {"c"}
    assert restrict(known, frozenset(), frozenset()) == {}
