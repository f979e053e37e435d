import time

import pytest

from craft_desktop.model.workspaces import MOST_GLOBS, deepest, is_member, pnpm_globs, workspace_globs


@pytest.mark.parametrize(
    ("declared", "globs"),
    [
        (["apps/*", "packages/*"], ("apps/*", "packages/*")),
        ({"packages": ["apps/*"], "nohoist": ["**"]}, ("apps/*",)),
        (["apps/*", 3], ("apps/*",)),
        ("apps/*", ()),
        ({"packages": "apps/*"}, ()),
        (None, ()),
    ],
)
def test_a_manifest_names_its_packages_in_two_ways(declared: object, globs: tuple[str, ...]) -> None:
    assert workspace_globs({"workspaces": declared}) == globs


@pytest.mark.parametrize(
    ("text", "globs"),
    [
        ("packages:\n  - 'apps/*'\n  - \"packages/*\"\n  - tools\n", ("apps/*", "packages/*", "tools")),
        ("packages:\n- apps/* # all\n\n# more\n- '!apps/old'\ncatalog:\n  react: 19\n", ("apps/*", "!apps/old")),
        ('packages: ["apps/*", packages/*]\n', ("apps/*", "packages/*")),
        ("onlyBuiltDependencies:\n  - sharp\npackages:\n  - web\n", ("web",)),
        ("onlyBuiltDependencies:\n  - sharp\n", ()),
        ("", ()),
    ],
)
def test_pnpm_names_them_in_a_file(text: str, globs: tuple[str, ...]) -> None:
    assert pnpm_globs(text) == globs


@pytest.mark.parametrize(
    ("relpath", "globs", "member"),
    [
        ("apps/web", ["apps/*"], True),
        ("apps/web", ["./apps/*/"], True),
        ("apps/web/src", ["apps/*"], False),
        ("apps/group/web", ["apps/**"], True),
        ("apps", ["apps/**"], True),
        ("apps/group/web", ["apps/*/*"], True),
        ("web", ["web"], True),
        ("website", ["web"], False),
        ("apps/old", ["apps/*", "!apps/old"], False),
        ("apps/old", ["!apps/old", "apps/*"], False),
        ("a/b/web", ["**/web"], True),
        ("web", ["**/web"], True),
        ("apps/web", ["{apps,packages}/*"], True),
        ("packages/a.b", ["packages/a?b"], True),
        ("packages/a+b", ["packages/a+b"], True),
        ("apps/web", [], False),
        ("apps/web", ["**"], True),
        ("apps/web/app", ["apps/**/app"], True),
        ("apps/a/b/web", ["apps/**/web"], True),
        ("apps/web", ["{apps/*,packages/ui}"], True),
        ("packages/ui", ["{apps/*,packages/ui}"], True),
        ("packages/uix", ["{apps,packages}/{ui,web}"], False),
        ("apps/my-web-app", ["apps/my-*-app"], True),
        ("apps/aab", ["apps/*ab"], True),
        ("apps/aba", ["apps/*ab"], False),
        ("apps/web", ["apps/web*"], True),
    ],
)
def test_patterns_name_folders(relpath: str, globs: list[str], member: bool) -> None:
    assert is_member(relpath, globs) is member


@pytest.mark.parametrize(
    ("globs", "levels"),
    [(["apps/*", "packages/*/*"], 3), (["web"], 1), (["apps/**"], None), (["!a/b/c/d", "web"], 1), ([], 0)],
)
def test_patterns_bound_how_deep_is_looked(globs: list[str], levels: int | None) -> None:
    assert deepest(globs) == levels


@pytest.mark.parametrize(
    ("relpath", "glob"),
    [
        ("a" * 100, "*a" * 40 + "*b"),
        ("/".join(["a" * 100] * 5), "**/*a*a*a*a/" * 10 + "b"),
        ("a" * 100, "{a,b}" * 39),
        ("a" * 100, "{*a*a,*a*a*a}" * 13 + "b"),
    ],
)
def test_a_hostile_glob_is_fast(relpath: str, glob: str) -> None:
    began = time.process_time()
    assert not is_member(relpath, [glob])
    assert time.process_time() - began < 5.0  # it takes a millisecond; tried in every way, longer than anybody lives


def test_a_hostile_file_is_fast_and_its_patterns_bounded() -> None:
    began = time.process_time()
    assert pnpm_globs("packages:" + " " * 200_000 + "x") == ()
    assert time.process_time() - began < 5.0
    listed = [f"p{number}" for number in range(2 * MOST_GLOBS)]
    assert len(workspace_globs({"workspaces": listed})) == MOST_GLOBS
    assert len(pnpm_globs("packages:\n" + "".join(f"- {each}\n" for each in listed))) == MOST_GLOBS
    assert len(pnpm_globs(f"packages: [{', '.join(listed)}]")) == MOST_GLOBS
