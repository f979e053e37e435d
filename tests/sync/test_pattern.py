import time

import pytest

from craft_desktop.sync.pattern import Patterns


@pytest.mark.parametrize(
    ("text", "path", "is_directory", "verdict"),
    [
        ("foo", "foo", False, True),
        ("foo", "a/foo", False, True),
        ("foo", "foo", True, True),
        ("foo", "foobar", False, None),
        ("foo", "foo/bar", False, None),
        ("foo/", "foo", False, None),
        ("foo/", "a/foo", True, True),
        ("/foo", "foo", False, True),
        ("/foo", "a/foo", False, None),
        ("a/foo", "b/a/foo", False, None),
        ("*.log", "deep/er/x.log", False, True),
        ("*.log\n!keep.log", "keep.log", False, False),
        ("!keep.log\n*.log", "keep.log", False, True),
        ("**/foo", "foo", False, True),
        ("**/foo", "a/b/foo", False, True),
        ("a/**/b", "a/b", False, True),
        ("a/**/b", "a/x/y/b", False, True),
        ("a/**", "a", True, None),
        ("a/**", "a/b", True, True),
        ("/**", "x", False, True),
        # git takes `**` right after the plain beginning for one at the start.
        ("a**/b", "ab", False, True),
        ("a*/**b", "ax/y/b", False, None),
        ("a/*", "a/b/c", False, None),
        ("?", "é", False, None),
        ("??", "é", False, True),
        ("[a-c]", "b", False, True),
        ("[!a-c]", "b", False, None),
        ("[^a-c]", "d", False, True),
        ("[]-]", "]", False, True),
        ("[[:digit:]]", "7", False, True),
        ("[[:nonsense:]]", "7", False, None),
        ("[a", "[a", False, None),
        ("\\#x", "#x", False, True),
        ("#x", "#x", False, None),
        ("\\!x", "!x", False, True),
        ("x\\", "x\\", False, None),
        ("x  ", "x", False, True),
        ("x\\ ", "x ", False, True),
        ("x\\  ", "x ", False, True),
        ("x\r\n", "x", False, True),
        ("\ufeffx", "x", False, True),
        ("/", "x", True, None),
        ("!", "x", False, None),
        ("a b", "a b", False, True),
        ("a\\*", "a*", False, True),
        ("a\\*", "ab", False, None),
    ],
)
def test_git_laws(text: str, path: str, is_directory: bool, verdict: bool | None) -> None:
    name = path.rpartition("/")[2]
    assert Patterns.parse(text.encode()).verdict(path.encode(), name.encode(), is_directory) is verdict


def test_equal_texts_are_equal() -> None:
    assert Patterns.parse(b"a\n") == Patterns.parse(b"a\n") != Patterns.parse(b"b\n")
    assert len({Patterns.parse(b"a\n"), Patterns.parse(b"a\n")}) == 1


# Patterns of a project nobody knows, each with a path that a careless matcher tries in more ways than there are atoms.
HOSTILE = [
    (b"*a" * 40 + b"*b", b"a" * 255),
    (b"*[ab]" * 40 + b"*?c/", b"a" * 255),
    (b"**/a/" * 40 + b"b", b"a/" * 2000 + b"c"),
    (b"a/**/" + b"*a*a*a*/" * 20 + b"*b/**", (b"a" * 60 + b"/") * 60 + b"c"),
]


@pytest.mark.parametrize(("line", "path"), HOSTILE)
def test_hostile_patterns_are_fast(line: bytes, path: bytes) -> None:
    patterns = Patterns.parse((line + b"\n") * 20)
    began = time.process_time()
    assert patterns.verdict(path, path.rpartition(b"/")[2], False) is None
    assert time.process_time() - began < 5.0  # it takes a millisecond; tried in every way, longer than anybody lives
