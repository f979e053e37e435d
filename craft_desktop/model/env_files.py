"""Which of a project's own `.env` files a dev server reads, which counts first, and how they stand to what is set here.

What a process is started with wins over every file in all of these, for Next.js an empty value included (order and
winner measured with @next/env 16; Vite's and those built on it by its guide, "Env Loading Priorities"; Nuxt's tried in
tests/matrix/test_reload.py).
"""

from collections.abc import Collection
from dataclasses import dataclass

from craft_desktop.model.script import Framework

# The strongest first. Vite lets a mode's file count before `.env.local`, Next.js does not.
_NEXT = (".env.development.local", ".env.local", ".env.development", ".env")
_VITE = (".env.development.local", ".env.development", ".env.local", ".env")
_ORDERS = {
    Framework.NEXT: _NEXT,
    Framework.VITE: _VITE,
    Framework.ASTRO: _VITE,
    Framework.REMIX: _VITE,
    Framework.NUXT: (".env",),
    Framework.OTHER: _NEXT,  # whether any is read is up to the program; these are the names in use
}
# Names that begin so are built into the page, where every visitor can read them.
_PUBLIC = {
    Framework.NEXT: ("NEXT_PUBLIC_",),
    Framework.VITE: ("VITE_",),
    Framework.ASTRO: ("PUBLIC_",),
    Framework.REMIX: ("VITE_",),
    Framework.NUXT: ("NUXT_PUBLIC_",),
    Framework.OTHER: (),
}


@dataclass(frozen=True, slots=True)
class EnvFile:
    """One file and the names it sets. No values: nobody asks for them."""

    name: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class EnvFiles:
    """What a project's files set; the strongest file first."""

    framework: Framework = Framework.OTHER
    files: tuple[EnvFile, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Is it known that what is set here wins?"""
        return self.framework is not Framework.OTHER

    def setting(self, name: str) -> tuple[str, ...]:
        """Give the files that set a name; the one that counts is first."""
        return tuple(file.name for file in self.files if name in file.names)

    def names(self) -> frozenset[str]:
        """Give every name that a file sets."""
        return frozenset().union(*(file.names for file in self.files))

    def is_public(self, name: str) -> bool:
        """Will the page's visitors be able to read it?"""
        return name.startswith(_PUBLIC[self.framework]) if _PUBLIC[self.framework] else False


def order(framework: Framework) -> Collection[str]:
    """Give the names of the files that a dev server of this framework may read; the strongest first."""
    return _ORDERS[framework]
