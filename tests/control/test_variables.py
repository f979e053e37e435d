"""The command `env`, through a program that runs and without one."""

import io
import json
from pathlib import Path

import pytest

from craft_desktop.control.client import folder_of
from craft_desktop.control.commands import EXIT_OK
from craft_desktop.control.console import Lines, Printer
from craft_desktop.control.variables import change_variables, list_variables, read_assignments, read_file
from craft_desktop.model.errors import ControlError, SecretError, VariableError
from craft_desktop.paths import Paths
from craft_desktop.workbench.assemble import open_workbench
from tests.conftest import tiny_project
from tests.control.serving import Api
from tests.store.keyrings import PlaintextKeyring, use

SECRET = "tok_5up3r-s3cret-value"


def never() -> None:
    raise AssertionError("somebody reads")


class Paper:
    """Takes what is printed."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._out = io.StringIO()
        self.printer = Printer(Lines(never, self._out), as_json=as_json)

    def take(self) -> str:
        text = self._out.getvalue()
        self._out.seek(0)
        self._out.truncate()
        return text


async def the_whole_use(state: Path, name: str) -> None:
    paper = Paper()
    assert await list_variables(state, paper.printer, name, reveal=False) == EXIT_OK
    assert paper.take() == "The project has no environment variables.\n"
    assert await change_variables(state, paper.printer, name, put={"API_TOKEN": SECRET, "LINES": "a\nb"}) == EXIT_OK
    assert paper.take() == "The project has: API_TOKEN, LINES.\n"
    await list_variables(state, paper.printer, name, reveal=False)
    assert paper.take() == "API_TOKEN\nLINES\n"
    await list_variables(state, paper.printer, name, reveal=True)
    assert paper.take() == f'API_TOKEN={SECRET}\nLINES="a\\nb"\n'
    await change_variables(state, paper.printer, name, put={}, drop=["LINES"], dotenv="A=1\nPORT=3000")
    assert paper.take().splitlines()[0] == "The project has: A, API_TOKEN."
    as_json = Paper(as_json=True)
    await change_variables(state, as_json.printer, name, put={}, drop=["A", "API_TOKEN"], dotenv="PORT=1")
    told = json.loads(as_json.take())
    assert told["names"] == [] and list(told["leftOut"]) == ["PORT"]
    await list_variables(state, as_json.printer, name, reveal=True)
    assert json.loads(as_json.take()) == {"names": [], "values": {}}


async def test_through_a_program_that_runs(api: Api, paths: Paths, tmp_path: Path) -> None:
    await api.workbench.add(tiny_project(tmp_path / "shop"))
    await the_whole_use(paths.state, "shop")


async def test_without_one(paths: Paths, tmp_path: Path) -> None:
    async with open_workbench(paths) as workbench:
        await workbench.add(tiny_project(tmp_path / "shop"))
    await the_whole_use(paths.state, str(tmp_path / "shop"))
    with pytest.raises(ControlError, match="not on the list"):
        await list_variables(paths.state, Paper().printer, "other", reveal=False)


async def test_without_a_program_and_a_keyring_nothing_would_last(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_workbench(paths) as workbench:
        await workbench.add(tiny_project(tmp_path / "shop"))
    use(monkeypatch, PlaintextKeyring())
    with pytest.raises(SecretError, match="no system keyring"):
        await change_variables(paths.state, Paper().printer, "shop", put={"A": "1"})


async def test_before_the_program_ever_ran(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="not on the list"):
        await list_variables(tmp_path / "never", Paper().printer, str(folder_of(".")), reveal=False)


async def test_without_a_keyring_a_program_that_runs_keeps_them_and_says_so(
    api: Api, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.workbench.add(tiny_project(tmp_path / "shop"))
    use(monkeypatch, PlaintextKeyring())
    paper = Paper()
    await change_variables(paths.state, paper.printer, "shop", put={"A": "1"})
    assert "until Craft Desktop ends" in paper.take()


def test_a_bare_name_reads_its_value_where_nobody_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{SECRET}\nsecond line\n"))
    assert read_assignments(["A=1=2", "TOKEN", "EMPTY="]) == {
        "A": "1=2",
        "TOKEN": f"{SECRET}\nsecond line",
        "EMPTY": "",
    }
    with pytest.raises(VariableError, match="A, B have no value"):
        read_assignments(["A", "B"])


def test_a_file_is_read_or_refused(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    with pytest.raises(VariableError, match="No such file"):
        read_file(file)
    file.write_bytes(b"\xef\xbb\xbfA=1\n")
    assert read_file(file) == "A=1\n"
    file.write_bytes(b"\xff\xff")
    with pytest.raises(VariableError, match="not UTF-8"):
        read_file(file)
    file.write_bytes(b"x" * 300_000)
    with pytest.raises(VariableError, match="larger than"):
        read_file(file)
    with pytest.raises(VariableError, match="directory"):
        read_file(tmp_path)
