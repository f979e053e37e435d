"""Fetched from one place alone, in pieces, and never too much."""

import asyncio

import pytest
from aiohttp import web

from craft_desktop.preview import document
from craft_desktop.preview.document import CHUNK_BYTES, MOST_BYTES, DocumentError, fetch
from craft_desktop.preview.routes import Upstream
from tests.preview.test_probe import serving

HOST = "shop.localhost:4100"


async def read(upstream: Upstream, path: str = "/a.js", validator: str = "") -> tuple[bytes, str, bool]:
    async with fetch(upstream, HOST, path, validator) as found:
        return b"".join([chunk async for chunk in found.chunks]), found.validator, found.is_same


async def test_a_script_comes_as_a_browser_would_get_it() -> None:
    asked: list[web.BaseRequest] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        asked.append(request)
        if request.headers.get("If-None-Match") == '"one"':
            return web.Response(status=304)
        return web.Response(body=b"x" * (3 * CHUNK_BYTES), headers={"ETag": '"one"'})

    async with serving(answer) as upstream:
        assert await read(upstream, "/_next/a%20b.js?id=%5Bproject%5D") == (b"x" * (3 * CHUNK_BYTES), '"one"', False)
        assert await read(upstream, validator='"one"') == (b"", '"one"', True)
        assert (await read(upstream, validator='"old"'))[1:] == ('"one"', False)
    assert asked[0].raw_path == "/_next/a%20b.js?id=%5Bproject%5D"
    assert asked[0].headers["Host"] == upstream.host and "Cookie" not in asked[0].headers


async def test_other_places_packed_ones_and_failures_are_refused() -> None:
    asked: list[str] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        asked.append(request.path)
        match request.path:
            case "/away":
                return web.Response(status=302, headers={"Location": "http://127.0.0.1:9/secret"})
            case "/packed":
                return web.Response(body=b"x", headers={"Content-Encoding": "gzip"})
            case "/same":
                return web.Response(status=304)
            case "/declared":
                return web.Response(body=b"", headers={"Content-Length": str(1024**3)})
        return web.Response(status=404)

    async with serving(answer) as upstream:
        for path in ("/away", "/packed", "/same", "/declared", "/gone"):
            with pytest.raises(DocumentError):
                await read(upstream, path)
        assert asked == ["/away", "/packed", "/same", "/declared", "/gone"]
        for path in ("", "a.js", "/a b", "/a\r\nHost: x", "/ä", "/" + "a" * 5_000, "http://127.0.0.1:9/a"):
            with pytest.raises(DocumentError):
                await read(upstream, path)
    assert len(asked) == 5, "what is no address is not asked about"
    with pytest.raises(DocumentError):
        await read(Upstream("http://127.0.0.1:9", "box.localhost:4999"))


async def test_one_without_end_is_broken_off() -> None:
    sent = 0

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b" " * CHUNK_BYTES)
            sent += CHUNK_BYTES

    async with serving(answer) as upstream:
        with pytest.raises(DocumentError):
            async with fetch(upstream, HOST, "/a.js") as found:
                kept = 0
                async for chunk in found.chunks:
                    assert len(chunk) <= CHUNK_BYTES
                    kept += len(chunk)
        assert kept <= MOST_BYTES
    assert sent < MOST_BYTES + 64 * 1024 * 1024, "what the sockets hold"


async def test_one_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "FETCH_LIMIT_S", 0.2)

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"x")
        await asyncio.Event().wait()
        raise AssertionError

    async with serving(answer) as upstream:
        with pytest.raises(DocumentError, match="did not come within"):
            await read(upstream)
