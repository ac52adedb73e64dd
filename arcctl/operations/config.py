"""`arcctl config`: the children of a cluster, listed, written to files, and compared."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arcctl.errors import FindingsError, NotFound
from arcctl.model.configuration import manifest
from arcctl.model.configuration.comparing import compare
from arcctl.model.configuration.secrets import needs
from arcctl.model.resource_id import ClusterId
from arcctl.operations import inventory
from arcctl.operations.configuration import manifests
from arcctl.operations.configuration.children import children_of
from arcctl.operations.keeping.free import require_none_about

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from arcctl.clients import Clients
    from arcctl.model.configuration.child import Child
    from arcctl.model.configuration.comparing import Comparison
    from arcctl.model.configuration.manifest import Manifest
    from arcctl.model.connected_cluster import Body

    ClusterOf = Callable[[str, str | None], Awaitable[ClusterId]]


@dataclass(frozen=True, slots=True)
class Export:
    """The configuration of a cluster, ready to be written; `left_out` is not ours to write."""

    cluster: ClusterId
    region: str
    children: tuple[Child, ...]
    left_out: tuple[Child, ...]

    def to_document(self) -> Body:
        """Return the manifest as plain JSON."""
        entries = [manifest.entry(child) for child in self.children]
        return {**manifest.head(self.cluster.path, self.region), "children": entries}

    def to_text(self, file: str = "FILE") -> str:
        """Return the manifest as YAML, with a comment that says what to do with it."""
        return manifests.text_of(self.children, self.cluster.path, self.region, file)

    def write_file(self, path: str) -> None:
        """Write one file for all."""
        manifests.write_file(Path(path), self.to_text(path))

    def write_folder(self, folder: str) -> list[str]:
        """Write a file for each, and return the files of children that were removed.

        Raise Refusal for the folder of another cluster.
        """
        path, region = self.cluster.path, self.region
        return [
            str(each) for each in manifests.write_folder(Path(folder), self.children, path, region)
        ]


async def children(clients: Clients, cluster: ClusterId) -> tuple[Child, ...]:
    """Return all children, after naming the runs that have not ended: they may lack some for now.

    Raise NotFound where there is no such cluster.
    """
    inventory.name_runs(clients, [cluster])
    return await _read(clients, cluster)


async def _read(clients: Clients, cluster: ClusterId) -> tuple[Child, ...]:
    return await children_of(await clients.arm(), cluster, note=clients.note)


async def export(clients: Clients, cluster: ClusterId) -> Export:
    """Read what can be written again.

    Raise Refusal while a run about the cluster has not ended: what is there then is only a part.
    """
    from asyncio import gather

    try:
        resource, found = await gather(inventory.show(clients, cluster), _read(clients, cluster))
    except NotFound:
        # While it is moved it may be nowhere.
        await require_none_about(clients, cluster)
        raise
    # Asked afterwards: a run that has begun while Azure was read counts as well.
    await require_none_about(clients, cluster)
    return Export(
        cluster,
        str(resource.get("location") or ""),
        tuple(child for child in found if child.carried),
        tuple(child for child in found if not child.carried),
    )


async def diff(left: Awaitable[Manifest], right: Awaitable[Manifest]) -> Comparison:
    """Compare two clusters, or files, or one with the other."""
    from asyncio import gather

    found = await gather(left, right)
    return compare(found[0].children, found[1].children)


async def side(clients: Clients, text: str, cluster_of: ClusterOf) -> Manifest:
    """Return what one word of `config diff` means: a file or folder, or a cluster's children.

    `cluster_of` finds a cluster by name and, where it was said, group. Raises UsageError for
    what is no manifest, NotFound where there is no such cluster.
    """
    if manifests.is_path(text):
        return manifests.read(text, clients.settings.streams.stdin)
    if text.startswith("/"):
        cluster = ClusterId.parse(text)
    else:
        group, _, name = text.rpartition("/")
        cluster = await cluster_of(name, group or None)
    return manifest.Manifest(await children(clients, cluster), cluster=cluster.path)


def listed(child: Child) -> Body:
    """Return what `config list` says of one child, as plain JSON."""
    state = child.state
    return {
        "kind": str(child.kind),
        "name": child.name,
        "type": child.kind.resource_type,
        "provisioningState": state.get("provisioningState"),
        "complianceState": state.get("complianceState"),
        "version": _version(child),
        "apiVersion": child.version,
        "error": state.get("error"),
        "carried": child.carried,
        "managedBy": state.get("managedBy"),
        "isSystemExtension": bool(state.get("isSystemExtension")),
        "notCarried": list(child.not_carried),
        "secrets": [
            {
                "name": need.name,
                "anyOf": list(need.any_of),
                "why": need.why,
                "certain": need.certain,
            }
            for need in (needs(child) if child.carried else ())
        ],
    }


def _version(child: Child) -> Any:
    state = child.state
    return (
        state.get("currentVersion")
        or child.properties.get("version")
        or state.get("sourceSyncedCommitId")
    )


def require_equal(comparison: Comparison, left: str, right: str, group: str | None = None) -> None:
    """Raise FindingsError where something differs that is not expected to; `group` is for names alone."""
    if comparison.equal:
        return
    count = len(comparison.missing) + len(comparison.surplus)
    count += len({each.child for each in comparison.changed})
    applied = _applying(left, right, group) or _applying(right, left, group)
    raise FindingsError(
        f"{left} and {right} differ in {count} {'child' if count == 1 else 'children'}",
        code="config-differs",
        hints=applied or tuple(_exporting((left, right), group)),
    )


def _applying(file: str, cluster: str, group: str | None) -> str:
    """Return the command that shows how a cluster would become what a file says."""
    if not manifests.is_path(file) or manifests.is_path(cluster):
        return ""
    wanted = shlex.quote(file)
    return f"arcctl config apply {_as_options(cluster, group)} --file {wanted} --dry-run"


def _exporting(sides: Iterable[str], group: str | None) -> Iterator[str]:
    for side in sides:
        if not manifests.is_path(side):
            yield f"arcctl config export {_as_options(side, group)}"


def _as_options(text: str, usual: str | None) -> str:
    if text.startswith("/"):
        cluster = ClusterId.parse(text)
        return replace(cluster, elsewhere=True).named
    group, _, name = text.rpartition("/")
    return f"-n {shlex.quote(name)} -g {shlex.quote(group or usual or 'GROUP')}"
