import argparse

import pytest

from craft_desktop.control.usage import COMMANDS, build_parser


def test_every_command_is_known_to_the_door_that_tells_commands_from_folders() -> None:
    [commands] = [action for action in build_parser()._actions if isinstance(action, argparse._SubParsersAction)]
    assert set(commands.choices) == set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args([command, "--help"])
    assert ended.value.code == 0
    assert f"craft-desktop {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    ["list x", "open", "status", "open . --provider moon", "logs p --last x", "logs p --stream kernel", "env",
     "env p put A=1", "env p set", "env p unset", "env p import", "env p list --values", "close a b",
     "restart p --clean --reinstall", "awake p", "awake p yes"],
)  # fmt: skip
def test_wrong_usage_exits_2(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(words.split())
    assert ended.value.code == 2
    assert "usage: craft-desktop" in capsys.readouterr().err


def test_the_exit_codes_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["status", "--help"])
    told = capsys.readouterr().out
    assert all(f"  {code}  " in told for code in range(5))


@pytest.mark.parametrize(
    ("words", "how"), [("", "restart"), ("--clean", "restart-clean"), ("--reinstall", "reinstall")]
)
def test_a_restart_says_how_far_it_goes(words: str, how: str) -> None:
    assert build_parser().parse_args(["restart", "p", *words.split()]).how == how
