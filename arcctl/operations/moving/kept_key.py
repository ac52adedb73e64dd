"""A private key that only a run's Secret holds, when the run is closed: it is not thrown away.

A resource in Azure takes no other key without being told, so the key that it bears stays in the
cluster, alone in a Secret, until it is connected again.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError, ClusterError
from arcctl.model import cluster as names
from arcctl.model import keys
from arcctl.model.connected_cluster import public_key
from arcctl.operations.keeping.in_cluster import MANAGED, NAMESPACE, SECRETS
from arcctl.operations.steps.holding import held_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.model.connected_cluster import Body
    from arcctl.model.keys import KeyPair
    from arcctl.model.resource_id import ClusterId
    from arcctl.operations.runs import Run
    from arcctl.operations.world import World

_LABEL = "arcctl/kept-key"
_ENTRY = "key"
_PLACED = f"/api/v1/namespaces/{names.AGENT_NAMESPACE}/secrets/{names.PRIVATE_KEY_SECRET}"


@dataclass(frozen=True, slots=True)
class Kept:
    """A key that has to stay, the Secret that is to hold it, and why, with the commands."""

    secret: str
    key: KeyPair
    told: str


async def needed(run: Run, world: World | None, clusters: Sequence[ClusterId]) -> tuple[Kept, ...]:
    """Return the keys that the run holds, that the agents' Secret lacks, and that Azure asks for.

    `clusters` are the resources that may bear one. Where they cannot be looked at, or none is
    known (`world` is None), each key that lies nowhere else stays.
    """
    kubernetes = run.cabinet.kubernetes
    held = await held_keys(kubernetes, run.id)
    placed = await _placed(kubernetes) if held else ""
    lonely = {key.public: key for key in held if key.public != placed}
    if not lonely:
        return ()
    bearers = await _bearers(world, clusters)
    kept: list[Kept] = []
    for public, key in lonely.items():
        if bearers is not None and public not in bearers:
            continue
        secret = f"arcctl-key-{run.id}" + (f"-{len(kept) + 1}" if kept else "")
        kept.append(Kept(secret, key, _told(secret, (bearers or {}).get(public))))
    return tuple(kept)


async def _bearers(
    world: World | None, clusters: Sequence[ClusterId]
) -> dict[str, tuple[ClusterId, str]] | None:
    """Return the resources that are in Azure, and their regions, by public key; None for unknown."""
    if world is None:
        return None
    found: dict[str, tuple[ClusterId, str]] = {}
    try:
        arm = await world.clients.arm()
        for cluster in clusters:
            resource = await arm.find(cluster.path)
            if public := public_key(resource):
                found[public] = cluster, str((resource or {}).get("location"))
    except ArcctlError:
        return None
    return found


async def _placed(kubernetes: Kubernetes) -> str:
    """Return the public half of the agents' key; "" where it is not there, or not readable."""
    try:
        secret = await kubernetes.find(_PLACED)
        text = base64.b64decode((secret or {})["data"][names.PRIVATE_KEY_ENTRY]).decode()
        return keys.read(text, proved=False).public
    except (ArcctlError, KeyError, TypeError, ValueError):
        return ""


def _told(secret: str, bearer: tuple[ClusterId, str] | None) -> str:
    read = f"kubectl get secret -n {NAMESPACE} {secret} -o jsonpath='{{.data.key}}' | base64 -d"
    again = "arcctl connect --private-key key.pem"
    whose = "a private key that the run held"
    if bearer:
        cluster, region = bearer
        again = f"arcctl connect {cluster.named} -l {region} --private-key key.pem"
        whose = f"the private key of {cluster.name} (group {cluster.group})"
    return (
        f"{whose} lies nowhere else in the cluster, and Secret {secret} of namespace {NAMESPACE} "
        f"keeps it. To use it: {read} > key.pem; {again}; then remove key.pem and the Secret: "
        f"kubectl delete secret -n {NAMESPACE} {secret}"
    )


async def keep(kubernetes: Kubernetes, several: Sequence[Kept]) -> None:
    """Put each key into its Secret; ClusterError `hold-not-kept` where it is not there afterwards.

    The label of the run is not on it: whatever is left of a run is swept by the next one.
    """
    for each in several:
        path = f"{SECRETS}/{each.secret}"
        data = {_ENTRY: base64.b64encode(each.key.private.reveal().encode()).decode()}
        labels = {**MANAGED, _LABEL: each.secret.removeprefix("arcctl-key-")}
        body: Body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "Opaque",
            "metadata": {"name": each.secret, "namespace": NAMESPACE, "labels": labels},
            "data": data,
        }
        try:
            await kubernetes.create(SECRETS, body)
        except ClusterError as error:
            if error.status != 409:
                raise
            await kubernetes.replace(path, body)
        if ((await kubernetes.find(path)) or {}).get("data") != data:
            raise ClusterError(
                "the cluster has agreed to keep a private key, and does not keep it",
                code="hold-not-kept",
                why=f"Secret {each.secret}; the run is not closed",
                hints=f"kubectl get secrets -n {NAMESPACE}",
            )
