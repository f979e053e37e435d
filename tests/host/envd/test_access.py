import base64

import pytest
from e2b.sandbox.signature import get_signature

from craft_desktop.host.envd.access import basic_user, check_file_access, check_token, sign
from craft_desktop.host.envd.faults import HttpFault


def test_signature_is_the_sdks() -> None:
    for operation, user in (("read", "user"), ("write", None)):
        made = get_signature("/a b/ü", operation, user, "secret")  # type: ignore[arg-type]
        assert sign("/a b/ü", operation, user or "", "secret", None) == made["signature"]


def test_expiry_counts_to_the_second() -> None:
    query = {"path": "p", "signature_expiration": "100", "signature": sign("p", "read", "", "t", "100")}
    check_file_access("t", {}, query, "read", 100.0)
    with pytest.raises(HttpFault, match="signature is already expired"):
        check_file_access("t", {}, query, "read", 100.5)
    with pytest.raises(HttpFault, match="invalid signature"):
        check_file_access("t", {}, query, "write", 0)
    soon = {**query, "signature_expiration": "soon", "signature": sign("p", "read", "", "t", "soon")}
    with pytest.raises(HttpFault, match="Unix seconds"):
        check_file_access("t", {}, soon, "read", 0)


def test_token() -> None:
    check_token(None, {})
    check_token("ü", {"x-access-token": "ü"})
    for headers in ({}, {"x-access-token": ""}, {"x-access-token": "tokeN"}):
        with pytest.raises(HttpFault):
            check_token("token", headers)


def test_user_of_the_header() -> None:
    def header(text: bytes) -> dict[str, str]:
        return {"authorization": "Basic " + base64.b64encode(text).decode()}

    assert basic_user(header(b"root:")) == "root"
    assert basic_user(header(b"user")) == "user"
    assert basic_user(header(b":x")) is None
    assert basic_user({}) is None
    assert basic_user({"authorization": "Bearer x"}) is None
    for broken in ("Basic %%%=", "Basic /w=="):
        with pytest.raises(HttpFault):
            basic_user({"authorization": broken})
