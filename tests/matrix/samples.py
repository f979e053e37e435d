"""Small real projects, one for each kind of web project that must run: what is in the folder, and an edit that shows.

Each is the least its framework serves. Versions are those that run on Node.js 20, the oldest that sandboxes have,
but for those that ask for a newer one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

BEFORE, AFTER = "words before the edit", "words after the edit"

NEXT_16, NEXT_15, NEXT_14, NEXT_13 = "16.4.3", "^15.5.0", "^14.2.0", "^13.5.0"
REACT_19 = {"react": "^19.0.0", "react-dom": "^19.0.0"}
REACT_18 = {"react": "^18.3.0", "react-dom": "^18.3.0"}

NEXT_APP = {
    "app/layout.jsx": "export default ({ children }) => <html><body>{children}</body></html>;",
    "app/page.jsx": f"export default function Page() {{ return <p>{BEFORE}</p>; }}",
}
NEXT_PAGES = {"pages/index.jsx": f"export default function Page() {{ return <p>{BEFORE}</p>; }}"}
VITE_HTML = '<!doctype html><div id="app"></div><script type="module" src="/src/main.js"></script>'


@dataclass(frozen=True)
class Sample:
    """A project: its files, and where an edit is made and seen. `app` is the app's folder in a monorepo.

    `node` is the major version of Node.js that it asks for by `.nvmrc`; empty for the usual one. Only what
    `is_followed` sees no edit by itself, and is started anew for one.
    """

    files: Mapping[str, str]
    edited: str
    scripts: Mapping[str, str]
    packages: Mapping[str, str] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    seen_at: str = ""
    app: str = ""
    node: str = ""
    quick: bool = False
    is_followed: bool = False

    def write(self, folder: Path) -> Path:
        """Write it into `folder` and give the app's folder."""
        data = {
            "name": "sample",
            "version": "1.0.0",  # Yarn 1 leaves packages without one out of a monorepo
            "private": True,
            "scripts": self.scripts,
            "dependencies": self.packages,
            **self.manifest,
        }
        manifests = {f"{self.app}/package.json" if self.app else "package.json": json.dumps(data, indent=2)}
        asked = {".nvmrc": f"{self.node}\n"} if self.node else {}
        for relpath, text in {**manifests, **asked, **self.files}.items():
            path = folder / relpath
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return folder / self.app

    def edit(self, folder: Path) -> None:
        """Make the edit that must show."""
        path = folder / self.edited
        path.write_text(path.read_text().replace(BEFORE, AFTER))


def next_sample(
    version: str, react: Mapping[str, str], files: Mapping[str, str], script: str = "next dev", **more: Any
) -> Sample:
    edited = "app/page.jsx" if "app/page.jsx" in files else "pages/index.jsx"
    return Sample(files, edited, {"dev": script}, {"next": version, **react}, **more)


def vite_sample(packages: Mapping[str, str], config: str, files: Mapping[str, str], edited: str, **more: Any) -> Sample:
    script = more.pop("script", "vite")
    whole = {"index.html": VITE_HTML, **({"vite.config.mjs": config} if config else {}), **files}
    return Sample(whole, edited, {"dev": script}, packages, seen_at=more.pop("seen_at", edited), **more)


PLAIN_VITE = {"src/main.js": f'document.querySelector("#app").textContent = "{BEFORE}";'}
VUE = """import vue from "@vitejs/plugin-vue"; export default { plugins: [vue()] };"""
REACT = """import react from "@vitejs/plugin-react"; export default { plugins: [react()] };"""
SVELTE = """import { svelte } from "@sveltejs/vite-plugin-svelte"; export default { plugins: [svelte()] };"""
HTTP_SERVER = f"""
require("http").createServer((_, answer) => {{
  answer.setHeader("content-type", "text/html");
  answer.end("<p>{BEFORE}</p>");
}}).listen(process.env.PORT || 8123, () => console.log("up"));
"""
EXPRESS_SERVER = f"""
const app = require("express")();
app.get("/", (_, answer) => answer.send("<p>{BEFORE}</p>"));
app.listen(4321, () => console.log("Server listening on port 4321"));
"""
NEXT_SERVER = """
const http = require("http"), next = require("next"), port = Number(process.env.PORT);
const app = next({ dev: true, hostname: "127.0.0.1", port });
app.prepare().then(() => http.createServer(app.getRequestHandler()).listen(port));
"""
VITE_SERVER = """
import { createServer } from "vite";
import http from "http";
const vite = await createServer({ server: { middlewareMode: true } });
http.createServer(vite.middlewares).listen(process.env.PORT);
"""
# An API that answers 404 to a person, sooner than the page's own server starts.
API_SERVER = """
require("http").createServer((_, answer) => { answer.statusCode = 404; answer.end("{}"); }).listen(process.env.PORT);
"""
WORKSPACE_LIB = {
    "packages/words/package.json": json.dumps({"name": "words", "version": "1.0.0", "main": "index.js"}),
    "packages/words/index.js": f'module.exports = "{BEFORE}";',
}
WORKSPACE_APP = {
    "apps/web/pages/index.jsx": 'import words from "words";\nexport default function Page() { return <p>{words}</p>; }'
}


