"""The controllers that matter: what makes objects turn into other objects, and pods ready (testbed.md 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes.controllers.definitions import Definitions
from arcctl.sandbox.kubernetes.controllers.deployments import Deployments
from arcctl.sandbox.kubernetes.controllers.garbage import Garbage
from arcctl.sandbox.kubernetes.controllers.jobs import Jobs
from arcctl.sandbox.kubernetes.controllers.namespaces import Namespaces
from arcctl.sandbox.kubernetes.controllers.pods import Pods
from arcctl.sandbox.kubernetes.controllers.replicas import ReplicaSets
from arcctl.sandbox.kubernetes.controllers.sets import DaemonSets, StatefulSets

if TYPE_CHECKING:
    from arcctl.sandbox.kubernetes.controllers.engine import Controller


def everyone() -> tuple[Controller, ...]:
    """Return a fresh set of all controllers, for one cluster."""
    return (
        Definitions(),
        Namespaces(),
        Deployments(),
        ReplicaSets(),
        StatefulSets(),
        DaemonSets(),
        Jobs(),
        Pods(),
        Garbage(),
    )
