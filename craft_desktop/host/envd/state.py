"""What the host told this daemon in `/init`: the sandbox, its token, its users and its variables."""

from collections.abc import Mapping
from typing import Any

from craft_desktop.host.envd.faults import HttpFault
from craft_desktop.host.envd.paths import User


class State:
    """The daemon's configuration; empty until the first `/init`."""

    def __init__(self) -> None:
        self.is_ready = False
        self.sandbox_id = ""
        self.access_token: str | None = None
        self.env_vars: dict[str, str] = {}
        self.users: dict[str, User] = {}
        self.default_user = ""
        self.default_workdir: str | None = None

    def adopt(self, told: Mapping[str, Any]) -> None:
        """Take over an `/init` document. A later one changes what it names and leaves the rest.

        Variables merge, as in E2B's envd; a token given as null removes the token.

        :raises HttpFault: 400, the document is not of the agreed form; nothing is changed then.
        """
        env_vars = _strings(told.get("envVars") or {}, "envVars")
        homes = told.get("users") or {}
        if not isinstance(homes, dict):
            raise HttpFault(400, "users must be an object")
        users = {}
        for name, facts in homes.items():
            home = facts.get("home") if isinstance(facts, dict) else None
            if not isinstance(home, str) or not home.startswith("/"):
                raise HttpFault(400, f"user {name!r} needs an absolute home")
            users[name] = User(name, home)
        token = told.get("accessToken", self.access_token)
        if token is not None and not isinstance(token, str):
            raise HttpFault(400, "accessToken must be a string or null")
        default_user = told.get("defaultUser") or self.default_user
        known = users or self.users
        if default_user not in known:
            raise HttpFault(400, f"defaultUser {default_user!r} is not among the users")
        workdir = told.get("defaultWorkdir", self.default_workdir)
        if workdir is not None and not isinstance(workdir, str):
            raise HttpFault(400, "defaultWorkdir must be a string or null")
        self.sandbox_id = str(told.get("sandboxId") or self.sandbox_id)
        self.access_token = token or None
        self.env_vars.update(env_vars)
        self.users = known
        self.default_user = default_user
        self.default_workdir = workdir or None
        self.is_ready = True

    def user(self, name: str | None) -> User:
        """The user of that name, the default one for none.

        :raises KeyError: no such user.
        """
        return self.users[name or self.default_user]


def _strings(value: object, name: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(
        isinstance(key, str) and isinstance(item, str) for key, item in value.items()
    ):
        raise HttpFault(400, f"{name} must map strings to strings")
    return value
