from craft_desktop.model.events import Pushed, SaveSeen
from craft_desktop.model.saved import Frame
from craft_desktop.workbench.saves import MOST_SIGNALS, Saves

T = 1_795_000_000.0


def save(at: float, project_id: str = "p1") -> Pushed:
    """A save at `at`, noticed 3 ms and in the sandbox 41 ms later."""
    return Pushed(project_id, 1, 0, 10, 38.0, 1, at, at + 0.041)


def test_a_save_is_told_once_with_what_is_usual() -> None:
    told: list[SaveSeen] = []
    saves = Saves(told.append)
    saves.painted("p1", [Frame(T)])
    for number, took in enumerate((0.4, 0.2, 0.3)):
        at = T + 10 * number
        saves.pushed(save(at))
        saves.painted("p1", [Frame(at + took)])  # the dev server has not spoken
        saves.heard("p1", at + 0.1)
        saves.heard("p2", at + 0.1)
        saves.painted("p1", [])
        for _ in range(2):
            saves.painted("p1", [Frame(at + took), Frame(at + took + 0.5)])
    assert [round(seen.saved.total_ms) for seen in told] == [400, 200, 300]
    assert [round(seen.usual.total_ms) for seen in told] == [400, 200, 300]
    assert {seen.project_id for seen in told} == {"p1"}
    saves.forget("p1")
    saves.painted("p1", [Frame(T + 40)])
    assert len(told) == 3


def test_a_save_on_the_heels_of_one_that_did_not_show_is_not_measured() -> None:
    told: list[SaveSeen] = []
    saves = Saves(told.append)
    saves.pushed(save(T))
    saves.heard("p1", T + 0.05)
    saves.pushed(save(T + 0.1))
    saves.heard("p1", T + 0.15)
    saves.painted("p1", [Frame(T + 0.2)])  # the first one's, or the second one's
    assert told == []
    saves.pushed(save(T + 5))
    saves.heard("p1", T + 5.1)
    saves.painted("p1", [Frame(T + 5.2)])
    assert [round(seen.saved.total_ms) for seen in told] == [200]


def test_a_save_the_dev_server_does_not_heed_hinders_no_other() -> None:
    told: list[SaveSeen] = []
    saves = Saves(told.append)
    saves.pushed(save(T))
    saves.pushed(save(T + 0.5))
    saves.heard("p1", T + 0.6)
    saves.painted("p1", [Frame(T + 0.7)])
    assert [round(seen.saved.total_ms) for seen in told] == [200]


def test_a_flood_of_signals_is_bounded() -> None:
    saves = Saves(lambda _: None)
    for number in range(10 * MOST_SIGNALS):
        saves.heard("p1", T + number)
    assert len(saves._watched["p1"].signals) == MOST_SIGNALS
