import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.sync.diff import Batch, Difference, FileWrite, LinkWrite, compare, is_below
from craft_desktop.sync.snapshot import DIRECTORY, DIRECTORY_IN_DOUBT, UNCERTAIN, Entry, Kind


def file(content: str, executable: bool = False) -> Entry:
    return Entry(Kind.FILE, sha256=content, executable=executable)


def link(target: str) -> Entry:
    return Entry(Kind.LINK, target=target)


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        pytest.param({}, {}, Difference(), id="nothing"),
        pytest.param({"a": file("1")}, {"a": file("1")}, Difference(), id="same"),
        pytest.param({"a": DIRECTORY}, {"a": DIRECTORY}, Difference(), id="same folder"),
        pytest.param({"a": file("1")}, {"a": file("2")}, Difference(writes=("a",)), id="content"),
        pytest.param({"a": file("1")}, {"a": file("1", True)}, Difference(writes=("a",)), id="execute bit"),
        pytest.param(
            {"a": file("1")}, {"a": Entry(Kind.FILE)}, Difference(writes=("a",)), id="perhaps: it was not read"
        ),
        pytest.param({"a": Entry(Kind.FILE)}, {"a": file("1")}, Difference(writes=("a",)), id="in doubt"),
        pytest.param({"a": DIRECTORY_IN_DOUBT}, {"a": DIRECTORY}, Difference(directories=("a",)), id="doubtful folder"),
        pytest.param({}, {"a": DIRECTORY}, Difference(directories=("a",)), id="empty folder"),
        pytest.param(
            {},
            {"a/b/x": file("1"), "a/b": DIRECTORY, "a": DIRECTORY},
            Difference(directories=("a", "a/b"), writes=("a/b/x",)),
            id="parents first",
        ),
        pytest.param(
            {"a": DIRECTORY, "a/b": DIRECTORY, "a/b/x": file("1")},
            {},
            Difference(deletes=("a/b/x", "a/b", "a")),
            id="deepest first",
        ),
        pytest.param(
            {"a": file("1")}, {"b": file("1")}, Difference(writes=("b",), deletes=("a",)), id="a rename is both"
        ),
        pytest.param(
            {"a": file("1")},
            {"a": DIRECTORY, "a/x": file("2")},
            Difference(clears=("a",), directories=("a",), writes=("a/x",)),
            id="a file becomes a folder",
        ),
        pytest.param(
            {"a": DIRECTORY, "a/x": file("2")},
            {"a": file("1")},
            Difference(clears=("a",), writes=("a",)),
            id="a folder becomes a file",
        ),
        pytest.param(
            {"a": link("x")}, {"a": link("y")}, Difference(clears=("a",), links=(LinkWrite("a", "y"),)), id="target"
        ),
        pytest.param(
            {"a": file("1")}, {"a": link("y")}, Difference(("a",), links=(LinkWrite("a", "y"),)), id="to link"
        ),
        pytest.param(
            {"a": UNCERTAIN, "a/x": file("1"), "b": file("1")},
            {"a": DIRECTORY, "a/x": file("1"), "b": file("1")},
            Difference(clears=("a",), directories=("a",), writes=("a/x",)),
            id="what lay below a cleared path is sent again",
        ),
    ],
)
def test_compare(old: dict[str, Entry], new: dict[str, Entry], difference: Difference) -> None:
    assert compare(old, new) == difference


@st.composite
def folders(draw: st.DrawFn) -> dict[str, Entry]:
    """A folder of three levels in which names and kinds collide often."""
    found: dict[str, Entry] = {}

    def fill(prefix: str, depth: int) -> None:
        for name in draw(st.sets(st.sampled_from("abc"), max_size=3)):
            kind = draw(st.sampled_from(["file", "link", "directory"]))
            if kind == "directory" and depth < 3:
                found[prefix + name] = DIRECTORY
                fill(f"{prefix}{name}/", depth + 1)
            elif kind == "link":
                found[prefix + name] = link(draw(st.sampled_from("xy")))
            else:
                found[prefix + name] = file(draw(st.sampled_from("12")), draw(st.booleans()))

    fill("", 1)
    return found


def carry_out(copy: dict[str, Entry], difference: Difference, new: dict[str, Entry]) -> None:
    """Do what `Batch` says on a model of a disk, and fail where a disk would."""
    for relpath in difference.clears:
        for below in [at for at in copy if is_below(at, {relpath})]:
            del copy[below]
    for relpath in (*difference.directories, *difference.writes, *(link.relpath for link in difference.links)):
        above = relpath.rpartition("/")[0]
        assert not above or copy[above].kind is Kind.DIRECTORY
        assert relpath not in copy or copy[relpath].kind is new[relpath].kind
        copy[relpath] = new[relpath]
    for relpath in difference.deletes:
        assert not any(at.startswith(f"{relpath}/") for at in copy), "a folder is not empty"
        del copy[relpath]


@given(folders(), folders())
def test_carried_out_the_copy_is_equal(old: dict[str, Entry], new: dict[str, Entry]) -> None:
    copy = dict(old)
    difference = compare(old, new)
    carry_out(copy, difference, new)
    assert copy == new
    assert not compare(copy, new)


@given(folders(), folders())
def test_only_what_differs_is_written(old: dict[str, Entry], new: dict[str, Entry]) -> None:
    difference = compare(old, new)
    for relpath in difference.writes:
        assert old.get(relpath) != new[relpath]


def test_what_a_batch_holds() -> None:
    batch = Batch(("a",), ("b",), (FileWrite("b/c", b"123", 3, False),), (LinkWrite("d", "b"),), ("e",))
    assert batch.size_bytes == 3
    assert batch.relpaths == {"a", "b", "b/c", "d", "e"}
    assert batch
    assert not Batch()


@pytest.mark.parametrize(
    ("relpath", "tops", "answer"),
    [("a", ["a"], True), ("a/b/c", {"a/b"}, True), ("ab", ["a"], False), ("a", ["a/b"], False), ("a", [], False)],
)
def test_is_below(relpath: str, tops: list[str], answer: bool) -> None:
    assert is_below(relpath, tops) is answer
