import pytest

from craft_desktop.model.plain import plain


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("as it is", "as it is"),
        ("\x1b[31m\x1b[1m⨯\x1b[22m\x1b[39m ./app/page.tsx:4:5", "⨯ ./app/page.tsx:4:5"),
        ("\x1b[38;2;173;127;168mcolour\x1b[0m", "colour"),
        ("\x1b]8;;http://example.com\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;never ended", ""),
        ("\x1b[2K\x1b7cut \x1b[", "cut "),
    ],
)
def test_what_a_terminal_would_print(text: str, read: str) -> None:
    assert plain(text, 100) == read


def test_only_so_many_letters_are_looked_at() -> None:
    assert plain("x" * 100, 10) == "x" * 10
