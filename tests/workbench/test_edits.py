import asyncio

from craft_desktop.workbench.edits import LONGEST_S, REST_S, Edits, named


def test_edits_are_kept_until_they_are_taken() -> None:
    kept = Edits()
    assert not kept
    kept.note({"a.js"})
    kept.note({"b.js", "a.js"})
    assert kept
    assert kept.take() == {"a.js", "b.js"}
    assert not kept and kept.take() == set()


async def test_a_rest_is_as_long_as_nothing_comes() -> None:
    kept = Edits()
    clock = asyncio.get_running_loop().time
    began = clock()
    await kept.rest()
    assert clock() - began >= REST_S - 0.01  # timers may be early by the clock's grain


async def test_one_that_writes_without_end_is_not_waited_for() -> None:
    kept = Edits()
    loop = asyncio.get_running_loop()
    began = loop.time()

    is_over = False

    def again() -> None:
        kept.note({"a.js"})
        if not is_over:
            loop.call_later(REST_S / 10, again)

    again()
    await kept.rest()
    is_over = True
    assert loop.time() - began >= LONGEST_S - 0.01


def test_files_are_named_by_the_first_and_a_number() -> None:
    assert named({"server.js"}) == "server.js"
    assert named({"lib/z.js", "server.js", "lib/a.js"}) == "server.js and 2 more"
