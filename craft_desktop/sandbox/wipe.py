"""Deletes in a sandbox what tools made there: what frameworks built, or the dependencies.

The person's folder is no part of a sandbox. What of it goes along (a project that keeps its `.astro` in git), the sync
puts back.
"""

from craft_desktop.model.errors import Action, SandboxError
from craft_desktop.model.operations import Wipe
from craft_desktop.sandbox.connection import Sandbox
from craft_desktop.sandbox.launch import PROJECT_DIR

# What the dev servers of Next.js, Nuxt, SvelteKit, Astro, Angular, React Router, Vinxi, Docusaurus, Parcel, Turborepo
# and Vite write beside the sources: made anew by the next start, never written by hand.
BUILT = (
    ".next",
    ".nuxt",
    ".nitro",
    ".output",
    ".svelte-kit",
    ".astro",
    ".angular",
    ".react-router",
    ".vinxi",
    ".docusaurus",
    ".parcel-cache",
    ".turbo",
    ".vite",
)
# What tools cache below `node_modules` (Vite, Babel, webpack, Astro).
CACHED = (".vite", ".vite-temp", ".cache", ".astro")
# To delete 11,200 files of 340 MB took 1.5 s; fifty times that for a slow disk and a monorepo.
WIPE_LIMIT_S = 75.0

# find never follows a link: what a project's link leads to is not the project's.
_OF_BUILT = " -o ".join(f"-name {name}" for name in BUILT)
_OF_CACHED = " ".join(f'"$each/{name}"' for name in CACHED)
_BUILT = f"find {PROJECT_DIR} -name node_modules -prune -o \\( {_OF_BUILT} \\) -prune -exec rm -rf {{}} +"
_CACHED = (
    f"find {PROJECT_DIR} -type d -name node_modules -prune "
    f"-exec sh -c 'for each; do rm -rf {_OF_CACHED}; done' sh {{}} +"
)
_INSTALLED = f"find {PROJECT_DIR} -name node_modules -prune -exec rm -rf {{}} +"
_COMMANDS = {
    Wipe.NOTHING: "true",
    Wipe.BUILT: f"{_BUILT} && {_CACHED}",
    Wipe.INSTALLED: f"{_INSTALLED} && {_BUILT}",
}


async def wipe(sandbox: Sandbox, what: Wipe) -> None:
    """Delete it. The dev server must have ended.

    :raises SandboxError: it could not be deleted, or the sandbox is gone or unreachable.
    """
    outcome = await sandbox.run(_COMMANDS[what], limit_s=WIPE_LIMIT_S)
    if outcome.exit_code != 0:
        raise SandboxError(
            "The sandbox could not be cleaned",
            outcome.stderr.strip() or f"The command ended with exit code {outcome.exit_code}.",
            "Start the project again; that gives it a new sandbox.",
            Action.START,
        )
