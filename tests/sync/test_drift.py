import os

import pytest

from craft_desktop.sync.drift import REWRITTEN_FILES, Rewrites, adoptable, correct, find_drift
from craft_desktop.sync.snapshot import DIRECTORY, DIRECTORY_IN_DOUBT, UNCERTAIN, Entry, Kind

FILE = Entry(Kind.FILE, 3, 1, 2, 4, sha256="x")
TOLD = Entry(Kind.FILE, sha256="x")
LINK = Entry(Kind.LINK, target="a")


@pytest.mark.parametrize(
    ("known", "told", "is_drift"),
    [
        (FILE, TOLD, False),
        (FILE, TOLD._replace(sha256="y"), True),
        (FILE, TOLD._replace(sha256=None), True),
        (FILE, TOLD._replace(executable=True), True),
        (FILE, None, True),
        (FILE, DIRECTORY, True),
        (FILE, UNCERTAIN, True),
        (LINK, LINK, False),
        (LINK, LINK._replace(target="b"), True),
        (DIRECTORY, DIRECTORY, False),
        (DIRECTORY, None, True),
        # In doubt: the next push sends it anyhow.
        (FILE.in_doubt(), None, False),
        (LINK.in_doubt(), None, False),
        (UNCERTAIN, None, False),
        (DIRECTORY_IN_DOUBT, None, True),
    ],
)
def test_drift(known: Entry, told: Entry | None, is_drift: bool) -> None:
    manifest = {"a": told} if told else {}
    assert find_drift({"a": known}, manifest) == (("a",) if is_drift else ())


def test_what_the_sandbox_wrote_is_no_drift() -> None:
    assert find_drift({"a": FILE}, {"a": TOLD, "next-env.d.ts": TOLD}) == ()


def test_the_copys_word_is_taken() -> None:
    known = {"a": FILE, "b": FILE, "c": FILE}
    correct(known, ("a", "b"), {"a": LINK, "c": LINK})
    assert known == {"a": LINK, "c": FILE}


def test_what_tools_keep_in_a_used_sandbox_stays() -> None:
    mine = ["app", "app/page.tsx", ".env.local", "dist", "dist/x", "yarn", os.fsdecode(b"caf\xe9")]
    kept = ["node_modules", "a/node_modules/x", ".next/cache/y", ".yarn/cache/z.zip", ".pnp.cjs", "a/.svelte-kit/x"]
    kept += ["next-env.d.ts", "tsconfig.tsbuildinfo"]
    manifest = dict.fromkeys([*mine, *kept], TOLD) | {"app": DIRECTORY, "dist": DIRECTORY, ".yarn": DIRECTORY}
    assert adoptable(manifest).keys() == set(mine)


def test_an_edit_of_the_sandboxs_own_is_left_the_second_time() -> None:
    rewrites = Rewrites()
    held = {"a": Entry(Kind.FILE, sha256="1"), "b": Entry(Kind.FILE, sha256="1"), "l": Entry(Kind.LINK, target="a")}
    told = {"a": Entry(Kind.FILE, sha256="2"), "l": Entry(Kind.LINK, target="b")}
    assert rewrites.leave(held, held, told) == (frozenset(), ())
    # Whatever it holds by now: the folder's content is the same.
    told["a"] = Entry(Kind.FILE, sha256="3")
    assert rewrites.leave(held, held, told) == (frozenset({"a"}), ("a",))
    assert rewrites.leave(held, held, told) == (frozenset({"a"}), ())
    held["a"] = Entry(Kind.FILE, sha256="4")
    assert rewrites.leave(held, held, told) == (frozenset(), ())
    assert rewrites.leave(held, held, told) == (frozenset({"a"}), ("a",))
    # A file that could not be read there is not known to be an edit.
    told["a"] = Entry(Kind.FILE, sha256=None)
    assert rewrites.leave(held, held, told) == (frozenset(), ())


def test_much_that_differs_is_no_tools_edit() -> None:
    rewrites = Rewrites()
    held = {str(number): Entry(Kind.FILE, sha256="1") for number in range(REWRITTEN_FILES + 1)}
    told = {at: Entry(Kind.FILE, sha256="2") for at in held}
    for _ in range(3):
        assert rewrites.leave(held, held, told) == (frozenset(), ())
