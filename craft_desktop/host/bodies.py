"""JSON of E2B's control plane: what a request asks, what an answer tells. Pure.

Keys and their presence are those of the SDK's own models (`e2b.api.client.models`): a required key that is
missing is a KeyError inside the SDK. What this host cannot give is refused with words, never ignored: a program
that asked for no internet must not get it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote

from craft_desktop.host.isolation import Homes
from craft_desktop.host.reach import OPEN, BadRule, Rules, read_rules
from craft_desktop.host.registry import PAGE_LIMIT, OnTimeout, PauseMode, Query, Sandbox, State
from craft_desktop.host.upstream import ENVD_PORT

ENVD_VERSION = "0.6.13"  # the envd whose behaviour ours follows; the SDK turns features on by it
NODE_WISH = "craft-node"  # in the metadata, as the consent to no isolation is
CLIENT_ID = "local"  # E2B: the node a sandbox runs on
TEMPLATE = "base"  # the only template beside snapshots
TEMPLATE_TAG = "default"  # E2B: what a name without a tag means
DEFAULT_TIMEOUT_S = 300  # E2B's
LONGEST_TIMEOUT_S = 30 * 86_400  # E2B allows a day; here nobody pays, but a typing error in ms should still be told
LONGEST_REFRESH_S = 3600  # E2B's
LONGEST_KEY = 255  # of Idempotency-Key, E2B's
# names in a create body that ask for something this host does not have, and how it says so
_REFUSED = {
    "volumeMounts": "volumes",
    "mcp": "the MCP gateway",
    "iam": "cloud identities",
}


class BadRequest(ValueError):
    """A request that cannot be understood or granted; the text is for the person."""


@dataclass(frozen=True, slots=True)
class Creation:
    """What a create call asks for.

    :param secure: envd is to want a token.
    :param unisolated: the person agreed to run without walls where there can be none.
    """

    template_id: str
    timeout_s: int = DEFAULT_TIMEOUT_S
    metadata: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    env: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    secure: bool = True
    public_traffic: bool = True
    mask_host: str | None = None
    https_ports: tuple[int, ...] = ()
    on_timeout: OnTimeout = OnTimeout.KILL
    auto_resume: bool = False
    timeout_pause: PauseMode = PauseMode.FULL
    rules: Rules = OPEN

    @property
    def unisolated(self) -> bool:
        """Whether the caller agreed to have no walls."""
        return self.metadata.get("isolation") == "none"

    @property
    def node(self) -> str:
        """The version of Node.js asked for, among those that are installed; empty for the usual one."""
        return self.metadata.get(NODE_WISH, "")


def read_creation(body: Any, *, always_secure: bool) -> Creation:
    """A create body.

    :param always_secure: `/v2/sandboxes`, where `secure` is no question any more.
    :raises BadRequest: a value of the wrong kind, or a wish this host cannot grant.
    """
    asked = _object(body, "the body")
    for name, words in _REFUSED.items():
        if asked.get(name):
            raise BadRequest(f"{name}: the host on this computer does not offer {words}")
    network = _object(asked.get("network") or {}, "network")
    try:
        rules = read_rules(network, asked.get("allow_internet_access"))
    except BadRule as error:
        raise BadRequest(str(error)) from error
    mask = network.get("maskRequestHost")
    if mask is not None and not isinstance(mask, str):
        raise BadRequest("network.maskRequestHost must be a string")
    template = asked.get("templateID")
    if not isinstance(template, str) or not template:
        raise BadRequest("templateID is missing")
    resume = _object(asked.get("autoResume") or {}, "autoResume")
    keeps_memory = _flag(asked, "autoPauseMemory", True)
    if not keeps_memory and _flag(resume, "enabled", False):
        raise BadRequest("autoResume: a sandbox whose timeout keeps no memory is resumed by a call, not by traffic")
    return Creation(
        template_id=template,
        timeout_s=read_timeout(asked, "timeout", DEFAULT_TIMEOUT_S),
        metadata=_texts(asked.get("metadata"), "metadata"),
        env=_texts(asked.get("envVars"), "envVars"),
        secure=always_secure or _flag(asked, "secure", False),
        public_traffic=_flag(network, "allowPublicTraffic", True),
        mask_host=mask or None,
        https_ports=_ports(network, "httpsPorts"),
        on_timeout=OnTimeout.PAUSE if _flag(asked, "autoPause", False) else OnTimeout.KILL,
        auto_resume=_flag(resume, "enabled", False),
        timeout_pause=PauseMode.FULL if keeps_memory else PauseMode.FILESYSTEM,
        rules=rules,
    )


def read_timeout(body: Any, name: str, default: int | None, longest: int = LONGEST_TIMEOUT_S) -> int:
    """A number of seconds; below zero counts as zero.

    :raises BadRequest: missing without a default, no whole number, or too long.
    """
    value = _object(body, "the body").get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRequest(f"{name} must be a whole number of seconds")
    if value > longest:
        raise BadRequest(f"{name} is {value} s; at most {longest} s are allowed")
    return max(0, value)


def read_memory(body: Any) -> bool:
    """Whether a pause is to keep the memory, or a resume to use it; yes when nothing is said.

    :raises BadRequest: neither true nor false.
    """
    return _flag(_object(body, "the body"), "memory", True)


def read_strict(body: Any) -> bool:
    """Whether a pause is to be refused when envd does not answer.

    :raises BadRequest: neither true nor false.
    """
    return _flag(_object(body, "the body"), "requireHealthyGuest", False)


def read_query(query: Mapping[str, str], *, default_states: frozenset[State] = frozenset(State)) -> Query:
    """The query of a list call.

    :raises BadRequest: a value that is not of its kind.
    """
    states = default_states
    if query.get("state"):
        try:
            states = frozenset(State(word.strip()) for word in query["state"].split(","))
        except ValueError as error:
            raise BadRequest("state must be running, paused or both") from error
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise BadRequest("order must be asc or desc")
    try:
        limit = int(query.get("limit") or PAGE_LIMIT)
        started_after = datetime.fromisoformat(query["startedAfter"]) if query.get("startedAfter") else None
    except ValueError as error:
        raise BadRequest("limit must be a number and startedAfter a time") from error
    if not 1 <= limit <= PAGE_LIMIT:
        raise BadRequest(f"limit must be 1 to {PAGE_LIMIT}")
    if started_after is not None and started_after.tzinfo is None:
        started_after = started_after.replace(tzinfo=UTC)
    return Query(
        metadata=read_metadata(query.get("metadata", "")),
        states=states,
        newest_first=order == "desc",
        started_after=started_after,
        template_id=query.get("template") or None,
        limit=limit,
        after=query.get("nextToken") or None,
    )


def read_metadata(text: str) -> dict[str, str]:
    """The metadata filter: `k=v&k2=v2`, whose keys and values the SDK quotes a second time."""
    return {unquote(key): unquote(value) for key, value in parse_qsl(text, keep_blank_values=True)}


def init(sandbox: Sandbox, env: Mapping[str, str], homes: Homes) -> dict[str, Any]:
    """What envd is told when its cell becomes `sandbox`.

    :param env: for everything that runs in it; wins over what the host says by itself.
    """
    own = {
        "E2B_SANDBOX": "true",
        "E2B_SANDBOX_ID": sandbox.sandbox_id,
        "E2B_TEMPLATE_ID": sandbox.template_id,
    }
    if sandbox.port:
        own["PORT"] = str(sandbox.port)
    return {
        "sandboxId": sandbox.sandbox_id,
        "accessToken": sandbox.envd_token,
        "envVars": own | dict(env),
        "users": {"user": {"home": homes.user}, "root": {"home": homes.root}},
        "defaultUser": "user",
        "defaultWorkdir": None,
    }


def created(sandbox: Sandbox, domain: str) -> dict[str, Any]:
    """The answer to create, connect and resume."""
    body: dict[str, Any] = {
        "templateID": sandbox.template_id,
        "sandboxID": sandbox.sandbox_id,
        "clientID": CLIENT_ID,
        "envdVersion": ENVD_VERSION,
        "domain": domain,
        "alias": sandbox.template_id,
    }
    if sandbox.envd_token is not None:
        body["envdAccessToken"] = sandbox.envd_token
    if sandbox.traffic_token is not None:
        body["trafficAccessToken"] = sandbox.traffic_token
    return body


def listed(sandbox: Sandbox) -> dict[str, Any]:
    """One sandbox of a list."""
    return {
        "templateID": sandbox.template_id,
        "alias": sandbox.template_id,
        "sandboxID": sandbox.sandbox_id,
        "clientID": CLIENT_ID,
        "startedAt": moment(sandbox.started_at),
        "endAt": moment(sandbox.end_at),
        "cpuCount": sandbox.cpu_count,
        "memoryMB": sandbox.memory_mb,
        "diskSizeMB": sandbox.disk_mb,
        "state": sandbox.state.value,
        "envdVersion": ENVD_VERSION,
        "metadata": dict(sandbox.metadata),
        "volumeMounts": [],
    }


def detailed(sandbox: Sandbox, domain: str) -> dict[str, Any]:
    """All that is told of one sandbox."""
    body = listed(sandbox) | {
        "domain": domain,
        "lifecycle": {"autoResume": sandbox.auto_resume, "onTimeout": sandbox.on_timeout.value},
        "allowInternetAccess": sandbox.rules.internet is not False,
        "network": {"allowPublicTraffic": sandbox.traffic_token is None, **sandbox.rules.told()},
    }
    if sandbox.pause_mode is not None:
        body["pauseMode"] = sandbox.pause_mode.value
    if sandbox.guest_silent:
        body["envdUnresponsiveAtPause"] = True
    if sandbox.mask_host is not None:
        body["network"]["maskRequestHost"] = sandbox.mask_host
    if sandbox.https_ports:
        body["network"]["httpsPorts"] = list(sandbox.https_ports)
    if sandbox.envd_token is not None:
        body["envdAccessToken"] = sandbox.envd_token
    return body


def metric(gauges: Mapping[str, float]) -> dict[str, Any]:
    """One measurement, from what envd tells.

    :raises KeyError: a gauge is missing.
    """
    return {
        "timestamp": moment(datetime.fromtimestamp(gauges["ts"], UTC)),
        "timestampUnix": int(gauges["ts"]),
        "cpuCount": int(gauges["cpu_count"]),
        "cpuUsedPct": float(gauges["cpu_used_pct"]),
        "memUsed": int(gauges["mem_used"]),
        "memTotal": int(gauges["mem_total"]),
        "memCache": int(gauges["mem_cache"]),
        "diskUsed": int(gauges["disk_used"]),
        "diskTotal": int(gauges["disk_total"]),
    }


def failure(code: int, message: str, error_code: str = "") -> dict[str, Any]:
    """The body of every failed answer; `error_code` is E2B's word, where a client looks for one."""
    return {"code": code, "message": message} | ({"error_code": error_code} if error_code else {})


def moment(when: datetime) -> str:
    """A moment in E2B's form."""
    return when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest(f"{name} must be an object")
    return value


def _texts(value: Any, name: str) -> dict[str, str]:
    texts = _object({} if value is None else value, name)
    if not all(isinstance(text, str) for text in texts.values()):
        raise BadRequest(f"{name} must hold strings only")
    return texts


def _ports(network: dict[str, Any], name: str) -> tuple[int, ...]:
    ports = network.get(name) or []
    if not isinstance(ports, list) or not all(type(port) is int and 0 < port < 65_536 for port in ports):
        raise BadRequest(f"network.{name} must hold port numbers only")
    if ENVD_PORT in ports:
        raise BadRequest(f"network.{name}: port {ENVD_PORT} is the sandbox's own daemon's")
    return tuple(dict.fromkeys(ports))


def _flag(body: dict[str, Any], name: str, default: bool) -> bool:
    value = body.get(name, default)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise BadRequest(f"{name} must be true or false")
    return value
