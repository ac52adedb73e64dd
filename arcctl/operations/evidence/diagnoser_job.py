"""The diagnoser's Job and what it needs, as Kubernetes takes them (`connectedk8s.md` B.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.model import cluster as names
from arcctl.operations.steps.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arcctl.model.connected_cluster import Body

    Made = tuple[str, Body]

LONGEST = 180
IMAGE = "mcr.microsoft.com/arck8sdiagnoser:v0.1.1"
CONTAINER = "azure-arc-diagnoser-container"
JOB = Job(names.AGENT_NAMESPACE, "azure-arc-diagnoser-job", "the diagnoser's job", attempts=5)
ACCOUNT = "azure-arc-troubleshoot-sa"
ROLE = "secret-reader"
# What bears it is arcctl's to remove; what has the same name without it is somebody else's.
LABEL = {"app.kubernetes.io/managed-by": "arcctl"}
JOBS = f"/apis/batch/v1/namespaces/{names.AGENT_NAMESPACE}/jobs"
_ACCOUNTS = f"/api/v1/namespaces/{names.AGENT_NAMESPACE}/serviceaccounts"
_RBAC = "rbac.authorization.k8s.io"
_PROXY_CERTIFICATE = "proxy-cert"


def everything(agents: Sequence[Body], release_namespace: str | None) -> list[Made]:
    """Return collection and body of each object, in the order in which they are made.

    Without a namespace of releases there is nothing that the role could show.
    """
    account = _object("v1", "ServiceAccount", ACCOUNT)
    rights = [*_rights(release_namespace)] if release_namespace else []
    return [(_ACCOUNTS, account), *rights, (JOBS, _job(agents))]


def _object(api: str, kind: str, name: str, **body: Any) -> Body:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "labels": LABEL}, **body}


def _rights(namespace: str) -> Iterator[Made]:
    api, where = f"{_RBAC}/v1", f"/apis/{_RBAC}/v1/namespaces/{namespace}"
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}]
    yield f"{where}/roles", _object(api, "Role", ROLE, rules=rules)
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": names.AGENT_NAMESPACE}
    role = {"apiGroup": _RBAC, "kind": "Role", "name": ROLE}
    yield (
        f"{where}/rolebindings",
        _object(api, "RoleBinding", ROLE, subjects=[subject], roleRef=role),
    )


def _job(agents: Sequence[Body]) -> Body:
    template = agents[0]["spec"]["template"]["spec"] if agents else {"containers": [{}]}
    like = template["containers"][0]
    volumes = [each for each in template.get("volumes") or () if _holds_certificate(each)]
    mounted = {each["name"] for each in volumes}
    container = {
        "name": CONTAINER,
        "image": IMAGE,
        "env": [each for each in like.get("env") or () if "proxy" in each["name"].lower()],
        "envFrom": [each for each in like.get("envFrom") or () if "proxy" in str(each).lower()],
        "volumeMounts": [e for e in like.get("volumeMounts") or () if e["name"] in mounted],
    }
    pod = {
        "restartPolicy": "Never",
        "serviceAccountName": ACCOUNT,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "containers": [container],
        "volumes": volumes,
    }
    spec = {
        "backoffLimit": 4,
        # For the day on which whoever made it is killed before it can take it away.
        "activeDeadlineSeconds": LONGEST,
        "ttlSecondsAfterFinished": LONGEST,
        "template": {"metadata": {"labels": LABEL}, "spec": pod},
    }
    return _object("batch/v1", "Job", JOB.name, spec=spec)


def _holds_certificate(volume: Body) -> bool:
    return (volume.get("secret") or {}).get("secretName") == _PROXY_CERTIFICATE
