"""Faults in the middle of a move: each is survived, or refused before anything is changed.

Each row plans one fault and asserts that it really happened. Whatever was survived ends in the
same world as a good day, with a clean proof and with every workload untouched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.stories.moved import MOVE, asleep, changes_beyond, kept_in_cluster, running, whole
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from tests.stage import Stage

HARBOR, POLL = "/connectedClusters/harbor$", "operationStatuses|/operations/"
EXTENSION, FLUX = "/extensions/monitor$", "/fluxConfigurations/public$"
FLUX_EXTENSION = "/extensions/flux$"
RATE = {"error": {"code": "TooManyRequests", "message": "Slow down."}}
SLOW = {"status": 429, "body": RATE, "headers": {"Retry-After": "1"}}
LOST = {"status": 404, "body": {"error": {"code": "NotFound", "message": "No such operation."}}}
BUSY = {"error": {"code": "Conflict", "message": "The resource is still being deleted."}}
NEWER = {"properties": {"newer": {"deep": [1]}, "distribution": "lunar"}}
FAILS = {"polls": 1, "code": "InternalServerError", "message": "it broke"}
BROKEN = {"error": {"code": "InternalServerError", "message": "it broke"}}
NULL = {"status": 200, "body": {"value": None}}
EMPTY: dict[str, Any] = {"status": 200, "body": {"value": []}}
GONE = {"status": 404, "body": {"error": {"code": "ResourceNotFound", "message": "There is none."}}}
NOT_YOURS = {"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403}
KUBE_GONE = {"kind": "Status", "status": "Failure", "reason": "InternalError", "code": 500}


def arm(name: str, action: dict[str, Any], **where: Any) -> Any:
    """One fault of Azure: its action, and where it strikes."""
    return pytest.param({"service": "arm", "action": action, **where}, id=name)


def kube(name: str, action: dict[str, Any], **where: Any) -> Any:
    """One fault of the cluster's API server."""
    return pytest.param({"service": "kubernetes", "action": action, **where}, id=name)


def other(service: str, name: str, action: dict[str, Any], **where: Any) -> Any:
    """One fault of another service."""
    return pytest.param({"service": service, "action": action, **where}, id=name)


SURVIVED = [
    # ── the source goes ──
    arm("DELETE throttled", SLOW, method="DELETE", path=HARBOR),
    arm("DELETE 503", {"status": 503}, method="DELETE", path=HARBOR),
    arm("DELETE reset before", {"reset": "before"}, method="DELETE", path=HARBOR),
    arm("DELETE reset after", {"reset": "after"}, method="DELETE", path=HARBOR),
    arm("DELETE without async header", {"no_async_header": True}, method="DELETE", path=HARBOR),
    arm("DELETE at an inner host", {"internal_location": True}, method="DELETE", path=HARBOR),
    arm("source seen after its end", {"stale_get": 3}, method="DELETE", path=HARBOR),
    arm("id taken for a while", {"gone_for": 3}, method="DELETE", path=HARBOR),
    # ── the target comes ──
    arm("PUT throttled", SLOW, method="PUT", path=HARBOR),
    arm("PUT 409 twice", {"status": 409, "body": BUSY}, method="PUT", path=HARBOR, times=2),
    arm("PUT 504", {"status": 504}, method="PUT", path=HARBOR),
    arm("PUT reset after", {"reset": "after"}, method="PUT", path=HARBOR),
    arm("PUT cut in its answer", {"cut": "mid"}, method="PUT", path=HARBOR),
    arm("PUT without async header", {"no_async_header": True}, method="PUT", path=HARBOR),
    arm("PUT with Location only", {"location_only": True}, method="PUT", path=HARBOR),
    arm("PUT done at once", {"sync": True}, method="PUT", path=HARBOR),
    arm("PUT answers ids in another case", {"mangle_ids": True}, method="PUT", path=HARBOR),
    arm("PUT fails in its operation", {"operation_fails": FAILS}, method="PUT", path=HARBOR),
    # ── whatever is asked ──
    arm("poll lost", LOST, path=POLL),
    arm("poll 500 twice", {"status": 500}, path=POLL, times=2),
    arm("token expired in the middle", {"expire_token": "expired"}, method="PUT", path=HARBOR),
    arm("claims asked for in a poll", {"expire_token": "claims"}, path=POLL),
    arm("token expired at a child", {"expire_token": "expired"}, method="PUT", path=EXTENSION),
    arm("unknown properties", {"patch_body": NEWER}, method="GET", path=HARBOR, times=None),
    arm("gzip", {"gzip": True}, times=None),
    arm("chunked", {"chunked": True}, times=None),
    arm("lists in pages of one", {"page_size": 1}, method="GET", times=None),
    arm("an empty page in a list", {"empty_page": True}, method="GET", path="/extensions$"),
    arm("slow answers", {"delay": 0.2}, path="/connectedClusters/", times=None),
    arm("Resource Graph forbidden", {"forbid": True}, path="/Microsoft.ResourceGraph/", times=None),
    # ── the children ──
    arm("extension throttled thrice", SLOW, method="PUT", path=EXTENSION, times=3),
    arm("extension 500", {"status": 500}, method="PUT", path=EXTENSION),
    arm("extension reset after", {"reset": "after"}, method="PUT", path=EXTENSION),
    arm("microsoft.flux slow", {"delay": 2}, method="PUT", path=FLUX_EXTENSION),
    arm("configuration 503", {"status": 503}, method="PUT", path=FLUX),
    arm("configuration reset before", {"reset": "before"}, method="PUT", path=FLUX),
    arm("list cut", {"cut": "mid"}, method="GET", path="/fluxConfigurations$"),
    arm("lists without a body", {"status": 200}, method="GET", path="(s|onfigurations)$", times=3),
    arm("null for a list", NULL, method="GET", path="/extensions$", times=3),
    arm("a list falsely empty", EMPTY, method="GET", path="/extensions$"),
    arm("the source falsely gone", GONE, method="GET", path=HARBOR),
    # ── the cluster ──
    kube("journal 500", {"status": 500, "body": KUBE_GONE}, method="PUT", path="-journal$"),
    kube("journal throttled", {"status": 429}, method="PUT", path="-journal$", times=2),
    kube("journal reset after", {"reset": "after"}, method="PUT", path="-journal$"),
    kube("scaling 503", {"status": 503}, method="PATCH", path="/deployments/", times=2),
    kube("watch cut", {"cut": "mid"}, path="/deployments$"),
    kube(
        "hold 500",
        {"status": 500, "body": KUBE_GONE},
        method="POST",
        path="/arcctl/secrets$",
        skip=3,
    ),
    kube("key 500", {"status": 500, "body": KUBE_GONE}, method="POST", path="/azure-arc/secrets$"),
    kube(
        "namespace reset after", {"reset": "after"}, method="DELETE", path="/namespaces/azure-arc$"
    ),
    kube("key reset after", {"reset": "after"}, method="POST", path="/azure-arc/secrets$"),
    # ── all else ──
    other("dataplane", "data plane 503", {"status": 503}, path="GetHelmSettings"),
    other("registry", "registry 500", {"status": 500}),
    other("registry", "registry reset", {"reset": "before"}),
    other("dataplane", "data plane reset", {"reset": "before"}, path="GetHelmSettings"),
    other("entra", "sign-in short", {"short_token": 2}),
]


