import gzip
import os

import pytest

from craft_desktop.model.errors import Action, SyncError
from craft_desktop.sync.snapshot import DIRECTORY, UNCERTAIN, Entry, Kind
from craft_desktop.workbench.manifest import MOST_BYTES, MOST_FIELDS, read_manifest

HASH = "0123456789abcdef" * 4


def packed(listing: bytes, hashes: bytes = b"") -> bytes:
    return gzip.compress(listing + b"\0\0" + hashes)


def test_an_empty_folder() -> None:
    assert read_manifest(packed(b"")) == {}


def test_every_kind() -> None:
    listing = b"f644 a b\0\0f755 run\0\0d755 d\0\0l777 l\0to here\0p644 pipe\0\0f600 vanished\0\0"
    hashes = f"{HASH} *./a b\0{HASH} *./run\0".encode()
    assert read_manifest(packed(listing, hashes)) == {
        "a b": Entry(Kind.FILE, sha256=HASH),
        "run": Entry(Kind.FILE, sha256=HASH, executable=True),
        "d": DIRECTORY,
        "l": Entry(Kind.LINK, target="to here"),
        "pipe": UNCERTAIN,
        "vanished": Entry(Kind.FILE),
    }


@pytest.mark.parametrize("name", [b"new\nline", b" lead", b"caf\xe9", b"\\back", b"*", b"./x"])
def test_names_of_any_bytes(name: bytes) -> None:
    told = read_manifest(packed(b"f644 " + name + b"\0\0", HASH.encode() + b" *./" + name + b"\0"))
    assert told == {os.fsdecode(name): Entry(Kind.FILE, sha256=HASH)}


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"no gzip at all",
        gzip.compress(b"f644 a\0\0\0\0")[:-9],
        gzip.compress(b"f644 a"),
        packed(b"fxyz a\0\0"),
        packed(b"f644 a\0\0", b"\xff" * 64 + b" *./a\0"),
        gzip.compress(bytes(MOST_BYTES + 1), 1),
        gzip.compress(b"d1 \0\0" * MOST_FIELDS, 1),
    ],
    ids=["empty", "other", "cut", "endless", "mode", "hash", "bomb", "fields"],
)
def test_what_a_sandboxs_code_wrote_there_is_told_and_bounded(told: bytes) -> None:
    with pytest.raises(SyncError) as caught:
        read_manifest(told)
    assert caught.value.problem.action is Action.START
