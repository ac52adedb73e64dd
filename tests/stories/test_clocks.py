"""Machines whose clocks differ by hours: whether a process lives is judged by the API server's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from arcctl.model.times import read
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stories import beside, changing
from tests.stories.changing import HARBOR
from tests.stories.refusals import refused
from tests.stories.symptoms import clock_of

if TYPE_CHECKING:
    from tests.stage import Stage

ENABLE = f"enable-features {HARBOR} --features azure-rbac"
DISABLE = f"disable-features {HARBOR} --features azure-rbac --yes"


def renewed(stage: Stage) -> datetime:
    """When the holder of the cluster's Lease last gave a sign of life."""
    found = stage.within(lambda: stage.cluster.store.get(KINDS["leases"].key, "arcctl", "arcctl"))
    moment = read((found or {})["spec"]["renewTime"])
    assert moment
    return moment


def test_a_sign_of_life_bears_the_api_servers_time(quick: Stage) -> None:
    """Its clock is an hour behind ours, as ours would be an hour ahead of another machine's."""
    quick.after(changing.connected)
    clock_of("kubernetes", "^/version$")(quick)
    found: list[datetime] = []

    def act() -> None:
        found.append(renewed(quick))

    ended = beside.type_beside(quick, ENABLE, "change-release", act, events=("started",))

    assert ended.code == 0, ended.err
    behind = datetime.now(UTC) - found[0]
    assert timedelta(minutes=55) < behind < timedelta(minutes=65)


@pytest.mark.parametrize("hours", [-6, 6])
def test_a_lease_that_a_wrong_clock_has_dated_can_be_got_rid_of(quick: Stage, hours: int) -> None:
    """In the past it holds nobody up; in the future it would for hours, so the way out is named."""
    quick.after(changing.connected)
    quick.well(ENABLE)
    stamp = (datetime.now(UTC) + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
    body = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "arcctl", "namespace": "arcctl"},
        "spec": {
            "holderIdentity": "/abcdef123456",
            "leaseDurationSeconds": 60,
            "acquireTime": stamp,
            "renewTime": stamp,
        },
    }
    quick.within(lambda: quick.cluster.api.create(KINDS["leases"], "arcctl", body))

    ended = quick.type(DISABLE)

    if hours < 0:
        assert ended.code == 0, ended.err
    else:
        refused(ended, "run-in-progress", said="ahead of the API server's clock")
        assert "kubectl delete lease -n arcctl arcctl" in ended.err
