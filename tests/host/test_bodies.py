from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from e2b.api.client.models import ListedSandbox, SandboxDetail, SandboxMetric
from e2b.api.client.models import Sandbox as SdkSandbox

from craft_desktop.host.bodies import (
    LONGEST_TIMEOUT_S,
    BadRequest,
    created,
    detailed,
    init,
    listed,
    metric,
    read_creation,
    read_metadata,
    read_query,
    read_timeout,
)
from craft_desktop.host.isolation import JAIL_HOMES
from craft_desktop.host.registry import OnTimeout, Sandbox, State

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SANDBOX = Sandbox("i" + "0" * 20, "base", NOW, NOW + timedelta(seconds=60), 60, {"k": "v"}, envd_token="t", port=4000)


def test_what_the_sdk_sends_is_understood() -> None:
    body = {
        "templateID": "base",
        "timeout": 60,
        "metadata": {"isolation": "none"},
        "envVars": {"A": "1"},
        "autoPause": True,
        "autoResume": {"enabled": True},
        "allow_internet_access": True,
        "network": {"allowPublicTraffic": False, "maskRequestHost": "localhost:${PORT}"},
    }
    creation = read_creation(body, always_secure=True)
    assert creation.secure and creation.unisolated and creation.auto_resume
    assert (creation.timeout_s, creation.env, creation.on_timeout) == (60, {"A": "1"}, OnTimeout.PAUSE)
    assert (creation.public_traffic, creation.mask_host) == (False, "localhost:${PORT}")


def test_what_is_not_said_is_e2bs_default() -> None:
    creation = read_creation({"templateID": "base"}, always_secure=False)
    assert (creation.timeout_s, creation.secure, creation.public_traffic) == (300, False, True)
    assert creation.on_timeout is OnTimeout.KILL


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"templateID": 1},
        {"templateID": "base", "timeout": "60"},
        {"templateID": "base", "timeout": True},
        {"templateID": "base", "timeout": LONGEST_TIMEOUT_S + 1},
        {"templateID": "base", "metadata": {"a": 1}},
        {"templateID": "base", "envVars": []},
        {"templateID": "base", "allow_internet_access": "no"},
        {"templateID": "base", "network": {"denyOut": ["a.example"]}},
        {"templateID": "base", "network": {"rules": {"a.example": [{}]}}},
        {"templateID": "base", "network": {"egressProxy": {"address": "a:1"}}},
        {"templateID": "base", "network": {"httpsPorts": ["3000"]}},
        {"templateID": "base", "network": {"httpsPorts": [49983]}},
        {"templateID": "base", "volumeMounts": [{"name": "a", "path": "/b"}]},
        {"templateID": "base", "autoPause": "yes"},
    ],
)
def test_what_cannot_be_understood_or_granted_is_refused(body: Any) -> None:
    with pytest.raises(BadRequest):
        read_creation(body, always_secure=True)


def test_network_rules_are_read_and_told() -> None:
    network = {"allowOut": ["1.1.1.1"], "denyOut": ["0.0.0.0/0"]}
    body = {"templateID": "base", "network": network, "allow_internet_access": False}
    rules = read_creation(body, always_secure=True).rules
    told = detailed(replace(SANDBOX, rules=rules), "localhost:1")
    assert told["network"] == {"allowPublicTraffic": True, **network}
    assert told["allowInternetAccess"] is False
    assert detailed(SANDBOX, "localhost:1")["allowInternetAccess"] is True


def test_a_time_below_zero_is_now() -> None:
    assert read_timeout({"timeout": -5}, "timeout", None) == 0
    with pytest.raises(BadRequest):
        read_timeout({}, "timeout", None)


def test_the_filter_is_quoted_twice_by_the_sdk() -> None:
    told = {"a b": "c&d=e%20/é+"}
    sent = urlencode({quote(key): quote(value) for key, value in told.items()})
    assert read_metadata(sent) == told


def test_a_list_query_is_read() -> None:
    query = read_query({"state": "paused", "order": "asc", "limit": "7", "startedAfter": "2026-01-01T00:00:00Z"})
    assert (query.states, query.newest_first, query.limit) == (frozenset({State.PAUSED}), False, 7)
    assert query.started_after == datetime(2026, 1, 1, tzinfo=UTC)
    for wrong in ({"state": "asleep"}, {"order": "up"}, {"limit": "0"}, {"limit": "101"}, {"startedAfter": "noon"}):
        with pytest.raises(BadRequest):
            read_query(wrong)


def test_the_sdks_own_models_read_the_answers() -> None:
    one = SdkSandbox.from_dict(created(SANDBOX, "localhost:1"))
    assert (one.sandbox_id, one.domain, one.envd_access_token) == (SANDBOX.sandbox_id, "localhost:1", "t")
    two = ListedSandbox.from_dict(listed(SANDBOX))
    assert (two.started_at, two.end_at) == (SANDBOX.started_at, SANDBOX.end_at)
    three = SandboxDetail.from_dict(detailed(SANDBOX, "localhost:1"))
    assert three.state.value == "running"
    gauges = {"ts": 1, "cpu_count": 2, "cpu_used_pct": 3.5, "mem_total": 4, "mem_used": 5, "mem_cache": 6}
    four = SandboxMetric.from_dict(metric({**gauges, "disk_total": 7, "disk_used": 8}))
    assert (four.cpu_count, four.disk_used, four.timestamp_unix) == (2, 8, 1)


def test_the_callers_environment_wins() -> None:
    body = init(SANDBOX, {"PORT": "1", "A": "2"}, JAIL_HOMES)
    assert body["envVars"]["PORT"] == "1"
    assert body["envVars"]["E2B_SANDBOX_ID"] == SANDBOX.sandbox_id
    assert init(SANDBOX, {}, JAIL_HOMES)["envVars"]["PORT"] == "4000"
