"""This machine as it is, and one whose bubblewrap is switched off."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Bubblewrap, Machine
from craft_desktop.host.probe import probe, replace_bubblewrap
from craft_desktop.host.trials import try_layering
from tests.lacking import can_connect, can_wall, skip_unless


@pytest.fixture(scope="session")
def this_machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    return try_layering(probe(os.environ, Path.home()), tmp_path_factory.mktemp("layering"))


@pytest.fixture
def machine(this_machine: Machine) -> Machine:
    if not this_machine.isolated:
        skip_unless(can_wall, this_machine.bubblewrap.reason)
    return this_machine


@pytest.fixture
def held(machine: Machine) -> Machine:
    if machine.holder is None:
        skip_unless(can_connect, machine.network.reason)
    return machine


@pytest.fixture(scope="session")
def plain_machine(this_machine: Machine) -> Machine:
    lame = Bubblewrap(None, False, reason="No walls.", remedy="Build some.")
    return replace_bubblewrap(this_machine, lame)


@pytest.fixture
def ground(tmp_path: Path, this_machine: Machine) -> Iterator[Ground]:
    with Ground(tmp_path / "state", this_machine) as ground:
        yield ground
