"""Decodes one script or source map of a page, in a process of its own: `python -m craft_desktop.workbench.map_child`.

What it reads was written by the project's page, so it may be anything: a gigabyte of brackets, numbers without end.
Here it holds up nobody; in a thread it would, for Python's JSON reader lets no other thread run. The system ends it
beyond its limits; it opens nothing, and knows no environment of the person's.

In comes a line of JSON, the question, and behind it the document; out goes a line of JSON, the answer.
"""

import json
import resource
import sys
from typing import Any

from craft_desktop.model.compiled import inline_map, map_address, module_map, without_guard
from craft_desktop.model.source_map import MapError, origins

# A document of 32 MiB in letters of four bytes, its parts once more, and the interpreter: 300 MiB. Twice that.
MEMORY_BYTES = 640 * 1024 * 1024
# A map of 3 MB of mappings took 2 s on a slow machine (measured); most take 20 ms.
PROCESSOR_S = 5


def answer(question: dict[str, Any], document: bytes) -> dict[str, Any]:
    """Answer a question about a document.

    :param question: `asked` (pairs of line and column) and, where the document is a script that evaluates modules, the
        `module`; `is_map` where the document is a source map itself.
    :return: `origins`, rows of line, column, source, its line and its column; or `map`, the address of the source map
        that is to be fetched; or nothing, where the document names none.
    :raises MapError: it is no map, or a broken one.
    """
    if question["is_map"]:
        return _read(question, document)
    address = module_map(document, question["module"]) if question["module"] else map_address(document)
    if not address.lower().startswith("data:"):
        return {"map": address} if address and not question["module"] else {}
    inline = inline_map(address)
    if inline is None:
        raise MapError("its map is written into it in a way that cannot be read")
    return _read(question, inline)


def _read(question: dict[str, Any], text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(without_guard(text).decode("utf-8-sig", "replace"))
    except ValueError as error:
        raise MapError(f"it is no JSON: {error}") from error
    found = origins(value, [(line, column) for line, column in question["asked"]])
    return {"origins": [[*place, each.source, each.line, each.column] for place, each in found.items()]}


def main() -> None:
    """Answer one question."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    question = json.loads(sys.stdin.buffer.readline())
    try:
        told = answer(question, sys.stdin.buffer.read())
    except MapError as error:
        told = {"fault": str(error)}
    except (MemoryError, RecursionError) as error:
        told = {"fault": f"it is too much to read ({type(error).__name__})"}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
