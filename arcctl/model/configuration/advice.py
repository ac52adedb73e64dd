"""What a move means for some extensions and sources, and nobody but a person can settle (`arm.md` 4.5, 5.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.model.configuration.kinds import Kind
from arcctl.model.configuration.settling import source_block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arcctl.model.configuration.child import Child

_BACK_BY_POLICY = "a policy may put it back by itself while the move runs; then it is compared"
_BY_HAND = "custom locations and what stands on them belong to it: plan them by hand"

# The longest beginning of a type's name wins.
_BY_TYPE = {
    "microsoft.azureml.kubernetes": "its workspace must be attached again",
    "microsoft.azuredefender.kubernetes": _BACK_BY_POLICY,
    "microsoft.policyinsights": _BACK_BY_POLICY,
    "microsoft.azurepolicy": _BACK_BY_POLICY,
    "microsoft.azurekeyvaultsecretsprovider": "identities that trust the cluster's issuer must "
    "trust the new one",
    "microsoft.arcdataservices": _BY_HAND,
    "microsoft.web.appservice": _BY_HAND,
    "microsoft.app.environment": _BY_HAND,
    "microsoft.iotoperations": _BY_HAND,
    "microsoft.dapr": "where Dapr was installed by other means, the release may be in the way",
}
_OWN_CLUSTER = ("clusterid", "cluster_name")


def advice_on(child: Child) -> Iterator[str]:
    """Yield sentences for a person about one child that is to be written in another region."""
    match child.kind:
        case Kind.EXTENSION:
            yield from _on_extension(child)
        case Kind.FLUX:
            yield from _on_source(child)
        case Kind.SOURCE_CONTROL:
            yield "Flux v1 is retired: Azure may refuse it; a Flux configuration is its successor"
    if child.kind is not Kind.EXTENSION and child.state.get("repositoryPublicKey"):
        yield "Flux makes a new deploy key: register it at the git host once it is known"


def _on_extension(child: Child) -> Iterator[str]:
    kind = str(child.properties.get("extensionType") or "").lower()
    known = [name for name in _BY_TYPE if kind == name or kind.startswith(f"{name}.")]
    if known:
        yield _BY_TYPE[max(known, key=len)]
    if "entra" in kind and "workload" in kind:
        yield "its join token is short-lived: get a fresh one"
    for key, value in (child.properties.get("configurationSettings") or {}).items():
        if key.lower() in _OWN_CLUSTER:
            yield f"{key} is {value!r}: right only while the cluster keeps its name and group"


def _on_source(child: Child) -> Iterator[str]:
    block = source_block(child.properties)
    source = child.properties.get(block) or {}
    if str(source.get("provider") or "").lower() == "azure" or source.get("useWorkloadIdentity"):
        yield f"{block} is read with a workload identity, which must trust the new issuer"
    if source.get("managedIdentity"):
        yield f"{block} is read with a managed identity, which must exist on the nodes"
