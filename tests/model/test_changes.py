import json

import pytest

from craft_desktop.model.changes import Need, asks_a_look, need_of
from craft_desktop.model.project import Recipe, read_recipe
from craft_desktop.model.script import Framework


def recipe(script: str, **packages: str) -> Recipe:
    return read_recipe(json.dumps({"scripts": {"dev": script}, "dependencies": packages}), ())


@pytest.mark.parametrize(
    ("changed", "asks"),
    [
        ({"package.json"}, True),
        ({"apps/web/package.json"}, True),
        ({"pnpm-lock.yaml", "app/page.tsx"}, True),
        ({".env.local"}, True),
        ({".env"}, True),
        ({"app/page.tsx", "next.config.mjs", ".environment"}, False),
        (set(), False),
    ],
)
def test_only_some_changes_ask_for_a_look(changed: set[str], asks: bool) -> None:
    assert asks_a_look(recipe("next dev", next="16"), changed) is asks


def test_source_asks_for_a_look_where_nobody_watches_it() -> None:
    assert asks_a_look(recipe("node server.js"), {"server.js"})
    assert asks_a_look(recipe("node server.js"), {"style.css"})
    assert not asks_a_look(recipe("node server.js"), {"lib", ".gitignore"})
    assert not asks_a_look(recipe("nodemon server.js"), {"server.js"})


@pytest.mark.parametrize(
    ("made", "changed", "need"),
    [
        (recipe("next dev", next="16"), {".env.local", "next.config.mjs"}, Need.NOTHING),
        (recipe("vite", vite="8"), {".env"}, Need.NOTHING),
        (recipe("node server.js"), {".env"}, Need.RESTART),
        (recipe("nuxt dev", nuxt="3"), {".env"}, Need.RESTART),
        (recipe("node server.js"), {"other/.env"}, Need.NOTHING),
        (recipe("node server.js"), {"server.js"}, Need.FOLLOW),
        (recipe("node server.js"), {"server.js", ".env"}, Need.RESTART),
        (recipe("node server.js"), {"public/style.css", "index.html"}, Need.RELOAD),
        (recipe("node server.js"), {"public/style.css", "server.js"}, Need.FOLLOW),
        (recipe("node server.js"), {"lib", ".gitignore"}, Need.NOTHING),
        (recipe("vite", vite="8"), {"style.css"}, Need.NOTHING),
        (recipe("node --watch server.js"), {"server.js"}, Need.NOTHING),
        (recipe("next dev", next="16"), {"server.js"}, Need.NOTHING),
    ],
)
def test_who_reads_the_environment_once_is_started_anew_for_it(made: Recipe, changed: set[str], need: Need) -> None:
    assert need_of(made, changed) is need


def test_an_environment_file_counts_beside_the_app() -> None:
    web = Recipe("", Framework.OTHER, recipe("true").package_manager, None, "", "node .", app_dir="apps/web")
    assert need_of(web, {"apps/web/.env"}) is Need.RESTART
    assert need_of(web, {".env", "apps/api/.env"}) is Need.NOTHING
