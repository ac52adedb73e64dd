"""`helm upgrade --install` and `helm uninstall`, played through the API (`arm.md` 4.6).

What helm refuses is refused, in its words; what it adopts or restores is adopted or restored.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from arcctl.sandbox.clusterapi import RefusedError
from arcctl.sandbox.configuration import charts, records
from arcctl.sandbox.configuration.naming import MANAGED_BY

if TYPE_CHECKING:
    from datetime import datetime

    from arcctl.sandbox.clusterapi import ClusterApi
    from arcctl.sandbox.configuration.records import Record

    Object = dict[str, Any]

_HISTORY = 10
_LABEL = f'label validation error: missing key "{MANAGED_BY}": must be set to "Helm"'
_MISSING = 'annotation validation error: missing key "{}": must be set to "{}"'
_OTHER = 'annotation validation error: key "{}" must equal "{}": current value is "{}"'


class BlockedError(Exception):
    """Helm would not go on; the text is what it would say."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release as it is wanted: the chart's metadata, its values, its marked objects."""

    name: str
    namespace: str
    chart: Object
    values: Object
    objects: list[Object]


async def install(api: ClusterApi, wanted: Release, now: datetime) -> None:
    """Install, or upgrade what is there; raise BlockedError where helm would refuse."""
    await ensure_namespace(api, wanted.namespace)
    history = await _history(api, wanted.name, wanted.namespace)
    before = _deployed(wanted, history)
    live = await asyncio.gather(*(api.find(charts.path(each)) for each in wanted.objects))
    for thing, there in zip(wanted.objects, live, strict=True):
        _check_ownership(thing, there, upgrading=before is not None)
    for thing, there in zip(wanted.objects, live, strict=True):
        await lay(api, thing, there)
    kept = {charts.path(each) for each in wanted.objects}
    for old in before.objects if before else ():
        if charts.path(old) not in kept:
            await api.remove(charts.path(old))
    await _record(api, wanted, history, before, now)


async def uninstall(api: ClusterApi, name: str, namespace: str) -> None:
    """Remove a release with all its objects; one that is not there is well removed."""
    history = await _history(api, name, namespace)
    if not history:
        return
    for thing in reversed(history[-1].objects):
        await api.remove(charts.path(thing))
    for record in history:
        await api.remove(f"{charts.collection('Secret', namespace)}/{record.secret_name}")


async def ensure_namespace(api: ClusterApi, name: str) -> None:
    try:
        await api.create(
            "/api/v1/namespaces",
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}},
        )
    except RefusedError as refusal:
        if refusal.status != 409:
            raise


async def lay(api: ClusterApi, thing: Object, there: Object | None) -> None:
    """Create an object, or bring the one that is there back to what it should be."""
    if there is None:
        await api.create(
            charts.collection(thing["kind"], thing["metadata"].get("namespace", "")), thing
        )
    else:
        await api.patch(charts.path(thing), thing)


async def _history(api: ClusterApi, name: str, namespace: str) -> list[Record]:
    selector = quote(f"owner=helm,name={name}")
    held = await api.get(f"/api/v1/namespaces/{namespace}/secrets?labelSelector={selector}")
    return sorted(map(records.read, held["items"]), key=lambda record: record.revision)


def _deployed(wanted: Release, history: list[Record]) -> Record | None:
    if history and history[-1].status in records.UNFINISHED:
        raise BlockedError("another operation (install/upgrade/rollback) is in progress")
    deployed = [record for record in history if record.status == "deployed"]
    if history and not deployed:
        raise BlockedError(f'UPGRADE FAILED: "{wanted.name}" has no deployed releases')
    return deployed[-1] if deployed else None


def _check_ownership(thing: Object, there: Object | None, *, upgrading: bool) -> None:
    faults = _faults(thing["metadata"], there["metadata"]) if there else []
    if not faults:
        return
    name, namespace = thing["metadata"]["name"], thing["metadata"].get("namespace", "")
    act = "update" if upgrading else "install"
    raise BlockedError(
        f"Unable to continue with {act}: {thing['kind']} {_quoted(name)} in namespace "
        f"{_quoted(namespace)} exists and cannot be imported into the current release: invalid "
        f"ownership metadata; {'; '.join(faults)}"
    )


def _faults(wanted: Object, there: Object) -> list[str]:
    has = (there.get("labels") or {}).get(MANAGED_BY)
    faults = [] if has == "Helm" else [_LABEL]
    notes = there.get("annotations") or {}
    for key in ("meta.helm.sh/release-name", "meta.helm.sh/release-namespace"):
        must = wanted["annotations"][key]
        if key not in notes:
            faults.append(_MISSING.format(key, must))
        elif notes[key] != must:
            faults.append(_OTHER.format(key, must, notes[key]))
    return faults


def _quoted(text: str) -> str:
    return f'"{text}"'


async def _record(
    api: ClusterApi, wanted: Release, history: list[Record], before: Record | None, now: datetime
) -> None:
    revision = history[-1].revision + 1 if history else 1
    first = history[0].document["info"]["first_deployed"] if history else ""
    record = records.new(
        wanted.name,
        wanted.namespace,
        wanted.chart,
        wanted.objects,
        revision=revision,
        values=wanted.values,
        first=first,
        now=now,
    )
    secrets = charts.collection("Secret", wanted.namespace)
    await api.create(secrets, records.secret(record, now))
    if before:
        await api.write(secrets, records.secret(before.superseded(), now))
    for old in history[: -_HISTORY + 1]:
        await api.remove(f"{secrets}/{old.secret_name}")
