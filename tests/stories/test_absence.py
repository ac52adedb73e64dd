"""Stories of a single 404: a replica that is behind must not cost a cluster its agents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.stories.moved import asleep, region
from tests.stories.refusals import changes

if TYPE_CHECKING:
    from tests.stage import Stage

HARBOR = "/connectedClusters/harbor$"
GONE: dict[str, Any] = {
    "status": 404,
    "body": {"error": {"code": "ResourceNotFound", "message": "The resource was not found."}},
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
