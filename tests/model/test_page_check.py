import time

import pytest

from craft_desktop.model.page_check import (
    PageAnswer,
    check_answer,
    check_policy,
    check_redirects,
    check_speed,
    local_path,
)
from craft_desktop.model.report import Grade

HTML = "text/html; charset=utf-8"


def page(body: str, status: int = 200, kind: str = HTML) -> PageAnswer:
    return PageAnswer(status, 0.1, kind, "", body.encode(), ("/",))


@pytest.mark.parametrize(
    ("answer", "base", "grade", "words"),
    [
        (page("<p>hello</p>"), "/", Grade.OK, "200"),
        (page("<div id=root></div><script src=/main.js></script>"), "/", Grade.OK, "200"),
        (page("<html><head><title>t</title></head><body><div></div></body></html>"), "/", Grade.BAD, "without"),
        (page("<canvas></canvas>"), "/", Grade.OK, "200"),
        (page(""), "/", Grade.BAD, "nothing in it"),
        (page('{"ok":true}', kind="application/json"), "/", Grade.LIMITED, "json"),
        (page("hello", kind=""), "/", Grade.OK, "no type"),
        (page("Cannot GET /", 404), "/", Grade.BAD, "Cannot GET"),
        (page("Cannot GET /", 404), "/docs/", Grade.BAD, "/docs/"),
        (page("<script>x</script><h1>Oops</h1><style>p{}</style>", 500), "/", Grade.BAD, "Oops"),
        (page("no", 401), "/", Grade.LIMITED, "password"),
        (page("no", 418), "/", Grade.BAD, "418"),
        (page('Blocked request. This host ("a") is not allowed.', 403), "/", Grade.BAD, "not allowed"),
        (PageAnswer(trouble="refused"), "/", Grade.BAD, "Nothing answers"),
        (PageAnswer(trouble="silent"), "/", Grade.BAD, "3.5 s"),
        (PageAnswer(trouble="broken"), "/", Grade.BAD, "not in HTTP"),
        (PageAnswer(302, leads_away="https://a.example"), "/", Grade.UNKNOWN, "Redirects"),
    ],
)
def test_what_an_answer_is(answer: PageAnswer, base: str, grade: Grade, words: str) -> None:
    check = check_answer(answer, 3.5, base)
    assert check.grade is grade and words in check.detail, check
    assert bool(check.remedy) is (grade in (Grade.BAD, Grade.LIMITED))
    assert "<" not in check.detail


def test_speed() -> None:
    assert check_speed(PageAnswer(200, 0.12), 3.5).detail == "120 ms"
    assert check_speed(PageAnswer(200, 2.0), 3.5).grade is Grade.LIMITED
    assert check_speed(PageAnswer(trouble="silent"), 3.5).grade is Grade.BAD
    assert check_speed(PageAnswer(trouble="refused"), 3.5).grade is Grade.UNKNOWN


def test_redirects() -> None:
    assert check_redirects(PageAnswer(200, hops=("/",))).detail == "None."
    assert check_redirects(PageAnswer(200, hops=("/", "/en"))).detail == "/ → /en"
    assert check_redirects(PageAnswer(307, hops=("/", "/a", "/"), is_loop=True)).grade is Grade.BAD
    assert "login.example" in check_redirects(PageAnswer(302, leads_away="https://login.example")).detail
    assert check_redirects(PageAnswer(trouble="silent")).grade is Grade.UNKNOWN


@pytest.mark.parametrize(
    ("policy", "grade"),
    [
        ("", Grade.OK),
        ("default-src 'self'", Grade.OK),
        ("upgrade-insecure-requests", Grade.LIMITED),
        ("default-src 'self'; script-src 'self'", Grade.LIMITED),
        ("script-src 'self' 'unsafe-eval'", Grade.OK),
        ("script-src 'nonce-abc' 'strict-dynamic'", Grade.OK),
    ],
)
def test_policies(policy: str, grade: Grade) -> None:
    assert check_policy(PageAnswer(200, policy=policy)).grade is grade


def test_the_path_that_a_server_prints() -> None:
    vite = "  \x1b[32m➜\x1b[39m  \x1b[1mLocal\x1b[22m:   \x1b[36mhttp://localhost:5173/docs/\x1b[39m"
    assert local_path(["ready in 164ms", vite]) == "/docs/"
    assert local_path(["   - Local:        http://localhost:3000", "Local: http://localhost:3000/"]) == "/"


def test_a_hostile_body_takes_no_time() -> None:
    began = time.process_time()
    for body in ("<" * 65536, "<script" * 9000, "<style" * 9000 + "</style", "<a " * 20000, "</head>" * 9000):
        check_answer(page(body), 3.5, "/")
    assert time.process_time() - began < 1.0  # of processor time; some 0.05 s on a quiet machine
