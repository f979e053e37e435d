"""Which projects share what was installed, and which Node.js they can run with."""

import json
from typing import Any

import pytest

from craft_desktop.sandbox.warm import read_needs

PLAIN: dict[str, Any] = {"name": "site", "dependencies": {"next": "16.4.3", "react": "^19"}}
FILES = ("package.json", "package-lock.json", "app", ".env")


def test_dependencies_from_the_registry_are_shared() -> None:
    manifest = PLAIN | {
        "scripts": {"dev": "next dev", "build": "next build"},
        "devDependencies": {"a": "~1.2", "b": "npm:@x/y@^2", "c": "latest", "d": ">=1 <3 || 5.x", "e": "*"},
        "overrides": {"f": {"g": "$react"}},
        "secretNote": "mine",
    }
    needs = read_needs(manifest, FILES)
    shared = json.loads(needs.shared_manifest)
    assert needs.lock_file == "package-lock.json"
    assert "scripts" not in shared and "secretNote" not in shared
    assert shared["name"] == "shared"
    assert shared["devDependencies"] == manifest["devDependencies"]


@pytest.mark.parametrize(
    "more",
    [
        {"scripts": {"postinstall": "node steal.js"}},
        {"scripts": {"preinstall": "true"}},
        {"scripts": {"prepare": "husky"}},
        {"workspaces": ["packages/*"]},
        {"pnpm": {"patchedDependencies": {"a": "a.patch"}}},
        {"dependencies": {"a": "file:../a"}},
        {"dependencies": {"a": "../a"}},
        {"dependencies": {"a": "link:a"}},
        {"dependencies": {"a": "workspace:*"}},
        {"dependencies": {"a": "git+ssh://git@example.com/a.git"}},
        {"dependencies": {"a": "someone/repository"}},
        {"dependencies": {"a": "https://example.com/a.tgz"}},
        {"dependencies": {"a": "npm:x@file:../a"}},
        {"dependencies": {"a": 1}},
        {"dependencies": ["a"]},
        {"overrides": {"a": {"b": "file:./b"}}},
        {"resolutions": {"a": "patch:a@1#b.patch"}},
        {"dependencies": {}},
    ],
)
def test_who_has_a_say_in_the_install_shares_nothing(more: dict[str, Any]) -> None:
    assert read_needs(PLAIN | more, FILES).shared_manifest == ""


@pytest.mark.parametrize(
    "name", [".npmrc", ".yarnrc.yml", ".pnpmfile.cjs", "pnpm-workspace.yaml", "binding.gyp", "yarn.lock"]
)
def test_files_that_steer_an_install_share_nothing(name: str) -> None:
    assert read_needs(PLAIN, (*FILES, name)).shared_manifest == ""


def test_without_a_lock_file_package_json_is_enough() -> None:
    needs = read_needs(PLAIN, ("package.json",))
    assert needs.shared_manifest and needs.lock_file is None
