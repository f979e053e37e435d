import json
from pathlib import Path

from craft_desktop.host.machine import Bubblewrap, Machine, Node, Python, report


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
