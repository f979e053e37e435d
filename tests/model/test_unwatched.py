import json

import pytest

from craft_desktop.model.project import read_recipe
from craft_desktop.model.unwatched import has_shown, has_source, is_source, is_unwatched

SCRIPTS = {
    "plain": "node server.js",
    "start": "NODE_ENV=development node server.js",
    "watched": "nodemon server.js",
    "again": "npm run again",
    "build": "tsc",
    "odd": 7,
}


@pytest.mark.parametrize(
    "script",
    [
        "node server.js",
        "node server",
        "node .",
        "node ./src/index.mjs --port 3000",
        "nodejs server.js",
        "/usr/bin/node server.js",
        "node --inspect server.js",
        "node --env-file=.env server.js",
        "node --env-file .env server.js",
        "node -r dotenv/config server.js",
        "node --import tsx src/server.ts",
        "node --max-old-space-size=4096 --enable-source-maps server.js",
        "PORT=4000 node server.js",
        "cross-env NODE_ENV=development node server.js",
        "env A=b exec node server.js",
        "dotenv -e .env.local -- node server.js",
        "tsc && node dist/server.js",
        "npm run build && node dist/server.js",
        "cd server && node index.js",
        "echo up; node server.js",
        "node server.js | pino-pretty",
        "tsx src/server.ts",
        "npx tsx src/server.ts",
        "ts-node src/server.ts",
        "bun server.ts",
        "bun run src/server.ts",
        "npm run plain",
        "npm run plain -- --port 3000",
        "npm run -s plain",
        "npm start",
        "yarn plain",
        "yarn run plain",
        "pnpm plain",
        "bun run plain",
        "node --run plain",
    ],
)
def test_a_program_run_by_node_js_alone_watches_nothing(script: str) -> None:
    assert is_unwatched(script, SCRIPTS)


@pytest.mark.parametrize(
    "script",
    [
        "node --watch server.js",
        "node --watch-path=src server.js",
        "node --watch-preserve-output --watch server.js",
        "node server.js --watch",
        "node scripts/watch.js",
        "nodemon server.js",
        "npx nodemon server.js",
        "nodemon --exec node server.js",
        "node -r nodemon server.js",
        "tsx watch src/server.ts",
        "tsx --watch src/server.ts",
        "ts-node-dev src/server.ts",
        "bun --watch server.ts",
        "bun --hot server.ts",
        "bun install",
        "bun run build",
        "tsc -w & node server.js",
        "tsc --watch && node server.js",
        "node server.js || true",
        "node a.js & node b.js",
        'concurrently "node server.js" "tsc -w"',
        "npm-run-all -p plain watched",
        "node node_modules/next/dist/bin/next dev",
        "node ./node_modules/vite/bin/vite.js",
        "node ace serve --hmr",
        "node -e 'require(\"./server\")'",
        "node -p 1",
        "node --test",
        "node",
        "node -r dotenv/config",
        "next dev",
        "vite",
        "(node server.js)",
        "node server.js # no more",
        "echo 'open; node server.js",
        "npm run watched",
        "npm run again",
        "npm run build",
        "npm run missing",
        "npm run odd",
        "npm install",
        "yarn",
        "bash -c 'node server.js'",
        "docker compose up",
        "",
        "PORT=3000",
    ],
)
def test_in_doubt_it_is_not_ours_to_start_anew(script: str) -> None:
    assert not is_unwatched(script, SCRIPTS)


@pytest.mark.parametrize(
    ("relpath", "source"),
    [
        ("server.js", True),
        ("src/server.ts", True),
        ("a.mjs", True),
        ("a.cjs", True),
        ("views/page.jsx", True),
        ("data/items.json", True),
        ("schema.graphql", True),
        ("config.yaml", True),
        ("SERVER.JS", True),
        ("style.css", False),
        ("index.html", False),
        ("views/index.ejs", False),
        ("logo.png", False),
        ("logo.svg", False),
        ("README.md", False),
        ("notes.txt", False),
        ("js", False),
        ("folder", False),
        ("package.json", False),
        ("tsconfig.json", False),
        (".vscode/settings.json", False),
        (".eslintrc.json", False),
        ("web/node_modules/left/index.js", False),
    ],
)
def test_source_is_what_is_read_once(relpath: str, source: bool) -> None:
    assert is_source(relpath) is source
    assert has_source({"style.css", relpath}) is source


@pytest.mark.parametrize(
    ("relpath", "shown"),
    [
        ("public/style.css", True),
        ("index.html", True),
        ("views/index.ejs", True),
        ("logo.png", True),
        ("lib", False),
        (".gitignore", False),
        (".git/index.lock", False),
        ("package-lock.json", False),
        ("node_modules/a/style.css", False),
    ],
)
def test_a_page_may_show_what_is_a_file_of_the_project(relpath: str, shown: bool) -> None:
    assert has_shown({relpath}) is shown


@pytest.mark.parametrize(
    ("script", "packages", "unwatched"),
    [
        ("node server.js", {}, True),
        ("node server.js", {"express": "5"}, True),
        ("next dev", {"next": "16"}, False),
        ("nodemon server.js", {}, False),
    ],
)
def test_a_recipe_says_so(script: str, packages: dict[str, str], unwatched: bool) -> None:
    manifest = json.dumps({"scripts": {"dev": script}, "dependencies": packages})
    assert read_recipe(manifest, ()).is_unwatched is unwatched
