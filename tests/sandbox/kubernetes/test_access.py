"""Who may do what: tokens, refusals, and access reviews."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.sandbox.kubernetes.bodies import config_map

if TYPE_CHECKING:
    from tests.sandbox.kubernetes.serving import Served

MAPS = "/api/v1/namespaces/default/configmaps"
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def question(verb: str, resource: str, group: str = "") -> Any:
    """Ask whether one may."""
    asked = {"verb": verb, "resource": resource, "group": group}
    return {"spec": {"resourceAttributes": asked}}


async def test_a_wrong_token_is_401(served: Served) -> None:
    """Whoever is not known is told so, on every path but health."""
    answer = await served.call("GET", MAPS, token="wrong")
    health = await served.call("GET", "/readyz", token="wrong")

    assert (answer.status, answer.body["reason"]) == (401, "Unauthorized")
    assert (health.status, health.body) == (200, "ok")


async def test_a_revoked_token_stops_working(served: Served) -> None:
    """A credential may expire in the middle of things."""
    served.cluster.grant("short", "short-lived", [])
    served.cluster.revoke("short")

    assert (await served.call("GET", "/version", token="short")).status == 401


async def test_a_viewer_reads_and_does_not_write(served: Served) -> None:
    """The refusal has the words of the real authorizer."""
    viewer = served.cluster.viewer_token
    read = await served.call("GET", MAPS, token=viewer)
    written = await served.call("POST", MAPS, config_map("a"), token=viewer)
    deleted = await served.call("DELETE", "/api/v1/namespaces/default", token=viewer)

    assert read.status == 200
    assert written.status == deleted.status == 403
    assert written.body["message"] == (
        'configmaps is forbidden: User "sandbox-viewer" cannot create resource "configmaps" '
        'in API group "" in the namespace "default"'
    )
    assert deleted.body["message"] == (
        'namespaces "default" is forbidden: User "sandbox-viewer" cannot delete resource '
        '"namespaces" in API group "" in the namespace "default"'
    )


async def test_reviews_answer_as_requests_would(served: Served) -> None:
    """What a review allows is what the server does."""
    rules = [{"verbs": ["create"], "apiGroups": ["rbac.authorization.k8s.io"], "resources": ["*"]}]
    served.cluster.grant("narrow", "narrow", rules)
    asked = [
        question("create", "clusterrolebindings", "rbac.authorization.k8s.io"),
        question("create", "namespaces"),
        question("delete", "clusterroles", "rbac.authorization.k8s.io"),
    ]

    answers = [await served.call("POST", REVIEW, each, token="narrow") for each in asked]

    assert [each.status for each in answers] == [201, 201, 201]
    assert [each.body["status"]["allowed"] for each in answers] == [True, False, False]


async def test_a_method_that_is_not_there_is_405(served: Served) -> None:
    """Namespaces have no deletecollection."""
    assert (await served.call("DELETE", "/api/v1/namespaces")).status == 405
