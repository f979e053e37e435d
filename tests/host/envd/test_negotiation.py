import pytest

from craft_desktop.host.envd.negotiation import UnsatisfiableRangeError, byte_ranges, encoding_for


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("", "identity"),
        ("gzip, deflate", "identity"),  # httpx
        ("gzip, deflate, br, zstd", "identity"),  # undici, browsers
        ("br, gzip;q=0.5", "identity"),
        ("*", "identity"),
        ("gzip", "gzip"),  # the SDKs' gzip=True
        ("GZIP; q=0.3", "gzip"),
        ("gzip, identity;q=0", "gzip"),
        ("gzip;q=1.0, identity;q=0.5", "gzip"),
        ("gzip;q=0.5, identity", "identity"),
        ("*, identity;q=0", "gzip"),
        ("gzip, *;q=0", "gzip"),
        ("gzip;q=0, identity;q=0", None),
        ("br, identity;q=0", None),
        ("*;q=0", None),
        ("gzip;q=x", "gzip"),
    ],
)
def test_the_encoding_that_suits(accepted: str, encoding: str | None) -> None:
    assert encoding_for(accepted) == encoding


@pytest.mark.parametrize(
    ("header", "size", "spans"),
    [
        ("bytes=0-0", 10, [(0, 1)]),
        ("bytes=5-", 10, [(5, 10)]),
        ("bytes=5-99", 10, [(5, 10)]),
        ("bytes=-99", 10, [(0, 10)]),
        ("bytes=5-4", 10, None),
        ("bytes=-", 10, None),
        ("bytes=", 10, None),
        ("bytes=a-b", 10, None),
        ("bytes=0-1,3-4", 10, [(0, 2), (3, 5)]),
        ("bytes=0-1, -1, 20-30", 10, [(0, 2), (9, 10)]),
        ("bytes=0-8,0-8", 10, None),
        ("bytes=" + ",".join(["0-0"] * 65), 1000, None),
        ("lines=0-1", 10, None),
    ],
)
def test_the_parts_that_are_wanted(header: str, size: int, spans: list[tuple[int, int]] | None) -> None:
    assert byte_ranges(header, size) == spans


@pytest.mark.parametrize(
    ("header", "size"),
    [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=-1", 0), ("bytes=0-", 0), ("bytes=10-11,20-", 10)],
)
def test_parts_outside(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        byte_ranges(header, size)
