"""Previews that are ill for a real cause, each in a real sandbox: the doctor names it, and is never ill itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from craft_desktop.model.errors import Action
from craft_desktop.model.project import Project
from craft_desktop.model.report import Check, Diagnosis, Grade
from craft_desktop.model.session import Phase
from craft_desktop.tasks import Owner
from craft_desktop.workbench.doctor import ALL_CHECKS
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import tiny_project
from tests.workbench.watching import LIMIT_S, Watcher, failed, started

# What the brief gives an examination; a machine with two busy cores takes longer for the threads around it.
WHOLE_LIMIT_S = 5.0 + 1.0


def serving(folder: Path, code: str, **manifest: Any) -> Path:
    """Make a project whose dev server is `code`."""
    tiny_project(folder, **manifest)
    (folder / "server.js").write_text(code)
    return folder


def answering(handler: str, host: str = "127.0.0.1") -> str:
    return f"""
console.log("serving");
require("http").createServer((request, answer) => {{ {handler} }}).listen(process.env.PORT, "{host}");
"""


def found(diagnosis: Diagnosis, key: str) -> Check:
    return next(check for check in diagnosis.checks if check.id == key)


def grades(diagnosis: Diagnosis) -> dict[str, Grade]:
    return {check.id: check.grade for check in diagnosis.checks if check.grade not in (Grade.OK, Grade.UNKNOWN)}


async def examined(workbench: Workbench, project: Project) -> Diagnosis:
    diagnosis = await workbench.doctor.examine(project.id)
    assert [check.id for check in diagnosis.checks] == [key for key, _ in ALL_CHECKS]
    assert diagnosis.seconds < WHOLE_LIMIT_S
    return diagnosis


@asynccontextmanager
async def starting(workbench: Workbench, folder: Path) -> AsyncIterator[Project]:
    """Have a project on its way that will not come to its page."""
    project = await workbench.add(folder)
    watcher = Watcher(workbench)
    async with Owner("test") as owner:
        owner.start(workbench.open(project.id), name="open", awaited=True)
        await watcher.phase(Phase.WAITING)
        yield project
        await workbench.close(project.id)


async def until(workbench: Workbench, project: Project, key: str, grade: Grade) -> Diagnosis:
    """Examine until a check has a grade: a server in the sandbox begins when it likes."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            diagnosis = await examined(workbench, project)
            if found(diagnosis, key).grade is grade:
                return diagnosis
            await asyncio.sleep(0.1)


async def test_a_healthy_preview_has_nothing_found_and_the_classic_three_are_told(
    workbench: Workbench, tmp_path: Path
) -> None:
    project = await started(workbench, tiny_project(tmp_path / "healthy"))
    told: list[Check] = []
    diagnosis = await workbench.doctor.examine(project.id, tell=told.append)
    assert grades(diagnosis) == {} and diagnosis.is_clean
    assert sorted(check.id for check in told) == sorted(key for key, _ in ALL_CHECKS)
    assert diagnosis.seconds < WHOLE_LIMIT_S
    (listener,) = diagnosis.listeners
    assert (listener.address, listener.port) == ("127.0.0.1", workbench.session(project.id).port)
    assert any(process.pid == listener.pid and "server.js" in process.command for process in diagnosis.processes)
    assert "serving" in diagnosis.tail
    # what cannot be seen is said to be unknown, not fine
    assert found(diagnosis, "hydration").grade is Grade.UNKNOWN


async def test_what_does_not_run_is_told_and_the_rest_is_unknown(workbench: Workbench, tmp_path: Path) -> None:
    project = await workbench.add(tiny_project(tmp_path / "stopped"))
    diagnosis = await examined(workbench, project)
    assert grades(diagnosis) == {"run": Grade.BAD}
    assert found(diagnosis, "run").action is Action.START
    assert found(diagnosis, "memory").grade is found(diagnosis, "answer").grade is Grade.UNKNOWN
    with pytest.raises(KeyError):
        await workbench.doctor.examine("nobody")


