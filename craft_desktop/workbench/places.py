"""Where projects can run: gives a connection to this computer's host or to E2B, with the key from its store."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from craft_desktop.logs import Redactor
from craft_desktop.model.errors import Action, ConsentNeededError, SandboxError, SandboxRefusedError
from craft_desktop.model.node_wish import choose
from craft_desktop.model.project import Project, Provider, Recipe
from craft_desktop.model.settings import Settings
from craft_desktop.sandbox.client import load
from craft_desktop.sandbox.connection import Connection
from craft_desktop.sandbox.local_host import LocalHost
from craft_desktop.sandbox.profile import CLOUD_DOMAIN, DEFAULT_TEMPLATE, PUBLIC, Profile
from craft_desktop.store.options import OptionStore
from craft_desktop.store.secrets import SecretStore, mask
from craft_desktop.workbench.rent import APP_METADATA

# After this a window is there and has shown its list; nobody has found a project and pressed Start before.
WARM_AFTER_S = 1.0
_log = logging.getLogger(__name__)
# What the embedded host wants to read before it runs anything unisolated.
UNISOLATED = {"isolation": "none"}
# By this metadata it shows a sandbox one of the Node.js that version managers keep.
NODE_WISH = "craft-node"


@dataclass(frozen=True, slots=True)
class NodeChoice:
    """The metadata that asks for a Node.js, and a sentence about it; both empty for the usual one."""

    metadata: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


class Places:
    """Knows every provider of this copy of the program."""

    def __init__(self, host: LocalHost, options: OptionStore, secrets: SecretStore, redactor: Redactor) -> None:
        self._host = host
        self._options = options
        self._secrets = secrets
        self._redactor = redactor

    async def connection(self, provider: Provider) -> Connection:
        """Give a connection to `provider`.

        :raises SandboxRefusedError: E2B is asked for and there is no key.
        :raises SecretError: the keyring does not answer.
        :raises SandboxError: the embedded host could not be started.
        """
        await load()
        if provider is Provider.LOCAL:
            profile = await self._host.profile()
        else:
            key = await self._secrets.key()
            if not key:
                raise SandboxRefusedError(
                    "E2B wants an API key",
                    "There is none in the keyring, nor in E2B_API_KEY.",
                    "Put your key into Settings, or run this project on this computer.",
                    Action.OPEN_SETTINGS,
                )
            profile = e2b_profile(self._options.settings, key)
        self._redactor.hide(profile.api_key)
        return Connection(profile)

    async def test_key(self) -> str:
        """Ask E2B whether it accepts the key, and give the answer as a sentence.

        The account's name stays unsaid: E2B's API tells a team to who is logged in, not to a key.

        :raises SandboxError: it is refused, or E2B does not answer.
        :raises SecretError: the keyring does not answer.
        """
        connection = await self.connection(Provider.E2B)
        found = await connection.list(APP_METADATA)
        count = {0: "no preview", 1: "one preview"}.get(len(found), f"{len(found)} previews")
        key = mask(connection.profile.api_key)
        return f"{connection.profile.domain} accepts the key {key}. Its account runs {count} of this program."

    async def warm(self, *, is_wanted: bool) -> None:
        """Have ready what the first start would wait for: the client's modules and, if `is_wanted`, the embedded host.

        The host is an idle process; it is wanted where a project is on the list that would run on this computer.
        """
        await asyncio.sleep(WARM_AFTER_S)
        await load()
        if is_wanted:
            try:
                await self._host.profile()
            except SandboxError as error:  # told where it matters, at a start
                _log.info("the host was not started ahead: %s", error)

    async def consent(self, project: Project, provider: Provider) -> dict[str, str]:
        """Give the metadata that says what the person agreed to.

        :raises ConsentNeededError: the project would run unisolated, and nobody has agreed to that.
        :raises SandboxError: the embedded host could not be started.
        """
        if provider is not Provider.LOCAL:
            return dict(PUBLIC) if project.is_shared else {}
        machine = await self._host.machine()
        if machine.isolated:
            return {}
        if not project.unisolated:
            raise ConsentNeededError(
                "This computer cannot isolate the project",
                f"{machine.reason}\nIts code would run with your own rights, and could read and change your files.",
                f"{machine.remedy}\nOr run it on E2B, or without isolation if you trust its code.".strip(),
                Action.ALLOW_UNISOLATED,
            )
        return UNISOLATED

    async def node(self, recipe: Recipe, provider: Provider) -> NodeChoice:
        """Choose the Node.js that a project gets: on this computer the one it asks for, if that is installed.

        :raises SandboxError: the embedded host could not be started.
        """
        if provider is not Provider.LOCAL:
            return NodeChoice()
        machine = await self._host.machine()
        version = choose(recipe.node_range, machine.node, machine.nodes)
        if version is None:
            return NodeChoice()
        why = f", asked for by {recipe.node_source}" if recipe.node_range else ": there is none on PATH"
        return NodeChoice({NODE_WISH: version}, f"Node.js {version} from {machine.nodes[version]}{why}")


def e2b_profile(settings: Settings, key: str) -> Profile:
    """Give the profile of E2B's cloud, or of the self-hosted E2B that the settings name."""
    return Profile(
        provider=Provider.E2B,
        api_key=key,
        domain=settings.e2b_domain or CLOUD_DOMAIN,
        api_url=settings.e2b_api_url,
        sandbox_url=settings.e2b_sandbox_url,
        # The same proxy answers for envd and for ports, told apart by the Host header (E2B infra, proxy/host.go).
        traffic_url=settings.e2b_sandbox_url,
        template=settings.e2b_template or DEFAULT_TEMPLATE,
    )
