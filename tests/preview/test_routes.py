import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from craft_desktop.preview import routes
from craft_desktop.preview.routes import Upstream

PAGE = "shop.localhost:4100"
HERE = Upstream("http://127.0.0.1:5000", "3000-box.localhost:5000")
AWAY = Upstream("https://3000-box.e2b.app", "3000-box.e2b.app", {"E2B-Traffic-Access-Token": "secret"})


@pytest.mark.parametrize(
    ("host", "slug"),
    [
        ("shop.localhost:4100", "shop"),
        ("SHOP.LocalHost", "shop"),
        ("shop.localhost.", "shop"),
        ("shop.localhost.:80", "shop"),
        ("a-1.localhost:9", "a-1"),
        ("localhost:4100", None),
        ("127.0.0.1:4100", None),
        ("[::1]:4100", None),
        ("evil.example", None),
        ("shop.localhost.evil.example", None),
        ("shop.localhost:4100:80", None),
        ("shop.localhost:", None),
        ("shop.localhost:x", None),
        ("user@shop.localhost", None),
        ("tenant.shop.localhost", None),
        ("-shop.localhost", None),
        ("shop-.localhost", None),
        (".localhost", None),
        ("ſhop.localhost", None),  # its upper case is an S
        ("shop.localhost\r\nX: y", None),
        (f"{'a' * 64}.localhost", None),
        ("", None),
    ],
)
def test_slug_of(host: str, slug: str | None) -> None:
    assert routes.slug_of(host) == slug


@settings(deadline=None)  # a shared machine may stall for longer than any rule takes
@given(st.text(max_size=80) | st.from_regex(r"[\w-]{1,70}\.localhost[.:\d]*"))
@example("shop.localhost\n")
def test_slug_of_anything_is_a_label_of_that_host(host: str) -> None:
    slug = routes.slug_of(host)
    if slug is not None:
        assert re.fullmatch(r"[a-z0-9-]{1,63}", slug)
        assert host.lower().startswith(f"{slug}.localhost")


