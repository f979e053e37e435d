from craft_desktop.workbench.door import Access


def test_a_token_is_never_shown_whole() -> None:
    access = Access("http://127.0.0.1:4000", "a-long-secret-7f3a")
    assert access.masked == "•••• 7f3a"
    assert "secret" not in repr(access)
