"""Logs of pods: a chart's annotation, else what was set for the Job, else what the image writes.

The annotation `sandbox.arcctl/log` on a pod is its containers' whole output (connectedk8s.md B.8
is the grammar of the one log that matters, that of the diagnostics Job).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes import problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.sandbox.kubernetes.cluster import Cluster
    from arcctl.sandbox.kubernetes.store import Document, Obj

ANNOTATION = "sandbox.arcctl/log"


def pod_log(cluster: Cluster, pod: Document, query: Mapping[str, str]) -> str:
    """Return a container's log, or refuse as the kubelet would."""
    container = _container(pod, query.get("container", ""))
    if query.get("previous") in ("true", "1"):
        _check_ended(pod, container)
    else:
        _check_started(pod, container)
    text = cluster.log_of(pod)
    if text and not text.endswith("\n"):
        text += "\n"
    if tail := query.get("tailLines"):
        lines = text.splitlines(keepends=True)
        text = "".join(lines[-int(tail) :] if int(tail) else [])
    if limit := query.get("limitBytes"):
        text = text.encode()[: int(limit)].decode(errors="ignore")
    return text


def _container(pod: Document, asked: str) -> str:
    spec, name = pod["spec"], pod["metadata"]["name"]
    names = [
        each["name"] for each in (*spec.get("containers", ()), *spec.get("initContainers", ()))
    ]
    if asked and asked not in names:
        raise problems.bad_request(f"container {asked} is not valid for pod {name}")
    if not asked and len(spec["containers"]) > 1:
        choices = " ".join(each["name"] for each in spec["containers"])
        text = f"a container name must be specified for pod {name}, choose one of: [{choices}]"
        raise problems.bad_request(text)
    return asked or str(names[0])


def _status_of(pod: Document, container: str) -> Obj:
    statuses: list[Obj] = [
        *(pod["status"].get("containerStatuses") or ()),
        *(pod["status"].get("initContainerStatuses") or ()),
    ]
    return next((each for each in statuses if each["name"] == container), {})


def _check_ended(pod: Document, container: str) -> None:
    if (_status_of(pod, container).get("lastState") or {}).get("terminated"):
        return
    where = f'container "{container}" in pod "{pod["metadata"]["name"]}"'
    raise problems.bad_request(f"previous terminated {where} not found")


def _check_started(pod: Document, container: str) -> None:
    mine = _status_of(pod, container)
    waiting = (mine.get("state") or {}).get("waiting")
    if waiting is None and mine:
        return
    if (mine.get("lastState") or {}).get("terminated"):
        return
    reason = (waiting or {}).get("reason", "ContainerCreating")
    where = f'container "{container}" in pod "{pod["metadata"]["name"]}"'
    raise problems.bad_request(f"{where} is waiting to start: {reason}")
