import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.host.envd.paths import User, expand

USER = User("user", "/home/user")


@pytest.mark.parametrize(
    ("asked", "workdir", "path"),
    [
        ("", None, "/home/user"),
        ("", "/work", "/work"),
        ("", "app", "/home/user/app"),
        ("~", None, "/home/user"),
        ("~/x", "/work", "/home/user/x"),
        ("x/y", "/work", "/home/user/x/y"),
        ("/etc//hosts", None, "/etc/hosts"),
        ("//etc", None, "/etc"),
        ("a/../../b", None, "/home/b"),
        ("../../../..", None, "/"),
        (".", None, "/home/user"),
        ("a~b", None, "/home/user/a~b"),
    ],
)
def test_expand(asked: str, workdir: str | None, path: str) -> None:
    assert str(expand(asked, USER, workdir)) == path


@pytest.mark.parametrize("asked", ["~root", "~root/x", "a\0b"])
def test_refused(asked: str) -> None:
    with pytest.raises(ValueError, match=r"path holds|cannot expand"):
        expand(asked, USER)


@given(st.text().filter(lambda text: "\0" not in text and not text.startswith("~")))
def test_always_absolute_and_clean(asked: str) -> None:
    path = str(expand(asked, USER))
    assert path.startswith("/")
    assert ".." not in path.split("/")
    assert str(expand(path, USER)) == path
