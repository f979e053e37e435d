from pathlib import Path

import pytest

from craft_desktop.host.isolation import SYSTEM_FILES, Jail, Network, is_narrow, jail_argv


def jail(**changes: object) -> Jail:
    given: dict[str, object] = {
        "home": Path("/state/home"),
        "scratch": Path("/state/tmp"),
        "etc": Path("/state/etc"),
        "modules": {"h11": Path("/site/h11")},
        "tools": Path("/state/tools"),
        "links": {"/bin": "usr/bin"},
        "trees": (Path("/root/.pyenv/versions/3.11.7"),),
        "environment": {"PATH": "/usr/bin"},
    }
    return Jail(**{**given, **changes})  # type: ignore[arg-type]


def triples(argv: list[str], option: str) -> set[tuple[str, str]]:
    return {(argv[at + 1], argv[at + 2]) for at, word in enumerate(argv) if word == option}


def test_everything_is_apart_and_dies_with_its_parent() -> None:
    argv = jail_argv("bwrap", jail(), ["envd", "--listen-fd", "3"])
    walls = ("user", "pid", "ipc", "uts", "cgroup-try")
    assert {f"--unshare-{wall}" for wall in walls} <= set(argv)
    assert {"--disable-userns", "--as-pid-1", "--die-with-parent", "--new-session", "--clearenv"} <= set(argv)
    assert argv[0] == "bwrap"
    assert argv[argv.index("--") + 1 :] == ["envd", "--listen-fd", "3"]


def test_only_the_sandboxs_own_folders_are_writable() -> None:
    argv = jail_argv("bwrap", jail(), ["true"])
    assert triples(argv, "--bind") == {("/state/home", "/home/user"), ("/state/tmp", "/tmp")}
    assert argv.index("--remount-ro") < argv.index("--")


def test_a_tree_beneath_a_home_is_bound_after_that_home() -> None:
    argv = jail_argv("bwrap", jail(), ["true"])
    assert argv.index("/root") < argv.index("/root/.pyenv/versions/3.11.7")
    assert argv.index("/home/user") < argv.index("/root/.pyenv/versions/3.11.7")


def test_modules_links_and_environment_are_put_in() -> None:
    argv = jail_argv("bwrap", jail(), ["true"])
    assert ("/site/h11", "/run/craft/lib/h11") in triples(argv, "--ro-bind")
    assert ("usr/bin", "/bin") in triples(argv, "--symlink")
    assert triples(argv, "--setenv") == {("PATH", "/usr/bin")}


def test_the_network_and_nested_namespaces_are_choices() -> None:
    assert "--unshare-net" not in jail_argv("bwrap", jail(), ["true"])
    assert "--unshare-net" in jail_argv("bwrap", jail(network=Network.NONE), ["true"])
    assert "--disable-userns" not in jail_argv("bwrap", jail(nested=True), ["true"])


def test_no_folder_that_holds_secrets_is_a_system_file() -> None:
    assert not {"/etc", "/etc/ssl", "/etc/ssl/private", "/etc/pki", "/etc/pki/tls", "/etc/shadow"} & set(SYSTEM_FILES)


@pytest.mark.parametrize(
    ("tree", "narrow"),
    [
        ("/home/ann/.nvm/versions/node/v22.1.0", True),
        ("/opt/node-22", True),
        ("/home/ann/.local/share/uv/python/cpython-3.12", True),
        ("/home/ann/.local", False),
        ("/home/ann", False),
        ("/home", False),
        ("/opt", False),
        ("/", False),
    ],
)
def test_a_folder_that_others_share_is_too_wide(tree: str, narrow: bool) -> None:
    assert is_narrow(Path(tree), Path("/home/ann")) is narrow


def test_the_machines_own_files_in_proc_are_covered_after_it_is_mounted() -> None:
    argv = jail_argv("bwrap", jail(), ["true"])
    assert ("/proc/sys", "/proc/sys") in triples(argv, "--ro-bind-try")
    assert argv.index("--proc") < argv.index("/proc/sys")
