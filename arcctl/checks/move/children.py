"""What becomes of extensions and configurations (`arm.md` 4 to 6, 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.move.verdicts import blocks, carried, changes, counted, lost, named, noted
from arcctl.model.configuration.adjusting import adjusted
from arcctl.model.configuration.kinds import Kind
from arcctl.model.configuration.needs import is_ssh

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.configuration.child import Child
    from arcctl.model.plan import Row

_CODES = {
    Kind.EXTENSION: "extensions",
    Kind.FLUX: "flux",
    Kind.SOURCE_CONTROL: "source-control",
}


async def all_kinds(sight: MoveSight) -> list[Row]:
    """Each is put again as it was; what belongs to another service comes back by itself."""
    children = await sight.children()
    rows = []
    for kind, code in _CODES.items():
        own = [child.name for child in children if child.kind is kind and child.carried]
        if own:
            rows.append(carried(code, counted(len(own), kind.word), named(own)))
    if others := [child.key for child in children if not child.carried]:
        why = f"{named(others)}: made by another service, which makes them again"
        rows.append(noted("not-ours", f"{counted(len(others), 'child resource')} left alone", why))
    return rows


async def unsettled(sight: MoveSight) -> list[Row]:
    """One that is in the middle of a change, or broken, would be carried as it is."""
    bad = [
        f"{child.key} is {state}"
        for child in _carried(await sight.children())
        if (state := str(child.state.get("provisioningState") or "Succeeded")) != "Succeeded"
    ]
    if not bad:
        return []
    why = f"{named(bad)}: wait, or mend it first"
    return [blocks("child-unsettled", f"{counted(len(bad), 'child resource')} not settled", why)]


async def unknown_fields(sight: MoveSight) -> list[Row]:
    """Fields that newer api-versions add and this arcctl does not know are said, not dropped."""
    return [
        lost(
            "fields-not-carried",
            f"{counted(len(child.not_carried), 'field')} of {child.key}",
            named(child.not_carried),
            "set them again when the move is done",
        )
        for child in _carried(await sight.children())
        if child.not_carried
    ]


async def drift(sight: MoveSight) -> list[Row]:
    """An extension that upgrades itself comes back in the newest version of its train."""
    moving = []
    for child in _carried(await sight.children(), Kind.EXTENSION):
        now = child.state.get("currentVersion")
        if not now or child.properties.get("version"):
            continue
        kind = str(child.properties.get("extensionType") or "").lower()
        train = str(child.properties.get("releaseTrain") or "Stable").lower()
        newest = next(
            iter(await sight.offered_versions(sight.asked.region, kind, train) or ()), now
        )
        if newest != now:
            moving.append(f"{child.name} {now} → {newest}")
    if not moving:
        return []
    what = f"{counted(len(moving), 'extension')} may be newer"
    return [changes("version-drift", what, named(moving))]


async def terms(sight: MoveSight) -> list[Row]:
    """What was bought on the marketplace is asked for with the same plan."""
    plans = [
        (child.name, child.body["plan"])
        for child in _carried(await sight.children(), Kind.EXTENSION)
        if child.body.get("plan")
    ]
    return [
        noted(
            "terms",
            f"{name} has a marketplace plan",
            "its terms must be accepted in the target's subscription",
            f"az vm image terms accept --publisher {plan.get('publisher')} "
            f"--offer {plan.get('product')} --plan {plan.get('name')}",
        )
        for name, plan in plans
    ]


async def bound_to_region(sight: MoveSight) -> list[Row]:
    """Settings that name the old region are rewritten where that is safe, else reported (4.5)."""
    old, new = str((await sight.resource())["location"]), sight.asked.region
    rows = []
    advice: dict[str, list[str]] = {}
    for child in _carried(await sight.children()):
        found = adjusted(child, old, new)
        rows += [changes("region-settings", child.name, each) for each in found.rewritten]
        for each in found.reported:
            # `generated_keys` has a row of its own for these.
            if "deploy key" not in each:
                advice.setdefault(each, []).append(child.name)
    return [*rows, *(noted("region-settings", named(who), what) for what, who in advice.items())]


async def generated_keys(sight: MoveSight) -> list[Row]:
    """Where Flux made the key of a repository, it makes another (`arm.md` 5.9)."""
    own = [child.name for child in _carried(await sight.children()) if _generated(child)]
    if not own:
        return []
    how = f"the new ones, for the git host: arcctl config list {sight.target_named}"
    return [changes("deploy-key", f"{counted(len(own), 'deploy key')} made anew", named(own), how)]


def _generated(child: Child) -> bool:
    source = child.properties.get("gitRepository") or {}
    url = str(source.get("url") or child.properties.get("repositoryUrl") or "")
    return bool(child.state.get("repositoryPublicKey")) and is_ssh(url)


async def pruning(sight: MoveSight) -> list[Row]:
    """Flux would delete what it deployed, if it heard that its configuration is gone (0.16)."""
    own = [
        child.name
        for child in _carried(await sight.children(), Kind.FLUX)
        if any(each.get("prune") for each in _kustomizations(child))
    ]
    if not own:
        return []
    what = f"{counted(len(own), 'Flux configuration')} would prune"
    return [noted("prune", what, f"{named(own)}: the agents are quieted first, so none hears it")]


def _kustomizations(child: Child) -> Iterable[dict[str, object]]:
    return (child.properties.get("kustomizations") or {}).values()


def _carried(children: Iterable[Child], *kinds: Kind) -> list[Child]:
    return [each for each in children if each.carried and (not kinds or each.kind in kinds)]


ASKED = (
    all_kinds,
    unsettled,
    unknown_fields,
    drift,
    terms,
    bound_to_region,
    generated_keys,
    pruning,
)
