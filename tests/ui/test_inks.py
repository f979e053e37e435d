import pytest

from craft_desktop.ui.ansi import PLAIN, Style
from craft_desktop.ui.inks import MOST, QUIET, Inks
from craft_desktop.ui.theme import LEGIBLE, Theme, contrast


@pytest.mark.parametrize("choice", ["light", "dark"])
def test_every_style_can_be_read(theme: Theme, choice: str) -> None:
    theme.choose(choice)
    inks = Inks(theme)
    styles = [PLAIN, QUIET, Style(dim=True), Style(inverse=True), Style(colour=(255, 255, 0), background=(250, 250, 0))]
    for style in [*styles, *(Style(colour=number) for number in range(16))]:
        form = inks.of(style)
        ground = form.background().color().name() if form.hasProperty(form.Property.BackgroundBrush) else None
        assert contrast(form.foreground().color().name(), ground or theme.colours.log) >= LEGIBLE, style
    assert contrast(inks.of_divider().foreground().color().name(), theme.colours.hover) >= LEGIBLE


def test_a_rainbow_is_bounded(theme: Theme) -> None:
    inks = Inks(theme)
    for number in range(3 * MOST):
        inks.of(Style(colour=(number % 256, number // 256, 0)))
    assert len(inks._formats) <= MOST + 1
    assert inks.of(Style(bold=True)).fontWeight() == 700


def test_they_follow_the_theme(theme: Theme) -> None:
    inks = Inks(theme)
    before = inks.of(PLAIN).foreground().color()
    theme.choose("dark")
    inks.renew()
    assert inks.of(PLAIN).foreground().color() != before
