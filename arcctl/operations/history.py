"""The runs that this machine and the cluster know of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError
from arcctl.model.run import RunRecord
from arcctl.operations.keeping import lookup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.clients import Clients
    from arcctl.operations.keeping.lookup import Known


ELSEWHERE = "finished elsewhere"
ANOTHER = "unfinished, in another cluster"


async def history(clients: Clients) -> list[RunRecord]:
    """Return every run, the newest first; without a cluster those of this machine."""
    found, outcomes = await _known(clients)
    return [_recorded(found, run, outcomes) for run in reversed(found.ids)]


async def history_of(clients: Clients, run: str) -> RunRecord:
    """Return one run; raise NotFound `run-unknown`, or what its copies have against being read."""
    found, outcomes = await _known(clients)
    record = found.record(run, clients.note)
    told = RunRecord.of(record, here=run in found.here, there=run in found.there)
    return replace(told, outcome=outcomes.get(run, told.outcome))


async def _known(clients: Clients) -> tuple[Known, dict[str, str]]:
    """Return all copies, and what became of the runs of which only this machine has an old one."""
    try:
        kubernetes = await clients.kubernetes()
        found = await lookup.known(clients.settings, kubernetes)
        other = await lookup.of_other_clusters(found, kubernetes)
    except ArcctlError as error:
        clients.note(f"only the runs of this machine: {error.message}")
        found = await lookup.known(clients.settings, None)
        return found, dict.fromkeys(lookup.finished(clients.settings, found), ELSEWHERE)
    outcomes = {run: ANOTHER if run in other else ELSEWHERE for run in lookup.outdated(found)}
    return found, outcomes


def _recorded(found: Known, run: str, outcomes: Mapping[str, str]) -> RunRecord:
    here, there = run in found.here, run in found.there
    try:
        told = RunRecord.of(found.record(run), here=here, there=there)
    except ArcctlError as error:
        return RunRecord(run, outcome=f"unreadable: {error.message}", here=here, there=there)
    return replace(told, outcome=outcomes.get(run, told.outcome))
