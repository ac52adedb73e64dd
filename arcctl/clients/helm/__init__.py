"""helm, the program: found or fetched, run in a process group of its own, its errors told apart."""

from arcctl.clients.helm.client import Helm

__all__ = ["Helm"]
