from craft_desktop.host.sources import Sources


def test_tokens_are_new_and_numbers_below() -> None:
    sources = Sources()
    assert len({sources.token() for _ in range(20)}) == 20
    assert {sources.below(3) for _ in range(200)} == {0, 1, 2}
    assert sources.now().tzinfo is not None
