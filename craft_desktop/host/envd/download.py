"""A file on its way out: whole or one range, streamed.

The body is never compressed: the way to the client is this machine's memory, where packing costs more than it saves.
"""

import os
import re
import stat
import time
from pathlib import Path
from urllib.parse import quote

from craft_desktop.host.envd.faults import HttpFault, http_fault
from craft_desktop.host.envd.server import Exchange

# Bytes read and sent at once.
_CHUNK_BYTES = 256 * 1024
# Enough of a file to tell text from bytes, as in Go's `http.DetectContentType`.
_SNIFF_BYTES = 512
_RANGE = re.compile(r"bytes=(\d*)-(\d*)\s*")


class UnsatisfiableRangeError(ValueError):
    """The range asked for lies outside the file."""


async def send_file(exchange: Exchange, path: Path) -> None:
    """Send a regular file.

    :raises HttpFault: 404 nothing is there, 400 it is no file, 416 the range lies outside.
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
    modified = http_date(facts.st_mtime)
    headers = [
        ("Content-Disposition", disposition(path.name)),
        ("Vary", "Accept-Encoding"),
        ("Accept-Ranges", "bytes"),
        ("Last-Modified", modified),
    ]
    # Only this server's own dates come back here, so they are compared as text.
    if exchange.headers.get("if-modified-since") == modified and "range" not in exchange.headers:
        await exchange.answer(304, headers=headers)
        return
    size = facts.st_size
    start, end, status = 0, size, 200
    asked = exchange.headers.get("range")
    if asked is not None and exchange.headers.get("if-range", modified) == modified:
        try:
            span = byte_range(asked, size)
        except UnsatisfiableRangeError as error:
            raise HttpFault(416, f"range '{asked}' lies outside the {size} bytes of '{path}'") from error
        if span is not None:
            (start, end), status = span, 206
            headers.append(("Content-Range", f"bytes {start}-{end - 1}/{size}"))
    headers.append(("Content-Type", content_kind(os.pread(descriptor, _SNIFF_BYTES, 0))))
    # Files under /proc say they are empty and are not: those go out in chunks of unknown total.
    is_sized = size > 0 or not os.pread(descriptor, 1, 0)
    if is_sized:
        headers.append(("Content-Length", str(end - start)))
    await exchange.begin(status, headers)
    if exchange.method != "HEAD":
        offset = start
        while offset < end or not is_sized:
            length = min(_CHUNK_BYTES, end - offset) if is_sized else _CHUNK_BYTES
            data = os.pread(descriptor, length, offset)
            if not data:
                if is_sized:
                    raise ConnectionAbortedError(f"{path} was cut short while it was sent")
                break
            offset += len(data)
            await exchange.send(data)
    await exchange.end()


def byte_range(header: str, size: int) -> tuple[int, int] | None:
    """The first byte asked for and the one after the last; None when the whole file answers (RFC 9110, 14.2).

    Several ranges at once are answered by the whole file, which the RFC allows.

    :raises UnsatisfiableRangeError: nothing of it lies in the file.
    """
    match = _RANGE.fullmatch(header)
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        length = int(match[2])
        if length == 0 or size == 0:
            raise UnsatisfiableRangeError(header)
        return max(0, size - length), size
    start = int(match[1])
    end = int(match[2]) + 1 if match[2] else size
    if match[2] and end <= start:
        return None
    if start >= size:
        raise UnsatisfiableRangeError(header)
    return start, min(end, size)


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
