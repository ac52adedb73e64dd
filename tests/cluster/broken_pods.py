"""Pods that will not come alive: kwok Stages that play a kubelet's bad days.

kwok's own Stages make every pod Running and Ready. One of these, applied before the pods exist,
outweighs them for the pods whose names start with a prefix.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

LABEL = "arcctl.test/broken-pods"
OUTWEIGHS_THE_HEALTHY = 10_000


class Trouble(NamedTuple):
    """What a kubelet would report: pod phase, waiting reason, restarts, and a Warning event."""

    phase: str
    reason: str
    message: str
    restarts: int
    event: str


IMAGE_PULL = Trouble(
    "Pending",
    "ImagePullBackOff",
    "Back-off pulling image: lookup mcr.microsoft.com: no such host",
    0,
    "Failed",
)
CRASH_LOOP = Trouble(
    "Running",
    "CrashLoopBackOff",
    "back-off 5m0s restarting failed container",
    7,
    "BackOff",
)
PENDING = Trouble(
    "Pending",
    "ContainerCreating",
    'MountVolume.SetUp failed: secret "azure-identity-certificate" not found',
    0,
    "FailedMount",
)


def stage(trouble: Trouble, prefix: str) -> dict[str, Any]:
    """The Stage under which every pod named `prefix`… suffers `trouble`."""
    named = f".metadata.name | startswith({json.dumps(prefix)}) | tostring"
    return {
        "apiVersion": "kwok.x-k8s.io/v1alpha1",
        "kind": "Stage",
        "metadata": {
            "name": f"{prefix.rstrip('-')}-{trouble.reason.lower()}",
            "labels": {LABEL: "true"},
        },
        "spec": {
            "resourceRef": {"apiGroup": "v1", "kind": "Pod"},
            "selector": {
                "matchExpressions": [
                    {"key": ".metadata.deletionTimestamp", "operator": "DoesNotExist"},
                    {"key": named, "operator": "In", "values": ["true"]},
                ]
            },
            "weight": OUTWEIGHS_THE_HEALTHY,
            "next": {
                "event": {"type": "Warning", "reason": trouble.event, "message": trouble.message},
                "statusTemplate": status(trouble),
            },
        },
    }


def status(trouble: Trouble) -> str:
    """The pod's status as a kwok template: no container ready, each waiting for one reason."""
    waiting = {"waiting": {"reason": trouble.reason, "message": trouble.message}}
    died = '{terminated: {exitCode: 1, reason: Error, finishedAt: "{{ $born }}"}}'
    return "\n".join(
        [
            "{{ $born := .metadata.creationTimestamp }}",
            f"phase: {trouble.phase}",
            "conditions:",
            '- {type: Initialized, status: "True"}',
            '- {type: Ready, status: "False", reason: ContainersNotReady}',
            '- {type: ContainersReady, status: "False", reason: ContainersNotReady}',
            "containerStatuses:",
            "{{ range .spec.containers }}",
            "- name: {{ .name | Quote }}",
            "  image: {{ .image | Quote }}",
            "  ready: false",
            f"  restartCount: {trouble.restarts}",
            f"  state: {json.dumps(waiting)}",
            *([f"  lastState: {died}"] if trouble.restarts else []),
            "{{ end }}",
        ]
    )
