import pytest

from craft_desktop.model.workspaces import deepest, is_member, pnpm_globs, workspace_globs


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
