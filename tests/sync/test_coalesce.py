from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.sync.coalesce import LIMIT_S, REST_S, Coalescer, Due

AT = 1000.0


def test_nothing_is_due_at_first() -> None:
    coalescer = Coalescer()
    assert coalescer.due_at() is None
    assert coalescer.take(AT) is None


def test_a_save_goes_at_once() -> None:
    coalescer = Coalescer()
    coalescer.tell_saved("a", AT)
    assert coalescer.due_at() == AT
    assert coalescer.take(AT) == Due(frozenset({"a"}), False, AT)
    assert coalescer.due_at() is None


def test_a_save_goes_alone_and_the_dance_around_it_rests() -> None:
    coalescer = Coalescer()
    coalescer.tell_changed("a~", AT)
    coalescer.tell_changed("a", AT + 0.001)
    coalescer.tell_saved("a", AT + 0.002)
    assert coalescer.take(AT + 0.002) == Due(frozenset({"a"}), False, AT + 0.002)
    assert coalescer.take(AT + 0.003) is None
    assert coalescer.take(AT + 0.001 + REST_S) == Due(frozenset({"a~"}), False, AT)


def test_the_second_save_of_a_burst_rests() -> None:
    coalescer = Coalescer()
    coalescer.tell_saved("a", AT)
    coalescer.tell_saved("b", AT + 0.001)
    assert coalescer.take(AT + 0.001) == Due(frozenset({"a"}), False, AT)
    assert coalescer.due_at() == AT + 0.001 + REST_S


def test_a_burst_that_goes_on_is_taken_at_the_limit() -> None:
    coalescer = Coalescer()
    steps = int(LIMIT_S / REST_S * 2) + 1
    for step in range(steps):
        coalescer.tell_changed(f"f{step}", AT + step * REST_S / 2)
    assert coalescer.due_at() == AT + LIMIT_S
    due = coalescer.take(AT + LIMIT_S)
    assert due is not None
    assert len(due.relpaths) == steps


def test_saves_apart_are_each_urgent() -> None:
    coalescer = Coalescer()
    for step in range(3):
        now = AT + step * REST_S * 1.01
        coalescer.tell_saved("a", now)
        assert coalescer.due_at() == now
        assert coalescer.take(now) is not None


def test_everything_swallows_nothing() -> None:
    coalescer = Coalescer()
    coalescer.tell_changed("a", AT)
    coalescer.tell_everything(AT)
    assert coalescer.take(AT + REST_S) == Due(frozenset({"a"}), True, AT)
    assert coalescer.take(AT + 1) is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["saved", "changed", "everything"]),
            st.sampled_from("abc"),
            st.floats(min_value=0, max_value=0.1),
        ),
        max_size=40,
    )
)
def test_whatever_is_told_is_taken_in_time(hints: list[tuple[str, str, float]]) -> None:
    """Served whenever it asks to be, it hands over every hint, none later than the limit."""
    coalescer = Coalescer()
    waiting: dict[str, float] = {}
    now = AT

    def serve(until: float) -> None:
        while (at := coalescer.due_at()) is not None and at <= until:
            due = coalescer.take(at)
            assert due is not None
            for name in [*due.relpaths, *(["*"] if due.everything else [])]:
                assert at - waiting.pop(name) <= LIMIT_S + 1e-9

    for kind, relpath, pause in hints:
        serve(now)
        if kind == "everything":
            coalescer.tell_everything(now)
        elif kind == "saved":
            coalescer.tell_saved(relpath, now)
        else:
            coalescer.tell_changed(relpath, now)
        waiting.setdefault("*" if kind == "everything" else relpath, now)
        now += pause
        serve(now)
    serve(now + LIMIT_S)
    assert not waiting
    assert coalescer.due_at() is None
