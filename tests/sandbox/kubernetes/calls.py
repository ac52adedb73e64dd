"""One list of API calls, made of the embedded Kubernetes and of the real control plane alike.

The calls are a story: they run in order in namespaces of their own, and each answer is compared
after `normal` took out what no two servers share. `DIFFERENCES` lists what is known to differ.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.kubernetes.conditions import holds
from tests.sandbox.kubernetes.bodies import (
    APPLIED,
    BINDING,
    DEFINITION,
    HELD,
    OWNED,
    POD,
    REVIEW,
    ROLE,
    SECRET,
    SERVICE,
    SPACE,
    applied_deployment,
    config_map,
    deployment,
    job,
    widget,
)

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = "application/json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"

CORE = f"/api/v1/namespaces/{SPACE}"
APPS = f"/apis/apps/v1/namespaces/{SPACE}"
BATCH = f"/apis/batch/v1/namespaces/{SPACE}"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
EXTENSIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = f"/apis/conformance.arcctl.test/v1/namespaces/{SPACE}/widgets"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True)
class Call:
    """One request. Where `until` is given, it is sent again until the answer satisfies it.

    `only` names the one part that is compared where controllers are at work on the rest.
    """

    name: str
    method: str
    path: str
    body: Any = None
    content_type: str = JSON
    accept: str = JSON
    until: Callable[[Any], bool] | None = None
    only: str = ""


@dataclass(frozen=True)
class Difference:
    """A place in answers that is known to differ, and why; `call` is a pattern of names."""

    call: str
    place: str
    reason: str


def _available(body: Any) -> bool:
    counts = body.get("status", {})
    wanted = body["spec"]["replicas"]
    return (
        counts.get("availableReplicas", 0) == wanted
        and counts.get("replicas", 0) == wanted
        and counts.get("updatedReplicas", 0) == wanted
        and counts.get("terminatingReplicas", 0) == 0
        and counts.get("observedGeneration") == body["metadata"]["generation"]
        and any(c.get("reason") == "NewReplicaSetAvailable" for c in counts["conditions"])
    )


def _gone(body: Any) -> bool:
    return body.get("reason") == "NotFound"


def _furnished(body: Any) -> bool:
    return any(item["metadata"]["name"] == "default" for item in body.get("items", ()))


CALLS = [
    Call("a namespace is created", "POST", "/api/v1/namespaces", {"metadata": {"name": SPACE}}),
    Call("a namespace is furnished", "GET", f"{CORE}/serviceaccounts", until=_furnished),
    Call("a namespace exists already", "POST", "/api/v1/namespaces", {"metadata": {"name": SPACE}}),
    Call("a namespace with a bad name", "POST", "/api/v1/namespaces", {"metadata": {"name": "A_b"}}),
    Call("a namespace is read", "GET", f"/api/v1/namespaces/{SPACE}"),
    Call("namespaces by field", "GET", f"/api/v1/namespaces?fieldSelector=metadata.name%3D{SPACE}"),
    Call("a field that is not indexed", "GET", "/api/v1/namespaces?fieldSelector=spec.nothing%3D1"),
    Call("a path that is nothing", "GET", "/apis/nothing.test/v1/things"),
    Call("a kind that is nothing", "GET", "/api/v1/things"),
    Call("a missing ConfigMap", "GET", f"{CORE}/configmaps/missing"),
    Call("a missing Deployment", "GET", f"{APPS}/deployments/missing"),
    Call("a missing namespace", "GET", "/api/v1/namespaces/missing"),
    Call("a list in a missing namespace", "GET", "/api/v1/namespaces/missing/secrets"),
    Call("a write to a missing namespace", "POST", "/api/v1/namespaces/missing/configmaps", config_map("a")),
    Call("a ConfigMap is created", "POST", f"{CORE}/configmaps", config_map("plain", a="1", b="2")),
    Call("a ConfigMap exists already", "POST", f"{CORE}/configmaps", config_map("plain")),
    Call("a ConfigMap without a name", "POST", f"{CORE}/configmaps", {"data": {"a": "1"}}),
    Call("a ConfigMap with a bad name", "POST", f"{CORE}/configmaps", config_map("Bad_Name")),
    Call("a ConfigMap of the wrong kind", "POST", f"{CORE}/configmaps", SECRET),
    Call("a ConfigMap that is not JSON", "POST", f"{CORE}/configmaps", b"{nonsense"),
    Call("a dry run creates nothing", "POST", f"{CORE}/configmaps?dryRun=All", config_map("dry", a="1")),
    Call("what a dry run made", "GET", f"{CORE}/configmaps/dry"),
    Call("a bad dry run", "POST", f"{CORE}/configmaps?dryRun=Some", config_map("dry")),
    Call("a merge patch", "PATCH", f"{CORE}/configmaps/plain", {"data": {"a": None, "c": "3"}}, MERGE),
    Call("a strategic patch", "PATCH", f"{CORE}/configmaps/plain", {"metadata": {"labels": {"x": "y"}}}, STRATEGIC),
    Call("a JSON patch", "PATCH", f"{CORE}/configmaps/plain", [{"op": "replace", "path": "/data/b", "value": "9"}], JSON_PATCH),
    Call("a JSON patch of nothing", "PATCH", f"{CORE}/configmaps/plain", [{"op": "remove", "path": "/data/zzz"}], JSON_PATCH),
    Call("a JSON patch whose test fails", "PATCH", f"{CORE}/configmaps/plain", [{"op": "test", "path": "/data/b", "value": "no"}], JSON_PATCH),
    Call("a patch of an unknown type", "PATCH", f"{CORE}/configmaps/plain", {}, "text/plain"),
    Call("a patch with an old version", "PATCH", f"{CORE}/configmaps/plain", {"metadata": {"resourceVersion": "1"}, "data": {"z": "1"}}, MERGE),
    Call("a patch with a foreign uid", "PATCH", f"{CORE}/configmaps/plain", {"metadata": {"uid": "00000000-0000-4000-8000-000000000001"}}, MERGE),
    Call("a patch of what is missing", "PATCH", f"{CORE}/configmaps/missing", {"data": {}}, MERGE),
    Call("an update", "PUT", f"{CORE}/configmaps/plain", config_map("plain", only="this")),
    Call("an update under another name", "PUT", f"{CORE}/configmaps/plain", config_map("other")),
    Call("an update of what is missing", "PUT", f"{CORE}/configmaps/missing", config_map("missing")),
    Call("an update with an old version", "PUT", f"{CORE}/configmaps/plain", config_map("plain") | {"metadata": {"name": "plain", "resourceVersion": "1"}}),
    Call("a create with a version", "POST", f"{CORE}/configmaps", config_map("v") | {"metadata": {"name": "v", "resourceVersion": "1"}}),
    Call("a create in another namespace", "POST", f"{CORE}/configmaps", config_map("v") | {"metadata": {"name": "v", "namespace": "default"}}),
    Call("a list by label", "GET", f"{CORE}/configmaps?labelSelector=x+in+(y,z),!w"),
    Call("a list as metadata", "GET", f"{CORE}/configmaps?fieldSelector=metadata.name%3Dplain", accept="application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"),
    Call("an object as metadata", "GET", f"{CORE}/configmaps/plain", accept="application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"),
    Call("a page of a list", "GET", f"{CORE}/configmaps?limit=1"),
    Call("an apply creates", "PATCH", f"{CORE}/configmaps/applied?fieldManager=one", APPLIED, APPLY),
    Call("an apply without a manager", "PATCH", f"{CORE}/configmaps/applied", APPLIED, APPLY),
    Call("an apply drops what it no longer names", "PATCH", f"{CORE}/configmaps/applied?fieldManager=one", config_map("applied", a="1", c="3"), APPLY),
    Call("an apply of another manager", "PATCH", f"{CORE}/configmaps/applied?fieldManager=two", config_map("applied", d="4"), APPLY),
    Call("an apply that conflicts", "PATCH", f"{CORE}/configmaps/applied?fieldManager=two", config_map("applied", a="7"), APPLY),
    Call("an apply that is forced", "PATCH", f"{CORE}/configmaps/applied?fieldManager=two&force=true", config_map("applied", a="7"), APPLY),
    Call("a Secret is created", "POST", f"{CORE}/secrets", SECRET),
    Call("a Secret keeps its type", "PATCH", f"{CORE}/secrets/s", {"type": "other"}, MERGE),
    Call("a Service is created", "POST", f"{CORE}/services", SERVICE),
    Call("a ServiceAccount is created", "POST", f"{CORE}/serviceaccounts", {"metadata": {"name": "sa"}}),
    Call("a ServiceAccount is deleted", "DELETE", f"{CORE}/serviceaccounts/sa"),
    Call("a role is created", "POST", f"{RBAC}/clusterroles", ROLE),
    Call("a binding is created", "POST", f"{RBAC}/clusterrolebindings", BINDING),
    Call("a binding keeps its role", "PATCH", f"{RBAC}/clusterrolebindings/conformance:reader", {"roleRef": {"name": "other"}}, MERGE),
    Call("a binding is deleted", "DELETE", f"{RBAC}/clusterrolebindings/conformance:reader"),
    Call("a role is deleted", "DELETE", f"{RBAC}/clusterroles/conformance:reader"),
    Call("an access review", "POST", REVIEWS, REVIEW),
    Call("a Deployment is created", "POST", f"{APPS}/deployments", deployment("web", 2)),
    Call("a Deployment becomes available", "GET", f"{APPS}/deployments/web", until=_available),
    Call("its ReplicaSet", "GET", f"{APPS}/replicasets?labelSelector=app%3Dweb"),
    Call("its pods", "GET", f"{CORE}/pods?labelSelector=app%3Dweb"),
    Call("a Deployment with a foreign selector", "POST", f"{APPS}/deployments", deployment("bad") | {"spec": deployment("bad")["spec"] | {"selector": {"matchLabels": {"app": "x"}}}}),
    Call("a Deployment keeps its selector", "PATCH", f"{APPS}/deployments/web", {"spec": {"selector": {"matchLabels": {"app": "x"}}}}, MERGE),
    Call("a Deployment without containers", "POST", f"{APPS}/deployments", {"metadata": {"name": "empty"}, "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}}}}),
    Call("a container is patched by name", "PATCH", f"{APPS}/deployments/web", {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "registry.k8s.io/pause:3.9", "env": [{"name": "B", "value": "2"}]}]}}}}, STRATEGIC),
    Call("a rollout comes to its end", "GET", f"{APPS}/deployments/web", until=_available),
    Call("the scale is read", "GET", f"{APPS}/deployments/web/scale"),
    Call("the scale is set", "PATCH", f"{APPS}/deployments/web/scale", {"spec": {"replicas": 1}}, MERGE),
    Call("a scaled Deployment", "GET", f"{APPS}/deployments/web", until=_available),
    Call("status is not for writers of specs", "PATCH", f"{APPS}/deployments/web", {"status": {"replicas": 99}}, MERGE),
    Call("a variable is deleted by a directive", "PATCH", f"{APPS}/deployments/web", {"spec": {"template": {"spec": {"containers": [{"name": "main", "env": [{"name": "B", "$patch": "delete"}]}]}}}}, STRATEGIC, only="spec"),
    Call("variables are put in order", "PATCH", f"{APPS}/deployments/web", {"spec": {"template": {"spec": {"containers": [{"name": "main", "$setElementOrder/env": [{"name": "C"}, {"name": "A"}], "env": [{"name": "C", "value": "3"}]}]}}}}, STRATEGIC, only="spec"),
    Call("a Deployment is deleted", "DELETE", f"{APPS}/deployments/web"),
    Call("its pods go with it", "GET", f"{CORE}/pods?labelSelector=app%3Dweb", until=lambda body: not body["items"]),
    Call("a Deployment is applied", "PATCH", f"{APPS}/deployments/applied?fieldManager=one&force=true", applied_deployment("1", "2"), APPLY),
    Call("a Deployment is applied anew", "PATCH", f"{APPS}/deployments/applied?fieldManager=one&force=true", applied_deployment("1"), APPLY, only="spec"),
    Call("an applied Deployment goes in the foreground", "DELETE", f"{APPS}/deployments/applied", {"propagationPolicy": "Foreground"}, only="spec"),
    Call("an applied Deployment is gone", "GET", f"{APPS}/deployments/applied", until=_gone),
    Call("nulls count as absent", "POST", f"{CORE}/configmaps", {"metadata": {"name": "nulls", "labels": None, "annotations": {"a": "b"}}, "data": None}),
    Call("a StatefulSet is created", "POST", f"{APPS}/statefulsets", deployment("db") | {"kind": "StatefulSet"}),
    Call("a StatefulSet is deleted", "DELETE", f"{APPS}/statefulsets/db"),
    Call("a Lease is created", "POST", f"/apis/coordination.k8s.io/v1/namespaces/{SPACE}/leases", {"metadata": {"name": "l"}, "spec": {"holderIdentity": "me", "leaseDurationSeconds": 15}}),
    Call("a Lease is taken over", "PATCH", f"/apis/coordination.k8s.io/v1/namespaces/{SPACE}/leases/l", {"spec": {"holderIdentity": "you"}}, MERGE),
    Call("a Lease is deleted", "DELETE", f"/apis/coordination.k8s.io/v1/namespaces/{SPACE}/leases/l"),
    Call("a collection is deleted", "DELETE", f"{CORE}/configmaps?fieldSelector=metadata.name%3Dnulls"),
    Call("a Job is created", "POST", f"{BATCH}/jobs", job("once")),
    Call("a Job completes", "GET", f"{BATCH}/jobs/once", until=lambda body: holds(body, "Complete")),
    Call("its pod has succeeded", "GET", f"{CORE}/pods?labelSelector=job-name%3Donce"),
    Call("a Job that restarts always", "POST", f"{BATCH}/jobs", job("never") | {"spec": {"template": {"spec": job("x")["spec"]["template"]["spec"] | {"restartPolicy": "Always"}}}}),
    Call("a Job is deleted", "DELETE", f"{BATCH}/jobs/once?propagationPolicy=Background"),
    Call("a Job is gone", "GET", f"{BATCH}/jobs/once", until=_gone),
    Call("a pod that fits nowhere", "POST", f"{CORE}/pods", POD),
    Call("it says so", "GET", f"{CORE}/pods/lone", until=lambda body: body["status"].get("conditions")),
    Call("it is deleted at once", "DELETE", f"{CORE}/pods/lone"),
    Call("it is gone", "GET", f"{CORE}/pods/lone"),
    Call("what has no living owner is created", "POST", f"{CORE}/configmaps", OWNED),
    Call("and collected", "GET", f"{CORE}/configmaps/owned", until=_gone),
    Call("a held ConfigMap is created", "POST", f"{CORE}/configmaps", HELD),
    Call("a held ConfigMap is marked", "DELETE", f"{CORE}/configmaps/held"),
    Call("a held ConfigMap is marked again", "DELETE", f"{CORE}/configmaps/held"),
    Call("a held ConfigMap is let go", "PATCH", f"{CORE}/configmaps/held", {"metadata": {"finalizers": None}}, MERGE),
    Call("a held ConfigMap is gone", "GET", f"{CORE}/configmaps/held"),
    Call("a delete with a foreign uid", "DELETE", f"{CORE}/configmaps/plain", {"preconditions": {"uid": "00000000-0000-4000-8000-000000000001"}}),
    Call("a dry deletion", "DELETE", f"{CORE}/configmaps/plain?dryRun=All"),
    Call("a ConfigMap is deleted", "DELETE", f"{CORE}/configmaps/plain"),
    Call("a ConfigMap is deleted twice", "DELETE", f"{CORE}/configmaps/plain"),
    Call("a definition is created", "POST", EXTENSIONS, DEFINITION),
    Call("a definition is established", "GET", f"{EXTENSIONS}/widgets.conformance.arcctl.test", until=lambda body: holds(body, "Established")),
    Call("a custom list is empty", "GET", WIDGETS, until=lambda body: "items" in body),
    Call("a custom object is created", "POST", WIDGETS, widget("w", finalizers=["arcctl.test/held"])),
    Call("a custom object takes no strategic patch", "PATCH", f"{WIDGETS}/w", {"spec": {"size": 4}}, STRATEGIC),
    Call("a custom object is patched", "PATCH", f"{WIDGETS}/w", {"spec": {"size": 4}}, MERGE),
    Call("a custom status is patched", "PATCH", f"{WIDGETS}/w/status", {"status": {"seen": True}, "spec": {"size": 9}}, MERGE),
    Call("custom objects are listed", "GET", WIDGETS),
    Call("a custom group is discovered", "GET", "/apis/conformance.arcctl.test"),
    Call("a definition is deleted", "DELETE", f"{EXTENSIONS}/widgets.conformance.arcctl.test"),
    Call("a custom object is dying", "GET", f"{WIDGETS}/w", until=lambda body: "deletionTimestamp" in body["metadata"]),
    Call("a custom object is let go", "PATCH", f"{WIDGETS}/w", {"metadata": {"finalizers": None}}, MERGE),
    Call("a definition is gone", "GET", f"{EXTENSIONS}/widgets.conformance.arcctl.test", until=_gone),
    Call("a last ConfigMap holds on", "POST", f"{CORE}/configmaps", HELD),
    Call("the namespace is deleted", "DELETE", f"/api/v1/namespaces/{SPACE}"),
    Call("nothing new comes into it", "POST", f"{CORE}/configmaps", config_map("late")),
    Call("the namespace says what remains", "GET", f"/api/v1/namespaces/{SPACE}", until=lambda body: holds(body, "NamespaceFinalizersRemaining")),
    Call("the last one lets go", "PATCH", f"{CORE}/configmaps/held", {"metadata": {"finalizers": None}}, MERGE),
    Call("the namespace is gone", "GET", f"/api/v1/namespaces/{SPACE}", until=_gone),
]  # fmt: skip

NO_TWO_SHARE = re.compile(
    r"(uid|resourceVersion|continue|clusterIPs?|podIPs?|hostIPs?|nodeName|imageID|containerID|"
    r"storageVersionHash|ca\.crt|\w*controller-uid|.*(Time|Timestamp|At)|observedContainerID)$"
)
IN_TEXT = [
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "<uid>"),
    (re.compile(r"\b(web)-[a-z0-9]{8,10}(-[a-z0-9]{5})?\b"), r"\1-<hash>"),
    (re.compile(r"kube-api-access-[a-z0-9]{5}"), "kube-api-access-<random>"),
    (re.compile(r"\b(once)-[a-z0-9]{5}\b"), r"\1-<random>"),
]
UNKEPT = frozenset({"managedFields"})


def _text(value: str) -> str:
    for pattern, shown in IN_TEXT:
        value = pattern.sub(shown, value)
    return value


def normal(value: Any, key: str = "") -> Any:
    """Take out of an answer what no two servers share: ids, times, versions, addresses."""
    if NO_TWO_SHARE.match(key) and value not in (None, "", "0"):
        return f"<{key}>"
    if isinstance(value, dict):
        return {k: normal(item, k) for k, item in sorted(value.items()) if k not in UNKEPT}
    if isinstance(value, list):
        items = [normal(item) for item in value]
        return sorted(items, key=lambda c: c["type"]) if key == "conditions" else items
    if key == "pod-template-hash":
        return "<hash>"
    return _text(value) if isinstance(value, str) else value


def body_of(call: Call) -> bytes | None:
    """Encode a call's body; JSON is YAML too."""
    if call.body is None or isinstance(call.body, bytes):
        return call.body
    return json.dumps(call.body).encode()


