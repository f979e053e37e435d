import pytest

from craft_desktop.ui.asks import LONGEST, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("hello", "hello"),
        (" a \n\n b\t c ", "a b c"),
        ("x\u202egpj\u200b\x00y", "x gpj y"),
        ("x" * LONGEST, "x" * LONGEST),
        ("x" * 10**6, "x" * (LONGEST - 1) + "…"),
        ("\n" * 10**6 + "never seen", ""),
    ],
)
def test_a_pages_words_are_one_plain_line(text: str, shown: str) -> None:
    assert plain(text) == shown
