"""What the resource itself says: tags, choices, its key, and fields nobody here knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.checks.move.sight import NEWER
from arcctl.checks.move.verdicts import carried, changes, counted, lost, named, noted
from arcctl.model.connected_cluster import PRINTED, writable
from arcctl.model.declared import Declared
from arcctl.model.region import canonical

if TYPE_CHECKING:
    from arcctl.checks.move.sight import MoveSight
    from arcctl.model.connected_cluster import Body
    from arcctl.model.plan import Row

# What people chose, in people's words (`arm.md` 12.2: the rows that are "in body").
_CHOICES = {
    "arcAgentProfile.agentAutoUpgrade": "auto-upgrade",
    "arcAgentProfile.desiredAgentVersion": "agent version",
    "azureHybridBenefit": "hybrid benefit",
    "aadProfile": "AAD profile",
    "distribution": "distribution",
    "distributionVersion": "distribution version",
    "infrastructure": "infrastructure",
    "arcAgentryConfigurations": "agent configurations",
    "securityProfile": "security profile",
}
_SAY_NOTHING: tuple[Any, ...] = (None, "", {}, [], "NotApplicable")
_SERVER = frozenset(PRINTED) | {"lastInboundConnectivityTime", "inboundConnectivityStatus"}


async def tags(sight: MoveSight) -> list[Row]:
    """Tags go into the new body."""
    found = (await sight.resource()).get("tags") or {}
    return [carried("tags", counted(len(found), "tag"), named(sorted(found)))] if found else []


async def choices(sight: MoveSight) -> list[Row]:
    """All that a PUT may say is said again."""
    said = choices_of(await sight.resource()).values()
    if not said:
        return []
    return [
        carried("properties", f"{counted(len(said), 'choice')} of the resource", ", ".join(said))
    ]


def choices_of(resource: Body) -> dict[str, str]:
    """Return what a person has chosen of a resource: dotted fields, and words for them."""
    properties: Body = writable(resource)["properties"]
    return {
        path: word for path, word in _CHOICES.items() if _at(properties, path) not in _SAY_NOTHING
    }


def _at(properties: Body, path: str) -> Any:
    found: Any = properties
    for part in path.split("."):
        found = (found or {}).get(part)
    return found


async def unknown_fields(sight: MoveSight) -> list[Row]:
    """What only a newer api-version shows cannot be written with the one that is used (13)."""
    hidden = newer_fields(await sight.resource(), await sight.newest_resource())
    if why := sight.noted.get(NEWER):
        return [noted("unlooked", f"{NEWER} of the resource", why)]
    if not hidden:
        return []
    what = f"{counted(len(hidden), 'field')} of a newer api-version"
    return [lost("not-carried", what, named(hidden), "set them again when the move is done")]


def newer_fields(resource: Body, newest: Body) -> list[str]:
    """Name what only the newest api-version shows of a resource, beside what the service writes."""
    known, shown = (each.get("properties") or {} for each in (resource, newest))
    return sorted(
        name
        for name, value in shown.items()
        if name not in known and name not in _SERVER and value not in _SAY_NOTHING
    )


async def key(sight: MoveSight) -> list[Row]:
    """The agents' key pair stays where it can; it never leaves the cluster."""
    choice, subject = await sight.key_choice(), f"key pair of {sight.asked.source.name}"
    if choice.kind == "kept":
        return [carried("certificate-key", subject)]
    word = "made anew" if choice.kind == "new" else "the one that was given"
    return [changes("certificate-key", subject, f"{word}: {choice.why}" if choice.why else word)]


async def files(sight: MoveSight) -> list[Row]:
    """Terraform and Bicep hold the location, and the public key."""
    asked, choice = sight.asked, await sight.key_choice()
    declared = Declared(
        asked.source,
        asked.target,
        canonical((await sight.resource())["location"]),
        asked.region,
        new_key=choice.kind != "kept",
    )
    what = "a Terraform or Bicep file must say"
    return [noted("declared", what, declared.summary, *declared.snippets())]


ASKED = (tags, choices, unknown_fields, key, files)
