from typing import Any

import pytest

from craft_desktop.host.bodies import BadRequest
from craft_desktop.host.egress import MOST_RULES, read_rules, restricts


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, False),
        ({"allowOut": [], "denyOut": []}, False),
        ({"allow_internet_access": True}, False),
        ({"allow_internet_access": False}, True),
        ({"denyOut": ["0.0.0.0/0"]}, True),
        ({"rules": {"a.example": [{"transform": {}}]}}, True),
        ({"egressProxy": {"address": "a:1"}}, True),
        ({"unknown": 1}, False),
    ],
)
def test_which_rules_forbid_something(body: dict[str, Any], expected: bool) -> None:
    assert restricts(read_rules(body)) is expected


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"allowOut": "a"},
        {"denyOut": [1]},
        {"denyOut": ["a"] * (MOST_RULES + 1)},
        {"rules": []},
        {"egressProxy": "a"},
        {"allow_internet_access": "no"},
    ],
)
def test_what_is_no_rule_is_refused(body: Any) -> None:
    with pytest.raises(BadRequest):
        read_rules(body)
