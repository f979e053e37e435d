import pytest

from craft_desktop.model.project import Provider
from craft_desktop.sandbox.profile import CLOUD_DOMAIN, Address, Profile, address_of

CLOUD = Profile(Provider.E2B, "e2b_0123456789abcdef")
LOCAL = Profile(Provider.LOCAL, "e2b_0123456789abcdef", traffic_url="http://127.0.0.1:40001")


@pytest.mark.parametrize(
    ("profile", "host", "url"),
    [
        (CLOUD, f"3000-i1.{CLOUD_DOMAIN}", f"https://3000-i1.{CLOUD_DOMAIN}"),
        (LOCAL, "3000-i1.localhost:40001", "http://127.0.0.1:40001"),
    ],
)
def test_a_port_is_reached_by_its_name_or_where_its_name_is_unknown_by_address(
    profile: Profile, host: str, url: str
) -> None:
    assert address_of(profile, host, None) == Address(url, host)


def test_a_traffic_token_goes_with_every_question() -> None:
    address = address_of(CLOUD, "3000-i1.e2b.app", "t0ken-0123456789")
    assert dict(address.headers) == {"e2b-traffic-access-token": "t0ken-0123456789"}
    assert address_of(CLOUD, "3000-i1.e2b.app", "").headers == ()


def test_no_secret_is_shown_by_a_value_in_a_log() -> None:
    assert CLOUD.api_key not in repr(CLOUD)
    assert "t0ken" not in repr(address_of(CLOUD, "3000-i1.e2b.app", "t0ken-0123456789"))


def test_the_cloud_needs_a_key_alone() -> None:
    assert (CLOUD.domain, CLOUD.api_url, CLOUD.sandbox_url, CLOUD.traffic_url) == (CLOUD_DOMAIN, "", "", "")
