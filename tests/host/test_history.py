from craft_desktop.host.history import GAUGES, History


def gauges(at: float) -> dict[str, float]:
    return {**dict.fromkeys(GAUGES, 1.0), "ts": at, "more": 9.0}


def test_a_span_is_told_oldest_first() -> None:
    history = History()
    for at in (10, 20, 30):
        history.add("a", gauges(at))
    assert [each["ts"] for each in history.between("a", None, None)] == [10, 20, 30]
    assert [each["ts"] for each in history.between("a", 20, 29)] == [20]
    assert history.between("a", 31, None) == history.between("b", None, None) == []
    assert history.latest("a") == {**dict.fromkeys(GAUGES, 1.0), "ts": 30}
    assert history.latest("b") is None


def test_the_oldest_goes_when_there_are_too_many() -> None:
    history = History(kept=2)
    for at in (10, 20, 30):
        history.add("a", gauges(at))
    assert [each["ts"] for each in history.between("a", None, None)] == [20, 30]


def test_who_is_gone_is_forgotten() -> None:
    history = History()
    history.add("a", gauges(1))
    history.add("b", gauges(1))
    history.keep_only(["b"])
    assert history.latest("a") is None
    assert history.latest("b") is not None
