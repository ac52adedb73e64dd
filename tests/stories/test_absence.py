"""Stories of a single 404: a replica that is behind must not cost a cluster its agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests import arm
from tests.stories.changing import agents
from tests.stories.moved import MOVE, asleep, kept_in_cluster, region, resource
from tests.stories.refusals import changes

if TYPE_CHECKING:
    from tests.stage import Stage

HARBOR = "/connectedClusters/harbor$"
GONE: dict[str, Any] = {
    "status": 404,
    "body": {"error": {"code": "ResourceNotFound", "message": "The resource was not found."}},
}
UNKNOWN: dict[str, Any] = {
    "status": 404,
    "body": {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404},
}
NO_PODS: dict[str, Any] = {
    "status": 200,
    "body": {
        "kind": "PodList",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "1"},
        "items": [],
    },
}
PROXY: dict[str, Any] = {"status": 404, "body": "<html>404 Not Found</html>"}


@pytest.mark.parametrize(
    "line",
    [
        "connect -n depot -g edge -l eastus --skip-prechecks",
        "connect -n harbor -g edge -l westeurope --skip-prechecks",
    ],
)
def test_agents_are_not_stale_on_the_word_of_one_look(harbor: Stage, line: str) -> None:
    """The second look finds the owner, so the command is refused and nothing is changed."""
    fault = harbor.fault("arm", GONE, method="GET", path=HARBOR)

    ended = harbor.type(line)

    assert harbor.happened(fault) == 1
    assert ended.code == 1, ended.err
    assert changes(harbor) == []
    assert (asleep(harbor), region(harbor)) == ([], "eastus")


def test_a_proxys_404_is_no_absence_however_often_it_comes(harbor: Stage) -> None:
    """It does not say what is missing, so nothing is concluded from it."""
    harbor.fault("arm", PROXY, method="GET", path=HARBOR, times=None)

    ended = harbor.type("connect -n harbor -g edge -l eastus --skip-prechecks")

    assert (ended.code, "[azure-unusable-answer]" in ended.err) == (1, True)
    assert changes(harbor) == []


def test_a_delete_does_not_leave_the_resource_behind(harbor: Stage) -> None:
    """One false 404 does not make it "gone already": it is deleted, and its agents with it."""
    fault = harbor.fault("arm", GONE, method="GET", path=HARBOR)

    ended = harbor.well("delete -n harbor -g edge --yes")

    assert harbor.happened(fault) == 1
    assert "harbor" in ended.err
    found = harbor.within(lambda: list(harbor.world.azure.store.resources))
    assert not [each for each in found if each.endswith("/connectedclusters/harbor")]


def test_showing_and_waiting_look_twice(harbor: Stage) -> None:
    """`show` finds it, and `wait --deleted` does not end."""
    harbor.fault("arm", GONE, method="GET", path=HARBOR)
    assert harbor.well("show -n harbor -g edge").data["name"] == "harbor"

    harbor.fault("arm", GONE, method="GET", path=HARBOR)
    assert harbor.type("wait -n harbor -g edge --deleted --timeout 1").code == 5


@pytest.mark.parametrize(
    "line",
    [
        "update -n harbor -g edge --tags site=pier8 --yes",
        "update -n harbor -g edge --proxy-http http://proxy.example:3128",
        "enable-features -n harbor -g edge --features azure-rbac",
    ],
)
def test_a_change_looks_twice(harbor: Stage, line: str) -> None:
    """A cluster that one look has missed is changed all the same."""
    fault = harbor.fault("arm", GONE, method="GET", path=HARBOR)

    harbor.well(line)

    assert harbor.happened(fault) == 1


def test_a_list_of_children_that_is_missing_once_is_read_again(harbor: Stage) -> None:
    """The cluster is there, so the answer was wrong."""
    fault = harbor.fault("arm", GONE, method="GET", path="/harbor/.*/extensions$")

    harbor.well("config list -n harbor -g edge")

    assert harbor.happened(fault) == 1


@pytest.mark.parametrize(
    "asked", ["/namespaces/azure-arc$", "/azure-arc/configmaps/azure-clusterconfig$"]
)
def test_a_delete_does_not_leave_the_agents_behind(harbor: Stage, asked: str) -> None:
    """What the API server has missed once does not make them the agents of somebody else."""
    fault = harbor.fault("kubernetes", UNKNOWN, method="GET", path=asked)

    harbor.well("delete -n harbor -g edge --yes")

    assert harbor.happened(fault) == 1
    assert (resource(harbor), agents(harbor)) == ({}, set())


@pytest.mark.parametrize(
    "line",
    ["connect -n harbor -g edge -l eastus --skip-prechecks", "delete -n harbor -g edge --yes"],
)
def test_one_list_without_pods_makes_no_copy_of_the_cluster(harbor: Stage, line: str) -> None:
    """The Deployments count pods that it does not have, so it is read again."""
    fault = harbor.fault("kubernetes", NO_PODS, method="GET", path="/namespaces/azure-arc/pods$")

    harbor.well(line)

    assert harbor.happened(fault) == 1


def test_a_key_that_is_missed_once_is_kept(harbor: Stage) -> None:
    """A move in place keeps the pair (decision 0021): Terraform replaces a cluster with another."""
    known = resource(harbor)["properties"]["agentPublicKeyCertificate"]
    path = "/secrets/azure-arc-connect-privatekey$"
    fault = harbor.fault("kubernetes", UNKNOWN, method="GET", path=path)

    ended = harbor.type(MOVE)

    assert harbor.happened(fault) == 1
    now = resource(harbor)["properties"]["agentPublicKeyCertificate"]
    assert now == known, (ended.code, ended.err[-300:])


def test_agents_that_are_missed_once_are_removed_all_the_same(harbor: Stage) -> None:
    """A move ends with exit 0 only where namespace `azure-arc` was made again (decision 0021)."""

    def uid() -> str:
        space = harbor.within(lambda: harbor.cluster.store.get(("", "namespaces"), "", "azure-arc"))
        assert space
        return str(space["metadata"]["uid"])

    before = uid()
    fault = harbor.fault(
        "kubernetes", UNKNOWN, method="GET", path="/api/v1/namespaces/azure-arc$", skip=1
    )

    ended = harbor.type(MOVE)

    assert harbor.happened(fault) == 1
    assert ended.code != 0 or uid() != before, ended.err


def test_a_lease_that_is_missed_once_is_taken_away(harbor: Stage) -> None:
    """A move that has ended well keeps no other machine off."""
    fault = harbor.fault("kubernetes", UNKNOWN, method="GET", path="/leases/arcctl$", skip=2)

    ended = harbor.type(MOVE)

    assert harbor.happened(fault) == 1
    assert (ended.code, kept_in_cluster(harbor)) == (0, []), ended.err[-300:]


@pytest.mark.parametrize(
    ("path", "code"),
    [("/metadata/endpoints$", "NotFound"), ("^/subscriptions/[^/]+$", "SubscriptionNotFound")],
)
def test_neither_a_cloud_nor_a_subscription_is_missing_on_one_word(
    harbor: Stage, path: str, code: str
) -> None:
    """Exit code 3 would say that harbor is not there."""
    body = {"error": {"code": code, "message": "Not here."}}
    fault = harbor.fault("arm", {"status": 404, "body": body}, method="GET", path=path, times=1)

    ended = harbor.type("delete -n harbor -g edge --yes")

    assert (harbor.happened(fault), ended.code) == (1, 0), ended.err


@pytest.mark.parametrize("skip", range(3))
def test_a_group_is_not_made_anew_on_one_word(harbor: Stage, skip: int) -> None:
    """A PUT with nothing but a location would take its tags away."""
    tags = {"owner": "me"}
    harbor.within(lambda: harbor.world.azure.store.get(arm.GROUP).body.update(tags=tags))
    body = {"error": {"code": "ResourceGroupNotFound", "message": "Not here."}}
    gone = {"status": 404, "body": body}
    harbor.fault("arm", gone, method="GET", path=f"{arm.GROUP}$", times=1, skip=skip)

    ended = harbor.type("connect -n harbor -g edge -l eastus --skip-prechecks --tags x=y")

    assert ended.code == 0, ended.err
    found = harbor.within(lambda: harbor.world.azure.store.get(arm.GROUP).body)
    assert found["tags"] == tags
