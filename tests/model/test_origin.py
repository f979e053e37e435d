from craft_desktop.model.origin import Origin


def test_the_words_stay() -> None:
    """They are kept in the history of runs, which outlives a version of the program."""
    assert [origin.value for origin in Origin] == ["adopted", "pooled", "image", "template"]
