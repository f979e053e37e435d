"""Who may ask what: the access token of the sandbox, and signed file addresses.

The words of the refusals are E2B's: its SDK's tests compare them.
"""

import binascii
import hashlib
from _operator import _compare_digest as _same  # what `hmac.compare_digest` is, without importing `hmac`
from collections.abc import Mapping

from craft_desktop.host.envd.faults import HttpFault

TOKEN_HEADER = "x-access-token"
_UNAUTHORIZED = "unauthorized access, please provide a valid access token or method signing if supported"


def check_token(token: str | None, headers: Mapping[str, str]) -> None:
    """Pass when the sandbox has no token or the request bears it.

    :raises HttpFault: 401.
    """
    if token is not None and not _same(headers.get(TOKEN_HEADER, "").encode(), token.encode()):
        raise HttpFault(401, _UNAUTHORIZED)


def check_file_access(
    token: str | None, headers: Mapping[str, str], query: Mapping[str, str], operation: str, now: float
) -> None:
    """Pass when the token is borne, or the address is signed for this path, operation and user.

    :param operation: `read` or `write`.
    :param now: Unix seconds.
    :raises HttpFault: 401, 400 when the expiry is not a number.
    """
    if token is None:
        return
    if TOKEN_HEADER in headers:
        if not _same(headers[TOKEN_HEADER].encode(), token.encode()):
            raise HttpFault(401, "access token present in header but does not match")
        return
    given = query.get("signature")
    if not given:
        raise HttpFault(401, "missing signature query parameter")
    expiration = query.get("signature_expiration")
    expected = sign(query.get("path", ""), operation, query.get("username", ""), token, expiration)
    if not _same(given.encode(), expected.encode()):
        raise HttpFault(401, "invalid signature")
    if expiration is not None:
        if not expiration.isdecimal():
            raise HttpFault(400, "signature_expiration must be whole Unix seconds")
        if int(expiration) < now:
            raise HttpFault(401, "signature is already expired")


def sign(path: str, operation: str, user: str, token: str, expiration: str | None) -> str:
    """The signature of a file address, as `e2b.sandbox.signature` makes it."""
    text = f"{path}:{operation}:{user}:{token}"
    if expiration is not None:
        text += f":{expiration}"
    digest = hashlib.sha256(text.encode(errors="surrogateescape")).digest()
    return "v1_" + binascii.b2a_base64(digest, newline=False).rstrip(b"=").decode()


def basic_user(headers: Mapping[str, str]) -> str | None:
    """The user named in `Authorization: Basic`, None without that header.

    :raises HttpFault: 401, the header cannot be read.
    """
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, _ = binascii.a2b_base64(credentials, strict_mode=True).decode().partition(":")
    except ValueError as error:
        raise HttpFault(401, "unreadable Authorization header") from error
    return name or None
