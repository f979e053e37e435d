"""Asks a dev server for its first page as a browser would, and tells what came: for a diagnosis, never for use.

Past the gateway's own door, straight to the upstream that sits there: a question counts as nobody's use, and takes no
edit from a page that has yet to catch up.
"""

import asyncio
import contextlib
import time
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urljoin, urlsplit

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from craft_desktop.model.page_check import PageAnswer
from craft_desktop.preview.relay import HEADER_LIMIT_BYTES, HEADER_LIMIT_LINES
from craft_desktop.preview.routes import REFUSAL_SIZE_BYTES, Upstream, is_refusal, request_headers, response_headers

# A page that is not on its way by then is slow, whatever it does.
ANSWER_LIMIT_S = 3.5
# A body that drips is told by what has come of it until then.
BODY_LIMIT_S = 1.0
# Browsers give up after 20 redirects (Chromium); a chain of more than 10 never was a page.
MOST_REDIRECTS = 10
# Enough of a page to see whether anything is in it.
START_BYTES = 64 * 1024
_BROWSER = (
    ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "en"),
    ("Accept-Encoding", "identity"),
    ("Sec-Fetch-Mode", "navigate"),
    ("Sec-Fetch-Dest", "document"),
    ("User-Agent", "Mozilla/5.0 (Craft Desktop, diagnosis)"),
)


async def ask(upstream: Upstream, page_host: str, path: str = "/") -> PageAnswer:
    """Ask for a page and follow its redirects. Takes ANSWER_LIMIT_S at most, and raises nothing of the network's.

    :param page_host: the Host header that a browser would send to the project's address.
    """
    hops: list[str] = []
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=ANSWER_LIMIT_S)
    try:
        async with (
            asyncio.timeout(ANSWER_LIMIT_S),
            aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=timeout,
                auto_decompress=False,
                trust_env=False,
                max_line_size=HEADER_LIMIT_BYTES,
                max_field_size=HEADER_LIMIT_BYTES,
                max_headers=HEADER_LIMIT_LINES,
            ) as http,
        ):
            return await _follow(http, upstream, page_host, path, hops)
    except TimeoutError:
        return PageAnswer(hops=tuple(hops), trouble="silent")
    except aiohttp.ClientConnectorError:
        return PageAnswer(hops=tuple(hops), trouble="refused")
    except (aiohttp.ClientError, ValueError):  # ValueError: a redirect to what is no address
        return PageAnswer(hops=tuple(hops), trouble="broken")


async def _follow(
    http: aiohttp.ClientSession, upstream: Upstream, page_host: str, path: str, hops: list[str]
) -> PageAnswer:
    cookies: dict[str, str] = {}
    states: set[tuple[str, tuple[tuple[str, str], ...]]] = set()
    while True:
        state = (path, tuple(sorted(cookies.items())))
        hops.append(path)
        began = time.monotonic()
        given = [
            *_BROWSER,
            *([("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items()))] * bool(cookies)),
        ]
        headers = CIMultiDict(request_headers(given, upstream, page_host, "127.0.0.1", path, websocket=False))
        url = URL(upstream.url + path, encoded=True)
        async with http.get(url, headers=headers, allow_redirects=False) as answer:
            took = time.monotonic() - began
            passed = CIMultiDict(response_headers(answer.headers.items(), upstream, page_host))
            target = passed.get("Location", "") if 300 <= answer.status < 400 else ""
            start = b"" if target else await _start(answer)
            if is_refusal(answer.status, start[:REFUSAL_SIZE_BYTES]):
                return PageAnswer(hops=tuple(hops), trouble="refused")
            told = PageAnswer(
                status=answer.status,
                first_byte_s=took,
                content_type=answer.headers.get("Content-Type", "")[:200],
                policy=answer.headers.get("Content-Security-Policy", "")[:4000],
                start=start,
                hops=tuple(hops),
            )
            if not target:
                return told
            _keep_cookies(cookies, passed.getall("Set-Cookie", []))
        place = urlsplit(urljoin(f"http://{page_host}{path}", target))
        if place.netloc != page_host:
            return PageAnswer(
                status=told.status, first_byte_s=took, hops=told.hops, leads_away=f"{place.scheme}://{place.netloc}"
            )
        states.add(state)
        path = (place.path or "/") + (f"?{place.query}" if place.query else "")
        if (path, tuple(sorted(cookies.items()))) in states or len(hops) > MOST_REDIRECTS:
            return PageAnswer(status=told.status, first_byte_s=took, hops=(*hops, path), is_loop=True)


async def _start(answer: aiohttp.ClientResponse) -> bytes:
    start = b""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(BODY_LIMIT_S):
            while len(start) < START_BYTES and (chunk := await answer.content.readany()):
                start += chunk
    return start[:START_BYTES]


def _keep_cookies(cookies: dict[str, str], lines: list[str]) -> None:
    for line in lines[:20]:
        try:
            read = SimpleCookie(line[:4096])
        except CookieError:
            continue
        for name, morsel in read.items():
            if morsel["max-age"] == "0":
                cookies.pop(name, None)
            else:
                cookies[name] = morsel.coded_value
