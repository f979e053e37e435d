"""Has scripts and source maps decoded, each in a process of its own that ends with its answer, or is ended."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from craft_desktop.model.source_map import MapError, Origin, Position

# The document's way is in it: the largest over a distant line of 10 MB/s takes 3 s, its decoding 5 s at most.
READ_LIMIT_S = 10.0
# Rows of an answer; asked are some dozens, each answered by some 2,000 letters at most.
ANSWER_BYTES = 512 * 1024
# Each takes a processor for some 20 to 200 ms; dev server, engine and window want theirs too.
AT_ONCE = 2
# `-S`: what is installed beside the program is not wanted, and half of the start (measured: 22 of 45 ms).
COMMAND = (sys.executable, "-S", "-m", "craft_desktop.workbench.map_child")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a document told: origins of the places asked about, or the address of the map that knows them."""

    origins: dict[Position, Origin] = field(default_factory=dict)
    map_address: str = ""
    is_known: bool = True
    """Did the document speak of what it was asked about?"""


class MapReader:
    """Starts the processes, so many at once."""

    def __init__(self) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)

    async def read(
        self, document: AsyncIterable[bytes], asked: Sequence[Position], *, module: str = "", is_map: bool = False
    ) -> Reading:
        """Read a document as it comes.

        :param module: the name of the evaluated module that is asked about, in a script that has many.
        :raises MapError: it cannot be read, or not in time. What the document's own source raises comes through.
        """
        async with self._free:
            try:
                async with asyncio.timeout(READ_LIMIT_S):
                    told = await _ask({"asked": list(asked), "module": module, "is_map": is_map}, document)
            except TimeoutError as error:
                raise MapError(f"it was not read within {READ_LIMIT_S:.0f} s") from error
            except OSError as error:
                raise MapError(f"it could not be read: {error}") from error
        if "fault" in told:
            raise MapError(str(told["fault"]))
        rows = told.get("origins", ())
        return Reading(
            {(line, column): Origin(source, at, beside) for line, column, source, at, beside in rows},
            told.get("map", ""),
            bool(told),
        )


async def _ask(question: dict[str, Any], document: AsyncIterable[bytes]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PATH": os.defpath},
        start_new_session=True,  # Ctrl-C in a terminal is for this process, which ends the other in order
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        # One that has died reads no further; that is told by its missing answer.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(json.dumps(question).encode() + b"\n")
            async for chunk in document:
                process.stdin.write(chunk)
                await process.stdin.drain()
        process.stdin.close()
        line = b""
        while len(line) <= ANSWER_BYTES and (chunk := await process.stdout.read(64 * 1024)):
            line += chunk
        if len(line) <= ANSWER_BYTES:
            await process.wait()  # it has said all; killed now, its end might be told to nobody
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself meanwhile
                process.kill()
        # To the end of what it said: else its pipe stays open, and its end would be waited for in vain.
        while await process.stdout.read(64 * 1024):
            pass
        await process.wait()
    if len(line) > ANSWER_BYTES or not line.endswith(b"\n"):
        raise MapError(f"the process that read it ended early ({process.returncode})")
    told: dict[str, Any] = json.loads(line)
    return told
