"""What is true of harbor after a move, however it went."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes.kinds import KINDS
from tests import arm
from tests.stories import moving
from tests.stories.pasting import mistakes, tried
from tests.stories.refusals import changes

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

GIVEN = "--protected-settings secrets.yaml"
MOVE = f"{moving.MOVE} {GIVEN}"
CHILDREN = [
    "extensions/flux",
    "extensions/monitor",
    "fluxConfigurations/private",
    "fluxConfigurations/public",
]
# Arc's half of Flux is put to sleep, so its pods are new; nothing else may be.
_WOKEN = ("pods/flux-system/fluxconfig-",)


def resource(stage: Stage, cluster: str = arm.HARBOR) -> dict[str, Any]:
    """The connected cluster, as Azure shows it; empty where there is none."""
    status, found = arm.ask(stage, "GET", cluster, version="2024-01-01")
    return dict(found) if status == 200 else {}


def region(stage: Stage) -> str:
    """Where harbor is; nothing where it is nowhere."""
    return str(resource(stage).get("location", ""))


def running(stage: Stage) -> dict[str, str]:
    """The uid of everything that a move must not restart."""
    found = moving.workloads(stage)
    return {name: uid for name, uid in found.items() if not name.startswith(_WOKEN)}


def kept_in_cluster(stage: Stage) -> list[str]:
    """The Secrets and the Lease of a run, in the cluster; none once a run has ended well."""
    return stage.within(
        lambda: [
            each["metadata"]["name"]
            for kind in ("secrets", "leases")
            for each in stage.cluster.store.items(KINDS[kind].key, "arcctl")
        ]
    )


def spaces(stage: Stage) -> set[str]:
    """The namespaces that there are."""
    found = stage.within(lambda: list(stage.cluster.store.items(KINDS["namespaces"].key)))
    return {each["metadata"]["name"] for each in found}


def changes_beyond(stage: Stage) -> list[str]:
    """The requests that change anything but what arcctl keeps a run in, namespace `arcctl`."""
    own = ("/namespaces/arcctl", "kubernetes POST /api/v1/namespaces")
    return [each for each in changes(stage) if own[0] not in each and each != own[1]]


def asleep(stage: Stage) -> list[str]:
    """The agents that are scaled to zero."""
    found = stage.within(lambda: list(stage.cluster.store.items(KINDS["deployments"].key)))
    return sorted(each["metadata"]["name"] for each in found if each["spec"]["replicas"] == 0)


def whole(stage: Stage, before: dict[str, str], where: str = "westeurope") -> None:
    """Assert that harbor is there with all it had, that nothing restarted, and no trace is left."""
    found = resource(stage)
    assert (found["location"], found["tags"]) == (where, {"team": "edge", "site": "pier7"})
    assert found["properties"]["connectivityStatus"] == "Connected"
    states = {
        key: each["properties"]["provisioningState"] for key, each in arm.children(stage).items()
    }
    assert states == dict.fromkeys(CHILDREN, "Succeeded")
    assert (asleep(stage), running(stage)) == ([], before)
    assert kept_in_cluster(stage) == []
    assert stage.world.crashes == []


def stopped(ended: Ended, code: str, *, said: str = "") -> str:
    """Assert that a run has stopped part-way, and return its name from the advice."""
    assert (ended.code, f"[{code}]" in ended.err) == (6, True), ended.err
    assert said in ended.err, ended.err
    assert "Traceback" not in ended.err
    assert mistakes(tried(ended.err)) == [], ended.err
    found = re.search(r"arcctl resume (move-[\w-]+)", ended.err)
    assert found, ended.err
    return found.group(1)
