import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.script import (
    Framework,
    declared_port,
    flags_for,
    framework_of,
    reached_command,
    serves_a_build,
    takes_port,
)

HOST = "127.0.0.1"
NEXT_FLAGS = ["-p", "3000", "-H", HOST]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("next dev", "next dev"),
        ("prisma generate && next dev", "next dev"),
        ("tsc -w & vite", "vite"),
        ("vite & tsc -w", "tsc -w"),
        ("next dev | pino-pretty", "pino-pretty"),
        ("vite || exit 1; true", "true"),
        ('concurrently "next dev" "tsc -w"', ["concurrently", "next dev", "tsc -w"]),
        ("cross-env NODE_ENV=development A='b c' next dev", "next dev"),
        ("NODE_OPTIONS=--inspect next dev", "next dev"),
        ("dotenv -e .env.local -- next dev --turbo", "next dev --turbo"),
        ("npx next dev", "next dev"),
        ("bun --bun next dev", "next dev"),
        ("pnpm exec vite dev", "vite dev"),
        ("./node_modules/.bin/next dev", "./node_modules/.bin/next dev"),
        ("npm run dev:web", "npm run dev:web"),
        ("(next dev)", ""),
        ("next dev # on 3000", ""),
        ("echo 'unclosed; next dev", ""),
        ("", ""),
        ("NODE_ENV=development", ""),
    ],
)
def test_flags_reach_the_last_command_alone(script: str, words: str | list[str]) -> None:
    assert reached_command(script) == (words.split() if isinstance(words, str) else words)


@pytest.mark.parametrize(
    ("framework", "script", "flags"),
    [
        (Framework.NEXT, "next", NEXT_FLAGS),
        (Framework.NEXT, "next ./web", NEXT_FLAGS),
        (Framework.NEXT, "next dev ./web -p 4000", ["-H", HOST]),
        (Framework.NEXT, "next build && next start", []),
        (Framework.NEXT, "./node_modules/.bin/next dev", NEXT_FLAGS),
        (Framework.NEXT, "node server.js", []),
        (Framework.NEXT, 'concurrently "next dev" "tsc -w"', []),
        (Framework.NEXT, "next dev & tsc -w", []),
        (Framework.NEXT, "npm run dev:web", []),
        (Framework.NEXT, "turbo run dev", []),
        (Framework.NEXT, "next dev -p 4000 && echo done", []),
        (Framework.VITE, "vite", ["--port", "3000", "--host", HOST]),
        (Framework.VITE, "vite build --watch", []),
        (Framework.VITE, "vite --host 0.0.0.0", ["--port", "3000"]),
        (Framework.VITE, "rimraf dist; vite dev --port 4000 --host", []),
        (Framework.VITE, "vite preview", []),
        (Framework.NUXT, "nuxi dev -h 0.0.0.0", ["--port", "3000"]),
        (Framework.REMIX, "remix vite:dev", ["--port", "3000", "--host", HOST]),
        (Framework.REMIX, "remix dev", []),  # the classic one takes other flags
        (Framework.OTHER, "react-scripts start", []),
    ],
)
def test_flags_are_given_where_they_arrive_and_are_not_set(framework: Framework, script: str, flags: list[str]) -> None:
    assert flags_for(framework, script, 3000, HOST) == flags


@pytest.mark.parametrize(
    ("framework", "script", "takes"),
    [
        (Framework.NEXT, "next dev", True),
        (Framework.NEXT, 'concurrently "next dev" "node api.js"', False),
        (Framework.NEXT, 'concurrently "next dev -p 4567" "node api.js"', True),
        (Framework.OTHER, "node server.js", False),
        (Framework.OTHER, "PORT=4000 node server.js", True),
    ],
)
def test_it_is_known_whether_a_server_listens_where_it_is_told(framework: Framework, script: str, takes: bool) -> None:
    assert takes_port(framework, script) is takes


def test_a_port_inside_quotes_is_found() -> None:
    assert declared_port('concurrently "next dev -p 4567" "tsc -w"') == 4567
    assert declared_port("concurrently 'vite --port=4568'") == 4568


@pytest.mark.parametrize(
    ("script", "scripts", "framework"),
    [
        ('concurrently "next dev" "tsc"', {}, Framework.NEXT),
        ("npm run dev:web", {"dev:web": "next dev"}, Framework.NEXT),
        ("run-p one two", {"one": "tsc -w", "two": "vite"}, Framework.VITE),
        ("npm run a", {"a": "npm run b", "b": "npm run a && next dev"}, Framework.NEXT),
        ("npm run a", {"a": 3}, Framework.OTHER),
        ("node server.js", {}, Framework.OTHER),
    ],
)
def test_a_framework_is_found_behind_other_scripts(
    script: str, scripts: dict[str, object], framework: Framework
) -> None:
    assert framework_of({"next", "vite"}, script, scripts) is framework


@pytest.mark.parametrize(
    ("script", "builds"),
    [
        ("next start", True),
        ("vite preview", True),
        ("serve -s build", True),
        ("react-router-serve ./build/server/index.js", True),
        ("nuxt preview", True),
        ("astro dev", False),
        ("react-scripts start", False),
        ("ng serve", False),
        ("node server.js", False),
        ("next dev", False),
    ],
)
def test_a_script_that_serves_a_build_is_no_dev_script(script: str, builds: bool) -> None:
    assert serves_a_build(script) is builds


WORDS = st.sampled_from(
    [
        "next",
        "vite",
        "dev",
        "&&",
        "||",
        ";",
        "|",
        "&",
        "'",
        '"',
        "(",
        "#",
        "-p",
        "4000",
        "A=b",
        "cross-env",
        "--",
        "$(x)",
    ]
)


@given(st.lists(WORDS).map(" ".join) | st.text())
def test_any_script_gives_flags_or_none(script: str) -> None:
    for framework in Framework:
        flags = flags_for(framework, script, 3000, HOST)
        assert set(flags) <= {"-p", "-H", "--port", "--host", "3000", HOST}
        if flags:  # then the shell runs the framework's command with them
            assert shlex.split(script)
            assert takes_port(framework, script)


@pytest.mark.parametrize(
    "script",
    ['concurrently "npm:dev:*"', "npm-run-all --parallel dev:*", "run-p dev:*", 'concurrently "pnpm:dev:web"'],
)
def test_scripts_named_by_a_pattern_are_looked_into(script: str) -> None:
    scripts = {"dev": script, "dev:web": "next dev", "dev:api": "node api.js", "lint": "vite lint"}
    assert framework_of({"next", "vite"}, script, scripts) is Framework.NEXT


def test_a_star_that_stands_for_files_names_no_script() -> None:
    assert framework_of({"next"}, "node --test *", {"dev": "node --test *", "web": "next dev"}) is Framework.OTHER
