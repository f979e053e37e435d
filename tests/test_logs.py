import logging
import logging.handlers
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.logs import FILE_SIZE_BYTES, SHORTEST_SECRET, STRUCK, Redactor, open_log

KEY = "e2b_0123456789abcdef"
_log = logging.getLogger("craft_desktop.store.secrets")


@pytest.fixture(autouse=True)
def package_log() -> Iterator[logging.Logger]:
    package = logging.getLogger("craft_desktop")
    before, level = package.handlers[:], package.level
    yield package
    for handler in package.handlers[:]:
        if handler not in before:
            package.removeHandler(handler)
            handler.close()
    package.handlers[:] = before
    package.setLevel(level)


def test_a_line_is_written_with_its_level_and_place(tmp_path: Path) -> None:
    open_log(tmp_path)
    _log.info("kept in %s", "the keyring")
    _log.debug("not this")
    text = (tmp_path / "craft-desktop.log").read_text(encoding="utf-8")
    assert text.endswith("INFO    craft_desktop.store.secrets: kept in the keyring\n")
    assert "not this" not in text


def test_a_secret_is_struck_from_message_argument_traceback_and_stack(tmp_path: Path) -> None:
    redactor = open_log(tmp_path)
    redactor.hide(KEY)
    try:
        raise ValueError(f"{KEY} was refused")
    except ValueError:
        _log.exception("the key %s, and in the words %s", {"key": KEY}, f"a{KEY}b", stack_info=True)
    _log.warning(f"asked with {KEY}")
    text = (tmp_path / "craft-desktop.log").read_text(encoding="utf-8")
    assert KEY not in text
    assert f"the key {{'key': '{STRUCK}'}}, and in the words a{STRUCK}b" in text
    assert f"ValueError: {STRUCK} was refused" in text
    assert f"asked with {STRUCK}" in text


def test_a_secret_in_the_source_line_of_a_stack_is_struck() -> None:
    redactor = Redactor()
    redactor.hide(KEY)
    record = logging.LogRecord("craft_desktop", logging.INFO, "a.py", 1, "here", None, None, sinfo=f"call({KEY!r})")
    assert redactor.filter(record)
    assert record.stack_info == f"call('{STRUCK}')"


def test_a_short_value_strikes_no_innocent_words() -> None:
    redactor = Redactor()
    redactor.hide("a" * (SHORTEST_SECRET - 1))
    redactor.hide("")
    assert redactor.strike("banaaaaaaaana") == "banaaaaaaaana"


@given(st.text("ab", min_size=SHORTEST_SECRET), st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_no_secret_is_left_where_one_begins_with_another(short: str, before: str, rest: str) -> None:
    redactor = Redactor()
    long = f"{short}!{rest}"
    redactor.hide(short)
    redactor.hide(long)
    struck = redactor.strike(f"{before}|{long}|{short}")
    assert struck == f"{before}|{STRUCK}|{STRUCK}".replace(short, STRUCK)


def test_each_line_of_a_secret_is_struck_where_it_stands_alone() -> None:
    redactor = Redactor()
    redactor.hide("-----BEGIN-----\nMIIEvQIBADANBg\nend")
    assert redactor.strike("| MIIEvQIBADANBg") == f"| {STRUCK}"
    assert redactor.strike("the end") == "the end"


def test_words_and_values_that_do_not_fit_are_written_all_the_same(tmp_path: Path) -> None:
    redactor = open_log(tmp_path)
    redactor.hide(KEY)
    _log.info("%d files", KEY)
    text = (tmp_path / "craft-desktop.log").read_text(encoding="utf-8")
    assert f"%d files ('{STRUCK}',)" in text


def test_a_second_log_takes_the_place_of_the_first(tmp_path: Path, package_log: logging.Logger) -> None:
    open_log(tmp_path)
    _log.info("first")
    open_log(tmp_path, "other.log")
    _log.info("second")
    assert len(package_log.handlers) == 1
    assert "second" not in (tmp_path / "craft-desktop.log").read_text(encoding="utf-8")
    assert "second" in (tmp_path / "other.log").read_text(encoding="utf-8")


def test_two_files_of_bounded_size_are_kept(tmp_path: Path, package_log: logging.Logger) -> None:
    open_log(tmp_path)
    (handler,) = package_log.handlers
    assert isinstance(handler, logging.handlers.RotatingFileHandler)
    line = "x" * (FILE_SIZE_BYTES // 4)
    for number in range(12):
        _log.info("%d %s", number, line)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["craft-desktop.log", "craft-desktop.log.1"]
    assert all(file.stat().st_size <= FILE_SIZE_BYTES for file in files)
    assert ": 11 xxx" in files[0].read_text(encoding="utf-8")