def monorepo(root: Mapping[str, Any], manager_files: Mapping[str, str], reference: str = "1.0.0") -> Sample:
    top = {"name": "top", "private": True, **root}
    return Sample(
        {
            "package.json": json.dumps(top, indent=2),
            "apps/other/package.json": json.dumps(
                {"name": "other", "version": "1.0.0", "scripts": {"dev": "next dev"}}
            ),
            **WORKSPACE_LIB,
            **WORKSPACE_APP,
            **manager_files,
        },
        "packages/words/index.js",
        {"dev": "next dev"},
        {"next": NEXT_16, **REACT_19, "words": reference},
        app="apps/web",
    )


def built_first() -> Sample:
    """Give a repository whose app uses a package by what it builds; nothing of that is in the folder."""
    tasks = {"build": {"outputs": ["dist/**"]}, "dev": {"dependsOn": ["^build"], "cache": False, "persistent": True}}
    words = {"name": "words", "version": "1.0.0", "main": "dist/words.js", "scripts": {"build": "node build.js"}}
    plain = monorepo(
        {
            "packageManager": "npm@10.9.0",
            "workspaces": ["apps/*", "packages/*"],
            "devDependencies": {"turbo": "^2.0.0"},
        },
        {"turbo.json": json.dumps({"tasks": tasks}), ".gitignore": "dist\n.turbo\n"},
    )
    build = 'require("fs").mkdirSync("dist"); require("fs").writeFileSync("dist/words.js", "module.exports = 1 + 1");'
    page = f'import two from "words";\nexport default function Page() {{ return <p>{BEFORE}, {{two}}</p>; }}'
    files = {name: text for name, text in plain.files.items() if not name.startswith("packages/")}
    files |= {"packages/words/package.json": json.dumps(words), "packages/words/build.js": build}
    return replace(plain, files={**files, "apps/web/pages/index.jsx": page}, edited="apps/web/pages/index.jsx")


