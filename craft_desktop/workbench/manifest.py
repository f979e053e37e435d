"""Reads what a sandbox told of its files: find's listing, two empty fields, sha256sum's lines; all ended by NUL."""

import os
import zlib
from collections.abc import Mapping

from craft_desktop.model.errors import Action, SyncError
from craft_desktop.sync.snapshot import DIRECTORY, UNCERTAIN, Entry, Kind

# A hundred thousand files make some 15 MB in 300,000 fields, and 5 MB packed.
MOST_BYTES = 256 * 1024 * 1024
MOST_PACKED_BYTES = 128 * 1024 * 1024
MOST_FIELDS = 3_000_000
_GZIP = 16 + zlib.MAX_WBITS
_HASH_CHARS = 64
# sha256sum's line: the hash, a space, the mark of a binary file; then find's own "./".
_NAME_AT = _HASH_CHARS + 4


def read_manifest(packed: bytes) -> Mapping[str, Entry]:
    """Read a gzipped manifest. Bytes of a name that are no UTF-8 are carried as Python carries them (PEP 383).

    A file without a hash vanished, or could not be read: its entry equals no file of the folder.

    :raises SyncError: it is no manifest, or too large: the code in a sandbox can write there as well.
    """
    try:
        return _read(_unpack(packed))
    except (zlib.error, ValueError, IndexError) as error:
        raise SyncError(
            "The sandbox's list of its files cannot be read",
            f"It is not what was written there ({error}).",
            "Start the project again; your files are all here.",
            Action.START,
        ) from error


def _unpack(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj(_GZIP)
    text = unpacking.decompress(packed, MOST_BYTES)
    if not unpacking.eof:
        raise ValueError("it does not end" if len(text) < MOST_BYTES else f"over {MOST_BYTES:,} bytes")
    if text.count(b"\0") > MOST_FIELDS:
        raise ValueError(f"over {MOST_FIELDS:,} fields")
    return text


def _read(text: bytes) -> Mapping[str, Entry]:
    fields = text.split(b"\0")
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
