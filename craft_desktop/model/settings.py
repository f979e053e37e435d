"""Every option of the program, once: key, type, default, bounds, unit and words.

Settings are hard to lose and chosen by a person; what the program remembers by itself lies elsewhere (store/projects,
ui geometry). Secrets are never settings.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from craft_desktop.model.editor import misfit
from craft_desktop.model.errors import Action, SettingError
from craft_desktop.model.project import Provider

Value = str | int | bool


class WhenIdle(StrEnum):
    """What becomes of a project that nobody uses."""

    STOP = "stop"
    SLEEP = "sleep"


class WhenQuit(StrEnum):
    """What becomes of what runs when the program ends. What runs on this computer always ends with it."""

    STOP = "stop"
    KEEP = "keep"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: a number, a word, or (a `default` of True or False) whether what `help` says is done.

    `low` and `high` bound a number, `choices` a word; `unit` stands behind a number, `hint` in an empty field.
    """

    key: str
    default: Value
    label: str
    help: str
    unit: str = ""
    low: int = 0
    high: int = 0
    choices: tuple[str, ...] = ()
    is_url: bool = False
    hint: str = ""


OPTIONS: tuple[Option, ...] = (
    Option(
        "provider",
        Provider.LOCAL.value,
        "Run previews on",
        "Where a project runs unless it says otherwise.",
        choices=tuple(Provider),
    ),
    Option(
        "install_limit_s",
        120,  # the web service's own limit
        "Time for an install",
        "An install that takes longer is stopped.",
        unit="s",
        low=10,
        high=3600,  # an hour: longer than any install that will still succeed
    ),
    Option(
        "ready_limit_s",
        120,  # four times the slowest first page measured (webpack, cold, 15 s) with room for slow disks
        "Time for the first page",
        "A dev server that has not answered by then is stopped.",
        unit="s",
        low=10,
        high=3600,
    ),
    Option(
        "idle_limit_min",
        15,  # the web service's own figure
        "Idle after",
        "A project that nobody has used for this long is stopped or put to sleep. 0 means never.",
        unit="min",
        high=1440,
    ),
    Option(
        "when_idle",
        WhenIdle.STOP.value,
        "When idle",
        "Stop ends the sandbox; sleep pauses it, and the next look, request or edit wakes it within a second.",
        choices=tuple(WhenIdle),
    ),
    Option(
        "preview_port",
        4100,
        "Preview port",
        "The port in every preview address on this computer. Takes effect at the next start of the program.",
        low=1024,  # below it a port needs privileges
        high=65535,
    ),
    Option(
        "e2b_domain",
        "",
        "E2B domain",
        "The domain of an E2B that you host, for example e2b.example.com. Leave it empty for E2B’s cloud.",
        hint="e2b.app",
    ),
    Option(
        "e2b_api_url",
        "",
        "E2B API address",
        "Needed only if it is not https://api.<domain>.",
        is_url=True,
    ),
    Option(
        "e2b_sandbox_url",
        "",
        "E2B sandbox address",
        "Needed only if it is not https://<port>-<id>.<domain>.",
        is_url=True,
    ),
    Option(
        "theme",
        "system",
        "Theme",
        "System follows your desktop, also when it changes.",
        choices=("system", "light", "dark"),
    ),
    Option(
        "editor",
        "",
        "Editor",
        "The command that opens a file at a line. Leave it empty to use an editor that is installed.",
        hint="code -g {file}:{line}:{column}",
    ),
    Option(
        "tray",
        False,
        "Tray",
        "Keep running in the tray when the window is closed.",
    ),
    Option(
        "notifications",
        True,
        "Notifications",
        "Tell me when something finished or failed while another window is in front.",
    ),
    Option(
        "images_gb",
        10,  # a Next.js project takes 0.4 GB to 0.8 GB: a dozen projects
        "Room for dependencies",
        "Installed dependencies are kept, so that a later start installs nothing. The ones used last stay; 0 keeps "
        "none.",
        unit="GB",
        low=0,
        high=1000,
    ),
    Option(
        "pool_size",
        0,
        "Sandboxes kept ready",
        "Made ahead, so that a start does not wait for one. On E2B you pay for each while it waits.",
        low=0,
        high=10,  # each takes memory on this computer
    ),
    Option(
        "e2b_template",
        "base",
        "E2B template",
        "What sandboxes on E2B begin with. “craft-desktop template build” makes one with Next.js in it.",
    ),
    Option(
        "when_quit",
        WhenQuit.STOP.value,
        "On quit",
        "What runs on this computer ends with the program. A sandbox on E2B can stay for as long as “Idle after” says "
        "(an hour at most), so that the next start is quick. You pay for that time.",
        choices=tuple(WhenQuit),
    ),
    Option("start_again", False, "Previews", "Start again what ran when the program last ended."),
    Option("open_at_login", False, "Log-in", "Open the program when you log in to this computer."),
    Option(
        "control_api",
        True,
        "Access",
        "Let the command line and scripts on this computer list, start and stop projects.",
    ),
)

