from pathlib import Path

from craft_desktop.sync.diff import Batch, Difference, FileWrite, LinkWrite
from craft_desktop.sync.known import Known
from craft_desktop.sync.snapshot import DIRECTORY, DIRECTORY_IN_DOUBT, UNCERTAIN, Entry, Kind

FILE = Entry(Kind.FILE, 3, 1, 1, 7, False, "a" * 64)
LINK = Entry(Kind.LINK, target="f")


def test_what_is_set_or_removed_is_touched() -> None:
    known = Known({"a": DIRECTORY, "b": DIRECTORY, "c": DIRECTORY})
    assert not known.touched
    known.put({"d": DIRECTORY})
    known.drop(["b", "never there"])
    del known["c"]
    assert known.touched == {"b", "c", "d"}
    assert dict(known) == {"a": DIRECTORY, "d": DIRECTORY}


def test_all_that_a_batch_touches_is_in_doubt_until_it_is_settled() -> None:
    known = Known({"f": FILE, "d": DIRECTORY, "l": LINK, "gone": FILE, "u": UNCERTAIN})
    batch = Batch(
        directories=("d", "new"),
        writes=(FileWrite("f", b"1", 1, False), FileWrite("u", Path("u"), 1, False)),
        links=(LinkWrite("l", "x"), LinkWrite("m", "y")),
        deletes=("gone",),
    )
    known.doubt(batch)
    assert known["f"].sha256 is None and known["f"].size == 3
    assert known["u"] is UNCERTAIN
    assert known["d"] == known["new"] == DIRECTORY_IN_DOUBT
    assert known["l"].target is None and known["m"].target is None
    assert known["gone"].sha256 is None
    read = {"f": FILE, "u": FILE}
    known.settle(batch, read)
    assert dict(known) == {
        "f": FILE,
        "u": FILE,
        "d": DIRECTORY,
        "new": DIRECTORY,
        "l": Entry(Kind.LINK, target="x"),
        "m": Entry(Kind.LINK, target="y"),
    }


def test_what_a_stream_brings_is_in_doubt_until_it_is_there() -> None:
    known = Known({"f": FILE})
    difference = Difference(directories=("d",), writes=("f", "d/g"), links=(LinkWrite("l", "f"),))
    known.doubt_all(difference)
    assert all(entry.sha256 is None and entry.target is None for entry in known.values())
    known.bring(difference.directories, difference.links, {"f": FILE, "d/g": FILE})
    assert dict(known) == {"f": FILE, "d": DIRECTORY, "d/g": FILE, "l": LINK}


def test_what_is_to_be_cleared_is_forgotten_below_and_uncertain_itself() -> None:
    known = Known({"a": DIRECTORY, "a/b": FILE, "ab": FILE})
    known.doubt_clears(())
    assert not known.touched
    known.doubt_clears(("a",))
    assert dict(known) == {"a": UNCERTAIN, "ab": FILE}
    assert known.touched == {"a", "a/b"}
