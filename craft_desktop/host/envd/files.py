"""`/files`: files in (multipart form, raw body, either gzipped) and out."""

import re
import time
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from craft_desktop.host.envd.access import check_file_access
from craft_desktop.host.envd.download import send_file
from craft_desktop.host.envd.faults import HttpFault
from craft_desktop.host.envd.paths import User, expand_text
from craft_desktop.host.envd.server import IDLE_S, Exchange
from craft_desktop.host.envd.state import State
from craft_desktop.host.envd.upload import Batch

_METADATA_HEADER = "x-metadata-"
# E2B's limits: what Linux allows an attribute's name, less `user.e2b.`, and one block of attributes.
_MAX_METADATA_KEY_BYTES = 246
_MAX_METADATA_BYTES = 4096
# A part's head holds the whole path: PATH_MAX, thrice that percent-encoded, and some words.
_MAX_PART_HEAD_BYTES = 16 * 1024
# Bytes unpacked at once from a gzipped body, whatever it claims to hold.
_UNPACK_BYTES = 256 * 1024


class Files:
    """Answers `/files`.

    :param announce: told of each upload, as in `Batch`.
    """

    def __init__(self, state: State, announce: Callable[[str], None], idle_s: float = IDLE_S) -> None:
        self._state = state
        self._announce = announce
        self._idle_s = idle_s

    async def answer(self, exchange: Exchange) -> None:
        """Answer a download or an upload.

        :raises HttpFault: refused.
        """
        if exchange.method not in ("GET", "HEAD", "POST"):
            raise HttpFault(405, f"{exchange.method} is not served on /files")
        is_upload = exchange.method == "POST"
        check_file_access(
            self._state.access_token,
            exchange.headers,
            exchange.query,
            "write" if is_upload else "read",
            time.time(),
        )
        name = exchange.query.get("username")
        try:
            user = self._state.user(name)
        except KeyError as error:
            raise HttpFault(401, f"error looking up user '{name}': user is unknown") from error
        if is_upload:
            await self._upload(exchange, user)
        else:
            await send_file(exchange, Path(self._path(exchange.query.get("path", ""), user)))

    def _path(self, asked: str, user: User) -> str:
        try:
            return expand_text(asked, user, self._state.default_workdir)
        except ValueError as error:
            raise HttpFault(400, str(error)) from error

    async def _upload(self, exchange: Exchange, user: User) -> None:
        metadata = upload_metadata(exchange.headers)
        kind, options = parse_options_header(exchange.headers.get("content-type", ""))
        body = _unpacked(exchange, self._idle_s)
        with Batch(Path(user.home), metadata, self._announce) as batch:
            if kind == "application/octet-stream":
                if not exchange.query.get("path"):
                    raise HttpFault(400, "a raw upload needs the query parameter 'path'")
                batch.begin(self._path(exchange.query["path"], user))
                async for chunk in body:
                    batch.write(chunk)
                batch.finish()
            elif kind == "multipart/form-data":
                await self._receive_form(exchange, user, options.get("boundary", ""), body, batch)
            else:
                raise HttpFault(400, f"content type '{kind}' is neither a multipart form nor an octet stream")
            paths = await batch.commit()
        written = [{"path": path, "name": path.rpartition("/")[2], "type": "file"} for path in paths]
        await exchange.answer_json(200, [{**entry, "metadata": metadata} for entry in written] if metadata else written)

    async def _receive_form(
        self, exchange: Exchange, user: User, boundary: str, body: AsyncIterator[bytes], batch: Batch
    ) -> None:
        """Take in the parts named `file`; others are passed over, as in E2B."""
        is_file = False
        try:
            with PushMultipartParser(boundary, max_header_size=_MAX_PART_HEAD_BYTES) as parser:
                async for chunk in body:
                    for event in parser.parse(chunk):
                        if isinstance(event, MultipartSegment):
                            is_file = event.name == "file"
                            if is_file:
                                asked = exchange.query.get("path") or part_filename(event)
                                batch.begin(self._path(asked, user))
                        elif is_file and event is None:
                            batch.finish()
                        elif is_file:
                            batch.write(event)
        except MultipartError as error:
            raise HttpFault(400, f"the form cannot be read: {error}") from error


