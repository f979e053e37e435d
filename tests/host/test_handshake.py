import json

import pytest

from craft_desktop.host.handshake import HandshakeError, Ready

READY = Ready(
    api_url="http://127.0.0.1:1",
    sandbox_url="http://127.0.0.1:2",
    traffic_url="http://127.0.0.1:2",
    api_key="e2b_00",
    domain="localhost:2",
    pid=7,
)


def test_a_line_says_exactly_the_six_keys() -> None:
    line = READY.format()
    assert "\n" not in line
    assert set(json.loads(line)) == {"api_url", "sandbox_url", "traffic_url", "api_key", "domain", "pid"}
    assert Ready.parse(line) == READY
    assert Ready.parse(line.encode() + b"\n") == READY


def test_the_key_is_not_in_what_a_log_would_show() -> None:
    assert "e2b_00" not in repr(READY)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "Traceback (most recent call last):",
        "[]",
        "{}",
        json.dumps({**json.loads(READY.format()), "more": 1}),
        json.dumps({**json.loads(READY.format()), "pid": "7"}),
        json.dumps({**json.loads(READY.format()), "pid": True}),
        json.dumps({**json.loads(READY.format()), "api_url": None}),
    ],
)
def test_anything_else_is_refused(line: str) -> None:
    with pytest.raises(HandshakeError):
        Ready.parse(line)
