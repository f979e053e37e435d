"""Every pair of text and ground that the style sheet really makes, and those that the painters make; both themes."""

import collections
import dataclasses
import itertools
import re
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QPalette
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QStyle, QStyleOptionViewItem
from pytestqt.qtbot import QtBot

from craft_desktop.ui.main_window import MainWindow
from craft_desktop.ui.palette_entry import EntryPainter
from craft_desktop.ui.project_row import GLYPH
from craft_desktop.ui.theme import DARK, GAP, LEGIBLE, LIGHT, Colours, Theme, contrast
from tests.ui.conftest import RESOURCES
from tests.ui.stand_in import StandIn, failed, live, run_to

SCHEMES = pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
NAMES = {field.name for field in dataclasses.fields(Colours)} - {"is_dark", "palette"}
LEAST_SHAPE = 3.0
"""The least contrast of what is not text and yet tells something (WCAG 2.2, 1.4.11)."""

FIELDS = ("QLineEdit", "QFrame#addressFrame")
GROUNDS = ("window", "sidebar", "surface")
"""What a text without a ground of its own may lie on."""
WASHES = ("bad_wash", "info_wash")
TEXTLESS = re.compile(r"::handle|::chunk|::separator|::indicator|QProgressBar|QScrollBar|QSizeGrip|QMenuBar$")


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """One selector of the style sheet, and the colours that it names by property."""

    selector: str
    colours: dict[str, str]

    @property
    def base(self) -> str:
        """The selector without its states."""
        return re.sub(r":(?!:)[\w-]+", "", self.selector)

    @property
    def states(self) -> frozenset[str]:
        return frozenset(re.findall(r"(?<!:):(?!:)([\w-]+)", self.selector))


def rules() -> list[Rule]:
    text = re.sub(r"/\*.*?\*/", "", (RESOURCES / "style.qss").read_text(encoding="utf-8"), flags=re.DOTALL)
    found = []
    for selectors, body in re.findall(r"([^{}]+)\{((?:[^{}]|\$\{\w+\})*)\}", text):
        named: dict[str, str] = {}
        for prop, value in re.findall(r"([\w-]+)\s*:\s*([^;]+)", body):
            used = [name for name in re.findall(r"\$(\w+)", value) if name in NAMES]
            if used:
                named[prop] = used[-1]
            elif prop == "background" and "transparent" in value:
                named[prop] = "transparent"
        found += [Rule(selector.strip(), named) for selector in selectors.split(",")]
    return found


def grounds_of(rule: Rule, among: list[Rule]) -> set[str]:
    """Give what a rule's text can lie on: its own ground, else that of its plain self, and of its other states."""
    own = rule.colours.get("background")
    if own is not None and own != "transparent":
        return {own}
    same = [other for other in among if other.base == rule.base and other.states <= rule.states]
    inherited = [other.colours["background"] for other in same if "background" in other.colours]
    if inherited and inherited[-1] != "transparent" and own is None:
        return {inherited[-1]}
    kind = re.match(r"Q\w+", rule.base)
    plain = next((r for r in among if kind and r.selector == kind[0] and "background" in r.colours), None)
    if own is None and not inherited and plain is not None and plain.colours["background"] != "transparent":
        return {plain.colours["background"]}
    return set(GROUNDS)


def pairs() -> Iterator[tuple[str, str, str]]:
    among = rules()
    for rule in among:
        # What cannot be used may be faint (1.4.3), and what has no text has no text to be read.
        if "disabled" in rule.states or TEXTLESS.search(rule.selector):
            continue
        if "color" in rule.colours:
            for ground in grounds_of(rule, among):
                yield rule.selector, rule.colours["color"], ground
        elif rule.colours.get("background", "transparent") != "transparent" and rule.states:
            # A state with a ground of its own, and the text of its plain self.
            same = [r for r in among if r.base == rule.base and r.states < rule.states and "color" in r.colours]
            yield rule.selector, same[-1].colours["color"] if same else "text", rule.colours["background"]
        if "selection-color" in rule.colours:
            yield rule.selector, rule.colours["selection-color"], rule.colours["selection-background-color"]


