from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.host.reach import ALL, MOST_NAME_SERVERS, MOST_RULES, OPEN, BadRule, Reach, covers, read_rules

networks = st.tuples(st.integers(0, 2**32 - 1), st.sampled_from((0, 1, 8, 24, 30, 31, 32))).map(
    lambda each: str(IPv4Network(each, strict=False))
)


def reach(**network: Any) -> Reach:
    internet = network.pop("internet", None)
    return read_rules(network, internet).reach()


def is_refused(found: Reach, address: str) -> bool:
    return covers(found.refused4, IPv4Address(address))


@given(allow=st.lists(networks, max_size=6), deny=st.lists(networks, max_size=6), some=st.integers(0, 2**32 - 1))
def test_what_is_denied_and_not_allowed_is_refused(allow: list[str], deny: list[str], some: int) -> None:
    found = reach(allowOut=allow, denyOut=deny)
    edges = [int(bound) for each in allow + deny for bound in (IPv4Network(each)[0], IPv4Network(each)[-1])]
    own = IPv4Network("10.0.2.0/24")
    for number in {some, *(edge + step for edge in edges for step in (-1, 0, 1) if 0 <= edge + step < 2**32)}:
        address = IPv4Address(number)
        if address in own or address.is_loopback or number < 2**24:
            continue
        allowed = any(address in IPv4Network(each) for each in allow)
        denied = any(address in IPv4Network(each) for each in deny)
        assert covers(found.refused4, address) is (denied and not allowed), address
    for one, other in zip(found.refused4, found.refused4[1:], strict=False):
        assert one[0] <= one[1] and one[1] + 1 < other[0]  # the kernel takes no ranges that meet


def test_without_rules_only_this_computers_loopback_is_refused() -> None:
    found = OPEN.reach()
    assert [str(IPv4Address(bound)) for each in found.refused4 for bound in each] == [
        "0.0.0.0",
        "0.255.255.255",
        "127.0.0.0",
        "127.255.255.255",
    ]
    assert not OPEN.restricts


def test_no_internet_is_everything_denied_and_still_loses_to_what_is_allowed() -> None:
    assert reach(internet=False) == reach(denyOut=[ALL])
    found = reach(internet=False, allowOut=["1.1.1.1"])
    assert not is_refused(found, "1.1.1.1") and is_refused(found, "1.1.1.2")
    assert found.refused6 == ((0, 2**128 - 1),)


def test_loopback_is_refused_even_if_it_is_allowed() -> None:
    assert is_refused(reach(denyOut=[ALL], allowOut=["127.0.0.0/8"]), "127.0.0.1")


@pytest.mark.parametrize(
    ("network", "refused"),
    [
        ({"denyOut": ["10.0.0.0/8"]}, False),
        ({"denyOut": ["8.8.8.8"]}, True),
        ({"denyOut": [ALL]}, True),
        ({"denyOut": [ALL], "allowOut": ["8.8.8.8"]}, False),
        ({"denyOut": [ALL], "allowOut": ["10.0.2.3"]}, False),
        ({"denyOut": [ALL], "allowOut": ["a.example"]}, False),
        ({"denyOut": [ALL], "allowOut": ["a.example"], "dnsServers": []}, True),
        ({"denyOut": [ALL], "allowOut": ["a.example"], "dnsServers": ["9.9.9.9"]}, True),
        ({"denyOut": [ALL], "allowOut": ["1.1.1.1"], "dnsServers": ["8.8.8.8"]}, True),
    ],
)
def test_the_name_server_is_reached_where_e2bs_would_be(network: dict[str, Any], refused: bool) -> None:
    assert is_refused(reach(**network), "10.0.2.3") is refused


def test_named_servers_are_in_reach_with_allowed_names() -> None:
    found = reach(denyOut=[ALL], allowOut=["*.example.com", "b.example"], dnsServers=["9.9.9.9"])
    assert found.names == ("*.example.com", "b.example")
    assert not is_refused(found, "9.9.9.9") and is_refused(found, "8.8.8.8")


def test_both_families_are_kept_apart() -> None:
    found = reach(denyOut=["2001:db8::/32"], allowOut=["2001:db8::1"])
    first = int.from_bytes(bytes.fromhex("20010db8") + bytes(12))
    assert found.refused6 == ((0, 1), (first, first), (first + 2, first + 2**96 - 1))
    assert found.refused4 == OPEN.reach().refused4


@pytest.mark.parametrize(
    "network",
    [
        {"allowOut": "a"},
        {"denyOut": [1]},
        {"denyOut": ["a.example"]},
        {"denyOut": ["8.8.8.8:53"]},
        {"denyOut": ["1.1.1.1"] * (MOST_RULES + 1)},
        {"denyOut": [ALL], "allowOut": ["8.8.8.8:53"]},
        {"denyOut": [ALL], "allowOut": ["https://a.example"]},
        {"denyOut": [ALL], "allowOut": [""]},
        {"allowOut": ["a.example"]},
        {"allowOut": ["a.example"], "denyOut": ["10.0.0.0/8"]},
        {"dnsServers": ["::1"]},
        {"dnsServers": ["1.1.1.1"] * (MOST_NAME_SERVERS + 1)},
        {"rules": {"a.example": [{"transform": {"headers": {"A": "b"}}}]}},
        {"egressProxy": {"address": "a:1"}},
        {"internet": "no"},
    ],
)
def test_what_is_no_rule_or_cannot_be_held_is_refused(network: dict[str, Any]) -> None:
    with pytest.raises(BadRule):
        reach(**network)


def test_what_is_told_is_what_was_given() -> None:
    given = {"allowOut": ["a.example", "1.1.1.1"], "denyOut": [ALL], "dnsServers": []}
    assert read_rules(given).told() == given
    assert read_rules({"rules": {}, "egressProxy": None}).told() == {}
    assert not read_rules({"allowOut": ["1.1.1.1"]}, True).restricts
    assert read_rules({}, False).restricts and read_rules({"denyOut": ["1.1.1.1"]}).restricts
