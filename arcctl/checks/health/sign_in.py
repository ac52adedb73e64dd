"""Questions about who asks Azure, and what they may see there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.check import Answer, check, failed, passed, wrong
from arcctl.errors import AccessError, NotFound

if TYPE_CHECKING:
    from arcctl.checks.health.sight import HealthSight


@check("somebody is signed in", code="not-signed-in", reaching=True)
async def signed_in(sight: HealthSight) -> Answer:
    """A token can be had; an expired or refused one is the answer."""
    identity = await sight.clients.identity()
    await identity.token()
    claims = await identity.whoami()
    who = claims.get("upn") or claims.get("preferred_username") or claims.get("appid")
    return passed(str(who or "with a token"))


@check("the subscription is enabled", code="ReadOnlyDisabledSubscription")
async def subscription_enabled(sight: HealthSight) -> Answer:
    """It is known to whoever is signed in, and not switched off."""
    from arcctl.clients.subscriptions import look_up

    try:
        found = await look_up(await sight.clients.arm(), sight.cluster.subscription)
    except (AccessError, NotFound) as error:
        return failed(error)
    return passed(found.name)


@check("the resource may be read", code="AuthorizationFailed")
async def may_read(sight: HealthSight) -> Answer:
    """Whether the resource is there is another question; who may not see it cannot tell."""
    try:
        await sight.resource()
    except AccessError as error:
        return failed(error)
    return passed()


@check("the tenant is the cluster's", code="tenant")
async def right_tenant(sight: HealthSight) -> Answer:
    """What another tenant does not show is not gone (`connectedk8s.md` trap 8)."""
    onboarding, tenant = await sight.onboarding(), await sight.tenant()
    if not (onboarding and onboarding.tenant and tenant):
        return passed()
    if onboarding.tenant.casefold() == tenant.casefold():
        return passed(tenant)
    return wrong(
        f"you are signed in to tenant {tenant}, the agents belong to {onboarding.tenant}",
        f"az login --tenant {onboarding.tenant}",
    )


ASKED = (signed_in, subscription_enabled, may_read, right_tenant)
