"""Faults of Azure in the middle of a command: survived, or refused with a code (`arm.md` 14.5).

Each row plans one fault, and asserts that it really happened; what was survived ends in the same
world as a good day, and what was refused is healed by the same command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stories.refusals import CONNECT, refused

if TYPE_CHECKING:
    from tests.stage import Stage

QUICKLY = f"{CONNECT} --skip-prechecks"
SHOW = "show -n harbor -g edge"
DELETE = "delete -n harbor -g edge --yes"
HARBOR, POLL = "/harbor$", "operationStatuses"
RATE = {"error": {"code": "SubscriptionRequestsThrottled", "message": "Slow down."}}
SLOW = {"status": 429, "body": RATE, "headers": {"Retry-After": "1"}}
LOST = {"status": 404, "body": {"error": {"code": "NotFound", "message": "No such operation."}}}
NEWER = {"patch_body": {"properties": {"newer": {"deep": [1]}, "distribution": "lunar"}}}
FAILS = {"operation_fails": {"polls": 2, "code": "FailedIdentityOperation", "message": "no id"}}


def row(name: str, action: dict[str, Any], *more: Any, **where: Any) -> Any:
    """One fault of ARM: its action, where it strikes, and what else the test asks for."""
    return pytest.param({"service": "arm", "action": action, **where}, *more, id=name)


def planned(stage: Stage, plan: dict[str, Any]) -> str:
    """Plan a fault and return its id."""
    return stage.within(lambda: stage.world.faults.add(plan).id)


def clusters(stage: Stage) -> list[str]:
    """The connected clusters that Azure still knows."""
    stored = stage.within(lambda: stage.world.azure.dump()["resources"])
    return [each for each in stored if "/connectedclusters/" in each]


def agents(stage: Stage) -> list[str]:
    """The agents that are available in the cluster."""
    found = stage.within(lambda: list(stage.cluster.store.items(KINDS["deployments"].key)))
    return [each["metadata"]["name"] for each in found if each["status"].get("availableReplicas")]


@pytest.mark.parametrize(
    "plan",
    [
        row("throttled PUT", SLOW, method="PUT", path=HARBOR),
        row("throttled poll", SLOW, path=POLL),
        row("503 without a body", {"status": 503}, method="PUT", path=HARBOR),
        row("504 without a body", {"status": 504}, method="GET", path=HARBOR),
        row("502 with a page", {"status": 502, "body": "<html>bad</html>"}, path=HARBOR),
        row("reset before the act", {"reset": "before"}, method="PUT", path=HARBOR),
        row("reset after the act", {"reset": "after"}, method="PUT", path=HARBOR),
        row("answer cut", {"cut": "mid"}, method="GET", path=HARBOR),
        row("poll is lost once", LOST, path=POLL),
        row("poll fails twice", {"status": 500}, path=POLL, times=2),
        row("no async header", {"no_async_header": True}, method="PUT", path=HARBOR),
        row("Location only", {"location_only": True}, method="PUT", path=HARBOR),
        row("Location of an inner host", {"internal_location": True}, method="PUT", path=HARBOR),
        row("done at once", {"sync": True}, method="PUT", path=HARBOR),
        row("Retry-After as a date", {"retry_after": "date:1"}, method="PUT", path=HARBOR),
        row("token expired in a poll", {"expire_token": "expired"}, path=POLL),
        row("claims asked for in a poll", {"expire_token": "claims"}, path=POLL),
        row("Date from tomorrow", {"add_header": {"Date": "Fri, 01 Jan 2038 00:00:00 GMT"}}),
        row("unknown properties", NEWER, path=HARBOR, method="GET", times=None),
        row("gzip", {"gzip": True}, path=HARBOR, times=None),
        row("chunked", {"chunked": True}, path=HARBOR, times=None),
        row("ids in another case", {"mangle_ids": True}, method="PUT", path=HARBOR),
    ],
)
def test_connect_survives(quick: Stage, plan: dict[str, Any]) -> None:
    """The same end as on a good day: one resource, Connected, and its agents well."""
    fault = planned(quick, plan)

    ended = quick.well(QUICKLY)

    assert quick.happened(fault) >= 1
    assert ended.data["connectivityStatus"] == "Connected"
    assert len(clusters(quick)) == 1
    assert len(agents(quick)) == 11


@pytest.mark.parametrize(
    "plan",
    [
        row("throttled DELETE", SLOW, method="DELETE", path=HARBOR),
        row("503 without a body", {"status": 503}, method="DELETE", path=HARBOR),
        row("reset before the act", {"reset": "before"}, method="DELETE", path=HARBOR),
        row("reset after the act", {"reset": "after"}, method="DELETE", path=HARBOR),
        row("seen for a while", {"stale_get": 2}, method="DELETE", path=HARBOR),
        row("no async header", {"no_async_header": True}, method="DELETE", path=HARBOR),
        row("Location of an inner host", {"internal_location": True}, method="DELETE", path=HARBOR),
        row("token expired", {"expire_token": "expired"}, method="DELETE", path=HARBOR),
    ],
)
def test_delete_survives(connected: Stage, plan: dict[str, Any]) -> None:
    """Resource and agents are gone, however the news of it came."""
    fault = planned(connected, plan)

    connected.well(DELETE)

    assert connected.happened(fault) >= 1
    assert (clusters(connected), agents(connected)) == ([], [])


@pytest.fixture
def connected(quick: Stage) -> Stage:
    """A stage on which harbor is connected."""
    quick.after(QUICKLY)
    return quick


@pytest.mark.parametrize(
    "plan",
    [
        row("throttled", SLOW),
        row("bad gateway twice", {"status": 502}, times=2),
        row("reset", {"reset": "before"}),
        row("answer cut", {"cut": "mid"}),
        row("token expired", {"expire_token": "expired"}),
        row("claims asked for", {"expire_token": "claims"}),
    ],
)
def test_show_survives(quick: Stage, plan: dict[str, Any]) -> None:
    """A read is simply asked again."""
    quick.seed(clusters=[{"name": "harbor", "group": "edge"}])
    fault = planned(quick, {"method": "GET", "path": HARBOR, **plan})

    assert quick.well(SHOW).data["name"] == "harbor"

    assert quick.happened(fault) >= 1


@pytest.mark.parametrize(
    ("plan", "code", "exit_code"),
    [
        row("operation fails", FAILS, "FailedIdentityOperation", 1, method="PUT", path=HARBOR),
        row("forbidden", {"forbid": True}, "AuthorizationFailed", 4, method="PUT", path=HARBOR),
        row(
            "policy", {"deny_policy": True}, "RequestDisallowedByPolicy", 1,
            method="PUT", path=HARBOR,
        ),
        row("locked", {"lock": "ReadOnly"}, "ScopeLocked", 1, method="PUT", path=HARBOR),
        row(
            "not registered", {"not_registered": True}, "MissingSubscriptionRegistration", 1,
            method="PUT", path=HARBOR,
        ),
    ],
)  # fmt: skip
def test_connect_is_refused(quick: Stage, plan: dict[str, Any], code: str, exit_code: int) -> None:
    """Azure's no is told with its code; once it is a yes, the same command goes on."""
    quick.seed(groups=[{"name": "edge", "location": "westeurope"}])
    fault = planned(quick, plan)

    refused(quick.type(QUICKLY), code, exit_code=exit_code)

    assert quick.happened(fault) >= 1
    quick.seed(providers={"Microsoft.Kubernetes": "Registered"})
    assert quick.well(QUICKLY).data["connectivityStatus"] == "Connected"


