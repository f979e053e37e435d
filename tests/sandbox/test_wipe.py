"""What is deleted in a sandbox, and what never is."""

import pytest

from craft_desktop.model.errors import SandboxError
from craft_desktop.model.operations import Wipe
from craft_desktop.sandbox.connection import Sandbox
from craft_desktop.sandbox.wipe import BUILT, wipe

MADE = """
mkdir -p project/src/.next project/.nuxt project/apps/web/.svelte-kit project/node_modules/.vite/deps
mkdir -p project/node_modules/react/.next 'project/with space/node_modules/.cache' outside/.next outside/node_modules
touch project/src/page.tsx project/.env project/.nuxtrc project/next.config.js project/node_modules/.package-lock.json
ln -s ../outside project/linked; ln -s ../../outside project/node_modules/.cache; ln -s ../outside project/.next
"""
SOURCES = ["project/.env", "project/.nuxtrc", "project/next.config.js", "project/src/page.tsx"]


async def left(sandbox: Sandbox) -> list[str]:
    return sorted((await sandbox.run("find project outside -mindepth 1 \\( -type f -o -empty \\)")).stdout.splitlines())


async def test_what_was_built_goes_and_sources_and_dependencies_stay(sandbox: Sandbox) -> None:
    await sandbox.run(MADE)
    await wipe(sandbox, Wipe.BUILT)
    assert await left(sandbox) == sorted(
        [
            *SOURCES,
            "outside/.next",  # a link leads there: the link went, not what it leads to
            "outside/node_modules",
            "project/apps/web",
            "project/node_modules/.package-lock.json",
            "project/node_modules/react/.next",  # a package's own folder is the package's
            "project/with space/node_modules",
        ]
    )
    assert (await sandbox.run("readlink project/linked")).stdout == "../outside\n"
    await wipe(sandbox, Wipe.BUILT)  # nothing is there any more: no failure


async def test_dependencies_go_wherever_they_are(sandbox: Sandbox) -> None:
    await sandbox.run(MADE)
    await wipe(sandbox, Wipe.INSTALLED)
    assert await left(sandbox) == sorted(
        [*SOURCES, "outside/.next", "outside/node_modules", "project/apps/web", "project/with space"]
    )


async def test_nothing_is_nothing(sandbox: Sandbox) -> None:
    await sandbox.run(MADE)
    before = await left(sandbox)
    await wipe(sandbox, Wipe.NOTHING)
    assert await left(sandbox) == before


async def test_what_cannot_be_deleted_is_told(sandbox: Sandbox) -> None:
    await sandbox.run("mkdir -p project/.next/sub && touch project/.next/sub/file && chmod 500 project/.next/sub")
    with pytest.raises(SandboxError, match="could not be cleaned") as caught:
        await wipe(sandbox, Wipe.BUILT)
    assert "sub" in caught.value.problem.detail
    await sandbox.run("chmod 700 project/.next/sub")


def test_every_name_is_a_plain_word_for_the_shell() -> None:
    assert all(name.startswith(".") and name.replace("-", "").replace(".", "").isalpha() for name in BUILT)
