"""The size at which a page is laid out: a phone's, a tablet's, one's own, or all the room there is."""

import math
import re
from dataclasses import dataclass, replace
from enum import StrEnum

LEAST, MOST = 200, 4000
"""CSS pixels a side may have: below, no page is laid out for it; above, no screen shows it."""
LEAST_SCALE, MOST_SCALE = 0.25, 5.0
"""What the web engine allows (QWebEnginePage.setZoomFactor)."""


class Kind(StrEnum):
    """What a page is looked at as."""

    FULL = "full"
    """All the room there is."""
    PHONE = "phone"
    TABLET = "tablet"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Device:
    """A size in CSS pixels; of no account for FULL."""

    kind: Kind = Kind.FULL
    width: int = 0
    height: int = 0

    @property
    def is_framed(self) -> bool:
        """Has it a size of its own?"""
        return self.kind is not Kind.FULL

    @property
    def is_hand_held(self) -> bool:
        """Do its pages scroll under a finger, without bars that take their room?"""
        return self.kind in (Kind.PHONE, Kind.TABLET)

    @property
    def turned(self) -> "Device":
        """The same lying on its side."""
        return replace(self, width=self.height, height=self.width)

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.width}x{self.height}" if self.is_framed else self.kind.value


FULL = Device()
PHONE = Device(Kind.PHONE, 390, 844)
"""The most usual phone's: iPhone 12 to 15."""
TABLET = Device(Kind.TABLET, 820, 1180)
"""iPad Air and iPad (10th generation)."""
OF_KIND = {Kind.FULL: FULL, Kind.PHONE: PHONE, Kind.TABLET: TABLET, Kind.CUSTOM: Device(Kind.CUSTOM, 1280, 720)}
"""What choosing a kind begins with."""


def custom(width: int, height: int) -> Device:
    """Give a device of one's own, its sides brought within bounds."""
    return Device(Kind.CUSTOM, *(max(LEAST, min(MOST, side)) for side in (width, height)))


def parse(text: str) -> Device:
    """Read what `str(device)` wrote; FULL for anything else."""
    found = re.fullmatch(r"(phone|tablet|custom):(\d{1,5})x(\d{1,5})", text)
    if found is None:
        return FULL
    return replace(custom(int(found[2]), int(found[3])), kind=Kind(found[1]))


@dataclass(frozen=True, slots=True)
class Fit:
    """How a device is shown: its sides on the screen, and screen points for each of the page's pixels."""

    width: int
    height: int
    scale: float


READABLE_SCALE = 0.5
"""Letters of 16 pixels, most pages' own, are 8 points high: the smallest that are read without effort."""
GIVE = 0.05
"""A device may be shown smaller than it could be by this share, so that the page counts its pixels right."""


def fit(device: Device, room_width: int, room_height: int, zoom: float) -> Fit:
    """Show a device at `zoom`, or smaller where the room is; the page is laid out at the device's size all the same.

    Both sides are whole on the screen as long as the engine can draw them so small; where it cannot, the device
    scrolls anyway, and is shown at a size at which its text can be read. The scale follows the width. Of the widths
    that are nearly as large as they can be, the largest is taken for which the page counts the device's height as well
    (measured: the engine drops the fraction).
    """
    whole = min(room_width / device.width, room_height / device.height)
    if whole < LEAST_SCALE:
        whole = min(READABLE_SCALE, room_width / device.width)
    wanted = min(zoom, whole)
    scale = max(LEAST_SCALE, min(MOST_SCALE, wanted))
    smallest = math.ceil(LEAST_SCALE * device.width)
    widest = max(smallest, int(device.width * scale))
    least = int(widest * (1 - GIVE))
    # Where it cannot be smaller it is larger, and scrolls.
    larger = range(widest, int(widest * (1 + 4 * GIVE)) + 1) if least < smallest else range(0)
    least = max(least, smallest)
    for width in (*range(widest, least - 1, -1), *larger):
        height = math.ceil(device.height * width / device.width)
        if height * device.width // width == device.height:
            return Fit(width, height, width / device.width)
    return Fit(widest, max(1, round(device.height * widest / device.width)), widest / device.width)
