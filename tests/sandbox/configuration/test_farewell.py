"""The trap of a move: what hears that the cluster's resource is deleted cleans up (`arc.md` E2)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from tests.sandbox.living import CLUSTER, QUIET_AGENTS, QUIET_FLUX, Living, deployment
from tests.sandbox.onboarding import until

if TYPE_CHECKING:
    from arcctl.model.keys import KeyPair

ROLE = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"
DAPR = deployment("dapr-system", "dapr")
APPLIED = deployment("apps", "apps-all")


@pytest.fixture
async def busy(harbor: Living) -> Living:
    """The cluster with an extension and a configuration that prunes."""
    await harbor.installed("extensions/dapr", extensionType="microsoft.dapr")
    await harbor.flux()
    for path in (DAPR, APPLIED):
        await harbor.until_there(path, lambda it: (it.get("status") or {}).get("readyReplicas"))
    return harbor


async def test_deleting_the_resource_while_the_agents_run_prunes_the_workloads(
    busy: Living,
) -> None:
    """Configurations are removed with what they applied, then the releases; not azure-arc's own."""
    await busy.delete_cluster()
    await busy.heard("REMOVE", "extensions/flux")

    await busy.until_gone(APPLIED)
    await busy.until_gone(DAPR)
    assert set(await busy.releases()) == {"azure-arc"}


async def test_deleting_the_group_is_heard_as_well(busy: Living) -> None:
    """However the resource goes, its agents hear that it is gone."""
    group = CLUSTER.partition("/providers/")[0]
    answer = await busy.azure.delete(group, version="2021-04-01")

    assert answer.status == 202
    await busy.until_gone(APPLIED)
    await busy.until_gone(DAPR)


async def test_deleting_the_resource_while_they_are_quiet_leaves_every_uid_as_it_was(
    busy: Living,
) -> None:
    """Nobody hears it, not even when they wake afterwards."""
    await busy.quiet()
    before, releases = await busy.uids(), await busy.releases()
    await busy.delete_cluster()
    await busy.scale("azure-arc", 1, *QUIET_AGENTS)
    await busy.heard("HEARTBEAT", "harbor", 403)

    assert await busy.uids() == before
    assert await busy.releases() == releases
    assert not busy.world.journal.select("agents", "REMOVE")


async def test_quieting_the_agents_of_azure_arc_alone_does_not_save_from_pruning(
    busy: Living,
) -> None:
    """fluxconfig-agent hears for itself: the applied workload goes, the release stays."""
    await busy.scale("azure-arc", 0, *QUIET_AGENTS)
    await busy.delete_cluster()

    await busy.until_gone(APPLIED)
    assert (await busy.releases())["dapr"] == (1, "deployed")


async def test_quieting_flux_alone_does_not_save_the_releases(busy: Living) -> None:
    """extension-manager uninstalls; what Flux applied stays, for nobody prunes it."""
    await busy.scale("flux-system", 0, *QUIET_FLUX)
    await busy.delete_cluster()

    await busy.until_gone(DAPR)
    await busy.heard("REMOVE", "extensions/flux")
    assert await busy.api.find(APPLIED) is not None


async def test_another_resource_of_that_name_is_another_cluster(
    busy: Living, other_pair: KeyPair
) -> None:
    """The agents of the old one hear nothing of the new one's children, nor of its end."""
    await busy.quiet()
    await busy.delete_cluster()
    before = await busy.uids()
    busy.onboarding.register(other_pair)
    await busy.scale("azure-arc", 1, *QUIET_AGENTS)
    await busy.put("extensions/vault", extensionType="microsoft.azurekeyvaultsecretsprovider")
    await busy.heard("HEARTBEAT", "harbor", 403)
    waiting = await busy.shown("extensions/vault")
    await busy.delete_cluster()

    assert waiting["provisioningState"] == "Creating"
    assert not busy.world.journal.select("agents", "REMOVE")
    assert before.items() <= (await busy.uids()).items()


async def test_what_stayed_is_taken_over_by_the_next_resource(
    busy: Living, other_pair: KeyPair
) -> None:
    """Connected anew, the same children adopt release and workloads: every uid is the same."""
    await busy.quiet()
    await busy.delete_cluster()
    before = {name: uid for name, uid in (await busy.uids()).items() if "fluxconfig" not in name}
    busy.onboarding.register(other_pair)
    await busy.onboarding.run_helm("uninstall", "azure-arc", "--wait")
    await busy.until_gone("/api/v1/namespaces/azure-arc")
    await busy.onboarding.install(other_pair.private.reveal())
    await busy.onboarding.connected()
    await busy.installed("extensions/flux", extensionType="microsoft.flux")
    await busy.installed("extensions/dapr", extensionType="microsoft.dapr")
    await busy.flux()

    assert before.items() <= (await busy.uids()).items()
    assert (await busy.releases())["dapr"] == (2, "deployed")
    fluxconfig = deployment("flux-system", "fluxconfig-agent")
    assert (await busy.until_there(fluxconfig))["spec"]["replicas"] == 1


async def test_agents_that_are_cut_off_hear_nothing(busy: Living) -> None:
    """Blocked egress is as good as silence."""
    fault = {"service": "agents", "times": None, "action": {"blocked_egress": True}}
    busy.world.faults.add(fault)
    await until(lambda: busy.told("BLOCKED_EGRESS", "harbor", 0))
    before = await busy.uids()
    await busy.delete_cluster()

    assert await busy.uids() == before
    assert not busy.world.journal.select("agents", "REMOVE")


async def test_a_grant_below_a_child_is_no_child(busy: Living) -> None:
    """It goes with the cluster, and the agents clean up as ever."""
    below = f"{CLUSTER}/providers/Microsoft.KubernetesConfiguration/extensions/dapr"
    grant = f"{below}/providers/Microsoft.Authorization/roleAssignments/{uuid4()}"
    body = {"properties": {"roleDefinitionId": ROLE, "principalId": str(uuid4())}}
    answer = await busy.azure.put(grant, body, version="2022-04-01")
    await busy.delete_cluster()

    assert answer.status == 201
    await busy.until_gone(DAPR)
    await busy.until_gone(APPLIED)
