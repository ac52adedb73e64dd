"""A small Kubernetes for machines that have none (testbed.md 3).

It is what helm 3, helm 4, kubectl and the Python client need to be answered, and the controllers
that matter here: Deployments become pods that become ready, Jobs end and have logs, namespaces
die with their content, finalizers hold. It claims no more than that: no schemas, no admission
webhooks, no networking, no containers. What it does claim is compared, call by call, with the
real control plane; the differences are listed in `docs/reference/embedded-kubernetes.md`.
"""

from arcctl.sandbox.kubernetes.cluster import Cluster
from arcctl.sandbox.kubernetes.routes import application
from arcctl.sandbox.kubernetes.seeds import NodeShape
from arcctl.sandbox.kubernetes.troubles import Trouble

__all__ = ["Cluster", "NodeShape", "Trouble", "application"]
