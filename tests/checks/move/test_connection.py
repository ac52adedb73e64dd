"""Whether the kubeconfig leads to the right cluster, and whether that cluster may be moved."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.checks.move import connection
from arcctl.model.keys import KeyPair
from arcctl.model.onboarding import Onboarding
from arcctl.model.resource_id import ClusterId
from arcctl.model.secret import Secret
from tests.checks.move.sights import HARBOR, Around, Told, codes, extension, resource

OTHER = Onboarding(ClusterId("s-2", "yard", "depot"), "t-1", "eastus")


def record(status: str, name: str = "azure-arc", version: int = 1, **more: str) -> dict[str, Any]:
    """One record of helm's, as a list shows it."""
    namespace = more.get("namespace", "azure-arc-release")
    labels = {"name": name, "status": status, "version": str(version), "owner": "helm"}
    return {"namespace": namespace, "labels": labels}


async def test_its_own_cluster_says_nothing() -> None:
    """Where names, region and key agree there is nothing to report."""
    sight = Told()

    assert [await ask(sight) for ask in connection.ASKED] == [[]] * len(connection.ASKED)


@pytest.mark.parametrize(
    ("source", "code", "word"),
    [
        ({"onboarding": OTHER}, "wrong-cluster", "depot"),
        ({"onboarding": Onboarding(HARBOR, "t-2", "eastus")}, "wrong-cluster", "harbor"),
        ({"onboarding": Onboarding(HARBOR, "t-1", "japaneast")}, "wrong-cluster", "harbor"),
        ({"key": KeyPair("ANOTHER", Secret("x"))}, "wrong-cluster", "harbor"),
        ({"onboarding": None, "release": None}, "agents-missing", "no agents"),
    ],
    ids=["another name", "another tenant", "another region", "another key", "no agents"],
)
async def test_another_cluster_is_refused(source: dict[str, Any], code: str, word: str) -> None:
    """Each witness alone is enough to say that this is not the cluster."""
    [row] = await connection.right_cluster(Told(source=source))

    assert row.code == code
    assert word in row.subject
    assert any("--kube-context" in each for each in row.remedy)


async def test_a_lost_key_is_no_proof_against_it() -> None:
    """A cluster whose Secret is gone still says by its ConfigMap whose it is."""
    assert await connection.right_cluster(Told(source={"key": None})) == []


async def test_the_way_may_not_go_through_the_agents() -> None:
    """A cluster-connect session would be cut in the middle."""
    sight = Told(clients=Around(connected=True))

    assert codes(await connection.straight_way(sight)) == ["cluster-connect"]


async def test_moving_needs_cluster_admin() -> None:
    """Found out before the old agents are gone."""
    sight = Told(clients=Around(permitted=False))

    assert codes(await connection.cluster_admin(sight)) == ["not-cluster-admin"]


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"connectivityStatus": "Offline"}, "source-offline"),
        ({"connectivityStatus": "Expired"}, "source-expired"),
        ({"connectivityStatus": "Connecting"}, "source-unsettled"),
        ({"connectivityStatus": "AgentNotInstalled"}, "source-unsettled"),
        ({"connectivityStatus": "SomethingNew"}, "source-unsettled"),
        ({"provisioningState": "Deleting"}, "source-unsettled"),
        ({"provisioningState": "Accepted"}, "source-unsettled"),
    ],
)
async def test_only_a_living_cluster_moves(properties: dict[str, str], code: str) -> None:
    """Every status but Connected blocks, and only Offline may be let pass."""
    [row] = await connection.alive(Told(resource=resource(**properties)))

    assert row.code == code
    assert ("--accept source-offline" in row.remedy) == (code == "source-offline")


@pytest.mark.parametrize("kind", ["ProvisionedCluster", "AWS", "GCP"])
async def test_kinds_of_other_services_are_refused(kind: str) -> None:
    """Their life belongs to whoever made them."""
    [row] = await connection.ordinary_kind(Told(resource=resource() | {"kind": kind}))

    assert row.code == "kind-refused"
    assert kind in row.subject


@pytest.mark.parametrize(
    ("records", "broken"),
    [
        ([record("pending-upgrade")], 1),
        ([record("superseded"), record("failed", version=2)], 1),
        ([record("pending-install"), record("deployed", version=2)], 0),
        ([record("pending-install", "shop", namespace="shop")], 0),
        ([record("pending-install", "monitor", namespace="kube-system")], 1),
    ],
    ids=["agents", "newest failed", "mended since", "somebody's own", "an extension's"],
)
async def test_half_done_releases_block(records: list[dict[str, Any]], broken: int) -> None:
    """Only the newest record counts, and only where agents or extensions are put back."""
    scope = {"cluster": {"releaseNamespace": "kube-system"}}
    sight = Told(releases=records, children=[extension(scope=scope)])

    assert codes(await connection.releases_whole(sight)) == ["release-unfinished"] * broken
