"""A file on its way out: whole, one range or several, streamed; packed only for who asks for nothing but gzip.

The clients' libraries offer gzip with every request whether their caller cares or not, and the way to them is this
machine's memory, where packing costs more than it saves. So a client that offers gzip among others gets the bytes
as they are, which is always its right (RFC 9110, 12.5.3), and one that asks for gzip alone gets gzip.
"""

import json
import os
import stat
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

from craft_desktop.host.envd.faults import HttpFault, http_fault
from craft_desktop.host.envd.negotiation import UnsatisfiableRangeError, byte_ranges, encoding_for
from craft_desktop.host.envd.server import Exchange

# Bytes read and sent at once.
_CHUNK_BYTES = 256 * 1024
# Enough of a file to tell text from bytes, as in Go's `http.DetectContentType`.
_SNIFF_BYTES = 512
# The fastest: 256 KiB take some 3 ms, for which everything else in this daemon waits.
_GZIP_LEVEL = 1

Headers = list[tuple[str, str]]
Span = tuple[int, int]


async def send_file(exchange: Exchange, path: Path) -> None:
    """Send a regular file.

    :raises HttpFault: 404 nothing is there, 400 it is no file, 406 no encoding suits.
    """
    try:
        # Non-blocking, for opening a pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise http_fault(error, path) from error
    try:
        facts = os.fstat(descriptor)
        if stat.S_ISDIR(facts.st_mode):
            raise HttpFault(400, f"path '{path}' is a directory")
        if not stat.S_ISREG(facts.st_mode):
            raise HttpFault(400, f"path '{path}' is not a regular file")
        await _send(exchange, path, descriptor, facts)
    finally:
        os.close(descriptor)


async def _send(exchange: Exchange, path: Path, descriptor: int, facts: os.stat_result) -> None:
    asked = exchange.headers
    encoding = encoding_for(asked.get("accept-encoding", ""))
    if encoding is None:
        raise HttpFault(406, "no acceptable encoding: the file is sent as it is, or as gzip")
    modified, size = http_date(facts.st_mtime), facts.st_size
    headers = [
        ("Content-Disposition", disposition(path.name)),
        ("Vary", "Accept-Encoding"),
        ("Accept-Ranges", "bytes"),
        ("Last-Modified", modified),
    ]
    # Only this server's own dates come back here, so they are compared as text.
    if asked.get("if-modified-since") == modified and "range" not in asked:
        await exchange.answer(304, headers=headers)
        return
    spans = None
    if "range" in asked and asked.get("if-range", modified) == modified:
        try:
            spans = byte_ranges(asked["range"], size)
        except UnsatisfiableRangeError:
            message = f"range '{asked['range']}' lies outside the {size} bytes of '{path}'"
            refusal = json.dumps({"code": 416, "message": message}).encode()
            told = [("Content-Type", "application/json"), ("Content-Range", f"bytes */{size}")]
            await exchange.answer(416, refusal, told)
            return
    kind = content_kind(os.pread(descriptor, _SNIFF_BYTES, 0))
    if spans is not None and len(spans) > 1:
        await _send_parts(exchange, path, descriptor, size, spans, kind, headers)
        return
    headers.append(("Content-Type", kind))
    status, span = 200, (0, size)
    if spans is not None:
        status, span = 206, spans[0]
        headers.append(("Content-Range", f"bytes {span[0]}-{span[1] - 1}/{size}"))
    # Files under /proc say they are empty and are not: those go out in chunks of unknown total.
    is_sized = size > 0 or not os.pread(descriptor, 1, 0)
    chunks = _read(path, descriptor, span, is_sized)
    if encoding == "gzip" and spans is None:
        headers.append(("Content-Encoding", "gzip"))
        chunks = _packed(chunks)
    elif is_sized:
        headers.append(("Content-Length", str(span[1] - span[0])))
    await exchange.begin(status, headers)
    if exchange.method != "HEAD":
        async for chunk in chunks:
            await exchange.send(chunk)
    await exchange.end()


async def _send_parts(
    exchange: Exchange, path: Path, descriptor: int, size: int, spans: list[Span], kind: str, headers: Headers
) -> None:
    """Several ranges, as one body of several parts (RFC 9110, 14.6)."""
    boundary = os.urandom(16).hex()
    heads = [
        f"--{boundary}\r\nContent-Type: {kind}\r\nContent-Range: bytes {start}-{end - 1}/{size}\r\n\r\n".encode()
        for start, end in spans
    ]
    tail = f"--{boundary}--\r\n".encode()
    # Behind each part stands the line break that belongs to the next boundary.
    total = sum(len(head) + end - start + 2 for head, (start, end) in zip(heads, spans, strict=True)) + len(tail)
    headers += [("Content-Type", f"multipart/byteranges; boundary={boundary}"), ("Content-Length", str(total))]
    await exchange.begin(206, headers)
    if exchange.method != "HEAD":
        for head, span in zip(heads, spans, strict=True):
            await exchange.send(head)
            async for chunk in _read(path, descriptor, span, True):
                await exchange.send(chunk)
            await exchange.send(b"\r\n")
        await exchange.send(tail)
    await exchange.end()


async def _read(path: Path, descriptor: int, span: Span, is_sized: bool) -> AsyncIterator[bytes]:
    """A span of an open file in chunks; all of it, to whatever end, when its size is not known.

    :raises ConnectionAbortedError: the file was cut short, and its length is promised already.
    """
    offset, end = span
    while offset < end or not is_sized:
        data = os.pread(descriptor, min(_CHUNK_BYTES, end - offset) if is_sized else _CHUNK_BYTES, offset)
        if not data:
            if is_sized:
                raise ConnectionAbortedError(f"{path} was cut short while it was sent")
            return
        offset += len(data)
        yield data


async def _packed(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same as gzip."""
    packer = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)  # 16: with the gzip frame
    async for chunk in chunks:
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()


def content_kind(head: bytes) -> str:
    """Text or bytes; never a kind that a browser would run, for the content is the sandbox's."""
    if b"\0" in head:
        return "application/octet-stream"
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # A character cut by the end of the sample is no sign of bytes.
        if error.start < len(head) - 3:
            return "application/octet-stream"
    return "text/plain; charset=utf-8"


def disposition(name: str) -> str:
    """A `Content-Disposition` that carries any file name (RFC 6266)."""
    if all(" " <= letter <= "~" and letter not in '"\\' for letter in name):
        return f'inline; filename="{name}"'
    return "inline; filename*=utf-8''" + quote(name.encode(errors="surrogateescape"), safe="")


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def http_date(seconds: float) -> str:
    """A time in the words of RFC 9110, 5.6.7, whatever the locale."""
    at = time.gmtime(seconds)
    return (
        f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year} "
        f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"
    )
