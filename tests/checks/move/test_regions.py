"""Whether the target region has what this cluster uses."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.checks.move import regions
from arcctl.errors import AzureError
from arcctl.model.configuration.kinds import Kind
from arcctl.model.plan import Fate
from tests.checks.move.sights import (
    DEPOT,
    Told,
    Wish,
    child,
    codes,
    extension,
    flux,
    offers,
    resource,
)

CONFIGURATION = "Microsoft.KubernetesConfiguration"
EAST = ("East US",)
BOTH = ("East US", "West Europe")
OLD = child(Kind.SOURCE_CONTROL, "v1", repositoryUrl="https://git.example/v1")


def lacking(**types: tuple[str, ...]) -> dict[str, Any]:
    """A target whose configuration provider offers these types only."""
    return {"providers": {CONFIGURATION: offers(CONFIGURATION, **types)}}


async def test_the_same_region_is_no_move() -> None:
    """In place it blocks; under another name it is a rename."""
    same = Told(Wish(region="eastus"))
    renamed = Told(Wish(region="eastus", target=DEPOT))

    assert codes(await regions.somewhere_else(same)) == ["same-region"]
    assert await regions.somewhere_else(renamed) == []
    assert await regions.somewhere_else(Told()) == []


async def test_regions_are_compared_as_azure_writes_them_both_ways() -> None:
    """`East US` is eastus."""
    sight = Told(Wish(region="eastus"), resource=resource(location="East US"))

    assert codes(await regions.somewhere_else(sight)) == ["same-region"]


async def test_a_region_nobody_knows_is_named_with_its_neighbours() -> None:
    """A slip of the finger is answered with what was probably meant."""
    [row] = await regions.offered(Told(Wish(region="westeurpe")))

    assert row.code == "region-unknown"
    assert "westeurope" in row.detail


@pytest.mark.parametrize(
    ("children", "types", "expected"),
    [
        ([extension()], {"extensions": EAST}, ["region-lacks-type"]),
        ([flux()], {"extensions": BOTH, "fluxConfigurations": EAST}, ["region-lacks-type"]),
        ([extension()], {"extensions": BOTH, "fluxConfigurations": EAST}, []),
        ([extension()], {"extensions": ()}, []),
        ([OLD], {"sourceControlConfigurations": EAST}, ["source-control-retired"]),
        ([OLD], {"extensions": BOTH}, ["source-control-retired"]),
        ([extension(state={"isSystemExtension": True})], {"extensions": EAST}, []),
    ],
    ids=[
        "a type in use",
        "another in use",
        "one that is not used",
        "bound to no region",
        "retired there",
        "retired everywhere",
        "not ours to write",
    ],
)
async def test_each_type_in_use_must_be_offered(
    children: list[Any], types: dict[str, Any], expected: list[str]
) -> None:
    """Support is judged type by type, and only for what this cluster has."""
    target = lacking(**types)

    assert codes(await regions.offered(Told(target=target, children=children))) == expected


async def test_clusters_themselves_must_be_offered() -> None:
    """A region with children's types alone is not enough."""
    provider = offers("Microsoft.Kubernetes", connectedClusters=EAST)
    target = {"providers": {"Microsoft.Kubernetes": provider}}
    [row] = await regions.offered(Told(target=target))

    assert row.code == "region-lacks-type"
    assert "connected clusters" in row.subject


@pytest.mark.parametrize(
    ("said", "namespace"),
    [
        ({}, "Microsoft.Kubernetes"),
        ({"children": [flux()]}, CONFIGURATION),
        ({"custom_locations": [{"id": "x"}]}, "Microsoft.ExtendedLocation"),
        ({"resource": resource(gateway={"enabled": True})}, "Microsoft.HybridCompute"),
    ],
)
async def test_providers_in_use_must_be_registered(said: dict[str, Any], namespace: str) -> None:
    """Each names the command that registers it."""
    target = {"providers": {namespace: offers(namespace, "NotRegistered")}}
    [row] = await regions.registered(Told(target=target, **said))

    assert row.code == "provider-unregistered"
    assert row.remedy[0].startswith(f"az provider register --namespace {namespace}")


async def test_providers_that_are_not_used_need_not_be() -> None:
    """Nobody is asked to register what their cluster has no use for."""
    target = {"providers": {CONFIGURATION: offers(CONFIGURATION, "NotRegistered")}}

    assert await regions.registered(Told(target=target)) == []


async def test_a_silent_service_blocks() -> None:
    """Chart and values would be missing once the old agents are gone."""
    trouble = AzureError("it does not answer", code="AZK8S0300", hints="allow the host")
    [row] = await regions.service_answers(Told(data_plane_trouble=trouble))

    assert row.code == "data-plane"
    assert row.remedy == ("allow the host",)


@pytest.mark.parametrize(
    ("versions", "pinned", "expected"),
    [
        (["3.1.0"], None, []),
        (["3.1.0"], "3.1.0", []),
        (["3.1.0"], "3.0.0", ["type-not-offered"]),
        ([], None, ["type-not-offered"]),
        (None, None, ["catalogue-unread"]),
    ],
    ids=["offered", "pinned and offered", "pinned version gone", "type gone", "no catalogue"],
)
async def test_extension_types_must_be_offered(
    versions: list[str] | None, pinned: str | None, expected: list[str]
) -> None:
    """Type by type, version by version where one is pinned; no catalogue is no verdict."""
    answers = {"eastus": ["3.0.0", "3.1.0"], "westeurope": versions}
    child_ = extension(
        autoUpgradeMinorVersion=not pinned, **({"version": pinned} if pinned else {})
    )
    sight = Told(children=[child_], offered_versions=lambda region, _kind, _train: answers[region])

    assert codes(await regions.extension_types(sight)) == expected


async def test_a_type_that_no_catalogue_knows_does_not_block() -> None:
    """Private types are in no region's catalogue, and may be offered all the same."""
    sight = Told(children=[extension()], offered_versions=[])

    assert codes(await regions.extension_types(sight)) == ["catalogue-unread"]


async def test_endpoints_of_the_new_region_are_named() -> None:
    """Whoever keeps the firewall must know them before the move."""
    rows = await regions.endpoints(Told())

    assert codes(rows) == ["firewall", "diagnostics-later"]
    assert "westeurope.dp.kubernetesconfiguration.azure.com" in rows[0].detail
    assert rows[0].fate is Fate.CHANGES


async def test_without_diagnostics_nothing_is_promised() -> None:
    """Who skips the job is not told that it runs."""
    assert codes(await regions.endpoints(Told(Wish(diagnostics=False)))) == ["firewall"]


async def test_an_older_api_version_is_said() -> None:
    """What it cannot show cannot be carried."""
    from dataclasses import replace

    old = replace(flux(), version="2023-05-01")

    assert codes(await regions.older_versions(Told(children=[old]))) == ["version-lossy"]
    assert await regions.older_versions(Told(children=[flux()])) == []
