import pytest

from craft_desktop.model.env_files import EnvFile, EnvFiles, order
from craft_desktop.model.script import Framework

BOTH = (EnvFile(".env.local", frozenset({"A", "B"})), EnvFile(".env", frozenset({"A", "C"})))


def test_the_strongest_file_is_named_first() -> None:
    files = EnvFiles(Framework.NEXT, BOTH)
    assert files.setting("A") == (".env.local", ".env") and files.setting("C") == (".env",) and files.setting("Z") == ()
    assert files.names() == {"A", "B", "C"} and EnvFiles().names() == frozenset()


@pytest.mark.parametrize("framework", Framework)
def test_every_framework_has_an_order_that_ends_with_the_weakest(framework: Framework) -> None:
    assert tuple(order(framework))[-1] == ".env"
    assert EnvFiles(framework).is_settled is (framework is not Framework.OTHER)


def test_a_mode_s_file_stands_differently_to_the_local_one() -> None:
    following = {framework: tuple(order(framework)) for framework in (Framework.NEXT, Framework.VITE)}
    assert following[Framework.NEXT].index(".env.local") < following[Framework.NEXT].index(".env.development")
    assert following[Framework.VITE].index(".env.local") > following[Framework.VITE].index(".env.development")


@pytest.mark.parametrize(
    ("framework", "name", "is_public"),
    [
        (Framework.NEXT, "NEXT_PUBLIC_KEY", True),
        (Framework.NEXT, "KEY", False),
        (Framework.VITE, "VITE_KEY", True),
        (Framework.OTHER, "NEXT_PUBLIC_KEY", False),
    ],
)
def test_what_visitors_can_read(framework: Framework, name: str, is_public: bool) -> None:
    assert EnvFiles(framework).is_public(name) is is_public
