"""The cluster's API: kubeconfig and sign-in from the `kubernetes` package, bodies in plain JSON."""

from arcctl.clients.kubernetes.client import Kubernetes
from arcctl.clients.kubernetes.watching import Change, Relist

__all__ = ["Change", "Kubernetes", "Relist"]
