import time

import pytest

from craft_desktop.model.project import PackageManager
from craft_desktop.model.turbo import build_command, is_among, parse, tasks_before


def test_a_configuration_may_hold_comments_and_a_last_comma() -> None:
    text = '{ // ours\n "$schema": "https://x.y/z", /* the\n tasks */ "tasks": {"dev": {"dependsOn": ["^build",]},},}'
    assert parse(text) == {"$schema": "https://x.y/z", "tasks": {"dev": {"dependsOn": ["^build"]}}}


@pytest.mark.parametrize(
    "text",
    [
        '"\\' * 50_000,
        "/*" * 100_000,
        "," + "/**/" * 200 + "x",
        "," + "// " * 200 + "x",
        ", " * 100_000,
        '{"tasks":' * 100_000,
    ],
)
def test_a_hostile_configuration_says_nothing_and_takes_no_time(text: str) -> None:
    began = time.process_time()
    assert parse(text) == {}
    assert time.process_time() - began < 5.0  # milliseconds; read in every way, longer than anybody lives


def test_what_looks_like_a_comment_in_a_text_stays() -> None:
    assert parse(r'{"a": "// no \" /* comment */ ,]"}') == {"a": '// no " /* comment */ ,]'}


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"tasks": ', "\0"])
def test_what_cannot_be_read_says_nothing(text: str) -> None:
    assert tasks_before(parse(text), "web", "dev") == ()


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"tasks": {"dev": {"dependsOn": ["^build"]}}}, ("build",)),
        ({"pipeline": {"dev": {"dependsOn": ["^build", "^codegen"]}}}, ("build", "codegen")),
        ({"tasks": {"dev": {"dependsOn": ["lint", "^db:generate"]}}}, ("db:generate",)),
        ({"tasks": {"dev": {"dependsOn": ["^build"]}, "web#dev": {"dependsOn": []}}}, ()),
        ({"tasks": {"dev": {"cache": False, "persistent": True}}}, ()),
        ({"tasks": {"start": {"dependsOn": ["^build"]}}}, ()),
        ({"tasks": {"dev": {"dependsOn": "^build"}}}, ()),
        ({"tasks": {"dev": {"dependsOn": [1, None, "^", "^a;rm -rf /", "^$TOKEN"]}}}, ()),
        ({"tasks": ["dev"]}, ()),
    ],
)
def test_what_comes_before_the_dev_script(config: dict[str, object], expected: tuple[str, ...]) -> None:
    assert tasks_before(config, "web", "dev") == expected


def test_the_command_is_one_for_the_shell_whatever_the_app_is_called() -> None:
    assert build_command("web", ("build",), PackageManager.PNPM, "npx --yes pnpm") == (
        "./node_modules/.bin/turbo run build '--filter=web^...'"
    )
    hostile = build_command("@acme/w'eb; rm", ("build",), PackageManager.NPM, "npm")
    assert hostile.endswith("""'--filter=@acme/w'"'"'eb; rm^...'""")
    assert build_command("web", ("build",), PackageManager.YARN, "npx --yes yarn").startswith(
        "npx --yes yarn run turbo "
    )


def test_turbo_is_used_where_it_is_installed() -> None:
    assert is_among({"devDependencies": {"turbo": "^2.5.0"}}) and is_among({"dependencies": {"turbo": "1"}})
    assert not is_among({"devDependencies": {"nx": "1"}}) and not is_among({"devDependencies": ["turbo"]})
