import json
from dataclasses import replace
from pathlib import Path

import pytest

from craft_desktop.host.machine import Bubblewrap, Machine, Node, PrivateNetwork, Python, report
from craft_desktop.host.namespaces import Holder


def test_a_report_is_json_and_keeps_secrets() -> None:
    machine = Machine(
        bubblewrap=Bubblewrap(None, False, reason="none here", remedy="get one"),
        python=Python(Path("/usr/bin/python3")),
        node=Node(Path("/usr/bin/node"), "22.0.0", "path", Path("/x/npm-cli.js"), "10.0.0"),
        environment={"HTTPS_PROXY": "http://ann:hush@proxy:1"},
    )
    text = json.dumps(report(machine))
    assert "hush" not in text and "hush" not in repr(machine)
    told = json.loads(text)
    assert told["isolation"] == "none"
    assert told["bubblewrap"]["reason"] == "none here"
    assert told["node"]["version"] == "22.0.0"
    assert told["environment"] == ["HTTPS_PROXY"]
    assert not machine.isolated


def test_a_machine_without_node_says_so() -> None:
    machine = Machine(bubblewrap=Bubblewrap("/usr/bin/bwrap", True), python=Python(Path("/p")))
    assert report(machine)["node"] is None
    assert report(machine)["isolation"] == "bubblewrap"


def test_the_network_is_told_with_the_reason_when_it_is_shared() -> None:
    jailed = Machine(bubblewrap=Bubblewrap("/usr/bin/bwrap", True), python=Python(Path("/p")))
    shared = replace(jailed, network=PrivateNetwork(reason="no slirp", remedy="get it"))
    told = report(shared)
    assert (told["network"], told["network_reason"], told["network_remedy"]) == ("shared", "no slirp", "get it")
    private = replace(jailed, holder=Holder("u", "n", "m"), network=PrivateNetwork("/usr/bin/slirp4netns", True))
    told = report(private)
    assert (told["network"], told["network_reason"], told["network_rules"]) == ("private", "", True)
    assert report(shared)["network_rules"] is False
    network = replace(private.network, unfiltered="no nftables")
    told = report(replace(private, network=network))
    assert (told["network_rules"], told["network_rules_reason"]) == (False, "no nftables")
    assert not replace(private, bubblewrap=Bubblewrap(None, False)).private


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ("/home/user/.nvm/versions/node/v24.0.0", True),  # of a person who is called `user`
        ("/tmp/ca.pem", True),
        ("/home/users/node", False),
        ("/root/.pyenv/versions/3.11.7", False),
        ("/opt/tmp/node", False),
    ],
)
def test_what_a_snapshot_would_lie_over(tree: str, expected: bool) -> None:
    machine = Machine(bubblewrap=Bubblewrap("/usr/bin/bwrap", True), python=Python(Path("/p")), trees=(Path(tree),))
    assert machine.shows_in_homes is expected
