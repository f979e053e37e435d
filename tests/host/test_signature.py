from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from e2b.sandbox.signature import get_signature

from craft_desktop.host.registry import Sandbox
from craft_desktop.host.signature import sign, signer

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def sandbox(name: str, token: str | None) -> Sandbox:
    return Sandbox(name, "base", NOW, NOW, 60, envd_token=token)


def target(path: str, operation: str, user: str | None, token: str, expires_s: int | None = None) -> str:
    # the SDK's own signature judges ours
    signed = get_signature(path, operation, user, token, expires_s)  # type: ignore[arg-type]
    query = {"path": path, "signature": signed["signature"]}
    if user:
        query["username"] = user
    if signed["expiration"]:
        query["signature_expiration"] = str(signed["expiration"])
    return "/files?" + urlencode(query, quote_via=quote)


def test_the_sandbox_whose_token_signed_is_found() -> None:
    one, two, unlocked = sandbox("a", "one"), sandbox("b", "two"), sandbox("c", None)
    everything = [unlocked, one, two]
    for path in ("/home/user/a b.txt", "é\n'\"", ""):
        assert signer(target(path, "read", None, "two"), "GET", everything) is two
        assert signer(target(path, "write", "user", "one", 60), "POST", everything) is one


def test_a_signature_holds_for_its_operation_and_path_only() -> None:
    one = sandbox("a", "one")
    assert signer(target("/x", "read", None, "one"), "POST", [one]) is None
    assert signer(target("/x", "read", None, "one").replace("%2Fx", "%2Fy"), "GET", [one]) is None
    assert signer("/files?path=x", "GET", [one]) is None
    assert signer("/files?path=x&signature=%C3%A9", "GET", [one]) is None


def test_the_form_is_the_sdks() -> None:
    assert sign("/x", "read", "", "t", None) == get_signature("/x", "read", None, "t")["signature"]
