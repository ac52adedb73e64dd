"""What the API server fills in when an object leaves it out, for the kinds that charts use (testbed.md 3)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes.store import copy_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.sandbox.kubernetes.kinds import Kind
    from arcctl.sandbox.kubernetes.store import Obj

POD = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
CONTAINER = {
    "resources": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
ROLLING = {
    "type": "RollingUpdate",
    "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
}
JOB = {
    "parallelism": 1,
    "completions": 1,
    "backoffLimit": 6,
    "completionMode": "NonIndexed",
    "suspend": False,
    "manualSelector": False,
    "podReplacementPolicy": "TerminatingOrFailed",
}
SERVICE = {
    "type": "ClusterIP",
    "sessionAffinity": "None",
    "ipFamilyPolicy": "SingleStack",
    "ipFamilies": ["IPv4"],
    "internalTrafficPolicy": "Cluster",
}
# The status a freshly created object starts with, where the kind's status is a sub-resource.
FIRST_STATUS: dict[str, Obj] = {
    "pods": {"phase": "Pending"},
    "services": {"loadBalancer": {}},
    "customresourcedefinitions": {
        "conditions": None,
        "acceptedNames": {"plural": "", "kind": ""},
    },
    "ingresses": {"loadBalancer": {}},
    "namespaces": {"phase": "Active"},
    "persistentvolumeclaims": {"phase": "Pending"},
    "daemonsets": {
        "currentNumberScheduled": 0,
        "numberMisscheduled": 0,
        "desiredNumberScheduled": 0,
        "numberReady": 0,
    },
    "replicasets": {"replicas": 0},
    "statefulsets": {"replicas": 0, "availableReplicas": 0},
    "poddisruptionbudgets": {
        "currentHealthy": 0,
        "desiredHealthy": 0,
        "disruptionsAllowed": 0,
        "expectedPods": 0,
    },
}
KEEPS_STATUS_ON_CREATE = frozenset({"nodes", "apiservices"})
TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
RBAC = "rbac.authorization.k8s.io"


def fill(target: Obj, values: Obj) -> None:
    """Set what is absent, without going deeper."""
    for key, value in values.items():
        if target.get(key) is None:
            target[key] = copy_of(value)


def _pull_policy(image: str) -> str:
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if tag in {"", "latest"} and "@" not in image else "IfNotPresent"


def _container(container: Obj) -> None:
    fill(container, CONTAINER)
    fill(container, {"imagePullPolicy": _pull_policy(container.get("image", ""))})
    for port in container.get("ports") or ():
        fill(port, {"protocol": "TCP"})
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        if probe := container.get(name):
            fill(probe, PROBE)
            if check := probe.get("httpGet"):
                fill(check, {"path": "/", "scheme": "HTTP"})
    for variable in container.get("env") or ():
        if reference := (variable.get("valueFrom") or {}).get("fieldRef"):
            fill(reference, {"apiVersion": "v1"})


def pod_spec(spec: Obj) -> None:
    """Fill in a pod's spec, wherever it stands."""
    fill(spec, POD)
    if account := spec.get("serviceAccountName"):
        fill(spec, {"serviceAccount": account})
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        _container(container)
    for volume in spec.get("volumes") or ():
        for source, mode in (("secret", 420), ("configMap", 420), ("projected", 420)):
            if volume.get(source) is not None:
                fill(volume[source], {"defaultMode": mode})
        if "hostPath" in volume:
            fill(volume["hostPath"], {"type": ""})


def _template(spec: Obj) -> None:
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    pod_spec(template.setdefault("spec", {}))


