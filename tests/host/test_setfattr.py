import os
from pathlib import Path

import pytest

from craft_desktop.host.setfattr import decoded, main


def test_an_attribute_is_set_and_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "f"
    file.touch()
    assert main(["-n", "user.e2b.author", "-v", "me", str(file)]) == 0
    assert os.getxattr(file, "user.e2b.author") == b"me"
    assert main(["-x", "user.e2b.author", str(file)]) == 0
    assert os.listxattr(file) == []
    assert main(["-n", "user.a", "-v", "0xzz", str(file), str(tmp_path / "gone")]) == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in told] == [str(file), str(tmp_path / "gone")]


@pytest.mark.parametrize(
    ("value", "expected"), [("x y", b"x y"), ('"quoted"', b"quoted"), ("0x6869", b"hi"), ("0saGk=", b"hi"), ("", b"")]
)
def test_values(value: str, expected: bytes) -> None:
    assert decoded(value) == expected
