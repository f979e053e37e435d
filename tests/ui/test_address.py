import pytest

from craft_desktop.ui import address

BASE = "http://shop.localhost:4100/"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://shop.localhost:4100/", True),
        ("http://shop.localhost:4100/products?a=1#b", True),
        ("http://SHOP.localhost:4100/", True),
        ("https://shop.localhost:4100/", False),
        ("http://shop.localhost:4101/", False),
        ("http://other.localhost:4100/", False),
        ("http://shop.localhost:4100@evil.example/", False),
        ("http://evil@shop.localhost:4100/", False),
        ("http://shop.localhost:4100.evil.example/", False),
        ("http://shop.localhost:port/", False),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_inside_is_the_same_origin(url: str, expected: bool) -> None:
    assert address.is_inside(url, BASE) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com", True),
        ("mailto:ada@example.com", True),
        ("file:///etc/passwd", False),
        ("javascript:alert(1)", False),
        ("ssh://host", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_only_web_and_mail_leave_the_window(url: str, expected: bool) -> None:
    assert address.is_outside(url) is expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("", BASE),
        ("/about", "http://shop.localhost:4100/about"),
        ("about", "http://shop.localhost:4100/about"),
        ("?page=2", "http://shop.localhost:4100/?page=2"),
        ("#top", "http://shop.localhost:4100/#top"),
        ("  /a b ", "http://shop.localhost:4100/a b"),
        ("shop.localhost:4100/x", "http://shop.localhost:4100/x"),
        ("http://shop.localhost:4100/x", "http://shop.localhost:4100/x"),
        ("example.com/x", "http://example.com/x"),
        ("https://example.com", "https://example.com"),
        ("localhost:3000", "http://localhost:3000"),
        ("index.html", "http://shop.localhost:4100/index.html"),
        ("blog/2026.10", "http://shop.localhost:4100/blog/2026.10"),
    ],
)
def test_what_is_typed_is_completed(typed: str, expected: str) -> None:
    assert address.complete(typed, BASE) == expected


def test_the_scheme_is_left_out_of_sight() -> None:
    assert address.short(BASE) == "shop.localhost:4100/"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://shop.localhost:4100", "/"),
        ("http://shop.localhost:4100/a/b?c=1#d", "/a/b?c=1#d"),
        ("", "/"),
        ("about:blank", "/"),
        ("http://evil.test/a", "evil.test/a"),
    ],
)
def test_the_path_alone_matters(url: str, path: str) -> None:
    assert address.path(url, "http://shop.localhost:4100/") == path
    assert address.host("http://shop.localhost:4100/") == "shop.localhost:4100"
