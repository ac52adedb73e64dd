"""What was installed: helm's values, the names of Secrets, and what the agents report of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError
from arcctl.model import cluster as names
from arcctl.model.installed import read_record
from arcctl.operations.evidence.dossier import Unwritable
from arcctl.operations.evidence.piece import Tray, piece

if TYPE_CHECKING:
    from arcctl.model.onboarding import Release

_SECRETS = f"/api/v1/namespaces/{names.AGENT_NAMESPACE}/secrets"
_REPORTS = {
    "connectedclusters.arc.azure.": "metadata_cr_snapshot.txt",
    "arccertificates.clusterconfig.azure.": "kube_aad_proxy_cr_snapshot.txt",
    "signingkeys.clusterconfig.azure.": "signingkey_cr_snapshot.txt",
}


@piece("secret-names", "secret names")
async def secret_names(tray: Tray) -> str:
    """The names alone: the server is asked for nothing else."""
    kubernetes = await tray.kubernetes()
    found = [
        str(each["metadata"]["name"])
        async for each in kubernetes.items(_SECRETS, metadata_only=True)
    ]
    if not found:
        return tray.absent(f"no Secret is in namespace {names.AGENT_NAMESPACE}")
    tray.lines("azure-arc-secrets.txt", sorted(found))
    return f"{len(found)} names"


@piece("identity-map", "identity map")
async def identity_map(tray: Tray) -> str:
    """Whose the cluster says it is, and how its agents were told to behave."""
    found = await tray.sight.identity_map()
    if found is None:
        return tray.absent(f"there is no ConfigMap {names.IDENTITY_MAP}")
    tray.yaml("azure_clusterconfig.txt", found)
    return f"{found.get('AZURE_RESOURCE_GROUP')}/{found.get('AZURE_RESOURCE_NAME')}"


@piece("helm-values", "helm values")
async def values(tray: Tray) -> str:
    """What the newest release was given, whatever came of it."""
    release = await tray.sight.release()
    if release is None:
        return tray.absent(f"there is no release {names.RELEASE}")
    return await lay_values(tray, release, "helm_values_azure_arc.txt")


async def lay_values(tray: Tray, release: Release, path: str) -> str:
    """Read helm's record of a release and lay down what it was given."""
    record = await (await tray.kubernetes()).get(release.record)
    found = read_record(release, record, newest=True)
    told = {
        "namespace": release.namespace,
        "revision": release.revision,
        "status": release.status,
        "chart": found.version,
    }
    tray.yaml(path, {"release": told, "values": found.values})
    return f"revision {release.revision}, {release.status}, chart {found.version}"


@piece("reports", "reports")
async def reports(tray: Tray) -> str:
    """The custom resources in which the agents say what they know."""
    kinds = {
        name: path
        for name in sorted(await tray.sight.definitions())
        for start, path in _REPORTS.items()
        if name.startswith(start)
    }
    if not kinds:
        return tray.absent("the kinds of Arc are not defined in this cluster")
    for name, path in kinds.items():
        try:
            await _lay_report(tray, name, path)
        except Unwritable:
            raise
        except ArcctlError as error:
            tray.lacks(f"{path}: {error.message}")
    return f"{len(tray.files)} of {len(kinds)} kinds"


async def _lay_report(tray: Tray, kind: str, path: str) -> None:
    plural, _, group = kind.partition(".")
    kubernetes = await tray.kubernetes()
    served = await kubernetes.get(f"/apis/{group}")
    version = served["preferredVersion"]["groupVersion"]
    collection = f"/apis/{version}/namespaces/{names.AGENT_NAMESPACE}/{plural}"
    if found := [each async for each in kubernetes.items(collection)]:
        tray.yaml(path, *found)
