"""What the first answer through a new session says (`arc.md` T12, T14, T15)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from arcctl.errors import AccessError, ArcctlError, ClusterError

if TYPE_CHECKING:
    from arcctl.clients.relay.near import Heard
    from arcctl.operations.session import ProxyRequest

NOBODY = "no agent is connected"
OVERAGE = "overage claim"
_OF_ACCOUNT = '"$(kubectl create token ACCOUNT)"'


def judged(heard: Heard, said: str, request: ProxyRequest) -> str:
    """Return the cluster's version, or what it said instead; raise where nothing could come of it.

    `said` is what people may read of the answer.
    """
    cluster = request.cluster.named
    if NOBODY in heard.text.lower():
        raise _nobody(request, cluster, said)
    if OVERAGE in heard.text.lower():
        raise _overage(request, said)
    if heard.status == 401 and request.token:
        raise AccessError(
            f"{request.cluster.name} does not accept this token",
            code="kube-unauthorized",
            why="it is not of a service account of this cluster, or it has expired",
            hints=request.line.replace("--token TOKEN", f"--token {_OF_ACCOUNT}"),
        )
    if heard.status == 200:
        return f"Kubernetes {_version(heard.text)}"
    return f"it answers {heard.status}: {said}"


def _version(text: str) -> str:
    try:
        return str(json.loads(text)["gitVersion"])
    except (ValueError, LookupError, TypeError):
        return "of an unknown version"


def _nobody(request: ProxyRequest, cluster: str, said: str) -> ClusterError:
    return ClusterError(
        f"no agent of {request.cluster.name} waits at the relay",
        code="cluster-connect-off",
        why=(said, "cluster connect is off, its agents do not run, or cannot reach the relay"),
        hints=(
            f"arcctl enable-features {cluster} --features cluster-connect",
            f"with the cluster's own kubeconfig: arcctl check {cluster} --only agents",
        ),
    )


def _overage(request: ProxyRequest, said: str) -> ArcctlError:
    return AccessError(
        f"{request.cluster.name} cannot tell the groups of whoever has signed in",
        code="overage-claim",
        why=(said, "a service principal in more than 200 groups is too much for its token"),
        hints=(
            "sign in as another one, in fewer groups",
            "allow the cluster through to https://*.obo.arc.azure.com:8084",
            f"as a service account of the cluster: {request.line} --token {_OF_ACCOUNT}",
        ),
    )