KWOK = "kwok plays the kubelet there and leaves out what a kubelet writes here"
DIFFERENCES = [
    Difference("a ConfigMap that is not JSON", ".message", "the JSON parser words its own fault"),
    Difference("its pod.*", ".items[*].status.observedGeneration", KWOK),
    Difference("its pod.*", ".items[*].status.conditions", KWOK),
    Difference("its pod.*", ".items[*].status.containerStatuses[*].containerID", KWOK),
    Difference("its pod.*", ".items[*].status.containerStatuses[*].imageID", KWOK),
    Difference("its pod.*", ".items[*].status.containerStatuses[*].started", KWOK),
]


def differing(one: Any, other: Any, path: str = "") -> list[str]:
    """Return the places where two normalised answers are not the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        keys = sorted({*one, *other})
        absent = object()
        pairs = [(f"{path}.{k}", one.get(k, absent), other.get(k, absent)) for k in keys]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{path}[*]", a, b) for a, b in zip(one, other, strict=True)]
    else:
        return [] if one == other else [path]
    return [place for where, a, b in pairs for place in differing(a, b, where)]


def is_known(call: str, place: str) -> bool:
    """Say whether a difference is listed."""
    return any(
        re.fullmatch(each.call, call) and place.startswith(each.place) for each in DIFFERENCES
    )
