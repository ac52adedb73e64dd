"""Azure says yes and does nothing: no command takes its word for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from arcctl.sandbox.kubernetes.store import copy_of
from tests import arm
from tests.stories import beside, changing, moved
from tests.stories.refusals import FORBIDDEN, refused

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

GATEWAY = f"{arm.GROUP}/providers/Microsoft.HybridCompute/gateways/way"
DEPOT = arm.HARBOR.replace("/harbor", "/depot")
WHERE = "connectedClusters/harbor$"
MOVE = f"{moved.MOVE} --accept locked-itself"


def _run_of(ended: Ended) -> str:
    assert ended.code == 6, ended.err
    return str(re.findall(r"arcctl resume (move-[\w-]+)", ended.err)[0])


@pytest.fixture
def plain(quick: Stage) -> Stage:
    """Connected harbor, without children."""
    quick.after("connect -n harbor -g edge -l eastus --skip-prechecks --tags team=edge")
    return quick


@pytest.mark.parametrize(
    ("method", "flags"), [("PATCH", "--tags x=y"), ("PUT", "--auto-upgrade false")]
)
def test_an_update_that_did_nothing_is_told(plain: Stage, method: str, flags: str) -> None:
    """The resource is read once more, and the same command goes on."""
    body = {**moved.resource(plain), "tags": {"x": "y"}}
    plain.fault("arm", {"status": 200, "body": body}, method=method, path=WHERE, times=1)

    ended = plain.type(f"update -n harbor -g edge {flags}")

    refused(ended, "azure-not-done", said="shows it without the change")
    plain.well(f"update -n harbor -g edge {flags}")


@pytest.mark.parametrize(
    "flags", ["--tags x=y", "--distribution k3s --infrastructure aws", "--disable-auto-upgrade"]
)
def test_a_connect_that_changed_nothing_is_told(plain: Stage, flags: str) -> None:
    """Harbor is connected already, and was to become another."""
    line = f"connect -n harbor -g edge --skip-prechecks --yes {flags}"
    lie = {"status": 200, "body": moved.resource(plain)}
    plain.fault("arm", lie, method="PUT", path=WHERE, times=1)

    refused(plain.type(line), "azure-not-done", said="shows it without the change")
    plain.well(line)


@pytest.mark.parametrize("flags", ["--auto-upgrade false", "--tags x=y"])
def test_what_others_change_meanwhile_is_no_proof(plain: Stage, flags: str) -> None:
    """A tag of theirs is a difference, and not the one that was asked for."""
    method = "PATCH" if "tags" in flags else "PUT"
    lie = {"status": 200, "body": moved.resource(plain)}
    plain.fault("arm", lie, method=method, path=WHERE, times=1)

    def witness(entry: Any, when: str) -> bool:
        if when == "after" and entry.method == method and "/harbor" in entry.path:
            plain.world.azure.store.get(arm.HARBOR).body["tags"] = {"late": "yes"}
        return False

    plain.within(lambda: plain.world.witnesses.append(witness))
    ended = plain.type(f"update -n harbor -g edge --yes {flags}")
    plain.within(plain.world.witnesses.clear)

    refused(ended, "azure-not-done", said="shows it without the change")


@pytest.mark.parametrize("verb", ["update", "connect"])
def test_a_gateway_that_was_only_said_to_be_linked_is_told(plain: Stage, verb: str) -> None:
    """Once, it is put again; always, it is an error. The same is true of its being let go."""
    line = f"{verb} -n harbor -g edge --yes"
    lie = {"status": 200, "body": {"id": "/x", "properties": {}}}
    fault = {"method": "PUT", "path": "HybridCompute/settings"}

    plain.fault("arm", lie, **fault, times=None)
    ended = plain.type(f"{line} --gateway-resource-id {GATEWAY}")
    refused(ended, "azure-not-done", said="shows it without the change")
    plain.within(plain.world.faults.remove)
    plain.fault("arm", lie, **fault, times=1)
    plain.well(f"{line} --gateway-resource-id {GATEWAY}")
    plain.fault("arm", lie, **fault, times=None)
    ended = plain.type("update -n harbor -g edge --yes --disable-gateway")
    refused(ended, "azure-not-done", said="shows it without the change")


def test_agents_stay_where_a_deletion_that_nobody_awaits_did_nothing(plain: Stage) -> None:
    """With --no-wait they go once Azure shows that it deletes."""
    plain.fault("arm", {"status": 200, "body": {}}, method="DELETE", path=WHERE, times=1)
    agents = changing.agents(plain)

    ended = plain.type("delete -n harbor -g edge --yes --no-wait")

    refused(ended, "azure-not-done", said="the same command again")
    assert (changing.agents(plain), bool(moved.resource(plain))) == (agents, True)
    plain.well("delete -n harbor -g edge --yes --no-wait")
    assert changing.agents(plain) == set()


def test_a_resource_that_nobody_waits_for_is_looked_at(plain: Stage) -> None:
    """With --no-wait the agents are there at the end; the resource must be, too."""
    line = "connect -n harbor -g edge -l eastus --skip-prechecks"
    lie = {"status": 201, "body": moved.resource(plain)}
    plain.well("delete -n harbor -g edge --yes")
    plain.fault("arm", lie, method="PUT", path=WHERE, times=1)

    refused(plain.type(f"{line} --no-wait"), "azure-not-done", said="does not show it")
    plain.well(f"{line} --yes")


def test_a_target_that_was_only_said_to_be_deleted_again_is_told(harbor: Stage) -> None:
    """The run has not gone back until it is gone; the next rollback deletes it."""
    forbidden = {"method": "PATCH", "path": "/deployments/"}
    harbor.fault("kubernetes", FORBIDDEN, **forbidden, times=40)
    run = moved.stopped(harbor.type(f"{moved.MOVE} --target-name depot"), "kube-forbidden")
    harbor.within(harbor.world.faults.remove)
    where = "connectedClusters/depot$"
    harbor.fault("arm", {"status": 200, "body": {}}, method="DELETE", path=where, times=1)

    ended = harbor.type(f"rollback {run} --yes")

    refused(ended, "azure-not-done", exit_code=6, said=f"arcctl rollback {run}")
    assert moved.resource(harbor, DEPOT)
    harbor.well(f"rollback {run} --yes")
    assert not moved.resource(harbor, DEPOT)


def test_a_deletion_that_did_nothing_is_told(plain: Stage) -> None:
    """The agents may be gone by then; the error names the command that finishes it."""
    plain.fault("arm", {"status": 200, "body": {}}, method="DELETE", path=WHERE, times=1)

    ended = plain.type("delete -n harbor -g edge --yes")

    refused(ended, "azure-not-done", said="arcctl delete -n harbor -g edge --azure-only")
    plain.well("delete -n harbor -g edge --azure-only --yes")
    assert not moved.resource(plain)


@pytest.mark.parametrize("lies", [1, 2])
def test_a_lock_that_was_only_said_to_be_off_is_taken_off(harbor: Stage, lies: int) -> None:
    """It is looked for again before the deletion, and by resume, whatever the journal says."""
    beside.write(harbor, "lock", "mine")
    lie = {"status": 200, "body": {}}
    harbor.fault("arm", lie, method="DELETE", path="/locks/mine$", times=lies)

    ended = harbor.type(MOVE)
    if lies > 1:
        moved.stopped(ended, "ScopeLocked")
        ended = harbor.type(f"resume --yes {moved.GIVEN}")

    assert ended.code == 0, ended.err
    assert beside.is_there(harbor, "mine")


def test_the_private_link_scope_that_was_asked_for_is_proved(harbor: Stage) -> None:
    """Another one is a difference."""
    scopes = [{"name": f"pls{i}", "group": "edge", "location": "westeurope"} for i in (0, 1)]
    harbor.seed(privateLinkScopes=scopes)
    kind = f"{arm.GROUP}/providers/Microsoft.HybridCompute/privateLinkScopes"

    def act() -> None:
        properties = harbor.world.azure.store.get(arm.HARBOR).body["properties"]
        harbor.within(lambda: properties.update(privateLinkScopeResourceId=f"{kind}/pls1"))

    line = f"{MOVE} --private-link-scope-resource-id {kind}/pls0"
    ended = beside.type_beside(harbor, line, "restore-attached", act)

    assert (ended.code, "privateLinkScopeResourceId: was" in ended.err) == (5, True), ended.err


@pytest.mark.parametrize(
    ("verb", "spoiled"), [("rollback", "eHh4"), ("resume", "eHh4"), ("resume", None)]
)
def test_what_is_held_and_cannot_be_read_is_told(
    harbor: Stage, verb: str, spoiled: str | None
) -> None:
    """In words, with the way on; that way leads to the end."""
    harbor.fault("arm", {"deny_policy": True}, method="PUT", path=WHERE, times=None)
    run = _run_of(harbor.type(MOVE))
    harbor.within(harbor.world.faults.remove)
    place = (KINDS["secrets"].key, "arcctl", f"arcctl-hold-{run}")

    def spoil() -> None:
        found = harbor.cluster.store.get(*place)
        data = None if spoiled is None else {"key": spoiled, "values": spoiled}
        harbor.cluster.api.update(KINDS["secrets"], found, {**copy_of(found), "data": data})

    harbor.within(spoil)
    ended = harbor.type(f"{verb} {run} --yes {moved.GIVEN}")

    refused(ended, "document-damaged", exit_code=6, said=f"delete secret -n arcctl {place[2]}")
    harbor.within(lambda: harbor.cluster.store.remove(*place))
    after = harbor.type(f"{verb} {run} --yes {moved.GIVEN}")
    assert after.code in (0, 5), after.err
    assert moved.resource(harbor)