ASTRO = Sample(
    {"src/pages/index.astro": f"<p>{BEFORE}</p>"},
    "src/pages/index.astro",
    {"dev": "astro dev"},
    {"astro": "^5.0.0"},
)
SVELTEKIT = Sample(
    {
        "vite.config.mjs": (
            'import { sveltekit } from "@sveltejs/kit/vite";\nexport default { plugins: [sveltekit()] };'
        ),
        "svelte.config.js": "export default {};",
        "src/app.html": "<!doctype html><head>%sveltekit.head%</head><body>%sveltekit.body%</body>",
        "src/routes/+page.svelte": f"<p>{BEFORE}</p>",
    },
    "src/routes/+page.svelte",
    {"dev": "vite dev"},
    {"vite": "^7.0.0", "svelte": "^5.0.0", "@sveltejs/kit": "^2.0.0", "@sveltejs/vite-plugin-svelte": "^6.0.0"},
    {"type": "module"},
)
REACT_ROUTER = Sample(
    {
        "vite.config.mjs": (
            'import { reactRouter } from "@react-router/dev/vite"; export default { plugins: [reactRouter()] };'
        ),
        "react-router.config.js": "export default { ssr: true };",
        "app/routes.js": 'import { index } from "@react-router/dev/routes"; export default [index("home.jsx")];',
        "app/home.jsx": f"export default function Home() {{ return <p>{BEFORE}</p>; }}",
        "app/root.jsx": (
            'import { Outlet, Scripts } from "react-router";\n'
            "export default () => <html><body><Outlet /><Scripts /></body></html>;"
        ),
    },
    "app/home.jsx",
    {"dev": "react-router dev"},
    {
        "vite": "^7.0.0",
        "react-router": "^7.0.0",
        "@react-router/dev": "^7.0.0",
        "@react-router/node": "^7.0.0",
        "isbot": "^5.0.0",
        **REACT_19,
    },
    {"type": "module"},
)
SAMPLES: Mapping[str, Sample] = {
    # Next.js: every major version, both routers, both bundlers, every package manager.
    "next-16-app-turbopack-npm": next_sample(NEXT_16, REACT_19, NEXT_APP, quick=True),
    "next-16-app-webpack": next_sample(NEXT_16, REACT_19, NEXT_APP, "next dev --webpack"),
    "next-16-pages-bun": next_sample(NEXT_16, REACT_19, {**NEXT_PAGES, "bun.lock": ""}),
    "next-15-app-webpack-pnpm": next_sample(NEXT_15, REACT_19, NEXT_APP, manifest={"packageManager": "pnpm@10.34.8"}),
    "next-15-app-turbopack-yarn-4": next_sample(
        NEXT_15,
        REACT_19,
        {**NEXT_APP, "yarn.lock": "", ".yarnrc.yml": "nodeLinker: node-modules\nenableTelemetry: false\n"},
        "next dev --turbopack",
        manifest={"packageManager": "yarn@4.18.1"},
    ),
    "next-14-app-webpack-yarn-1": next_sample(NEXT_14, REACT_18, {**NEXT_APP, "yarn.lock": "# yarn lockfile v1\n"}),
    "next-14-pages-turbo": next_sample(NEXT_14, REACT_18, NEXT_PAGES, "next dev --turbo"),
    "next-13-pages-webpack": next_sample(NEXT_13, REACT_18, NEXT_PAGES),
    "next-13-app-webpack": next_sample(NEXT_13, REACT_18, NEXT_APP),
    # Scripts that flags do not reach, or that name their own port.
    "next-behind-cross-env": next_sample(
        NEXT_15,
        {**REACT_19, "cross-env": "^7.0.0"},
        NEXT_PAGES,
        "cross-env NODE_OPTIONS=--max-old-space-size=2048 next dev",
    ),
    "next-in-concurrently": next_sample(
        NEXT_15, {**REACT_19, "concurrently": "^9.0.0"}, NEXT_PAGES, 'concurrently "next dev -p 4567" "sleep 1000"'
    ),
    "next-behind-another-script": Sample(
        NEXT_PAGES,
        "pages/index.jsx",
        {"dev": "echo first && npm run dev:web", "dev:web": "next dev"},
        {"next": NEXT_15, **REACT_19},
    ),
    # Vite and what is built on it.
    "vite-react": vite_sample(
        {"vite": "^8.0.0", "@vitejs/plugin-react": "^6.0.0", **REACT_19},
        REACT,
        {
            "src/main.js": 'import "./App.jsx";',
            "src/App.jsx": f"export const App = () => <p>{BEFORE}</p>;",
        },
        "src/App.jsx",
    ),
    "vite-vue": vite_sample(
        {"vite": "^8.0.0", "@vitejs/plugin-vue": "^6.0.0", "vue": "^3.5.0"},
        VUE,
        {
            "src/main.js": (
                'import { createApp } from "vue"; import App from "./App.vue";\ncreateApp(App).mount("#app");'
            ),
            "src/App.vue": f"<template><p>{BEFORE}</p></template>",
        },
        "src/App.vue",
    ),
    "vite-svelte": vite_sample(
        {"vite": "^7.0.0", "svelte": "^5.0.0", "@sveltejs/vite-plugin-svelte": "^6.0.0"},
        SVELTE,
        {
            "src/main.js": (
                'import { mount } from "svelte"; import App from "./App.svelte";\nmount(App, { target: app });'
            ),
            "src/App.svelte": f"<p>{BEFORE}</p>",
        },
        "src/App.svelte",
    ),
    "vite-beside-an-api": vite_sample(
        {"vite": "^7.0.0", "concurrently": "^9.0.0"},
        "",
        {**PLAIN_VITE, "api.js": API_SERVER},
        "src/main.js",
        script='concurrently "vite" "node api.js"',
        quick=True,
    ),
    "vite-port-in-its-config": vite_sample(
        {"vite": "^7.0.0"},
        "export default { server: { port: 7654 } };",
        PLAIN_VITE,
        "src/main.js",
        script="vite || exit 1; true",
    ),
    "astro": ASTRO,
    "sveltekit": SVELTEKIT,
    "nuxt": Sample(
        {"app.vue": f"<template><p>{BEFORE}</p></template>", "nuxt.config.mjs": "export default {};"},
        "app.vue",
        {"dev": "nuxt dev"},
        {"nuxt": "^3.17.0"},
    ),
    "react-router-7": REACT_ROUTER,
    "remix-2": Sample(
        {
            "vite.config.mjs": (
                'import { vitePlugin } from "@remix-run/dev";\nexport default { plugins: [vitePlugin()] };'
            ),
            "app/root.jsx": (
                'import { Outlet, Scripts } from "@remix-run/react";\n'
                "export default () => <html><body><Outlet /><Scripts /></body></html>;"
            ),
            "app/routes/_index.jsx": f"export default function Home() {{ return <p>{BEFORE}</p>; }}",
        },
        "app/routes/_index.jsx",
        {"dev": "remix vite:dev"},
        {
            "vite": "^5.0.0",
            "@remix-run/dev": "^2.0.0",
            "@remix-run/node": "^2.0.0",
            "@remix-run/react": "^2.0.0",
            "isbot": "^5.0.0",
            **REACT_18,
        },
        {"type": "module"},
    ),
    # What wants a newer Node.js than is on PATH, and asks for it.
    "astro-6-on-node-22": replace(ASTRO, packages={"astro": "^6.0.0"}, node="22"),
    "astro-7-on-node-22": replace(ASTRO, packages={"astro": "^7.0.0"}, node="22"),
    "nuxt-4-on-node-22": Sample(
        {"app/app.vue": f"<template><p>{BEFORE}</p></template>", "nuxt.config.mjs": "export default {};"},
        "app/app.vue",
        {"dev": "nuxt dev"},
        {"nuxt": "^4.0.0"},
        node="22",
    ),
    "sveltekit-3-on-node-22": replace(
        SVELTEKIT,
        # version 3 reads its settings from Vite's file alone
        files={path: text for path, text in SVELTEKIT.files.items() if path != "svelte.config.js"},
        packages={
            "vite": "^8.0.0",
            "svelte": "^5.0.0",
            "@sveltejs/kit": "^3.0.0",
            "@sveltejs/vite-plugin-svelte": "^7.0.0",
        },
        node="22",
    ),
    "react-router-8-on-node-22": replace(
        REACT_ROUTER,
        packages={
            "vite": "^8.0.0",
            "react-router": "^8.0.0",
            "@react-router/dev": "^8.0.0",
            "@react-router/node": "^8.0.0",
            "isbot": "^5.0.0",
            **REACT_19,
        },
        node="22",
    ),
    "next-newest-on-node-22": next_sample("latest", REACT_19, NEXT_APP, node="22"),
    "next-newest-pnpm-on-node-24": next_sample(
        "latest", REACT_19, NEXT_APP, manifest={"packageManager": "pnpm@10.34.8"}, node="24"
    ),
    # Plain Node.js.
    "node-http": Sample({"server.js": HTTP_SERVER}, "server.js", {"dev": "node --watch server.js"}, quick=True),
    "node-http-unwatched": Sample(
        {"server.js": HTTP_SERVER}, "server.js", {"dev": "node server.js"}, quick=True, is_followed=True
    ),
    "express-behind-another-script": Sample(
        {"src/server.js": EXPRESS_SERVER, "src/before.js": "globalThis.before = 1;"},
        "src/server.js",
        {"dev": "npm run serve", "serve": "cross-env DEBUG=1 node -r ./src/before.js src/server.js"},
        {"express": "^5.0.0", "cross-env": "^7.0.0"},
        is_followed=True,
    ),
    # Programs that call what watches: they are not to be started anew.
    "next-custom-server": Sample(
        {**NEXT_APP, "server.js": NEXT_SERVER}, "app/page.jsx", {"dev": "node server.js"}, {"next": NEXT_16, **REACT_19}
    ),
    "next-14-custom-server": Sample(
        {**NEXT_PAGES, "server.js": NEXT_SERVER},
        "pages/index.jsx",
        {"dev": "node server.js"},
        {"next": NEXT_14, **REACT_18},
    ),
    "vite-in-a-program": Sample(
        {"index.html": VITE_HTML, **PLAIN_VITE, "server.mjs": VITE_SERVER},
        "src/main.js",
        {"dev": "node server.mjs"},
        {"vite": "^7.0.0"},
        seen_at="src/main.js",
    ),
    "node-http-start": Sample({"server.js": HTTP_SERVER}, "server.js", {"start": "node --watch server.js"}),
    "express-own-port": Sample(
        {"server.js": EXPRESS_SERVER}, "server.js", {"dev": "node --watch server.js"}, {"express": "^5.0.0"}
    ),
    # Monorepos: the app's folder is the project, the top is installed.
    "monorepo-npm": monorepo({"workspaces": ["apps/*", "packages/*"]}, {}),
    "monorepo-pnpm-turbo": monorepo(
        {"packageManager": "pnpm@10.34.8", "devDependencies": {"turbo": "^2.0.0"}, "scripts": {"dev": "turbo dev"}},
        {
            "pnpm-workspace.yaml": "packages:\n  - 'apps/*'\n  - 'packages/*'\n",
            "turbo.json": '{"tasks": {"dev": {"cache": false, "persistent": true}}}',
        },
        "workspace:*",
    ),
    "monorepo-turbo-builds": built_first(),
    "monorepo-yarn-1": monorepo(
        {"workspaces": {"packages": ["apps/*", "packages/*"]}}, {"yarn.lock": "# yarn lockfile v1\n"}
    ),
    "monorepo-bun": monorepo(
        {"workspaces": ["apps/*", "packages/*"], "packageManager": "bun@1.4.5"}, {}, "workspace:*"
    ),
}
