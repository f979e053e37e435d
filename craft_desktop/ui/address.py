"""Which address belongs to a project's page and which leads outside. Pure.

The page may move within its own origin (scheme, host, port); all else is the system browser's business, and only
web and mail addresses are handed to it.
"""

from urllib.parse import SplitResult, urlsplit, urlunsplit

OUTSIDE_SCHEMES = frozenset({"http", "https", "mailto"})
"""What the system is asked to open: never a file, never a program's own scheme, which a hostile page may name."""

_PORTS = {"http": 80, "https": 443}


def is_inside(url: str, base: str) -> bool:
    """Is `url` of the same origin as `base`?"""
    return _origin(url) == _origin(base) is not None


def is_outside(url: str) -> bool:
    """May the system browser be asked to open `url`?"""
    parts = _split(url)
    return parts is not None and parts.scheme in OUTSIDE_SCHEMES


def complete(typed: str, base: str) -> str:
    """Give the address that a person means: a path of `base`, or an address of its own."""
    text = typed.strip()
    root = base.rstrip("/")
    if not text:
        return f"{root}/"
    if text.startswith(("/", "?", "#")):
        return root + (text if text.startswith("/") else f"/{text}")
    if "://" in text or text.startswith("mailto:"):
        return text
    host = urlsplit(base).netloc
    if text == host or text.startswith((f"{host}/", f"{host}?", f"{host}#")):
        return f"http://{text}"
    name = text.partition("/")[0].partition(":")[0]
    if name == "localhost" or ("." in name and _is_host(name) and not _is_file(name)):
        return f"http://{text}"
    return f"{root}/{text}"


def host(base: str) -> str:
    """Give the host and port of an address."""
    return urlsplit(base).netloc


def path(url: str, base: str) -> str:
    """Give what of an address comes after its host; the whole address where it is not `base`'s."""
    if not is_inside(url, base):
        return "/" if url in ("", "about:blank") else short(url)
    parts = urlsplit(url)
    return urlunsplit(("", "", parts.path or "/", parts.query, parts.fragment))


def short(url: str) -> str:
    """Give an address as the address field shows it: without the scheme."""
    return url.removeprefix("http://")


def _is_host(name: str) -> bool:
    return all(part and part.replace("-", "").isalnum() for part in name.split("."))


def _is_file(name: str) -> bool:
    return name.rpartition(".")[2].lower() in {"html", "htm", "txt", "json", "xml", "svg", "png", "jpg", "css", "js"}


def _origin(url: str) -> tuple[str, str, int] | None:
    parts = _split(url)
    if parts is None or parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # read here: it raises for a port that is none
    except ValueError:
        return None
    return parts
