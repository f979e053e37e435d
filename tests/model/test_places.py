import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.places import LONGEST_PATH, MOST, Place, find, is_heading

HOME = "/home/user/project"

# What the tools print, colours aside: Next.js 16.4.3 (Turbopack, webpack), Vite 7.3, TypeScript 5.9, ESLint 9,
# Node.js 20, npm 11; paths as in a sandbox.
REAL: dict[str, Place | None] = {
    "⨯ ./app/page.tsx:4:5": Place("app/page.tsx", 4, 5),
    "⨯ ./app/page.tsx": Place("app/page.tsx"),
    f"   ,-[{HOME}/app/page.tsx:4:1]": Place("app/page.tsx", 4, 1, is_from_top=True),
    "    at Page (app/page.tsx:3:16)": Place("app/page.tsx", 3, 16),
    "    at async GET (app/(shop)/[slug]/route.ts:7:3)": Place("app/(shop)/[slug]/route.ts", 7, 3),
    "    at eval (webpack-internal:///(app-pages-browser)/./app/counter.tsx:14:11)": Place("app/counter.tsx", 14, 11),
    "    at Page (webpack://_N_E/./app/page.tsx?1a2b:3:16)": Place("app/page.tsx", 3, 16),
    "    at Page (rsc://React/Server/file:///home/user/project/app/page.tsx?0:3:16)": Place(
        "app/page.tsx", 3, 16, is_from_top=True
    ),
    "    at Page (turbopack:///[project]/app/page.tsx:3:16)": Place("app/page.tsx", 3, 16),
    f"12:34:08 AM [vite] (client) Pre-transform error: {HOME}/src/App.tsx: Expected corresponding JSX closing tag "
    "for <p>. (2:14)": None,
    f"  File: {HOME}/src/App.tsx:2:14": Place("src/App.tsx", 2, 14, is_from_top=True),
    f"{HOME}/src/App.tsx:2:16: ERROR: Unexpected closing tag": Place("src/App.tsx", 2, 16, is_from_top=True),
    "12:34:18 AM [vite] (client) page reload src/App.tsx": None,
    "src/bad.ts(1,7): error TS2322: Type 'string' is not assignable to type 'number'.": Place("src/bad.ts", 1, 7),
    "src/bad.ts:1:7 - error TS2322: Type 'string' is not assignable to type 'number'.": Place("src/bad.ts", 1, 7),
    "     2  src/bad.ts:1": Place("src/bad.ts", 1),
    f"file://{HOME}/src/crash.mjs:2": Place("src/crash.mjs", 2, is_from_top=True),
    f"    at f (file://{HOME}/src/crash.mjs:2:9)": Place("src/crash.mjs", 2, 9, is_from_top=True),
    f"    at file://{HOME}/src/my%20crash.mjs:4:1": Place("src/my crash.mjs", 4, 1, is_from_top=True),
    f"    at Object.<anonymous> ({HOME}/src/crash.cjs:1:11)": Place("src/crash.cjs", 1, 11, is_from_top=True),
    f"- {HOME}/src/crash.cjs": Place("src/crash.cjs", is_from_top=True),
    f"{HOME}/scripts/post.js:2": Place("scripts/post.js", 2, is_from_top=True),
    "    at App (http://shop-front.localhost:4100/src/App.tsx?t=1764:2:16)": Place("src/App.tsx", 2, 16),
    "boom  http://shop-front.localhost:4100/src/App.tsx:2:16": Place("src/App.tsx", 2, 16),
    f"x http://127.0.0.1:4100/@fs{HOME}/src/App.tsx:2:16": Place("src/App.tsx", 2, 16, is_from_top=True),
    "npm error JSON.parse Invalid package.json: JSONParseError: Expected double-quoted property name": Place(
        "package.json"
    ),
    "    at Module._compile (node:internal/modules/cjs/loader:1521:14)": None,
    f"    at failureErrorWithLog ({HOME}/node_modules/esbuild/lib/main.js:1752:15)": None,
    "npm error A complete log of this run can be found in: /root/.npm/_logs/2026-11-24T00_34_42Z-debug-0.log": None,
    "npm error notarget No matching version found for left-pad@99.0.0.": None,
    "- Local:         http://localhost:3000": None,
    "- Network:       http://192.0.2.2:4821": None,
    " GET / 200 in 281ms (next.js: 128ms, application-code: 153ms)": None,
    "   4:   worker": None,
    "": None,
}