def _deployment(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    fill(spec, {"replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    fill(spec, {"strategy": ROLLING})
    if spec["strategy"].get("type", "RollingUpdate") == "RollingUpdate":
        fill(spec["strategy"], ROLLING)
    _template(spec)


def _replica_set(obj: Obj) -> None:
    fill(obj.setdefault("spec", {}), {"replicas": 1})
    _template(obj["spec"])


def _daemon_set(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    fill(spec, {"revisionHistoryLimit": 10, "updateStrategy": rolling})
    _template(spec)


def _stateful_set(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    retention = {"whenDeleted": "Retain", "whenScaled": "Retain"}
    fill(spec, {"replicas": 1, "revisionHistoryLimit": 10, "updateStrategy": rolling})
    fill(spec, {"podManagementPolicy": "OrderedReady", "serviceName": ""})
    fill(spec, {"persistentVolumeClaimRetentionPolicy": retention})
    _template(spec)


def _job(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    fill(spec, JOB)
    _template(spec)
    uid = obj["metadata"].get("uid", "")
    labels = {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": obj["metadata"].get("name", ""),
        "controller-uid": uid,
        "job-name": obj["metadata"].get("name", ""),
    }
    if uid and not spec.get("manualSelector"):
        fill(spec, {"selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}})
        template = spec["template"]["metadata"]
        template["labels"] = (template.get("labels") or {}) | labels
        fill(obj["metadata"], {"labels": template["labels"]})


def _cron_job(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    fill(spec, {"concurrencyPolicy": "Allow", "suspend": False})
    fill(spec, {"successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1})
    _template(spec.setdefault("jobTemplate", {}).setdefault("spec", {}))


def _pod(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    pod_spec(spec)
    fill(spec, {"serviceAccountName": "default", "serviceAccount": "default"})
    fill(spec, {"enableServiceLinks": True, "preemptionPolicy": "PreemptLowerPriority"})
    fill(spec, {"priority": 0})


def _tolerations() -> list[Obj]:
    return [
        {"key": f"node.kubernetes.io/{state}", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
        for state in ("not-ready", "unreachable")
    ]  # fmt: skip


def admit_pod(spec: Obj, name: str) -> None:
    """Add what admission adds to a new pod: tolerations, and the service account's volume."""
    spec["tolerations"] = [*(spec.get("tolerations") or ()), *_tolerations()]
    if spec.get("automountServiceAccountToken") is False:
        return
    bundle = {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": bundle},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
    ]
    projected = {"sources": sources, "defaultMode": 420}
    spec["volumes"] = [*(spec.get("volumes") or ()), {"name": name, "projected": projected}]
    mount = {"name": name, "readOnly": True, "mountPath": TOKEN_PATH}
    for container in (*(spec.get("initContainers") or ()), *spec.get("containers", ())):
        mounts = container.get("volumeMounts") or []
        if all(each.get("mountPath") != TOKEN_PATH for each in mounts):
            container["volumeMounts"] = [*mounts, mount]


def _service(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    if spec.get("type") == "ExternalName":
        return
    fill(spec, SERVICE)
    for port in spec.get("ports") or ():
        fill(port, {"protocol": "TCP", "targetPort": port.get("port")})


def _secret(obj: Obj) -> None:
    fill(obj, {"type": "Opaque"})
    for key, text in (obj.pop("stringData", None) or {}).items():
        data = obj["data"] = obj.get("data") or {}
        data[key] = base64.b64encode(text.encode()).decode()


def _config_map(obj: Obj) -> None:
    for field in ("data", "binaryData"):
        if not obj.get(field):
            obj.pop(field, None)


def _namespace(obj: Obj) -> None:
    meta = obj["metadata"]
    meta["labels"] = (meta.get("labels") or {}) | {"kubernetes.io/metadata.name": meta["name"]}
    if not obj.get("spec"):
        obj["spec"] = {"finalizers": ["kubernetes"]}


def _definition(obj: Obj) -> None:
    spec = obj["spec"]
    names = spec["names"]
    fill(names, {"singular": names["kind"].lower(), "listKind": f"{names['kind']}List"})
    fill(spec, {"conversion": {"strategy": "None"}})


def _binding(obj: Obj) -> None:
    fill(obj.get("roleRef") or {}, {"apiGroup": RBAC})
    for subject in obj.get("subjects") or ():
        if subject.get("kind") in {"User", "Group"}:
            fill(subject, {"apiGroup": RBAC})


def _event(obj: Obj) -> None:
    fill(obj, {"metadata": {}, "source": {}, "reportingComponent": "", "reportingInstance": ""})


FILLERS: dict[str, Callable[[Obj], None]] = {
    "clusterrolebindings": _binding,
    "configmaps": _config_map,
    "cronjobs": _cron_job,
    "customresourcedefinitions": _definition,
    "daemonsets": _daemon_set,
    "deployments": _deployment,
    "events": _event,
    "jobs": _job,
    "namespaces": _namespace,
    "pods": _pod,
    "replicasets": _replica_set,
    "rolebindings": _binding,
    "secrets": _secret,
    "services": _service,
    "statefulsets": _stateful_set,
}


def complete(kind: Kind, obj: Obj) -> None:
    """Fill in what the body left out."""
    if not kind.custom and kind.plural in FILLERS:
        FILLERS[kind.plural](obj)


def first_status(kind: Kind, obj: Obj) -> None:
    """Drop the status a client sent along with a new object, and start it as the server does."""
    if "status" not in kind.subresources or kind.plural in KEEPS_STATUS_ON_CREATE:
        return
    if kind.custom:
        obj.pop("status", None)
        return
    obj["status"] = copy_of(FIRST_STATUS.get(kind.plural, {}))
    if kind.plural == "pods":
        obj["status"]["qosClass"] = quality(obj["spec"])
    if kind.plural == "customresourcedefinitions":
        versions = obj["spec"].get("versions") or ()
        obj["status"]["storedVersions"] = [each["name"] for each in versions if each.get("storage")]


def quality(spec: Obj) -> str:
    """Return a pod's quality of service class."""
    resources: list[dict[str, Any]] = [c.get("resources") or {} for c in spec.get("containers", ())]
    if all(not r.get("requests") and not r.get("limits") for r in resources):
        return "BestEffort"
    guaranteed = all(
        set(r.get("limits") or {}) >= {"cpu", "memory"}
        and (r.get("requests") or r["limits"]) == r["limits"]
        for r in resources
    )
    return "Guaranteed" if guaranteed else "Burstable"
