import time

import pytest

from craft_desktop.model.script import Framework
from craft_desktop.model.source_reads import assigned_in, find_reads, hidden, missing, shown_prefix


def names(code: str) -> list[str]:
    return [read.name for read in find_reads("a.ts", code)]


@pytest.mark.parametrize(
    "code",
    [
        "new Stripe(process.env.KEY!)",
        "const url = process.env.KEY;",
        "fetch(`${process.env.KEY}/v1`)",
        'connect(process.env["KEY"])',
        "process.env.KEY?.split(',')",
        "const { KEY } = process.env;",
        "const { KEY: key, OTHER = 'x' } = process.env",
        "if (!process.env.KEY) throw new Error('no key');",
        "if (!process.env.KEY) {\n  throw new Error('no key');\n}",
        "const key = process.env.KEY as string",
        "const url = import.meta.env.KEY",
    ],
)
def test_what_is_needed(code: str) -> None:
    assert "KEY" in names(code) and "OTHER" not in names(code)


@pytest.mark.parametrize(
    "code",
    [
        "const url = process.env.KEY ?? 'http://localhost'",
        "const url = process.env.KEY || 'x'",
        "const on = process.env.KEY === 'true'",
        "const on = process.env.KEY !== undefined",
        "if (process.env.KEY) enable();",
        "const on = !!process.env.KEY",
        "process.env.KEY ? a : b",
        "process.env.KEY = 'x'",
        "process.env.KEY && start()",
        "// process.env.KEY",
        " * process.env.KEY",
        "{/* nothing */}",
        "const { KEY = 'x' } = process.env",
        "const all = process.env",
        "typeof process.env.KEY",
    ],
)
def test_what_does_without(code: str) -> None:
    assert names(code) == []


def test_where_it_is_read_and_by_whom() -> None:
    client = '"use client";\nexport const a = process.env.SECRET.length;\n'
    (read,) = find_reads("app/a.tsx", client)
    assert (read.place.path, read.place.line, read.place.column, read.is_of_page) == ("app/a.tsx", 2, 18, True)
    (commented,) = find_reads("a.ts", f"// first\n/* second */ {client}")
    assert commented.is_of_page
    (vite,) = find_reads("a.ts", "fetch(import.meta.env.VITE_API)")
    assert vite.is_of_page
    (server,) = find_reads("a.ts", 'const words = "use client"; const a = [process.env.SECRET];')
    assert not server.is_of_page


def test_missing_is_what_nobody_sets() -> None:
    reads = find_reads("a.ts", "[process.env.A, process.env.B, process.env.A, process.env.NODE_ENV, process.env.npm_x]")
    assert [read.name for read in missing(reads, {"B"})] == ["A"]


def test_hidden_is_what_is_set_and_never_reaches_the_page() -> None:
    reads = find_reads("a.ts", "f(import.meta.env.API); f(import.meta.env.VITE_API); f(import.meta.env.MODE)")
    provided = {"API", "VITE_API", "MODE"}
    assert [read.name for read in hidden(reads, provided, Framework.VITE)] == ["API"]
    assert hidden(reads, {"VITE_API"}, Framework.VITE) == []
    assert hidden(reads, provided, Framework.OTHER) == [] and shown_prefix(Framework.OTHER) == ""


def test_what_a_script_sets_itself() -> None:
    assert assigned_in("A=1 cross-env B=2 next dev -- --c=3") == {"A", "B"}


def test_a_hostile_source_takes_no_time() -> None:
    began = time.process_time()
    for text in (
        "/**/" * 900 + "use client process.env",
        "process.env." * 20_000,
        "{" * 250_000 + "process.env",
        "{a " * 80_000 + "} = process.env",
        "process.env.KEY\n" * 15_000,
    ):
        find_reads("a.ts", text)
    assert time.process_time() - began < 3.0  # of processor time; some 0.4 s on a quiet machine