@pytest.mark.parametrize(
    ("url", "host", "headers"),
    [
        ("ftp://127.0.0.1:1", "a", {}),
        ("http://127.0.0.1:1/", "a", {}),
        ("http://user@127.0.0.1:1", "a", {}),
        ("http://127.0.0.1:1?x", "a", {}),
        ("127.0.0.1:1", "a", {}),
        ("http://127.0.0.1:1", "", {}),
        ("http://127.0.0.1:1", "a\r\nX: y", {}),
        ("http://127.0.0.1:1", "a/b", {}),
        ("http://127.0.0.1:1", "a", {"X Y": "1"}),
        ("http://127.0.0.1:1", "a", {"X": "1\r\nY: 2"}),
    ],
)
def test_upstream_refuses_what_cannot_stand_in_a_request(url: str, host: str, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        Upstream(url, host, headers)


@pytest.mark.parametrize(
    ("host", "is_public", "app_port"),
    [
        ("3000-box.localhost:5000", False, "3000"),
        ("127.0.0.1:3000", False, "3000"),
        ("[::1]:3000", False, "3000"),
        ("localhost", False, ""),
        ("3000-box.e2b.app", True, "3000"),
        ("5173-box.sandboxes.example.com:8443", True, "5173"),
        ("localhost.example.com", True, ""),
    ],
)
def test_upstream_names(host: str, is_public: bool, app_port: str) -> None:
    upstream = Upstream("http://127.0.0.1:1", host)
    assert upstream.is_public is is_public
    assert upstream.app_port == app_port


def _to(upstream: Upstream, *headers: routes.Header, path: str = "/", websocket: bool = False) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in routes.request_headers(headers, upstream, PAGE, "127.0.0.1", path, websocket=websocket):
        found.setdefault(name.lower(), []).append(value)
    return found


def test_request_here_keeps_origin_and_names_the_page() -> None:
    sent = _to(HERE, ("Host", PAGE), ("Origin", f"http://{PAGE}"), ("Referer", f"http://{PAGE}/a"), ("Cookie", "a=1"))
    assert sent == {
        "host": ["3000-box.localhost:5000"],
        "origin": [f"http://{PAGE}"],
        "referer": [f"http://{PAGE}/a"],
        "cookie": ["a=1"],
        "x-forwarded-host": [PAGE],
        "x-forwarded-proto": ["http"],
        "x-forwarded-for": ["127.0.0.1"],
    }


@pytest.mark.parametrize(
    ("path", "origin", "expected"),
    [
        ("/", f"http://{PAGE}", "https://3000-box.e2b.app"),
        ("/?next=/_next/", f"http://{PAGE}", "https://3000-box.e2b.app"),
        ("/_next/hmr?id=1", f"http://{PAGE}", f"http://{PAGE}"),
        ("/base/_next/webpack-hmr", f"http://{PAGE}", f"http://{PAGE}"),
        ("/__nextjs_original-stack-frames", f"http://{PAGE}", f"http://{PAGE}"),
        ("/", "http://evil.example", "http://evil.example"),
        ("/", "http://shop.localhost:41000", "http://shop.localhost:41000"),
        ("/", "null", "null"),
    ],
)
def test_request_away_translates_only_the_pages_own_origin(path: str, origin: str, expected: str) -> None:
    sent = _to(AWAY, ("Origin", origin), path=path)
    assert sent["origin"] == [expected]
    assert not [name for name in sent if name.startswith("x-forwarded")]


def test_request_away_carries_its_token_and_no_other() -> None:
    sent = _to(AWAY, ("e2b-traffic-access-token", "guessed"), ("E2B-Sandbox-Id", "another"), ("e2b-sandbox-port", "1"))
    assert sent == {"host": ["3000-box.e2b.app"], "e2b-traffic-access-token": ["secret"]}


def test_request_drops_what_a_page_may_not_say_and_hop_by_hop() -> None:
    dropped = [
        ("Host", PAGE),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-Port", "1"),
        ("Forwarded", "for=1.2.3.4"),
        ("X-Real-IP", "1.2.3.4"),
        ("Connection", "keep-alive, X-Secret"),
        ("X-Secret", "1"),
        ("Keep-Alive", "timeout=5"),
        ("Transfer-Encoding", "chunked"),
        ("TE", "trailers"),
        ("Upgrade", "h2c"),
        ("Proxy-Authorization", "Basic eA=="),
        ("Expect", "100-continue"),
    ]
    sent = _to(HERE, *dropped, ("X-Kept", "1"), ("X-Kept", "2"))
    assert set(sent) == {"host", "x-kept", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-for"}
    assert sent["x-forwarded-host"] == [PAGE]
    assert sent["x-kept"] == ["1", "2"]


def test_websocket_request_is_asked_anew() -> None:
    sent = _to(HERE, ("Connection", "keep-alive, Upgrade"), ("Upgrade", "websocket"), websocket=True)
    assert sent["connection"] == ["Upgrade"]
    assert sent["upgrade"] == ["websocket"]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/next", "/next"),
        ("next?x=http://3000-box.e2b.app/", "next?x=http://3000-box.e2b.app/"),
        ("https://3000-box.e2b.app/next?a=1#b", f"http://{PAGE}/next?a=1#b"),
        ("HTTP://3000-BOX.e2b.app:443/next", f"http://{PAGE}/next"),
        ("//3000-box.e2b.app", f"http://{PAGE}/"),
        ("https://3000-box.e2b.app?a", f"http://{PAGE}/?a"),
        ("http://127.0.0.1:3000/next", f"http://{PAGE}/next"),
        ("http://localhost:3000/next", f"http://{PAGE}/next"),
        ("http://localhost:3001/other", "http://localhost:3001/other"),
        ("http://other.localhost:3000/", "http://other.localhost:3000/"),
        ("https://3000-box.e2b.app.evil.example/", "https://3000-box.e2b.app.evil.example/"),
        ("https://github.com/login", "https://github.com/login"),
        ("mailto:a@b", "mailto:a@b"),
        ("", ""),
    ],
)
def test_page_location(location: str, expected: str) -> None:
    assert routes.page_location(location, AWAY, PAGE) == expected


@settings(deadline=None)
@given(st.text(max_size=60))
def test_relative_location_stays(text: str) -> None:
    assert routes.page_location(f"/{text.lstrip('/')}", HERE, PAGE) == f"/{text.lstrip('/')}"


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("a=1; Path=/; HttpOnly", "a=1; Path=/; HttpOnly"),
        ("a=1; Domain=3000-box.e2b.app; Path=/", "a=1; Path=/"),
        ("a=1;domain=.e2b.app;Secure", "a=1;Secure"),
        ("a=1; Domain=localhost", "a=1"),
        ("a=1; Domain=example.com", "a=1; Domain=example.com"),
        ("a=1; Domain=b.app", "a=1; Domain=b.app"),
        ("domain=3000-box.e2b.app; Path=/", "domain=3000-box.e2b.app; Path=/"),
        ("a=1; Domain", "a=1; Domain"),
    ],
)
def test_page_cookie(cookie: str, expected: str) -> None:
    assert routes.page_cookie(cookie, AWAY) == expected


