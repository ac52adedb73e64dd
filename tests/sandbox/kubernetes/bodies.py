"""Objects that the calls, and other tests of the small Kubernetes, are made with."""

from __future__ import annotations

import base64
from typing import Any

SPACE = "conformance"


def config_map(name: str, **data: str) -> Any:
    """Describe a ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def pod_template(app: str, image: str = "registry.k8s.io/pause:3.10") -> Any:
    """Describe pods with one container."""
    return {
        "metadata": {"labels": {"app": app}},
        "spec": {"containers": [{"name": "main", "image": image, "env": [{"name": "A", "value": "1"}]}]},
    }  # fmt: skip


def deployment(name: str, replicas: int = 1) -> Any:
    """Describe a Deployment whose pods are labelled with its name."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": pod_template(name),
        },
    }


def applied_deployment(*values: str) -> Any:
    """Describe a Deployment whose container has one variable for each value."""
    body = deployment("applied")
    variables = [{"name": f"V{value}", "value": value} for value in values]
    body["spec"]["template"]["spec"]["containers"][0]["env"] = variables
    return body


def job(name: str) -> Any:
    """Describe a Job of one pod."""
    spec = pod_template(name)["spec"] | {"restartPolicy": "Never"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"template": {"spec": spec}},
    }


DEFINITION: Any = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.conformance.arcctl.test"},
    "spec": {
        "group": "conformance.arcctl.test",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "subresources": {"status": {}},
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "x-kubernetes-preserve-unknown-fields": True,
                    }
                },
            }
        ],
    },
}


def widget(name: str, **meta: Any) -> Any:
    """Describe an object of the custom kind."""
    return {
        "apiVersion": "conformance.arcctl.test/v1",
        "kind": "Widget",
        "metadata": {"name": name, **meta},
        "spec": {"size": 3},
        "status": {"seen": True},
    }


SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "v"}}
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
}
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "lone"},
    "spec": pod_template("lone")["spec"] | {"nodeSelector": {"no": "node"}},
}
ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "conformance:reader"},
    "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
}
BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "conformance:reader"},
    "roleRef": {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "ClusterRole",
        "name": "conformance:reader",
    },
    "subjects": [
        {"kind": "ServiceAccount", "name": "default", "namespace": SPACE},
        {"kind": "User", "name": "someone"},
    ],
}
OWNED = config_map("owned") | {
    "metadata": {
        "name": "owned",
        "ownerReferences": [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "ghost", "uid": "00000000-0000-4000-8000-000000000001"}
        ],
    }
}  # fmt: skip
HELD = config_map("held") | {"metadata": {"name": "held", "finalizers": ["arcctl.test/held"]}}
REVIEW = {
    "apiVersion": "authorization.k8s.io/v1",
    "kind": "SelfSubjectAccessReview",
    "spec": {"resourceAttributes": {"verb": "create", "resource": "namespaces"}},
}
APPLIED: Any = config_map("applied", a="1", b="2")


def protobuf_secret(name: str, value: bytes) -> bytes:
    """Write a Secret the way helm sends it: `k8s\\0`, an Unknown, and the message in it."""

    def field(number: int, data: bytes) -> bytes:
        size, prefix = len(data), b""
        while size > 0x7F:
            prefix += bytes([size & 0x7F | 0x80])
            size >>= 7
        return bytes([number << 3 | 2]) + prefix + bytes([size]) + data

    entry = field(1, b"release") + field(2, value)
    secret = field(1, field(1, name.encode())) + field(2, entry) + field(3, b"helm.sh/release.v1")
    kind = field(1, b"v1") + field(2, b"Secret")
    return b"k8s\0" + field(1, kind) + field(2, secret)


def decoded(secret: Any, key: str) -> bytes:
    """Return what a Secret holds under a key."""
    return base64.b64decode(secret["data"][key])
