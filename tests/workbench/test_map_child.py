import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from craft_desktop.model.source_map import MapError
from craft_desktop.workbench.map_child import PROCESSOR_S, answer
from craft_desktop.workbench.map_reader import COMMAND

MAP = b'{"version": 3, "sources": ["a.ts"], "mappings": "AAAA;AAEE"}'
ROOT = Path(__file__).resolve().parents[2]


def ask(asked: list[list[int]], *, module: str = "", is_map: bool = False) -> dict[str, Any]:
    return {"asked": asked, "module": module, "is_map": is_map}


def run(question: dict[str, Any], document: bytes) -> dict[str, Any] | None:
    """Ask the process itself; None where it ended without an answer."""
    done = subprocess.run(
        COMMAND,
        input=json.dumps(question).encode() + b"\n" + document,
        capture_output=True,
        env={"PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    told: dict[str, Any] | None = json.loads(done.stdout) if done.stdout else None
    return told


def test_a_map_is_asked() -> None:
    assert answer(ask([[2, 0], [9, 1]], is_map=True), MAP) == {"origins": [[2, 0, "a.ts", 3, 3]]}
    assert answer(ask([[1, 1]], is_map=True), b")]}'\n" + MAP) == {"origins": [[1, 1, "a.ts", 1, 1]]}
    assert answer(ask([[1, 1]], is_map=True), b"\xef\xbb\xbf" + MAP) == {"origins": [[1, 1, "a.ts", 1, 1]]}


def test_a_script_tells_its_map_or_where_that_is() -> None:
    assert answer(ask([[1, 1]]), b"let a;\n//# sourceMappingURL=a.js.map") == {"map": "a.js.map"}
    assert answer(ask([[1, 1]]), b"let a;") == {}
    inline = b"let a;\n//# sourceMappingURL=data:application/json," + MAP.replace(b" ", b"%20")
    assert answer(ask([[1, 1]]), inline) == {"origins": [[1, 1, "a.ts", 1, 1]]}
    # a script with a map of its own, but not with the module
    assert answer(ask([[1, 1]], module="webpack-internal:///./a.js"), inline) == {}
    with pytest.raises(MapError):
        answer(ask([[1, 1]]), b"//# sourceMappingURL=data:text/html,x")


@pytest.mark.parametrize("text", [b"", b"<!doctype html>", b"[1]", b'{"version": 3', b"\xff\xfe", b"1e999", b"NaN"])
def test_what_is_no_map_is_a_fault(text: bytes) -> None:
    told = run(ask([[1, 1]], is_map=True), text)
    assert told is not None and list(told) == ["fault"]


def test_the_process_outlives_no_nonsense() -> None:
    began = time.monotonic()
    brackets = run(ask([[1, 1]], is_map=True), b"[" * 1_000_000)
    assert brackets is not None and "fault" in brackets
    # 30 MB that would be three gigabytes of lists: the system refuses the memory
    lists = run(ask([[1, 1]], is_map=True), b'{"a":[' + b"[],{}," * 5_000_000 + b"1]}")
    assert lists is None or "fault" in lists
    # mappings that would take minutes: the system ends it
    endless = run(ask([[9_000_000, 1]], is_map=True), b'{"sources":[],"mappings":"' + b"AAAA,ACAA;" * 3_000_000 + b'"}')
    assert endless is None or "fault" in endless or endless == {"origins": []}
    assert time.monotonic() - began < 10 * PROCESSOR_S


def test_a_document_of_the_largest_size_is_read() -> None:
    content = ("let letters = 'ä';\\n" * 1_500_000)[: 28 * 1024 * 1024]
    large = json.dumps({"version": 3, "sources": ["a.ts"], "sourcesContent": [content], "mappings": "AAAA"})
    assert run(ask([[1, 1]], is_map=True), large.encode()) == {"origins": [[1, 1, "a.ts", 1, 1]]}
