from dataclasses import replace
from pathlib import Path

from craft_desktop.model.project import Project, Provider
from craft_desktop.sandbox.connection import Connection
from craft_desktop.sandbox.profile import PUBLIC, Profile
from craft_desktop.store.images import Image
from craft_desktop.workbench.rent import Asked, kind_of

PROFILE = Profile(Provider.E2B, "key", "e2b.app", template="base")
PROJECT = Project("p1", "shop", "shop", Path("/shop"), 1.0, 2.0)


def image(install_s: float, name: str = "i") -> Image:
    return Image(name, "e2b", "key", "p1", "22.0.0", install_s, 1.0, 2.0)


def test_a_kind_is_its_place_and_image_and_holds_no_environment() -> None:
    one = Asked(Connection(PROFILE), PROJECT, {}, "key", {"TOKEN": "secret"})
    other = Asked(Connection(PROFILE), PROJECT, {}, None, {})
    assert kind_of(one, None) == kind_of(other, None)
    assert kind_of(one, image(3)) != kind_of(other, None)
    assert kind_of(one, None).asked.envs == {}
    assert "secret" not in repr(one)


def test_a_public_sandbox_stands_for_no_private_one_but_takes_its_images() -> None:
    private = Asked(Connection(PROFILE), PROJECT, {"craft-node": "22"}, None, {})
    public = Asked(Connection(PROFILE), PROJECT, {"craft-node": "22", **PUBLIC}, None, {"TOKEN": "secret"})
    assert public.is_public and not private.is_public
    assert kind_of(public, None) != kind_of(private, None) and public.place == private.place
    assert not public.fits(private.consent) and public.fits(public.consent)
    assert public.alone == replace(private, connection=public.connection)


def test_isolation_is_part_of_a_place() -> None:
    other = Asked(Connection(PROFILE), PROJECT, {}, None, {})
    assert Asked(Connection(PROFILE), PROJECT, {"isolation": "none"}, None, {}).place != other.place
