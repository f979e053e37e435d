"""Which project a request means, and what its headers must say on either side of the gateway: pure rules.

The page's own address never changes (`http://<slug>.localhost:<port>`); the sandbox behind it does. Three rules keep
frameworks content on both sides, and hold without an edit to the project:

- Host is the upstream's, for E2B routes by it, and Vite checks it against `*.localhost`.
- Towards a sandbox on this computer, Origin and Referer stay the browser's and X-Forwarded-Host names the page.
  Next.js >= 16.2 admits hot reload from `**.localhost` origins alone (block-cross-site-dev.js), and lets a Server
  Action pass where Origin's host equals X-Forwarded-Host (action-handler.js).
- Behind a public name that header never arrives: E2B's ingress is a Go `ReverseProxy` with `Rewrite`, which strips
  every `X-Forwarded-*`, and Next.js falls back to Host. There, Origin becomes the upstream's own, except on Next's
  internal paths, whose check wants the `.localhost` one. Only the page's own origin is ever translated, so a foreign
  site stays foreign to the framework's CSRF checks.

Hop-by-hop headers: RFC 9110, 7.6.1.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Header = tuple[str, str]

# A DNS label (RFC 1035) before `.localhost`, which browsers resolve to loopback by themselves (RFC 6761, 6.3).
_PAGE_HOST = re.compile(r"([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)\.localhost\.?(?::\d{1,5})?", re.ASCII | re.IGNORECASE)
_UPSTREAM_HOST = re.compile(r"[a-z0-9.-]+(?::\d{1,5})?|\[[0-9a-f:.]+\](?::\d{1,5})?", re.ASCII | re.IGNORECASE)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)  # RFC 9110, 5.1: a token
_ABSOLUTE = re.compile(r"(?:https?:)?//([^/?#]*)(.*)", re.IGNORECASE | re.DOTALL)
_PORT_LABEL = re.compile(r"(\d{1,5})-", re.ASCII)  # E2B names a sandbox's port in the first label

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# What a page may not say about itself. `e2b-*` headers choose sandbox and port at E2B's ingress, so a script in
# one project could reach another through them; Expect is answered by the gateway's own server.
_OURS = ("x-forwarded-", "e2b-")
_DROPPED_REQUEST = _HOP_BY_HOP | {"host", "forwarded", "x-real-ip", "expect", "x-forwarded"}
# Alt-Svc names another address for the upstream's name; here it would lead the page away from its own.
_DROPPED_RESPONSE = _HOP_BY_HOP | {"alt-svc"}

_NEXT_INTERNAL = ("/_next", "/__nextjs")  # as Next.js tests them: anywhere in the path, for a basePath stands before
_HOT_RELOAD_PATHS = ("/_next/webpack-hmr", "/_next/hmr")
_HOT_RELOAD_PROTOCOLS = ("vite-hmr", "vite-ping")  # Vite's socket and its "is the server back?" probe

_SIGN_OF_LIFE = b'"pong"'  # Next.js answers the page's ping so, every 2.5 s
_SIGN_OF_LIFE_BYTES = 64  # its key and value stand at the very start of a short message

# What E2B's ingress says when it has nobody to pass a request to: in JSON, and in the page that it shows a browser.
_REFUSALS = (
    b"The sandbox is running but port is not open",
    b"The sandbox was not found",
    b"<title>Closed Port Error</title>",
    b"<title>Sandbox Not Found</title>",
)
REFUSAL_STATUS = 502
REFUSAL_SIZE_BYTES = 16 * 1024  # four times the longest of those pages


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a project is served now.

    :param url: where to connect: `http(s)://host:port`, nothing behind it. A name below `.localhost` is not
        resolved by most systems; give 127.0.0.1 here and the name in `host`.
    :param host: the Host header to send, such as `3000-<id>.e2b.app`.
    :param headers: what else each request must carry, such as `e2b-traffic-access-token`.
    :raises ValueError: one of them could not stand in a request as it is.
    """

    url: str
    host: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or self.url != f"{parts.scheme}://{parts.netloc}":
            raise ValueError(f"an upstream's url is http(s)://host:port, not {self.url!r}")
        if not (_UPSTREAM_HOST.fullmatch(parts.netloc) and _UPSTREAM_HOST.fullmatch(self.host)):
            raise ValueError(f"an upstream's host is a name and a port, not {self.host!r} at {self.url!r}")
        for name, value in self.headers.items():
            if not _HEADER_NAME.fullmatch(name) or not value.isprintable():
                raise ValueError(f"{name!r} cannot stand in a request")

    @property
    def is_public(self) -> bool:
        """Is it known by a public name, so that an ingress stands between?"""
        return not is_loopback_name(hostname(self.host))

    @property
    def origin(self) -> str:
        """Give the origin a browser would have there."""
        return f"{self.url.partition('://')[0]}://{self.host}"

    @property
    def app_port(self) -> str:
        """Give the port the dev server believes it has, or nothing."""
        label = _PORT_LABEL.match(self.host)
        return label[1] if label else _port(self.host)


