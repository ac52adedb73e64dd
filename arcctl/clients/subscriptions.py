"""Which subscription is meant (`arm.md` 9)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.errors import AccessError, NotFound, UsageError

if TYPE_CHECKING:
    from arcctl.clients.arm import Arm
    from arcctl.settings import Settings

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_RIGHT_TENANT = "is this the right tenant? az account list -o table"
_USABLE = frozenset({"enabled", "warned", "pastdue"})


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription; name and tenant are empty where it was given by id and not looked up."""

    id: str
    name: str = ""
    tenant: str = ""


async def resolve(arm: Arm, settings: Settings) -> Subscription:
    """Return the one named by flag, environment or configuration, else the only one there is.

    Raises UsageError where nothing was named and there are several, NotFound for an unknown name, AccessError for one that is disabled.
    """
    if settings.subscription:
        return await named(arm, settings.subscription, tenant=settings.tenant or "")
    return _only([each async for each in arm.items("/subscriptions")])


async def named(arm: Arm, wanted: str, *, tenant: str = "") -> Subscription:
    """Return the subscription of that name or id; an id is taken as it is, without a request."""
    if _GUID.fullmatch(wanted):
        return Subscription(wanted, tenant=tenant)
    seen = [each async for each in arm.items("/subscriptions")]
    found = [each for each in seen if str(each.get("displayName", "")).lower() == wanted.lower()]
    if not found:
        raise NotFound(
            f"no subscription is called {wanted}",
            code="SubscriptionNotFound",
            why=_listed(seen),
            hints=_RIGHT_TENANT,
        )
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} subscriptions are called {wanted}",
            why=_listed(found),
            hints="say which by id: --subscription ID",
        )
    return _enabled(found[0])


async def look_up(arm: Arm, identifier: str) -> Subscription:
    """Return name and tenant of a subscription; raise AccessError for one that is disabled."""
    if found := await arm.find(f"/subscriptions/{identifier}"):
        return _enabled(found)
    raise NotFound(
        f"there is no subscription {identifier}", code="SubscriptionNotFound", hints=_RIGHT_TENANT
    )


def _only(seen: list[dict[str, Any]]) -> Subscription:
    usable = [each for each in seen if _state(each) in _USABLE]
    if len(usable) == 1:
        return _enabled(usable[0])
    if not usable:
        raise AccessError(
            "the signed-in identity sees no enabled subscription",
            code="no-subscription",
            why=_listed(seen),
            hints="ask for a role on one, or: az login --tenant TENANT",
        )
    raise UsageError(
        f"there are {len(usable)} subscriptions to choose from",
        code="no-subscription",
        why=_listed(usable),
        hints="say which: --subscription NAME-OR-ID",
    )


def _enabled(found: dict[str, Any]) -> Subscription:
    name = str(found.get("displayName") or "")
    if _state(found) not in _USABLE:
        raise AccessError(
            f"subscription {name or found.get('subscriptionId')} is {found.get('state')}",
            code="ReadOnlyDisabledSubscription",
            why="nothing can be changed in it until its owner enables it again",
        )
    return Subscription(_id(found), name, str(found.get("tenantId") or ""))


def _id(found: dict[str, Any]) -> str:
    return str(found.get("subscriptionId") or str(found.get("id", "")).rpartition("/")[2])


def _state(found: dict[str, Any]) -> str:
    return str(found.get("state") or "Enabled").lower()


def _listed(found: list[dict[str, Any]]) -> tuple[str, ...]:
    lines = sorted(f"{each.get('displayName')}  {_id(each)}" for each in found)
    return (*lines[:20], *((f"and {len(lines) - 20} more",) if len(lines) > 20 else ()))
