"""The oracle shouts at every kind of loss, planted by hand, and at none that is no loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests import arm
from tests.chaos import oracle, scenes
from tests.chaos.scenes import SCENES
from tests.chaos.writers import Write

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.behind import House
    from tests.stage import Stage

    Harm = Callable[[Stage], None]

CHILDREN = f"{arm.HARBOR}/{arm.CHILDREN}"
HUNG = f"{arm.HARBOR}/providers"


def resource(key: str, change: Callable[[Any], object]) -> Harm:
    """Change a resource of Azure's."""
    return lambda stage: change(stage.world.azure.store.resources[key.lower()])


def gone(key: str) -> Harm:
    """Remove a resource of Azure's, or all whose id begins so."""

    def harm(stage: Stage) -> None:
        store = stage.world.azure.store
        found = [each for each in store.resources if each.startswith(key.lower())]
        assert found, key
        for each in found:
            store.remove(each)

    return harm


def thing(cluster: str, key: tuple[str, str], place: tuple[str, str], **change: Any) -> Harm:
    """Change an object of a cluster; with nothing to change, remove it."""

    def harm(stage: Stage) -> None:
        store = stage.sandbox.clusters[cluster].store
        found = store.get(key, *place)
        assert found, place
        if change:
            store.write(key, dict(found) | change)
        else:
            store.remove(key, *place)

    return harm


def made_again(stage: Stage) -> None:
    """Let an object be removed and made again as it was, as a prune and an apply do."""
    store, key = stage.cluster.store, ("", "configmaps")
    found = store.get(key, "shop", "till")
    assert found
    store.write(key, dict(found) | {"metadata": found["metadata"] | {"uid": "another"}})


def asleep(stage: Stage) -> None:
    """Scale an agent to zero."""
    store, key = stage.cluster.store, ("apps", "deployments")
    found = store.get(key, "azure-arc", "config-agent")
    assert found
    store.write(key, dict(found) | {"spec": found["spec"] | {"replicas": 0}})


CONFIG, SECRET, DEPLOYMENT = ("", "configmaps"), ("", "secrets"), ("apps", "deployments")
HARMS: dict[str, Harm] = {
    "an extension": gone(f"{CHILDREN}/extensions/monitor"),
    "a configuration": gone(f"{CHILDREN}/fluxConfigurations/private"),
    "a setting": resource(
        f"{CHILDREN}/extensions/monitor",
        lambda each: each.properties["configurationSettings"].clear(),
    ),
    "a secret's value": resource(
        f"{CHILDREN}/extensions/monitor",
        lambda each: each.secrets.update({"amalogs.secret.key": "other"}),
    ),
    "a secret": resource(f"{CHILDREN}/extensions/monitor", lambda each: each.secrets.clear()),
    "a tag": resource(arm.HARBOR, lambda each: each.body["tags"].pop("team")),
    "a role": gone(f"{HUNG}/Microsoft.Authorization/roleAssignments/"),
    "a role of its identity": gone(f"{arm.GROUP}/providers/Microsoft.Authorization/role"),
    "a lock": gone(f"{HUNG}/Microsoft.Authorization/locks/"),
    "a policy": gone(f"{HUNG}/Microsoft.Authorization/policyAssignments/"),
    "a policy's regions": resource(
        f"{HUNG}/Microsoft.Authorization/policyAssignments/own",
        lambda each: each.properties["parameters"].clear(),
    ),
    "a diagnostic setting": gone(f"{HUNG}/Microsoft.Insights/diagnosticSettings/"),
    "the cluster": gone(arm.HARBOR),
    "a choice of the cluster": resource(
        arm.HARBOR, lambda each: each.properties.update(azureHybridBenefit="True")
    ),
    "the region": resource(arm.HARBOR, lambda each: each.body.update(location="uksouth")),
    "a stranger": gone(f"{arm.SUBSCRIPTION}/resourceGroups/other/providers/Microsoft.Kubernetes"),
    "a stranger's tag": resource(
        f"{arm.SUBSCRIPTION}/resourceGroups/other/providers/Microsoft.Kubernetes/connectedClusters/quay",
        lambda each: each.body["tags"].clear(),
    ),
    "a ConfigMap": thing("sandbox", CONFIG, ("shop", "till")),
    "a ConfigMap's text": thing("sandbox", CONFIG, ("shop", "till"), data={"open": "9"}),
    "a ConfigMap's uid": made_again,
    "a Secret": thing("sandbox", SECRET, ("shop", "safe"), data={}),
    "a workload": thing("sandbox", DEPLOYMENT, ("shop", "till")),
    "what Flux has deployed": thing("sandbox", DEPLOYMENT, ("apps", "public-base")),
    "something in the second cluster": thing(scenes.OTHER, CONFIG, ("shop", "till")),
    "an agent that is asleep": asleep,
    "an agent": thing("sandbox", DEPLOYMENT, ("azure-arc", "config-agent")),
    "the private key": thing("sandbox", SECRET, ("azure-arc", "azure-arc-connect-privatekey")),
}


