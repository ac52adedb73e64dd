"""The diagnostics job leaves nothing behind, however the run that made it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stories.refusals import CONNECT, refused

if TYPE_CHECKING:
    from tests.stage import Stage

RELEASE = "cluster-diagnostic-checks"


def left(stage: Stage) -> list[str]:
    """Helm's records of the diagnostics' release, and the job's pods."""
    found = stage.within(
        lambda: [
            *stage.cluster.store.items(KINDS["secrets"].key),
            *stage.cluster.store.items(KINDS["pods"].key),
        ]
    )
    return [each["metadata"]["name"] for each in found if RELEASE in each["metadata"]["name"]]


def test_a_good_run_leaves_nothing(quick: Stage) -> None:
    """It is swept before the agents are installed."""
    quick.after(CONNECT)

    assert left(quick) == []


def test_a_resource_that_is_refused_leaves_nothing(quick: Stage) -> None:
    """The sweeping runs beside the registration, and to its end when that fails."""
    fault = quick.fault("arm", {"deny_policy": True}, method="PUT", path="/harbor$")

    refused(quick.type(CONNECT), "RequestDisallowedByPolicy")

    assert quick.happened(fault) == 1
    assert left(quick) == []
