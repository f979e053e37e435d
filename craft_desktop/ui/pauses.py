"""Keeps Python's collector of cycles from holding the window up.

A full collection looks at every object: with all modules loaded that took 15 to 34 ms (measured), twice a frame. What
is there when the program has begun stays for good, so it is set aside once and never looked at again; the collections
that follow look at what came since, and take a millisecond.
"""

import gc


def set_aside() -> None:
    """Look once more at everything there is, and never again at what stays. Called once, before the window shows."""
    gc.collect()
    gc.freeze()