def test_the_style_sheet_is_read_whole() -> None:
    found = {rule.selector: rule.colours for rule in rules()}
    assert len(found) > 80
    assert found["QMenu::item:selected"] == {"background": "accent", "color": "on_accent"}
    assert set(pairs()) >= {
        ("QMenu::item:selected", "on_accent", "accent"),
        ("QPushButton:hover", "text", "hover"),
        ('QPushButton[role="primary"]:hover', "on_accent", "accent_hover"),
        ('QPushButton[role="flat"]:hover', "link", "hover"),
    }
    used = set(re.findall(r"\$(\w+)", (RESOURCES / "style.qss").read_text(encoding="utf-8"))) & NAMES
    told = {name for rule in rules() for name in rule.colours.values()}
    assert used - told <= set(), "a colour of the style sheet that no rule was read with"


@SCHEMES
@pytest.mark.parametrize(("selector", "text", "ground"), sorted(set(pairs())))
def test_each_text_of_the_style_sheet_can_be_read(colours: Colours, selector: str, text: str, ground: str) -> None:
    assert contrast(getattr(colours, text), getattr(colours, ground)) >= LEGIBLE, selector


@SCHEMES
@pytest.mark.parametrize("ground", [*GROUNDS, "log", *WASHES])
def test_what_has_the_keys_is_framed_in_sight(colours: Colours, ground: str) -> None:
    assert contrast(colours.focus, getattr(colours, ground)) >= LEAST_SHAPE
    assert contrast(colours.ring, colours.accent) >= LEAST_SHAPE


@SCHEMES
@pytest.mark.parametrize("shape", ["good", "busy", "bad", "muted"])
@pytest.mark.parametrize("ground", [*GROUNDS, "selected", "hover"])
def test_glyphs_and_icons_are_seen(colours: Colours, shape: str, ground: str) -> None:
    assert contrast(getattr(colours, shape), getattr(colours, ground)) >= LEAST_SHAPE


@SCHEMES
@pytest.mark.parametrize("ground", GROUNDS)
def test_a_menus_marks_are_seen(colours: Colours, ground: str) -> None:
    marks = {
        rule.states: rule.colours["background"] for rule in rules() if rule.selector.startswith("QMenu::indicator:")
    }
    assert set(marks) == {frozenset({"checked"}), frozenset({"checked", "selected"})}
    assert contrast(getattr(colours, marks[frozenset({"checked"})]), getattr(colours, ground)) >= LEAST_SHAPE
    chosen = next(rule.colours["background"] for rule in rules() if rule.selector == "QMenu::item:selected")
    mark = marks[frozenset({"checked", "selected"})]
    assert contrast(getattr(colours, mark), getattr(colours, chosen)) >= LEAST_SHAPE


@SCHEMES
@pytest.mark.parametrize("ground", GROUNDS)
def test_fields_and_what_is_chosen_are_seen(colours: Colours, ground: str) -> None:
    assert contrast(colours.field, getattr(colours, ground)) >= LEAST_SHAPE
    assert contrast(colours.accent, getattr(colours, ground)) >= LEAST_SHAPE
    assert {rule.colours.get("border") for rule in rules() if rule.selector in FIELDS} == {"field"}
    assert {rule.colours.get("background") for rule in rules() if rule.selector == "QScrollBar::handle"} == {"field"}
    assert {rule.colours.get("border-color") for rule in rules() if rule.selector == "QToolButton:checked"} == {
        "accent"
    }


def painted(painter_of: object, index: object, size: QSize, states: QStyle.StateFlag, ground: str) -> QImage:
    """Give the picture of one row, four times as large so that letters have pixels of their full colour."""
    assert hasattr(painter_of, "paint")
    image = QImage(size * 4, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(4)
    image.fill(QColor(ground))
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, size.width(), size.height())
    option.state = states
    painter = QPainter(image)
    painter_of.paint(painter, option, index)
    painter.end()
    return image


