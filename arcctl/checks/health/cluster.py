"""Questions about the cluster and the kubeconfig that leads to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.check import Answer, check, noted, passed, wrong
from arcctl.checks.cluster import BEFORE_CONNECT
from arcctl.model import cluster as names

if TYPE_CHECKING:
    from arcctl.checks.health.sight import HealthSight
    from arcctl.model.connected_cluster import Body

_ARC = (names.AGENT_NAMESPACE, names.RELEASE_NAMESPACE)


@check("kubeconfig leads to this cluster", code="wrong-cluster")
async def right_cluster(sight: HealthSight) -> Answer:
    """T20, T30: a stale context is the commonest way to look at the wrong cluster."""
    onboarding = await sight.onboarding()
    if onboarding is None or onboarding.cluster == sight.cluster:
        return passed((await sight.clients.kubernetes()).context)
    owner = onboarding.cluster
    return wrong(
        f"this kubeconfig leads to the cluster of {owner.name} (group {owner.group})",
        "choose the right cluster with --kube-context NAME",
        f"arcctl check -n {owner.name} -g {owner.group} --subscription {owner.subscription}",
    )


@check("nodes are ready", code="nodes-not-ready")
async def nodes_ready(sight: HealthSight) -> Answer:
    """Agents on a node that is away are away with it."""
    nodes = await sight.nodes()
    away = [each["metadata"]["name"] for each in nodes if not _ready(each)]
    if not away:
        return passed(f"{len(nodes)} of {len(nodes)}")
    shown = ", ".join(away[:5]) + (f" and {len(away) - 5} more" if len(away) > 5 else "")
    said = f"{len(away)} of {len(nodes)} nodes are not ready: {shown}"
    remedy = f"kubectl describe node {away[0]}"
    return wrong(said, remedy) if len(away) == len(nodes) else noted(said, remedy)


def _ready(node: Body) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


@check("no namespace of Arc is being deleted", code="namespace-terminating")
async def none_dying(sight: HealthSight) -> Answer:
    """T28, T43: nothing can be made in it, and finalizers may hold it for ever."""
    for name in _ARC:
        space = await sight.namespace(name) or {}
        state = space.get("status") or {}
        if state.get("phase") != "Terminating":
            continue
        held = [
            str(each.get("message"))
            for each in state.get("conditions") or ()
            if each.get("status") == "True" and str(each.get("type")).endswith("Remaining")
        ]
        return wrong(
            f"namespace {name} is being deleted and does not end",
            f"strip what holds it: arcctl delete {sight.named} --force",
            why=tuple(held),
        )
    return passed()


@check("events may be read", code="kube-forbidden", reaching=True)
async def may_read_events(sight: HealthSight) -> Answer:
    """T09: who may not list what the agents' namespace holds cannot be told what is wrong."""
    await sight.events()
    return passed()


@check("cluster's certificate is verified", code="tls-unverified")
async def certificate_verified(sight: HealthSight) -> Answer:
    """Without it anyone between here and the cluster may read and change all that is sent."""
    kubernetes = await sight.clients.kubernetes()
    if not kubernetes.insecure:
        return passed()
    return noted(
        f"the certificate of {kubernetes.server} is not verified",
        "remove insecure-skip-tls-verify from the kubeconfig, and set certificate-authority-data",
    )


ASKED = (
    *BEFORE_CONNECT,
    certificate_verified,
    right_cluster,
    nodes_ready,
    none_dying,
    may_read_events,
)
