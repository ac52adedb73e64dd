"""End this machine's copy of a run whose cluster is gone for good; nothing else is changed."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from arcctl.errors import Refusal
from arcctl.flow.events import Noted
from arcctl.model.run import HERE_ONLY
from arcctl.operations import saved
from arcctl.operations.closed import CLOSED, Asked, Closed, cluster_of, has_ended
from arcctl.operations.keeping import here, lookup
from arcctl.operations.runs import run_of

if TYPE_CHECKING:
    from arcctl.clients import Clients
    from arcctl.errors import ArcctlError
    from arcctl.flow.events import Observer
    from arcctl.operations.resume import OpenWorld
    from arcctl.operations.runs import Run
    from arcctl.settings import Settings


async def close(
    asked: Asked, clients: Clients, observer: Observer, open_world: OpenWorld, away: ArcctlError
) -> Closed:
    """End the copy that lies here; raise `away` unless `--skip-cluster-check` was typed.

    Raise NotFound `run-unknown` where none lies here, Refusal `run-ended`, or `run-in-progress`
    while a process of this machine is at work on it.
    """
    settings = clients.settings
    if not settings.flags.skip_cluster_check:
        raise away
    folder = _read(settings, asked.run, observer).folder
    lock, _ = folder.lock(f"{asked.run}/{secrets.token_hex(4)}")
    with lock:
        run = _read(settings, asked.run, observer)
        return await _closed(run, asked, open_world, away)


def _read(settings: Settings, run_id: str, observer: Observer) -> Run:
    found = here.copy(here.Folder(lookup.home(settings), run_id))
    record = lookup.Known({run_id: found} if found else {}).record(run_id)
    if record.ending:
        raise has_ended(run_id, record.outcome)
    return run_of(record, None, settings, observer)


async def _closed(run: Run, asked: Asked, open_world: OpenWorld, away: ArcctlError) -> Closed:
    tell = run.observer
    changed = run.journal.changed
    lost = (f"what is undone could not be looked at: {away.message}",) if changed else ()
    there = "the cluster, if it is there, still holds the run"
    for each in (*lost, f"only this machine's copy of {run.id} is closed: {there}"):
        tell(Noted(each, warning=True))
    try:
        await run.read_documents(here_only=True)
    except Refusal as error:
        tell(Noted(error.message, warning=True))
    asked.confirm(f"Close this machine's copy of {run.id}?", run.id)
    written = None
    if cluster := cluster_of(run):
        with open_world(cluster) as world:
            written = await saved.exported(run, world, asked.folder)
    outcome = f"{CLOSED}, on this machine only"
    await run.journal.ended(outcome, clean=False, lost=list(lost), **{HERE_ONLY: True})
    return Closed(run.id, (), lost, written, here_only=True)
