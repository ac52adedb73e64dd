"""How cluster and resource stand to each other: the branch table (B.1.19, `arm.md` 2.8)."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.errors import AccessError, NotFound, Refusal
from arcctl.model.keys import KeyPair
from arcctl.model.onboarding import Onboarding, Release
from arcctl.model.resource_id import ClusterId
from arcctl.model.secret import Secret
from arcctl.operations.standing import Standing, judge
from tests.operations.sights import HARBOR, HEARD, Seen

DEPLOYED = Release("azure-arc-release", 1, "deployed")
OWN = Onboarding(HARBOR, "t-1", "westeurope")
DEPOT = ClusterId("s-2", "yard", "depot")
OTHER = Onboarding(DEPOT, "t-1", "eastus")
KEY = KeyPair("PUBLIC", Secret("private"))


def resource(status: str = "Connected", **more: Any) -> dict[str, Any]:
    """Harbor in ARM."""
    properties = {"connectivityStatus": status, "agentPublicKeyCertificate": "PUBLIC"}
    if status in ("Connected", "Offline"):
        properties["lastConnectivityTime"] = HEARD
    return {
        "name": "harbor",
        "location": "westeurope",
        "properties": properties | more.pop("properties", {}),
        **more,
    }


def harbor(**given: Any) -> dict[str, Any]:
    """ARM with harbor alone."""
    return {HARBOR.path: resource(**given)}


LOST = KeyPair("ANOTHER", Secret("private"))


@pytest.mark.parametrize(
    ("sight", "standing"),
    [
        (Seen(), Standing.FRESH),
        (Seen(release=DEPLOYED, onboarding=OWN, key=KEY, resources=harbor()), Standing.OURS),
        (Seen(release=DEPLOYED, onboarding=OWN, resources=harbor()), Standing.OURS),
        (Seen(release=DEPLOYED, onboarding=OWN), Standing.STALE),
        (Seen(onboarding=OWN, key=KEY, resources=harbor()), Standing.OURS),
        (Seen(key=KEY, resources=harbor(status="Connecting")), Standing.OURS),
        (
            Seen(release=DEPLOYED, onboarding=OWN, key=KEY, resources=harbor(status="Offline")),
            Standing.OURS,
        ),
        (Seen(release=DEPLOYED), Standing.STALE),
        (Seen(key=KEY), Standing.FRESH),
        (Seen(resources=harbor(status="AgentNotInstalled")), Standing.ADOPTABLE),
        (Seen(resources=harbor(status="Connecting")), Standing.ADOPTABLE),
        (Seen(key=LOST, resources=harbor(status="Connecting")), Standing.ADOPTABLE),
        (Seen(release=DEPLOYED, onboarding=OTHER), Standing.STALE),
        (Seen(onboarding=OTHER, tenant=None), Standing.STALE),
    ],
)
async def test_how_things_stand(sight: Seen, standing: Standing) -> None:
    """Each branch that goes on."""
    assert await judge(sight) is standing


@pytest.mark.parametrize(
    ("sight", "code", "why"),
    [
        (
            Seen(release=DEPLOYED, onboarding=OTHER, resources={DEPOT.path: resource("Offline")}),
            "AZK8S0403",
            "its status is Offline",
        ),
        (
            Seen(onboarding=OTHER, resources={DEPOT.path: AccessError("no right to read")}),
            "AZK8S0403",
            "cannot be looked at from here: no right to read",
        ),
        (
            Seen(onboarding=OTHER, tenant="t-2"),
            "AZK8S0403",
            "another tenant",
        ),
        (
            Seen(onboarding=OWN, tenant="t-2", resources=harbor()),
            "AZK8S0403",
            "its status is Connected",
        ),
        (Seen(resources=harbor(status="Connected")), "AZK8S0404", "not this cluster's"),
        (Seen(resources=harbor(status="Offline")), "AZK8S0404", "is Offline"),
        (Seen(key=LOST, resources=harbor()), "AZK8S0404", "not this cluster's"),
        (
            Seen(release=DEPLOYED, resources=harbor(status="Connecting")),
            "AZK8S0404",
            "is Connecting",
        ),
        (
            Seen(onboarding=OWN, resources=harbor(), region="East US"),
            "location-is-fixed",
            "can never be changed",
        ),
        (
            Seen(onboarding=OWN, resources=harbor(kind="ProvisionedCluster")),
            "AZK8S0003",
            "belongs to the service",
        ),
        (Seen(resources=harbor(kind="AWS")), "AZK8S0003", "belongs to the service"),
        (Seen(onboarding=OWN, resources=harbor()), "cluster-unproved", "agree: ConfigMap"),
        (Seen(key=KEY, resources=harbor()), "cluster-unproved", "agree: the private key"),
        (
            Seen(release=DEPLOYED, onboarding=OWN, key=KEY, pods=(), resources=harbor()),
            "cluster-unproved",
            "agree: ConfigMap",
        ),
        (
            Seen(release=DEPLOYED, onboarding=OWN, key=LOST, resources=harbor()),
            "AZK8S0406",
            "not the one of the resource's public key",
        ),
    ],
)
async def test_what_is_refused(sight: Seen, code: str, why: str) -> None:
    """Nobody's onboarding is torn down, and doubt protects the owner."""
    with pytest.raises(Refusal) as refused:
        await judge(sight)

    assert refused.value.code == code
    assert why in refused.value.why[0]


async def test_the_refusal_names_the_owner() -> None:
    """With group, subscription and region, and the commands that act on it."""
    sight = Seen(onboarding=OTHER, resources={DEPOT.path: resource()})
    with pytest.raises(Refusal) as refused:
        await judge(sight)

    assert refused.value.message == (
        "this cluster is already connected as depot (group yard, subscription s-2, eastus)"
    )
    assert refused.value.hints[0] == "arcctl show -n depot -g yard --subscription s-2"


async def test_a_missing_subscription_proves_that_the_resource_is_gone() -> None:
    """A 404 for all of it, asked in the right tenant, is a 404."""
    sight = Seen(onboarding=OTHER, resources={DEPOT.path: NotFound("no such subscription")})

    assert await judge(sight) is Standing.STALE


async def test_the_region_may_be_written_in_two_ways() -> None:
    """West Europe is westeurope."""
    sight = Seen(onboarding=OWN, key=KEY, resources=harbor(), region="West Europe")

    assert await judge(sight) is Standing.OURS


async def test_case_is_no_difference() -> None:
    """ARM keeps the case in which a name was first written."""
    shouted = Onboarding(ClusterId("S-1", "EDGE", "HARBOR"), "T-1", "westeurope")

    assert await judge(Seen(onboarding=shouted, key=KEY, resources=harbor())) is Standing.OURS


async def test_a_resource_without_kind_belongs_to_everybody() -> None:
    """Kinds are for clusters that other services made."""
    sight = Seen(onboarding=OWN, key=KEY, resources=harbor(kind=""))

    assert await judge(sight) is Standing.OURS
