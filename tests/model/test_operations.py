from craft_desktop.model.operations import Health, Opened, OpenStatus
from craft_desktop.model.session import Session


def test_the_words_are_those_of_the_service() -> None:
    assert [status.value for status in OpenStatus] == ["created", "running"]
    opened = Opened(OpenStatus.CREATED, Session("p1"), 0)
    assert opened.session.phase.value == "stopped"
    assert Health(False, opened.session, 0.0, None).timeout_in_s is None
