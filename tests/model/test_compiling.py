import time
from pathlib import Path

import pytest

from craft_desktop.model.compiling import HEAD_LINES, LONGEST_TITLE, CompileError, Compiling, heed
from craft_desktop.model.places import Place

SPOKEN = Path(__file__).parent / "spoken"
"""What dev servers printed, to the letter: after `=== NAME` a file was broken, after `=== mended` it was put back."""

PAGE = "app/page.tsx"
EXPECTED: dict[str, dict[str, tuple[str, Place | None] | None]] = {
    "turbo": {
        "syntax": ("Expected corresponding JSX closing tag for <main>", Place(PAGE, 4, 5)),
        "notfound": ("Module not found: Can't resolve './hero'", Place(PAGE, 1, 1)),
        "export": None,  # it compiles, and fails as it runs
        "css": None,
        "runtime": None,
        "client": ("You're importing a module that depends on `useState`", Place(PAGE, 1, 10)),
    },
    "turbo-open": {  # while a page of it is open, as it is in the window
        "syntax": ("Expected corresponding JSX closing tag for <main>", Place(PAGE, 32, 7)),
        "notfound": ("Module not found: Can't resolve './hero'", Place(PAGE, 1, 1)),
        "runtime": None,
    },
    "webpack": {
        "syntax": ("Expected corresponding JSX closing tag for <main>", Place(PAGE, 4, 1, is_from_top=True)),
        "notfound": ("Module not found: Can't resolve './hero'", Place(PAGE, 1, 1)),
        "export": None,
        "css": ("Syntax error: app/style.css Unclosed block", Place("app/style.css", 2, 3)),
        "runtime": None,
        "client": ("You're importing a module that depends on `useState`", Place(PAGE, 1, 1, is_from_top=True)),
    },
    "vite": {
        "syntax": (
            "Expected corresponding JSX closing tag for <p>. (2:14)",
            Place("src/App.tsx", 2, 14, is_from_top=True),
        ),
        "notfound": (
            'Failed to resolve import "./hero" from "src/App.tsx". Does the file exist?',
            Place("src/App.tsx", 1, 21, is_from_top=True),
        ),
        "css": None,
    },
}


def stages(name: str) -> list[tuple[str, CompileError | None]]:
    """Give each stage of a recording with what was wrong at its end."""
    found, stage, state = [], "start", Compiling()
    for line in (SPOKEN / f"{name}.log").read_text(encoding="utf-8").splitlines():
        if line.startswith("=== "):
            found.append((stage, state.error))
            stage = line.removeprefix("=== ")
        else:
            state = heed(state, line)
    return [*found, (stage, state.error)]


@pytest.mark.parametrize("name", EXPECTED)
def test_what_dev_servers_said(name: str) -> None:
    told = stages(name)
    assert told[0] == ("start", None)
    for (stage, error), (after, mended) in zip(told[1::2], told[2::2], strict=True):
        expected = EXPECTED[name][stage]
        if expected is None:
            assert error is None, stage
        else:
            assert error is not None and error.title.startswith(expected[0]), stage
            assert error.place == expected[1], stage
        # Vite tells a page that listens, and no page did when the first file was put back.
        assert after == "mended" and (mended is None or (name, stage) == ("vite", "syntax"))
    assert {stage for stage, _ in told[1::2]} == set(EXPECTED[name])


def after(*lines: str) -> Compiling:
    state = Compiling()
    for line in lines:
        state = heed(state, line)
    return state


BROKEN = ("⨯ ./app/page.tsx:4:5", "Error: Unexpected token")


def test_another_page_that_is_served_mends_nothing() -> None:
    assert after(*BROKEN, " GET / 500 in 9ms", " GET /api/ping 200 in 3ms").error is not None
    assert after(*BROKEN, " GET /?a=1 500 in 9ms", " GET /?a=2 200 in 3ms").error is None
    assert after(*BROKEN, " GET /api/ping 200 in 3ms").error is not None
    assert after(*BROKEN, " ✓ Compiled in 210ms") == Compiling()
    assert after(*BROKEN, " ○ Compiling /page ...").error is not None


def test_what_a_page_says_by_itself_is_no_error_of_the_compiler() -> None:
    for line in ("[browser] Uncaught Error: boom", "[browser] ./app/page.tsx", "[browser] see ./app/page.tsx:1:2"):
        assert after(line, "Error: boom").error is None
    told = after("[browser] ./app/page.tsx:32:7", "Error: Unexpected token").error
    assert told == CompileError("Unexpected token", Place("app/page.tsx", 32, 7))


def test_a_newer_error_takes_the_place_of_the_old() -> None:
    error = after(*BROKEN, "⨯ ./app/b.tsx:1:2", "Error: Other").error
    assert error == CompileError("Other", Place("app/b.tsx", 1, 2))


def test_words_that_never_come_leave_a_plain_title() -> None:
    assert after(BROKEN[0]).error == CompileError("The page does not compile", Place("app/page.tsx", 4, 5))
    assert after(*BROKEN, *["  "] * HEAD_LINES, "  File: /home/user/project/b.ts:1:1").error == CompileError(
        "Unexpected token", Place("app/page.tsx", 4, 5)
    )


def test_a_hostile_server_is_bounded() -> None:
    state = after("⨯ ./app/page.tsx:4:5", "Error: " + "x" * 100_000)
    assert state.error is not None and len(state.error.title) <= LONGEST_TITLE
    for number in range(1000):
        state = heed(state, f" GET /{number} 500 in 1ms")
    assert len(state.refused) <= 100
    begun = time.process_time()
    heed(state, "⨯ ./" + "a" * 1_000_000)
    heed(state, "[vite] " * 200_000)
    assert time.process_time() - begun < 0.05
