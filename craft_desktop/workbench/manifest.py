"""Reads what a sandbox told of its files: find's listing, two empty fields, sha256sum's lines; all ended by NUL."""

import gzip
import os
from collections.abc import Mapping

from craft_desktop.sync.snapshot import DIRECTORY, UNCERTAIN, Entry, Kind

_HASH_CHARS = 64
# sha256sum's line: the hash, a space, the mark of a binary file; then find's own "./".
_NAME_AT = _HASH_CHARS + 4


def read_manifest(packed: bytes) -> Mapping[str, Entry]:
    """Read a gzipped manifest. Bytes of a name that are no UTF-8 are carried as Python carries them (PEP 383).

    A file without a hash vanished, or could not be read: its entry equals no file of the folder.
    """
    fields = gzip.decompress(packed).split(b"\0")
    end = 0
    while fields[end]:
        end += 2
    hashes = {line[_NAME_AT:]: line[:_HASH_CHARS].decode() for line in fields[end + 2 :] if line}
    found: dict[str, Entry] = {}
    for at in range(0, end, 2):
        head, _, name = fields[at].partition(b" ")
        kind, mode = head[:1], head[1:]
        relpath = os.fsdecode(name)
        if kind == b"f":
            found[relpath] = Entry(Kind.FILE, executable=bool(int(mode, 8) & 0o100), sha256=hashes.get(name))
        elif kind == b"d":
            found[relpath] = DIRECTORY
        elif kind == b"l":
            found[relpath] = Entry(Kind.LINK, target=os.fsdecode(fields[at + 1]))
        else:
            found[relpath] = UNCERTAIN
    return found
