from pathlib import Path

import pytest

from craft_desktop.host.surroundings import (
    certificates,
    is_certificates,
    npm_settings,
    on_loopback,
    proxies,
    without_login,
)


def test_proxies_keep_the_names_that_bear_them() -> None:
    environ = {"HTTPS_PROXY": "http://p:1", "https_proxy": "http://q:2", "NO_PROXY": "", "SECRET": "x"}
    assert proxies(environ) == {"HTTPS_PROXY": "http://p:1", "https_proxy": "http://q:2"}


def test_only_public_certificates_are_passed_on() -> None:
    environ = {"SSL_CERT_FILE": "/ca.pem", "NODE_EXTRA_CA_CERTS": "/key.pem", "PIP_CERT": ""}
    assert certificates(environ, lambda path: path == Path("/ca.pem")) == {"SSL_CERT_FILE": "/ca.pem"}


def test_of_npm_the_addresses_are_taken_and_no_token() -> None:
    text = """
    registry = https://ann:pw@npm.example/
    @corp:registry=https://corp.example/npm/
    //npm.example/:_authToken=hush
    _auth=hush
    ; registry=https://no.example/
    cafile=/etc/ssl/certs/ca.pem
    strict-ssl=false
    """
    assert npm_settings([text], {}) == {
        "npm_config_registry": "https://npm.example/",
        "npm_config_@corp:registry": "https://corp.example/npm/",
        "npm_config_cafile": "/etc/ssl/certs/ca.pem",
        "npm_config_strict_ssl": "false",
    }


def test_the_persons_own_file_wins_and_the_environment_over_all() -> None:
    texts = ["registry=https://global.example/", "registry=https://own.example/"]
    assert npm_settings(texts, {})["npm_config_registry"] == "https://own.example/"
    environ = {"npm_config_registry": "https://env.example/"}
    assert npm_settings(texts, environ)["npm_config_registry"] == "https://env.example/"


def test_a_value_that_needs_the_persons_environment_is_left_out() -> None:
    assert npm_settings(["registry=https://${TOKEN}@npm.example/"], {}) == {}


def test_a_login_is_cut_off() -> None:
    assert without_login("https://a:b@host:8/x?y=1") == "https://host:8/x?y=1"
    assert without_login("https://host/x") == "https://host/x"


def test_a_file_with_a_key_is_no_bundle() -> None:
    certificate = "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n"
    assert is_certificates(certificate)
    assert not is_certificates(certificate + "-----BEGIN RSA PRIVATE KEY-----")
    assert not is_certificates("password")


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"HTTP_PROXY": "http://proxy.corp:1"}, None),
        ({"HTTP_PROXY": "http://127.0.0.1:1"}, "HTTP_PROXY"),
        ({"https_proxy": "localhost:3128"}, "https_proxy"),
        ({"npm_config_registry": "http://[::1]:4873/"}, "npm_config_registry"),
        ({"no_proxy": "localhost,127.0.0.1"}, None),
        ({"SSL_CERT_FILE": "/etc/ssl/cert.pem", "npm_config_cafile": "/x"}, None),
        ({"HTTP_PROXY": "http://[broken"}, None),
    ],
)
def test_what_a_private_network_could_not_reach_is_found(environment: dict[str, str], found: str | None) -> None:
    assert on_loopback(environment) == found
