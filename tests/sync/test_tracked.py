from craft_desktop.sync.tracked import Tracked


def test_files_and_the_folders_that_hold_them() -> None:
    tracked = Tracked.of(frozenset({"a/b/c", "a/d", "e"}))
    assert tracked.folders == {"a", "a/b"}
    assert tracked.holds("a/d", False) and tracked.holds("a", True)
    assert not tracked.holds("a/d", True) and not tracked.holds("a", False)


def test_the_same_is_tracked_whatever_index_says_so() -> None:
    files = frozenset({"a"})
    assert Tracked.of(files, (1,)).is_as(Tracked.of(files, (2,)))
    assert not Tracked.of(files, (1,)).is_as(Tracked())
