"""Which sandbox and port a request to the traffic listener means. Pure.

E2B's own rules (e2b-dev/infra, `packages/shared/pkg/proxy/host.go`): `PORT-ID.<any domain>` says it in the Host;
where the Host is `localhost` or an address, the headers E2b-Sandbox-Id and E2b-Sandbox-Port do.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from craft_desktop.host.registry import is_sandbox_id
from craft_desktop.host.upstream import ENVD_PORT

LARGEST_PORT = 65_535
# envd's own calls between host and daemon; E2B's proxy keeps them from the outside as well
PRIVATE_PATHS = frozenset({"/init", "/freeze", "/unfreeze", "/fsfreeze", "/upgrade"})


@dataclass(frozen=True, slots=True)
class Route:
    """The sandbox and port meant.

    :param sandbox_id: None when the request names no sandbox (a signed file address does not).
    """

    sandbox_id: str | None
    port: int


class NoRoute(ValueError):
    """The request names no sandbox in a way that can be understood."""


def route(headers: Mapping[str, str]) -> Route:
    """Where a request goes.

    :raises NoRoute: neither its Host nor its headers say so.
    """
    host = headers.get("Host", "")
    name = host_name(host)
    label, dot, _ = name.partition(".")
    if dot or label not in ("", "localhost"):
        named = _from_label(label)
        if named is not None:
            return named
    if name == "localhost" or name == "" or _is_address(name):
        return _from_headers(headers)
    raise NoRoute(f"the address {host!r} names no sandbox; PORT-ID.<domain> would")


def host_name(host: str) -> str:
    """A Host header without its port, in small letters, without the root's dot."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def is_private(path: str) -> bool:
    """Whether a raw request target is one of envd's calls that nobody outside may make."""
    bare = unquote(origin_form(path).partition("?")[0].partition("#")[0])
    return "/" + "/".join(part for part in bare.split("/") if part) in PRIVATE_PATHS


def origin_form(target: str) -> str:
    """A raw request target without the host that its absolute form (RFC 9112, 3.2.2) bears."""
    if target.startswith("/"):
        return target
    rest = target.partition("://")[2]
    return rest[rest.index("/") :] if "/" in rest else "/"


def is_signed_file(method: str, path: str) -> bool:
    """Whether a request is a signed file address: it may come without naming its sandbox."""
    parts = urlsplit(path)
    return method in ("GET", "HEAD", "POST") and parts.path == "/files" and "signature" in parse_qs(parts.query)


def _from_label(label: str) -> Route | None:
    port, dash, rest = label.partition("-")
    sandbox_id = rest.partition("-")[0]  # old clients append the client's id
    if not dash or not _is_number(port) or not is_sandbox_id(sandbox_id):
        return None
    return Route(sandbox_id, _port(port))


def _from_headers(headers: Mapping[str, str]) -> Route:
    sandbox_id = headers.get("E2b-Sandbox-Id")
    if sandbox_id is not None and not (sandbox_id.isascii() and sandbox_id.isalnum()):
        raise NoRoute("E2b-Sandbox-Id is not the id of a sandbox")
    return Route(sandbox_id, _port(headers.get("E2b-Sandbox-Port") or str(ENVD_PORT)))


def _port(text: str) -> int:
    if not _is_number(text) or len(text) > 5 or not 0 < int(text) <= LARGEST_PORT:
        raise NoRoute(f"{text[:20]!r} is no port")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
