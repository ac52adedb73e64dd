"""A home with a kubeconfig for the embedded Kubernetes, and each of the two helms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from arcctl.clients.helm import Helm
from arcctl.clients.kubernetes import Kubernetes
from arcctl.sandbox.kubernetes import Cluster, application
from arcctl.settings import Flags, Settings, read
from tests.clients.kubernetes.api import write
from tests.clients.serving import authority, serving, tls

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator
    from pathlib import Path


@dataclass(frozen=True)
class World:
    """An embedded cluster, and what reaches it."""

    cluster: Cluster
    kubeconfig: Path
    kubernetes: Kubernetes
    helm: Helm

    async def with_token(self, token: str) -> Helm:
        """The same helm with another token's rights."""
        path = self.kubeconfig.with_name("other")
        write(path, {"server": self.kubernetes.server, **_trust(path)}, {"token": token})
        settings = Settings(environ=self.helm.settings.environ, flags=Flags(kube_config=str(path)))
        return self.helm.for_cluster(await Kubernetes.open(settings))


def _trust(beside: Path) -> dict[str, str]:
    return {"certificate-authority": str(beside.with_name("authority.pem"))}


@pytest.fixture(params=["helm3", "helm4"])
def helm_path(request: pytest.FixtureRequest) -> Path:
    """helm 3, then helm 4."""
    path: Path = request.getfixturevalue(request.param)
    return path


@pytest.fixture
async def world(helm_path: Path, home: Path, environ: os._Environ[str]) -> AsyncIterator[World]:
    """An embedded cluster with the controllers running, once for each helm."""
    cluster = Cluster()
    context = tls(authority(home))
    async with cluster.running(), serving(application(cluster), context) as port:
        path = home / "kubeconfig"
        write(
            path, {"server": f"https://127.0.0.1:{port}", **_trust(path)}, {"token": cluster.token}
        )
        settings = read(environ, Flags(helm=str(helm_path), kube_config=str(path)))
        kubernetes = await Kubernetes.open(settings)
        helm = await Helm.open(settings, note=print)
        yield World(cluster, path, kubernetes, helm.for_cluster(kubernetes))
        await kubernetes.close()


@pytest.fixture
def environ(home: Path) -> os._Environ[str]:
    """The environment as the fixture `home` leaves it."""
    import os

    return os.environ


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    """A chart of one Deployment and one Secret, whose value must be given."""
    folder = tmp_path / "depot"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: depot\nversion: 1.2.3\n")
    (folder / "values.yaml").write_text("greeting: hello\nkey: none\n")
    (folder / "templates" / "all.yaml").write_text(TEMPLATES)
    return folder


TEMPLATES = """\
apiVersion: v1
kind: Secret
metadata: {name: depot-key}
stringData: {key: {{ .Values.key | quote }}, greeting: {{ .Values.greeting | quote }}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: depot}
spec:
  replicas: 1
  selector: {matchLabels: {app: depot}}
  template:
    metadata: {labels: {app: depot}}
    spec: {containers: [{name: depot, image: "registry.k8s.io/pause:3.10"}]}
"""
