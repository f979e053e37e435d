import json
import re
import shlex
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.errors import Action, ProjectError
from craft_desktop.model.project import (
    DEPENDENCY_FILES,
    LOCK_FILES,
    PackageManager,
    Recipe,
    declared_manager,
    install_command,
    make_slug,
    parse_manifest,
    read_recipe,
    runner,
)
from craft_desktop.model.script import Framework

# RFC 1123, section 2.1.
DNS_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


FLAGS = ("run", "dev", "--", "-p", "--port", "-H", "--host", "127.0.0.1")


def manifest(script: str = "next dev", **fields: object) -> str:
    return json.dumps({"name": "shop", "scripts": {"dev": script}, "dependencies": {"next": "16"}, **fields})


def recipe(script: str, framework: Framework = Framework.OTHER, manager: PackageManager = PackageManager.NPM) -> Recipe:
    return Recipe("shop", framework, manager, None, install_command(manager), script)


class TestReadRecipe:
    def test_a_next_project_is_read_whole(self) -> None:
        assert read_recipe(manifest(), {"package.json", "package-lock.json"}) == Recipe(
            name="shop",
            framework=Framework.NEXT,
            package_manager=PackageManager.NPM,
            lock_file="package-lock.json",
            install_command="npm install --legacy-peer-deps --no-audit --no-fund",
            dev_script="next dev",
        )

    @pytest.mark.parametrize(
        ("names", "lock_file", "manager"),
        [
            ((), None, PackageManager.NPM),
            (("package-lock.json",), "package-lock.json", PackageManager.NPM),
            (("npm-shrinkwrap.json", "package-lock.json"), "npm-shrinkwrap.json", PackageManager.NPM),
            (("yarn.lock",), "yarn.lock", PackageManager.YARN),
            (("pnpm-lock.yaml", "package-lock.json"), "pnpm-lock.yaml", PackageManager.PNPM),
            (("bun.lock", "yarn.lock"), "bun.lock", PackageManager.BUN),
            (("bun.lockb",), "bun.lockb", PackageManager.BUN),
            (("Yarn.lock", "src"), None, PackageManager.NPM),
        ],
    )
    def test_the_lock_file_names_the_package_manager(
        self, names: Collection[str], lock_file: str | None, manager: PackageManager
    ) -> None:
        read = read_recipe(manifest(), names)
        assert (read.lock_file, read.package_manager) == (lock_file, manager)
        version = "1" if manager is PackageManager.YARN else ""
        assert read.install_command == install_command(manager, version)

    @pytest.mark.parametrize(
        ("declared", "manager"),
        [
            ("pnpm@9.1.0+sha256.abc", PackageManager.PNPM),
            ("bun", PackageManager.BUN),
            ("cargo@1", PackageManager.YARN),
            (3, PackageManager.YARN),
        ],
    )
    def test_a_declared_package_manager_goes_before_the_lock_file(
        self, declared: object, manager: PackageManager
    ) -> None:
        assert read_recipe(manifest(packageManager=declared), {"yarn.lock"}).package_manager is manager

    @pytest.mark.parametrize(
        ("script", "packages", "framework"),
        [
            ("next dev --turbopack", {"next": "16"}, Framework.NEXT),
            ("NODE_OPTIONS=--inspect next dev", {"next": "16"}, Framework.NEXT),
            ("prisma generate && next dev", {"next": "16"}, Framework.NEXT),
            ("vite", {"vite": "8"}, Framework.VITE),
            ("tsc -w & vite", {"vite": "8"}, Framework.VITE),
            ("astro dev", {"astro": "6", "vite": "8"}, Framework.ASTRO),
            ("nuxt dev", {"nuxt": "4"}, Framework.NUXT),
            ("react-router dev", {"@react-router/dev": "7", "vite": "8"}, Framework.REMIX),
            ("remix vite:dev", {"@remix-run/dev": "2", "vite": "8"}, Framework.REMIX),
            ("node server.js", {"next": "16"}, Framework.OTHER),
            ("next dev", {}, Framework.OTHER),
            ("nextjs dev", {"next": "16"}, Framework.OTHER),
        ],
    )
    def test_the_framework_is_the_one_whose_command_the_script_runs(
        self, script: str, packages: dict[str, str], framework: Framework
    ) -> None:
        assert read_recipe(manifest(script, dependencies=packages), ()).framework is framework
        assert read_recipe(manifest(script, dependencies=[], devDependencies=packages), ()).framework is framework

    @pytest.mark.parametrize(
        ("scripts", "have"),
        [
            ({"start": "next start", "build": "next build"}, "build, start"),
            ({}, "none"),
            ([], "none"),
            (None, "none"),
            ("next dev", "none"),
            ({"dev": "  "}, "dev"),
            ({"dev": ["next", "dev"]}, "dev"),
        ],
    )
    def test_a_missing_dev_script_is_told_with_those_there_are(self, scripts: object, have: str) -> None:
        with pytest.raises(ProjectError) as caught:
            read_recipe(json.dumps({"scripts": scripts}), ())
        assert caught.value.problem.detail == f"package.json names these scripts: {have}."
        assert '"dev": "next dev"' in caught.value.problem.remedy
        assert caught.value.problem.action is Action.OPEN_FOLDER

    @pytest.mark.parametrize("name", ["", 3, None, ["shop"]])
    def test_a_name_that_is_none_is_left_empty(self, name: object) -> None:
        assert read_recipe(manifest(name=name), ()).name == ""

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
            lambda inner: (
                st.lists(inner)
                | st.dictionaries(st.text() | st.sampled_from(["scripts", "dev", "dependencies", "name"]), inner)
            ),
        )
    )
    def test_any_json_gives_a_recipe_or_a_told_failure(self, value: object) -> None:
        try:
            read = read_recipe(json.dumps(value), ())
        except ProjectError as error:
            assert error.problem.remedy
        else:
            assert read.dev_script.strip()


