import pytest
from multidict import CIMultiDict

from craft_desktop.control.guard import refusal

PORT, TOKEN = 4711, "a-token"
GOOD = {"Host": "127.0.0.1:4711", "Authorization": f"Bearer {TOKEN}"}


def status(headers: dict[str, str] | list[tuple[str, str]], peer: str = "127.0.0.1") -> int:
    refused = refusal(CIMultiDict(headers), peer, PORT, TOKEN)
    return 200 if refused is None else refused.status


@pytest.mark.parametrize("host", ["127.0.0.1:4711", "localhost:4711", "LOCALHOST:4711", "[::1]:4711"])
def test_loopbacks_names_are_welcome(host: str) -> None:
    assert status(GOOD | {"Host": host}) == 200
    assert status(GOOD | {"Host": host}, "::1") == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:4711",
        "127.0.0.1.evil.example:4711",
        "shop.localhost:4711",
        "127.0.0.1",
        "127.0.0.1:4712",
        "127.0.0.1:4711 ",
        "127.0.0.1:04711",
        "127.0.0.2:4711",
        "0.0.0.0:4711",
        "user@127.0.0.1:4711",
        "",
    ],
)
def test_any_other_name_is_told_nothing_even_with_the_token(host: str) -> None:
    assert status(GOOD | {"Host": host}) == 421


def test_no_host_or_two_or_a_foreign_peer() -> None:
    assert status({"Authorization": f"Bearer {TOKEN}"}) == 421
    assert status([*GOOD.items(), ("Host", "evil.example")]) == 421
    assert status(GOOD, "192.168.0.7") == 421 and status(GOOD, "") == 421


@pytest.mark.parametrize(
    "extra",
    [
        {"Origin": "http://shop.localhost:4100"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:4711"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_pages_are_not_answered_even_with_the_token(extra: dict[str, str]) -> None:
    assert status(GOOD | extra) == 403


@pytest.mark.parametrize(
    "given",
    ["", "Bearer", "Bearer ", "Bearer a-toke", "Bearer a-token ", "bearer a-token", "Basic a-token", "Bearer é\udcff"],
)
def test_a_wrong_token_is_refused(given: str) -> None:
    assert status(GOOD | {"Authorization": given}) == 401


def test_no_token_or_two_are_refused() -> None:
    assert status({"Host": GOOD["Host"]}) == 401
    assert status([*GOOD.items(), ("Authorization", f"Bearer {TOKEN}")]) == 401