def runs(marks: list[bool], gap: int) -> Iterator[range]:
    """Give the stretches that are marked; holes shorter than `gap` belong to them."""
    places = [place for place, is_marked in enumerate(marks) if is_marked]
    cuts = [0, *(n + 1 for n, (one, next_) in enumerate(itertools.pairwise(places)) if next_ - one > gap), len(places)]
    return (range(places[begin], places[end - 1] + 1) for begin, end in itertools.pairwise(cuts) if end > begin)


def faintest(image: QImage, left: int = 0) -> float:
    """Give the least contrast of a word in the picture with the colour that most of the picture has.

    A word's own colour is the one among its pixels that stands out most; the others are the edges of its letters.

    :param left: points that are left out at the left side.
    """
    lines = [[image.pixel(x, y) for x in range(left * 4, image.width() - 32)] for y in range(16, image.height() - 16)]
    ground = collections.Counter(itertools.chain.from_iterable(lines)).most_common(1)[0][0]
    found = []
    for rows in runs([any(colour != ground for colour in line) for line in lines], 2):
        band = [lines[y] for y in rows]
        for columns in runs([any(line[x] != ground for line in band) for x in range(len(band[0]))], 40):
            colours = {line[x] for line in band for x in columns}
            found.append(max(contrast(QColor(colour).name(), QColor(ground).name()) for colour in colours))
    assert found
    return min(found)


TEXT_LEFT = GAP + GLYPH + GAP
"""Before it stands the glyph, whose spinner has a pale track."""
ROW_STATES = {
    "plain": QStyle.StateFlag.State_Enabled,
    "hover": QStyle.StateFlag.State_Enabled | QStyle.StateFlag.State_MouseOver,
    "chosen": QStyle.StateFlag.State_Enabled | QStyle.StateFlag.State_Selected,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ROW_STATES)
async def test_painted_rows_can_be_read(
    scheme: str, state: str, window: MainWindow, bench: StandIn, theme: Theme, qtbot: QtBot
) -> None:
    theme.choose(scheme)
    side = window.project_list
    for session in (failed("p1"), run_to("p2", 3), live("p3")):
        side.show_session(session)
    for row in range(3):
        index, delegate = side.model.index(row), side.view.itemDelegate()
        size = QSize(230, delegate.sizeHint(QStyleOptionViewItem(), index).height())
        assert faintest(painted(delegate, index, size, ROW_STATES[state], theme.colours.sidebar), TEXT_LEFT) >= LEGIBLE


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ROW_STATES)
async def test_painted_commands_can_be_read(
    scheme: str, state: str, window: MainWindow, theme: Theme, qtbot: QtBot
) -> None:
    theme.choose(scheme)
    window.actions_by_name["palette"].trigger()
    window.palette_box.field.setText("op")
    view = window.palette_box.view
    delegate = view.itemDelegate()
    assert isinstance(delegate, EntryPainter)
    image = painted(delegate, view.model().index(0, 0), QSize(500, 30), ROW_STATES[state], theme.colours.surface)
    assert faintest(image, GAP) >= LEGIBLE


@SCHEMES
@pytest.mark.parametrize("kind", [QLineEdit, QPlainTextEdit])
def test_what_stands_in_an_empty_field_can_be_read(
    qtbot: QtBot, theme: Theme, colours: Colours, kind: type[QLineEdit] | type[QPlainTextEdit]
) -> None:
    theme.choose("dark" if colours.is_dark else "light")
    field = kind()
    field.setProperty("role", "value")
    qtbot.addWidget(field)
    field.setPlaceholderText("Filter")
    field.show()
    ink = field.palette().color(QPalette.ColorRole.PlaceholderText)
    assert ink.alpha() == 255 and contrast(ink.name(), colours.surface) >= LEGIBLE
