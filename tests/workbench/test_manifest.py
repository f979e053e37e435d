import gzip
import os

import pytest

from craft_desktop.sync.snapshot import DIRECTORY, UNCERTAIN, Entry, Kind
from craft_desktop.workbench.manifest import read_manifest

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
