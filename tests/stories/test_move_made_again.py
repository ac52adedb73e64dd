"""A target that is deleted and made again midway: Azure's agents make its workloads anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests import arm
from tests.stories import beside, moved, moving

if TYPE_CHECKING:
    from tests.stage import Stage

VERSION = "2024-01-01"
MONITOR = f"{arm.HARBOR}/{arm.CHILDREN}/extensions/monitor"


def delete(stage: Stage, path: str, version: str) -> None:
    """Let somebody delete it, and Azure end that."""
    assert arm.ask(stage, "DELETE", path, version=version)[0] in (200, 202)
    stage.within(stage.world.azure.operations.settle)


def made_again(stage: Stage) -> None:
    """Let a run of Terraform replace the cluster, with the key that it had."""
    found: dict[str, Any] = arm.ask(stage, "GET", arm.HARBOR, version=VERSION)[1]
    delete(stage, arm.HARBOR, VERSION)
    body = {key: found[key] for key in ("location", "tags", "properties")}
    body["identity"] = {"type": "SystemAssigned"}
    assert arm.ask(stage, "PUT", arm.HARBOR, body, version=VERSION)[0] in (200, 201)
    stage.within(stage.world.azure.operations.settle)


def test_a_target_that_others_have_made_again_is_named(harbor: Stage) -> None:
    """It says what the source said; its workloads may be new all the same."""
    ended = beside.type_beside(
        harbor, moved.MOVE, "until-connected", lambda: made_again(harbor), events=("done",)
    )

    assert ended.code == 5, ended.err
    [difference] = ended.data["differences"]
    assert difference.startswith("harbor was deleted and made again while it was moved")
    assert "arcctl config list -n harbor -g edge" in difference
    assert "nothing was lost" not in ended.err


def test_a_target_that_the_run_itself_has_made_again_is_named_too(harbor: Stage) -> None:
    """Others have deleted it, and resume has put it there once more."""
    fault = harbor.fault("arm", {"status": 403}, method="PUT", path="/extensions/", times=None)
    run = moved.stopped(harbor.type(moved.MOVE), "children-failed")
    harbor.within(lambda: harbor.world.faults.remove(fault))
    delete(harbor, arm.HARBOR, VERSION)

    ended = harbor.type(f"resume {run} {moved.GIVEN}")

    assert ended.code == 5, ended.err
    assert "harbor was deleted and made again" in ended.data["differences"][0]


@pytest.mark.parametrize("again", [True, False])
def test_an_extension_that_others_have_made_again_is_named(harbor: Stage, again: bool) -> None:
    """By its identity, which this run has learnt; a change in place is none."""

    def act() -> None:
        settings = {"amalogs.useAADAuth": "true"}
        body = moving.extension(
            "microsoft.azuremonitor.containers",
            configurationSettings=settings,
            configurationProtectedSettings=moving.SECRETS["extensions/monitor"],
        )
        if again:
            delete(harbor, MONITOR, "2025-03-01")
        arm.put_child(harbor, "extensions", "monitor", body)

    ended = beside.type_beside(harbor, moved.MOVE, "learn-identities", act, events=("done",))

    assert ended.code == (5 if again else 0), ended.err
    assert ("extensions/monitor was deleted and made again" in ended.err) is again
