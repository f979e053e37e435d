import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from craft_desktop.sync.ignore import IgnoreRules, Scope, is_rule_file
from craft_desktop.sync.pattern import Patterns
from craft_desktop.sync.scan import scan


def rules(git: dict[str, str] | None = None, *, craft: str = "", exclude: str = "") -> IgnoreRules:
    return IgnoreRules(
        {folder: Patterns.parse(text.encode()) for folder, text in (git or {}).items()},
        (Scope(Patterns.parse(exclude.encode()), 0),),
        Patterns.parse(craft.encode()),
    )


@pytest.mark.parametrize(
    ("relpath", "is_directory"),
    [
        ("node_modules", True),
        ("packages/a/node_modules", False),
        ("node_modules/next/package.json", False),
        (".next/cache/x", False),
        (".git", False),
        (".git/index", False),
        ("app/.DS_Store", False),
        ("app/.page.tsx.swp", False),
        ("app/page.tsx___jb_tmp___", False),
        ("app/.#page.tsx", False),
        ("app/#page.tsx#", False),
        ("app/.subl123.tmp", False),
    ],
)
def test_never_sent(relpath: str, is_directory: bool) -> None:
    assert rules(craft="!*\n").is_ignored(relpath, is_directory)


@pytest.mark.parametrize(
    "relpath", ["next-env.d.ts", "tsconfig.json", "app/#sign.txt", ".github/x", "my_node_modules/x"]
)
def test_sent(relpath: str) -> None:
    assert not rules().is_ignored(relpath, False)


def test_env_files_are_sent_whatever_git_ignores() -> None:
    git = rules({"": ".env*\n*.local\nsecret/\n"})
    assert not git.is_ignored(".env", False)
    assert not git.is_ignored("packages/web/.env.local", False)
    assert git.is_ignored(".envrc", False)
    assert git.is_ignored("x.local", False)
    # A virtual environment of that name is no file, and nothing is sent out of an ignored folder.
    assert git.is_ignored(".env", True)
    assert git.is_ignored("secret/.env", False)


def test_craftignore_has_the_last_word() -> None:
    both = rules({"": "dist\n"}, craft=".env.production\n!dist\ndocs/\n")
    assert both.is_ignored(".env.production", False)
    assert not both.is_ignored("dist/x.js", False)
    assert both.is_ignored("docs/x.md", False)


def test_the_deepest_file_decides() -> None:
    nested = rules({"": "*.gen\n", "app": "!keep.gen\n"}, exclude="keep.gen\n*.mine\n")
    assert nested.is_ignored("keep.gen", False)
    assert not nested.is_ignored("app/keep.gen", False)
    assert nested.is_ignored("app/other.gen", False)
    assert nested.is_ignored("app/x.mine", False)


def test_nothing_comes_back_out_of_an_ignored_folder() -> None:
    assert rules({"": "build/\n!build/keep\n"}).is_ignored("build/keep", False)


def test_rule_files() -> None:
    assert is_rule_file("a/b/.gitignore")
    assert is_rule_file(".craftignore")
    assert not is_rule_file("a/.craftignore")


GLOBS = ["*", "**", "?", "[ab]", "[!a]", "[^b-x]", "[]a]", "[[:alpha:]]", "[", "*.js", "-"]
PIECES = st.sampled_from(["a", "b", "ab", "x.js", "é", "/", "/", "\\", "\\ ", "!", "#", " ", *GLOBS])
PATTERN = st.lists(PIECES, min_size=1, max_size=5).map("".join)
NAME = st.sampled_from(["a", "b", "ab", "x.js", "é", "a b", "*", "[a]", "!a", "#a", " ", "b ", "]", "\\a"])
RELPATH = st.lists(NAME, min_size=1, max_size=4).map("/".join)


@settings(max_examples=100, deadline=None)  # each starts git twice, some 5 ms
@given(
    relpaths=st.sets(RELPATH, min_size=1, max_size=10),
    root=st.lists(PATTERN, min_size=1, max_size=5),
    nested=st.lists(PATTERN, max_size=3),
    exclude=st.lists(PATTERN, max_size=2),
    above=st.lists(PATTERN, max_size=2),
    mine=st.lists(PATTERN, max_size=2),
    prefix=st.sampled_from(["", "web", "a/b", "packages/web"]),
    tracked=st.sets(st.integers(0, 11), max_size=4),
    version=st.sampled_from(["2", "4"]),
)
def test_the_scan_finds_what_git_finds(
    relpaths: set[str],
    root: list[str],
    nested: list[str],
    exclude: list[str],
    above: list[str],
    mine: list[str],
    prefix: str,
    tracked: set[int],
    version: str,
) -> None:
    files = {relpath for relpath in relpaths if not any(other.startswith(f"{relpath}/") for other in relpaths)}
    with tempfile.TemporaryDirectory() as place:
        top = Path(place).resolve() / "repository"
        folder = top / prefix
        config = top.with_name("config")
        config.write_text(f"[core]\n\texcludesFile = {top.with_name('mine')}\n")
        top.with_name("mine").write_text("\n".join(mine))
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": str(config), "GIT_CONFIG_SYSTEM": os.devnull}
        subprocess.run(["git", "init", "-q", top], check=True, env=environment)
        for relpath in files:
            (folder / relpath).parent.mkdir(parents=True, exist_ok=True)
            (folder / relpath).touch()
        (top / ".git/info/exclude").write_text("\n".join(exclude))
        (top / ".gitignore").write_text("\n".join(above))
        (folder / ".gitignore").write_text("\n".join(root))
        inner = next((relpath.partition("/")[0] for relpath in sorted(files) if "/" in relpath), None)
        if inner is not None:
            (folder / inner / ".gitignore").write_text("\n".join(nested))

        def git(at: Path, *arguments: str) -> str:
            command = ["git", "-C", str(at), *arguments]
            return subprocess.run(command, capture_output=True, env=environment, check=False).stdout.decode()

        if prefix and git(top, "check-ignore", prefix):
            # Chosen all the same: see tests/sync/test_repository.py.
            return
        added = [relpath for number, relpath in enumerate(sorted(files)) if number in tracked]
        git(folder, "-c", f"index.version={version}", "add", "-f", "--", *(f":(literal){relpath}" for relpath in added))
        listed = git(folder, "ls-files", "-z", "--others", "--cached", "--exclude-standard")
        found = scan(folder, {}, excludes_file=top.with_name("mine"))
        sent = {relpath for relpath, entry in found.snapshot.items() if entry.kind == "file"}
        assert sent == {relpath for relpath in listed.split("\0") if relpath}
        # Asked one by one, the rules say the same.
        assert sent == {relpath for relpath in files | _rule_files(inner) if not found.rules.is_ignored(relpath, False)}


def _rule_files(inner: str | None) -> set[str]:
    return {".gitignore", f"{inner}/.gitignore"} if inner is not None else {".gitignore"}
