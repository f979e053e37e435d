"""Fetches a script or a source map of a page from the project's own dev server, as its bytes come, and no further.

Past the gateway's own door, straight to the upstream that sits there, so that it counts as nobody's use. What comes is
hostile: it is bounded in size and time, followed to no other address, and unpacked by nobody.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from craft_desktop.preview.relay import CONNECT_LIMIT_S, HEADER_LIMIT_BYTES, HEADER_LIMIT_LINES
from craft_desktop.preview.routes import Upstream, request_headers

# The largest that projects were seen to have is 14 MB, all of webpack's modules with their maps in one script
# (webpack-dev-server with a component library); twice that, and some more.
MOST_BYTES = 32 * 1024 * 1024
# A dev server that compiles meanwhile answers late; nobody waits so long for a place in a log.
FETCH_LIMIT_S = 10.0
# A chunk's way to whoever reads: large enough to be few, small enough to be no stop for the loop.
CHUNK_BYTES = 64 * 1024
_AS_SCRIPT = (("Accept", "*/*"), ("Accept-Encoding", "identity"), ("Sec-Fetch-Dest", "script"))
# An address as a browser writes it; what a hostile document names may be anything.
_PATH = re.compile(r"/[!-~]{0,4000}")


class DocumentError(Exception):
    """The document cannot be had; the words say why."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document on its way. `validator` is its ETag; "" where the server gives none.

    `chunks` may be gone through once; `is_same` where it is what the validator that was sent stands for, and has none.
    """

    validator: str
    chunks: AsyncIterator[bytes]
    is_same: bool = False


@asynccontextmanager
async def fetch(upstream: Upstream, page_host: str, path: str, validator: str = "") -> AsyncIterator[Document]:
    """Ask for a document; it is there for as long as the context.

    :param page_host: the Host header that a browser would send to the project's address.
    :param path: path and query, as they stand in its address.
    :param validator: that of a copy which is kept.
    :raises DocumentError: there is none, or it is more than MOST_BYTES; the latter from its chunks too.
    """
    if not _PATH.fullmatch(path):
        raise DocumentError("its address is none")
    given = [*_AS_SCRIPT, *([("If-None-Match", validator)] if validator else [])]
    headers = CIMultiDict(request_headers(given, upstream, page_host, "127.0.0.1", path, websocket=False))
    try:
        async with (
            aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=FETCH_LIMIT_S, sock_connect=CONNECT_LIMIT_S),
                auto_decompress=False,
                trust_env=False,
                max_line_size=HEADER_LIMIT_BYTES,
                max_field_size=HEADER_LIMIT_BYTES,
                max_headers=HEADER_LIMIT_LINES,
            ) as http,
            http.get(URL(upstream.url + path, encoded=True), headers=headers, allow_redirects=False) as answer,
        ):
            told = answer.headers.get("ETag", "")[:200]
            if answer.status == 304 and validator:
                yield Document(validator, _chunks(answer), is_same=True)
                return
            if answer.status != 200:
                raise DocumentError(f"the dev server answered {answer.status}")
            if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise DocumentError("it is packed, and that was not asked for")
            if (answer.content_length or 0) > MOST_BYTES:
                raise DocumentError(f"it has {answer.content_length} bytes")
            yield Document(told if told.isprintable() else "", _chunks(answer))
    except TimeoutError as error:
        raise DocumentError(f"it did not come within {FETCH_LIMIT_S:.0f} s") from error
    except (aiohttp.ClientError, ValueError) as error:  # ValueError: the address is none
        raise DocumentError(f"it did not come: {error}") from error


async def _chunks(answer: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    came = 0
    async for chunk in answer.content.iter_chunked(CHUNK_BYTES):
        came += len(chunk)
        if came > MOST_BYTES:
            raise DocumentError(f"it has more than {MOST_BYTES} bytes")
        yield chunk
