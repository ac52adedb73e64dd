"""What a case begins with is the same each time, and a command typed quickly is a command typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox import mementos
from tests import arm
from tests.stories import changing, moving

if TYPE_CHECKING:
    from tests.matrix.beginnings import Theatre
    from tests.stage import Stage

DELETE = "delete -n harbor -g edge --yes"


def everything(stage: Stage) -> dict[str, Any]:
    """Return all that lies in Azure, and all Secrets and workloads with their uids and versions."""

    def look() -> dict[str, Any]:
        store = stage.cluster.store
        kinds = [("", "secrets"), ("", "pods"), ("apps", "deployments")]
        dump = stage.world.azure.dump()["resources"]
        for each in dump.values():
            each.get("properties", {}).pop("lastConnectivityTime", None)
        return {"azure": dump, "cluster": [store.items(kind) for kind in kinds]}

    return stage.within(look)


def test_objects_and_resources_come_back_as_they_were(theatre: Theatre) -> None:
    """Uids, resource versions, identities and secrets are those that were put aside."""
    theatre.begin(moving.connected)
    before = everything(theatre.stage)
    theatre.stage.well(DELETE)
    assert everything(theatre.stage) != before
    theatre.begin(moving.connected)
    assert everything(theatre.stage) == before


def test_agents_live_in_what_was_put_back(theatre: Theatre) -> None:
    """They serve new children, and hear of what happens from then on."""
    theatre.begin(moving.connected)
    theatre.stage.well(DELETE)
    theatre.begin(moving.connected)
    body = moving.git("https://git.example.com/edge/more", namespace="more")
    settled = arm.put_child(theatre.stage, "fluxConfigurations", "more", body)
    assert settled["properties"]["provisioningState"] == "Succeeded"


def test_who_applied_what_comes_back_too(theatre: Theatre) -> None:
    """Helm 4 takes a field out of an object only where it is known to have put it there."""

    def through_a_proxy() -> list[Any]:
        items = theatre.stage.cluster.store.items(("apps", "deployments"))
        return [each for each in items if "proxy-config" in str(each["spec"])]

    for _ in range(2):
        theatre.begin(changing.connected)
        assert theatre.stage.within(through_a_proxy)
        theatre.stage.well(f"update {changing.HARBOR} --disable-proxy")
        assert theatre.stage.within(through_a_proxy) == []


def test_a_world_under_way_is_not_put_aside(theatre: Theatre) -> None:
    """An operation acts on the very documents it began with, so none may be running."""
    stage = theatre.stage
    theatre.begin(moving.connected)
    stage.fault("arm", {"operation_stuck": True}, method="PUT", path="/extensions/")
    path = f"{arm.HARBOR}/{arm.CHILDREN}/extensions/slow"
    body = moving.extension("microsoft.azuremonitor.containers")
    arm.ask(stage, "PUT", path, body, version=arm.VERSIONS["extensions"])
    with pytest.raises(ValueError, match="operations are running"):
        stage.within(lambda: mementos.put_aside(stage.sandbox))


@pytest.mark.parametrize("line", ["--version", "show -n nobody -g edge", "connect", "nonsense"])
def test_a_line_typed_quickly_ends_as_in_a_fresh_process(theatre: Theatre, line: str) -> None:
    """Exit code, stdout and stderr are the same."""
    from tests.stage import Stage

    theatre.begin(moving.connected)
    quick = theatre.stage
    slow = Stage(quick.sandbox, quick.loop, quick.folder, quick.helm)
    assert quick.type(line, NO_COLOR="1") == slow.type(line, NO_COLOR="1")
