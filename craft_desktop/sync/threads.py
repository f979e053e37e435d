"""Work on a folder's 100,000 entries in threads, such that the event loop goes on.

A thread keeps the interpreter's lock until another has waited `SWITCH_S` for it: the loop waits as long, each time it
wakes. One sweep of the garbage collector through all that a scan has made is not interrupted: 80 to 120 ms for 100,000
files (measured). So the collector rests while such work is done. What was made then is taken out of its sight for good,
for it is kept as long as the project is open: it still goes when nothing holds it, but what holds itself in a circle at
that moment stays. Nothing of the sync does.
"""

import asyncio
import gc
import sys
from collections.abc import Callable
from typing import TypeVar

# So many objects (a sweep through them: 1 ms) are left for the collector to find its way through.
SWEPT_OBJECTS = 10_000

# Python's own is 5 ms, a third of a frame; with this the scan of 100,000 files took no longer (measured).
SWITCH_S = 0.001

Result = TypeVar("Result")


def at_rest(work: Callable[[], Result]) -> Result:
    """Do something while the garbage collector rests. Blocks."""
    if sys.getswitchinterval() > SWITCH_S:
        sys.setswitchinterval(SWITCH_S)
    # Where it rests already, whoever has it rest lets it go on: at worst a sweep comes early.
    was_on = gc.isenabled()
    gc.disable()
    try:
        return work()
    finally:
        # How many were made since the last sweep, and are still there.
        if gc.get_count()[0] > SWEPT_OBJECTS:
            gc.freeze()
        if was_on:
            gc.enable()


async def look_in_thread(work: Callable[[], Result]) -> Result:
    """Do something that changes nothing; whoever is cancelled does not wait for it."""
    return await asyncio.to_thread(at_rest, work)


async def change_in_thread(work: Callable[[], Result]) -> Result:
    """Do something to what others go on with afterwards; whoever is cancelled waits for its end."""
    doing = asyncio.get_running_loop().run_in_executor(None, at_rest, work)
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing])
        if not doing.cancelled():
            doing.exception()  # of no use any more: the cancellation goes on
        raise
