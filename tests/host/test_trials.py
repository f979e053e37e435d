import os
from dataclasses import replace
from pathlib import Path

import pytest

from craft_desktop.host.machine import Layering, Machine
from craft_desktop.host.trials import try_bubblewrap, try_layering, try_network
from tests.host.programs import program


def test_without_bubblewrap_the_person_is_told_what_to_install(this_machine: Machine) -> None:
    found = try_bubblewrap(this_machine, {"PATH": "/nowhere"})
    assert not found.usable
    assert "not installed" in found.reason and "apt-get install bubblewrap" in found.remedy


def test_a_bubblewrap_that_may_not_is_told_with_its_own_words(tmp_path: Path, this_machine: Machine) -> None:
    program(tmp_path / "bwrap", "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1")
    found = try_bubblewrap(this_machine, {**os.environ, "PATH": str(tmp_path)})
    assert not found.usable
    assert "uid map: Permission denied" in found.reason
    assert "sysctl" in found.remedy


def test_an_older_bubblewrap_is_used_without_what_it_lacks(tmp_path: Path, machine: Machine) -> None:
    real = machine.bubblewrap.path
    refuse = 'case "$*" in *--disable-userns*) echo "bwrap: Unknown option" >&2; exit 1;; esac'
    program(tmp_path / "bwrap", f'{refuse}\nexec {real} "$@"')
    found = try_bubblewrap(machine, {**os.environ, "PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert found.usable and found.nested


def beside(tmp_path: Path, name: str, text: str) -> dict[str, str]:
    """This machine with another program of that name."""
    program(tmp_path / name, text)
    return {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}


def test_without_walls_there_is_no_private_network(plain_machine: Machine) -> None:
    holder, network = try_network(plain_machine, os.environ)
    assert holder is None and not network.usable and network.reason


def test_a_machine_without_slirp_is_told_what_to_install(tmp_path: Path, held: Machine) -> None:
    for name in ("unshare", "nsenter", "mount"):
        (tmp_path / name).symlink_to(f"/usr/bin/{name}")
    holder, network = try_network(held, {"PATH": str(tmp_path)})
    assert holder is not None and not network.usable
    assert "apt-get install slirp4netns" in network.remedy


def test_a_slirp_that_may_not_open_its_device_is_told_with_its_own_words(tmp_path: Path, held: Machine) -> None:
    environ = beside(tmp_path, "slirp4netns", "echo 'open(/dev/net/tun): Permission denied' >&2; exit 1")
    holder, network = try_network(held, environ)
    assert holder is not None and not network.usable
    assert "Permission denied" in network.reason and network.remedy


def test_a_slirp_that_cannot_shut_itself_in_is_used_as_it_is(tmp_path: Path, held: Machine) -> None:
    real = held.network.slirp
    if real is None:
        pytest.skip("slirp4netns is not here")
    refuse = 'case "$*" in *--enable-seccomp*) echo "unknown option" >&2; exit 1;; esac'
    _, network = try_network(held, beside(tmp_path, "slirp4netns", f'{refuse}\nexec {real} "$@"'))
    assert network.usable and not network.hardened


def test_where_there_is_no_packet_filter_there_is_a_network_without_rules(tmp_path: Path, held: Machine) -> None:
    if not held.private:
        pytest.skip(held.network.reason)
    tries = 'case "$*" in *netfilter*) echo no >&2; exit 1;; esac'
    environ = beside(tmp_path, "unshare", f'{tries}\nexec /usr/bin/unshare "$@"')
    _, network = try_network(held, environ)
    assert network.usable and network.unfiltered.endswith("(nftables): no")
    assert try_network(held, os.environ)[1].unfiltered == ""


def test_where_namespaces_are_forbidden_it_is_said(tmp_path: Path, held: Machine) -> None:
    environ = beside(tmp_path, "unshare", "echo 'unshare: Operation not permitted' >&2; exit 1")
    holder, network = try_network(held, environ)
    assert holder is None and not network.usable
    assert "Operation not permitted" in network.reason and "sysctl" in network.remedy


def test_a_proxy_on_this_computer_keeps_the_network_shared(held: Machine) -> None:
    machine = replace(held, environment={"HTTPS_PROXY": "http://127.0.0.1:3128"})
    _, network = try_network(machine, os.environ)
    assert not network.usable and "HTTPS_PROXY" in network.reason


def test_overlays_are_used_where_they_keep_what_is_written(tmp_path: Path, held: Machine) -> None:
    found = try_layering(held, tmp_path)
    assert found.layering is Layering.OVERLAY or found.layering_reason
    assert list(tmp_path.iterdir()) == []


def test_where_there_are_no_overlays_files_are_copied(tmp_path: Path, held: Machine) -> None:
    assert held.holder is not None
    mount = program(tmp_path / "mount", "echo no overlay >&2; exit 32")
    broken = replace(held, holder=replace(held.holder, mount=str(mount)))
    found = try_layering(broken, tmp_path)
    assert found.layering in (Layering.REFLINK, Layering.COPY)
    assert "no overlay" in found.layering_reason
    found = try_layering(replace(held, holder=None), tmp_path)
    assert found.layering is not Layering.OVERLAY
