import base64
import hashlib
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from craft_desktop.model.session import Step, StepRecord, StepState
from craft_desktop.preview.pages import PageKind, Pages, PageState, describe

STEPS = (
    StepRecord(Step.SANDBOX, StepState.DONE, 1.0, 0.24),
    StepRecord(Step.INSTALL, StepState.SKIPPED, 1.0, 0.01, "nothing to install"),
    StepRecord(Step.SERVER, StepState.RUNNING, 2.0),
    StepRecord(Step.PAGE),
)


@pytest.mark.parametrize("kind", list(PageKind))
def test_page_says_what_is_going_on(pages: Pages, kind: PageKind) -> None:
    page = pages.render("shop", PageState(kind, "Starting", "The facts", "Do this", STEPS))
    assert f'data-kind="{kind.value}"' in page
    assert "<title>Starting</title>" in page
    assert '<li data-state="done"><span>Sandbox</span><span>0.2 s</span></li>' in page
    assert '<li data-state="skipped"><span>Install</span><span>nothing to install</span></li>' in page
    assert '<li data-state="running"><span>Dev server</span><span></span></li>' in page
    assert "{{" not in page


def test_page_loads_nothing_from_outside(pages: Pages) -> None:
    page = pages.render("shop", PageState(PageKind.WAITING, "Starting"))
    assert not re.findall(r"https?://|src=|href=|url\(|@import|http-equiv", page)


def test_policy_names_exactly_our_script_and_style(pages: Pages) -> None:
    page = pages.render("shop", PageState(PageKind.WAITING, "Starting"))
    policy = pages.headers["Content-Security-Policy"]
    for tag in ("script", "style"):
        blocks = re.findall(rf"<{tag}>(.*?)</{tag}>", page, flags=re.DOTALL)
        assert len(blocks) == 1
        digest = base64.b64encode(hashlib.sha256(blocks[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text() | st.sampled_from(["<script>alert(1)</script>", '"><b>', "{{script}}", "&amp;", r"\g<0>"]))
def test_foreign_text_stays_text(pages: Pages, text: str) -> None:
    plain = pages.render("shop", PageState(PageKind.FAILED, "", ""))
    page = pages.render("shop", PageState(PageKind.FAILED, text, text, text))
    assert page.count("<") == plain.count("<")
    assert page.count('"') == plain.count('"')


def test_description_tells_the_same_as_the_page() -> None:
    told = describe(PageState(PageKind.WAITING, "Starting", "facts", "next", STEPS[:1]), 7)
    assert told == {
        "revision": "7",
        "serving": False,
        "kind": "waiting",
        "title": "Starting",
        "detail": "facts",
        "remedy": "next",
        "steps": [{"name": "Sandbox", "state": "done", "note": "0.2 s"}],
    }
    assert describe(None, 8) == {"revision": "8", "serving": True}