class TestParseManifest:
    @pytest.mark.parametrize(
        ("text", "detail"),
        [
            ("", "Line 1, column 1: Expecting value"),
            ("{", "Line 1, column 2: Expecting property name enclosed in double quotes\n{"),
            (
                '{\n  "name": "shop",\n  "scripts": {"dev": "next dev"}\n  "version": "1"\n}\n',
                'Line 4, column 3: Expecting \',\' delimiter\n"version": "1"',
            ),
            ("{'name': 1}", "Line 1, column 2: Expecting property name enclosed in double quotes\n{'name': 1}"),
            ('{"a": 1}\n{"b": 2}', 'Line 2, column 1: Extra data\n{"b": 2}'),
            ('{\r\n  "a": nil\r\n}', 'Line 2, column 8: Expecting value\n"a": nil'),
            ('{"a": "\u2028",\n  "b": x}', 'Line 2, column 8: Expecting value\n"b": x}'),
            ("\ufeff{x}", "Line 1, column 2: Expecting property name enclosed in double quotes\n{x}"),
        ],
    )
    def test_the_first_mistake_is_told_with_line_and_column(self, text: str, detail: str) -> None:
        with pytest.raises(ProjectError) as caught:
            parse_manifest(text)
        assert caught.value.problem.title == "package.json is not valid JSON"
        assert caught.value.problem.detail == detail

    def test_a_long_line_is_shown_in_part(self) -> None:
        with pytest.raises(ProjectError) as caught:
            parse_manifest(f'{{"a": "{"x" * 10_000}" "b"}}')
        assert len(caught.value.problem.detail) < 250
        assert caught.value.problem.detail.startswith("Line 1, column 10010: ")

    @pytest.mark.parametrize(("text", "kind"), [("[]", "list"), ("3", "int"), ('"next"', "str"), ("null", "NoneType")])
    def test_what_is_no_object_is_refused(self, text: str, kind: str) -> None:
        with pytest.raises(ProjectError, match=f"it holds a {kind}"):
            parse_manifest(text)

    @pytest.mark.parametrize(
        ("text", "detail"),
        [("[" * 200_000, "nested too deeply"), (f'{{"a": {"9" * 5000}}}', "number in it is too long")],
    )
    def test_what_json_allows_and_python_does_not_is_told(self, text: str, detail: str) -> None:
        with pytest.raises(ProjectError, match=detail):
            parse_manifest(text)

    def test_a_byte_order_mark_is_no_mistake(self) -> None:
        assert parse_manifest('\ufeff{"name": "shop"}') == {"name": "shop"}

    @given(st.text() | st.text('{}[]":,\\\n\r\t 0123456789.eE+-truefalsn\ufeff\u2028'))
    def test_any_text_is_an_object_or_a_told_failure(self, text: str) -> None:
        try:
            assert isinstance(parse_manifest(text), dict)
        except ProjectError as error:
            assert error.problem.detail


