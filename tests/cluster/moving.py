"""Harbor on a real control plane, seen by kubectl: what must be the same after a move."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests import arm
from tests.stories import moving
from tests.stories.moved import CHILDREN, resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cluster.control_plane import ControlPlane
    from tests.stage import Stage

_PATIENCE = 60
_NOT_THE_OWNERS = ("azure-arc", "kube-", "arcctl", "local-path")
# Arc's half of Flux is put to sleep, so its pods are new; nothing else may be.
_WOKEN = "pods/flux-system/fluxconfig-"
_RELEASE = "helm.sh/release.v1"


@dataclass
class Harbor:
    """The cluster from both sides: `stage` for Azure, `plane` for Kubernetes."""

    stage: Stage
    plane: ControlPlane

    def connect(self) -> Harbor:
        """Connect it in eastus, give it its children, and wait until all their workloads run."""
        moving.connected(self.stage)
        moving.secrets_file(self.stage)
        until(lambda: self.awake)
        assert {"flux-system", "apps", "private"} <= self.spaces
        return self

    @property
    def spaces(self) -> set[str]:
        """The namespaces that there are."""
        return self.plane.names("namespaces")

    @property
    def kept(self) -> set[str]:
        """The Secrets and the Lease of a run."""
        kinds = ("secrets", "leases")
        return {name for kind in kinds for name in self.plane.names(kind, "-n", "arcctl")}

    @property
    def running(self) -> dict[str, str]:
        """The uid of everything that a move must not restart."""
        found = {
            f"{kind}/{_place(each)}": str(each["metadata"]["uid"])
            for kind in ("deployments", "pods")
            for each in self._owners(kind)
        }
        return {name: uid for name, uid in found.items() if not name.startswith(_WOKEN)}

    @property
    def secrets(self) -> dict[str, dict[str, str]]:
        """What was given to extensions and to Flux, decoded."""
        return {
            _place(each): {key: base64.b64decode(text).decode() for key, text in data.items()}
            for each in self._owners("secrets")
            if each["type"] != _RELEASE and (data := each.get("data"))
        }

    @property
    def awake(self) -> bool:
        """Whether every Deployment has all its pods."""
        return all(map(_runs, self.plane.get("deployments", "-A")))

    @property
    def asleep(self) -> list[str]:
        """The Deployments that are scaled to zero."""
        found = self.plane.get("deployments", "-A")
        return sorted(_place(each) for each in found if each["spec"]["replicas"] == 0)

    @property
    def claimed(self) -> list[str]:
        """The Deployments of which a field belongs to arcctl, so that helm 4 may not change it."""
        found = self.plane.get("deployments", "-A", "--show-managed-fields")
        return [
            _place(each)
            for each in found
            if "arcctl" in {claim["manager"] for claim in each["metadata"]["managedFields"]}
        ]

    def _owners(self, kind: str) -> Iterator[dict[str, Any]]:
        for each in self.plane.get(kind, "-A"):
            if not each["metadata"]["namespace"].startswith(_NOT_THE_OWNERS):
                yield each

    def is_whole(self, before: Before, where: str) -> None:
        """Assert that it is there with all it had, that nothing restarted, and no trace is left."""
        found, children = resource(self.stage), arm.children(self.stage)
        assert (found["location"], found["tags"]) == (where, {"team": "edge", "site": "pier7"})
        assert found["properties"]["connectivityStatus"] == "Connected"
        states = {name: each["properties"]["provisioningState"] for name, each in children.items()}
        assert states == dict.fromkeys(CHILDREN, "Succeeded")
        assert (self.asleep, self.running, self.secrets) == ([], before.running, before.secrets)
        assert (self.kept, self.claimed) == (set(), [])
        assert self.stage.world.crashes == []


@dataclass(frozen=True)
class Before:
    """What ran, and what was secret, before a move."""

    running: dict[str, str]
    secrets: dict[str, dict[str, str]]

    @classmethod
    def of(cls, harbor: Harbor) -> Before:
        """Look now."""
        return cls(harbor.running, harbor.secrets)


def linger(plane: ControlPlane, prefix: str) -> set[str]:
    """Let the pods of `azure-arc` that are named so end only when they are let go."""
    found = {name for name in plane.names("pods", "-n", "azure-arc") if name.startswith(prefix)}
    for name in found:
        _finalize(plane, name, '["arcctl.test/lingers"]')
    return found


def let_go(plane: ControlPlane, pods: set[str]) -> None:
    """Let them end."""
    for name in pods:
        _finalize(plane, name, "null")


def _finalize(plane: ControlPlane, pod: str, finalizers: str) -> None:
    patch = f'{{"metadata": {{"finalizers": {finalizers}}}}}'
    plane.kubectl("patch", "pod", pod, "-n", "azure-arc", "--type=merge", "-p", patch)


def until(comes: Callable[[], object]) -> None:
    """Ask again and again until it is so."""
    deadline = time.monotonic() + _PATIENCE
    while not comes():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)


def _runs(deployment: dict[str, Any]) -> bool:
    wanted = deployment["spec"]["replicas"]
    return bool(deployment.get("status", {}).get("availableReplicas", 0) == wanted)


def _place(each: dict[str, Any]) -> str:
    return f"{each['metadata']['namespace']}/{each['metadata']['name']}"
