import pytest

from craft_desktop.model.letters import find_imports, find_mismatches

FILES = (
    "app/page.tsx",
    "components/Button.tsx",
    "components/ui/index.ts",
    "lib/tools.js",
    "src/Hooks/useCart.ts",
    "a.css",
)


@pytest.mark.parametrize(
    ("code", "there"),
    [
        ('import Button from "../components/button";', "components/Button.tsx"),
        ('import { Button } from "@/components/button"', "components/Button.tsx"),
        ('import cart from "@/hooks/useCart";', "src/Hooks/useCart.ts"),
        ('const tools = require("../lib/Tools");', "lib/tools.js"),
        ('const page = await import("../Lib/tools.js");', "lib/tools.js"),
        ('export * from "../components/UI";', "components/ui/index.ts"),
        ('import "../A.css";', "a.css"),
        ('import Button from "../components/button.js";', "components/Button.tsx"),
    ],
)
def test_other_letters_are_found(code: str, there: str) -> None:
    (found,) = find_mismatches(find_imports("app/page.tsx", code), FILES)
    assert found.there == there and found.asked.place.path == "app/page.tsx" and found.asked.place.line == 1


@pytest.mark.parametrize(
    "code",
    [
        'import Button from "../components/Button";',
        'import { Button } from "@/components/Button";',
        'import React from "React";',
        'import gone from "./nowhere";',
        '// import Button from "../components/button";',
        'import tools from "../lib/tools";',
        'import ui from "../components/ui";',
        'import x from "@/anything/at/all";',
    ],
)
def test_what_is_right_or_not_there_at_all_is_not(code: str) -> None:
    assert find_mismatches(find_imports("app/page.tsx", code), FILES) == []


def test_the_place_is_the_paths() -> None:
    (found,) = find_imports("a.ts", 'const a = 1;\n  import x from "./B";\n')
    assert (found.place.line, found.place.column) == (2, 18)