class TestCommands:
    @pytest.mark.parametrize(
        ("framework", "script", "flags"),
        [
            (Framework.NEXT, "next dev", "-p 3000 -H 127.0.0.1"),
            (Framework.NEXT, "next dev -p 4000", "-H 127.0.0.1"),
            (Framework.NEXT, "next dev --port=4000", "-H 127.0.0.1"),
            (Framework.NEXT, "next dev -H 0.0.0.0", "-p 3000"),
            (Framework.NEXT, "next dev --hostname localhost --port 4000", ""),
            (Framework.NEXT, "next dev --portable", "-p 3000 -H 127.0.0.1"),
            (Framework.VITE, "vite", "--port 3000 --host 127.0.0.1"),
            (Framework.VITE, "vite --host", "--port 3000"),
            (Framework.ASTRO, "astro dev --port 4321", "--host 127.0.0.1"),
            (Framework.NUXT, "nuxt dev", "--port 3000 --host 127.0.0.1"),
            (Framework.REMIX, "react-router dev", "--port 3000 --host 127.0.0.1"),
            (Framework.OTHER, "node server.js", ""),
        ],
    )
    def test_flags_say_what_the_script_has_not_said(self, framework: Framework, script: str, flags: str) -> None:
        assert recipe(script, framework).flags(3000) == flags.split()

    @pytest.mark.parametrize(
        ("manager", "framework", "command"),
        [
            (PackageManager.NPM, Framework.NEXT, "npm run dev -- -p 3000 -H 127.0.0.1"),
            (PackageManager.PNPM, Framework.NEXT, "npx --yes pnpm run dev -p 3000 -H 127.0.0.1"),
            (PackageManager.YARN, Framework.VITE, "npx --yes yarn run dev --port 3000 --host 127.0.0.1"),
            (PackageManager.BUN, Framework.OTHER, "npx --yes bun run dev"),
            (PackageManager.NPM, Framework.OTHER, "npm run dev"),
        ],
    )
    def test_the_dev_command_passes_the_flags_on(
        self, manager: PackageManager, framework: Framework, command: str
    ) -> None:
        script = {Framework.NEXT: "next dev", Framework.VITE: "vite"}.get(framework, "node .")
        assert recipe(script, framework, manager).dev_command(3000) == command

    @given(st.sampled_from(Framework), st.sampled_from(PackageManager), st.text(), st.integers(1, 65535))
    def test_nothing_of_the_script_reaches_the_shell(
        self, framework: Framework, manager: PackageManager, script: str, port: int
    ) -> None:
        words = shlex.split(recipe(script, framework, manager).dev_command(port))
        assert set(words) <= {*runner(manager).split(), *FLAGS, str(port)}

    @pytest.mark.parametrize(
        ("script", "port"),
        [
            ("next dev", None),
            ("next dev -p 4000", 4000),
            ("next dev -p=4000", 4000),
            ("next dev --port 4000 --turbopack", 4000),
            ("vite --port=4000", 4000),
            ("PORT=4000 node .", 4000),
            ("cross-env PORT=4000 node .", 4000),
            ("vite --strictPort", None),
            ("vite --port $PORT", None),
            ("vite --port 99999", None),
            ("vite --port 00", None),
            ("REPORT=4000 node .", None),
            ("next dev -p 4000x", None),
        ],
    )
    def test_the_port_that_the_script_names_is_found(self, script: str, port: int | None) -> None:
        assert recipe(script).declared_port == port

    @given(st.text() | st.from_regex(r"(-p|--port|PORT)[= ]\d+"))
    def test_a_declared_port_is_a_port(self, script: str) -> None:
        port = recipe(script).declared_port
        assert port is None or 0 < port < 65536

    @pytest.mark.parametrize("manager", PackageManager)
    def test_an_install_asks_nothing(self, manager: PackageManager) -> None:
        assert install_command(manager).startswith(runner(manager))
        assert runner(manager) == "npm" or runner(manager).startswith("npx --yes ")

    def test_a_change_of_manifest_or_lock_file_asks_for_an_install(self) -> None:
        assert set(LOCK_FILES) | {"package.json", ".npmrc", "pnpm-workspace.yaml"} == DEPENDENCY_FILES


