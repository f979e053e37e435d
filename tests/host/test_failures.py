from craft_desktop.host import failures
from craft_desktop.host.failures import Failure, GuestSilent


def test_each_kind_has_a_code_that_is_an_error() -> None:
    kinds = [each for each in vars(failures).values() if isinstance(each, type) and issubclass(each, Failure)]
    assert {each.code for each in kinds} == {400, 404, 409, 429, 500, 503}


def test_only_a_silent_guest_has_a_word_of_its_own() -> None:
    assert GuestSilent.error_code == "sandbox_snapshot_guest_agent_unresponsive"  # `e2b.exceptions` looks for it
    assert Failure.error_code == ""
