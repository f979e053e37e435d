import re
import string

import pytest

from craft_desktop.ui.present import Tone
from craft_desktop.ui.theme import DARK, LEGIBLE, LIGHT, Colours, Theme, contrast, legible, style_sheet
from tests.ui.conftest import RESOURCES

SCHEMES = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])

PAIRS = [
    *((text, ground) for text in ("text", "muted") for ground in ("window", "sidebar", "surface", "selected", "log")),
    *((text, ground) for text in ("good", "busy", "bad") for ground in ("window", "sidebar", "surface", "selected")),
    *(("on_accent", ground) for ground in ("accent", "accent_hover", "accent_pressed")),
    *(("text", ground) for ground in ("hover", "pressed", "bad_wash", "info_wash", "found", "found_now")),
    *(("link", ground) for ground in ("window", "surface", "hover", "bad_wash")),
    ("muted", "hover"),
    ("bad", "bad_wash"),
]


@SCHEMES
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_can_be_read(colours: Colours, text: str, ground: str) -> None:
    assert contrast(getattr(colours, text), getattr(colours, ground)) >= LEGIBLE


@SCHEMES
def test_the_terminal_can_be_read(colours: Colours) -> None:
    assert len(colours.palette) == 16
    assert min(contrast(colour, colours.log) for colour in colours.palette) >= LEGIBLE


@SCHEMES
@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#ad7fa8", "#0000ff", "#00ff00", "#808080", "#ffff00"])
def test_any_colour_is_made_legible(colours: Colours, colour: str) -> None:
    assert contrast(legible(colour, colours.log), colours.log) >= LEGIBLE


def test_a_legible_colour_is_left_alone() -> None:
    assert legible("#b3261e", "#ffffff") == "#b3261e"


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


def test_the_template_uses_known_names_only() -> None:
    template = string.Template((RESOURCES / "style.qss").read_text(encoding="utf-8"))
    for colours in (LIGHT, DARK):
        assert "$" not in style_sheet(template, colours)
    with pytest.raises(KeyError):
        style_sheet(string.Template("$no_such_name"), LIGHT)


def test_the_template_holds_no_colour_of_its_own() -> None:
    rules = re.sub(r"[\w*]+#\w+", "", (RESOURCES / "style.qss").read_text(encoding="utf-8"))  # without QWidget#name
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(", rules) == []


def test_a_choice_is_heeded_at_once(theme: Theme) -> None:
    told: list[bool] = []
    theme.changed.connect(lambda: told.append(theme.colours.is_dark))
    theme.choose("dark")
    assert theme.colours is DARK and told == [True]
    theme.choose("dark")
    assert told == [True]
    theme.choose("light")
    assert theme.colours is LIGHT and told == [True, False]
    assert theme.tone(Tone.BAD).name() == LIGHT.bad
