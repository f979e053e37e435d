"""Where sandboxes come from: E2B's cloud, a self-hosted E2B or this computer, all as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from craft_desktop.model.project import Provider

CLOUD_DOMAIN = "e2b.app"
DEFAULT_TEMPLATE = "base"
PUBLIC: Mapping[str, str] = MappingProxyType({"traffic": "public"})
"""Metadata of a sandbox whose ports answer everybody who has their address; all others want its traffic token."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How to reach a provider. Empty addresses mean the SDK's own (`https://api.<domain>` and so on).

    `traffic_url` is where a sandbox's ports are reached when their public names do not resolve (this computer:
    `3000-<id>.localhost` is known to browsers alone); the name then goes into the Host header.
    """

    provider: Provider
    api_key: str = field(repr=False)
    domain: str = CLOUD_DOMAIN
    api_url: str = ""
    sandbox_url: str = ""
    traffic_url: str = ""
    template: str = DEFAULT_TEMPLATE


@dataclass(frozen=True, slots=True)
class Address:
    """A port of a sandbox: connect to `url`, send `host` as Host, and `headers` besides (E2B's traffic token)."""

    url: str
    host: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def address_of(profile: Profile, host: str, traffic_token: str | None) -> Address:
    """Give the address of a port whose public name is `host` (the SDK's `get_host`)."""
    headers = (("e2b-traffic-access-token", traffic_token),) if traffic_token else ()
    return Address(profile.traffic_url or f"https://{host}", host, headers)
