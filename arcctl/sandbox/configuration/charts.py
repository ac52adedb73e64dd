"""What is in the charts of extensions: workloads that only wait, and the kinds that Flux brings.

The names of Flux's own are the real ones (`arc.md` A4, A5); other extensions get a Deployment and,
where the type can be installed once only, a ClusterRole that is named after the type.
"""

from __future__ import annotations

from typing import Any

from arcctl.sandbox.configuration.naming import FLUX_TYPE, MANAGED_BY, fitting

Object = dict[str, Any]

IMAGE = "registry.k8s.io/pause:3.10"
FLUX_DEPLOYMENTS = (
    "fluxconfig-agent",
    "fluxconfig-controller",
    "source-controller",
    "kustomize-controller",
    "helm-controller",
    "notification-controller",
)
# Kind, plural, group, version.
FLUX_KINDS = (
    ("FluxConfig", "fluxconfigs", "clusterconfig.azure.com", "v1alpha1"),
    ("GitRepository", "gitrepositories", "source.toolkit.fluxcd.io", "v1"),
    ("Bucket", "buckets", "source.toolkit.fluxcd.io", "v1"),
    ("OCIRepository", "ocirepositories", "source.toolkit.fluxcd.io", "v1"),
    ("Kustomization", "kustomizations", "kustomize.toolkit.fluxcd.io", "v1"),
)
_COLLECTIONS = {
    "CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "Secret": "/api/v1/namespaces/{}/secrets",
} | {
    kind: f"/apis/{group}/{version}/namespaces/{{}}/{plural}"
    for kind, plural, group, version in FLUX_KINDS
}
KUSTOMIZATIONS = "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations"


def collection(kind: str, namespace: str) -> str:
    """Return where objects of a kind are found."""
    return _COLLECTIONS[kind].format(namespace)


def path(thing: Object) -> str:
    metadata = thing["metadata"]
    return f"{collection(thing['kind'], metadata.get('namespace', ''))}/{metadata['name']}"


def objects(extension_type: str, release: str, namespace: str, **more: Any) -> list[Object]:
    """Return the manifest of an extension. `more`: version, and many: may there be several?"""
    version = str(more["version"])
    if extension_type.lower() == FLUX_TYPE:
        kinds = [_definition(*each) for each in FLUX_KINDS]
        workloads = [deployment(name, release, namespace, version) for name in FLUX_DEPLOYMENTS]
        return [*kinds, *workloads]
    made = [deployment(release, release, namespace, version)]
    if not more["many"]:
        made.insert(0, _role(fitting(extension_type.lower(), 253)))
    return made


def marked(thing: Object, release: str, namespace: str) -> Object:
    """Return an object with the marks by which helm knows its own."""
    metadata = thing["metadata"]
    labels = {**metadata.get("labels", {}), MANAGED_BY: "Helm"}
    notes = {
        **metadata.get("annotations", {}),
        "meta.helm.sh/release-name": release,
        "meta.helm.sh/release-namespace": namespace,
    }
    return {**thing, "metadata": {**metadata, "labels": labels, "annotations": notes}}


def deployment(name: str, part_of: str, namespace: str, version: str) -> Object:
    """Return a Deployment of one pod that waits; another version makes another pod."""
    labels = {"app.kubernetes.io/name": fitting(name), "app.kubernetes.io/instance": part_of}
    container = {
        "name": "main",
        "image": IMAGE,
        "resources": {"requests": {"cpu": "1m", "memory": "8Mi"}},
    }
    template = {
        "metadata": {"labels": {**labels, "app.kubernetes.io/version": fitting(version)}},
        "spec": {"containers": [container]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }


def _role(name: str) -> Object:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [],
    }


def _definition(kind: str, plural: str, group: str, version: str) -> Object:
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {
        "name": version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
    }
    names = {
        "kind": kind,
        "listKind": f"{kind}List",
        "plural": plural,
        "singular": kind.lower(),
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [served]},
    }
