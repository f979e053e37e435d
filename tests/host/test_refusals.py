import json

import pytest
from multidict import CIMultiDict

from craft_desktop.host.refusals import NOT_FOUND, PORT_CLOSED, Refusal, is_navigation

BROWSER = "Mozilla/5.0 (X11; Linux x86_64)"


def test_a_program_gets_json_in_e2bs_words() -> None:
    kind, text = Refusal(502, PORT_CLOSED, "iabc", 3000).write(CIMultiDict({"User-Agent": "e2b-python-sdk"}))
    assert kind == "application/json"
    assert json.loads(text) == {
        "sandboxId": "iabc",
        "message": "The sandbox is running but port is not open",
        "port": 3000,
        "code": 502,
    }
    assert json.loads(Refusal(502, NOT_FOUND, "iabc").write(CIMultiDict())[1]) == {
        "sandboxId": "iabc",
        "message": "The sandbox was not found",
        "code": 502,
    }


def test_a_person_gets_a_page_and_no_markup_of_others() -> None:
    kind, text = Refusal(502, PORT_CLOSED, "<script>", 3000).write(CIMultiDict({"User-Agent": BROWSER}))
    assert kind == "text/html"
    assert "port 3000" in text
    assert "<script>" not in text


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"User-Agent": BROWSER}, True),
        ({"User-Agent": BROWSER, "Sec-Fetch-Dest": "iframe"}, True),
        ({"User-Agent": BROWSER, "Sec-Fetch-Dest": "script"}, False),
        ({"User-Agent": BROWSER, "Accept": "application/json"}, False),
        ({"User-Agent": "curl/8"}, False),
        ({}, False),
    ],
)
def test_who_navigates(headers: dict[str, str], expected: bool) -> None:
    assert is_navigation(CIMultiDict(headers)) is expected
