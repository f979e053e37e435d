"""The files that a jail does not take from this machine: its /etc, and commands that stand for scripts."""

import shlex
from pathlib import Path

from craft_desktop.host.isolation import GROUP, NSSWITCH, PASSWD
from craft_desktop.host.machine import Machine
from craft_desktop.host.namespaces import resolver


def write_etc(folder: Path, machine: Machine) -> None:
    """Write the files of /etc; `resolv.conf` is for sandboxes with a network of their own."""
    texts = {
        "passwd": PASSWD,
        "group": GROUP,
        "nsswitch.conf": NSSWITCH,
        "hosts": machine.hosts,
        "resolv.conf": resolver(machine.resolver),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)


def write_tools(folder: Path, machine: Machine) -> None:
    """Write the commands that stand for Node.js's scripts."""
    for name, script in machine.scripts.items():
        assert machine.node is not None  # scripts are Node.js's own
        tool = folder / name
        tool.write_text(f'#!/bin/sh\nexec {shlex.quote(str(machine.node.path))} {shlex.quote(str(script))} "$@"\n')
        tool.chmod(0o755)
