import os
import subprocess
from pathlib import Path

import pytest

from craft_desktop.sync import repository
from craft_desktop.sync.repository import find_excludes_file, outer_rules, read_patterns
from craft_desktop.sync.scan import scan


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *identity, "-C", folder, *arguments], check=True, capture_output=True, env=environment)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A repository with a project in it."""
    top = tmp_path.resolve() / "repository"
    (top / "packages/web").mkdir(parents=True)
    git(top, "init", "-q")
    for name in ("page.tsx", "x.log", "y.gen", "z.mine", "w.local"):
        (top / "packages/web" / name).touch()
    return top


def sent(folder: Path, excludes_file: Path | None = None) -> set[str]:
    return set(scan(folder, {}, excludes_file=excludes_file).snapshot)


def test_rules_from_above_count(top: Path, tmp_path: Path) -> None:
    (top / ".gitignore").write_text("*.log\n/packages/web/y.gen\n*.mine\n")
    (top / "packages/.gitignore").write_text("!z.mine\nweb/page.tsx\n")
    (top / ".git/info/exclude").write_text("packages/*/w.local\n")
    (tmp_path / "mine").write_text("web\n*.local\n")
    assert sent(top / "packages/web", None) == {"z.mine"}
    (top / "packages/web/.gitignore").write_text("!page.tsx\n!w.local\n")
    assert sent(top / "packages/web") == {"z.mine", "page.tsx", "w.local", ".gitignore"}


def test_the_persons_own_rules_count_with_and_without_a_repository(top: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("*.log\n")
    (tmp_path / "mine").symlink_to("elsewhere")
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/x.log").touch()
    assert "x.log" not in sent(top / "packages/web", tmp_path / "mine")
    assert sent(tmp_path.resolve() / "plain", tmp_path / "mine") == set()


@pytest.mark.parametrize("rule", ["web", "/packages/", "*", "packages/**"])
def test_a_folder_that_is_itself_ignored_was_chosen_all_the_same(top: Path, rule: str) -> None:
    (top / ".gitignore").write_text(f"{rule}\n*.log\n")
    (top / "packages/web/.gitignore").write_text("*.gen\n")
    assert sent(top / "packages/web") == {"page.tsx", "x.log", "z.mine", "w.local", ".gitignore"}


def test_a_linked_work_tree_shares_the_excludes(top: Path) -> None:
    git(top, "add", ".")
    git(top, "commit", "-qm", "all")
    git(top, "worktree", "add", "-q", "../linked")
    (top / ".git/info/exclude").write_text("*.log\n")
    (top.with_name("linked") / "packages/web/new.log").touch()
    told = sent(top.with_name("linked") / "packages/web")
    assert "new.log" not in told
    assert "x.log" in told  # tracked, and so never ignored
    assert "packages/web/new.log" not in sent(top.with_name("linked"))
    assert "packages/web/page.tsx" in sent(top.with_name("linked"))


def test_what_only_looks_like_a_repository_is_none(top: Path) -> None:
    (top / "packages/web/.git").mkdir()
    (top / ".gitignore").write_text("*.log\n")
    assert "x.log" not in sent(top / "packages/web")
    (top / "packages/web/.git").rmdir()
    (top / "packages/web/.git").write_text("nonsense")
    assert outer_rules(top / "packages/web", None) == () or "x.log" not in sent(top / "packages/web")


def test_an_ignore_file_in_the_tree_that_is_a_link_counts_as_none(top: Path) -> None:
    (top / "rules").write_text("*\n")
    (top / ".gitignore").symlink_to("rules")
    assert "page.tsx" in sent(top / "packages/web")
    assert read_patterns(top / ".gitignore") is None
    assert read_patterns(top / ".gitignore", follow=True) is not None


def test_the_excludes_file_is_the_one_git_uses(top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "config"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_excludes_file(top) == tmp_path / "xdg/git/ignore"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert find_excludes_file(top) == tmp_path / ".config/git/ignore"
    config.write_text("[core]\n\texcludesFile = ~/my rules\n")
    assert find_excludes_file(top) == tmp_path / "my rules"
    git(top, "config", "core.excludesFile", "")
    assert find_excludes_file(top) is None


def test_without_git_its_default_counts(top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert find_excludes_file(top) == tmp_path / "git/ignore"
    assert repository.find_excludes_file(tmp_path / "gone") == tmp_path / "git/ignore"


@pytest.mark.timeout(20)
def test_a_pipe_in_the_repository_is_not_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / ".git"
    folder.mkdir()
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    os.mkfifo(folder / "commondir")
    assert outer_rules(tmp_path, None) is not None
