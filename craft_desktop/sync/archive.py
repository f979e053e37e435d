"""Many files as one stream, made while it is sent: a tar archive (POSIX 1003.1, GNU's long names), in gzip or bare.

Blocks; run it in a thread. Memory is bounded by a portion, whatever the folder's size. Names and targets may hold
anything but NUL. Whoever sends it anew after a broken line asks for the pieces anew: the files are read again.
"""

import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from craft_desktop.model.errors import Problem
from craft_desktop.sync.diff import Difference, FileWrite
from craft_desktop.sync.load import Loader, Portion
from craft_desktop.sync.snapshot import Entry

# What is read of the files before it is sent: as much as a piece, so that the line and the disk work at once. A push of
# 1,000 files took a fifth longer by portions of 4 MiB.
PORTION_BYTES = 256 * 1024
# What one piece holds at least, but for the last: the hop to a thread costs nothing beside sending it.
PIECE_BYTES = 256 * 1024
# zlib's fastest. Of 1.9 MB of sources it left 34 % in 14 ms; level 6 left 28 % in 46 ms.
LEVEL = 1
# A gzip frame around deflate's largest window.
_GZIP = 16 + zlib.MAX_WBITS
# What is packed already only costs time to pack again.
_PACKED = (
    *(".7z", ".avif", ".br", ".bz2", ".gif", ".gz", ".jar", ".jpeg", ".jpg", ".mp3", ".mp4", ".ogg", ".pdf", ".png"),
    *(".tgz", ".wasm", ".webm", ".webp", ".woff", ".woff2", ".xz", ".zip", ".zst"),
)
_BLOCK = tarfile.BLOCKSIZE
_END = bytes(2 * _BLOCK)
# User and group 0: whoever unpacks it owns it.
_NO_OWNER = b"0000000\0" * 2
# Eleven octal digits: 8 GiB.
_LARGEST_OCTAL = 8**11 - 1


class Archive:
    """The directories, files and links of a difference.

    After the last piece: `read` maps each file read to its entry, `sent` are those that were packed, `unstable` must
    be looked at again, `problems` could not be read. What `pieces` gives for a file that shrinks while it is streamed
    is filled up, for one that grows is cut; both are unstable.

    :param known: what the copy holds; a file that is there already is not packed.
    """

    def __init__(self, root: Path, difference: Difference, known: Mapping[str, Entry]) -> None:
        self._root = root
        self._difference = difference
        self._known = known
        self._begin()

    def _begin(self) -> None:
        self.read: dict[str, Entry] = {}
        self.sent: dict[str, int] = {}
        self.unstable: list[str] = []
        self.problems: dict[str, Problem] = {}

    def release(self) -> None:
        """Let go of what was read: for 100,000 files it takes some milliseconds, so it is done in a thread."""
        self._begin()

    def pieces(self, *, packed: bool = True) -> Iterator[bytes]:
        """Give the stream from its beginning.

        :param packed: in gzip; where no line lies between, packing and unpacking take longer than the bytes they save.
        """
        self._begin()
        held = bytearray()
        packer = _Packer() if packed else _Bare()
        for is_packed, chunk in self._chunks():
            held += packer.pack(chunk, is_packed)
            if len(held) >= PIECE_BYTES:
                yield bytes(held)
                held.clear()
        held += packer.finish()
        yield bytes(held)

    def _chunks(self) -> Iterator[tuple[bool, bytes]]:
        for relpath in self._difference.directories:
            yield False, _header(relpath, tarfile.DIRTYPE, 0o755)
        loader = Loader(self._root, self._difference.writes, self._known, portion_bytes=PORTION_BYTES)
        is_last = not self._difference.writes
        while not is_last:
            portion = loader.read()
            is_last = portion.is_last
            self._take(portion)
            for write in portion.writes:
                yield from self._file(write)
        for link in self._difference.links:
            yield False, _header(link.relpath, tarfile.SYMTYPE, 0o777, target=link.target)
        yield False, _END

    def _take(self, portion: Portion) -> None:
        self.read.update(portion.read)
        self.unstable += portion.unstable
        self.problems.update(portion.problems)

    def _file(self, write: FileWrite) -> Iterator[tuple[bool, bytes]]:
        head = _header(write.relpath, tarfile.REGTYPE, 0o755 if write.executable else 0o644, size=write.size)
        is_packed = write.relpath.lower().endswith(_PACKED)
        filling = bytes(-write.size % _BLOCK)
        if isinstance(write.source, bytes):
            yield False, head
            yield is_packed, write.source + filling
        else:
            try:
                file = write.source.open("rb")
            except OSError:
                # Gone since it was hashed; the next look says how.
                self._lose(write.relpath)
                return
            yield False, head
            yield from self._stream(write, file.read, is_packed)
            file.close()
            yield False, filling
        self.sent[write.relpath] = write.size

    def _stream(self, write: FileWrite, read: Callable[[int], bytes], is_packed: bool) -> Iterator[tuple[bool, bytes]]:
        left = write.size
        while left:
            try:
                chunk = read(min(left, PIECE_BYTES))
            except OSError:
                chunk = b""
            if not chunk:
                self._lose(write.relpath)
                chunk = bytes(min(left, PIECE_BYTES))
            left -= len(chunk)
            yield is_packed, chunk

    def _lose(self, relpath: str) -> None:
        if self.read.pop(relpath, None) is not None:
            self.unstable.append(relpath)


class _Bare:
    """The stream as it is."""

    def pack(self, chunk: bytes, is_packed: bool) -> bytes:
        return chunk

    def finish(self) -> bytes:
        return b""


class _Packer(_Bare):
    """A gzip stream whose members are each packed, or only framed."""

    def __init__(self) -> None:
        self._is_packed = False
        self._member = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)

    def pack(self, chunk: bytes, is_packed: bool) -> bytes:
        done = b""
        # A head of 512 bytes is not worth a member of its own.
        if is_packed != self._is_packed and len(chunk) > 2 * _BLOCK:
            done = self._member.flush()
            self._is_packed = is_packed
            self._member = zlib.compressobj(0 if is_packed else LEVEL, zlib.DEFLATED, _GZIP)
        return done + self._member.compress(chunk)

    def finish(self) -> bytes:
        return self._member.flush()


def _header(relpath: str, kind: bytes, mode: int, *, size: int = 0, target: str = "") -> bytes:
    name = relpath.encode(errors="surrogateescape")
    if len(name) > tarfile.LENGTH_NAME or target or size > _LARGEST_OCTAL:
        info = tarfile.TarInfo(relpath)
        info.type, info.mode, info.size, info.linkname = kind, mode, size, target
        return info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
    # The usual head by hand: with the library's, packing 10,000 sources took three times as long.
    head = b"%b%07o\0%b%011o\0%011o\0        %b" % (
        name.ljust(tarfile.LENGTH_NAME, b"\0"),
        mode,
        _NO_OWNER,
        size,
        0,
        kind,
    )
    rest = head.ljust(tarfile.LENGTH_NAME + 157, b"\0") + tarfile.GNU_MAGIC
    return b"%b%06o\0 %b" % (head[:148], sum(rest), rest[156:].ljust(_BLOCK - 156, b"\0"))
