import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.ui.ansi import PLAIN, Run, Style, parse, strip

E = "\x1b"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ()),
        ("plain", (Run("plain", PLAIN),)),
        ("end\r\n", (Run("end", PLAIN),)),
        (f"{E}[32mok{E}[39m rest", (Run("ok", Style(colour=2)), Run(" rest", PLAIN))),
        (f"{E}[1;31mbad{E}[0m", (Run("bad", Style(colour=1, bold=True)),)),
        (f"{E}[91mbright", (Run("bright", Style(colour=9)),)),
        (f"{E}[44mback{E}[49m", (Run("back", Style(background=4)),)),
        (f"{E}[38;2;173;127;168mtrue", (Run("true", Style(colour=(173, 127, 168))),)),
        (f"{E}[38;5;196mcube", (Run("cube", Style(colour=(255, 0, 0))),)),
        (f"{E}[38;5;3mlow", (Run("low", Style(colour=3)),)),
        (f"{E}[38;5;244mgrey", (Run("grey", Style(colour=(128, 128, 128))),)),
        (f"{E}[38:5:1mcolons", (Run("colons", Style(colour=1)),)),
        (f"{E}[2mdim{E}[22m {E}[3mit{E}[23m {E}[4mun{E}[24m", (
            Run("dim", Style(dim=True)), Run(" ", PLAIN), Run("it", Style(italic=True)),
            Run(" ", PLAIN), Run("un", Style(underline=True)),
        )),
        (f"{E}[7minverse", (Run("inverse", Style(inverse=True)),)),
        (f"{E}[mreset", (Run("reset", PLAIN),)),
        (f"{E}[38;5mcut off", (Run("cut off", PLAIN),)),
        (f"{E}[38;2;1;2mcut off", (Run("cut off", PLAIN),)),
        (f"{E}[38;5;999mno such", (Run("no such", PLAIN),)),
    ],
)  # fmt: skip
def test_colours_are_kept(line: str, expected: tuple[Run, ...]) -> None:
    assert parse(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"{E}[?25hcursor", "cursor"),
        (f"{E}[2K{E}[1Gerased", "erased"),
        ("10 %\r50 %\r100 %", "100 %"),
        ("kept\r", "kept"),
        (f"{E}]0;a title\x07text", "text"),
        (f"{E}]8;;https://example.com{E}\\link{E}]8;;{E}\\", "link"),
        (f"{E}(Btext", "text"),
        (f"{E}P1;2|secret{E}\\text", "text"),
        (f"text{E}[", "text"),
        (f"text{E}", "text"),
        ("bell\x07 null\x00 tab\tend", "bell null tab\tend"),
        ("abc\u202egnp.exe", "abcgnp.exe"),
        ("one\u2028two", "onetwo"),
        ("✓ 完了 🎉", "✓ 完了 🎉"),
    ],
)
def test_all_other_escapes_are_dropped(line: str, expected: str) -> None:
    assert strip(line) == expected


@given(st.text(alphabet=st.sampled_from("\x1b[]();:0123456789mKhP\\\x07\r\tab🎉\x9b")))
def test_no_control_character_survives(line: str) -> None:
    shown = strip(line)
    assert not any(ord(letter) < 32 and letter != "\t" for letter in shown)
    assert all(run.text for run in parse(line))
