"""An answer that says nothing is no empty list, for whatever a plan reads (issue: nothing lost)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.checks.move.sight import MoveSight
from arcctl.errors import AzureError, ClusterError
from arcctl.operations import ownership
from arcctl.operations.configuration.children import children_of
from tests.clients.arm.server import GROUP
from tests.operations.planned import APPS, HARBOR, blocking, codes, furnished

if TYPE_CHECKING:
    from arcctl.model.configuration.child import Child
    from arcctl.operations.world import World
    from tests.operations.planned import Yard

SAYS_NOTHING: dict[str, dict[str, Any]] = {
    "an empty body": {"status": 200},
    "an empty object": {"status": 200, "body": {}},
    "null in place of the list": {"status": 200, "body": {"value": None, "items": None}},
    "202": {"status": 202},
    "204": {"status": 204},
    "a sign-in page": {"status": 200, "body": "<html>Welcome</html>"},
    "bytes": {"bytes": "//4AAA=="},
    "half of it": {"truncate": 20},
    "utf-16": {"charset": "utf-16"},
}
ARM = (
    "/extensions$",
    "/fluxConfigurations$",
    "/sourceControlConfigurations$",
    "harbor/providers/Microsoft.Authorization/locks$",
    "/roleAssignments$",
    "/policyAssignments$",
    "/policyExemptions$",
    "/diagnosticSettings$",
    "/dataCollectionRuleAssociations$",
    "/customLocations$",
    "/connectedClusters/harbor$",
)
CLUSTER = (
    "/customresourcedefinitions/extensionconfigs",
    "/extensionconfigs$",
    "/gitconfigs$",
    "/api/v1/secrets$",
)
API = "/apis/clusterconfig.azure.com"
GRAPH = "/Microsoft.ResourceGraph/resources$"
UNUSABLE = {
    "azure-unusable-answer",
    "azure-not-json",
    "kube-unusable-answer",
    "AZK8S0202",
}


def faulty(harbor: Yard, service: str, path: str, action: dict[str, Any], times: int | None) -> str:
    """Plan one fault; of Azure's POSTs only Resource Graph's is meant."""
    method = "POST" if path == GRAPH else "GET"
    planned = {"service": service, "method": method, "path": path, "action": action, "times": times}
    return harbor.stage.within(lambda: harbor.stage.world.faults.add(planned).id)


@pytest.mark.parametrize("name", SAYS_NOTHING)
async def test_each_list_that_says_nothing_once_is_read_again(harbor: Yard, name: str) -> None:
    """All of them in one plan, which then is the plan of a good day."""
    furnished(harbor)
    good, _ = await harbor.plan()
    action = SAYS_NOTHING[name]
    faults = [faulty(harbor, "arm", path, action, 1) for path in (*ARM, GRAPH)]
    faults += [faulty(harbor, "kubernetes", path, action, 1) for path in CLUSTER]

    plan, bundle = await harbor.plan()

    assert plan.observed == good.observed
    assert [child.name for child in bundle.children] == ["flux", "monitor", "apps"]
    assert codes(plan) == codes(good)
    # Go's empty list is no fault of the cluster's; and utf-16 is JSON all the same there.
    happened = [harbor.stage.happened(each) for each in faults]
    assert all(happened), happened


@pytest.mark.parametrize(
    ("service", "path", "name"),
    [
        (service, path, name)
        for number, (service, path) in enumerate(
            [("arm", path) for path in ARM] + [("kubernetes", path) for path in CLUSTER]
        )
        for name in [list(SAYS_NOTHING)[number % 6]]
    ],
)
async def test_a_list_that_says_nothing_for_ever_stops_the_plan(
    harbor: Yard, service: str, path: str, name: str
) -> None:
    """With a code, a reason and what to do next; nothing has been changed."""
    furnished(harbor)
    fault = faulty(harbor, service, path, SAYS_NOTHING[name], None)

    with pytest.raises((AzureError, ClusterError)) as caught:
        await harbor.plan()

    assert caught.value.code in UNUSABLE
    assert caught.value.hints
    assert 1 < harbor.stage.happened(fault) < 20


async def test_resource_graph_that_says_nothing_is_a_row(harbor: Yard) -> None:
    """Lists were read in its place, and the plan says so."""
    faulty(harbor, "arm", GRAPH, {"status": 200, "body": {"data": []}}, None)

    plan, _ = await harbor.plan()

    assert "graph-unread" in codes(plan)


@pytest.mark.parametrize(
    "path", ["/extensions$", "/fluxConfigurations$", "/sourceControlConfigurations$"]
)
async def test_a_list_that_is_empty_once_is_found_out_by_the_cluster(
    harbor: Yard, path: str
) -> None:
    """A true empty list, well-formed and wrong: the cluster knows better, and it is read again."""
    await known(harbor)
    fault = faulty(harbor, "arm", path, {"status": 200, "body": {"value": []}}, 1)

    plan, bundle = await harbor.plan()

    assert harbor.stage.happened(fault)
    assert blocking(plan) == []
    assert "unlisted-child" not in codes(plan)
    assert bundle.children


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/extensions$", "extensions/dapr"),
        ("/fluxConfigurations$", "fluxConfigurations/apps"),
        ("/sourceControlConfigurations$", "sourceControlConfigurations/old"),
    ],
)
async def test_a_list_that_stays_empty_blocks(harbor: Yard, path: str, key: str) -> None:
    """`unlisted-child` names what would be lost, and may be accepted."""
    await known(harbor)
    faulty(harbor, "arm", path, {"status": 200, "body": {"value": []}}, None)

    plan, _ = await harbor.plan()
    accepted, _ = await harbor.plan(accept=frozenset({"unlisted-child"}))

    assert blocking(plan) == ["unlisted-child"]
    assert key in next(row.detail for row in plan.rows if row.code == "unlisted-child")
    assert blocking(accepted) == []


async def test_a_list_shorter_than_before_is_read_again(harbor: Yard) -> None:
    """What an earlier look has seen is asked for once more, before it counts as gone."""
    furnished(harbor)
    async with harbor.world() as world:
        sight = MoveSight(
            world.clients, harbor.request(), world.sight, lambda: read(world), ownership.look
        )
        sight.before = ("extensions/monitor", "extensions/deleted-meanwhile")
        fault = faulty(harbor, "arm", "/extensions$", {"status": 200, "body": {"value": []}}, 1)

        found = await sight.children()

    assert harbor.stage.happened(fault)
    assert [child.name for child in found] == ["flux", "monitor", "apps"]


async def read(world: World) -> tuple[Child, ...]:
    """Read the children as a plan does."""
    return await children_of(await world.clients.arm(), world.cluster)


async def test_leftovers_in_the_cluster_are_noted(harbor: Yard) -> None:
    """An object that ends, and one that names another cluster, are no children of this one."""
    other = f"{GROUP}/providers/Microsoft.Kubernetes/connectedClusters/depot"
    await config(harbor, "extensionconfigs", "ends", finalizers=["example.com/slow"])
    await config(harbor, "extensionconfigs", "foreign", annotations={"owner": other})
    await config(harbor, "extensionconfigs", "wiextension")
    async with harbor.world() as world:
        kubernetes = await world.clients.kubernetes()
        await kubernetes.delete(f"{API}/v1beta1/namespaces/azure-arc/extensionconfigs/ends")

    plan, _ = await harbor.plan()

    assert blocking(plan) == []
    [row] = [row for row in plan.rows if row.code == "leftover-child"]
    assert "it is being deleted" in row.detail
    assert "it names depot" in row.detail
    assert "wiextension" not in row.detail


async def known(harbor: Yard) -> None:
    """Give harbor a child of each kind, in Azure and in the cluster."""
    old = {"on": HARBOR, "name": "old", "repositoryUrl": "https://git.example/old"}
    dapr = {"on": HARBOR, "name": "dapr", "type": "microsoft.dapr"}
    harbor.seed(extensions=[dapr], fluxConfigurations=[APPS], sourceControlConfigurations=[old])
    await config(harbor, "extensionconfigs", "dapr")
    await config(harbor, "gitconfigs", "old")
    names = {"plural": "fluxconfigs", "singular": "fluxconfig", "kind": "FluxConfig"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": schema}
    group = "clusterconfig.azure.com"
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"fluxconfigs.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    async with harbor.world() as world:
        kubernetes = await world.clients.kubernetes()
        await kubernetes.create("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", body)
    await config(harbor, "fluxconfigs", "apps", version="v1alpha1")


async def config(
    harbor: Yard, plural: str, name: str, version: str = "v1beta1", **metadata: Any
) -> None:
    """Put an object of the agents into the cluster."""
    kind = {"extensionconfigs": "ExtensionConfig", "gitconfigs": "GitConfig"}.get(
        plural, "FluxConfig"
    )
    body = {
        "apiVersion": f"clusterconfig.azure.com/{version}",
        "kind": kind,
        "metadata": {"name": name, "namespace": "azure-arc", **metadata},
        "spec": {},
    }
    async with harbor.world() as world:
        kubernetes = await world.clients.kubernetes()
        await kubernetes.create(f"{API}/{version}/namespaces/azure-arc/{plural}", body)
