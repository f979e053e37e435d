import gc
import weakref

from craft_desktop.ui.pauses import set_aside


class Knot:
    def __init__(self) -> None:
        self.itself = self


def test_what_is_there_is_set_aside_and_what_comes_is_collected() -> None:
    before = gc.get_freeze_count()
    old = weakref.ref(Knot())
    try:
        set_aside()
        assert old() is None, "garbage is not kept"
        assert gc.get_freeze_count() > before + 1000
        later = weakref.ref(Knot())
        gc.collect()
        assert later() is None
    finally:
        gc.unfreeze()