def slug_of(host: str) -> str | None:
    """Give the project that a Host header means, or None for a foreign one.

    The port is ignored: it may be a tunnel's, and cookies ignore it as well.
    """
    found = _PAGE_HOST.fullmatch(host)
    return found[1].lower() if found else None


def hostname(host: str) -> str:
    """Strip port, brackets, final dot and case from `host`."""
    name = host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
    return name.rstrip(".").lower()


def is_loopback_name(name: str) -> bool:
    """Does this name mean this computer?"""
    return name in ("localhost", "::1", "0.0.0.0", "::") or name.endswith(".localhost") or name.startswith("127.")


def request_headers(
    headers: Iterable[Header], upstream: Upstream, page_host: str, peer: str, path: str, *, websocket: bool
) -> list[Header]:
    """Give the headers for the upstream.

    :param page_host: the Host header of the browser, which `slug_of` accepted.
    :param peer: the browser's address.
    :param path: the request's path, with or without its query.
    :param websocket: the request asks for a WebSocket, and the upstream is to be asked likewise.
    """
    received = list(headers)
    dropped = _DROPPED_REQUEST | _named_by_connection(received) | {name.lower() for name in upstream.headers}
    translated = upstream.is_public and not any(part in path.partition("?")[0] for part in _NEXT_INTERNAL)
    sent: list[Header] = [("Host", upstream.host)]
    for name, value in received:
        low = name.lower()
        if low in dropped or low.startswith(_OURS):
            continue
        if translated and low in ("origin", "referer"):
            value = _translate_origin(value, f"http://{page_host}", upstream.origin)
        sent.append((name, value))
    if not upstream.is_public:
        sent += [("X-Forwarded-Host", page_host), ("X-Forwarded-Proto", "http"), ("X-Forwarded-For", peer)]
    if websocket:
        sent += [("Connection", "Upgrade"), ("Upgrade", "websocket")]
    return [*sent, *upstream.headers.items()]


def response_headers(
    headers: Iterable[Header], upstream: Upstream, page_host: str, *, websocket: bool = False
) -> list[Header]:
    """Give the headers for the browser.

    :param websocket: the upstream agreed to a WebSocket.
    """
    received = list(headers)
    dropped = _DROPPED_RESPONSE | _named_by_connection(received)
    sent: list[Header] = []
    for name, value in received:
        low = name.lower()
        if low in dropped:
            continue
        if low in ("location", "content-location"):
            value = page_location(value, upstream, page_host)
        elif low == "set-cookie":
            value = page_cookie(value, upstream)
        sent.append((name, value))
    if websocket:
        sent += [("Connection", "Upgrade"), ("Upgrade", "websocket")]
    return sent