def upload_metadata(headers: Mapping[str, str]) -> dict[str, str]:
    """What the `X-Metadata-` headers ask to keep with the files.

    :raises HttpFault: 400, too long, or not printable ASCII.
    """
    metadata = {
        name[len(_METADATA_HEADER) :].lower(): value
        for name, value in headers.items()
        if name.startswith(_METADATA_HEADER)
    }
    for key, value in metadata.items():
        if not key or len(key) > _MAX_METADATA_KEY_BYTES:
            raise HttpFault(400, f"a metadata key has 1 to {_MAX_METADATA_KEY_BYTES} bytes: '{key}'")
        if not all(" " <= letter <= "~" for letter in key + value):
            raise HttpFault(400, f"metadata must be printable ASCII: '{key}'")
    if sum(len(key) + len(value) for key, value in metadata.items()) > _MAX_METADATA_BYTES:
        raise HttpFault(400, f"metadata exceeds {_MAX_METADATA_BYTES} bytes in all")
    return metadata


_QUOTED_FILENAME = re.compile(r';\s*filename="((?:[^"\\]|\\.)*)"')
# What the Python SDK's client (httpx) writes for a quote and for control characters, ESC excepted; browsers write the
# first and two of the others.
_PERCENT = re.compile(r"%(22|0[0-9A-F]|1[0-9AC-F])")
_BACKSLASH = re.compile(r'\\([\\"])')


def part_filename(part: MultipartSegment) -> str:
    """The full path that a part bears as its file name.

    Parsers shorten such names to the last component; this one keeps them whole, and undoes what the SDKs' HTTP
    clients escape: httpx a quote and control characters, JavaScript's FormData a quote and line breaks, as HTML's
    form encoding has it. Neither escapes the percent sign, so `a"b` and a file really named `a%22b` come alike. E2B's
    envd leaves the escapes: there the first is written as `a%22b` and cannot be read back by its name. Undone, it
    can, and it is the second that cannot; but of the two only names with a quote are ever typed by people. All this is
    of batches only: both SDKs name a lone file in the query, where every name comes as it is.

    :raises HttpFault: 400, it bears none.
    """
    header = part.header("Content-Disposition") or ""
    match = _QUOTED_FILENAME.search(header)
    if match is None:
        if not part.filename:
            raise HttpFault(400, "a file came without its path")
        return str(part.filename)
    name = _BACKSLASH.sub(r"\1", match[1])
    if not name:
        raise HttpFault(400, "a file came without its path")
    return _PERCENT.sub(lambda escape: chr(int(escape[1], 16)), name)


async def _unpacked(exchange: Exchange, idle_s: float) -> AsyncIterator[bytes]:
    """The body, gunzipped when it says it is gzipped.

    :param idle_s: how long it may stand still.
    :raises HttpFault: 400, packed otherwise, or broken; 408, it stood still.
    """
    encoding = exchange.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("identity", ""):
        async for chunk in exchange.chunks(idle_s):
            yield chunk
        return
    if encoding != "gzip":
        raise HttpFault(400, f"content encoding '{encoding}' is not served")
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)  # 16: with the gzip frame
    try:
        async for chunk in exchange.chunks(idle_s):
            data = chunk
            while data:
                unpacked = unpacker.decompress(data, _UNPACK_BYTES)
                if unpacked:
                    yield unpacked
                data = unpacker.unconsumed_tail
                if not data and len(unpacked) == _UNPACK_BYTES:
                    # The bound was met exactly: more may lie in the unpacker itself.
                    while more := unpacker.decompress(b"", _UNPACK_BYTES):
                        yield more
    except zlib.error as error:
        raise HttpFault(400, f"the gzipped body is broken: {error}") from error
    if unpacker.unused_data:
        raise HttpFault(400, "the gzipped body goes on after its end")
    if not unpacker.eof:
        raise HttpFault(400, "the gzipped body ends too early")
