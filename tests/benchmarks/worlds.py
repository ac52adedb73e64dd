"""Where a benchmark takes place: a sandbox of its own, with embedded or real Kubernetes."""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.sandbox import lifecycle
from arcctl.sandbox.home import Home
from arcctl.sandbox.options import Options
from tests import binaries
from tests.cluster import build, control_plane, diagnostics
from tests.cluster.resetting import reset

if TYPE_CHECKING:
    from collections.abc import Iterator

# What the machine says about clouds and clusters must not reach a measured command.
FOREIGN = ("ARCCTL_", "AZURE_", "ARM_", "HELM", "KUBECONFIG", "KUBECTL_", "RELEASETRAIN")


@dataclass(frozen=True)
class World:
    """A running sandbox, the environment that leads to it, and the real cluster if there is one."""

    environment: dict[str, str]
    home: Home
    helm: str
    plane: control_plane.ControlPlane | None = None

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Talk to the sandbox's own endpoints (`arcctl/sandbox/admin.py`)."""
        return lifecycle.ask(self.home, method, path, body)

    def empty(self) -> None:
        """Back to the first day: nothing in Azure, nothing on the cluster."""
        self.ask("POST", "reset", {})
        if self.plane:
            reset(self.plane)
            log = self.plane.home / "diagnostics.log"
            self.plane.apply(diagnostics.logs(diagnostics.PASSING, log))
        self.ask("POST", "seed", {"groups": [{"name": "edge", "location": "westeurope"}]})


@contextmanager
def embedded(profile: str = "instant", nodes: int = 3) -> Iterator[World]:
    """A sandbox with its own small Kubernetes; with `recorded`, as slow as the real service."""
    options = {"profile": profile, "nodes": nodes}
    with tempfile.TemporaryDirectory() as folder, _sandbox(Path(folder), **options) as world:
        yield world


@contextmanager
def real() -> Iterator[World]:
    """A sandbox whose agents live on a real control plane."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        plane = stack.enter_context(control_plane.running(build.control_plane()))
        [context] = plane.kubectl("config", "get-contexts", "-o", "name").split()
        options = {"kube_context": context, "kube_config": str(plane.kubeconfig)}
        world = stack.enter_context(_sandbox(folder, **options))
        yield World(world.environment, world.home, world.helm, plane)


@contextmanager
def recorded() -> Iterator[World]:
    """A sandbox in which everything takes as long as it did on the real service."""
    with embedded("recorded") as world:
        yield world


@contextmanager
def large() -> Iterator[World]:
    """A sandbox whose Kubernetes has 200 nodes."""
    with embedded(nodes=200) as world:
        yield world


@contextmanager
def _sandbox(folder: Path, **options: Any) -> Iterator[World]:
    home = Home(folder / "sandbox")
    running, _ = lifecycle.up(Options(home=home.path, **options))
    own = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    helm = str(binaries.program(binaries.HELM_4))
    places = {"HOME": str(folder), "ARCCTL_HOME": str(folder / "arcctl"), "ARCCTL_HELM": helm}
    try:
        yield World({**own, **running.environment, **places}, home, helm)
    finally:
        lifecycle.down(home)
