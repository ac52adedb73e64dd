"""Makes a used control plane as good as new: cheaper than another one (about five seconds)."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from tests.cluster import broken_pods

if TYPE_CHECKING:
    from tests.cluster.control_plane import ControlPlane

OWN_NAMESPACES = {"default", "kube-node-lease", "kube-public", "kube-system"}
OWN_CRDS = ".kwok.x-k8s.io"
HELMS = "app.kubernetes.io/managed-by=Helm"
CLUSTER_WIDE = "clusterroles,clusterrolebindings"
# Some extensions have their releases in kube-system, which stays.
RELEASED = {"deployments": HELMS, "secrets": "owner=helm"}
KUSTOMIZATIONS = "kustomizations.kustomize.toolkit.fluxcd.io"
SECONDS = 60


def reset(plane: ControlPlane) -> None:
    """Delete what tests made, and wait until it is gone; what will not go is an error."""
    plane.kubectl("delete", "stages.kwok.x-k8s.io", "-l", f"{broken_pods.LABEL}=true")
    plane.kubectl("delete", "clusterlogs.kwok.x-k8s.io", "--all")
    plane.kubectl("delete", CLUSTER_WIDE, "-l", HELMS)
    let_go(plane)
    for kind, label in RELEASED.items():
        plane.kubectl("delete", kind, "-n", "kube-system", "-l", label)
    for namespace in foreign_namespaces(plane):
        empty(plane, namespace)
    kinds = {"namespaces": foreign_namespaces, "crds": foreign_crds}
    for kind, names in kinds.items():
        if left := names(plane):
            plane.kubectl("delete", kind, "--wait=false", "--ignore-not-found", *left)
    deadline = time.monotonic() + SECONDS
    while left := foreign_namespaces(plane) | foreign_crds(plane):
        if time.monotonic() > deadline:
            raise TimeoutError(f"still on the control plane after {SECONDS} s: {sorted(left)}")
        time.sleep(0.5)
        nudge(plane)


def let_go(plane: ControlPlane) -> None:
    """Take the finalizers off what Flux held: with the sandbox its controller is gone too."""
    if KUSTOMIZATIONS not in foreign_crds(plane):
        return
    for each in plane.get(KUSTOMIZATIONS, "-A"):
        where = [each["metadata"]["name"], "-n", each["metadata"]["namespace"]]
        patch = '{"metadata": {"finalizers": null}}'
        plane.kubectl("patch", KUSTOMIZATIONS, *where, "--type=merge", "-p", patch)


def empty(plane: ControlPlane, namespace: str) -> None:
    """Take the pods away first: a namespace that still finds some looks again only 5 s later."""
    there = ["-n", namespace, "--all", "--ignore-not-found"]
    plane.kubectl("delete", "deployments,daemonsets,statefulsets,replicasets,jobs", *there)
    plane.kubectl("delete", "pods", *there, "--grace-period=0", "--force")


def nudge(plane: ControlPlane) -> None:
    """Touch the definitions that are still there.

    The API server may find the storage of a young kind "(re)initializing" when it should list the
    instances to delete, and then waits long before it looks again, unless the definition changes.
    """
    for name in foreign_crds(plane):
        with contextlib.suppress(RuntimeError):  # it may be gone by now
            change = f"arcctl.test/nudged={time.monotonic()}"
            plane.kubectl("annotate", "crd", name, "--overwrite", change)


def foreign_namespaces(plane: ControlPlane) -> set[str]:
    """Namespaces that Kubernetes did not make for itself."""
    return plane.names("namespaces") - OWN_NAMESPACES


def foreign_crds(plane: ControlPlane) -> set[str]:
    """Custom resource definitions that are not kwok's."""
    return {name for name in plane.names("crds") if not name.endswith(OWN_CRDS)}
