"""The e2b client's names, loaded when the first sandbox is asked for, in a thread.

Importing the client took 260 ms of the 850 ms of processor time that all of the program's imports take, and a window is
there without it. It comes through importlib, for an import statement at a module's head cannot wait. What asks for a
name of the client asks `client()`; the first time that loads it, at the cost of a pause, so whoever is on the way to a
sandbox calls `load` before.
"""

import asyncio
import functools
import importlib
from types import ModuleType
from typing import Any


@functools.cache
def client() -> Any:
    """Give the package."""
    return importlib.import_module("e2b")


@functools.cache
def broken_stream() -> type[Exception]:
    """Give what the client's RPC library raises; where a stream breaks it comes through as it is."""
    raised: type[Exception] = importlib.import_module("connectrpc.errors").ConnectError
    return raised


@functools.cache
def foreign() -> tuple[type[Exception], ...]:
    """Give the roots of what the client raises."""
    e2b = client()
    httpx: ModuleType = importlib.import_module("httpx")
    return (
        e2b.SandboxException,
        e2b.AuthenticationException,
        e2b.ServiceBusyException,
        httpx.TransportError,
        broken_stream(),
        TimeoutError,
    )


async def load() -> None:
    """Have the client loaded, without holding the loop up meanwhile."""
    if foreign.cache_info().currsize == 0:
        await asyncio.to_thread(foreign)
