"""What is asked of closing a run, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.errors import FindingsError, Refusal, UsageError
from arcctl.model.resource_id import ClusterId
from arcctl.operations.saved import README, Saved, Sleepers

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.operations.runs import Run

CLOSED = "closed by a person"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which run is to be closed, and the folder that was named for what it has saved, if any was.

    `confirm` asks for its name.
    """

    run: str
    named: str | None
    confirm: Callable[[str, str], None]

    @property
    def folder(self) -> str:
        """Where what the run has saved goes."""
        return self.named or self.run


@dataclass(frozen=True, slots=True)
class Closed:
    """A run that was ended by hand: what it leaves undone, what of that is lost, and the export.

    `asleep` are the agents that keep other commands from the cluster, None where there are none.
    `here_only` says that the cluster, if it is there at all, still holds the run.
    """

    run: str
    unfinished: tuple[str, ...]
    lost: tuple[str, ...]
    saved: Saved | None
    asleep: Sleepers | None = None
    here_only: bool = False

    def to_document(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {
            "run": self.run,
            "outcome": CLOSED,
            "unfinished": list(self.unfinished),
            "lost": list(self.lost),
            "saved": self.saved.to_document() if self.saved else None,
            "asleep": self.asleep.to_document() if self.asleep else None,
            "hereOnly": self.here_only,
        }


def require_whole(closed: Closed) -> None:
    """Raise FindingsError where the run has left something of the cluster undone."""
    if not closed.lost:
        return
    folder = closed.saved.folder if closed.saved else ""
    state = (
        "nobody knows what it has left undone"
        if closed.here_only
        else "not everything is as it was"
    )
    raise FindingsError(
        f"{closed.run} is closed, and {state}",
        code="closed-unfinished",
        why=closed.lost,
        hints=(f"see {folder}/{README}",) if folder else f"arcctl history {closed.run}",
    )


def cluster_of(run: Run) -> ClusterId | None:
    """Return the cluster that a run is about; None where its journal names none."""
    try:
        return ClusterId.parse(run.header.cluster)
    except UsageError:
        return None


def has_ended(run: str, outcome: str) -> Refusal:
    """Return the error for a run that cannot be closed any more."""
    return Refusal(
        f"{run} has ended: {outcome}",
        code="run-ended",
        why="only what has not ended can be closed",
        hints=f"arcctl history {run}",
    )
