"""Ways in which pods fail, as data: the statuses and events that a scheduler and a kubelet make (testbed.md 2, 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes.selectors import label_selector

if TYPE_CHECKING:
    from arcctl.sandbox.kubernetes.store import Document

Message = dict[str, str]


@dataclass(frozen=True, slots=True)
class Shape:
    """How a failing pod looks: where it stops, why, the Warning events it gets, how it ended before."""

    stage: str
    reason: str = ""
    message: str = ""
    events: tuple[tuple[str, str], ...] = ()
    restarts: int = 0
    ended: str = "Error"


# In messages: {image} {container} {pod} {namespace} {volume} {nodes} and {message}, the trouble's own.
SHAPES: dict[str, Shape] = {
    "ImagePullBackOff": Shape(
        stage="waiting",
        reason="ImagePullBackOff",
        message='Back-off pulling image "{image}": ErrImagePull: {message}',
        events=(
            ("Failed", 'Failed to pull image "{image}": {message}'),
            ("Failed", "Error: ErrImagePull"),
            ("BackOff", 'Back-off pulling image "{image}"'),
        ),
    ),
    "CrashLoopBackOff": Shape(
        stage="waiting",
        reason="CrashLoopBackOff",
        message="back-off 5m0s restarting failed container={container} pod={pod}_{namespace}",
        events=(("BackOff", "Back-off restarting failed container {container} in pod {pod}"),),
        restarts=5,
    ),
    "OOMKilled": Shape(
        stage="waiting",
        reason="CrashLoopBackOff",
        message="back-off 5m0s restarting failed container={container} pod={pod}_{namespace}",
        events=(("BackOff", "Back-off restarting failed container {container} in pod {pod}"),),
        restarts=7,
        ended="OOMKilled",
    ),
    "PodForbidden": Shape(
        stage="refused",
        reason="FailedCreate",
        message='Error creating: pods "{pod}" is forbidden: {message}',
    ),
    "Unschedulable": Shape(
        stage="unscheduled",
        reason="Unschedulable",
        message="0/{nodes} nodes are available: {message}",
        events=(("FailedScheduling", "0/{nodes} nodes are available: {message}"),),
    ),
    "FailedMount": Shape(
        stage="waiting",
        reason="ContainerCreating",
        events=(("FailedMount", 'MountVolume.SetUp failed for volume "{volume}" : {message}'),),
    ),
    "NeverReady": Shape(
        stage="running",
        reason="ContainersNotReady",
        events=(("Unhealthy", "Readiness probe failed: {message}"),),
    ),
    "Fails": Shape(stage="failed", reason="Error", message="{message}"),
}
MESSAGES: dict[str, str] = {
    "ImagePullBackOff": "rpc error: code = Unknown desc = failed to resolve reference: "
    "dial tcp: lookup mcr.microsoft.com: no such host",
    "Unschedulable": "{nodes} Insufficient memory. preemption: 0/{nodes} nodes are available: "
    "{nodes} No preemption victims found for incoming pod.",
    "FailedMount": "references non-existent secret key",
    "PodForbidden": 'violates PodSecurity "restricted:latest": hostPath volumes (volume "pki")',
    "NeverReady": "HTTP probe failed with statuscode: 500",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Pods chosen by labels, name prefix and namespace (each optional) fail for `reason`."""

    reason: str
    selector: str = ""
    prefix: str = ""
    namespace: str = ""
    message: str = ""

    def __post_init__(self) -> None:
        if self.reason not in SHAPES:
            known = ", ".join(SHAPES)
            raise ValueError(f"no such trouble: {self.reason}; there are {known}")

    @property
    def shape(self) -> Shape:
        return SHAPES[self.reason]

    def strikes(self, pod: Document) -> bool:
        meta = pod["metadata"]
        return (
            (not self.namespace or meta["namespace"] == self.namespace)
            and meta["name"].startswith(self.prefix)
            and label_selector(self.selector)(pod)
        )

    def said(self, template: str, **values: Any) -> str:
        """Fill a message; the trouble's own may itself have places to fill."""
        own = (self.message or MESSAGES.get(self.reason, "")).format(**values)
        return template.format(message=own, **values)


class Troubles:
    """The troubles of one cluster, the newest first."""

    def __init__(self) -> None:
        self._all: list[Trouble] = []

    def add(self, trouble: Trouble) -> None:
        self._all.insert(0, trouble)

    def remove(self, trouble: Trouble | None = None) -> None:
        self._all = [each for each in self._all if trouble is not None and each != trouble]

    def clear(self) -> None:
        self._all.clear()

    def of(self, pod: Document) -> Trouble | None:
        return next((each for each in self._all if each.strikes(pod)), None)
