"""A real Kubernetes control plane, with kwok in place of nodes (`testbed.md` 2)."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import binaries
from tests.cluster.auditing import LOG, POLICY, Ledger
from tests.cluster.kwokctl import NAME, free_ports, kwokctl, listening, processes, programs, run

if TYPE_CHECKING:
    from collections.abc import Iterator

NODES = 3


@dataclass(frozen=True)
class ControlPlane:
    """A running cluster: its admin kubeconfig, its URL, its binaries and its own HOME."""

    kubeconfig: Path
    server: str
    binaries: Path
    home: Path

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Stdout of the kubectl that was built with this control plane."""
        command = [self.binaries / "kubectl", "--kubeconfig", self.kubeconfig, *arguments]
        return run(command, stdin=stdin)

    def get(self, *arguments: str) -> list[dict[str, Any]]:
        """The items of `kubectl get KIND …`."""
        answer: dict[str, Any] = json.loads(self.kubectl("get", *arguments, "-o", "json"))
        return list(answer["items"])

    def names(self, *arguments: str) -> set[str]:
        """Their names."""
        return {item["metadata"]["name"] for item in self.get(*arguments)}

    def ledger(self) -> Ledger:
        """Begin to note who asks the API server for what."""
        return Ledger(self.home / LOG.format(name=NAME))

    def apply(self, *objects: dict[str, Any]) -> None:
        """Server-side apply of plain objects."""
        everything = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self.kubectl("apply", "--server-side", "-f", "-", stdin=everything)


@contextlib.contextmanager
def running(folder: Path) -> Iterator[ControlPlane]:
    """A fresh cluster from the binaries in `folder`; whatever happens, none of it stays."""
    clusters = binaries.CACHE / "clusters"
    clusters.mkdir(parents=True, exist_ok=True)
    sweep(clusters, folder)
    home = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=clusters))
    try:
        yield start(folder, home)
    finally:
        stop(folder, home)


def start(folder: Path, home: Path) -> ControlPlane:
    """A cluster whose nodes are ready, in about five seconds."""
    ports = free_ports()
    server = f"https://127.0.0.1:{ports['kube-apiserver']}"
    plane = ControlPlane(home / "kubeconfig", server, folder, home)
    # With the Stage kind enabled kwok brings no Stages of its own, and tests can add theirs.
    kinds = "--enable-crds=ClusterLogs,Logs,Stage"
    policy = home / "audit-policy.yaml"
    policy.write_text(POLICY)
    audit = f"--kube-audit-policy={policy}"
    how = [f"--kubeconfig={plane.kubeconfig}", *programs(folder), *listening(ports), kinds, audit]
    kwokctl(folder, home, "create", "cluster", "--runtime=binary", *how, "--wait=60s")
    plane.kubectl("apply", "--server-side", "-f", str(folder / "stages.yaml"))
    kwokctl(folder, home, "scale", "node", f"--replicas={NODES}")
    plane.kubectl("wait", "node", "--all", "--for=condition=Ready", "--timeout=30s")
    return plane


def stop(folder: Path, home: Path) -> None:
    """End the cluster that lives in `home`, and what of it did not obey; then its files."""
    try:
        kwokctl(folder, home, "delete", "cluster")
    finally:
        deadline = time.monotonic() + 5
        while processes(home) and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in processes(home):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        shutil.rmtree(home, ignore_errors=True)


def sweep(clusters: Path, folder: Path) -> None:
    """Stop clusters whose test run was killed before it could."""
    for home in clusters.iterdir():
        if not Path(f"/proc/{home.name.partition('-')[0]}").exists():
            stop(folder, home)
