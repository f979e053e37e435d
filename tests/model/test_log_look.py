"""Lines as the tools print them, and what they are a symptom of."""

import time

import pytest

from craft_desktop.model.errors import Action
from craft_desktop.model.log_look import LONGEST_EVIDENCE, checks_of_log, read_symptoms
from craft_desktop.model.places import Place
from craft_desktop.model.report import Check, Grade
from craft_desktop.model.symptoms import SYMPTOMS


def checked(*lines: str) -> dict[str, Check]:
    checks = checks_of_log(read_symptoms(lines), "none", lambda _: True)
    assert [check.id for check in checks] == [symptom.id for symptom in SYMPTOMS]
    return {check.id: check for check in checks if check.grade is not Grade.OK}


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("sh: 1: next: not found", "command"),
        ("bash: line 1: vite: command not found", "command"),
        (' ERR_PNPM_RECURSIVE_EXEC_FIRST_FAIL  Command "next" not found', "command"),
        ("Error: Cannot find module @rollup/rollup-linux-x64-gnu. npm has a bug related to optional dependencies "
         "(https://github.com/npm/cli/issues/4828).", "native"),
        ("Error: Cannot find module '../lightningcss.linux-x64-gnu.node'", "modules"),
        ("Error: Cannot find module 'lightningcss-linux-x64-gnu'", "native"),
        ("You installed esbuild for another platform than the one you're currently using.", "native"),
        ("Error: Cannot find module 'express'", "modules"),
        ("Module not found: Can't resolve '@acme/ui'", "modules"),
        ('[vite] Internal server error: Failed to resolve import "./App2" from "src/main.tsx". Does the file exist?',
         "modules"),
        ("Ignored build scripts: esbuild, sharp.", "builds"),
        (" ERR_PNPM_IGNORED_BUILDS  Ignored build scripts: esbuild@0.27.7", "builds"),
        ("npm error code ERESOLVE", "peers"),
        (" ERR_PNPM_OUTDATED_LOCKFILE  Cannot install with \"frozen-lockfile\"", "lockfile"),
        ("npm error code E404", "registry"),
        ("npm ERR! code ENOTFOUND", "registry"),
        ("FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory", "memory-log"),
        ("Error: ENOSPC: no space left on device, write", "disk-log"),
        ("Error: ENOSPC: System limit for number of file watchers reached, watch '/home/user/project'", "watching"),
        ("Error: listen EADDRINUSE: address already in use 127.0.0.1:3000", "taken"),
        (" ⚠ Port 3000 is in use, trying 3001 instead.", "taken"),
        ("⨯ Unable to acquire lock at /home/user/project/.next/dev/lock, is another instance of next dev running?",
         "lock-log"),
        ("⨯ Another next dev server is already running.", "lock-log"),
        ('⚠ Blocked cross-origin request to Next.js dev resource /_next/webpack-hmr from "evil.example".', "origin"),
        ("Blocked request. This host (\"a.example\") is not allowed.", "origin"),
        ("failed to load config from /home/user/project/vite.config.ts", "config"),
        ("⚠ Invalid next.config.mjs options detected:", "config"),
        ("It looks like you're trying to use `tailwindcss` directly as a PostCSS plugin.", "styles"),
        ("Error [ERR_REQUIRE_ESM]: require() of ES Module /x/y.js not supported.", "format"),
        ("SyntaxError: Cannot use import statement outside a module", "format"),
        ("Error: error:0308010C:digital envelope routines::unsupported", "openssl"),
        ('You are using Node.js 16.20.2. For Next.js, Node.js version ">=20.9.0" is required.', "node-log"),
        ("npm warn EBADENGINE Unsupported engine {", "node-log"),
        ("❌ Invalid environment variables: { DATABASE_URL: [ 'Required' ] }", "validation"),
        ("error: Environment variable not found: DATABASE_URL.", "validation"),
        ("[auth][error] MissingSecret: Please define a `secret`.", "validation"),
        ("Error: STRIPE_SECRET_KEY is not set", "validation"),
        ("Error: connect ECONNREFUSED 127.0.0.1:5432", "services"),
        ("Can't reach database server at `db.internal:5432`", "services"),
        ("Error: getaddrinfo ENOTFOUND api.internal", "services"),
        ("Error: @prisma/client did not initialize yet. Please run \"prisma generate\"", "prisma"),
        ("[Error: ENOENT: no such file or directory, open '/home/user/project/.next/server/app/page.js']", "cache"),
        ("TypeError: __webpack_modules__[moduleId] is not a function", "cache"),
        ("Failed to fetch `Geist` from Google Fonts.", "fonts"),
        ("⨯ Error: boom in page", "crash"),
        ("TypeError: Cannot read properties of undefined (reading 'x')", "crash"),
    ],
)  # fmt: skip
def test_what_a_line_is_a_symptom_of(line: str, key: str) -> None:
    found = checked(line)
    assert key in found, found
    check = found[key]
    assert line.strip()[: LONGEST_EVIDENCE - 1] in check.detail and check.remedy


