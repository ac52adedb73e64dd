"""Questions about extensions and Flux, as Azure and the cluster have them (`arc.md` A14, T40 to T48)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.checks.agents import alive, all_ready, trouble
from arcctl.checks.check import Answer, check, noted, passed, skipped, wrong
from arcctl.checks.health.sayings import remedy_for
from arcctl.model.configuration.child import Child
from arcctl.model.configuration.kinds import Kind

if TYPE_CHECKING:
    from arcctl.checks.health.sight import HealthSight

Body = dict[str, Any]
_ON_ARM = ("microsoft.flux", "microsoft.azuredefender.kubernetes")
_BUSY = ("Creating", "Updating", "Pending", "Deleting")
_FLUX = "microsoft.flux"
_FLUX_KINDS = (
    "/apis/source.toolkit.fluxcd.io/v1/gitrepositories",
    "/apis/source.toolkit.fluxcd.io/v1/buckets",
    "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations",
)


async def _of(sight: HealthSight, kind: Kind) -> list[Child]:
    return [Child.read(kind, each, "") for each in await sight.children(str(kind))]


def _kind(child: Child) -> str:
    return str(child.properties.get("extensionType", "")).casefold()


@check("extensions are installed", code="extension-failed")
async def extensions(sight: HealthSight) -> Answer:
    """T40, T42, T46: Azure says which one failed, and the words of the failure."""
    children = await _of(sight, Kind.EXTENSION)
    failed = [each for each in children if each.state.get("provisioningState") == "Failed"]
    if not failed:
        return passed(f"{len(children)} extensions")
    first = failed[0]
    said = str(first.state.get("error") or "Azure gives no reason")
    usual = f"install {first.name} again, or see why: kubectl logs -n azure-arc deployment/extension-manager"
    if _kind(first) == _FLUX:
        usual = "exempt namespace flux-system from policies, then install microsoft.flux again"
    return wrong(
        f"extension {first.name} failed" + (f", and {len(failed) - 1} more" if failed[1:] else ""),
        remedy_for(said) or usual,
        why=tuple(
            f"{each.name}: {each.state.get('error') or 'no reason'}"[:240] for each in failed
        ),
    )


@check("no extension waits for the cluster", code="extension-unfinished")
async def settled(sight: HealthSight) -> Answer:
    """T40, T48: protected settings are thrown away after 48 hours."""
    children = await _of(sight, Kind.EXTENSION)
    waiting = [each for each in children if each.state.get("provisioningState") in _BUSY]
    if not waiting:
        return passed()
    named = ", ".join(f"{each.name} ({each.state['provisioningState']})" for each in waiting)
    return noted(
        f"extensions are not settled: {named}",
        f"in some minutes: arcctl config list {sight.named}",
        "bring the cluster online within 48 hours, or Azure forgets their protected settings",
    )


@check("extensions can run on these nodes", code="extension-arm64")
async def architecture(sight: HealthSight) -> Answer:
    """T41: on arm64 alone only Flux and Defender run."""
    labels = [each["metadata"].get("labels") or {} for each in await sight.nodes()]
    if any(each.get("kubernetes.io/arch") == "amd64" for each in labels):
        return passed()
    stuck = [e.name for e in await _of(sight, Kind.EXTENSION) if _kind(e) not in _ON_ARM]
    if not stuck:
        return passed()
    return wrong(
        f"no node is amd64, and these extensions need one: {', '.join(stuck)}",
        "add an amd64 node, or delete them",
    )


@check("the Flux extension has no known fault", code="flux-known-bug")
async def known_fault(sight: HealthSight) -> Answer:
    """T44: versions up to 1.15.1 fail with `AZURE_TENANT_ID … index of untyped nil`."""
    for each in await _of(sight, Kind.EXTENSION):
        version = str(each.state.get("currentVersion") or each.properties.get("version") or "")
        if _kind(each) == _FLUX and version and _numbers(version) < (1, 15, 2):
            return noted(
                f"microsoft.flux {version} has a fault that 1.15.2 fixes",
                "let it upgrade itself: autoUpgradeMinorVersion true, and no version",
            )
    return passed()


def _numbers(version: str) -> tuple[int, ...]:
    parts = [part for part in version.split("-")[0].split(".") if part.isdecimal()]
    return tuple(map(int, parts))


@check("Flux configurations are compliant", code="flux-not-compliant")
async def compliant(sight: HealthSight) -> Answer:
    """T43, T45: what Azure was told of the cluster's reconciliation."""
    children = await _of(sight, Kind.FLUX)
    bad = [
        each
        for each in children
        if each.state.get("complianceState") == "Non-Compliant"
        or each.state.get("provisioningState") == "Failed"
    ]
    if not bad:
        return passed(f"{len(children)} configurations")
    first, facts = bad[0], [f"{e.name}: {e.state.get('error') or _state(e)}"[:240] for e in bad]
    namespace = first.properties.get("namespace") or "default"
    return wrong(
        f"configuration {first.name} is {_state(first)}",
        remedy_for(facts[0]) or f"kubectl get gitrepositories,kustomizations -n {namespace}",
        why=tuple(facts),
    )


def _state(child: Child) -> str:
    return str(child.state.get("complianceState") or child.state.get("provisioningState"))


@check("Flux reaches its sources and applies them", code="flux-not-ready")
async def reconciled(sight: HealthSight) -> Answer:
    """The conditions of Flux's own objects, which know more than Azure."""
    facts, seen = [], 0
    for path in _FLUX_KINDS:
        found = await sight.custom_resources(path)
        seen += len(found or ())
        facts += [fact for each in found or () if (fact := _not_ready(each))]
    if not seen:
        return skipped("no objects of Flux are in this cluster")
    if not facts:
        return passed(f"{seen} objects")
    name = facts[0].partition(":")[0]
    return wrong(
        f"Flux does not get on with {name}",
        remedy_for(facts[0]) or f"kubectl describe -A {name.split('/')[0]}",
        why=tuple(facts[:5]),
    )


def _not_ready(thing: Body) -> str:
    meta = thing["metadata"]
    if (thing.get("spec") or {}).get("suspend"):
        return ""
    for each in (thing.get("status") or {}).get("conditions") or ():
        if each.get("type") == "Ready" and each.get("status") == "False":
            name = f"{thing['kind'].lower()}/{meta.get('namespace')}/{meta['name']}"
            return f"{name}: {each.get('reason')}: {each.get('message', '')}"[:240]
    return ""


@check("Flux's own pods are ready", code="flux-pods")
async def flux_pods(sight: HealthSight) -> Answer:
    """What reconciles must itself run."""
    pods = [each for each in await sight.flux_pods() if alive(each)]
    if not pods:
        return skipped("Flux is not in this cluster")
    unwell = [each for each in pods if not all_ready(each)]
    if not unwell:
        return passed(f"{len(pods)} pods")
    facts = [f"{each['metadata']['name']}: {trouble([each])}"[:240] for each in unwell]
    return wrong(
        f"{len(unwell)} of {len(pods)} pods of Flux are not ready",
        "kubectl describe pods -n flux-system",
        why=tuple(facts[:5]),
    )


ASKED = (extensions, settled, architecture, known_fault, compliant, reconciled, flux_pods)