@pytest.mark.parametrize("name", HARMS)
def test_a_loss_is_seen(house: House, name: str) -> None:
    """Each is planted in the store, and stands between this world and the old one."""
    stage = house.stage
    house.theatre.begin(SCENES["locked"].make)
    before = oracle.picture(stage)
    assert oracle.old(before).misses(before) == []
    stage.within(lambda: HARMS[name](stage))
    missed = oracle.old(before).misses(oracle.picture(stage))
    assert missed, f"{name} is missing, and nobody has seen it"


def test_what_is_gained_in_azure_is_seen(house: House) -> None:
    """A child that nobody asked for is no more right than one that is gone."""
    house.theatre.begin(SCENES["bare"].make)
    before = oracle.picture(house.stage)
    house.stage.seed(extensions=[{"on": "edge/harbor", "name": "odd", "type": "contoso.part"}])
    assert "odd" in str(oracle.old(before).misses(oracle.picture(house.stage)))


def test_another_key_is_no_loss_but_it_is_a_change(house: House) -> None:
    """Who had to leave everything alone has not; who moved there and back may."""
    house.theatre.begin(SCENES["bare"].make)
    before = oracle.picture(house.stage)
    harm = resource(
        arm.HARBOR, lambda each: each.properties.update(agentPublicKeyCertificate="other")
    )
    house.stage.within(lambda: harm(house.stage))
    found = oracle.picture(house.stage)
    assert oracle.old(before).misses(found) == []
    assert oracle.untouched(before).misses(found)


def test_the_old_world_is_not_the_one_that_was_asked_for(house: House) -> None:
    """Every goal differs from where a command began."""
    house.make_examples()
    house.theatre.begin(SCENES["plain"].make)
    before = oracle.picture(house.stage)
    for goal in (
        oracle.moved(before, "westeurope"),
        oracle.deleted(before),
        oracle.applied(before, {"added": {"a": "b"}}),
    ):
        assert goal.misses(before)
    house.theatre.begin(SCENES["unconnected"].make)
    unconnected = oracle.picture(house.stage)
    assert oracle.connected(unconnected, house.example).misses(unconnected)


def test_a_write_of_another_is_seen_and_missed(house: House) -> None:
    """It is there when Azure has agreed, and not in a world without it."""
    stage = house.stage
    house.theatre.begin(SCENES["bare"].make)
    before = oracle.picture(stage)
    for kind in ("tag", "extension", "role", "diagnostics", "lock"):
        write = Write(kind, f"11111111-0000-4000-8000-{len(kind):012}")
        write.do(stage)
        assert write.agreed, (kind, write.status)
        assert not write.is_in(before)
        assert write.is_in(oracle.picture(stage)), kind
    assert write.may_be_lost([write.acknowledged + 4.9])
    assert not write.may_be_lost([write.acknowledged + 5.1])
    assert write.may_be_lost([write.acknowledged - 0.05])
    assert not write.may_be_lost([write.acknowledged - 1.0])
