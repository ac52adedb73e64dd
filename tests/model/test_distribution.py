"""A cluster's distribution and infrastructure are told from its nodes (`connectedk8s.md` B.10)."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.model.distribution import (
    DISTRIBUTIONS,
    INFRASTRUCTURES,
    distribution,
    infrastructure,
)


def node(
    provider: str | None = None,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A node with these marks."""
    return {
        "metadata": {"labels": labels, "annotations": annotations},
        "spec": {"providerID": provider} if provider else {},
    }


def labelled(name: str, value: str = "x") -> dict[str, Any]:
    """A node with one label."""
    return node(labels={name: value})


def annotated(name: str, value: str = "x") -> dict[str, Any]:
    """A node with one annotation."""
    return node(annotations={name: value})


ROLE = labelled("node-role.kubernetes.io/control-plane", "")


@pytest.mark.parametrize(
    ("seen", "name"),
    [
        (labelled("node.openshift.io/os_id"), "openshift"),
        (labelled("kubernetes.azure.com/node-image-version"), "aks"),
        (labelled("cloud.google.com/gke-nodepool"), "gke"),
        (labelled("cloud.google.com/gke-os-distribution"), "gke"),
        (labelled("eks.amazonaws.com/nodegroup"), "eks"),
        (labelled("minikube.k8s.io/version"), "minikube"),
        (annotated("node.aksedge.io/distro", "aks_edge_k3s"), "aks_edge_k3s"),
        (annotated("node.aksedge.io/distro", "aks_edge_k8s"), "aks_edge_k8s"),
        (annotated("node.aksedge.io/distro", "other"), "generic"),
        (node("kind://docker/harbor/one"), "kind"),
        (node("k3s://one"), "k3s"),
        (annotated("rke.cattle.io/external-ip"), "rancher_rke"),
        (annotated("rke.cattle.io/internal-ip"), "rancher_rke"),
        (labelled("snap.microk8s.io/one", ""), "microk8s"),
        (labelled("k3os.io/mode", ""), "k3os"),
        (labelled("talos.dev/owned", ""), "talos"),
        (annotated("rke2.io/node-args", ""), "rke2"),
        (labelled("run.tanzu.vmware.com/tkr", ""), "tkg"),
        (labelled("openebs.io/nodename", ""), "openebs"),
        (labelled("flatcar-linux-update.v1.flatcar-linux.net/id", ""), "flatcar"),
        (labelled("k0s.k0sproject.io/role", ""), "k0s"),
        (ROLE, "kubeadm"),
        (annotated("kubeadm.alpha.kubernetes.io/cri-socket", ""), "kubeadm"),
        (labelled("eks.amazonaws.com/nodegroup", ""), "generic"),
        (node(), "generic"),
        ({"metadata": {"name": "bare"}}, "generic"),
    ],
)
def test_a_mark_gives_the_distribution_away(seen: dict[str, Any], name: str) -> None:
    """Each rule of the peer's table, one by one."""
    assert distribution([seen]) == name


def test_the_first_rule_wins_on_one_node() -> None:
    """OpenShift on a provider of another name is OpenShift."""
    assert distribution([node("kind://x", {"node.openshift.io/os_id": "rhcos"})]) == "openshift"


def test_a_role_label_does_not_hide_a_later_nodes_mark() -> None:
    """All nodes are looked at before kubeadm is guessed (trap 24)."""
    assert distribution([ROLE, labelled("k0s.k0sproject.io/role")]) == "k0s"
    assert distribution([ROLE, node()]) == "kubeadm"


def test_no_nodes_are_generic() -> None:
    """Nothing seen, nothing claimed."""
    assert distribution([]) == "generic"
    assert infrastructure([]) == "generic"


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("azure:///subscriptions/s", "azure"),
        ("aws:///eu-central-1a/i-0", "aws"),
        ("gce://project/zone/one", "gcp"),
        ("kind://docker/harbor/one", "kind"),
        ("k3s://one", "k3s"),
        ("VSphere://42", "vsphere"),
        ("openstack://42", "openstack"),
        ("oddity", "generic"),
        (None, "generic"),
    ],
)
def test_the_provider_tells_the_infrastructure(provider: str | None, name: str) -> None:
    """The scheme of the provider id, and never the word None (trap 24)."""
    assert infrastructure([node(provider)]) == name


def test_a_node_without_provider_does_not_hide_the_next() -> None:
    """A control plane made by hand says nothing about its workers."""
    assert infrastructure([node(), node("aws:///z/i")]) == "aws"


def test_the_peers_enums_are_whole() -> None:
    """The choices of A.10 and A.11, nothing twice."""
    assert len(DISTRIBUTIONS) == len(set(DISTRIBUTIONS)) == 18
    assert len(INFRASTRUCTURES) == len(set(INFRASTRUCTURES)) >= 9 + 20
    assert {"Windows Server 2022 Datacenter", "Windows 11 IoT Enterprise"} <= set(INFRASTRUCTURES)
