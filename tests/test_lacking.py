import pytest

from tests import lacking
from tests.lacking import can_wall, skip_unless


def test_what_the_program_alone_cannot_is_no_reason() -> None:
    with pytest.raises(AssertionError, match=r"this computer can.*no bubblewrap"):
        skip_unless(lambda: True, "no bubblewrap")


def test_what_the_computer_cannot_either_is_one() -> None:
    with pytest.raises(pytest.skip.Exception, match="no bubblewrap"):
        skip_unless(lambda: False, "no bubblewrap")


def test_a_computer_without_the_tools_cannot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert not can_wall.__wrapped__()
    assert not lacking.can_connect.__wrapped__()
