"""Scheduler and kubelet in one: pods get a node, wait for their volumes, become ready, end (testbed.md 2).

No container runs. A pod is ready `Delays.pod_ready` after it could start; a pod that is not
restarted always ends `Delays.job_run` after that, with success unless a trouble says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes import pod_status, scheduling
from arcctl.sandbox.kubernetes.api import Deletion
from arcctl.sandbox.kubernetes.events import note
from arcctl.sandbox.kubernetes.kinds import KINDS
from arcctl.sandbox.kubernetes.pod_status import Look
from arcctl.sandbox.kubernetes.references import missing_environment, missing_volume
from arcctl.sandbox.kubernetes.store import copy_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.controllers.engine import Key
    from arcctl.sandbox.kubernetes.store import Document, Event
    from arcctl.sandbox.kubernetes.troubles import Trouble

PODS = KINDS["pods"]
MOUNTED = frozenset({KINDS["secrets"].key, KINDS["configmaps"].key})
FINISHED = frozenset({"Succeeded", "Failed"})


class Pods:
    """Moves every pod one stage on, or tells why it stays."""

    watches = frozenset({PODS.key, KINDS["nodes"].key, *MOUNTED})

    def __init__(self) -> None:
        self._due: dict[tuple[str, str], float] = {}
        self._blocked: set[Key] = set()
        self._told: dict[str, set[str]] = {}

    def concerns(self, cluster: Cluster, event: Event) -> Iterable[Key]:
        meta = event.document["metadata"]
        if event.key != PODS.key:
            return tuple(self._blocked) if event.change != "MODIFIED" else ()
        if event.change == "DELETED":
            for stage in ("ready", "end", "stop"):
                self._due.pop((meta["uid"], stage), None)
            self._blocked.discard((meta["namespace"], meta["name"]))
            self._told.pop(meta["uid"], None)
            return ()
        return [(meta["namespace"], meta["name"])]

    def look(self, cluster: Cluster, key: Key) -> None:
        pod = cluster.store.get(PODS.key, key[0], key[1])
        if pod is None:
            return
        if "deletionTimestamp" in pod["metadata"]:
            self._stop(cluster, pod)
        elif pod["status"].get("phase") not in FINISHED:
            trouble = cluster.troubles.of(pod)
            if pod["spec"].get("nodeName") or self._schedule(cluster, pod, trouble):
                self._live(cluster, cluster.api.get(PODS, key[0], key[1]), trouble)

    def _passed(self, cluster: Cluster, pod: Document, stage: str, delay: float) -> bool:
        """Say whether a stage has lasted long enough, and come back when it has."""
        meta, now = pod["metadata"], cluster.clock.now().timestamp()
        due = self._due.setdefault((meta["uid"], stage), now + delay)
        if now >= due:
            return True
        cluster.engine.later(due - now, self, (meta["namespace"], meta["name"]))
        return False

    def _stop(self, cluster: Cluster, pod: Document) -> None:
        grace = pod["metadata"].get("deletionGracePeriodSeconds", 0)
        if grace and self._passed(cluster, pod, "stop", min(grace, cluster.delays.pod_delete)):
            cluster.api.delete(PODS, pod, Deletion(grace=0))

    def _schedule(self, cluster: Cluster, pod: Document, trouble: Trouble | None) -> bool:
        key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
        node, why = scheduling.choose(cluster, pod)
        if trouble and trouble.shape.stage == "unscheduled":
            node, why = None, _said(cluster, pod, trouble, trouble.shape.message)
        if node is None:
            self._blocked.add(key)
            said = pod_status.unscheduled(pod, why, cluster.api.moment())
            if said != pod["status"]:
                cluster.api.set_status(PODS, pod, said)
                note(cluster, pod, "FailedScheduling", why, "default-scheduler")
            return False
        self._blocked.discard(key)
        new = copy_of(pod)
        new["spec"]["nodeName"] = node["metadata"]["name"]
        new["status"] = pod_status.status(
            pod, pod_status.creating(), cluster.api.moment(), scheduling.addresses(cluster, new)
        )
        del new["metadata"]["resourceVersion"]
        cluster.store.write(PODS.key, new)
        return True

    def _live(self, cluster: Cluster, pod: Document, trouble: Trouble | None) -> None:
        if trouble and trouble.shape.stage == "waiting":
            self._hold(
                cluster, pod, _waiting(cluster, pod, trouble), _events(cluster, pod, trouble)
            )
            return
        # What is mounted stays mounted: only a pod that has not begun looks for its sources.
        if not _begun(pod) and (blocked := _blockade(cluster, pod)):
            look, event = blocked
            self._blocked.add((pod["metadata"]["namespace"], pod["metadata"]["name"]))
            self._hold(cluster, pod, look, [event])
            return
        self._blocked.discard((pod["metadata"]["namespace"], pod["metadata"]["name"]))
        if not self._passed(cluster, pod, "ready", cluster.delays.pod_ready):
            return
        self._run(cluster, pod, trouble)

    def _run(self, cluster: Cluster, pod: Document, trouble: Trouble | None) -> None:
        moment = cluster.api.moment()
        stage = trouble.shape.stage if trouble else ""
        look = pod_status.running(moment, ready=stage != "running")
        ends = pod["spec"].get("restartPolicy") != "Always"
        over = ends and stage != "running" and _begun(pod)
        if over and self._passed(cluster, pod, "end", cluster.delays.job_run):
            message = _said(cluster, pod, trouble, trouble.shape.message) if trouble else ""
            look = pod_status.ended(moment, 1 if stage == "failed" else 0, message)
        self._hold(cluster, pod, look, _events(cluster, pod, trouble) if trouble else [])

    def _hold(
        self, cluster: Cluster, pod: Document, look: Look, events: list[tuple[str, str]]
    ) -> None:
        """Write a look down where it is not there already, and each of its events once."""
        if not _shows(pod, look):
            moment = cluster.api.moment()
            address = scheduling.addresses(cluster, pod)
            cluster.api.set_status(PODS, pod, pod_status.status(pod, look, moment, address))
        told = self._told.setdefault(pod["metadata"]["uid"], set())
        for reason, message in events:
            if message not in told:
                told.add(message)
                note(cluster, pod, reason, message, "kubelet")


def _begun(pod: Document) -> bool:
    statuses = pod["status"].get("containerStatuses") or ()
    return any("waiting" not in (each.get("state") or {"waiting": {}}) for each in statuses)


def _shows(pod: Document, look: Look) -> bool:
    """Say whether a pod's status tells this already, times apart."""
    if pod["status"].get("phase") != look.phase:
        return False
    first = (pod["status"].get("containerStatuses") or [{}])[0]
    state = first.get("state") or {}
    if state.keys() != look.state.keys() or first.get("ready") != look.ready:
        return False
    return "waiting" not in state or state["waiting"] == look.state["waiting"]


