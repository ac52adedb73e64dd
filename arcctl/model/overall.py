"""What is wrong with a cluster, in one sentence: Azure and the cluster together (`arc.md` B3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Inside(StrEnum):
    """What the cluster behind the kubeconfig looks like."""

    READY = "ready"
    UNREADY = "unready"
    NO_IDENTITY = "no-identity"
    """Agents are there, and their identity certificate is not"""
    NONE = "none"
    """Nothing of Azure Arc is there"""
    FOREIGN = "foreign"
    """The agents speak for another resource"""
    UNSEEN = "unseen"
    """It could not be looked at"""


ABSENT = "absent"
"""The status of a resource that is not there."""
UNSEEN = "unseen"
"""The status of a resource that could not be looked at."""


@dataclass(frozen=True, slots=True)
class Overall:
    """A stable word for scripts, and the sentence without the cluster's name before it."""

    word: str
    sentence: str

    @property
    def well(self) -> bool:
        """Whether Azure and the cluster agree that it is connected."""
        return self.word == "healthy"


_FOREIGN = Overall(
    "wrong-cluster",
    "is not the cluster that this kubeconfig leads to: its agents speak for another resource",
)
_UNHEARD = (
    "agents are ready, but none has reached Azure yet: the way out is blocked, or it is early"
)
_NEVER = Overall("never-installed", "is only a resource in Azure: no agents were installed")
_IDENTITY = Overall(
    "no-identity",
    "cannot get its identity: the cluster has no way out to Azure's identity service",
)
_EXPIRED = Overall(
    "expired", "has lost its identity: the certificate expired, and only connecting anew helps"
)
_STALE = Overall(
    "stale-agents", "is gone from Azure, and its agents are still here: clean up, or connect again"
)
_MATRIX = {
    "Connected": {
        Inside.READY: Overall("healthy", "is connected and well"),
        Inside.UNREADY: Overall("agents-unwell", "is connected, but some agents are not well"),
        Inside.NO_IDENTITY: Overall(
            "no-identity", "is connected still, but its identity certificate is missing"
        ),
        Inside.NONE: Overall(
            "agents-elsewhere",
            "is connected, but not from here: this cluster has no agents of Azure Arc",
        ),
    },
    "Connecting": {
        Inside.READY: Overall("unheard", _UNHEARD),
        Inside.UNREADY: Overall("agents-unwell", "waits for agents that do not become ready"),
        Inside.NO_IDENTITY: _IDENTITY,
        Inside.NONE: _NEVER,
    },
    "AgentNotInstalled": {
        Inside.READY: Overall("unheard", _UNHEARD),
        Inside.UNREADY: Overall("agents-unwell", "waits for agents that do not become ready"),
        Inside.NO_IDENTITY: _IDENTITY,
        Inside.NONE: _NEVER,
    },
    "Offline": {
        Inside.READY: Overall(
            "egress-lost", "is cut off: its agents are ready, but Azure receives no heartbeat"
        ),
        Inside.UNREADY: Overall("agents-down", "is offline because its agents are not well"),
        Inside.NO_IDENTITY: Overall(
            "no-identity", "is offline because its identity certificate is missing"
        ),
        Inside.NONE: Overall(
            "agents-removed", "is offline because somebody has removed its agents"
        ),
    },
    "Expired": dict.fromkeys(Inside, _EXPIRED),
    ABSENT: {
        Inside.READY: _STALE,
        Inside.UNREADY: _STALE,
        Inside.NO_IDENTITY: _STALE,
        Inside.NONE: Overall("not-connected", "is not connected: nothing in Azure, nothing here"),
        Inside.UNSEEN: Overall("absent", "is not in Azure, and the cluster could not be looked at"),
    },
    UNSEEN: {
        Inside.READY: Overall("azure-unseen", "looks well from inside; Azure could not be asked"),
        Inside.UNSEEN: Overall("unseen", "could not be looked at, neither in Azure nor here"),
    },
}

HELD = {
    "run-in-progress": Overall(
        "run-in-progress", "is being changed by a run of arcctl that is under way: wait for it"
    ),
    "run-unfinished": Overall(
        "run-unfinished", "has a run of arcctl that has stopped part-way, which comes first"
    ),
}
"""What is said instead of all these while a run has the cluster"""


def overall(status: str, inside: Inside) -> Overall:
    """Judge by the resource's connectivity status (or ABSENT, UNSEEN) and the cluster's state.

    A status that nobody knows yet is said as it is.
    """
    if inside is Inside.FOREIGN:
        return _FOREIGN
    known = _MATRIX.get(status, {})
    if inside in known:
        return known[inside]
    if status == UNSEEN:
        return Overall("azure-unseen", f"{_here(inside)}; Azure could not be asked")
    if inside is Inside.UNSEEN:
        return Overall("cluster-unseen", f"is {status}; the cluster could not be looked at")
    return Overall("status-unknown", f"is {status}, a status that is new here, and {_here(inside)}")


def _here(inside: Inside) -> str:
    return {
        Inside.READY: "its agents are ready",
        Inside.UNREADY: "its agents are not well",
        Inside.NO_IDENTITY: "its agents have no identity certificate",
    }.get(inside, "has no agents here")