@pytest.mark.parametrize(
    ("plan", "code", "exit_code"),
    [
        row("locked", {"lock": "CanNotDelete"}, "ScopeLocked", 1, method="DELETE"),
        row("forbidden", {"forbid": True}, "AuthorizationFailed", 4, method="DELETE"),
    ],
)
def test_delete_is_refused(
    connected: Stage, plan: dict[str, Any], code: str, exit_code: int
) -> None:
    """The resource stays, and the same command ends what was begun."""
    fault = planned(connected, {"path": HARBOR, **plan})

    refused(connected.type(DELETE), code, exit_code=exit_code)

    assert connected.happened(fault) == 1
    assert len(clusters(connected)) == 1
    connected.well(DELETE)
    assert (clusters(connected), agents(connected)) == ([], [])


@pytest.mark.parametrize(
    ("service", "action", "where"),
    [
        ("dataplane", {"status": 503}, {}),
        ("dataplane", {"reset": "before"}, {"path": "GetHelmSettings"}),
        ("dataplane", {"no_chart_path": True}, {"path": "GetHelmSettings"}),
        ("registry", {"status": 503}, {"path": "manifests"}),
        ("registry", {"reset": "before"}, {"path": "blobs"}),
        ("kubernetes", {"reset": "before"}, {"method": "GET", "path": "/api/v1/nodes"}),
        ("kubernetes", {"cut": "mid"}, {"path": "/deployments$", "query": "limit"}),
        ("entra", {"status": 503}, {"path": "token"}),
        ("agents", {"wrong_clock": 600}, {}),
    ],
)
def test_connect_survives_the_others(
    quick: Stage, service: str, action: dict[str, Any], where: dict[str, Any]
) -> None:
    """The data plane, the registry, the cluster, the sign-in and the agents have bad moments too."""
    fault = quick.fault(service, action, **where)

    ended = quick.well(QUICKLY)

    assert quick.happened(fault) >= 1
    assert ended.data["connectivityStatus"] == "Connected"


def test_a_deletion_that_fails_late_is_ended_in_azure_alone(connected: Stage) -> None:
    """Azure took it, so the agents are gone; the hint is the command that ends it."""
    fault = planned(connected, {"service": "arm", "action": FAILS, "method": "DELETE"})

    refused(connected.type(DELETE), "FailedIdentityOperation", said=f"{DELETE[:-6]} --azure-only")

    assert connected.happened(fault) == 1
    assert (len(clusters(connected)), agents(connected)) == (1, [])
    connected.well(f"{DELETE} --azure-only")
    assert clusters(connected) == []