def test_response_headers() -> None:
    received = [
        ("Set-Cookie", "a=1; Domain=3000-box.e2b.app"),
        ("Set-Cookie", "b=2"),
        ("Location", "https://3000-box.e2b.app/x"),
        ("Content-Location", "https://3000-box.e2b.app/y"),
        ("Content-Encoding", "br"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "close, X-Hop"),
        ("X-Hop", "1"),
        ("Alt-Svc", 'h3=":443"'),
    ]
    assert routes.response_headers(received, AWAY, PAGE) == [
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("Location", f"http://{PAGE}/x"),
        ("Content-Location", f"http://{PAGE}/y"),
        ("Content-Encoding", "br"),
    ]


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/_next/webpack-hmr?page=%2F", {}, True),
        ("/base/_next/hmr", {}, True),
        ("/", {"Sec-WebSocket-Protocol": "vite-hmr"}, True),
        ("/?token=x", {"Sec-WebSocket-Protocol": "vite-ping"}, True),
        ("/", {"Accept": "text/x-vite-ping"}, True),
        ("/chat", {"Sec-WebSocket-Protocol": "graphql-ws, chat"}, False),
        ("/x?/_next/hmr", {}, False),
        ("/", {"Accept": "text/html"}, False),
    ],
)
def test_is_hot_reload(path: str, headers: dict[str, str], expected: bool) -> None:
    assert routes.is_hot_reload(path, headers) is expected


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {"Sec-Fetch-Mode": "navigate"}, True),
        ("POST", {"Sec-Fetch-Mode": "navigate"}, True),
        ("GET", {"Sec-Fetch-Mode": "cors", "Accept": "text/html"}, False),
        ("GET", {"Accept": "text/html,*/*"}, True),
        ("GET", {"Accept": "*/*"}, False),
        ("PUT", {"Accept": "text/html"}, False),
        ("GET", {}, False),
    ],
)
def test_is_navigation(method: str, headers: dict[str, str], expected: bool) -> None:
    assert routes.is_navigation(method, headers) is expected


@pytest.mark.parametrize(
    ("status", "start", "expected"),
    [
        (502, b'{"sandboxId":"x","message":"The sandbox is running but port is not open","port":3000}', True),
        (502, b'{"sandboxId":"x","message":"The sandbox was not found","code":502}', True),
        (502, b"<html><title>Closed Port Error</title>", True),
        (502, b"Bad gateway of the project's own", False),
        (500, b"The sandbox was not found", False),
    ],
)
def test_is_refusal(status: int, start: bytes, expected: bool) -> None:
    assert routes.is_refusal(status, start) is expected


@pytest.mark.parametrize(
    ("path", "headers", "message"),
    [
        ("/_next/hmr?id=1", {}, '{"action":"reloadPage","type":"reloadPage"}'),
        ("/base/_next/webpack-hmr", {}, '{"action":"reloadPage","type":"reloadPage"}'),
        ("/", {"Sec-WebSocket-Protocol": "vite-hmr"}, '{"type":"full-reload","path":"*"}'),
        ("/", {"Sec-WebSocket-Protocol": "vite-ping"}, ""),
        ("/chat", {}, ""),
    ],
)
def test_reload_message(path: str, headers: dict[str, str], message: str) -> None:
    assert routes.reload_message(path, headers) == message


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'\x81\x1b{"type":"building","hash":""}', True),
        (b"\x82\x02\x00\x01", True),
        (b"\x01\x7e\xff\xff" + b"x" * 70_000, True),  # a fragment
        (b'\x81\x1c{"action":"pong","success":1}', False),
        (b'\x81\x0f{"event":"pong"}', False),
        (b'\x81\x7e\x01\x00{"type":"built","errors":["' + b"x" * 100 + b'"pong"]}', True),
        (b"\x89\x00", False),
        (b"\x8a\x00", False),
        (b"\x88\x02\x03\xe8", False),
        (b"", False),
    ],
)
def test_is_news(data: bytes, expected: bool) -> None:
    assert routes.is_news(data) is expected
