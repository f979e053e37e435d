import pytest

from craft_desktop.model.node_range import fits
from craft_desktop.model.node_wish import NodeWish, choose, read_wish

NVM = {"18.20.0": "nvm", "20.1.0": "nvm", "22.11.0": "nvm", "22.9.0": "fnm", "23.1.0": "nvm", "24.2.0": "nvm"}


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        (".nvmrc", "v22\n", "v22"),
        (".nvmrc", "# ours\n\n22.11.0  # jod\n", "22.11.0"),
        (".nvmrc", "lts/jod", "22"),
        (".nvmrc", "lts/Iron\r\n", "20"),
        (".node-version", "20.1.0\n", "20.1.0"),
        (".tool-versions", "python 3.12.1\nnodejs 22.9.0\n", "22.9.0"),
    ],
)
def test_a_version_file_says_it(name: str, text: str, wanted: str) -> None:
    assert read_wish({name: text}, {"engines": {"node": ">=4"}}) == NodeWish(wanted, name)


@pytest.mark.parametrize("text", ["node", "stable\n", "", "# nothing\n", "system"])
def test_one_that_takes_anything_leaves_it_to_the_manifest(text: str) -> None:
    assert read_wish({".nvmrc": text}, {"engines": {"node": ">=4"}}).range == ">=4"
    assert read_wish({".nvmrc": text}) == NodeWish()


def test_the_newest_that_is_supported_for_long_is_asked_for_by_its_name() -> None:
    wanted = read_wish({".nvmrc": "lts/*"}).range
    assert fits(wanted, "24.2.0") and not fits(wanted, "23.1.0")
    assert choose(wanted, "23.1.0", NVM) == "24.2.0"


def test_the_manifest_says_it_by_volta_before_engines_and_the_top_after_the_app() -> None:
    volta, engines = {"volta": {"node": "22.9.0"}}, {"engines": {"node": ">=20"}}
    assert read_wish({}, {**engines, **volta}).range == "22.9.0"
    assert read_wish({}, engines, {"engines": {"node": "18"}}).range == ">=20"
    assert read_wish({}, {}, volta).source == "“volta” in package.json"
    assert read_wish({}, {"engines": {"node": 20}}, {"volta": "22"}) == NodeWish()


@pytest.mark.parametrize(
    ("wanted", "usual", "chosen"),
    [
        ("", "20.20.2", None),
        (">=18", "20.20.2", None),
        ("22", "20.20.2", "22.11.0"),
        ("22.9.0", "20.20.2", "22.9.0"),
        (">=22", "20.20.2", "24.2.0"),
        ("^23", "20.20.2", "23.1.0"),
        (">=22", "22.0.0", None),
        ("99", "20.20.2", None),
        ("/etc/passwd", "20.20.2", None),
        ("", "", "24.2.0"),
        ("18", "", "18.20.0"),
    ],
)
def test_the_newest_that_fits_is_chosen_where_the_usual_one_does_not(
    wanted: str, usual: str, chosen: str | None
) -> None:
    assert choose(wanted, usual, NVM) == chosen


def test_without_any_there_is_none() -> None:
    assert choose("22", "", {}) is None
