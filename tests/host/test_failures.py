import errno

import pytest

from craft_desktop.host import failures
from craft_desktop.host.failures import CannotStart, Failure, GuestSilent, NoRoom, NotNow, cannot, telling


def test_each_kind_has_a_code_that_is_an_error() -> None:
    kinds = [each for each in vars(failures).values() if isinstance(each, type) and issubclass(each, Failure)]
    assert {each.code for each in kinds} == {400, 404, 409, 429, 500, 503, 507}


def test_only_a_silent_guest_has_a_word_of_its_own() -> None:
    assert GuestSilent.error_code == "sandbox_snapshot_guest_agent_unresponsive"  # `e2b.exceptions` looks for it
    assert Failure.error_code == ""


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_as_one(number: int) -> None:
    failure = cannot("it cannot be kept", OSError(number, "full"))
    assert type(failure) is NoRoom and str(failure) == f"not enough space: it cannot be kept: [Errno {number}] full"
    assert type(cannot("it did not start", failure)) is NoRoom


def test_another_fault_of_the_disk_is_no_full_one() -> None:
    failure = cannot("it cannot be kept", OSError(errno.EIO, "broken"))
    assert type(failure) is CannotStart and str(failure) == "it cannot be kept: [Errno 5] broken"
    assert type(cannot("it did not start", failure)) is CannotStart


def test_what_fails_inside_is_raised_as_what_could_not_be_done() -> None:
    with pytest.raises(CannotStart, match=r"^it did not start: envd is silent$"), telling("it did not start"):
        raise CannotStart("envd is silent")
    with pytest.raises(NoRoom, match="it did not start"), telling("it did not start"):
        raise OSError(errno.ENOSPC, "full")
    with pytest.raises(NotNow), telling("it did not start"):
        raise NotNow("paused")
