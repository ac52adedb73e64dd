"""Extensions become releases while extension-manager runs, and only then (`arm.md` 4.3, 4.6)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.configuration import records
from tests.sandbox.living import CLUSTER, QUIET_AGENTS, Living, deployment, plain
from tests.sandbox.onboarding import until
from tests.sandbox.programs import output

if TYPE_CHECKING:
    from pathlib import Path

DAPR = {"extensionType": "microsoft.dapr"}
WORKLOAD = deployment("dapr-system", "dapr")
SECRETS = "/api/v1/namespaces/dapr-system/secrets"


async def helm(harbor: Living, program: Path, *arguments: str) -> Any:
    """What helm says, as JSON."""
    environment = {
        **harbor.onboarding.sandbox.environment,
        "HOME": str(harbor.onboarding.sandbox.home.path),
    }
    told = await output(program, *arguments, "-o", "json", environment=environment)
    return json.loads(told)


@pytest.mark.parametrize("program", ["helm3", "helm4"])
async def test_helm_itself_sees_the_release_of_an_extension(
    request: pytest.FixtureRequest, harbor: Living, program: str
) -> None:
    """It lists it, tells its status and values, and can uninstall it."""
    found: Path = request.getfixturevalue(program)
    await harbor.installed(
        "extensions/dapr", **DAPR, configurationSettings={"global.ha.enabled": "true"}
    )
    listed = await helm(harbor, found, "list", "-A", "--filter", "dapr")
    status = await helm(harbor, found, "status", "dapr", "-n", "dapr-system")
    values = await helm(harbor, found, "get", "values", "dapr", "-n", "dapr-system")
    environment = {
        **harbor.onboarding.sandbox.environment,
        "HOME": str(harbor.onboarding.sandbox.home.path),
    }
    uninstalling = ("uninstall", "dapr", "-n", "dapr-system", "--wait")
    await output(found, *uninstalling, environment=environment)

    assert [each["chart"] for each in listed] == ["microsoft.dapr-1.14.4"]
    assert listed[0]["namespace"] == "dapr-system"
    assert status["info"]["status"] == "deployed"
    assert values == {"global.ha.enabled": "true"}
    await harbor.until_gone(WORKLOAD)
    assert "dapr" not in await harbor.releases()


async def test_an_extension_is_installed_when_its_workload_is_there(harbor: Living) -> None:
    """Succeeded with version and namespace, a Deployment with helm's marks, an ExtensionConfig."""
    await harbor.installed("extensions/dapr", **DAPR)
    shown = await harbor.shown("extensions/dapr")
    workload = await harbor.until_there(WORKLOAD)
    config = await harbor.until_there(
        "/apis/clusterconfig.azure.com/v1beta1/namespaces/azure-arc/extensionconfigs/dapr"
    )

    assert shown["currentVersion"] == "1.14.4"
    assert shown["scope"] == {"cluster": {"releaseNamespace": "dapr-system"}}
    assert workload["metadata"]["annotations"]["meta.helm.sh/release-name"] == "dapr"
    assert config["spec"]["extensionType"] == "microsoft.dapr"


async def test_an_extension_waits_for_agents_that_are_quiet(harbor: Living) -> None:
    """Creating while extension-manager is scaled to zero, Succeeded once it runs again."""
    await harbor.scale("azure-arc", 0, *QUIET_AGENTS)
    await harbor.put("extensions/dapr", **DAPR)
    before = await harbor.shown("extensions/dapr")
    there = await harbor.api.find(WORKLOAD)
    await harbor.scale("azure-arc", 1, *QUIET_AGENTS)

    assert (before["provisioningState"], there) == ("Creating", None)
    await harbor.becomes("extensions/dapr", "Succeeded")


async def test_an_extension_that_nobody_fetches_fails_after_two_days(harbor: Living) -> None:
    """After 48 hours the service gives up, and forgets the secrets that waited with it."""
    await harbor.scale("azure-arc", 0, *QUIET_AGENTS)
    protected = {"configurationProtectedSettings": {"key": "marked"}}
    await harbor.put("extensions/dapr", **DAPR, **protected)
    harbor.world.clock.advance(48 * 3600 + 1)

    await harbor.becomes("extensions/dapr", "Failed")
    await harbor.scale("azure-arc", 1, *QUIET_AGENTS)
    assert not harbor.told("INSTALL", "dapr")


