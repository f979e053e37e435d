"""What a sandbox may reach outside: the rules as E2B words them, and what they come to as addresses and names. Pure.

As E2B: what is allowed wins over what is denied, what is neither is allowed; names are allowed only where all else is
denied. Two things are this host's own. A private network's name server is libslirp's: what the rules say of E2B's,
8.8.8.8, holds for it too, so that names are found here when they are found there. And E2B never lets a sandbox reach
private addresses: here they are as any other, since a company's registry and proxy live there; `denyOut` shuts them.
This computer's own loopback is never to be reached, rules or none. Law: e2b-dev/infra, `sandbox-network`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from typing import Any

from craft_desktop.host.hostnames import is_pattern
from craft_desktop.host.namespaces import ADDRESS, NAME_SERVER

ALL = "0.0.0.0/0"  # E2B's word for everything
MOST_RULES = 1000  # of one kind; a list that long is an error, and the kernel takes them in one message
MOST_NAME_SERVERS = 10  # E2B's
DEFAULT_NAME_SERVER = "8.8.8.8"  # E2B's
# a program may bind to a device and so send to its own loopback's addresses by way of this computer (tried: slirp4netns
# passes them on, `--disable-host-loopback` or not); 0.0.0.0 is the same place to connect(2)
LOOPBACK4 = (IPv4Network("0.0.0.0/8"), IPv4Network("127.0.0.0/8"))
LOOPBACK6 = (IPv6Network("::/127"),)
_LISTS = ("allowOut", "denyOut", "dnsServers")
_NEEDS = "would have to open what programs encrypt"
_REFUSED = {
    "rules": f"the host on this computer does not change requests on their way out: it {_NEEDS}",
    "egressProxy": "the host on this computer does not lead traffic through a proxy of your own",
}

Range = tuple[int, int]


class BadRule(ValueError):
    """A rule that cannot be understood or held; the text is for the person."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What the kernel and the gate have to hold.

    :param refused4: first and last address of each refused range, as numbers; `refused6` of IPv6.
    :param names: patterns of names that may be reached by HTTP and TLS wherever they lie.
    """

    refused4: tuple[Range, ...]
    refused6: tuple[Range, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of one sandbox, as they were given.

    :param internet: `allow_internet_access`; None when it was not said. False is as good as denying all.
    :param dns: name servers that stay in reach with allowed names; None is the usual one.
    """

    internet: bool | None = None
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    dns: tuple[str, ...] | None = None

    @property
    def restricts(self) -> bool:
        """Whether anything is forbidden."""
        return self.internet is False or bool(self.deny)

    def told(self) -> dict[str, Any]:
        """What an answer about the sandbox says of its network."""
        lists = {"allowOut": self.allow, "denyOut": self.deny, "dnsServers": self.dns}
        return {name: list(value) for name, value in lists.items() if value is not None and (value or name in _KEPT)}

    def reach(self) -> Reach:
        """What they come to."""
        names = tuple(each for each in self.allow if not _is_address(each))
        allow = [_network(each) for each in self.allow if _is_address(each)]
        deny = [_network(each) for each in (*self.deny, *([ALL] if self.internet is False else []))]
        if names:
            allow += [_network(each) for each in ((DEFAULT_NAME_SERVER,) if self.dns is None else self.dns)]
        if _network(ALL) in deny:
            deny.append(IPv6Network("::/0"))
        allow4 = [each for each in allow if isinstance(each, IPv4Network)]
        refused4 = without([each for each in deny if isinstance(each, IPv4Network)], allow4)
        server = IPv4Network(NAME_SERVER)
        if not any(server.subnet_of(each) and each.prefixlen == server.prefixlen for each in allow4):
            one = [server]
            is_shut = covers(refused4, IPv4Address(DEFAULT_NAME_SERVER))
            refused4 = joined([*refused4, *_ranges(one)]) if is_shut else _cut(refused4, _ranges(one))
        refused4 = joined([*_cut(refused4, _ranges([IPv4Network(ADDRESS)])), *_ranges(LOOPBACK4)])
        deny6, allow6 = ([each for each in some if isinstance(each, IPv6Network)] for some in (deny, allow))
        refused6 = joined([*without(deny6, allow6), *_ranges(LOOPBACK6)])
        return Reach(tuple(refused4), tuple(refused6), names)


OPEN = Rules()  # a sandbox whose network update was empty, or never came
_KEPT = ("dnsServers",)  # an empty list of these says something


def read_rules(network: Mapping[str, Any], internet: Any = None) -> Rules:
    """The rules of a create or an update; what it leaves out is cleared, as in E2B.

    :param internet: its `allow_internet_access`.
    :raises BadRule: a value of the wrong kind, or a rule that this host cannot hold.
    """
    for name, words in _REFUSED.items():
        if network.get(name):
            raise BadRule(f"network.{name}: {words}")
    if internet is not None and not isinstance(internet, bool):
        raise BadRule("allow_internet_access must be true or false")
    lists = {name: _list(network, name) for name in _LISTS}
    dns = lists["dnsServers"]
    rules = Rules(internet, lists["allowOut"] or (), lists["denyOut"] or (), dns)
    for each in rules.deny:
        if not _is_address(each):
            raise BadRule(f"invalid denied CIDR {each}")
    names = [each for each in rules.allow if not _is_address(each)]
    for each in names:
        if not is_pattern(each):
            raise BadRule(f"invalid allowed domain: {each} (an address, a range of addresses or a name; no port)")
    if names and ALL not in rules.deny and internet is not False:
        raise BadRule(f"allowOut names domains, so denyOut must deny all other traffic: add {ALL!r} (ALL_TRAFFIC)")
    if dns is not None and (len(dns) > MOST_NAME_SERVERS or not all(_is_server(each) for each in dns)):
        raise BadRule(f"dnsServers must be at most {MOST_NAME_SERVERS} IPv4 addresses")
    return rules


def without(taken: Iterable[IPv4Network | IPv6Network], kept: Iterable[IPv4Network | IPv6Network]) -> list[Range]:
    """The addresses of `taken` that are not in `kept`."""
    return _cut(joined(_ranges(taken)), joined(_ranges(kept)))


def joined(ranges: Iterable[Range]) -> list[Range]:
    """The same addresses in order, in ranges that neither meet nor overlap."""
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return found


def covers(ranges: Iterable[Range], address: IPv4Address) -> bool:
    """Whether an address is in one of them."""
    return any(first <= int(address) <= last for first, last in ranges)


def _cut(ranges: list[Range], holes: list[Range]) -> list[Range]:
    """Ranges without holes, both in order and apart; one walk, for there may be thousands."""
    left: list[Range] = []
    at = 0
    for each in ranges:
        first, last = each
        while at < len(holes) and holes[at][0] <= last:
            if holes[at][1] >= first:
                left.append((first, holes[at][0] - 1))
                first = holes[at][1] + 1
            if first > last:
                break  # this hole may reach into the next range
            at += 1
        left.append((first, last))
    return [each for each in left if each[0] <= each[1]]


def _ranges(networks: Iterable[IPv4Network | IPv6Network]) -> list[Range]:
    return [(int(each.network_address), int(each.broadcast_address)) for each in networks]


def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)


def _is_address(text: str) -> bool:
    try:
        _network(text)
    except ValueError:
        return False
    return True


def _is_server(text: str) -> bool:
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def _list(network: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    value = network.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > MOST_RULES or not all(isinstance(each, str) for each in value):
        raise BadRule(f"{name} must be a list of at most {MOST_RULES} strings")
    return tuple(each.strip() for each in value)