class TestMakeSlug:
    @pytest.mark.parametrize(
        ("name", "slug"),
        [
            ("shop", "shop"),
            ("My Shop", "my-shop"),
            ("Köln über alles", "koln-uber-alles"),
            ("@acme/web_app", "acme-web-app"),
            ("日本", "project"),
            ("", "project"),
            ("---", "project"),
            ("xn--80ak6aa92e", "xn-80ak6aa92e"),
            ("2048", "2048"),
            ("a" * 47 + " b", "a" * 47),
            ("\ud800shop\n", "shop"),
            ("../../etc", "etc"),
        ],
    )
    def test_a_name_becomes_a_label(self, name: str, slug: str) -> None:
        assert make_slug(name, ()) == slug

    def test_a_taken_slug_gets_a_number(self) -> None:
        assert make_slug("shop", {"shop", "shop-2"}) == "shop-3"

    @given(
        st.lists(st.text() | st.text("aB-. ", max_size=60) | st.sampled_from(["shop", "Shop", "shop 2"]), max_size=30)
    )
    def test_slugs_are_labels_and_each_is_its_projects_own(self, names: list[str]) -> None:
        taken: list[str] = []
        for name in names:
            slug = make_slug(name, taken)
            assert DNS_LABEL.fullmatch(slug)
            assert slug not in taken
            taken.append(slug)


@pytest.mark.parametrize(
    ("declared", "install", "dev"),
    [
        ("pnpm@9.1.0", "npx --yes pnpm@9.1.0 install", "npx --yes pnpm@9.1.0 run dev"),
        ("pnpm@9.1.0-rc.1+sha512.abc", "npx --yes pnpm@9.1.0-rc.1 install", "npx --yes pnpm@9.1.0-rc.1 run dev"),
        ("yarn@1.22.22", "npx --yes yarn@1.22.22 install", "npx --yes yarn@1.22.22 run dev"),
        (
            "yarn@4.5.0",
            "npx --yes --package=@yarnpkg/cli-dist@4.5.0 yarn install",
            "npx --yes --package=@yarnpkg/cli-dist@4.5.0 yarn run dev",
        ),
        ("bun", "npx --yes bun install", "npx --yes bun run dev"),
        ("npm@10.0.0", "npm install --legacy-peer-deps --no-audit --no-fund", "npm run dev"),
        ("pnpm@1; rm -rf ~", "npx --yes pnpm install", "npx --yes pnpm run dev"),
        ("pnpm@9.1.0 $(id)", "npx --yes pnpm install", "npx --yes pnpm run dev"),
    ],
)
def test_the_declared_package_manager_comes_in_its_version(declared: str, install: str, dev: str) -> None:
    recipe = read_recipe(json.dumps({"packageManager": declared, "scripts": {"dev": "node server.js"}}), ())
    assert (recipe.install_command, recipe.dev_command(3000)) == (install, dev)


@pytest.mark.parametrize(
    ("declared", "manager", "version"),
    [
        ("pnpm@9.1.0+sha512.aB/+==", PackageManager.PNPM, "9.1.0"),
        ("pnpm@9", PackageManager.PNPM, "9"),
        ("pnpm@9.1", PackageManager.PNPM, "9.1"),
        ("pnpm@latest", PackageManager.PNPM, ""),
        ("pnpm@^9", PackageManager.PNPM, ""),
        ("bun@1.2.0;rm -rf /", PackageManager.BUN, ""),
        ("pnpm@$(touch x)", PackageManager.PNPM, ""),
        ("yarn@1.22.22+sha1.abc", PackageManager.YARN, "1.22.22"),
        ("corepack@1.0.0", None, ""),
        (9, None, ""),
    ],
)
def test_the_declared_manager_is_taken_however_its_version_is_written(
    declared: object, manager: PackageManager | None, version: str
) -> None:
    assert declared_manager({"packageManager": declared}) == (manager, version)


def test_scripts_as_people_write_them() -> None:
    def command(script: str, port: int = 3000) -> str:
        return read_recipe(json.dumps({"scripts": {"dev": script}, "dependencies": {"next": "15"}}), ()).dev_command(
            port
        )

    assert command("next dev -p $PORT") == "npm run dev -- -H 127.0.0.1"
    assert command("next dev -H 127.0.0.1") == "npm run dev -- -p 3000"
    assert command("dotenv -e .env.local -- next dev") == "npm run dev -- -p 3000 -H 127.0.0.1"
    assert command("set PORT=3001 && next dev", 3001) == "npm run dev -- -p 3001 -H 127.0.0.1"
    assert command("next dev 2>&1 | tee log") == "npm run dev"


def test_a_manifest_with_a_mark_or_other_line_ends_is_read_and_a_comment_told() -> None:
    assert read_recipe('\ufeff{"scripts":\r\n {"dev": "next dev"}}\r\n', ()).dev_script == "next dev"
    with pytest.raises(ProjectError, match="Line 2, column 2"):
        read_recipe('{\n // ours\n "scripts": {}}', ())
