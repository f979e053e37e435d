"""Places of a page's code, asked of a dev server that may be hostile, through the real gateway and the real decoder."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

import pytest
from aiohttp import web

from craft_desktop.model.places import Place
from craft_desktop.model.project import Project
from craft_desktop.model.trail import Spot
from craft_desktop.preview.gateway import Gateway
from craft_desktop.preview.pages import Pages
from craft_desktop.tasks import Owner
from craft_desktop.workbench.locate import Locator
from craft_desktop.workbench.tracer import FRESH_S, MOST_SCRIPTS, PageTracer
from tests.conftest import REPOSITORY, fetch
from tests.preview.test_probe import serving

Answer = tuple[str, Mapping[str, str]]


def source_map(source: str, line: int = 2) -> str:
    """Give a map whose first line comes from a line (up to 16) of a source."""
    return json.dumps({"version": 3, "sources": [source], "mappings": f"AA{'ACEGIKMOQSUWYacegikmoqsuwy'[line - 1]}A"})


class House:
    """A project with two files, its dev server, and the tracer."""

    def __init__(self, folder: Path, gateway: Gateway, owner: Owner) -> None:
        self.folder = folder
        (folder / "app").mkdir(parents=True)
        (folder / "app" / "page.tsx").write_text("1\n2\n3\n")
        (folder / "index.ts").write_text("1\n")
        self.project = Project("p1", "shop", "shop", folder, 0.0, 0.0)
        self.gateway = gateway
        self.now = 100.0
        self.asked: list[str] = []
        self.answers: dict[str, Answer] = {}
        locator = Locator(folder)
        self.tracer = PageTracer(gateway, owner, lambda _, place: locator.locate(place), lambda: self.now)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        self.asked.append(request.path)
        text, headers = self.answers.get(request.path, ("", {}))
        if not text and not headers:
            return web.Response(status=404)
        if headers.get("ETag") and request.headers.get("If-None-Match") == headers["ETag"]:
            self.asked[-1] += " same"
            return web.Response(status=304)
        status = 302 if "Location" in headers else 200
        return web.Response(text=text, headers=headers, status=status)

    def serve(self, path: str, text: str, **headers: str) -> None:
        self.answers[path] = (text, headers)

    def url(self, path: str) -> str:
        return self.gateway.url("shop").rstrip("/") + path

    async def trace(self, *spots: Spot) -> list[str]:
        found = await self.tracer.trace(self.project, spots)
        return [f"{found[spot].path}:{found[spot].line}" if spot in found else "-" for spot in spots]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with Gateway(0, Pages(REPOSITORY / "resources" / "pages")) as gateway, Owner("test") as owner:
        house = House(tmp_path / "shop", gateway, owner)
        async with serving(house.answer) as upstream:
            gateway.serve("shop", upstream)
            yield house


async def test_a_map_beside_the_script(house: House) -> None:
    house.serve("/chunks/a.js", "let a;\n//# sourceMappingURL=a.js.map")
    house.serve("/chunks/a.js.map", source_map("file:///home/user/project/app/page.tsx"))
    url = house.url("/chunks/a.js")
    assert await house.trace(Spot(url, 1, 5), Spot(url, 9)) == ["app/page.tsx:2", "-"]
    assert house.asked == ["/chunks/a.js", "/chunks/a.js.map"]


async def test_a_map_within_a_served_module(house: House) -> None:
    written = base64.b64encode(source_map("page.tsx", 3).encode()).decode()
    house.serve("/app/page.tsx", f"let a;\n//# sourceMappingURL=data:application/json;base64,{written}\n")
    assert await house.trace(Spot(house.url("/app/page.tsx?t=1"), 1)) == ["app/page.tsx:3"]
    # below a folder that is the server's alone
    house.serve("/_nuxt/page.tsx", f"let a;\n//# sourceMappingURL=data:application/json;base64,{written}\n")
    assert await house.trace(Spot(house.url("/_nuxt/page.tsx"), 1)) == ["app/page.tsx:3"]


def evaluated(module: str, source: str, line: int) -> str:
    written = base64.b64encode(source_map(source, line).encode()).decode()
    return (
        f'eval("let a;//# sourceURL=[module]\\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,'
        f'{written}\\n//# sourceURL={module}\\n");\n'
    )


async def test_a_module_that_a_script_evaluates(house: House) -> None:
    module = "webpack-internal:///(app-pages-browser)/./app/page.tsx"
    spot = Spot(module, 1, 3)
    assert await house.trace(spot) == ["-"] and house.asked == [], "no page has asked for a script yet"
    house.serve("/main.js", "let main;")
    house.serve("/old.js", evaluated(module, "webpack://_N_E/./app/page.tsx?1a2b", 2))
    house.serve("/chunks/app/page.js", evaluated(module, "webpack://_N_E/./app/page.tsx?1a2b", 3))
    for path in ("chunks/app/page.js", "old.js", "main.js", "gone.js"):
        await fetch(house.gateway.url("shop"), path)
    house.asked.clear()
    house.now += FRESH_S
    assert await house.trace(spot) == ["app/page.tsx:3"]
    assert house.asked == ["/chunks/app/page.js"], "the likeliest first, and what was not there never"
    # What a hot reload brings later is asked before what came with the page.
    house.serve("/hot/app/page.1.js", evaluated(module, "webpack://_N_E/./app/page.tsx?1a2b", 1))
    await fetch(house.gateway.url("shop"), "hot/app/page.1.js")
    house.tracer.forget("p1")
    assert await house.trace(spot) == ["app/page.tsx:1"]


async def test_what_is_known_is_asked_by_its_tag_and_forgotten_with_a_save(house: House) -> None:
    house.serve("/a.js", "let a;\n//# sourceMappingURL=a.js.map", ETag='"1"')
    house.serve("/a.js.map", source_map("file:///home/user/project/app/page.tsx", 2))
    spot = Spot(house.url("/a.js"), 1, 5)
    for _ in range(3):
        assert await house.trace(spot) == ["app/page.tsx:2"]
    assert house.asked == ["/a.js", "/a.js.map"]
    house.now += FRESH_S
    assert await house.trace(spot) == ["app/page.tsx:2"]
    assert house.asked[2:] == ["/a.js same"]
    house.serve("/a.js", "let b;\n//# sourceMappingURL=a.js.map", ETag='"2"')
    house.serve("/a.js.map", source_map("file:///home/user/project/app/page.tsx", 3))
    house.now += FRESH_S
    assert await house.trace(spot) == ["app/page.tsx:3"]
    house.asked.clear()
    house.tracer.forget("p1")
    assert await house.trace(spot) == ["app/page.tsx:3"]
    assert house.asked == ["/a.js", "/a.js.map"]


async def test_many_at_once_ask_once(house: House) -> None:
    house.serve("/a.js", "let a;\n//# sourceMappingURL=a.js.map", ETag='"1"')
    house.serve("/a.js.map", source_map("file:///home/user/project/app/page.tsx"))
    spot = Spot(house.url("/a.js"), 1, 5)
    assert await asyncio.gather(*(house.trace(spot) for _ in range(20))) == [["app/page.tsx:2"]] * 20
    assert house.asked == ["/a.js", "/a.js.map"]
    many = [Spot(house.url(f"/{number}.js"), 1) for number in range(40)]
    house.asked.clear()
    assert await house.trace(*many) == ["-"] * 40
    assert len(house.asked) == MOST_SCRIPTS


HOSTILE: Sequence[tuple[str, Callable[[House], None]]] = (
    ("no script", lambda house: None),
    ("no map", lambda house: house.serve("/a.js", "let a;")),
    ("a map elsewhere", lambda house: house.serve("/a.js", "//# sourceMappingURL=http://127.0.0.1:9/a.map")),
    ("a map at another host", lambda house: house.serve("/a.js", "//# sourceMappingURL=//evil.example/a.map")),
    ("a file for a map", lambda house: house.serve("/a.js", "//# sourceMappingURL=file:///etc/passwd")),
    ("no address of a map", lambda house: house.serve("/a.js", "//# sourceMappingURL=http://[/a.map")),
    ("a script that leads on", lambda house: house.serve("/a.js", "", Location="http://127.0.0.1:9/")),
    ("a packed script", lambda house: house.serve("/a.js", "x", **{"Content-Encoding": "br"})),
)
MAPS = (
    "",
    "<!doctype html>",
    "[" * 100_000,
    '{"version":3,"sources":["a.ts"],"mappings":"!!!"}',
    '{"sections":[{"offset":{"line":0,"column":0},"map":{"sections":[{"offset":{"line":0,"column":0}}]}}]}',
    source_map("../../../../../../etc/passwd"),
    source_map("file:///etc/hosts.ts"),
    source_map("file:///home/user/project/../../../etc/hosts.ts"),
    source_map("file:///home/user/project/secret.ts"),
    source_map("file:///home/user/project/node_modules/a/b.ts"),
    source_map("http://evil.example/app/page.tsx"),
    source_map("app/not-there.tsx"),
    source_map("app"),
    source_map("a\x00b.ts"),
)


@pytest.mark.parametrize(("name", "prepare"), HOSTILE, ids=[name for name, _ in HOSTILE])
async def test_a_hostile_script_leads_nowhere(house: House, name: str, prepare: Callable[[House], None]) -> None:
    prepare(house)
    assert await house.trace(Spot(house.url("/a.js"), 1, 1)) == ["-"]
    assert house.asked == ["/a.js"], "nothing else was asked for"


@pytest.mark.parametrize("text", MAPS)
async def test_a_hostile_map_leads_nowhere(house: House, text: str) -> None:
    outside = house.folder.parent / "outside.ts"
    outside.write_text("secret")
    (house.folder / "secret.ts").symlink_to(outside)
    house.serve("/a.js", "let a;\n//# sourceMappingURL=a.js.map")
    house.serve("/a.js.map", text)
    assert await house.trace(Spot(house.url("/a.js"), 1, 1)) == ["-"]


async def test_of_a_page_that_nothing_serves_nothing_is_asked(house: House) -> None:
    house.gateway.forget("shop")
    assert await house.trace(Spot(house.url("/a.js"), 1, 1)) == ["-"]


async def test_who_does_not_wait_finds_it_known_later(house: House) -> None:
    house.serve("/a.js", "let a;\n//# sourceMappingURL=a.js.map")
    house.serve("/a.js.map", source_map("file:///home/user/project/app/page.tsx"))
    spot = Spot(house.url("/a.js"), 1, 5)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await house.trace(spot)
    assert await house.trace(spot) == ["app/page.tsx:2"]
    assert house.asked == ["/a.js", "/a.js.map"]


async def test_a_file_of_a_monorepo_above_the_app(tmp_path: Path) -> None:
    top = tmp_path / "top"
    app = top / "apps" / "web"
    (app / "src").mkdir(parents=True)
    (top / "packages" / "ui").mkdir(parents=True)
    (top / "package.json").write_text('{"workspaces": ["apps/*", "packages/*"]}')
    (app / "package.json").write_text('{"name": "web", "scripts": {"dev": "vite"}}')
    (app / "src" / "a.ts").write_text("1")
    (top / "packages" / "ui" / "b.ts").write_text("1")
    locator = Locator(app)
    project = Project("p1", "web", "web", app, 0.0, 0.0)
    async with Gateway(0, Pages(REPOSITORY / "resources" / "pages")) as gateway, Owner("test") as owner:
        tracer = PageTracer(gateway, owner, lambda _, place: locator.locate(place))

        async def answer(request: web.BaseRequest) -> web.Response:
            source = "apps/web/src/a.ts" if request.path == "/a.js" else "packages/ui/b.ts"
            text = base64.b64encode(source_map(f"file:///home/user/project/{source}", 1).encode()).decode()
            return web.Response(text=f"//# sourceMappingURL=data:application/json;base64,{text}")

        async with serving(answer) as upstream:
            gateway.serve("web", upstream)
            first, second = Spot(f"{gateway.url('web')}a.js", 1), Spot(f"{gateway.url('web')}b.js", 1)
            found = await tracer.trace(project, [first, second])
    # As a log of this project names it: from its own folder, or from the top where it lies outside of that.
    assert found == {first: Place("src/a.ts", 1, 1), second: Place("packages/ui/b.ts", 1, 1, is_from_top=True)}
    assert locator.locate(Place("packages/ui/b.ts", 1, 1)) == top / "packages" / "ui" / "b.ts"
