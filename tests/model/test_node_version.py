import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.node_version import fits, parse_version


@pytest.mark.parametrize(
    ("version", "wanted", "expected"),
    [
        ("20.20.2", ">=18", True),
        ("20.20.2", ">=22.12.0", False),
        ("20.20.2", "^20.19.0 || >=22.12.0", True),
        ("20.18.0", "^20.19.0 || >=22.12.0", False),
        ("21.0.0", "^20.19.0 || >=22.12.0", False),
        ("20.20.2", "20", True),
        ("20.20.2", "20.x", True),
        ("20.20.2", "v20.20", True),
        ("20.20.2", "20.20.1", False),
        ("20.20.2", "~20.20.0", True),
        ("20.20.2", "~20.19.0", False),
        ("20.20.2", "~20", True),
        ("20.20.2", ">= 18 <21", True),
        ("20.20.2", ">=18 <20", False),
        ("20.20.2", "18 - 20", True),
        ("21.0.0", "18 - 20", False),
        ("20.20.2", ">20", False),
        ("21.0.0", ">20", True),
        ("20.20.2", "<=20", True),
        ("20.20.2", "*", True),
        ("20.20.2", "", True),
        ("20.20.2", "lts/*", True),
        ("20.20.2", "^14.18.0 || >=16.10.0", True),
        ("20.20.2", "^22.19.0 || ^24.11.0 || >=26.0.0", False),
        ("22.0.0", "=22.0.0-rc.1", True),
    ],
)
def test_a_version_lies_in_a_range_or_not(version: str, wanted: str, expected: bool) -> None:
    parsed = parse_version(version)
    assert parsed is not None
    assert fits(parsed, wanted) is expected


@pytest.mark.parametrize(
    ("text", "version"), [("v20.20.2\n", (20, 20, 2)), ("24.0.0-nightly", (24, 0, 0)), ("20", None), ("", None)]
)
def test_a_whole_version_is_read(text: str, version: tuple[int, int, int] | None) -> None:
    assert parse_version(text) == version


@given(st.text() | st.text("0123456789.x*^~<>=|- v"))
def test_any_range_gives_an_answer(wanted: str) -> None:
    assert fits((20, 20, 2), wanted) in (True, False)
