"""How long a journaled run puts up with a cluster or an Azure that is away (`arm.md` 12.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.errors import ClusterError, HelmError
from arcctl.flow.patience import Patience
from arcctl.operations.keeping.in_cluster import PATIENCE

if TYPE_CHECKING:
    from arcctl.errors import ArcctlError
    from arcctl.operations.moving.worlds import Moving

_AWAY = ("AZK8S0202", "azure-unreachable", "namespace-terminating")
_ALWAYS = 1000
# Helm does not always say that it was the network, and whatever it does can be done again.
_HELM = 2


def patience(moving: Moving) -> Patience:
    """Return the patience of a move: some minutes, or less where a person has less."""

    def anew() -> None:
        moving.sight.forget()
        moving.origin.sight.forget()

    return Patience(min(PATIENCE, moving.request.timeout), _worth, anew)


def _worth(error: ArcctlError) -> int:
    """Say how often it is worth trying again; a server that is away comes back, in the end."""
    busy = isinstance(error, ClusterError) and (error.status == 429 or error.status >= 500)
    if busy or error.code in _AWAY:
        return _ALWAYS
    return _HELM if isinstance(error, HelmError) else 0
