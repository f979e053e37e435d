"""Brings what a provider runs and what the ledger remembers of it to the same: nothing runs that nobody knows."""

import logging
import time
from collections.abc import Collection, Mapping

from craft_desktop.sandbox.connection import Connection
from craft_desktop.store.ledger import Ledger

_log = logging.getLogger(__name__)


async def end_unknown(
    connection: Connection, ledger: Ledger, ours: Mapping[str, str], known_project_ids: Collection[str]
) -> None:
    """End the sandboxes of this installation, running or asleep, that no living copy of the program holds.

    What a living copy holds is never ended here, even if the ledger knows nothing of it, or something else. What an
    ended copy left of a known project stays: the project's next start takes it over.

    :param ours: the metadata that every sandbox of this installation has.
    :raises SandboxError: refused, busy or unreachable; what was ended by then is ended.
    """
    # The provider first: what another copy asks for meanwhile has its row before it is there.
    found = await connection.list(ours)
    provider = connection.profile.provider
    held = await ledger.held()
    rows = {row.nonce: row for row in await ledger.open_rows(provider)}
    kept = set(held)
    for each in found:
        nonce = each.metadata.get("nonce", "")
        row = rows.get(nonce)
        if nonce in held:
            if row is None:  # its holder may yet be killed: then it is to be found
                await ledger.restore(nonce, each.metadata.get("project", ""), provider, each.sandbox_id, held[nonce])
        elif row is not None and (row.project_id in known_project_ids or not row.is_left):
            kept.add(row.nonce)
        else:
            _log.info("ending %s, which an earlier run left behind", each.sandbox_id)
            await connection.kill(each.sandbox_id)
    for row in rows.values():
        if row.is_left and row.nonce not in kept:
            await ledger.end(row.nonce, time.time())
