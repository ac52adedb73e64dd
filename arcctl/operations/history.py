"""The runs that this machine and the cluster know of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError
from arcctl.model.run import RunRecord
from arcctl.operations.keeping import lookup

if TYPE_CHECKING:
    from arcctl.clients import Clients
    from arcctl.operations.keeping.lookup import Known


async def history(clients: Clients) -> list[RunRecord]:
    """Return every run, the newest first; without a cluster those of this machine."""
    found = await _known(clients)
    return [_recorded(found, run) for run in reversed(found.ids)]


async def history_of(clients: Clients, run: str) -> RunRecord:
    """Return one run; raise NotFound `run-unknown`, or what its copies have against being read."""
    found = await _known(clients)
    record = found.record(run, clients.note)
    return RunRecord.of(record, here=run in found.here, there=run in found.there)


async def _known(clients: Clients) -> Known:
    try:
        return await lookup.known(clients.settings, await clients.kubernetes())
    except ArcctlError as error:
        clients.note(f"only the runs of this machine: {error.message}")
        return await lookup.known(clients.settings, None)


def _recorded(found: Known, run: str) -> RunRecord:
    here, there = run in found.here, run in found.there
    try:
        return RunRecord.of(found.record(run), here=here, there=there)
    except ArcctlError as error:
        return RunRecord(run, outcome=f"unreadable: {error.message}", here=here, there=there)
