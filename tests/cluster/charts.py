"""Small charts for tests that need helm to install something."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: pause, image: "registry.k8s.io/pause:3.10"}}]}}
"""


def chart(folder: Path, *deployments: str) -> Path:
    """A chart of Deployments with these names, written into `folder`."""
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: small\nversion: 1.0.0\n")
    for name in deployments:
        (folder / "templates" / f"{name}.yaml").write_text(DEPLOYMENT.format(name=name))
    return folder
