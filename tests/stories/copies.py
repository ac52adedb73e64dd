"""A second cluster that holds copies of what the connected one has, as a restored backup does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes.kinds import KINDS
from arcctl.sandbox.kubernetes.store import copy_of

if TYPE_CHECKING:
    from tests.stage import Stage

COPY = "--kube-context sandbox-2"
REAL = "--kube-context sandbox"
CONNECT = "connect -n harbor -g edge -l eastus --skip-prechecks"
SECRET = "azure-arc-connect-privatekey"
SPACES = ("azure-arc", "azure-arc-release")
NEVER = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")

CONFIG_MAP = frozenset({"ConfigMap azure-clusterconfig"})
KEY = CONFIG_MAP | {"Secret azure-arc-connect-privatekey"}
RELEASE = KEY | {"Secret sh.helm.release.v1.azure-arc.v1"}
ASLEEP = RELEASE | {"Deployment at zero"}
RUNNING = RELEASE | {"Deployment", "Secret"}
COPIES = {
    "ConfigMap": CONFIG_MAP,
    "and key": KEY,
    "and release": RELEASE,
    "and agents at zero": ASLEEP,
    "and agents that run": RUNNING,
}


def connected(stage: Stage) -> None:
    """Harbor is connected as the first cluster; the second has nothing of Arc."""
    stage.well(f"{CONNECT} {REAL}")


def copied(stage: Stage, what: frozenset[str]) -> None:
    """Restore such a part of the first cluster into the second."""
    stage.within(lambda: _copy(stage, what))


def _copy(stage: Stage, what: frozenset[str]) -> None:
    there, here = (stage.sandbox.clusters[name] for name in ("sandbox", "sandbox-2"))
    for space in SPACES:
        here.api.create(KINDS["namespaces"], "", {"metadata": {"name": space}})
    for plural in ("configmaps", "secrets", "deployments"):
        kind = KINDS[plural]
        for each in there.store.items(kind.key):
            space = each["metadata"]["namespace"]
            if space in SPACES and (body := _wanted(each, kind.kind, what)):
                here.api.create(kind, space, body)


def _wanted(found: Any, kind: str, what: frozenset[str]) -> dict[str, Any] | None:
    names = {f"{kind} {found['metadata']['name']}", kind, f"{kind} at zero"}
    if not names & what:
        return None
    body: dict[str, Any] = copy_of(found)
    body.pop("status", None)
    body["metadata"] = {k: v for k, v in body["metadata"].items() if k not in NEVER}
    if f"{kind} at zero" in what:
        body["spec"]["replicas"] = 0
    return body


def switched_off(stage: Stage) -> None:
    """The first cluster loses its power: no agent of it runs, and half an hour goes by."""

    def act() -> None:
        cluster = stage.sandbox.clusters["sandbox"]
        kind = KINDS["deployments"]
        for each in list(cluster.store.items(kind.key, "azure-arc")):
            body = copy_of(each)
            body["spec"]["replicas"] = 0
            cluster.api.update(kind, each, body)

    stage.within(act)


def later(stage: Stage, seconds: float) -> None:
    """Let time go by, until Azure has been told of it by whatever agents run."""
    stage.within(lambda: stage.world.clock.advance(seconds))


def heard(stage: Stage) -> str:
    """When Azure has last heard harbor."""
    [found] = [
        each.properties["lastConnectivityTime"]
        for each in stage.world.azure.store.resources.values()
        if each.id.lower().endswith("connectedclusters/harbor")
    ]
    return str(found)


def beat(stage: Stage) -> None:
    """Wait for the next heartbeat of whatever agents run."""
    before, deadline = stage.within(lambda: heard(stage)), time.monotonic() + 60
    while stage.within(lambda: heard(stage)) == before:
        assert time.monotonic() < deadline