async def test_protected_values_are_in_the_cluster_as_they_were_given(harbor: Living) -> None:
    """In a Secret that the ExtensionConfig names and a label finds; nowhere in Azure."""
    protected = {"key.one": "marked-1", "key.two": "marked-2"}
    await harbor.installed("extensions/dapr", **DAPR, configurationProtectedSettings=protected)
    config = await harbor.until_there(
        "/apis/clusterconfig.azure.com/v1beta1/namespaces/azure-arc/extensionconfigs/dapr"
    )
    named = config["spec"]["protectedParameters"]
    label = "labelSelector=clusterconfig.azure.com%2Fprotected-settings%3Dtrue"
    [secret] = await harbor.items(f"/api/v1/secrets?{label}")

    assert plain(secret) == protected
    assert (named["referenceName"], named["referenceNamespace"]) == (
        secret["metadata"]["name"],
        "dapr-system",
    )
    assert secret["metadata"]["annotations"]["clusterconfig.azure.com/child"] == "extensions/dapr"
    assert "marked" not in json.dumps(harbor.world.dump())
    assert "marked" not in str([entry.plain() for entry in harbor.world.journal.entries])


async def test_a_put_without_secrets_clears_them_and_a_patch_leaves_them(harbor: Living) -> None:
    """PATCH of other settings keeps the Secret; PUT replaces the whole (`arm.md` 8.1)."""
    protected = {"key": "marked"}
    await harbor.installed("extensions/dapr", **DAPR, configurationProtectedSettings=protected)
    secret = (await harbor.items(f"{SECRETS}?labelSelector=owner%21%3Dhelm"))[0]
    path = f"{SECRETS}/{secret['metadata']['name']}"
    patch = {"properties": {"configurationSettings": {"a": "1"}}}
    child = "providers/Microsoft.KubernetesConfiguration/extensions/dapr"
    await harbor.azure.patch(f"{CLUSTER}/{child}", patch, version="2025-03-01")
    await harbor.becomes("extensions/dapr", "Succeeded")
    kept = plain(await harbor.until_there(path))
    await harbor.installed("extensions/dapr", **DAPR)

    assert kept == protected
    await harbor.until_gone(path)


async def test_a_release_that_is_there_is_taken_over(harbor: Living) -> None:
    """Another PUT is an upgrade: a revision more, the same workload, no pod restarted."""
    await harbor.installed("extensions/dapr", **DAPR)
    await harbor.until_there(WORKLOAD, lambda it: (it.get("status") or {}).get("readyReplicas"))
    before = await harbor.uids()
    await harbor.installed("extensions/dapr", **DAPR)

    assert (await harbor.releases())["dapr"] == (2, "deployed")
    assert await harbor.uids() == before


async def test_an_upgrade_puts_replicas_back(harbor: Living) -> None:
    """What was scaled to zero comes back as the chart has it, with the uid it had."""
    await harbor.installed("extensions/dapr", **DAPR)
    before = await harbor.until_there(WORKLOAD)
    await harbor.scale("dapr-system", 0, "dapr")
    await harbor.installed("extensions/dapr", **DAPR)
    after = await harbor.until_there(WORKLOAD, lambda it: it["spec"]["replicas"] == 1)

    assert after["metadata"]["uid"] == before["metadata"]["uid"]


async def test_a_deletion_that_is_heard_uninstalls(harbor: Living) -> None:
    """DELETE of an extension takes release, workload, Secret and ExtensionConfig along."""
    protected = {"key": "marked"}
    await harbor.installed("extensions/dapr", **DAPR, configurationProtectedSettings=protected)
    await harbor.delete("extensions/dapr")
    await harbor.becomes("extensions/dapr", "")

    assert await harbor.items(SECRETS) == []
    assert await harbor.api.find(WORKLOAD) is None
    assert "dapr" not in await harbor.releases()


async def test_a_deletion_waits_for_quiet_agents_unless_it_is_forced(harbor: Living) -> None:
    """Deleting until they run; forceDelete leaves the release behind."""
    await harbor.installed("extensions/dapr", **DAPR)
    await harbor.scale("azure-arc", 0, *QUIET_AGENTS)
    await harbor.delete("extensions/dapr")
    shown = await harbor.shown("extensions/dapr")
    await harbor.delete("extensions/dapr?forceDelete=true", 200)

    assert shown["provisioningState"] == "Deleting"
    assert await harbor.shown("extensions/dapr") == {}
    assert (await harbor.releases())["dapr"] == (1, "deployed")


