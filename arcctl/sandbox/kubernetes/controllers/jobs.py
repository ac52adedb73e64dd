"""Jobs: pods until enough have succeeded, or too many have failed (connectedk8s.md B.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes.api import suffix
from arcctl.sandbox.kubernetes.conditions import holds, renewed
from arcctl.sandbox.kubernetes.controllers.replicas import PODS, living, owners_of_kind, pod_from
from arcctl.sandbox.kubernetes.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.controllers.engine import Key
    from arcctl.sandbox.kubernetes.store import Document, Event, Obj

JOBS = KINDS["jobs"]


class Jobs:
    """Starts a Job's pods and counts how they end."""

    watches = frozenset({PODS.key, JOBS.key})

    def concerns(self, cluster: Cluster, event: Event) -> Iterable[Key]:
        if event.key == PODS.key:
            return owners_of_kind(event, JOBS)
        meta = event.document["metadata"]
        return [] if event.change == "DELETED" else [(meta["namespace"], meta["name"])]

    def look(self, cluster: Cluster, key: Key) -> None:
        this = cluster.store.get(JOBS.key, key[0], key[1])
        if this is None or "deletionTimestamp" in this["metadata"] or this["spec"].get("suspend"):
            return
        if holds(this, "Complete") or holds(this, "Failed"):
            return
        pods = cluster.dependents.of(this["metadata"]["uid"], PODS.key)
        succeeded, failed = _ended(pods, "Succeeded"), _ended(pods, "Failed")
        left = this["spec"]["completions"] - succeeded
        if left > 0 and failed <= this["spec"]["backoffLimit"]:
            self._start(cluster, this, min(left, this["spec"]["parallelism"]) - len(living(pods)))
            pods = cluster.dependents.of(this["metadata"]["uid"], PODS.key)
        self._tell(cluster, this, pods)

    @staticmethod
    def _start(cluster: Cluster, this: Document, count: int) -> None:
        name, namespace = this["metadata"]["name"], this["metadata"]["namespace"]
        for _ in range(count):
            body = pod_from(this, this["spec"]["template"], f"{name}-{suffix()}")
            body["metadata"]["generateName"] = f"{name}-"
            cluster.api.create(PODS, namespace, body)

    @staticmethod
    def _tell(cluster: Cluster, this: Document, pods: list[Document]) -> None:
        moment = cluster.api.moment()
        active = living(pods)
        counts = {
            "active": len(active),
            "succeeded": _ended(pods, "Succeeded"),
            "failed": _ended(pods, "Failed"),
        }
        status: Obj = {key: count for key, count in counts.items() if count}
        status |= {
            "ready": sum(holds(pod, "Ready") for pod in active),
            "terminating": 0,
            "uncountedTerminatedPods": {},
            "startTime": this["status"].get("startTime", moment),
        }
        conditions = _end(this, counts)
        if conditions:
            status["conditions"] = [
                each | {"lastProbeTime": moment} for each in renewed((), conditions, moment)
            ]
        if conditions and conditions[-1]["type"] == "Complete":
            status["completionTime"] = moment
        cluster.api.set_status(JOBS, this, status)


def _ended(pods: list[Document], phase: str) -> int:
    return sum(pod["status"].get("phase") == phase for pod in pods)


def _end(this: Document, counts: dict[str, int]) -> list[Obj]:
    if counts["succeeded"] >= this["spec"]["completions"]:
        text = "Reached expected number of succeeded pods"
        return [
            _condition("SuccessCriteriaMet", "CompletionsReached", text),
            _condition("Complete", "CompletionsReached", text),
        ]
    if counts["failed"] > this["spec"]["backoffLimit"]:
        text = "Job has reached the specified backoff limit"
        return [
            _condition("FailureTarget", "BackoffLimitExceeded", text),
            _condition("Failed", "BackoffLimitExceeded", text),
        ]
    return []


def _condition(kind: str, reason: str, message: str) -> Obj:
    return {"type": kind, "status": "True", "reason": reason, "message": message}
