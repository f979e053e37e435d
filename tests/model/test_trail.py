import time

import pytest

from craft_desktop.model.places import TRAIL, Place, find
from craft_desktop.model.source_map import Origin
from craft_desktop.model.trail import MOST_SPOTS, Spot, paths_of, spots, trailed

BASE = "http://shop.localhost:4100/"
CHUNK = f"{BASE}_next/static/chunks/_0vjt94n6uvytw._.js"
MODULE = "webpack-internal:///(app-pages-browser)/./app/page.tsx"


# As Chromium says them: Next.js 16 (Turbopack, webpack), Vite 6, SvelteKit.
@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"Uncaught Error: boom click  {CHUNK}:16", [Spot(CHUNK, 16)]),
        (f"    at fail ({CHUNK}:16:11)", [Spot(CHUNK, 16, 11)]),
        (f"    at {CHUNK}?id=%5Bproject%5D:44:9", [Spot(f"{CHUNK}?id=%5Bproject%5D", 44, 9)]),
        (f"    at async Promise.all ({CHUNK}:1:2), then {CHUNK}:3:4.", [Spot(CHUNK, 1, 2), Spot(CHUNK, 3, 4)]),
        (f"    at fail ({MODULE}:12:11)", [Spot(MODULE, 12, 11)]),
        (f"x  {BASE}src/Boom.tsx?t=1764:20", [Spot(f"{BASE}src/Boom.tsx?t=1764", 20)]),
        (f"x  {BASE}src/routes/+page.svelte:9", [Spot(f"{BASE}src/routes/+page.svelte", 9)]),
        # code that nobody of the project wrote
        (f"x  {BASE}_next/static/chunks/node_modules_next_dist_05y3oi5z9mc_3._.js:996", []),
        (f"x  {BASE}node_modules/.vite/deps/react-dom_client.js?v=b50b1729:7239", []),
        (f"x  {BASE}@vite/client:789", []),
        ("x  webpack-internal:///(app-pages-browser)/./node_modules/next/dist/a.js:45", []),
        ("    at Page (about://React/Server/webpack-internal:///(rsc)/./app/page.tsx?0:3:16)", []),
        # what is not the project's to answer, or no script
        ("x  http://other.localhost:4100/a.js:3", []),
        ("x  http://shop.localhost:4100.evil.example/a.js:3", []),
        ("x  https://shop.localhost:4100/a.js:3", []),
        (f"x  {BASE}:3", []),
        (f"x  {BASE}a.js", []),
        (f"x  {BASE}a.js:0", []),
        (f"x  {BASE}{'a' * 5000}.js:3", []),
        ("plain words", []),
        ("", []),
    ],
)
def test_spots_of_a_line(text: str, found: list[Spot]) -> None:
    assert list(spots(text, BASE)) == found


def test_hostile_words_are_taken_apart_in_a_moment() -> None:
    began = time.process_time()
    for text in ("http://" * 1_000, f"{CHUNK}:1 " * 1_000, "(" * 4_000, ":1" * 2_000, "webpack-internal:///" * 200):
        for _ in range(20):
            assert len(spots(text, BASE)) <= MOST_SPOTS
    assert time.process_time() - began < 2.0


def test_an_origin_may_be_told_in_many_ways() -> None:
    def first(source: str, script: str = CHUNK) -> Place | None:
        return next(iter(paths_of(Origin(source, 3, 7), script)), None)

    assert first("file:///home/user/project/app/page.tsx") == Place("app/page.tsx", 3, 7, is_from_top=True)
    assert first("/home/user/project/app/page.tsx", MODULE) == Place("app/page.tsx", 3, 7, is_from_top=True)
    assert first("webpack://_N_E/./app/page.tsx?1a2b", MODULE) == Place("app/page.tsx", 3, 7)
    assert first("turbopack:///[project]/app/page.tsx") == Place("app/page.tsx", 3, 7)
    assert first("Boom.tsx", f"{BASE}src/Boom.tsx?t=1") == Place("src/Boom.tsx", 3, 7)
    assert first("../lib/a.ts", f"{BASE}src/x/Boom.tsx") == Place("src/lib/a.ts", 3, 7)
    assert first("/src/App.vue", f"{BASE}src/App.vue") == Place("src/App.vue", 3, 7)
    served = [place.path for place in paths_of(Origin("index.vue", 3, 7), f"{BASE}_nuxt/pages/index.vue")]
    assert served[0] == "_nuxt/pages/index.vue" and {"pages/index.vue", "app/pages/index.vue"} <= set(served)


@pytest.mark.parametrize(
    "source",
    [
        "../../../../etc/passwd.ts",
        "file:///etc/passwd.ts",
        "file:///home/user/project/../../etc/passwd.ts",
        "/etc/shadow.ts",
        "webpack://_N_E/./../../.ssh/config.ts",
        "http://evil.example/a.ts",
        "http://[/a.ts",
        "node_modules/a/b.ts",
        "C:\\Users\\a.ts",
        "a\x00.ts",
        "",
        "x" * 100_000,
    ],
)
def test_no_origin_leads_out_of_the_project(source: str) -> None:
    for place in paths_of(Origin(source, 1, 1), f"{BASE}a.js"):
        assert ".." not in place.path.split("/") and not place.path.startswith("/") and "node_modules" not in place.path


def test_the_place_stands_behind_the_pages_own_words() -> None:
    text = trailed(f"Uncaught Error: boom  {CHUNK}:16", Place("app/my page.tsx", 9, 3))
    assert text == f"Uncaught Error: boom  {CHUNK}:16{TRAIL}app/my page.tsx:9:3"
    (found,) = find(text)
    assert (found.place, text[found.start : found.end]) == (Place("app/my page.tsx", 9, 3), "app/my page.tsx:9:3")
    # Of a file that is served as it was written nothing is said twice; the compiled line is not taken for the written.
    same = f"Uncaught Error: boom  {BASE}src/a.js:9"
    assert trailed(same, Place("src/a.js", 9, 3)) == same
    other = trailed(f"Uncaught Error: boom  {BASE}src/a.tsx:20", Place("src/a.tsx", 9, 3))
    assert [each.place for each in find(other)] == [Place("src/a.tsx", 9, 3)]


def test_a_page_that_writes_an_arrow_itself() -> None:
    assert [each.place for each in find(f"look{TRAIL}../../secret.ts:1")] == []
    assert [each.place for each in find(f"a.ts:1:1{TRAIL}nowhere")] == [Place("a.ts", 1, 1)]
