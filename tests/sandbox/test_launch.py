"""The steps in one sandbox, one at a time."""

import asyncio
import dataclasses
import itertools
import json

import pytest

from craft_desktop.model.errors import InstallError
from craft_desktop.model.project import Recipe, read_recipe
from craft_desktop.sandbox.connection import Sandbox
from craft_desktop.sandbox.launch import PROJECT_DIR, USUAL_PORT, Launch


def recipe(**scripts: str) -> Recipe:
    return read_recipe(json.dumps({"scripts": {"dev": "true", **scripts}}), ())


@pytest.fixture
def launch(sandbox: Sandbox) -> Launch:
    numbers = itertools.count()
    return Launch(sandbox, lambda: f"run-{next(numbers)}")


async def test_prepare_makes_the_folder_and_finds_the_port(sandbox: Sandbox, launch: Launch) -> None:
    port = await launch.prepare(reused=False)
    assert port == int((await sandbox.run("echo ${PORT:-3000}")).stdout)
    assert (await sandbox.run(f"ls -A {PROJECT_DIR}")).stdout == ""


@pytest.mark.parametrize("port", ["9" * 5000, "0", "65536", "-1", "٣"])
async def test_a_used_sandbox_that_names_no_port_has_the_usual(sandbox: Sandbox, launch: Launch, port: str) -> None:
    await sandbox.write([(".profile", f"trap 'echo port={port}' EXIT\n".encode())])
    assert await launch.prepare(reused=True) == USUAL_PORT


async def test_prepare_ends_what_an_earlier_run_left_running(sandbox: Sandbox, launch: Launch) -> None:
    await launch.prepare(reused=False)
    await sandbox.start("sleep 1001", cwd=".", envs={"CRAFT_DESKTOP_RUN": "before"}, on_output=lambda _: None)
    await launch.prepare(reused=True)
    assert (await sandbox.run("pgrep -x sleep")).stdout == ""


async def test_install_tells_its_output_and_its_failure(sandbox: Sandbox, launch: Launch) -> None:
    await launch.prepare(reused=False)
    await sandbox.write([(f"{PROJECT_DIR}/package.json", b'{"scripts": {"preinstall": "echo fatal error; exit 4"}}')])
    told: list[str] = []
    with pytest.raises(InstallError) as caught:
        await launch.install(recipe(), 60, told.append)
    assert "fatal error" in caught.value.problem.detail
    assert any("fatal error" in line for line in told)
    await sandbox.write([(f"{PROJECT_DIR}/package.json", b"{}")])
    await launch.install(recipe(), 60, told.append)


async def test_a_monorepo_is_installed_at_its_top_and_served_in_the_apps_folder(
    sandbox: Sandbox, launch: Launch
) -> None:
    port = await launch.prepare(reused=False)
    scripts = {"preinstall": "touch $PWD/installed", "dev": "pwd; touch served; sleep 100"}
    manifest = json.dumps({"scripts": scripts}).encode()
    await sandbox.write([(f"{PROJECT_DIR}/package.json", manifest), (f"{PROJECT_DIR}/apps/web/package.json", manifest)])
    web = dataclasses.replace(recipe(**scripts), app_dir="apps/web")
    await launch.install(web, 60, lambda _: None)
    found = await sandbox.run(f"find {PROJECT_DIR} -name installed")
    assert found.stdout == f"{PROJECT_DIR}/installed\n"
    said = asyncio.Event()
    server = await launch.serve(web, port, lambda line: said.set() if line.endswith("/apps/web") else None)
    async with asyncio.timeout(30):
        await said.wait()
    await server.end()


@pytest.mark.parametrize(("ends", "served"), [("true", True), ("echo no such package; exit 7", False)])
async def test_what_comes_before_the_dev_script_runs_at_the_top_and_must_end_well(
    sandbox: Sandbox, launch: Launch, ends: str, served: bool
) -> None:
    port = await launch.prepare(reused=False)
    manifest = json.dumps({"scripts": {"dev": "echo served; sleep 100"}}).encode()
    await sandbox.write([(f"{PROJECT_DIR}/apps/web/package.json", manifest)])
    before = f"touch built; {ends}"
    web = dataclasses.replace(recipe(), app_dir="apps/web", before_dev=before)
    told: list[str] = []
    said = asyncio.Event()

    def hear(line: str) -> None:
        told.append(line)
        if line == "served":
            said.set()

    server = await launch.serve(web, port, hear)
    async with asyncio.timeout(30):
        if served:
            await said.wait()
        else:
            error = await server.ended()
            assert "exit code was 7" in error.problem.detail and "no such package" in error.problem.detail
    assert told[0] == f"$ {before}" and told[1].startswith("$ npm run dev") and ("served" in told) is served
    assert (await sandbox.run(f"find {PROJECT_DIR} -name built")).stdout == f"{PROJECT_DIR}/built\n"
    await server.end()


async def test_a_node_version_that_does_not_fit_is_told(launch: Launch) -> None:
    await launch.prepare(reused=False)
    assert launch.misfit(recipe()) is None
    assert launch.misfit(dataclasses.replace(recipe(), node_range=">=18")) is None
    told = launch.misfit(dataclasses.replace(recipe(), node_range="^4.0.0"))
    assert told is not None and "^4.0.0" in told.detail


async def test_a_sandbox_without_node_is_told_with_the_remedy(sandbox: Sandbox) -> None:
    with pytest.raises(InstallError, match=r"no Node\.js"):
        Launch(sandbox, str).misfit(recipe())
