"""What real pages of real frameworks say as they fail leads to the person's own file and line, before and after a save.

A project is installed and served in a sandbox; its page runs in the window's engine. The quick ones run with the suite.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from craft_desktop.model.events import LogLine, Stream
from craft_desktop.model.levels import Level
from craft_desktop.model.places import TRAIL, find
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import REPOSITORY
from tests.matrix.samples import NEXT_13, NEXT_14, NEXT_15, NEXT_16, REACT, REACT_18, REACT_19, VUE, Sample
from tests.workbench.watching import Watcher, started

pytestmark = [pytest.mark.node, pytest.mark.timeout(900)]

INSTALL_S = 600  # Nuxt's 600 packages on a busy machine of two cores
# Types, comments and JSX, so that the compiled lines are others than the written ones.
COMPONENT = """"use client";
import { useEffect, useState } from "react";

type Props = {
  name: string;
};

function press({ name }: Props): never {
  // what follows fails
  throw new Error(`pressed ${name}`);
}

function Part({ on }: { on: boolean }) {
  if (on) {
    throw new Error("not drawn");
  }
  return <i>fine</i>;
}

export default function Page() {
  const [on, setOn] = useState(false);
  useEffect(() => {
    const first = setTimeout(() => document.querySelector("button")?.click(), 200);
    const second = setTimeout(() => setOn(true), 800);
    return () => {
      clearTimeout(first);
      clearTimeout(second);
    };
  }, []);
  return (
    <main>
      <button onClick={() => press({ name: "it" })}>go</button>
      <Part on={on} />
    </main>
  );
}
"""
LAYOUT = "export default function Layout({ children }) { return <html><body>{children}</body></html>; }"
MAIN = """import { createRoot } from "react-dom/client";
import Page from "./Page";
createRoot(document.getElementById("app")!).render(<Page />);
"""
HTML = '<!doctype html><div id="app"></div><script type="module" src="/src/main.tsx"></script>'
TYPES = {"typescript": "^5.9.0", "@types/react": "^19.0.0", "@types/node": "^20.0.0"}
# The same in the languages of others: what fails is called by a timer, for their own handlers catch it first.
VUE_COMPONENT = """<script setup lang="ts">
import { onMounted } from "vue";

type Props = {
  name: string;
};

function press({ name }: Props): never {
  throw new Error(`pressed ${name}`);
}

onMounted(() => setTimeout(() => press({ name: "it" }), 200));
</script>

<template><p>fine</p></template>
"""
SVELTE_COMPONENT = """<script lang="ts">
  import { onMount } from "svelte";

  type Props = {
    name: string;
  };

  function press({ name }: Props): never {
    throw new Error(`pressed ${name}`);
  }

  onMount(() => {
    setTimeout(() => press({ name: "it" }), 200);
  });
</script>