async def test_a_server_at_a_wrong_address(workbench: Workbench, tmp_path: Path) -> None:
    code = answering('answer.end("<p>hello</p>")', host="127.0.0.2")
    async with starting(workbench, serving(tmp_path / "elsewhere", code)) as project:
        diagnosis = await until(workbench, project, "address", Grade.BAD)
        check = found(diagnosis, "address")
        while "127.0.0.2" not in check.detail:  # before it listens, nothing does
            check = found(await until(workbench, project, "address", Grade.BAD), "address")
        assert check.action is Action.RESTART


async def test_a_script_that_runs_and_serves_nothing(workbench: Workbench, tmp_path: Path) -> None:
    async with starting(workbench, serving(tmp_path / "idle", "setInterval(() => {}, 1000)")) as project:
        check = found(await until(workbench, project, "address", Grade.BAD), "address")
        assert "None of its processes listens" in check.detail


async def test_a_missing_module_has_its_place_and_the_package_its_remedy(workbench: Workbench, tmp_path: Path) -> None:
    folder = serving(tmp_path / "lacking", 'require("left-pad-that-is-not-there");')
    project = await workbench.add(folder)
    await failed(workbench, folder)
    diagnosis = await examined(workbench, project)
    check = found(diagnosis, "modules")
    assert check.grade is Grade.BAD and check.action is Action.REINSTALL
    assert "left-pad-that-is-not-there" in check.detail
    assert diagnosis.worst_first[0].id == "run"


async def test_a_module_of_ones_own_by_other_letters(workbench: Workbench, tmp_path: Path) -> None:
    folder = serving(tmp_path / "letters", 'const tools = require("./Lib/Tools");\n')
    (folder / "lib").mkdir()
    (folder / "lib" / "tools.js").write_text("module.exports = 1;")
    project = await workbench.add(folder)
    await failed(workbench, folder)
    diagnosis = await examined(workbench, project)
    check = found(diagnosis, "letters")
    assert check.grade is Grade.BAD and "lib/tools.js" in check.detail
    assert check.place is not None and (check.place.path, check.place.line) == ("server.js", 1)
    assert found(diagnosis, "modules").action is Action.NONE  # nothing to be installed


async def test_a_variable_that_nobody_set_and_one_that_somebody_did(workbench: Workbench, tmp_path: Path) -> None:
    page = answering("answer.end(`<p>${process.env.SHOP_API_URL.length}</p>`)").replace("serving", "ready")
    folder = serving(tmp_path / "unset", f"{page}\nconst other = process.env.SHOP_OTHER ?? 'none';")
    (folder / ".env.example").write_text("SHOP_API_URL=\n")
    project = await workbench.add(folder)
    await workbench.open(project.id)
    diagnosis = await examined(workbench, project)
    check = found(diagnosis, "variables")
    assert check.grade is Grade.LIMITED and check.action is Action.OPEN_ENVIRONMENT
    assert "SHOP_API_URL" in check.detail and "SHOP_OTHER" not in check.detail and "example" in check.detail
    assert check.place is not None and check.place.path == "server.js"
    (folder / ".env").write_text("SHOP_API_URL=https://shop.example\n")
    assert found(await examined(workbench, project), "variables").grade is Grade.OK


