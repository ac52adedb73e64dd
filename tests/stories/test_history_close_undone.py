"""`arcctl history RUN --close` names all that a move leaves undone, each thing by what mends it."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests import arm
from tests.stories import beside, moved, moving
from tests.stories.refusals import DENIED, FORBIDDEN
from tests.stories.symptoms import merge

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

MOVE = f"{moved.MOVE} --accept locked-itself"
CONNECT = "connect -n harbor -g edge --skip-prechecks --yes"
DEPOT = arm.HARBOR.replace("/harbor", "/depot")


@pytest.fixture
def plain(quick: Stage) -> Stage:
    """Harbor without children."""
    quick.after("connect -n harbor -g edge -l eastus --skip-prechecks --tags team=edge")
    return quick


def closed(stage: Stage, ended: Ended) -> Ended:
    """Close the run that has stopped so, once all that troubled it is over."""
    stage.within(stage.world.faults.remove)
    run = moved.stopped(ended, ended.err.rpartition("[")[2].partition("]")[0])
    return stage.type(f"history {run} --close --yes")


def woken(stage: Stage) -> None:
    """Somebody scales all agents back by hand."""
    for name in moved.asleep(stage):
        space = "flux-system" if name.startswith("fluxconfig") else "azure-arc"
        stage.within(
            lambda name=name, space=space: merge(
                stage, "deployments", space, name, spec={"replicas": 1}
            )
        )


def test_agents_that_are_not_in_the_cluster(plain: Stage) -> None:
    """The old ones are gone, and the new ones were never installed."""

    def act() -> None:
        for method in ("POST", "PATCH"):
            where = "/namespaces/azure-arc/"
            plain.fault("kubernetes", FORBIDDEN, method=method, path=where, times=None)

    ended = closed(
        plain, beside.type_beside(plain, moving.MOVE, "install-agents", act, events=("started",))
    )

    agents = plain.within(
        lambda: list(plain.cluster.store.items(KINDS["deployments"].key, "azure-arc"))
    )
    assert (ended.code, "[closed-unfinished]" in ended.err, agents) == (5, True, []), ended.err
    assert "no agents are in the cluster" in ended.err
    readme = Path(ended.data["saved"]["folder"]) / "README.md"
    for each in (ended.err, (plain.folder / readme).read_text()):
        assert "arcctl connect -n harbor -g edge -l westeurope" in each
        assert "-l eastus" not in each


def test_a_lock_that_the_run_has_taken_off(harbor: Stage) -> None:
    """Before the point of no return, with the agents awake, it is all that is left undone."""
    beside.write(harbor, "lock", "mine")

    def act() -> None:
        beside.write(harbor, "tag", "late")
        harbor.fault("arm", {"status": 500}, method="PUT", path="/locks/mine$", times=None)

    stopped = beside.type_beside(harbor, MOVE, "take-off-locks", act, events=("done",))
    assert moved.asleep(harbor) == []
    ended = closed(harbor, stopped)

    assert ended.code == 5, ended.err
    [line] = ended.data["lost"]
    again = "az lock create --name mine --lock-type CanNotDelete --resource /subscriptions/"
    assert line.startswith(f"the lock mine is not there: {again}")


def test_tags_that_are_not_as_they_were(plain: Stage) -> None:
    """The resource's own fields are compared like those of its children."""

    def act() -> None:
        where = "connectedClusters/harbor$"
        plain.fault("arm", DENIED, method="GET", path=where, times=None)

    stopped = beside.type_beside(plain, moving.MOVE, "learn-identities", act, events=("started",))
    plain.within(plain.world.faults.remove)
    arm.ask(plain, "PATCH", arm.HARBOR, {"tags": {}}, version="2024-01-01")
    ended = closed(plain, stopped)

    assert ended.code == 5, ended.err
    assert ended.data["lost"] == ["resource tags: was {'team': 'edge'}, is None"]


def test_a_target_that_was_made_before_the_point_of_no_return(harbor: Stage) -> None:
    """Nobody uses it, and it stays in Azure: it is named with the command that deletes it."""
    harbor.fault("kubernetes", FORBIDDEN, method="PATCH", path="/deployments/", times=40)
    ended = closed(harbor, harbor.type(f"{MOVE} --target-name depot"))

    assert (ended.code, bool(moved.resource(harbor, DEPOT))) == (5, True), ended.err
    assert "arcctl delete -n depot -g edge --azure-only" in ended.err
    harbor.well("delete -n depot -g edge --azure-only --yes")
    assert moved.resource(harbor)


def test_a_source_that_is_left_beside_its_target(plain: Stage) -> None:
    """Behind the point of no return, where Azure refuses to delete it: both are there."""
    plain.fault("arm", DENIED, method="DELETE", path="connectedClusters/harbor$", times=None)
    stopped = plain.type(f"{moving.MOVE} --target-name depot")
    woken(plain)
    ended = closed(plain, stopped)

    assert (ended.code, bool(moved.resource(plain, DEPOT))) == (5, True), ended.err
    assert "harbor (group edge) is still in Azure" in ended.err


def bare(stage: Stage) -> None:
    """Somebody has deleted the namespace of the agents, and the key with it."""

    def act() -> None:
        for kind in ("deployments", "secrets", "configmaps"):
            for each in list(stage.cluster.store.items(KINDS[kind].key, "azure-arc")):
                stage.cluster.store.remove(KINDS[kind].key, "azure-arc", each["metadata"]["name"])

    stage.within(act)


def test_a_key_that_lies_nowhere_else_is_kept(plain: Stage) -> None:
    """The target bears it, so closing keeps it in a Secret of its own, and names what uses it."""

    def act() -> None:
        for method in ("POST", "PATCH"):
            plain.fault(
                "kubernetes",
                FORBIDDEN,
                method=method,
                path="/namespaces/azure-arc/(deployments|configmaps)",
                times=None,
            )

    stopped = beside.type_beside(plain, moving.MOVE, "install-agents", act, events=("started",))
    bare(plain)
    ended = closed(plain, stopped)
    found = plain.within(lambda: list(plain.cluster.store.items(KINDS["secrets"].key, "arcctl")))

    assert (
        ended.code,
        "the private key of harbor (group edge) lies nowhere else" in ended.err,
    ) == (
        5,
        True,
    ), ended.err
    assert [(each["metadata"]["name"][:11], [*each["data"]]) for each in found] == [
        ("arcctl-key-", ["key"])
    ]
    assert "arcctl connect -n harbor -g edge -l westeurope --private-key key.pem" in ended.err
    pem = base64.b64decode(found[0]["data"]["key"])
    (plain.folder / "key.pem").write_bytes(pem)
    before = moved.resource(plain)["properties"]["agentPublicKeyCertificate"]
    plain.well(f"{CONNECT} -l westeurope --private-key key.pem")
    after = moved.resource(plain)["properties"]
    assert (after["connectivityStatus"], after["agentPublicKeyCertificate"]) == (
        "Connected",
        before,
    )


def test_a_key_that_the_agents_have_is_not_kept_twice(plain: Stage) -> None:
    """Nor one that no resource bears: nothing of the run stays in the cluster."""
    plain.fault("kubernetes", FORBIDDEN, method="PATCH", path="/deployments/", times=40)
    ended = closed(plain, plain.type(moving.MOVE))

    assert ended.code in (0, 5), ended.err
    assert moved.kept_in_cluster(plain) == []
