import pytest

from craft_desktop.model.device import FULL, LEAST, MOST, PHONE, TABLET, Device, Kind, custom, fit, parse


@pytest.mark.parametrize("device", [FULL, PHONE, TABLET, PHONE.turned, custom(1000, 500)], ids=str)
def test_a_device_is_read_as_it_was_written(device: Device) -> None:
    assert parse(str(device)) == device


@pytest.mark.parametrize("text", ["", "phone", "phone:", "phone:axb", "full:1x1", "watch:300x300", "phone:390x844;x"])
def test_nonsense_is_the_full_size(text: str) -> None:
    assert parse(text) == FULL


def test_sides_stay_within_bounds() -> None:
    assert custom(1, 99_999) == Device(Kind.CUSTOM, LEAST, MOST)
    assert parse("phone:1x90000") == Device(Kind.PHONE, LEAST, MOST)
    assert TABLET.turned.is_hand_held and not FULL.is_hand_held and not custom(500, 500).is_hand_held
    assert TABLET.turned == Device(Kind.TABLET, 1180, 820)


@pytest.mark.parametrize(
    ("device", "room", "zoom", "shown"),
    [
        (PHONE, (1000, 1000), 1.0, (390, 844)),
        (PHONE, (1000, 422), 1.0, (195, 422)),
        (PHONE, (700, 311), 1.0, (140, 303)),  # at 143 by 309 it would count 842
        (PHONE, (195, 1000), 1.0, (195, 422)),
        (PHONE, (1000, 2000), 2.0, (780, 1688)),
        (PHONE, (1000, 844), 2.0, (390, 844)),
        (PHONE, (1000, 1000), 0.5, (195, 422)),
        (custom(4000, 4000), (300, 300), 1.0, (1000, 1000)),  # no smaller than the engine draws; the rest scrolls
        (PHONE, (650, 210), 1.0, (195, 422)),  # it would scroll at a quarter too
        (PHONE, (650, 210), 0.3, (115, 249)),  # a person's own zoom is heeded
        (TABLET, (300, 200), 1.0, (300, 432)),  # as wide as there is room
        (PHONE, (10, 10), 1.0, (103, 223)),
    ],
)
def test_a_device_is_shown_at_its_zoom_or_smaller(
    device: Device, room: tuple[int, int], zoom: float, shown: tuple[int, int]
) -> None:
    made = fit(device, *room, zoom)
    assert (made.width, made.height) == shown
    assert made.width / made.scale == pytest.approx(device.width) and 0.25 <= made.scale <= 5


@pytest.mark.parametrize("device", [PHONE, PHONE.turned, TABLET, TABLET.turned, custom(1280, 720), custom(1920, 1080)])
def test_the_page_counts_the_devices_pixels_in_any_room(device: Device) -> None:
    for side in range(300, 1500, 7):
        shown = fit(device, side, side * 2 // 3, 1.0)
        whole = min(side / device.width, side * 2 // 3 / device.height)
        exact = min(1.0, whole if whole >= 0.25 else max(0.25, min(0.5, side / device.width)))
        assert shown.height * device.width // shown.width == device.height, side
        assert 0.94 * exact * device.width - 1 <= shown.width <= max(exact * device.width, 0.3 * device.width) + 1