async def test_packages_that_are_not_installed(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(
        tmp_path / "bare", scripts={"postinstall": "rm -rf node_modules"}, dependencies={"tools": "file:./tools"}
    )
    tiny_project(folder / "tools", version="1.0.0")
    project = await started(workbench, folder)
    check = found(await examined(workbench, project), "install")
    assert check.grade is Grade.BAD and check.action is Action.REINSTALL


async def test_memory_that_ran_out(workbench: Workbench, tmp_path: Path) -> None:
    greedy = "const kept = []; for (;;) kept.push(new Array(1e6).fill(Math.random()));"
    folder = serving(tmp_path / "greedy", greedy, scripts={"dev": "node --max-old-space-size=40 server.js"})
    project = await workbench.add(folder)
    await failed(workbench, folder)
    check = found(await examined(workbench, project), "memory-log")
    assert check.grade is Grade.BAD and check.action is Action.OPEN_ENVIRONMENT
    assert "heap" in check.detail


async def test_a_port_that_is_taken(workbench: Workbench, tmp_path: Path) -> None:
    twice = answering('answer.end("<p>one</p>")') + answering('answer.end("<p>two</p>")')
    folder = serving(tmp_path / "twice", twice)
    project = await workbench.add(folder)
    await failed(workbench, folder)
    check = found(await examined(workbench, project), "taken")
    assert check.grade is Grade.LIMITED and check.action is Action.RESTART


@pytest.mark.parametrize(
    ("handler", "key", "grade", "words"),
    [
        ("answer.writeHead(500); answer.end('database: no such table')", "answer", Grade.BAD, "no such table"),
        ("answer.writeHead(404); answer.end('Cannot GET /')", "answer", Grade.BAD, "404"),
        ("answer.end('')", "answer", Grade.BAD, "nothing in it"),
        ("answer.setHeader('Content-Type', 'text/html'); answer.end('<html><body> </body></html>')", "answer",
         Grade.BAD, "without anything"),
        ("answer.setHeader('Content-Type', 'application/json'); answer.end('{}')", "answer", Grade.LIMITED, "json"),
        ("answer.writeHead(307, {Location: request.url === '/' ? '/a' : '/'}); answer.end()", "redirects",
         Grade.BAD, "circle"),
        ("answer.writeHead(302, {Location: 'https://login.example/?back'}); answer.end()", "redirects",
         Grade.BAD, "login.example"),
        ("setTimeout(() => answer.end('<p>late</p>'), 1800)", "speed", Grade.LIMITED, "ms"),
        ("answer.setHeader('Content-Security-Policy', 'upgrade-insecure-requests'); answer.end('<p>hello</p>')",
         "policy", Grade.LIMITED, "HTTPS"),
        ("answer.writeHead(403); answer.end('Blocked request. This host (\"a\") is not allowed.')", "answer",
         Grade.BAD, "not allowed"),
    ],
)  # fmt: skip
async def test_what_the_page_answers(
    workbench: Workbench, tmp_path: Path, handler: str, key: str, grade: Grade, words: str
) -> None:
    project = await started(workbench, serving(tmp_path / "page", answering(handler)))
    check = found(await examined(workbench, project), key)
    assert (check.grade, words in check.detail) == (grade, True), check
    assert check.remedy


async def test_a_server_that_falls_silent(workbench: Workbench, tmp_path: Path) -> None:
    # it answers the search for its page, and nobody after that
    handler = "if (globalThis.served) return; globalThis.served = true; answer.end('<p>once</p>');"
    project = await started(workbench, serving(tmp_path / "silent", answering(handler)))
    diagnosis = await examined(workbench, project)
    assert found(diagnosis, "answer").grade is found(diagnosis, "speed").grade is Grade.BAD
    assert found(diagnosis, "process").grade is Grade.OK


async def test_a_process_that_stands_still(workbench: Workbench, tmp_path: Path) -> None:
    handler = "answer.end('<p>here</p>', () => setTimeout(() => process.kill(process.pid, 'SIGSTOP'), 300));"
    project = await started(workbench, serving(tmp_path / "halted", answering(handler)))
    diagnosis = await until(workbench, project, "process", Grade.BAD)
    assert "stands still" in found(diagnosis, "process").detail


async def test_asleep_is_said_and_nothing_is_woken(workbench: Workbench, tmp_path: Path) -> None:
    await workbench.change_setting("when_idle", "sleep")
    project = await started(workbench, tiny_project(tmp_path / "asleep"))
    watcher = Watcher(workbench)
    workbench.rest(project.id)
    await watcher.phase(Phase.ASLEEP)
    diagnosis = await examined(workbench, project)
    assert grades(diagnosis) == {"run": Grade.LIMITED}
    assert workbench.session(project.id).phase is Phase.ASLEEP


async def test_no_secret_is_in_the_evidence(workbench: Workbench, tmp_path: Path) -> None:
    code = answering('answer.end("<p>hello</p>")') + (
        "console.log('Error: cannot log in with', process.env.SHOP_KEY);"
        "console.log('Error: postgres://shop:hunter2hunter2@db.example/shop');"
        "console.log('Error: API_TOKEN=abcdefabcdef1234');"
        "console.log('Error:', require('fs').readFileSync('.env', 'utf8'));"
    )
    folder = serving(tmp_path / "telling", code, scripts={"dev": "node server.js --token=c0mmand-l1ne-s3cret"})
    (folder / ".env").write_text("PAY_SECRET=from-the-file-0815\n")
    project = await workbench.add(folder)
    await workbench.set_environment(project.id, {"SHOP_KEY": "from-the-keyring-4711"})
    await started(workbench, folder)
    diagnosis = await examined(workbench, project)
    shown = repr(diagnosis)
    assert "server.js" in shown and "cannot log in" in shown
    for secret in ("from-the-keyring-4711", "hunter2", "abcdefabcdef1234", "from-the-file-0815", "c0mmand"):
        assert secret not in shown
    assert found(diagnosis, "crash").grade is Grade.LIMITED


async def test_a_flood_and_a_shell_that_lies_keep_nobody_waiting(workbench: Workbench, tmp_path: Path) -> None:
    flood = answering(
        "answer.writeHead(200);"
        "const go = () => { while (answer.write('x'.repeat(65536))); answer.once('drain', go); }; go();"
    )
    # every shell of the sandbox now prints without end before it does anything else
    flood += "require('fs').writeFileSync(process.env.HOME + '/.bash_profile', 'yes evil\\n');"
    project = await started(workbench, serving(tmp_path / "flood", flood))
    began = time.monotonic()
    diagnosis = await examined(workbench, project)
    assert time.monotonic() - began < WHOLE_LIMIT_S
    assert found(diagnosis, "process").grade is Grade.UNKNOWN
    assert "in time" in found(diagnosis, "process").detail
    assert found(diagnosis, "answer").grade in (Grade.OK, Grade.LIMITED)


async def test_an_examination_that_is_given_up_leaves_nothing(workbench: Workbench, tmp_path: Path) -> None:
    handler = "if (globalThis.served) return; globalThis.served = true; answer.end('<p>once</p>');"
    project = await started(workbench, serving(tmp_path / "left", answering(handler)))
    before = {task.get_name() for task in asyncio.all_tasks()}
    async with Owner("test") as owner:
        examining = owner.start(workbench.doctor.examine(project.id), name="examine", awaited=True)
        async with asyncio.timeout(LIMIT_S):
            while not any("doctor: page" in task.get_name() for task in asyncio.all_tasks()):
                await asyncio.sleep(0.01)
        examining.cancel()
    assert not any("doctor" in task.get_name() for task in asyncio.all_tasks()) and before


async def test_a_check_that_fails_is_unknown_and_the_others_stand(
    workbench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    project = await started(workbench, tiny_project(tmp_path / "broken"))

    def broken(*_: object) -> Check:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("craft_desktop.workbench.visit.check_disk", broken)
    diagnosis = await examined(workbench, project)
    assert found(diagnosis, "disk").grade is Grade.UNKNOWN and "ZeroDivisionError" in found(diagnosis, "disk").detail
    assert found(diagnosis, "memory").grade is Grade.OK
    assert "the check disk failed" in caplog.text