BY_KEY = {option.key: option for option in OPTIONS}


@dataclass(frozen=True, slots=True)
class Settings:
    """The values in force."""

    provider: Provider = Provider.LOCAL
    install_limit_s: int = 120
    ready_limit_s: int = 120
    idle_limit_min: int = 15
    when_idle: WhenIdle = WhenIdle.STOP
    preview_port: int = 4100
    e2b_domain: str = ""
    e2b_api_url: str = ""
    e2b_sandbox_url: str = ""
    theme: str = "system"
    editor: str = ""
    tray: bool = False
    notifications: bool = True
    images_gb: int = 10
    pool_size: int = 0
    e2b_template: str = "base"
    when_quit: WhenQuit = WhenQuit.STOP
    start_again: bool = False
    open_at_login: bool = False
    control_api: bool = True


def settled(values: Mapping[str, Value]) -> Settings:
    """Give the settings in force: `values` (checked) over the defaults."""
    whole = {option.key: values.get(option.key, option.default) for option in OPTIONS}
    return Settings(
        provider=Provider(str(whole["provider"])),
        install_limit_s=int(whole["install_limit_s"]),
        ready_limit_s=int(whole["ready_limit_s"]),
        idle_limit_min=int(whole["idle_limit_min"]),
        when_idle=WhenIdle(str(whole["when_idle"])),
        preview_port=int(whole["preview_port"]),
        e2b_domain=str(whole["e2b_domain"]),
        e2b_api_url=str(whole["e2b_api_url"]),
        e2b_sandbox_url=str(whole["e2b_sandbox_url"]),
        theme=str(whole["theme"]),
        editor=str(whole["editor"]),
        tray=bool(whole["tray"]),
        notifications=bool(whole["notifications"]),
        images_gb=int(whole["images_gb"]),
        pool_size=int(whole["pool_size"]),
        e2b_template=str(whole["e2b_template"]),
        when_quit=WhenQuit(str(whole["when_quit"])),
        start_again=bool(whole["start_again"]),
        open_at_login=bool(whole["open_at_login"]),
        control_api=bool(whole["control_api"]),
    )


def check(key: str, value: object) -> Value:
    """Give `value` as the setting `key` stores it.

    :raises SettingError: an unknown key, a wrong type, or out of bounds.
    """
    option = BY_KEY.get(key)
    if option is None:
        raise _refused(key, f"There is no setting “{key}”.", "Remove it from the settings file.")
    if isinstance(option.default, bool):
        if isinstance(value, bool):
            return value
        raise _refused(option.label, f"It is on or off, not “{value}”.", "Write true or false.")
    if isinstance(option.default, int):
        return _check_number(option, value)
    if not isinstance(value, str):
        raise _refused(option.label, f"It takes text, not {type(value).__name__}.", "Write it as text.")
    text = value.strip()
    if option.choices and text not in option.choices:
        raise _refused(option.label, f"“{text}” is not known.", f"Choose one of: {', '.join(option.choices)}.")
    if option.is_url and text and not _is_address(text):
        raise _refused(option.label, f"“{text}” is not an address.", "Write it as https://host or http://host:port.")
    if key == "editor" and text and (wrong := misfit(text)):
        raise _refused(option.label, wrong, "Write it as program {file}, with {line} and {column} where it takes them.")
    if key == "e2b_domain" and re.search(r"[\s/@?#\\]", text):
        raise _refused(option.label, f"“{text}” is not a domain.", "Write the bare name, for example e2b.example.com.")
    return text


def _check_number(option: Option, value: object) -> int:
    try:
        number = int(value) if isinstance(value, int | str) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    unit = f"\N{NO-BREAK SPACE}{option.unit}" if option.unit else ""
    bounds = f"Choose one from {option.low} to {option.high}{unit}."
    if number is None:
        raise _refused(option.label, f"“{value}” is not a whole number.", bounds)
    if not option.low <= number <= option.high:
        raise _refused(option.label, f"{number}{unit} is out of bounds.", bounds)
    return number


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        # Reading the port is what checks it. urlsplit drops line ends in silence, so they are looked for by hand.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and len(text.split()) == 1
    except ValueError:
        return False


def _refused(label: str, detail: str, remedy: str) -> SettingError:
    return SettingError(f"“{label}” was not changed", detail, remedy, Action.OPEN_SETTINGS)
