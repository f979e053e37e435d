"""What of the person's environment goes into a sandbox: the way to the network and the trust in certificates. Pure.

A registry behind a company's proxy is of no use without the proxy, its certificate and its address. Keys and
tokens stay outside: of an npm configuration only the addresses are read, and a name or password within one is cut
off.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

PROXY_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
# variables that name a file or folder of public certificates; whoever reads them is told
CERTIFICATE_NAMES = (
    "NODE_EXTRA_CA_CERTS",  # Node.js
    "SSL_CERT_FILE",  # OpenSSL, Python, Go
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",  # Python's requests, pip
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
    "npm_config_cafile",
)
_SETTING = re.compile(r"^\s*(registry|@[A-Za-z0-9._~-]+:registry|cafile|strict-ssl)\s*=\s*(\S+)\s*$")


def proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """The proxy variables that are set, under the very names that bear them."""
    names = (*PROXY_NAMES, *(name.lower() for name in PROXY_NAMES), "npm_config_proxy", "npm_config_https_proxy")
    return {name: environ[name] for name in names if environ.get(name)}


def certificates(environ: Mapping[str, str], is_public: Callable[[Path], bool]) -> dict[str, str]:
    """The certificate variables whose file may be shown inside.

    :param is_public: whether a path holds certificates and no private key.
    """
    return {name: environ[name] for name in CERTIFICATE_NAMES if environ.get(name) and is_public(Path(environ[name]))}


def npm_settings(npmrc_texts: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """npm's addresses, as environment variables; later texts win over earlier ones, the environment over all.

    :param npmrc_texts: the global and the person's own configuration, in this order.
    """
    found: dict[str, str] = {}
    for text in npmrc_texts:
        for line in text.splitlines():
            match = _SETTING.match(line)
            # `${NAME}` would need the person's environment, which may hold a secret
            if match and "${" not in match[2]:
                found[match[1]] = match[2].strip("\"'")
    settings = {}
    for name, value in found.items():
        kept = without_login(value) if name.endswith("registry") else value
        settings[f"npm_config_{name.replace('-', '_')}"] = kept
    for name in ("npm_config_registry", "NPM_CONFIG_REGISTRY"):
        if environ.get(name):
            settings["npm_config_registry"] = without_login(environ[name])
    return settings


def without_login(url: str) -> str:
    """`url` without the name and password it may carry."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def on_loopback(environment: Mapping[str, str]) -> str | None:
    """The variable that names a proxy or a registry on this very machine; None when none does.

    A sandbox with a network of its own could not reach it.
    """
    for name, value in environment.items():
        if name.upper() == "NO_PROXY":
            continue
        try:
            host = urlsplit(value if "//" in value else f"//{value}").hostname or ""
        except ValueError:
            continue  # no address at all
        if host in ("localhost", "::1") or host.endswith(".localhost") or host.startswith("127."):
            return name
    return None


def is_certificates(text: str) -> bool:
    """Whether a file's text is certificates alone: none is no bundle, a key must not be shown."""
    return "-----BEGIN CERTIFICATE" in text and "PRIVATE KEY" not in text
