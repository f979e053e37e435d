"""The most usual tasks, by real clicks, keys and drags, in one run of the program with real Next.js projects.

The tests follow one another: each takes up where the one before it left off, as a person's morning does.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from PySide6.QtGui import QImage

from craft_desktop.ui.theme import DARK, LIGHT
from tests.conftest import REPOSITORY
from tests.end2end.desk import arrange, begin_to_manage, drag, geometry
from tests.end2end.driver import descendants, until_gone
from tests.end2end.window import Window

pytestmark = [pytest.mark.node, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="module")]

TEXT = "document.body ? document.body.innerText : ''"
COUNT = f"document.querySelector('article button')?.click(); {TEXT}"

DARK_PAGE = "matchMedia('(prefers-color-scheme: dark)')"


def says(*words: str) -> Any:
    return lambda found: isinstance(found, str) and all(word in found for word in words)


def begins(words: str) -> Any:
    return lambda found: found["text"].startswith(words)


def is_not(words: str) -> Any:
    return lambda found: found["text"] != words


@dataclass
class Morning:
    window: Window
    home: Path
    shop: Path
    blog: Path


def project(folder: Path, name: str, title: str) -> Path:
    """Copy the Next.js starter under another name."""
    shutil.copytree(REPOSITORY / "resources" / "starter", folder)
    manifest = json.loads((folder / "package.json").read_text())
    manifest["name"] = name
    (folder / "package.json").write_text(json.dumps(manifest, indent=2))
    page = folder / "app" / "page.tsx"
    page.write_text(page.read_text().replace("It runs", title))
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Morning]:
    folder = tmp_path_factory.mktemp("morning")
    shop, blog = project(folder / "shop", "shop", "The shop"), project(folder / "blog", "blog", "The blog")
    manager = await begin_to_manage()
    async with Window(folder / "home") as window:
        await arrange(window)
        yield Morning(window, folder / "home", shop, blog)
    if manager is not None:
        manager.terminate()
        await manager.wait()


async def test_drop_a_folder(at: Morning) -> None:
    await at.window.until_seen("openFolderButton")
    assert await drag(at.window, at.shop) == "CopyAction"  # never a move: the folder stays where it is
    assert (at.shop / "package.json").exists()


async def test_start_and_see_the_page(at: Morning) -> None:
    await at.window.keys("ctrl+Return")
    await at.window.until_page(TEXT, says("The shop"))
    await at.window.until_seen("projectState", begins("Live"))


async def test_edit_and_see_it_change(at: Morning) -> None:
    await at.window.until_page(COUNT, says("Clicked 1 time"))  # alive: it hears of changes
    await at.window.script("window.mark = 'the shop, not loaded again'")
    page = at.shop / "app" / "page.tsx"
    page.write_text(page.read_text().replace("The shop", "The shop, edited"))
    await at.window.until_page(TEXT, says("The shop, edited"))
    assert await at.window.script("window.mark") == "the shop, not loaded again"


async def test_a_failing_project_is_repaired_and_started_again(at: Morning) -> None:
    good = (at.blog / "package.json").read_text()
    manifest = json.loads(good)
    manifest["scripts"]["dev"] = "next dev --no-such-flag"
    (at.blog / "package.json").write_text(json.dumps(manifest))
    assert await drag(at.window, at.blog) == "CopyAction"
    await at.window.click("panelStart")
    await at.window.until_seen("projectState", begins("Failed"))
    assert "--no-such-flag" in (await at.window.until_seen("problemDetail"))["text"]
    (at.blog / "package.json").write_text(good)
    await at.window.click("panelStart")
    await at.window.until_page(TEXT, says("The blog"))
    await at.window.until_page(COUNT, says("Clicked 1 time"))


async def test_two_projects_at_once_and_switching_loads_nothing(at: Morning) -> None:
    window = at.window
    await window.script("window.mark = 'the blog, not loaded again'")
    places: dict[str, str] = {}
    for keys in ("ctrl+1", "ctrl+2", "ctrl+1", "ctrl+2"):
        before = (await window.until_seen("projectName"))["text"]
        await window.keys(keys)
        name = (await window.until_seen("projectName"))["text"]
        if keys in places:
            name = (await window.until_seen("projectName", begins(places[keys])))["text"]
        elif places and name == before:
            name = (await window.until_seen("projectName", is_not(before)))["text"]
        places[keys] = name
        await window.until_seen("projectState", begins("Live"))
        assert await window.script("window.mark") == f"the {name}, not loaded again"
    assert set(places.values()) == {"shop", "blog"}


async def test_settings_apply_at_once_and_a_bad_value_is_refused(at: Morning) -> None:
    window = at.window
    await window.keys("ctrl+comma")
    await window.click("edit-idle_limit_min")
    await window.keys("ctrl+a")
    await window.type("soon")
    await window.keys("Tab")
    refusal = await window.until_seen("refusal-idle_limit_min")
    assert refusal["text"]
    await window.click("edit-idle_limit_min")
    await window.keys("ctrl+a")
    await window.type("47")
    await window.keys("Tab")
    # "Stops in 46:20"; it was 15 minutes at most before.
    await window.until_seen("statusRest", lambda found: int(found["text"].split()[-1].split(":")[0] or 0) > 15)
    assert await window.look("refusal-idle_limit_min") is None
    await window.keys("Escape")


async def test_the_theme_switches_live(at: Morning) -> None:
    window = at.window
    await window.script(
        f"window.schemes = []; (window.dark = {DARK_PAGE}).onchange = (it) => window.schemes.push(it.matches)"
    )
    await window.keys("ctrl+comma")
    await window.click("settingsHeadings")
    await window.keys("d")  # the heading “Desktop”, by its first letter
    for choice, colours in (("dark", DARK), ("light", LIGHT)):
        button = f"choice-theme-{choice}"
        await window.until_seen(button)
        await window.ask("scroll", button)
        await window.click(button)
        picture = at.home.parent / f"{choice}.png"
        async with asyncio.timeout(5):
            await window.picture(picture)
            while QImage(str(picture)).pixelColor(4, 300).name() != colours.sidebar:
                await window.picture(picture)
        # The page follows too, by its own media queries and without being loaded again.
        await window.until_page(f"{DARK_PAGE}.matches", colours.is_dark.__eq__)
    await window.until_page("window.schemes.join(' ')", "true false".__eq__)
    await window.keys("Escape")
    assert str(await window.script("window.mark")).endswith("not loaded again")


async def test_the_log_is_searched_and_copied(at: Morning) -> None:
    window = at.window
    await window.keys("ctrl+f")
    await window.until_seen("findField")
    await window.type("Ready in")
    await window.until_seen("findCount", lambda found: found["text"] in ("1 hit", "1 of 1"))
    await window.click("copyLogButton")
    await window.keys("ctrl+p")  # into another field, through the X server's clipboard
    await window.keys("ctrl+v")
    pasted = (await window.until_seen("projectFilter", lambda found: "Ready in" in found["text"]))["text"]
    assert "next dev" in pasted
    await window.keys("ctrl+a", "Delete")
    await window.until_seen("projectFilter", lambda found: found["text"] == "")


async def test_the_doctor_says_which_variable_is_missing_and_leads_to_where_it_is_set(at: Morning) -> None:
    window = at.window
    name = (await window.until_seen("projectName"))["text"]
    page = (at.shop if name == "shop" else at.blog) / "app" / "page.tsx"
    shown = "<p>greeting: {process.env.THE_GREETING}.</p>"
    page.write_text(page.read_text().replace("<section", f"{shown}<section", 1))
    await window.until_page(TEXT, says("greeting: ."))
    await window.keys("ctrl+shift+d")
    await window.until_seen("doctorSummary", lambda found: not found["text"].startswith("Looking"))
    await window.click("checkAct-variables")
    await window.until_seen("environmentDialog")
    await window.until_seen("variableHeading", is_not("Reading…"))


async def test_a_variable_set_by_keys_reaches_the_page_and_no_log(at: Morning) -> None:
    window, value = at.window, "Good morning 48151623"
    await window.until_seen("variableAdd", lambda found: bool(found["focus"]))
    await window.keys("Return")
    await window.until_seen("variableName", lambda found: bool(found["focus"]))
    await window.type("THE_GREETING")
    await window.keys("Return")
    await window.type(value)
    await window.keys("Return")
    await window.until_seen("environmentSave", lambda found: bool(found["enabled"]))
    await window.keys("alt+s")
    await window.until_seen("environmentEffect", begins("Saved."))
    await window.keys("Escape")
    await window.until_seen("projectState", begins("Live"))
    await window.keys("ctrl+r")
    await window.until_page(TEXT, says(f"greeting: {value}."))
    await window.keys("ctrl+shift+d")
    kept = [path for folder in ("logs", "state", "settings") for path in (at.home / folder).glob("*") if path.is_file()]
    assert any(path.suffix == ".log" for path in kept)
    assert [path for path in kept if value.encode() in path.read_bytes()] == []


async def test_the_palette_stops_a_project(at: Morning) -> None:
    window = at.window
    name = (await window.until_seen("projectName"))["text"]
    await window.keys("ctrl+k")
    await window.until_seen("paletteField")
    await window.type("stop")
    await window.keys("Return")
    await window.until_seen("projectState", begins("Stopped"))
    assert (await window.until_seen("projectName"))["text"] == name


async def test_close_while_live_leaves_nothing_and_the_place_is_remembered(at: Morning) -> None:
    window = at.window
    await arrange(window, (60, 40), (1000, 700))
    below = descendants(window.process.pid)
    assert any("next" in " ".join(process.cmdline()) for process in below)  # the other project is live
    shown = await geometry(window)
    await window.keys("ctrl+alt+Escape")  # the window manager's own key: it asks the window to close
    async with asyncio.timeout(20):
        assert await window.process.wait() == 0
    assert await until_gone(below, 5) == []
    async with Window(at.home) as again:
        await again.until_seen("projectName")
        restored = await geometry(again)
        assert restored[2:] == shown[2:]
        # This window manager's frame is one point, and it moves a new window by that.
        assert max(abs(one - other) for one, other in zip(restored, shown, strict=True)) <= 1