@pytest.mark.parametrize("plan", SURVIVED)
def test_a_move_survives(harbor: Stage, plan: dict[str, Any]) -> None:
    """Exit 0, nothing lost, nothing restarted, and no trace of the run."""
    before = running(harbor)
    fault = harbor.within(lambda: harbor.world.faults.add(plan).id)

    ended = harbor.type(MOVE)

    assert ended.code == 0, ended.err
    assert ended.data["clean"], ended.err
    assert harbor.happened(fault) >= 1
    harbor.within(harbor.world.faults.remove)
    whole(harbor, before)


def before(name: str, code: str, exit_code: int, plan: dict[str, Any]) -> Any:
    """One fault that is met before anything was changed."""
    return pytest.param(plan, code, exit_code, id=name)


@pytest.mark.parametrize(
    ("plan", "code", "exit_code"),
    [
        before(
            "bundle 500", "InternalError", 1,
            {"service": "kubernetes", "method": "POST", "path": "/arcctl/secrets$",
             "action": {"status": 500, "body": KUBE_GONE}},
        ),
        before(
            "bundle forbidden", "kube-forbidden", 4,
            {"service": "kubernetes", "method": "POST", "path": "/arcctl/secrets$",
             "action": {"status": 403, "body": NOT_YOURS}},
        ),
        before(
            "data plane of the target away", "data-plane", 5,
            {"service": "dataplane", "path": "healthCheck", "times": None,
             "action": {"status": 503}},
        ),
        before(
            "children cannot be listed", "InternalServerError", 1,
            {"service": "arm", "method": "GET", "path": "/extensions$", "times": None,
             "action": {"status": 500, "body": BROKEN}},
        ),
        before(
            "children are not told", "azure-unusable-answer", 1,
            {"service": "arm", "method": "GET", "path": "/extensions$", "times": None,
             "action": NULL},
        ),
        before(
            "children are left out", "unlisted-child", 5,
            {"service": "arm", "method": "GET", "path": "/fluxConfigurations$", "times": None,
             "action": EMPTY},
        ),
        before(
            "sign-in refused", "AADSTS7000215", 4,
            {"service": "entra", "times": None,
             "action": {"error": {"status": 401, "error": "invalid_client", "number": 7000215,
                                  "description": "Invalid client secret provided."}}},
        ),
    ],
)  # fmt: skip
def test_a_move_is_refused(harbor: Stage, plan: dict[str, Any], code: str, exit_code: int) -> None:
    """Nothing has happened to Azure, the agents run, and once the fault is over the move goes."""
    uids = running(harbor)
    fault = harbor.within(lambda: harbor.world.faults.add(plan).id)

    refused(harbor.type(MOVE), code, exit_code=exit_code)

    assert harbor.happened(fault) >= 1
    assert changes_beyond(harbor) == []
    assert (asleep(harbor), kept_in_cluster(harbor)) == ([], [])
    harbor.within(harbor.world.faults.remove)
    assert harbor.well(MOVE).data["clean"]
    whole(harbor, uids)
