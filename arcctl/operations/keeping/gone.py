"""A run whose cluster is gone: only this machine's copy of it can still be ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError, ClusterError, Refusal
from arcctl.model.run import Record
from arcctl.operations.keeping import here, lookup

if TYPE_CHECKING:
    from arcctl.clients import Clients
    from arcctl.settings import Settings

# The kubeconfig leads nowhere; nothing was reached where it leads.
_NOWHERE = ("AZK8S0200", "AZK8S0202")


async def why_away(clients: Clients, run: str) -> ArcctlError | None:
    """Return why the cluster of a run cannot be asked, with the way on; None where it answers.

    Another cluster in its place, told by its uid, is not the run's either.
    """
    try:
        kubernetes = await clients.kubernetes()
        await kubernetes.version()
        found = await lookup.one(clients.settings, kubernetes, run)
        copy = found.here.get(run)
        if run not in found.there and isinstance(copy, Record):
            await lookup.must_be_there(copy, kubernetes, take_over=True)
    except ClusterError as error:
        if error.code not in _NOWHERE:
            raise
        return hinted(error, clients.settings, run)
    except Refusal as error:
        return hinted(error, clients.settings, run)
    return None


def hinted(error: ArcctlError, settings: Settings, run: str | None) -> ArcctlError:
    """Add the command that closes this machine's copy, where the cluster of its run cannot be asked."""
    away = error.code in (*_NOWHERE, "wrong-cluster")
    if away and run and _is_open(settings, run):
        close = f"arcctl history {run} --close --skip-cluster-check"
        error.hints = (*error.hints, f"if the cluster of the run is gone for good: {close}")
    return error


def _is_open(settings: Settings, run: str) -> bool:
    copy = here.copy(here.Folder(lookup.home(settings), run))
    return isinstance(copy, Record) and copy.changed and not copy.ending
