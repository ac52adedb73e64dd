"""Which Kubernetes this is, and on what it runs, judged by its nodes (`connectedk8s.md` B.10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

DISTRIBUTIONS = (
    "generic",
    "openshift",
    "rancher_rke",
    "kind",
    "k3s",
    "minikube",
    "gke",
    "eks",
    "aks",
    "aks_management",
    "aks_workload",
    "capz",
    "aks_engine",
    "tkg",
    "canonical",
    "karbon",
    "aks_edge_k3s",
    "aks_edge_k8s",
)
INFRASTRUCTURES = (
    *[
        "generic",
        "azure",
        "aws",
        "gcp",
        "azure_stack_hci",
        "azure_stack_hub",
        "azure_stack_edge",
        "vsphere",
        "windows_server",
    ],
    *(
        f"Windows {edition}"
        for edition in (
            "11 Enterprise",
            "11 Enterprise N",
            "11 IoT Enterprise",
            "11 Pro",
            "10 Enterprise",
            "10 Enterprise N",
            "10 Enterprise LTSC 2021",
            "10 Enterprise N LTSC 2021",
            "10 IoT Enterprise",
            "10 IoT Enterprise LTSC 2021",
            "10 Pro",
            "10 Enterprise LTSC 2019",
            "10 Enterprise N LTSC 2019",
            "10 IoT Enterprise LTSC 2019",
            "Server 2022",
            "Server 2022 Datacenter",
            "Server 2022 Standard",
            "Server 2019",
            "Server 2019 Datacenter",
            "Server 2019 Standard",
        )
    ),
)

Node = dict[str, Any]


def _labels(node: Node) -> dict[str, str]:
    return (node.get("metadata") or {}).get("labels") or {}


def _annotations(node: Node) -> dict[str, str]:
    return (node.get("metadata") or {}).get("annotations") or {}


def _provider(node: Node) -> str:
    return str((node.get("spec") or {}).get("providerID") or "")


def _label(*names: str) -> Callable[[Node], bool]:
    return lambda node: any(_labels(node).get(name) for name in names)


def _label_prefix(prefix: str) -> Callable[[Node], bool]:
    return lambda node: any(name.startswith(prefix) for name in _labels(node))


def _annotation_prefix(prefix: str) -> Callable[[Node], bool]:
    return lambda node: any(name.startswith(prefix) for name in _annotations(node))


def _edge(value: str) -> Callable[[Node], bool]:
    return lambda node: _annotations(node).get("node.aksedge.io/distro") == value


def _rke(node: Node) -> bool:
    names = ("rke.cattle.io/external-ip", "rke.cattle.io/internal-ip")
    return any(_annotations(node).get(name) for name in names)


_RULES: tuple[tuple[str, Callable[[Node], bool]], ...] = (
    ("openshift", _label("node.openshift.io/os_id")),
    ("aks", _label("kubernetes.azure.com/node-image-version")),
    ("gke", _label("cloud.google.com/gke-nodepool", "cloud.google.com/gke-os-distribution")),
    ("eks", _label("eks.amazonaws.com/nodegroup")),
    ("minikube", _label("minikube.k8s.io/version")),
    ("aks_edge_k3s", _edge("aks_edge_k3s")),
    ("aks_edge_k8s", _edge("aks_edge_k8s")),
    ("kind", lambda node: _provider(node).startswith("kind://")),
    ("k3s", lambda node: _provider(node).startswith("k3s://")),
    ("rancher_rke", _rke),
    ("microk8s", _label_prefix("snap.microk8s")),
    ("k3os", _label_prefix("k3os.io")),
    ("talos", _label_prefix("talos.dev")),
    ("rke2", _annotation_prefix("rke2.io")),
    ("tkg", _label_prefix("run.tanzu.vmware.com")),
    ("openebs", _label_prefix("openebs.io")),
    ("flatcar", _label_prefix("flatcar-linux")),
    ("k0s", _label_prefix("k0s.k0sproject.io")),
)
# These marks stand on nearly every node, so they count only when no node shows another (trap 24).
_LAST_RESORT = (
    _label_prefix("node-role.kubernetes.io"),
    _annotation_prefix("kubeadm.alpha.kubernetes.io"),
)


def distribution(nodes: Iterable[Node]) -> str:
    """Return the first distribution that any node gives away, `generic` where none does."""
    nodes = list(nodes)
    for node in nodes:
        for name, matches in _RULES:
            if matches(node):
                return name
    resort = any(matches(node) for node in nodes for matches in _LAST_RESORT)
    return "kubeadm" if resort else "generic"


def infrastructure(nodes: Iterable[Node]) -> str:
    """Return what the first provider id says; a node without one says `generic` (trap 24)."""
    schemes = (_provider(node).partition("://")[0] for node in nodes if "://" in _provider(node))
    scheme = next(schemes, "generic")
    spelled = {name.lower(): name for name in INFRASTRUCTURES}
    return {"gce": "gcp"}.get(scheme, spelled.get(scheme.lower(), scheme))
