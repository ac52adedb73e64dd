"""Namespace `azure-arc` that somebody else uses: what is theirs stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stories.copies import switched_off
from tests.stories.pasting import tried
from tests.stories.refusals import refused
from tests.stories.test_absence import UNKNOWN

if TYPE_CHECKING:
    from tests.stage import Stage

CONNECT = "connect -n harbor -g edge -l eastus --skip-prechecks"
DELETE = "delete -n harbor -g edge --yes"
MOVE = "move -n harbor -g edge --target-region westeurope --skip-prechecks --yes"
ARC = "azure-arc"
BARE: dict[str, Any] = {"metadata": {"name": "left-behind"}}
NOTHING: dict[str, Any] = {
    "kind": "PersistentVolumeClaimList",
    "apiVersion": "v1",
    "metadata": {"resourceVersion": "1"},
    "items": [],
}


def template(name: str) -> dict[str, Any]:
    """A pod that does nothing."""
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "main", "image": "registry.example/shop:1"}]},
    }


def others(stage: Stage) -> None:
    """Somebody runs a shop there, with a Service, and a claim for its data."""
    bodies = {
        "deployments": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "shop"}},
            "template": template("shop"),
        },
        "services": {"selector": {"app": "shop"}, "ports": [{"port": 80}]},
        "persistentvolumeclaims": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }

    def make() -> None:
        for plural, spec in bodies.items():
            body = {"metadata": {"name": "shop"}, "spec": spec}
            stage.cluster.api.create(KINDS[plural], ARC, body)

    stage.within(make)


def made(stage: Stage) -> None:
    """The namespace is there before Arc is."""
    body = {"metadata": {"name": ARC}}
    stage.within(lambda: stage.cluster.api.create(KINDS["namespaces"], "", body))


def left(stage: Stage, plural: str) -> set[str]:
    """What of a kind is in the namespace."""
    found = stage.within(lambda: list(stage.cluster.store.items(KINDS[plural].key, ARC)))
    return {
        each["metadata"]["name"] for each in found if "deletionTimestamp" not in each["metadata"]
    }


def spaces(stage: Stage) -> set[str]:
    """The namespaces of Arc that are there."""
    found = stage.within(lambda: list(stage.cluster.store.items(KINDS["namespaces"].key)))
    return {each["metadata"]["name"] for each in found} & {ARC, "azure-arc-release"}


def uid(stage: Stage) -> str:
    """The uid of the shop's Deployment."""
    found = stage.within(lambda: stage.cluster.store.get(KINDS["deployments"].key, ARC, "shop"))
    assert found
    return str(found["metadata"]["uid"])


def test_what_is_theirs_is_named_and_outlives_connect_and_delete(stage: Stage) -> None:
    """The namespace stays with it, and nothing of Arc's stays there; --force removes all."""
    made(stage)
    others(stage)
    shop = uid(stage)

    asked = stage.type(CONNECT)
    stage.well(f"{CONNECT} --yes")
    moved = stage.type(MOVE)
    deleted = stage.well(DELETE)

    assert (asked.code, "Deployment shop" in asked.err) == (2, True)
    assert (moved.code, "[namespace-shared]" in moved.err) == (5, True)
    assert "Deployment shop, Service shop, PersistentVolumeClaim shop" in deleted.err
    assert (uid(stage), spaces(stage)) == (shop, {ARC})
    assert [left(stage, each) for each in ("deployments", "services", "secrets")] == [
        {"shop"},
        {"shop"},
        set(),
    ]
    assert "Nothing to delete" in stage.well(DELETE).err

    stage.well(f"{CONNECT} --yes")
    question = stage.type(f"{DELETE} --force".replace(" --yes", ""))
    forced = stage.well(f"{DELETE} --force")
    for said in (question.err, forced.err):
        assert "azure-arc is deleted with what others keep in it: Deployment shop" in said
    assert spaces(stage) == set()


def test_a_cluster_that_is_not_proved_is_deleted_without_what_is_theirs(quick: Stage) -> None:
    """Agents at zero prove nothing; the command of the refusal spares the others' data."""
    quick.after(CONNECT)
    others(quick)
    switched_off(quick)

    ended = refused(quick.type(DELETE), "cluster-unproved")
    hint = "if you are certain: arcctl delete -n harbor -g edge --skip-cluster-check"
    assert hint in tried(ended.err), ended.err
    assert "--force" not in ended.err
    quick.well(f"{DELETE} --skip-cluster-check")

    assert left(quick, "persistentvolumeclaims") == {"shop"}


def test_what_others_keep_beside_the_release_is_named_too(quick: Stage) -> None:
    """Both namespaces of Arc are looked at before the question."""
    quick.after(CONNECT)
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    body = {"metadata": {"name": "theirs"}, "spec": spec}
    kind = KINDS["persistentvolumeclaims"]
    quick.within(lambda: quick.cluster.api.create(kind, "azure-arc-release", body))

    asked = quick.type(DELETE.replace(" --yes", ""))

    assert "azure-arc-release stays, since others use it: PersistentVolumeClaim theirs" in asked.err


def test_agents_of_a_resource_that_is_gone_go_alone(quick: Stage) -> None:
    """`connect` clears them away before it connects anew, and asks about what others have there."""
    quick.well(CONNECT)
    others(quick)
    shop = uid(quick)
    quick.well(f"{DELETE} --azure-only")

    quick.well(f"{CONNECT} --yes")

    assert uid(quick) == shop


def test_what_agents_make_without_an_owner_holds_nothing(quick: Stage) -> None:
    """Every namespace has some of these."""
    quick.well(CONNECT)
    for kind in ("secrets", "configmaps", "serviceaccounts", "leases", "roles", "events"):
        quick.within(lambda kind=kind: quick.cluster.api.create(KINDS[kind], ARC, BARE))

    quick.well(DELETE)

    assert spaces(quick) == set()


@pytest.mark.parametrize("skip", range(4))
@pytest.mark.parametrize("answer", [UNKNOWN, {"status": 200, "body": NOTHING}])
def test_one_list_says_nothing_of_what_goes_with_a_namespace(
    quick: Stage, answer: dict[str, Any], skip: int
) -> None:
    """A claim that is seen nowhere else: it stays, whichever of the looks has not shown it."""
    quick.after(CONNECT)
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    body = {"metadata": {"name": "theirs"}, "spec": spec}
    quick.within(lambda: quick.cluster.api.create(KINDS["persistentvolumeclaims"], ARC, body))
    path = "/azure-arc/persistentvolumeclaims$"
    quick.fault("kubernetes", answer, method="GET", path=path, skip=skip, times=1)

    quick.type(DELETE)

    assert left(quick, "persistentvolumeclaims") == {"theirs"}
