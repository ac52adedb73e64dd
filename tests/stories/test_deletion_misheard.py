"""A 404 that is not Azure's word on the resource is no deletion, and no reason to give up a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories import changing, moving
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from tests.stage import Stage

CONNECT = "connect -n harbor -g edge -l eastus --skip-prechecks"
PAGE = {"status": 404, "body": "<html>no such page</html>"}


def test_a_deletion_that_a_proxy_answers_has_not_been_heard(quick: Stage) -> None:
    """The agents stay, and so does the resource: nothing says that they are removed."""
    quick.after(CONNECT)
    quick.fault("arm", PAGE, method="DELETE", path="/connectedClusters/harbor$", times=None)

    last = quick.type("delete -n harbor -g edge --yes")

    refused(last, "azure-unusable-answer", said="DELETE ")
    assert "have been removed" not in last.err
    assert len(changing.agents(quick)) == 11


def test_a_provider_that_is_not_found_is_no_missing_cluster(quick: Stage) -> None:
    """The cluster is Connected: nobody is told to remove its agents."""
    quick.after(CONNECT)
    body = {"error": {"code": "ResourceNotFound", "message": "no provider"}}
    action = {"status": 404, "body": body}
    quick.fault("arm", action, method="GET", path="/providers/Microsoft.Kubernetes$", times=None)

    last = quick.type(moving.MOVE)

    assert last.code != 0
    assert "nobody manages it" not in last.err
    assert "--cluster-only" not in last.err
