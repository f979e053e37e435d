import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.errors import Action, SettingError
from craft_desktop.model.project import Provider
from craft_desktop.model.settings import BY_KEY, OPTIONS, Option, Settings, Value, check, settled

SWITCHES = [option for option in OPTIONS if isinstance(option.default, bool)]
NUMBERS = [option for option in OPTIONS if isinstance(option.default, int) and option not in SWITCHES]
ADDRESSES = [option for option in OPTIONS if option.is_url]


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.key)
def test_a_default_passes_its_own_check(option: Option) -> None:
    assert check(option.key, option.default) == option.default
    assert type(check(option.key, option.default)) is type(option.default)


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.key)
def test_an_option_has_words_and_fitting_bounds(option: Option) -> None:
    assert option.label
    assert option.help.endswith(".")
    assert not option.label.endswith(".")
    if option in NUMBERS:
        assert option.low < option.high
    assert not (option.choices and option.default not in option.choices)


def test_the_settings_in_force_without_a_file_are_the_defaults() -> None:
    assert settled({}) == Settings()


def test_every_option_has_its_place_in_the_settings() -> None:
    assert [field.name for field in dataclasses.fields(Settings)] == [option.key for option in OPTIONS]
    assert len(BY_KEY) == len(OPTIONS)


def test_a_value_stands_over_its_default() -> None:
    values: dict[str, Value] = {"provider": "e2b", "ready_limit_s": 300, "theme": "dark"}
    assert settled(values) == Settings(provider=Provider.E2B, ready_limit_s=300, theme="dark")


@pytest.mark.parametrize("option", NUMBERS, ids=lambda option: option.key)
def test_a_number_keeps_within_its_bounds(option: Option) -> None:
    assert check(option.key, option.low) == option.low
    assert check(option.key, f" {option.high} ") == option.high
    for outside in (option.low - 1, option.high + 1):
        with pytest.raises(SettingError) as caught:
            check(option.key, outside)
        assert f"from {option.low} to {option.high}" in caught.value.problem.remedy
        assert caught.value.problem.action is Action.OPEN_SETTINGS


@pytest.mark.parametrize("value", [None, True, False, 60.0, [], {}, "", "sixty", "60 s", "1e3", "0x40", "9" * 5000])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(SettingError, match="is not a whole number"):
        check("install_limit_s", value)


@pytest.mark.parametrize("option", SWITCHES, ids=lambda option: option.key)
def test_a_switch_is_on_or_off(option: Option) -> None:
    assert check(option.key, True) is True and check(option.key, False) is False
    values: list[object] = [1, 0, "on", "true", "", None, []]
    for value in values:
        with pytest.raises(SettingError, match="It is on or off"):
            check(option.key, value)


@pytest.mark.parametrize("value", ["Local", "", "docker", "e2b\x00"])
def test_a_choice_is_one_of_those_offered(value: str) -> None:
    with pytest.raises(SettingError) as caught:
        check("provider", value)
    assert caught.value.problem.remedy == "Choose one of: local, e2b."


@pytest.mark.parametrize("option", [option for option in OPTIONS if isinstance(option.default, str)])
@pytest.mark.parametrize("value", [None, 3, True, ["local"]])
def test_text_is_text(option: Option, value: object) -> None:
    with pytest.raises(SettingError, match="It takes text"):
        check(option.key, value)


@pytest.mark.parametrize("option", ADDRESSES, ids=lambda option: option.key)
@pytest.mark.parametrize("value", ["", "http://127.0.0.1:49983", "https://api.e2b.example.com", "http://[::1]:80/v1"])
def test_an_address_is_taken(option: Option, value: str) -> None:
    assert check(option.key, f" {value}\n") == value


@pytest.mark.parametrize("option", ADDRESSES, ids=lambda option: option.key)
@pytest.mark.parametrize(
    "value",
    [
        "api.e2b.dev",
        "ftp://api.e2b.dev",
        "javascript:alert(1)",
        "http://",
        "http://:80",
        "http://[::1",
        "http://host:99999",
        "http://host:x",
        "http://host:0",
        "http://ho\nst",
        "http://host/a b",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_address_is_refused(option: Option, value: str) -> None:
    with pytest.raises(SettingError, match="is not an address"):
        check(option.key, value)


@pytest.mark.parametrize("value", ["", "e2b.app", "e2b.example.com", "127.0.0.1:3001", "localhost"])
def test_a_domain_is_taken(value: str) -> None:
    assert check("e2b_domain", value) == value


@pytest.mark.parametrize(
    "value",
    ["https://e2b.app", "e2b.app/v1", "a b", "a\nb", "a\tb", "e2b.app@evil.example", "e2b.app?x", "a#b", "a\\b"],
)
def test_what_is_no_domain_is_refused(value: str) -> None:
    with pytest.raises(SettingError, match="is not a domain"):
        check("e2b_domain", value)


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(SettingError, match="There is no setting “colour”"):
        check("colour", "blue")


@given(
    st.sampled_from([*BY_KEY, "colour"]),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text()) | st.binary(),
)
def test_a_value_is_taken_or_refused_and_what_was_taken_is_taken_again(key: str, value: object) -> None:
    try:
        taken = check(key, value)
    except SettingError as error:
        assert error.problem.detail
        assert error.problem.remedy
    else:
        assert check(key, taken) == taken
        assert getattr(settled({key: taken}), key) == taken
