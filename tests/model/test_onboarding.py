"""What a cluster believes about its own connection (`connectedk8s.md` C.2, trap 8)."""

from __future__ import annotations

import pytest
from arcctl.model.onboarding import Onboarding, Release
from arcctl.model.resource_id import ClusterId

HARBOR = ClusterId("s-1", "edge", "harbor")
MAP = {
    "AZURE_SUBSCRIPTION_ID": "s-1",
    "AZURE_RESOURCE_GROUP": "edge",
    "AZURE_RESOURCE_NAME": "harbor",
    "AZURE_TENANT_ID": "t-1",
    "AZURE_REGION": "West Europe",
    "AZURE_ARC_AGENT_VERSION": "1.36.1",
}
VALUES = {
    "subscriptionId": "s-1",
    "resourceGroupName": "edge",
    "resourceName": "harbor",
    "tenantId": "t-1",
    "location": "westeurope",
}


def test_the_config_map_names_the_owner() -> None:
    """All of it, the region in its short form."""
    assert Onboarding.from_map(MAP) == Onboarding(HARBOR, "t-1", "westeurope", "1.36.1")


def test_the_releases_values_are_the_next_best_witness() -> None:
    """The same, but for the version."""
    assert Onboarding.from_values(VALUES) == Onboarding(HARBOR, "t-1", "westeurope")


@pytest.mark.parametrize("missing", list(MAP)[:3])
def test_half_a_name_names_nobody(missing: str) -> None:
    """Without subscription, group or name there is no owner, whatever else is known."""
    assert Onboarding.from_map({**MAP, missing: ""}) is None
    assert Onboarding.from_map({key: MAP[key] for key in MAP if key != missing}) is None
    assert Onboarding.from_values({}) is None


@pytest.mark.parametrize(
    ("cluster", "tenant", "contradicts"),
    [
        (HARBOR, "t-1", False),
        (ClusterId("S-1", "EDGE", "Harbor"), "T-1", False),
        (HARBOR, None, False),
        (HARBOR, "t-2", True),
        (ClusterId("s-2", "edge", "harbor"), "t-1", True),
        (ClusterId("s-1", "yard", "harbor"), "t-1", True),
        (ClusterId("s-1", "edge", "depot"), None, True),
    ],
)
def test_who_contradicts(cluster: ClusterId, tenant: str | None, contradicts: bool) -> None:
    """Subscription, tenant, group and name count, case does not, and the unknown cannot."""
    owner = Onboarding(HARBOR, "t-1", "westeurope")

    assert owner.contradicts(cluster, tenant=tenant) is contradicts


def test_a_map_without_tenant_cannot_contradict_one() -> None:
    """Old agents did not write it."""
    assert not Onboarding(HARBOR, "", "westeurope").contradicts(HARBOR, tenant="t-2")


@pytest.mark.parametrize(
    ("status", "unfinished"),
    [
        ("deployed", False),
        ("failed", False),
        ("superseded", False),
        ("pending-install", True),
        ("pending-upgrade", True),
        ("uninstalling", True),
    ],
)
def test_an_unfinished_release_is_what_a_killed_helm_leaves(status: str, unfinished: bool) -> None:
    """Whatever it was about to do."""
    assert Release("azure-arc-release", 3, status).unfinished is unfinished


def test_a_releases_record_is_a_secret() -> None:
    """Named by helm, revision at the end."""
    assert Release("azure-arc-release", 3, "deployed").record == (
        "/api/v1/namespaces/azure-arc-release/secrets/sh.helm.release.v1.azure-arc.v3"
    )
