"""The doctor looks at this machine, and has a remedy for every lack."""

import os
import shutil
import socket
from pathlib import Path

import pytest

from craft_desktop.model.report import Check, Grade
from craft_desktop.paths import Paths, find_paths
from craft_desktop.workbench.diagnostics import diagnose


def by_name(checks: tuple[Check, ...]) -> dict[str, Check]:
    return {check.name: check for check in checks}


async def test_this_machine_can_run_previews(paths: Paths) -> None:
    report = await diagnose(paths)
    checks = by_name(report.checks)
    assert report.is_usable
    assert {
        "Node.js",
        "npm",
        "Isolation",
        "Sandbox network",
        "Keyring",
        "Screen",
        "Own folders",
        "Preview port",
    } <= set(checks)
    assert "Page view (Qt WebEngine)" in checks
    assert all(check.remedy for check in report.checks if check.grade is not Grade.OK)


async def test_a_port_in_use_and_a_missing_node_are_told(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    paths.prepare()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        (paths.settings / "settings.json").write_text(f'{{"preview_port": {taken.getsockname()[1]}}}')
        checks = by_name((await diagnose(paths)).checks)
    assert checks["Preview port"].grade is Grade.LIMITED
    assert checks["Isolation"].grade is Grade.LIMITED and checks["Isolation"].remedy


async def test_a_shared_network_is_told_with_its_remedy(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bwrap", "node", "unshare", "nsenter", "mount"):
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(tools))
    check = by_name((await diagnose(paths)).checks)["Sandbox network"]
    assert check.grade is Grade.LIMITED
    if shutil.which("bwrap"):
        assert "slirp4netns is not installed" in check.detail and "apt-get install slirp4netns" in check.remedy


async def test_folders_that_cannot_be_made_are_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    report = await diagnose(find_paths({"CRAFT_DESKTOP_HOME": str(tmp_path / "file")}))
    assert not report.is_usable
    assert "CRAFT_DESKTOP_HOME" in by_name(report.checks)["Own folders"].remedy


async def test_a_network_without_rules_is_told_with_its_remedy(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not all(shutil.which(name) for name in ("bwrap", "unshare", "slirp4netns")):
        pytest.skip("there is no network of a sandbox's own here")
    tools = tmp_path / "bin"
    tools.mkdir()
    real = shutil.which("unshare")
    shim = tools / "unshare"
    shim.write_text(f'#!/bin/sh\ncase "$*" in *netfilter*) echo no >&2; exit 1;; esac\nexec {real} "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    check = by_name((await diagnose(paths)).checks)["Sandbox network"]
    assert check.grade is Grade.LIMITED
    assert "(nftables): no" in check.detail and "modprobe nf_tables" in check.remedy
