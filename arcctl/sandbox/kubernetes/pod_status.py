"""What the status of a pod says at each stage of its life, as a kubelet would write it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes.conditions import renewed
from arcctl.sandbox.kubernetes.store import copy_of

if TYPE_CHECKING:
    from arcctl.sandbox.kubernetes.store import Document, Obj


@dataclass(frozen=True, slots=True)
class Look:
    """How the containers of a pod are at a moment."""

    phase: str
    state: Obj
    ready: bool = False
    restarts: int = 0
    last_state: Obj | None = None
    initialized: bool = True


def creating(reason: str = "ContainerCreating", message: str = "", restarts: int = 0) -> Look:
    """Containers that wait to start; a pod that crashed before is Running all the same."""
    waiting = {"reason": reason} | ({"message": message} if message else {})
    return Look("Running" if restarts else "Pending", {"waiting": waiting}, restarts=restarts)


def running(moment: str, *, ready: bool = True) -> Look:
    return Look("Running", {"running": {"startedAt": moment}}, ready=ready)


def ended(moment: str, code: int, message: str = "") -> Look:
    """Containers that have come to an end, and the pod with them."""
    state: Obj = {
        "exitCode": code,
        "reason": "Error" if code else "Completed",
        "startedAt": moment,
        "finishedAt": moment,
    }
    if message:
        state["message"] = message
    return Look("Failed" if code else "Succeeded", {"terminated": state})


def _identity(*parts: str) -> str:
    return hashlib.sha256("/".join(parts).encode()).hexdigest()


def _container(pod: Document, container: Obj, look: Look) -> Obj:
    begun = "waiting" not in look.state
    image = container.get("image", "")
    found: Obj = {
        "name": container["name"],
        "state": copy_of(look.state),
        "lastState": look.last_state or {},
        "ready": look.ready,
        "restartCount": look.restarts,
        "image": image,
        "imageID": f"{image}@sha256:{_identity(image)}" if begun else "",
        "started": "running" in look.state,
    }
    if begun:
        mark = _identity(pod["metadata"]["uid"], container["name"])
        found["containerID"] = f"containerd://{mark}"
    return found


def _init_container(pod: Document, container: Obj, moment: str) -> Obj:
    done = Look("Running", ended(moment, 0).state, ready=True)
    return _container(pod, container, done)


def _not_ready(pod: Document, look: Look) -> Obj:
    if look.ready:
        return {"status": "True"}
    if look.phase == "Succeeded":
        return {"status": "False", "reason": "PodCompleted"}
    if look.phase == "Failed":
        return {"status": "False", "reason": "PodFailed"}
    names = " ".join(each["name"] for each in pod["spec"]["containers"])
    text = f"containers with unready status: [{names}]"
    return {"status": "False", "reason": "ContainersNotReady", "message": text}


def _conditions(pod: Document, look: Look) -> list[Obj]:
    readiness = _not_ready(pod, look)
    sandboxed = look.phase == "Running"
    return [
        {"type": "PodReadyToStartContainers", "status": str(sandboxed)},
        {"type": "Initialized", "status": "True"},
        {"type": "Ready"} | readiness,
        {"type": "ContainersReady"} | readiness,
        {"type": "PodScheduled", "status": "True"},
    ]


def status(pod: Document, look: Look, moment: str, address: Obj) -> Obj:
    """Return the whole status of a scheduled pod; `address` holds its IPs once it runs."""
    before = pod["status"]
    times = {"lastProbeTime": None, "observedGeneration": pod["metadata"].get("generation", 1)}
    found: Obj = {
        "observedGeneration": pod["metadata"].get("generation", 1),
        "phase": look.phase,
        "conditions": renewed(
            before.get("conditions") or (),
            [each | times for each in _conditions(pod, look)],
            moment,
        ),
        "hostIP": address["hostIP"],
        "hostIPs": [{"ip": address["hostIP"]}],
        "startTime": before.get("startTime", moment),
        "containerStatuses": [_container(pod, each, look) for each in pod["spec"]["containers"]],
        "qosClass": before.get("qosClass", "BestEffort"),
    }
    if initial := pod["spec"].get("initContainers"):
        found["initContainerStatuses"] = [_init_container(pod, each, moment) for each in initial]
    if look.phase != "Pending":
        found |= {"podIP": address["podIP"], "podIPs": [{"ip": address["podIP"]}]}
    return found


def unscheduled(pod: Document, message: str, moment: str) -> Obj:
    """Return the status of a pod that no node takes."""
    condition = {
        "type": "PodScheduled",
        "status": "False",
        "lastProbeTime": None,
        "observedGeneration": pod["metadata"].get("generation", 1),
        "reason": "Unschedulable",
        "message": message,
    }
    before = pod["status"].get("conditions") or ()
    return {**copy_of(pod["status"]), "conditions": renewed(before, [condition], moment)}
