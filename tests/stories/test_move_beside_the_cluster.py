"""Somebody at work in the cluster or at its gateway while it is moved, and answers that are no proof."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import arcctl
import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests import arm, writes
from tests.stories import beside, moved, moving
from tests.stories.refusals import DENIED, refused
from tests.stories.symptoms import merge

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

MOVE = f"{moved.MOVE} --accept locked-itself"
MONITOR = f"{arm.HARBOR}/{arm.CHILDREN}/extensions/monitor"
GATEWAY = f"{arm.HARBOR}/providers/Microsoft.HybridCompute/settings/default"
GATEWAYS = f"{arm.GROUP}/providers/Microsoft.HybridCompute/gateways"
VERSION = "2025-02-19-preview"
CHART = Path(arcctl.__file__).parent / "sandbox" / "charts" / "azure-arc-k8sagents"
FAILS = {"operation_fails": {"code": "ExtensionOperationFailed", "message": "no memory"}}


@pytest.fixture
def harbor(quick: Stage) -> Stage:
    """Harbor with its children."""
    quick.after(moving.connected)
    moving.secrets_file(quick)
    return quick


@pytest.fixture
def gated(harbor: Stage) -> Stage:
    """Harbor behind an Arc gateway, and another gateway."""
    harbor.seed(
        providers={"Microsoft.HybridCompute": "Registered"},
        gateways=[{"name": "gw1", "group": "edge"}, {"name": "gw2", "group": "edge"}],
    )
    line = "connect -n harbor -g edge -l eastus --skip-prechecks --gateway-resource-id"
    harbor.well(f"{line} {GATEWAYS}/gw1")
    return harbor


def slowly(stage: Stage, seconds: float = 5) -> None:
    """Let Azure delete for longer than a look takes."""
    stage.world.delays = replace(stage.world.delays, arm_delete=seconds)


def scale(stage: Stage, space: str, name: str, count: int) -> None:
    """Let somebody scale a Deployment, as kubectl does."""
    stage.within(lambda: merge(stage, "deployments", space, name, spec={"replicas": count}))


def link(stage: Stage, name: str) -> None:
    """Let somebody link harbor to a gateway."""
    body = {"properties": {"gatewayProperties": {"gatewayResourceId": f"{GATEWAYS}/{name}"}}}
    assert arm.ask(stage, "PUT", GATEWAY, body, version=VERSION)[0] in (200, 201)


def linked(stage: Stage) -> str:
    """The gateway that harbor is linked to."""
    found = arm.ask(stage, "GET", GATEWAY, version=VERSION)[1]
    return json.dumps(found)


@pytest.mark.parametrize("step", ["look-again", "delete-source"])
def test_agents_that_others_scale_up_do_not_hear_of_the_deletion(harbor: Stage, step: str) -> None:
    """They are at zero again before it; nothing is uninstalled, pruned or restarted."""
    before = moved.running(harbor)

    def act() -> None:
        for name in ("config-agent", "extension-manager", "controller-manager"):
            scale(harbor, "azure-arc", name, 1)
        for name in ("fluxconfig-agent", "fluxconfig-controller"):
            scale(harbor, "flux-system", name, 1)

    slowly(harbor, 2)
    ended = beside.type_beside(harbor, MOVE, step, act, events=("started",))

    assert ended.code == 0, ended.err
    assert "somebody has scaled up config-agent" in ended.err
    moved.whole(harbor, before)


@pytest.mark.parametrize(
    ("kind", "version", "properties"),
    [
        ("locks", "2020-05-01", {"level": "CanNotDelete"}),
        ("policyExemptions", "2022-07-01-preview", {"exemptionCategory": "Waiver"}),
    ],
)
def test_what_hung_on_a_child_hangs_on_it_again(
    harbor: Stage, kind: str, version: str, properties: dict[str, Any]
) -> None:
    """And not on the whole cluster."""
    path = f"{MONITOR}/{writes.AUTHORIZATION}/{kind}/below"
    assignment = f"{arm.HARBOR}/{writes.AUTHORIZATION}/policyAssignments/own"
    body = {"properties": properties | {"policyAssignmentId": assignment}}
    assert arm.ask(harbor, "PUT", path, body, version=version)[0] in (200, 201)

    ended = harbor.type(MOVE)

    wrong = f"{arm.HARBOR}/{writes.AUTHORIZATION}/{kind}/below"
    places = [arm.ask(harbor, "GET", each, version=version)[0] for each in (path, wrong)]
    assert (ended.code, places) == (0, [200, 404]), ended.err


def asleep_and_lying(stage: Stage) -> None:
    """Let the API server say that config-agent is awake, whenever it is asked, and not act."""
    found = stage.within(
        lambda: stage.cluster.store.get(KINDS["deployments"].key, "azure-arc", "config-agent")
    )
    body = json.loads(json.dumps(found, default=str))
    body["spec"]["replicas"] = 1
    lie = {"status": 200, "body": body}
    stage.fault("kubernetes", lie, method="PATCH", path="/config-agent$", times=None)


def test_an_agent_that_does_not_wake_keeps_the_run(harbor: Stage) -> None:
    """What the API server has said is looked at: exit 6, and rollback ends it later."""
    harbor.fault("arm", DENIED, method="DELETE", path="connectedClusters/harbor$", times=None)
    run = moved.stopped(harbor.type(MOVE), "AuthorizationFailed")
    harbor.within(harbor.world.faults.remove)
    asleep_and_lying(harbor)

    back = harbor.type(f"rollback {run} --yes")
    harbor.within(harbor.world.faults.remove)
    well = harbor.type(f"rollback {run} --yes")

    assert (back.code, "[agents-not-awake]" in back.err) == (6, True), back.err
    assert (well.code, moved.asleep(harbor)) == (0, []), well.err


def test_a_refused_move_that_cannot_wake_its_agents_keeps_the_run(harbor: Stage) -> None:
    """The second look has found another world: exit 6 in place of 5."""

    def act() -> None:
        beside.write(harbor, "tag", "late")
        asleep_and_lying(harbor)

    ended = beside.type_beside(harbor, MOVE, "look-again", act, events=("started",))
    assert ended.code == 6, ended.err
    harbor.within(harbor.world.faults.remove)
    assert harbor.type("rollback --yes").code == 0
    assert moved.asleep(harbor) == []


def test_a_lock_that_is_not_put_back_is_put_again(harbor: Stage) -> None:
    """On the way back Azure has agreed, and has not acted."""
    beside.write(harbor, "lock", "mine")
    lie = {"status": 201, "body": {"id": "/x", "properties": {}}}
    harbor.fault("arm", lie, method="PUT", path="/locks/mine$", times=1)
    ended = beside.type_beside(
        harbor,
        MOVE,
        "take-off-locks",
        lambda: beside.write(harbor, "tag", "late"),
        events=("done",),
    )
    path = f"{arm.HARBOR}/{writes.AUTHORIZATION}/locks/mine"
    assert ended.code == 5, ended.err
    assert arm.ask(harbor, "GET", path, version="2020-05-01")[0] == 200


@pytest.mark.parametrize("what", ["location", "below"])
def test_what_no_move_carries_is_named_when_it_comes_late(harbor: Stage, what: str) -> None:
    """Written while Azure deletes: exit 5, and its name."""
    harbor.seed(providers={"Microsoft.KubernetesRuntime": "Registered"})
    if what == "location":
        where = f"{arm.GROUP}/providers/Microsoft.ExtendedLocation/customLocations/late"
        properties: dict[str, Any] = {
            "hostResourceId": arm.HARBOR,
            "hostType": "Kubernetes",
            "namespace": "late",
            "displayName": "late",
            "clusterExtensionIds": [],
        }
        body, version = {"location": "eastus", "properties": properties}, "2021-08-15"
    else:
        where = f"{arm.HARBOR}/providers/Microsoft.KubernetesRuntime/storageClasses/late"
        body, version = {"properties": {"typeProperties": {"type": "Native"}}}, "2024-03-01"

    def act() -> None:
        assert arm.ask(harbor, "PUT", where, body, version=version)[0] in (200, 201)

    slowly(harbor)
    ended = beside.type_beside(harbor, MOVE, "delete-source", act, events=("started",))
    assert (ended.code, "are not carried: late" in ended.err) == (5, True), ended.err


def test_one_short_list_while_azure_deletes_says_nothing(harbor: Stage) -> None:
    """A role that is there is not named as taken away."""
    beside.write(harbor, "role", "mine")
    slowly(harbor)
    short: dict[str, Any] = {"status": 200, "body": {"value": []}}

    def act() -> None:
        harbor.fault("arm", short, method="GET", path="harbor/.*/roleAssignments$", times=1)

    ended = beside.type_beside(harbor, MOVE, "delete-source", act, events=("started",))
    assert ended.code == 0, ended.err
    assert "was taken away" not in ended.err


@pytest.mark.parametrize("how", ["lie", "late", "theirs", "removed"])
def test_the_link_to_a_gateway_is_proved_as_well(gated: Stage, how: str) -> None:
    """A PUT that did nothing is made again; late, theirs and removed ones are kept or named."""
    steps = {"late": ("delete-source", "started"), "theirs": ("create-target", "done")}
    if how == "lie":
        lie = {"status": 200, "body": {"id": GATEWAY, "properties": {}}}
        gated.fault("arm", lie, method="PUT", path="settings/default$", times=1)
        ended = gated.type(MOVE)
    elif how == "removed":
        ended = beside.type_beside(
            gated,
            MOVE,
            "restore-attached",
            lambda: arm.ask(gated, "DELETE", GATEWAY, version=VERSION),
        )
    else:
        slowly(gated)
        step, event = steps[how]
        ended = beside.type_beside(gated, MOVE, step, lambda: link(gated, "gw2"), events=(event,))
    name = "gw1" if how in ("lie", "removed") else "gw2"

    assert ended.code == (0 if how in ("lie", "late") else 5), ended.err
    assert name in linked(gated) or "the link to the Arc gateway gw1 is not as it was" in ended.err


def test_one_404_is_no_lost_link(gated: Stage) -> None:
    """The proof asks again before it says that something is not as it was."""
    gone = {"status": 404, "body": {"error": {"code": "ResourceNotFound", "message": "Not here."}}}

    def act() -> None:
        gated.fault("arm", gone, method="GET", path="settings/default$", times=1)

    slowly(gated)
    ended = beside.type_beside(gated, MOVE, "restore-attached", act, events=("done",))

    assert (ended.code, "gw1" in linked(gated)) == (0, True), ended.err


def test_a_gateway_that_others_have_linked_is_carried_back(gated: Stage) -> None:
    """Behind the point of no return, with rollback."""
    gated.fault("arm", FAILS, method="PUT", path="/extensions/monitor$", times=None)
    ended: Ended = beside.type_beside(gated, MOVE, "settle-children", lambda: link(gated, "gw2"))
    run = moved.stopped(ended, "children-failed")
    gated.within(gated.world.faults.remove)
    back = gated.type(f"rollback {run} {moved.GIVEN} --yes")

    assert back.code in (0, 5), back.err
    assert "gw2" in linked(gated)


def test_a_gateway_that_others_have_switched_off_stays_off_on_the_way_back(gated: Stage) -> None:
    """As `az connectedk8s update --disable-gateway` does at what is left."""
    gated.fault("arm", FAILS, method="PUT", path="/extensions/monitor$", times=None)
    run = moved.stopped(gated.type(MOVE), "children-failed")
    gated.within(gated.world.faults.remove)
    body = moved.resource(gated)
    whole = {name: body[name] for name in ("location", "tags", "identity", "properties")}
    whole["properties"]["gateway"] = {"enabled": False}
    arm.ask(gated, "PUT", GATEWAY, {"properties": {"gatewayProperties": {}}}, version=VERSION)
    status, told = arm.ask(gated, "PUT", arm.HARBOR, whole, version="2025-08-01-preview")
    assert status in (200, 201), told

    back = gated.type(f"rollback {run} {moved.GIVEN} --yes")

    assert (back.code, "its Arc gateway is off" in back.err) == (0, True), back.err
    assert "gw1" not in linked(gated)


def test_a_closed_run_names_the_gateway_that_is_not_linked(gated: Stage) -> None:
    """With the command that links it, as the report of a move does."""
    gated.fault("arm", FAILS, method="PUT", path="/extensions/monitor$", times=None)
    run = moved.stopped(gated.type(MOVE), "children-failed")
    gated.within(gated.world.faults.remove)
    arm.ask(gated, "DELETE", GATEWAY, version=VERSION)

    ended = gated.type(f"history {run} --close --yes")

    assert ended.code == 5, ended.err
    assert "the link to the Arc gateway gw1 is not as it was: arcctl update" in ended.err


def test_a_secret_value_of_the_agents_that_was_changed_meanwhile_is_seen(quick: Stage) -> None:
    """Their names are the same, so only the second look itself can tell: refused, nothing changed."""
    proxy = "http://someone:{}-password@proxy.example:3128"
    line = f"connect -n harbor -g edge -l eastus --skip-prechecks --proxy-https {proxy}"
    quick.after(line.format("old"))
    value = f"global.httpsProxy={proxy.format('new')}"
    words = f"upgrade azure-arc {CHART} -n azure-arc-release --reuse-values --set {value}"

    def act() -> None:
        command = [str(quick.helm), *words.split()]
        subprocess.run(command, env=quick.environment, check=True, capture_output=True)

    ended = beside.type_beside(quick, moving.MOVE, "hold-secrets", act, events=("done",))

    refused(ended, "plan-outdated", exit_code=5, said="agents: a secret value was changed")
    assert "password" not in ended.err + ended.out
    assert "new-password" in json.dumps(moving.agent_values(quick))
    assert moved.region(quick) == "eastus"


@pytest.mark.parametrize("times", [1, None])
def test_nothing_is_deleted_before_the_key_is_held(harbor: Stage, times: int | None) -> None:
    """The API server has agreed and has kept nothing: once, it is written again; always, it stops."""
    secret = {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "x"}}
    lie = {"status": 201, "body": secret}

    def act() -> None:
        where = "/namespaces/arcctl/secrets$"
        harbor.fault("kubernetes", lie, method="POST", path=where, times=times)

    ended = beside.type_beside(harbor, MOVE, "hold-secrets", act, events=("started",))
    harbor.within(harbor.world.faults.remove)

    if times:
        assert (ended.code, moved.region(harbor)) == (0, "westeurope"), ended.err
    else:
        assert "[hold-not-kept]" in ended.err, ended.err
        assert moved.region(harbor) == "eastus"
