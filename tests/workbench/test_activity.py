from craft_desktop.workbench.activity import Activity


def test_idle_counts_from_the_last_use() -> None:
    now = [100.0]
    activity = Activity(lambda: now[0])
    now[0] = 160.0
    assert activity.idle_s == 60.0
    activity.touch()
    assert activity.idle_s == 0.0
    now[0] = 150.0  # a clock that goes back is no negative idleness
    assert activity.idle_s == 0.0
