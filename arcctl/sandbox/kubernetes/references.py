"""What a pod refers to and must be there before it starts: Secrets and ConfigMaps (arc.md A3, T05)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.sandbox.kubernetes.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.sandbox.kubernetes.store import Document, Obj, Store

SECRETS, MAPS = KINDS["secrets"], KINDS["configmaps"]


def _sources(volume: Obj) -> Iterator[tuple[str, str, Obj]]:
    """Yield kind, name and the reference itself, projected volumes included."""
    if secret := volume.get("secret"):
        yield "secret", secret.get("secretName", ""), secret
    if config := volume.get("configMap"):
        yield "configmap", config.get("name", ""), config
    for source in (volume.get("projected") or {}).get("sources") or ():
        for field, kind in (("secret", "secret"), ("configMap", "configmap")):
            if found := source.get(field):
                yield kind, found.get("name", ""), found


def _lookup(store: Store, kind: str, namespace: str, name: str) -> Document | None:
    return store.get((SECRETS if kind == "secret" else MAPS).key, namespace, name)


def missing_volume(store: Store, pod: Document) -> tuple[str, str] | None:
    """Return the first volume that cannot be mounted, and why."""
    namespace = pod["metadata"]["namespace"]
    for volume in pod["spec"].get("volumes") or ():
        for kind, name, reference in _sources(volume):
            if reference.get("optional"):
                continue
            found = _lookup(store, kind, namespace, name)
            if found is None:
                return volume["name"], f'{kind} "{name}" not found'
            keys = [item["key"] for item in reference.get("items") or ()]
            if any(key not in (found.get("data") or {}) for key in keys):
                return volume["name"], f"references non-existent {kind} key: {keys[0]}"
    return None


VARIABLE = {"secretKeyRef": "secret", "configMapKeyRef": "configmap"}
WHOLE = {"secretRef": "secret", "configMapRef": "configmap"}


def _named(holder: Obj, fields: dict[str, str]) -> Iterator[tuple[str, Obj]]:
    for field, kind in fields.items():
        if field in holder:
            yield kind, holder[field]


def _variables(pod: Document) -> Iterator[tuple[str, Obj]]:
    for container in pod["spec"]["containers"]:
        for variable in container.get("env") or ():
            yield from _named(variable.get("valueFrom") or {}, VARIABLE)
        for whole in container.get("envFrom") or ():
            yield from _named(whole, WHOLE)


def missing_environment(store: Store, pod: Document) -> str:
    """Return why a container's environment cannot be made, or nothing."""
    namespace = pod["metadata"]["namespace"]
    for kind, reference in _variables(pod):
        if reference.get("optional"):
            continue
        found = _lookup(store, kind, namespace, reference.get("name", ""))
        if found is None:
            return f'{kind} "{reference.get("name", "")}" not found'
        key = reference.get("key")
        if key and key not in (found.get("data") or {}):
            shown = "Secret" if kind == "secret" else "ConfigMap"
            return f"couldn't find key {key} in {shown} {namespace}/{reference['name']}"
    return ""