@pytest.mark.parametrize(
    "line",
    [
        "✓ Ready in 682ms",
        "added 312 packages in 13s",
        "> next dev -p 3000",
        "○ Compiling / ...",
        "GET /not-found 404 in 12ms",
        "- Local:         http://localhost:3000",
        "npm warn deprecated inflight@1.0.6: This module is not supported, and leaks memory.",
        "found 0 vulnerabilities",
        "",
    ],
)
def test_ordinary_lines_are_none(line: str) -> None:
    assert checked(line) == {}


def test_what_an_edit_mended_is_taken_back_and_what_it_does_not_mend_stays() -> None:
    broken = "Module not found: Can't resolve './hero'"
    warned = 'Ignored build scripts: sharp. Run "pnpm approve-builds"'
    assert set(checked(warned, broken)) == {"builds", "modules"}
    assert set(checked(warned, broken, "✓ Compiled / in 2.4s")) == {"builds"}
    assert set(checked(warned, broken, " GET / \x1b[32m200\x1b[39m in 48ms")) == {"builds"}
    assert set(checked("✓ Compiled / in 2.4s", broken)) == {"modules"}


def test_a_line_says_one_thing_the_most_exact() -> None:
    assert set(checked("Error: listen EADDRINUSE: address already in use :::3000")) == {"taken"}


def test_the_file_that_is_named_is_the_place_and_a_package_is_none() -> None:
    lines = ("./app/page.tsx:3:1", "Module not found: Can't resolve './hero'", "./app/page.tsx:3:1")
    check = checked(*lines)["modules"]
    assert check.place == Place("app/page.tsx", 3, 1)
    assert check.action is Action.NONE  # a file of one's own is not to be installed
    deep = ("TypeError: x is not a function", "    at f (/home/user/project/node_modules/a/b.js:1:2)")
    assert checked(*deep)["crash"].place is None
    unknown = checks_of_log(read_symptoms(lines), "none", lambda _: False)
    assert all(check.place is None for check in unknown)


def test_a_hostile_log_takes_no_time() -> None:
    """Each of these has ended a careless expression: long runs of what a pattern begins with."""
    evil = [
        "E" * 100_000, "Error: " * 5_000, "a/" * 50_000, "(((((" * 20_000, "Cannot find module '" * 5_000,
        "<" * 100_000, "Blocked cross-origin request" * 4_000, "ENOENT" + ".next/" * 20_000, " " * 100_000,
        "A_" * 50_000, "\x1b[" * 50_000, "Failed to load " + "x" * 100_000, "[vite]" * 20_000,
    ]  # fmt: skip
    began = time.process_time()
    read_symptoms(evil * 80)
    assert time.process_time() - began < 3.0  # of processor time; some 0.3 s on a quiet machine
