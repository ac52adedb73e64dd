"""What is bound to a region is rewritten where that is safe, else a person hears of it (`arm.md` 4.5)."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.model.configuration.adjusting import adjusted
from tests.model.configuration.bodies import extension, flux, git, read, source, source_control

ML = "microsoft.azureml.kubernetes"


def of_type(kind: str, **settings: Any) -> dict[str, Any]:
    """An extension of a type with these settings."""
    return extension(extensionType=kind, configurationSettings=settings)


def test_locations_that_follow_the_cluster_are_rewritten() -> None:
    """The region itself in any spelling, and hosts in it; ids stay, and the rest too."""
    child = read(
        of_type(
            ML,
            location="East US",
            jobSchedulerLocation="eastus",
            domain="eastus.cloudapp.azure.com",
            other="eastus2",
            workspace="/subscriptions/s/resourceGroups/eastus/providers/x",
        )
    )
    found = adjusted(child, "eastus", "West Europe")

    assert found.child.properties["configurationSettings"] == {
        "location": "westeurope",
        "jobSchedulerLocation": "westeurope",
        "domain": "westeurope.cloudapp.azure.com",
        "other": "eastus2",
        "workspace": "/subscriptions/s/resourceGroups/eastus/providers/x",
    }
    assert sorted(found.rewritten) == [
        "domain: eastus.cloudapp.azure.com → westeurope.cloudapp.azure.com",
        "jobSchedulerLocation: eastus → westeurope",
        "location: East US → westeurope",
    ]
    assert found.reported == ("its workspace must be attached again",)
    assert child.properties["configurationSettings"]["location"] == "East US"


def test_elsewhere_a_region_is_reported_and_left() -> None:
    """It may be the region of something else."""
    child = read(
        of_type("contoso.backup", vaultRegion="eastus", url="https://eastus.vault.example")
    )
    found = adjusted(child, "eastus", "westeurope")

    assert found.child == child
    assert found.rewritten == ()
    assert found.reported == (
        "url is 'https://eastus.vault.example': it names the old region, and is written as it is",
        "vaultRegion is 'eastus': it names the old region, and is written as it is",
    )


@pytest.mark.parametrize(
    ("resource", "said"),
    [
        (of_type("microsoft.azuredefender.kubernetes"), "a policy may put it back"),
        (of_type("microsoft.policyinsights"), "a policy may put it back"),
        (of_type("microsoft.azurekeyvaultsecretsprovider"), "must trust the new one"),
        (of_type("microsoft.iotoperations.platform"), "plan them by hand"),
        (of_type("microsoft.web.appservice"), "plan them by hand"),
        (of_type("contoso.entra.workload"), "join token is short-lived"),
        (
            of_type(ML, clusterId="/subscriptions/s/c"),
            "right only while the cluster keeps its name",
        ),
        (flux(repositoryPublicKey="ssh-rsa A"), "a new deploy key"),
        (git(provider="Azure"), "a workload identity"),
        (
            source("AzureBlob", "azureBlob", {"managedIdentity": {"clientId": "c"}}),
            "a managed identity",
        ),
        (source_control(), "Flux v1 is retired"),
    ],
)
def test_a_person_is_told_what_a_move_means(resource: dict[str, Any], said: str) -> None:
    """By type of extension, and by source."""
    assert any(said in each for each in adjusted(read(resource), "eastus", "westeurope").reported)


def test_most_children_need_nothing() -> None:
    """And are written as they were."""
    for resource in (of_type("microsoft.flux", **{"multiTenancy.enforce": "false"}), flux()):
        found = adjusted(read(resource), "eastus", "westeurope")
        assert (found.child, found.rewritten, found.reported) == (read(resource), (), ())