<p>fine</p>
"""


def next_app(version: str, react: Mapping[str, str], script: str = "next dev") -> Sample:
    files = {"app/layout.jsx": LAYOUT, "app/page.tsx": COMPONENT}
    return Sample(files, "app/page.tsx", {"dev": script}, {"next": version, **react, **TYPES})


# Its overlay keeps a page that was not drawn from running again before it is loaded anew.
DRAWN = COMPONENT.replace("setOn(true)", "setOn(false)")
NEXT_PAGES = Sample(
    {"pages/index.tsx": DRAWN}, "pages/index.tsx", {"dev": "next dev"}, {"next": NEXT_14, **REACT_18, **TYPES}
)
VITE_REACT = Sample(
    {"index.html": HTML, "vite.config.mjs": REACT, "src/main.tsx": MAIN, "src/Page.tsx": COMPONENT},
    "src/Page.tsx",
    {"dev": "vite"},
    {"vite": "^7.0.0", "@vitejs/plugin-react": "^5.0.0", **REACT_19},
)
SAMPLES = {
    "next-16-turbopack": next_app(NEXT_16, REACT_19),
    "next-16-webpack": next_app(NEXT_16, REACT_19, "next dev --webpack"),
    "next-15-webpack": next_app(NEXT_15, REACT_19),
    "next-15-turbopack": next_app(NEXT_15, REACT_19, "next dev --turbopack"),
    "next-14-webpack": next_app(NEXT_14, REACT_18),
    "next-14-pages": NEXT_PAGES,
    "next-13-webpack": next_app(NEXT_13, REACT_18),
    "vite-react": VITE_REACT,
    "vite-vue": Sample(
        {
            "index.html": HTML,
            "vite.config.mjs": VUE,
            "src/main.tsx": (
                'import { createApp } from "vue";\nimport App from "./App.vue";\ncreateApp(App).mount("#app");'
            ),
            "src/App.vue": VUE_COMPONENT,
        },
        "src/App.vue",
        {"dev": "vite"},
        {"vite": "^7.0.0", "@vitejs/plugin-vue": "^6.0.0", "vue": "^3.5.0", "typescript": "^5.9.0"},
    ),
    "sveltekit": Sample(
        {
            "vite.config.mjs": (
                'import { sveltekit } from "@sveltejs/kit/vite";\nexport default { plugins: [sveltekit()] };'
            ),
            "svelte.config.js": "export default {};",
            "src/app.html": "<!doctype html><head>%sveltekit.head%</head><body>%sveltekit.body%</body>",
            "src/routes/+page.svelte": SVELTE_COMPONENT,
        },
        "src/routes/+page.svelte",
        {"dev": "vite dev"},
        {"vite": "^7.0.0", "svelte": "^5.0.0", "@sveltejs/kit": "^2.0.0", "@sveltejs/vite-plugin-svelte": "^6.0.0"},
        {"type": "module"},
    ),
    "astro": Sample(
        {
            "astro.config.mjs": ('import svelte from "@astrojs/svelte";\nexport default { integrations: [svelte()] };'),
            "src/pages/index.astro": (
                '---\nimport Part from "../parts/Part.svelte";\n---\n<html><body><Part client:load /></body></html>'
            ),
            "src/parts/Part.svelte": SVELTE_COMPONENT,
        },
        "src/parts/Part.svelte",
        {"dev": "astro dev"},
        {"astro": "^5.0.0", "@astrojs/svelte": "^7.0.0", "svelte": "^5.0.0", "typescript": "^5.9.0"},
    ),
    "nuxt": Sample(
        {"app.vue": VUE_COMPONENT, "nuxt.config.mjs": "export default {};"},
        "app.vue",
        {"dev": "nuxt dev"},
        {"nuxt": "^3.17.0"},
    ),
}
QUICK = ("next-16-turbopack", "next-16-webpack", "vite-react")


@contextlib.asynccontextmanager
async def browsed(workbench: Workbench, project_id: str, folder: Path) -> AsyncIterator[None]:
    """Have a project's page run, and what it says noted as the window does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.matrix.browsed",
        str(folder),
        workbench.address(project_id),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None and process.stdout is not None
    lines = process.stdout

    async def listen() -> None:
        async for line in lines:
            level, text, source = json.loads(line)
            workbench.insight.note_console(project_id, Level(level), text, source)

    async with asyncio.TaskGroup() as group:
        group.create_task(listen())
        try:
            yield
        finally:
            process.stdin.close()
            await process.wait()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.matrix) for name in SAMPLES]
)
async def test_what_fails_in_the_page_leads_to_its_line(workbench: Workbench, tmp_path: Path, name: str) -> None:
    sample = SAMPLES[name]
    watcher = Watcher(workbench)
    await workbench.change_setting("install_limit_s", INSTALL_S)
    project = await started(workbench, sample.write(tmp_path / "project"))
    file = tmp_path / "project" / sample.edited
    text = file.read_text()

    async def leads(words: str) -> None:
        """Wait until the page has said it with the place where it is written now."""
        line = file.read_text()[: file.read_text().index(words)].count("\n") + 1
        said = "Uncaught Error: " + words.replace("${name}", "it")
        try:
            await watcher.until(
                lambda event: (
                    isinstance(event, LogLine)
                    and event.stream is Stream.BROWSER
                    and event.text.startswith(said)
                    and TRAIL in event.text
                    and [(each.place.path, each.place.line) for each in find(event.text)] == [(sample.edited, line)]
                )
            )
        except TimeoutError:
            pytest.fail(f"{said!r} did not lead to {sample.edited}:{line}; it said {browser_lines(watcher)}")

    async with browsed(workbench, project.id, tmp_path / "profile"):
        await leads("pressed ${name}")
        if "setOn(true)" in text:
            await leads("not drawn")
        # Written anew further down: the page has it by hot reload, from other code at another address.
        watcher.forget()
        script = text.index("\n") + 1
        file.write_text(f"{text[:script]}\n// one line\n// and another\n{text[script:]}")
        await leads("pressed ${name}")
    assert not [line for line in browser_lines(watcher) if "node_modules" in line.partition(TRAIL)[2]]


def browser_lines(watcher: Watcher) -> list[str]:
    return [event.text for event in watcher.events if isinstance(event, LogLine) and event.stream is Stream.BROWSER]
