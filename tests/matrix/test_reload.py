"""What each framework reloads by itself: the rule in model/changes.py, tried with the real ones.

A value of `.env` and one of the configuration show in the page; each is changed, and must show without a restart of
ours, except where the rule says that one is needed, and then it must come.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from craft_desktop.model.events import Event, LogLine, SessionChanged
from craft_desktop.model.session import Phase
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import fetch
from tests.matrix.samples import NEXT_14, NEXT_16, REACT_18, REACT_19, Sample

pytestmark = [pytest.mark.node, pytest.mark.matrix, pytest.mark.timeout(900)]

INSTALL_S = 600
SEEN_S = 60.0
ENV_PAGE = "export default function Page() { return <p>{process.env.NEXT_PUBLIC_WORDS}</p>; }"
DYNAMIC = "export const getServerSideProps = () => ({ props: {} });\n"
NODE = """require("http").createServer((_, answer) => answer.end(process.env.WORDS)).listen(process.env.PORT);"""


def env_sample(name: str, files: Mapping[str, str], script: str, packages: Mapping[str, str]) -> Sample:
    return Sample({".env": f"{name}=env-1\n", **files}, ".env", {"dev": script}, packages)


ENVIRONMENTS = {
    "next-16": env_sample(
        "NEXT_PUBLIC_WORDS", {"pages/index.jsx": DYNAMIC + ENV_PAGE}, "next dev", {"next": NEXT_16, **REACT_19}
    ),
    "next-14": env_sample(
        "NEXT_PUBLIC_WORDS", {"pages/index.jsx": DYNAMIC + ENV_PAGE}, "next dev", {"next": NEXT_14, **REACT_18}
    ),
    "vite": env_sample(
        "VITE_WORDS",
        {"index.html": "<p>%VITE_WORDS%</p>"},
        "vite",
        {"vite": "^8.0.0"},
    ),
    "astro": env_sample(
        "PUBLIC_WORDS",
        {"src/pages/index.astro": "<p>{import.meta.env.PUBLIC_WORDS}</p>"},
        "astro dev",
        {"astro": "^5.0.0"},
    ),
    "nuxt": env_sample(
        "NUXT_PUBLIC_WORDS",
        {
            "app.vue": "<template><p>{{ useRuntimeConfig().public.words }}</p></template>",
            "nuxt.config.mjs": 'export default { runtimeConfig: { public: { words: "" } } };',
        },
        "nuxt dev",
        {"nuxt": "^3.17.0"},
    ),
    "node": env_sample("WORDS", {"server.js": NODE}, "node --env-file=.env server.js", {}),
}
RESTARTED = {"node", "nuxt"}

CONFIGURATIONS = {
    "next-16": Sample(
        {"next.config.mjs": 'export default { env: { WORDS: "config-1" } };', "pages/index.jsx": DYNAMIC + ENV_PAGE},
        "next.config.mjs",
        {"dev": "next dev"},
        {"next": NEXT_16, **REACT_19},
    ),
    "next-14": Sample(
        {"next.config.mjs": 'export default { env: { WORDS: "config-1" } };', "pages/index.jsx": DYNAMIC + ENV_PAGE},
        "next.config.mjs",
        {"dev": "next dev"},
        {"next": NEXT_14, **REACT_18},
    ),
    "vite": Sample(
        {
            "vite.config.mjs": (
                'const words = { name: "words", transformIndexHtml: () => "<p>config-1</p>" };\n'
                "export default { plugins: [words] };"
            ),
            "index.html": "<p></p>",
        },
        "vite.config.mjs",
        {"dev": "vite"},
        {"vite": "^8.0.0"},
    ),
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
async def test_an_environment_file_is_read_again(workbench: Workbench, tmp_path: Path, name: str) -> None:
    restarts = await _changed_value_shows(workbench, tmp_path, ENVIRONMENTS[name], "env-1", "env-2")
    assert restarts == (name in RESTARTED)


@pytest.mark.parametrize("name", CONFIGURATIONS)
async def test_a_configuration_is_read_again(workbench: Workbench, tmp_path: Path, name: str) -> None:
    sample = CONFIGURATIONS[name]
    sample = Sample(
        {
            path: text.replace("process.env.NEXT_PUBLIC_WORDS", "process.env.WORDS")
            for path, text in sample.files.items()
        },
        sample.edited,
        sample.scripts,
        sample.packages,
        seen_at=sample.seen_at,
    )
    assert await _changed_value_shows(workbench, tmp_path, sample, "config-1", "config-2") == 0


async def _changed_value_shows(workbench: Workbench, tmp_path: Path, sample: Sample, old: str, new: str) -> int:
    """Give how many times we started the dev server anew."""
    told: list[str] = []
    phases: list[Phase] = []

    def note(event: Event) -> None:
        if isinstance(event, LogLine):
            told.append(event.text)
        elif isinstance(event, SessionChanged):
            phases.append(event.session.phase)

    workbench.subscribe(note)
    await workbench.change_setting("install_limit_s", INSTALL_S)
    project = await workbench.add(sample.write(tmp_path / "project"))
    await workbench.open(project.id)
    assert workbench.session(project.id).phase is Phase.LIVE, (workbench.session(project.id).problem, told[-20:])
    url = workbench.address(project.id)
    await _until_seen(url, sample.seen_at, old, told)
    path = tmp_path / "project" / sample.edited
    path.write_text(path.read_text().replace(old, new))
    await _until_seen(url, sample.seen_at, new, told)
    assert workbench.session(project.id).phase is Phase.LIVE
    return told.count("Restarting")


async def _until_seen(url: str, path: str, words: str, told: list[str]) -> None:
    text = ""
    try:
        async with asyncio.timeout(SEEN_S):
            while words not in (text := (await fetch(url, path))[1]):
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"{words!r} was not seen in {text[:1000]}; it said {told[-20:]}")
