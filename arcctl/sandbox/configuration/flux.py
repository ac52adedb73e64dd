"""What fluxconfig-agent and fluxconfig-controller do: a configuration becomes objects of Flux.

A FluxConfig, a source, a Kustomization for each entry, and a Secret where secrets were given
(`arm.md` 5.7 to 5.9). Objects of the same names are taken over and keep their uids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from arcctl.sandbox.clusterapi import RefusedError
from arcctl.sandbox.configuration import charts, kustomizing, naming, releasing, sources
from arcctl.sandbox.configuration.extensions import keep_values
from arcctl.sandbox.configuration.naming import CONFIGURATION, MANAGED_BY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arcctl.sandbox.azure.store import Resource
    from arcctl.sandbox.clusterapi import ClusterApi

    Object = dict[str, Any]

CONTROLLER = "fluxconfig-controller"


@dataclass(frozen=True, slots=True)
class Configuration:
    """A Flux configuration as the service tells the agent of it."""

    child: Resource

    @property
    def properties(self) -> Object:
        return self.child.properties

    @property
    def name(self) -> str:
        return naming.fitting(str(self.child.body["name"]))

    @property
    def namespace(self) -> str:
        return str(self.properties["namespace"])

    @property
    def secret(self) -> str:
        return naming.protected_secret("fluxConfigurations", str(self.child.body["name"]))

    @property
    def marks(self) -> dict[str, str]:
        return {CONFIGURATION: self.name, MANAGED_BY: CONTROLLER}

    def place(self, kind: str) -> str:
        return charts.collection(kind, self.namespace)


async def install(
    api: ClusterApi, wanted: Configuration, values: Mapping[str, str] | None
) -> list[str]:
    """Write all objects of a configuration; return the keys of its Kustomizations."""
    await releasing.ensure_namespace(api, wanted.namespace)
    secret = await _sign_in(api, wanted, values)
    before = await _write(api, wanted, _flux_config(wanted))
    source = sources.source(wanted.name, wanted.properties, secret)
    if before and (old := sources.kind_of(before["spec"])) != source["kind"]:
        await api.remove(f"{wanted.place(old)}/{wanted.name}")
    await _write(api, wanted, source)
    made = [_kustomization(wanted, entry) for entry in wanted.properties["kustomizations"].values()]
    kept = {each["metadata"]["name"] for each in made}
    for each in await _kustomizations(api, wanted) if before else ():
        if each["metadata"]["name"] not in kept:
            await api.remove(charts.path(each))
    for each in made:
        await _write(api, wanted, each)
    return sorted(f"{wanted.namespace}/{name}" for name in kept)


async def remove(api: ClusterApi, gone: Configuration, *, prune: bool) -> None:
    """Take all objects of a configuration away; `prune` says that the controller which prunes
    is there to do it, else the Kustomizations wait for it.
    """
    if await api.find(charts.KUSTOMIZATIONS) is None:
        return
    for each in await _kustomizations(api, gone):
        await api.remove(charts.path(each))
        if prune:
            await kustomizing.finalize(api, each)
    await api.remove(f"{gone.place('FluxConfig')}/{gone.name}")
    await api.remove(f"{gone.place(sources.kind_of(gone.properties))}/{gone.name}")
    await api.remove(f"{gone.place('Secret')}/{gone.secret}")


async def _kustomizations(api: ClusterApi, wanted: Configuration) -> list[Object]:
    selector = quote(f"{CONFIGURATION}={wanted.name}")
    found = await api.get(f"{wanted.place('Kustomization')}?labelSelector={selector}")
    return [{"kind": "Kustomization", **each} for each in found["items"]]


async def _sign_in(api: ClusterApi, wanted: Configuration, values: Mapping[str, str] | None) -> str:
    """Bring the Secret up to date; return its name, or nothing where there is none."""
    if values is None:
        there = await api.find(f"{wanted.place('Secret')}/{wanted.secret}")
        return wanted.secret if there else ""
    secret = _secret(wanted, values)
    await keep_values(api, secret)
    return wanted.secret if secret["data"] else ""


async def _write(api: ClusterApi, wanted: Configuration, thing: Object) -> Object | None:
    """Write an object with the configuration's marks, and return what was there before.

    One that is going must be gone first. What others wrote on it, its status too, stays.
    """
    thing["metadata"]["labels"] = wanted.marks
    there = await api.find(charts.path(thing))
    if there is None:
        await api.create(wanted.place(thing["kind"]), thing)
        return None
    metadata = there["metadata"]
    if "deletionTimestamp" in metadata:
        raise RefusedError(409, f"{thing['kind']} {wanted.name} is still going")
    labels = {**(metadata.get("labels") or {}), **wanted.marks}
    new = {**there, **thing, "metadata": {**metadata, **thing["metadata"], "labels": labels}}
    if new != there:
        await api.replace(charts.path(thing), new)
    return there


def _secret(wanted: Configuration, values: Mapping[str, str]) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "Opaque",
        "metadata": {
            "name": wanted.secret,
            "namespace": wanted.namespace,
            "labels": {naming.PROTECTED: "true", **wanted.marks},
            "annotations": {naming.CHILD: f"fluxConfigurations/{wanted.child.body['name']}"},
        },
        "data": sources.secret_data(wanted.properties, values),
    }


def _flux_config(wanted: Configuration) -> Object:
    properties = wanted.properties
    names = ("scope", "namespace", "sourceKind", "suspend")
    spec = {name: properties[name] for name in names}
    spec["source"] = {name: v for name, v in sources.block(properties).items() if v is not None}
    spec["kustomizations"] = sorted(properties["kustomizations"])
    return {
        "apiVersion": "clusterconfig.azure.com/v1alpha1",
        "kind": "FluxConfig",
        "metadata": {"name": wanted.name, "namespace": wanted.namespace},
        "spec": spec,
        "status": {"provisioningState": "Succeeded"},
    }


def _kustomization(wanted: Configuration, entry: Object) -> Object:
    spec = {
        "path": entry["path"] or "./",
        "interval": f"{entry['syncIntervalInSeconds']}s",
        "timeout": f"{entry['timeoutInSeconds']}s",
        "prune": entry["prune"],
        "force": entry["force"],
        "wait": entry["wait"],
        "suspend": bool(wanted.properties["suspend"]),
        "sourceRef": {"kind": sources.kind_of(wanted.properties), "name": wanted.name},
        "dependsOn": [{"name": _full_name(wanted, each)} for each in entry["dependsOn"]],
        "postBuild": entry["postBuild"],
        "retryInterval": _seconds(entry["retryIntervalInSeconds"]),
    }
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {
            "name": _full_name(wanted, entry["name"]),
            "namespace": wanted.namespace,
            "finalizers": [kustomizing.FINALIZER],
        },
        "spec": {name: value for name, value in spec.items() if value not in (None, [])},
    }


def _seconds(number: int | None) -> str | None:
    return None if number is None else f"{number}s"


def _full_name(wanted: Configuration, entry: str) -> str:
    return naming.fitting(f"{wanted.child.body['name']}-{entry}")
