import base64
import time

import pytest

from craft_desktop.model.compiled import inline_map, map_address, module_map, without_guard

MAP = base64.b64encode(b'{"version":3}').decode()
DATA = f"data:application/json;charset=utf-8;base64,{MAP}"


@pytest.mark.parametrize(
    ("script", "address"),
    [
        ("let a;\n//# sourceMappingURL=a.js.map", "a.js.map"),
        ("let a;\r\n//@ sourceMappingURL=a.js.map  \r\n\r\n", "a.js.map"),
        ("let a;\n/*# sourceMappingURL=a.js.map */\n", "a.js.map"),
        ("let a;\n//# sourceMappingURL=a.map\n//# sourceURL=a.js\n// more\n", "a.map"),
        ("let a;\n//# sourceMappingURL=old.map\n//# sourceMappingURL=new.map\n", "new.map"),
        ("let a=1;//# sourceMappingURL=a.map", "a.map"),
        (f"let a;\n\n//# sourceMappingURL={DATA}\n", DATA),
        # code stands behind it: it is no map of the whole
        ("//# sourceMappingURL=a.map\nlet a;\n", ""),
        ("let a;\n// # sourceMappingURL=a.map", ""),
        ("let a;\n//# sourceMappingURL=a b.map", ""),
        ("let a;\n//# sourceMappingURL=", ""),
        ("let a;", ""),
        ("", ""),
        ("\n\n", ""),
    ],
)
def test_the_last_comment_names_the_map(script: str, address: str) -> None:
    assert map_address(script.encode()) == address


def test_a_million_comments_are_read_in_a_moment() -> None:
    began = time.process_time()
    assert map_address(b"// x\n" * 1_000_000) == ""
    assert map_address(b"/" * 10_000_000) == ""
    assert time.process_time() - began < 5.0


def evaluated(module: str, code: str = "let a;", data: str = DATA) -> str:
    return (
        f'/***/ "{module}":\n/***/ ((m) => {{\neval(__webpack_require__.ts("{code}//# sourceURL=[module]\\n'
        f'//# sourceMappingURL={data}\\n//# sourceURL=webpack-internal:///{module}\\n"));\n/***/ }}),\n'
    )


def test_a_module_brings_its_own_map() -> None:
    other = "data:application/json;base64,e30="
    script = evaluated("(app)/./a.tsx", data=other) + evaluated("(app)/./app/a.tsx") + evaluated("./b.js", data=other)
    assert module_map(script.encode(), "webpack-internal:///(app)/./app/a.tsx") == DATA
    assert module_map(script.encode(), "webpack-internal:///./b.js") == other
    assert module_map(script.encode(), "webpack-internal:///./c.js") == ""
    assert module_map(script.encode(), "webpack-internal:///(app)/./app/a.ts") == "", "a name is a whole name"
    assert map_address(script.encode()) == ""


def test_the_map_of_another_module_is_not_taken() -> None:
    bare = 'eval("let a;\\n//# sourceURL=webpack-internal:///./bare.js\\n");\n'
    assert module_map((evaluated("./a.js") + bare).encode(), "webpack-internal:///./bare.js") == ""


def test_what_is_written_into_an_address() -> None:
    assert inline_map(DATA) == b'{"version":3}'
    assert inline_map(f"DATA:application/json;base64,{MAP.rstrip('=')}") == b'{"version":3}'
    assert inline_map("data:application/json,%7B%22version%22%3A3%7D") == b'{"version":3}'
    for wrong in ("a.js.map", "data:text/html,x", "data:application/json", "data:application/json;base64,A"):
        assert inline_map(wrong) is None


def test_the_line_before_a_map() -> None:
    assert without_guard(b")]}'anything\n{}").strip() == b"{}"
    assert without_guard(b"{}") == b"{}"
    assert without_guard(b")]}'") == b""