def _blockade(cluster: Cluster, pod: Document) -> tuple[Look, tuple[str, str]] | None:
    """Find what the pod refers to and is not there: a volume's source, or a variable's."""
    if volume := missing_volume(cluster.store, pod):
        text = f'MountVolume.SetUp failed for volume "{volume[0]}" : {volume[1]}'
        return pod_status.creating(), ("FailedMount", text)
    if text := missing_environment(cluster.store, pod):
        look = pod_status.creating("CreateContainerConfigError", text)
        return look, ("Failed", f"Error: {text}")
    return None


def _values(cluster: Cluster, pod: Document) -> dict[str, Any]:
    container = pod["spec"]["containers"][0]
    volumes = pod["spec"].get("volumes") or [{"name": "config"}]
    return {
        "image": container.get("image", ""),
        "container": container["name"],
        "pod": pod["metadata"]["name"],
        "namespace": pod["metadata"]["namespace"],
        "volume": volumes[0]["name"],
        "nodes": len(cluster.store.items(KINDS["nodes"].key)),
    }


def _said(cluster: Cluster, pod: Document, trouble: Trouble, template: str) -> str:
    return trouble.said(template, **_values(cluster, pod))


def _events(cluster: Cluster, pod: Document, trouble: Trouble) -> list[tuple[str, str]]:
    return [(reason, _said(cluster, pod, trouble, text)) for reason, text in trouble.shape.events]


def _waiting(cluster: Cluster, pod: Document, trouble: Trouble) -> Look:
    shape = trouble.shape
    look = pod_status.creating(
        shape.reason, _said(cluster, pod, trouble, shape.message), shape.restarts
    )
    if not shape.restarts:
        return look
    last = pod_status.ended(cluster.api.moment(), 1).state
    last["terminated"] |= {"reason": shape.ended}
    return Look(look.phase, look.state, restarts=shape.restarts, last_state=last)
