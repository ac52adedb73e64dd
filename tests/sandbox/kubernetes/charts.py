"""Small charts for the real helm."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DEPLOYMENTS = """\
{{- range $i := until (int .Values.count) }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{{ $i }}
spec:
  replicas: {{ $.Values.replicas }}
  selector: {matchLabels: {app: web-{{ $i }}}}
  template:
    metadata: {labels: {app: web-{{ $i }}}}
    spec:
      containers:
        - name: main
          image: registry.k8s.io/pause:{{ $.Values.tag }}
{{- end }}
"""
CONFIG = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {tag: {{ .Values.tag | quote }}}
"""
HOOK = """\
apiVersion: batch/v1
kind: Job
metadata:
  name: before
  annotations: {helm.sh/hook: pre-install, helm.sh/hook-delete-policy: hook-succeeded}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: registry.k8s.io/pause:3.10}]
"""


def chart(folder: Path, count: int = 1) -> Path:
    """Write a chart with some Deployments, a ConfigMap and a hook, and return its folder."""
    templates = folder / "templates"
    templates.mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: small\nversion: 1.0.0\n")
    (folder / "values.yaml").write_text(f'count: {count}\nreplicas: 1\ntag: "3.10"\n')
    (templates / "deployments.yaml").write_text(DEPLOYMENTS)
    (templates / "settings.yaml").write_text(CONFIG)
    (templates / "before.yaml").write_text(HOOK)
    return folder
