"""What a sandbox is rented by, and what makes one as good as another."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from craft_desktop.model.project import Project
from craft_desktop.sandbox.connection import Connection
from craft_desktop.sandbox.profile import PUBLIC
from craft_desktop.store.images import Image
from craft_desktop.workbench.gallery import place_of

# What every sandbox of this program is known by; its installation, project and nonce are told beside it.
APP_METADATA = {"app": "craft-desktop"}


@dataclass(frozen=True, slots=True)
class Asked:
    """Who rents, and how: what a sandbox is made by, and made again by.

    :param consent: metadata that says how: what the person agreed to, and chose.
    """

    connection: Connection
    project: Project
    consent: Mapping[str, str]
    key: str | None
    envs: Mapping[str, str] = field(repr=False)

    @property
    def place(self) -> str:
        """Where images for this rent lie."""
        return place_of(self.connection.profile, self.alone.consent)

    @property
    def is_public(self) -> bool:
        """Does its page answer everybody?"""
        return self.consent.items() >= PUBLIC.items()

    @property
    def alone(self) -> "Asked":
        """The same without what is for this project's visitors or its code: a public address, variables."""
        consent = {name: value for name, value in self.consent.items() if name not in PUBLIC}
        return replace(self, consent=consent, envs={})

    def fits(self, metadata: Mapping[str, str]) -> bool:
        """Was a sandbox made with the walls and the Node.js that are asked for now?"""
        own = {*APP_METADATA, "installation", "project", "nonce"}
        return {name: value for name, value in metadata.items() if name not in own} == dict(self.consent)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of sandbox that is kept ready: what it is made from, and where; equal when one can stand for another."""

    place: str
    image_name: str
    is_public: bool
    image: Image | None = field(compare=False)
    asked: Asked = field(compare=False)


def kind_of(asked: Asked, image: Image | None) -> Kind:
    """Give the kind of sandbox that would serve who asks."""
    return Kind(asked.place, image.name if image else "", asked.is_public, image, replace(asked, envs={}))
