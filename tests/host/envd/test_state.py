from typing import Any

import pytest

from craft_desktop.host.envd.faults import HttpFault
from craft_desktop.host.envd.state import State

FIRST: dict[str, Any] = {
    "sandboxId": "i1",
    "accessToken": "t",
    "envVars": {"A": "1"},
    "users": {"user": {"home": "/home/user"}},
    "defaultUser": "user",
    "defaultWorkdir": None,
}


def test_first_and_second() -> None:
    state = State()
    assert not state.is_ready
    state.adopt(FIRST)
    assert (state.is_ready, state.user(None).home, state.access_token) == (True, "/home/user", "t")
    state.adopt({"envVars": {"B": "2"}})
    assert (state.env_vars, state.access_token, state.default_user) == ({"A": "1", "B": "2"}, "t", "user")
    state.adopt({"accessToken": None})
    assert state.access_token is None
    with pytest.raises(KeyError):
        state.user("ghost")


@pytest.mark.parametrize(
    "change",
    [
        {"envVars": {"A": 1}},
        {"envVars": ["A"]},
        {"users": ["user"]},
        {"users": {"user": {"home": "relative"}}},
        {"users": {"user": "x"}},
        {"accessToken": 5},
        {"defaultUser": "ghost"},
        {"defaultWorkdir": 1},
    ],
)
def test_refused_documents_change_nothing(change: dict[str, Any]) -> None:
    state = State()
    with pytest.raises(HttpFault) as caught:
        state.adopt({**FIRST, **change})
    assert caught.value.status == 400
    assert not state.is_ready
    assert state.env_vars == {}