# What a project could print to have another file opened.
HOSTILE = [
    "../../.ssh/config.txt:1:1",
    "./../secret.ts:1",
    f"{HOME}/../../.bashrc.sh:1",
    "file:///etc/passwd.txt:1:1",
    "file:///home/user/project/../../etc/hosts.txt:1",
    "file:///home/user/project/%2e%2e/%2e%2e/etc/hosts.txt:1",
    "app//etc/hosts.txt:1",
    "app/./../x.ts:1",
    "https://evil.example/src/App.tsx:1:1",
    "http://localhost.evil.example/src/App.tsx:1:1",
    "C:\\Users\\ada\\x.ts:1:1",
    "..\\..\\x.ts:1:1",
    "app/\u202epage.tsx:1:1",
    "app/pa\x00ge.tsx:1:1",
    "/etc/passwd.txt:1",
]


@pytest.mark.parametrize(("text", "place"), REAL.items(), ids=[text.strip()[:40] or "empty" for text in REAL])
def test_a_real_message_leads_to_its_place(text: str, place: Place | None) -> None:
    found = find(text)
    assert [each.place for each in found] == ([place] if place else [])


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_is_none(text: str) -> None:
    assert not [each for each in find(text) if ".." in each.place.path or each.place.path.startswith("/")]
    assert all(each.place.path.isprintable() for each in find(text))
    assert not find(text)


def test_what_is_marked_is_what_names_the_place() -> None:
    text = "see app/a.ts:1:2 and (lib/b.ts:3), not c.ts"
    assert [text[each.start : each.end] for each in find(text)] == ["app/a.ts:1:2", "lib/b.ts:3"]


def test_eslint_names_the_file_once() -> None:
    heading, finding = f"{HOME}/src/lint.js", "  2:1  error    'foo' is not defined          no-undef"
    assert is_heading(heading) and not is_heading(finding)
    (found,) = find(finding, heading)
    assert found.place == Place("src/lint.js", 2, 1, is_from_top=True)
    assert finding[found.start : found.end] == "2:1"
    assert find(finding) == ()


def test_a_label_is_short() -> None:
    assert [place.label for place in (Place("app/page.tsx", 4, 5), Place("a.ts", 4), Place("a/b.ts"))] == [
        "page.tsx:4:5",
        "a.ts:4",
        "b.ts",
    ]


@given(st.text(alphabet="ab./:()[]19 ,'-?%\\~", max_size=80))
def test_nothing_leads_upward(text: str) -> None:
    for each in find(text):
        assert 0 <= each.start < each.end <= len(text)
        assert not {"", ".", ".."} & set(each.place.path.split("/"))


@pytest.mark.parametrize(
    "text",
    [
        "a.ts:1:1 " * 100_000,
        "a" * 1_000_000 + ".ts:1:1",
        "(" * 100_000 + "a.ts:1",
        "a.ts" + ":1" * 300_000,
        "/" * 500_000 + "a.ts",
        "./" * 300_000,
        "[" * 900 + "x.ts:1 " + ("(" * 900 + "x.ts:1 ") * 500,
    ],
    ids=["many", "long", "open", "numbers", "slashes", "dots", "brackets"],
)
def test_a_hostile_line_takes_little_time(text: str) -> None:
    cut = text[:4_000]  # what a view shows of a line
    begun = time.process_time()
    found = find(cut)
    assert time.process_time() - begun < 0.05
    assert len(found) <= MOST
    assert all(len(each.place.path) <= LONGEST_PATH for each in found)
