import json
import os
import subprocess
import sys
from typing import Any

import pytest

from craft_desktop.host import netfilter
from craft_desktop.host.machine import Machine

EMPTY: dict[str, Any] = {"refused4": [], "refused6": []}


@pytest.fixture
def filtered(held: Machine) -> Machine:
    if not held.filtered:
        pytest.skip(held.network.unfiltered or held.network.reason)
    return held


def write(machine: Machine, *orders: dict[str, Any]) -> "subprocess.CompletedProcess[str]":
    """Run the program once for each order, one after another in one new network; what the last said."""
    assert machine.holder is not None
    script = 'program=$1; shift; for each; do echo "$each" | "$0" -I -S "$program" || exit; done'
    argv = [machine.holder.unshare, "--user", "--map-root-user", "--net", "sh", "-c", script, sys.executable]
    words = [json.dumps(order) for order in orders]
    return subprocess.run(
        [*argv, netfilter.__file__, *words], env=dict(os.environ), capture_output=True, text=True, check=False
    )


def test_a_filter_replaces_the_one_before(filtered: Machine) -> None:
    gated = {"refused4": [(0, 2**32 - 1)], "refused6": [(0, 2**128 - 1)], "gate": ("10.0.2.100", 1)}
    told = write(filtered, EMPTY, gated, gated, EMPTY)
    assert (told.returncode, told.stderr) == (0, "")


def test_as_many_ranges_as_rules_can_make(filtered: Machine) -> None:
    many = {"refused4": [(2 * n, 2 * n) for n in range(2001)], "refused6": [(2 * n, 2 * n) for n in range(1, 2001)]}
    assert write(filtered, many).returncode == 0


def test_what_the_kernel_does_not_take_is_told(filtered: Machine) -> None:
    told = write(filtered, {"refused4": [(1, 5), (3, 9)], "refused6": []})
    assert told.returncode == 1
    assert "the kernel does not take the packet filter" in told.stderr


def test_messages_are_as_netlink_wants_them() -> None:
    """Lengths in this machine's order and multiples of four, for the reader walks by them."""
    message = netfilter._order(3, 0, netfilter._text(3, "out"), netfilter._number(5, 1))
    assert int.from_bytes(message[:4], sys.byteorder) == len(message)
    assert message[4:6] == (10 << 8 | 3).to_bytes(2, sys.byteorder)
    assert message[20:] == bytes([8, 0, 3, 0]) + b"out\0" + bytes([8, 0, 5, 0, 0, 0, 0, 1])
