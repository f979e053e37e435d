from pathlib import Path

from craft_desktop.model.project import Project, Provider
from craft_desktop.sandbox.connection import Connection
from craft_desktop.sandbox.profile import Profile
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
    assert Asked(Connection(PROFILE), PROJECT, {"isolation": "none"}, None, {}).place != other.place
