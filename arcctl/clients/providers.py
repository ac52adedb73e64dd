"""Resource providers of a subscription: registered or not, what they offer where (`arm.md` 9.1)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.errors import AzureError
from arcctl.model.region import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.clients.arm import Arm

_PAUSE = 10  # seconds, as azure's own clients wait between two looks
_PATIENCE = 15 * 60


@dataclass(frozen=True, slots=True)
class Provider:
    """What ARM says of a provider; `state` is Registered, Registering, NotRegistered, …"""

    namespace: str
    state: str
    document: dict[str, Any]

    def regions(self, kind: str) -> set[str]:
        """Return the regions that offer a type, canonical; empty where it is not bound to any."""
        found = {canonical(each) for each in self._type(kind).get("locations") or ()}
        return found - {"global"}

    def versions(self, kind: str) -> list[str]:
        """Return the api-versions of a type, newest first, previews among them."""
        return list(self._type(kind).get("apiVersions") or ())

    def _type(self, kind: str) -> dict[str, Any]:
        for each in self.document.get("resourceTypes") or ():
            if str(each.get("resourceType", "")).lower() == kind.lower():
                return dict(each)
        return {}


async def read(arm: Arm, subscription: str, namespace: str) -> Provider:
    """Ask what a subscription knows of a provider; one that ARM names no state for is unknown."""
    document = await arm.get(f"/subscriptions/{subscription}/providers/{namespace}")
    return _provider(namespace, document)


async def register(
    arm: Arm,
    subscription: str,
    namespace: str,
    *,
    progress: Callable[[str], None] | None = None,
    pause: float = _PAUSE,
    patience: float = _PATIENCE,
) -> Provider:
    """Register a provider and wait until it is Registered, which takes up to ten minutes.

    `progress` hears the state at every look, `pause` seconds apart; after `patience` seconds
    AzureError `AZK8S0408` is raised.
    """
    path = f"/subscriptions/{subscription}/providers/{namespace}"
    provider = _provider(namespace, await arm.post(f"{path}/register"))
    looks = int(patience / pause)
    while provider.state != "Registered" and looks > 0:
        if progress:
            progress(provider.state)
        await asyncio.sleep(pause)
        looks -= 1
        provider = await read(arm, subscription, namespace)
    if provider.state != "Registered":
        raise AzureError(
            f"{namespace} is still {provider.state}",
            code="AZK8S0408",
            why=f"waited {patience / 60:.0f} min for its registration",
            hints=f"az provider show --namespace {namespace} --query registrationState",
        )
    return provider


def _provider(namespace: str, document: dict[str, Any]) -> Provider:
    return Provider(namespace, str(document.get("registrationState") or "Unknown"), document)