async def test_leftovers_of_a_stranger_are_in_the_way(harbor: Living) -> None:
    """Objects of no release, or of another one, make the operation fail in helm's words."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "dapr-system"}}
    await harbor.api.create("/api/v1/namespaces", namespace)
    await harbor.installed("extensions/other", extensionType="contoso.other")
    found = await harbor.until_there(deployment("contoso-other", "other"))
    body = {**found, "metadata": {"name": "dapr", "namespace": "dapr-system"}}
    await harbor.api.create("/apis/apps/v1/namespaces/dapr-system/deployments", body)
    await harbor.put("extensions/dapr", **DAPR)
    shown = await harbor.becomes("extensions/dapr", "Failed")

    assert shown["errorInfo"]["code"] == "ExtensionOperationFailed"
    assert "invalid ownership metadata" in shown["errorInfo"]["message"]
    assert 'missing key "meta.helm.sh/release-name"' in shown["errorInfo"]["message"]


async def test_an_unfinished_release_blocks(harbor: Living) -> None:
    """A release that helm left pending stops the agent too."""
    await harbor.installed("extensions/dapr", **DAPR)
    [held] = await harbor.items(f"{SECRETS}?labelSelector=owner%3Dhelm")
    record = records.read(held)
    info = record.document["info"] | {"status": "pending-upgrade"}
    pending = records.Record(record.document | {"info": info, "version": 2})
    await harbor.api.create(SECRETS, records.secret(pending, harbor.world.clock.now()))
    await harbor.put("extensions/dapr", **DAPR)
    shown = await harbor.becomes("extensions/dapr", "Failed")

    assert "another operation (install/upgrade/rollback)" in shown["errorInfo"]["message"]


async def test_the_agent_can_be_made_to_fail_once(harbor: Living) -> None:
    """A planned failure of an installation; the next PUT heals it."""
    harbor.world.faults.add({"service": "agents", "action": {"install_fails": "no space left"}})
    await harbor.put("extensions/dapr", **DAPR)
    shown = await harbor.becomes("extensions/dapr", "Failed")
    await harbor.installed("extensions/dapr", **DAPR)

    assert "no space left" in shown["errorInfo"]["message"]


async def test_a_removal_can_be_made_to_fail_once(harbor: Living) -> None:
    """A planned failure leaves the extension as it was; the next DELETE goes through."""
    await harbor.installed("extensions/dapr", **DAPR)
    harbor.world.faults.add({"service": "agents", "action": {"remove_fails": "it is in use"}})
    await harbor.delete("extensions/dapr")
    await harbor.heard("REMOVE", "extensions/dapr", 409)
    await harbor.becomes("extensions/dapr", "Succeeded")
    there = await harbor.api.find(WORKLOAD)
    await harbor.delete("extensions/dapr")

    assert there is not None
    await harbor.becomes("extensions/dapr", "")


async def test_a_type_that_exists_once_does_not_fit_beside_its_leftovers(harbor: Living) -> None:
    """Under another name it meets what the first release left behind (`arm.md` 4.6)."""
    await harbor.installed("extensions/dapr", **DAPR)
    await harbor.delete("extensions/dapr?forceDelete=true", 200)
    await harbor.put("extensions/other", **DAPR)
    shown = await harbor.becomes("extensions/other", "Failed")

    assert 'must equal "other": current value is "dapr"' in shown["errorInfo"]["message"]


@pytest.mark.parametrize("name", ["Big.Name", "x" * 80])
async def test_a_name_that_helm_does_not_take_is_made_to_fit(harbor: Living, name: str) -> None:
    """The release has another name then, and goes again with the extension."""
    await harbor.installed(f"extensions/{name}", extensionType="contoso.many")
    releases = await harbor.releases()
    await harbor.delete(f"extensions/{name}")
    await harbor.becomes(f"extensions/{name}", "")

    assert len(releases) == 2
    assert set(await harbor.releases()) == {"azure-arc"}


async def test_an_api_server_that_is_away_is_asked_again(harbor: Living) -> None:
    """The extension is installed once its cluster answers."""
    fault = {"service": "kubernetes", "path": "dapr-system", "times": 5, "action": {"status": 503}}
    planned = harbor.world.faults.add(fault)
    await harbor.installed("extensions/dapr", **DAPR)

    assert harbor.world.faults.happened(planned.id) == 5
    assert (await harbor.releases())["dapr"] == (1, "deployed")


async def test_three_hundred_extensions_are_a_matter_of_seconds(harbor: Living) -> None:
    """All of them are installed, each with a release and a workload of its own."""
    names = [f"many-{number:03}" for number in range(300)]
    for name in names:
        await harbor.put(f"extensions/{name}", extensionType="contoso.many")
    for name in names:
        await until(lambda name=name: harbor.told("INSTALL", name), 60)
        await harbor.becomes(f"extensions/{name}", "Succeeded")

    assert len(await harbor.releases()) == len(names) + 1
