import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.file_name import LONGEST, clean


@pytest.mark.parametrize(
    ("proposed", "name"),
    [
        ("report.pdf", "report.pdf"),
        ("Grüße 2026.pdf", "Grüße 2026.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\evil.exe", "evil.exe"),
        ("/", "download"),
        ("", "download"),
        ("...", "download"),
        (".bashrc", "bashrc"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\x00b\nc\u200b.txt", "abc.txt"),
        ("a   b .txt. ", "a b .txt"),
        ('a<b>:"|?*.txt', "a_b______.txt"),
        ("CON.txt", "_CON.txt"),
        ("lpt1", "_lpt1"),
        ("x" * 300 + ".tar.gz", "x" * (LONGEST - 3) + ".gz"),
        ("x." + "y" * 300, "x." + "y" * (LONGEST - 2)),
    ],
)
def test_a_proposed_name_is_made_harmless(proposed: str, name: str) -> None:
    assert clean(proposed) == name


@given(st.text())
def test_whatever_is_proposed_is_a_plain_name(proposed: str) -> None:
    name = clean(proposed)
    assert name and len(name) <= LONGEST and not name.startswith(".") and not set(name) & set('/\\\0\n<>:"|?*')
