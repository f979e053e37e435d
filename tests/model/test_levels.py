import time

import pytest

from craft_desktop.model.levels import Level, level_below, level_of

LINES = {
    "npm error code E404": Level.ERROR,
    "npm ERR! code ERESOLVE": Level.ERROR,
    " ERR_PNPM_NO_MATCHING_VERSION  No matching version found for left-pad@99": Level.ERROR,
    "npm warn deprecated inflight@1.0.6: error prone": Level.WARNING,
    "\x1b[33mnpm\x1b[39m \x1b[33mwarn\x1b[39m deprecated inflight@1.0.6": Level.WARNING,
    " \x1b[31m⨯\x1b[39m ./app/page.tsx:12:7": Level.ERROR,
    " \x1b[33m⚠\x1b[39m Fast Refresh had to perform a full reload.": Level.WARNING,
    "✘ [ERROR] Unexpected end of file": Level.ERROR,
    "▲ [WARNING] Duplicate key": Level.WARNING,
    "src/App.tsx(3,7): error TS2322: Type 'string' is not assignable": Level.ERROR,
    "src/App.tsx:3:7 - error TS2322: Type 'string' is not assignable": Level.ERROR,
    "   3:7   error    'a' is not defined  no-undef": Level.ERROR,
    "   3:7   warning  Unexpected console statement  no-console": Level.WARNING,
    "Error: Cannot find module './x'": Level.ERROR,
    "TypeError: undefined is not a function": Level.ERROR,
    "Module not found: Can't resolve './hero'": Level.ERROR,
    "10:14:00 AM [vite] Internal server error: Failed to parse source": Level.ERROR,
    "(node:12) DeprecationWarning: punycode": Level.WARNING,
    "(node:12) Warning: something": Level.WARNING,
    " GET / 200 in 3104ms": Level.INFO,
    " GET /missing 404 in 12ms": Level.WARNING,
    " POST /api 500 in 12ms": Level.ERROR,
    "Found 0 errors. Watching for file changes.": Level.INFO,
    "0 errors": Level.INFO,
    "added 312 packages in 13s": Level.INFO,
    " ✓ Compiled /error in 2.4s": Level.INFO,
    "errorless code": Level.INFO,
    "": Level.INFO,
}


@pytest.mark.parametrize(("text", "level"), LINES.items(), ids=[text.strip()[:30] or "empty" for text in LINES])
def test_a_line_tells_how_grave_it_is(text: str, level: Level) -> None:
    assert level_of(text) is level


@pytest.mark.parametrize("text", ["E" * 1_000_000, "\x1b[" * 100_000, " " * 500_000 + "error", "GET " + "/" * 500_000])
def test_a_hostile_line_takes_no_time(text: str) -> None:
    begun = time.process_time()
    level_of(text)
    assert time.process_time() - begun < 0.05


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("    at Page (app/page.tsx:3:16)", Level.ERROR),
        ("> 3 |   return <p>{a.b.c}</p>;", Level.ERROR),
        ("\x1b[31m\x1b[1m>\x1b[0m \x1b[90m4 |\x1b[0m   </mai>;", Level.ERROR),
        ("    |                ^", Level.ERROR),
        ("   ,-[/home/user/project/app/page.tsx:4:1]", Level.ERROR),
        ("  4 | }", Level.ERROR),
        (" GET / 200 in 12ms", Level.INFO),
        (" ✓ Compiled in 12ms", Level.INFO),
        ("", Level.INFO),
        ("added 3 packages", Level.INFO),
        (" ⚠ careful", Level.WARNING),
    ],
)
def test_what_belongs_to_an_error_stays_with_it(text: str, level: Level) -> None:
    assert level_below(Level.ERROR, text) is level
    assert level_below(Level.INFO, text) <= level
