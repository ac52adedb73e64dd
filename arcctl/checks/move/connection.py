"""Whether the kubeconfig leads to the cluster that is moved, and whether that cluster is well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.move.verdicts import blocks, named
from arcctl.model import cluster as names
from arcctl.model.configuration.kinds import Kind
from arcctl.model.connected_cluster import status
from arcctl.model.ownership import Says, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.connected_cluster import Body
    from arcctl.model.plan import Row
    from arcctl.model.resource_id import ClusterId

_CONTEXT = "--kube-context NAME"
_UNFINISHED = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling", "failed")


async def right_cluster(sight: MoveSight) -> list[Row]:
    """All evidence together says that this is the cluster: a copy must not be taken for it."""
    found = await sight.ownership()
    seen = found.seen
    if {seen.config_map, seen.release} == {Says.ABSENT}:
        why = "the kubeconfig leads to a cluster without Azure Arc"
        return [blocks("agents-missing", "no agents in this cluster", why, _CONTEXT)]
    why = "; ".join(found.why)
    match found.verdict:
        case Verdict.PASSES:
            return []
        case Verdict.REFUSES if found.owner:
            return [_other(found.owner, sight.asked.region)]
        case Verdict.REFUSES:
            name = sight.asked.source.name
            return [blocks("wrong-cluster", f"this cluster is not {name}", why, _CONTEXT)]
        case Verdict.ASKS:
            subject = f"it is not certain that this is {sight.asked.source.name}"
            return [blocks("cluster-unproved", subject, why, _CONTEXT)]


def _other(owner: ClusterId, region: str) -> Row:
    return blocks(
        "wrong-cluster",
        f"this cluster is {owner.name}",
        f"group {owner.group}, subscription {owner.subscription}",
        _CONTEXT,
        f"arcctl move -n {owner.name} -g {owner.group} --subscription {owner.subscription} "
        f"--target-region {region}",
    )


async def straight_way(sight: MoveSight) -> list[Row]:
    """Not through the agents, which are removed in the middle (trap 10)."""
    kubernetes = await sight.clients.kubernetes()
    if not kubernetes.through_cluster_connect():
        return []
    why = "the session runs over the agents, which are removed on the way"
    return [blocks("cluster-connect", "cluster-connect kubeconfig", why, "--kube-config FILE")]


async def cluster_admin(sight: MoveSight) -> list[Row]:
    """The agents' chart needs a cluster role binding."""
    kubernetes = await sight.clients.kubernetes()
    if await kubernetes.may("create", "clusterrolebindings", group="rbac.authorization.k8s.io"):
        return []
    why = "the agents need a cluster role binding, so moving needs cluster-admin"
    return [blocks("not-cluster-admin", "too few rights in the cluster", why, _CONTEXT)]


async def alive(sight: MoveSight) -> list[Row]:
    """Connected and settled; only a cluster that is simply offline may be moved all the same."""
    resource = await sight.resource()
    properties = resource.get("properties") or {}
    settled = str(properties.get("provisioningState") or "Succeeded")
    state = status(resource)
    show = f"arcctl show {sight.source.cluster.named}"
    if settled not in ("Succeeded", "Failed", "Canceled"):
        return [blocks("source-unsettled", f"Azure is busy with it: {settled}", "wait", show)]
    match state:
        case "Connected":
            return []
        case "Offline":
            since = properties.get("lastConnectivityTime") or "an unknown time"
            why = f"last heartbeat: {since}; what Azure shows may be out of date"
            return [blocks("source-offline", "the cluster is Offline", why, show)]
        case "Expired":
            why = "its certificate has expired; delete the resource, then connect the cluster again"
            return [blocks("source-expired", "the cluster is Expired", why, show)]
        case _:
            why = "only a cluster that has connected to Azure can be moved"
            return [blocks("source-unsettled", f"the cluster is {state}", why, show)]


async def ordinary_kind(sight: MoveSight) -> list[Row]:
    """Kinds whose life belongs to another service (`arm.md` 2.3)."""
    kind = (await sight.resource()).get("kind")
    if not kind:
        return []
    why = "its life belongs to the service that made it"
    hint = "use the tool of that service"
    return [blocks("kind-refused", f"a cluster of kind {kind}", why, hint)]


async def releases_whole(sight: MoveSight) -> list[Row]:
    """A release that was left half done would keep agents or extensions from coming back (4.6)."""
    places = {names.RELEASE_NAMESPACE, names.LEGACY_RELEASE_NAMESPACE}
    for child in await sight.children():
        scope = child.properties.get("scope") or {}
        if child.kind is Kind.EXTENSION:
            places.add(str((scope.get("cluster") or {}).get("releaseNamespace") or ""))
    broken = list(_broken(await sight.releases(), places))
    if not broken:
        return []
    why = f"{named(broken)}: what is put back there may fail"
    return [
        blocks(
            "release-unfinished",
            "unfinished helm releases",
            why,
            "helm list --all-namespaces --pending",
        )
    ]


def _broken(records: list[Body], places: set[str]) -> Iterator[str]:
    """Yield `namespace/name status` for each release whose newest record is not whole."""
    newest: dict[tuple[str, str], tuple[int, str]] = {}
    for record in records:
        labels = record.get("labels") or {}
        release = (record["namespace"], str(labels.get("name")))
        found = (int(labels.get("version", 0)), str(labels.get("status")))
        newest[release] = max(newest.get(release, (0, "")), found)
    for (namespace, name), (_, state) in sorted(newest.items()):
        if namespace in places and state in _UNFINISHED:
            yield f"{namespace}/{name} is {state}"


ASKED = (
    right_cluster,
    straight_way,
    cluster_admin,
    alive,
    ordinary_kind,
    releases_whole,
)
