"""Signed file addresses: the form E2B's SDK writes (`e2b.sandbox.signature`). Pure.

`v1_` and the base64 (no padding) of the SHA-256 of `path:operation:user:token[:expiration]`. With one shared
address for all sandboxes such an address names none, so the sandbox is the one whose token makes the signature
right.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from craft_desktop.host.registry import Sandbox

READ = "read"
WRITE = "write"


def sign(path: str, operation: str, user: str, token: str, expiration: str | None) -> str:
    """The signature of one file address."""
    told = f"{path}:{operation}:{user}:{token}" + (f":{expiration}" if expiration is not None else "")
    return "v1_" + base64.b64encode(hashlib.sha256(told.encode()).digest()).decode().rstrip("=")


def signer(target: str, method: str, sandboxes: Iterable[Sandbox]) -> Sandbox | None:
    """The sandbox whose token signed the raw request target, or None. envd itself judges whether it has expired."""
    query = parse_qs(urlsplit(target).query, keep_blank_values=True)

    def first(name: str) -> str:
        return query.get(name, [""])[0]

    expiration = first("signature_expiration") or None
    operation = WRITE if method == "POST" else READ
    for sandbox in sandboxes:
        if sandbox.envd_token is None:
            continue
        right = sign(first("path"), operation, first("username"), sandbox.envd_token, expiration)
        if hmac.compare_digest(right.encode(), first("signature").encode()):
            return sandbox
    return None
