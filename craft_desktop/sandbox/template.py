"""Builds a template for E2B with Node.js and Next.js in it, through the client's own template builder.

A sandbox made from it has Next.js in `project/node_modules` and in npm's cache: an install then finds most of what a
Next.js project asks for, whatever else it adds. No dev server is started in the template: it would serve a project
that nobody has. The build ends when Node.js finds Next.js, not when a time is over.

The build itself is E2B's; an embedded host has no builder and needs none.
"""

import asyncio
import json
import re
import shlex
from collections.abc import Callable
from typing import Any

from craft_desktop.model.errors import Action, SandboxError, SettingError
from craft_desktop.sandbox.client import client
from craft_desktop.sandbox.faults import translated
from craft_desktop.sandbox.launch import PROJECT_DIR
from craft_desktop.sandbox.profile import Profile

DEFAULT_NAME = "craft-next"
# The newest with long-term support, and the Next.js of the sample project, whose lock file is whole for every system.
NODE_VERSION = "24"
NEXT_VERSION = "16.4.3"
REACT_VERSION = "19.3.0"
# `next dev` with Turbopack takes 0.5 GB, with webpack 0.9 GB, and npm 0.7 GB while it installs (measured).
MEMORY_MB = 2048
CPU_COUNT = 2
# E2B ends a build by itself after an hour.
BUILD_LIMIT_S = 3600.0
# Characters of a failed build's reason that a person is shown.
LONGEST_REASON = 1000
# What the engine's commands use and a slim image lacks: a package from a repository needs git, ending processes ps.
_PACKAGES = ["ca-certificates", "git", "procps", "curl"]
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}(?::[a-z0-9][a-z0-9._-]{0,62})?")
_VERSION = re.compile(r"\d+(?:\.\d+){0,2}")


def describe(node: str = NODE_VERSION, next_version: str = NEXT_VERSION) -> Any:
    """Give the template as the client's builder has it.

    :param node: a version of Node.js, in one to three parts.
    :param next_version: a version of Next.js, in one to three parts.
    :raises SettingError: one of them is no version.
    """
    for version in (node, next_version):
        if not _VERSION.fullmatch(version):
            raise SettingError("That is not a version", version, "Write it as 24 or 16.4.3.")
    packages = {"next": next_version, "react": REACT_VERSION, "react-dom": REACT_VERSION}
    manifest = json.dumps({"name": "shared", "private": True, "dependencies": packages})
    return (
        client()
        .AsyncTemplate()
        .from_node_image(f"{node}-slim")
        .apt_install(_PACKAGES, no_install_recommends=True)
        .set_user("user")
        .set_workdir("/home/user")
        .set_envs({"NEXT_TELEMETRY_DISABLED": "1"})
        .run_cmd(f"mkdir -p {PROJECT_DIR} && printf %s {shlex.quote(manifest)} > {PROJECT_DIR}/package.json")
        .run_cmd(f"cd {PROJECT_DIR} && npm install --legacy-peer-deps --no-audit --no-fund")
        # Only what was installed stays: a project brings its own package.json, and perhaps no lock file.
        .run_cmd(f"cd {PROJECT_DIR} && rm -f package.json package-lock.json")
        .set_ready_cmd(f"cd /home/user/{PROJECT_DIR} && node -e \"require('next/package.json')\"")
    )


async def build(profile: Profile, name: str, template: Any, tell: Callable[[str], None]) -> str:
    """Build a template at E2B and give its id. A name that is there already is built anew.

    :param tell: told each line of the build.
    :raises SettingError: the name is none that E2B takes.
    :raises SandboxError: refused, unreachable, or the build failed.
    """
    if not _NAME.fullmatch(name):
        raise SettingError(
            "That is not a template's name", name, "Use small letters, digits, “-” and “_”, with an optional “:tag”."
        )
    options: dict[str, Any] = {"api_key": profile.api_key, "domain": profile.domain}
    if profile.api_url:
        options["api_url"] = profile.api_url
    try:
        async with asyncio.timeout(BUILD_LIMIT_S), translated(profile):
            built = await client().AsyncTemplate.build(
                template,
                name,
                cpu_count=CPU_COUNT,
                memory_mb=MEMORY_MB,
                on_build_logs=lambda entry: tell(entry.message.rstrip()),
                **options,
            )
    except (client().BuildException, client().TemplateException) as error:
        raise _failed(str(error)) from error
    except TimeoutError as error:
        raise _failed(f"It took longer than {BUILD_LIMIT_S / 60:.0f} minutes.") from error
    return str(built.template_id)


def _failed(reason: str) -> SandboxError:
    return SandboxError(
        "The template could not be built",
        reason[-LONGEST_REASON:],
        "See what its last lines say, and build it again.",
        Action.NONE,
    )
