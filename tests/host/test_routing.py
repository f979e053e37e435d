import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from craft_desktop.host.routing import NoRoute, Route, host_name, is_private, is_signed_file, route

ID = "i" + "a1" * 10


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Host": f"3000-{ID}.e2b.app"}, Route(ID, 3000)),
        ({"Host": f"3000-{ID}.localhost:8080"}, Route(ID, 3000)),
        ({"Host": f"3000-{ID.upper()}.Localhost.:8080"}, Route(ID, 3000)),
        ({"Host": f"49983-{ID}-client1.e2b.app"}, Route(ID, 49983)),
        ({"Host": "localhost:1", "E2b-Sandbox-Id": ID}, Route(ID, 49983)),
        ({"Host": "127.0.0.1:1", "e2b-sandbox-id": ID, "E2B-SANDBOX-PORT": "80"}, Route(ID, 80)),
        ({"Host": "[::1]:1", "E2b-Sandbox-Id": ID}, Route(ID, 49983)),
        ({"Host": "127.0.0.1"}, Route(None, 49983)),
        # the Host says it, so the headers do not: a page cannot point its own address elsewhere
        ({"Host": f"3000-{ID}.e2b.app", "E2b-Sandbox-Id": "other", "E2b-Sandbox-Port": "22"}, Route(ID, 3000)),
    ],
)
def test_where_a_request_goes(headers: dict[str, str], expected: Route) -> None:
    assert route(CIMultiDict(headers)) == expected


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "example.com"},
        {"Host": "example.com", "E2b-Sandbox-Id": ID},
        {"Host": f"0-{ID}.e2b.app"},
        {"Host": f"70000-{ID}.e2b.app"},
        {"Host": f"３-{ID}.e2b.app"},
        {"Host": f"3000-{ID[:-1]}.e2b.app"},
        {"Host": "localhost", "E2b-Sandbox-Id": "../x"},
        {"Host": "localhost", "E2b-Sandbox-Id": ID, "E2b-Sandbox-Port": "-1"},
        {"Host": "localhost", "E2b-Sandbox-Id": ID, "E2b-Sandbox-Port": "99999999999"},
    ],
)
def test_what_names_nothing_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(NoRoute):
        route(CIMultiDict(headers))


@given(host=st.text(max_size=60), name=st.none() | st.text(max_size=30), port=st.none() | st.text(max_size=8))
def test_any_headers_give_a_route_or_a_refusal(host: str, name: str | None, port: str | None) -> None:
    headers = CIMultiDict({"Host": host})
    if name is not None:
        headers["E2b-Sandbox-Id"] = name
    if port is not None:
        headers["E2b-Sandbox-Port"] = port
    try:
        found = route(headers)
    except NoRoute:
        return
    assert 0 < found.port < 65_536
    assert found.sandbox_id is None or found.sandbox_id.isalnum()


def test_a_host_name_is_without_port_and_in_small_letters() -> None:
    assert host_name("EXAMPLE.com.:80") == "example.com"
    assert host_name("[::1]:80") == "::1"


@pytest.mark.parametrize("path", ["/init", "/init/", "//init", "/init?x=1", "/freeze", "/%69nit", "http://x/init"])
def test_envds_private_calls_are_known_however_written(path: str) -> None:
    assert is_private(path)


@pytest.mark.parametrize("path", ["/files", "/health", "/initial", "/a/init", "/?/init"])
def test_other_paths_are_not_private(path: str) -> None:
    assert not is_private(path)


def test_a_signed_file_address_is_known() -> None:
    assert is_signed_file("GET", "/files?path=a&signature=v1_x")
    assert not is_signed_file("GET", "/files?path=a")
    assert not is_signed_file("DELETE", "/files?signature=v1_x")