def page_location(location: str, upstream: Upstream, page_host: str) -> str:
    """Bring an absolute address of the upstream back to the page's own; leave all others alone.

    Next.js makes absolute addresses of the host and port it was started with (`http://127.0.0.1:3000/…`), so
    these are the upstream's as well.
    """
    found = _ABSOLUTE.fullmatch(location)
    if found is None:
        return location
    name, port = hostname(found[1]), _port(found[1])
    is_app = is_loopback_name(name) and not name.endswith(".localhost") and port == upstream.app_port != ""
    if name != hostname(upstream.host) and not is_app:
        return location
    rest = found[2]
    return f"http://{page_host}{rest if rest.startswith('/') else f'/{rest}'}"


def page_cookie(cookie: str, upstream: Upstream) -> str:
    """Take away a cookie's Domain where it is the upstream's or a parent of it, or all of localhost.

    Without one the cookie belongs to the page's origin alone, as it would on the upstream.
    """
    parts = cookie.split(";")
    kept = [part for part in parts[1:] if not _is_domain_of(part, hostname(upstream.host))]
    return ";".join([parts[0], *kept])


def is_hot_reload(path: str, headers: Mapping[str, str]) -> bool:
    """Is this a development tool's own socket or probe, which runs on when nobody looks?"""
    protocol = headers.get("Sec-WebSocket-Protocol", "")
    if any(word.strip() in _HOT_RELOAD_PROTOCOLS for word in protocol.split(",")):
        return True
    return path.partition("?")[0].endswith(_HOT_RELOAD_PATHS) or "text/x-vite-ping" in headers.get("Accept", "")


def is_news(data: bytes) -> bool:
    """May this, from a hot-reload socket's server, be of a change, rather than a sign of life?

    :param data: what came at once; its first frame is looked at (RFC 6455, 5.2). Servers' frames are not masked, and
        neither Next.js nor Vite compresses them, so an answer to the page's own ping can be read.
    """
    is_control = bool(data) and data[0] & 0x08 != 0  # close, ping, pong
    return bool(data) and not is_control and _SIGN_OF_LIFE not in data[:_SIGN_OF_LIFE_BYTES]


def reload_message(path: str, headers: Mapping[str, str]) -> str:
    """Give what a hot-reload socket's server says to make its page load anew; nothing where that is not known.

    Next.js names the kind `action` until 15 and `type` from 16 on (hot-reloader-types.js), Vite `type` (HMRPayload).
    """
    protocols = {word.strip() for word in headers.get("Sec-WebSocket-Protocol", "").split(",")}
    if "vite-hmr" in protocols:
        return '{"type":"full-reload","path":"*"}'
    if path.partition("?")[0].endswith(_HOT_RELOAD_PATHS):
        return '{"action":"reloadPage","type":"reloadPage"}'
    return ""


def is_navigation(method: str, headers: Mapping[str, str]) -> bool:
    """Does the answer become what a person sees, rather than a part of it?"""
    mode = headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate"
    return method in ("GET", "HEAD", "POST") and "text/html" in headers.get("Accept", "")


def is_refusal(status: int, start: bytes) -> bool:
    """Did E2B's ingress answer in place of the dev server?

    :param start: the first bytes of the body, up to REFUSAL_SIZE_BYTES.
    """
    return status == REFUSAL_STATUS and any(words in start for words in _REFUSALS)


def _port(host: str) -> str:
    return host.rpartition("]")[2].rpartition(":")[2] if ":" in host.rpartition("]")[2] else ""


def _named_by_connection(headers: list[Header]) -> set[str]:
    return {
        word.strip().lower() for name, value in headers if name.lower() == "connection" for word in value.split(",")
    }


def _translate_origin(value: str, page_origin: str, origin: str) -> str:
    if value == page_origin or value.startswith(f"{page_origin}/"):
        return origin + value[len(page_origin) :]
    return value


def _is_domain_of(attribute: str, name: str) -> bool:
    key, _, value = attribute.partition("=")
    domain = value.strip().lstrip(".").lower()
    return key.strip().lower() == "domain" and (
        domain in (name, "localhost") or (domain != "" and name.endswith(f".{domain}"))
    )
