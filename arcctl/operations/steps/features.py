"""Features that need something looked up before the agents are installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.checks.azure import EXTENDED_LOCATION
from arcctl.errors import AccessError, AzureError
from arcctl.flow.step import Step
from arcctl.operations.world import World

if TYPE_CHECKING:
    from collections.abc import Callable


class CustomLocations(Step[World]):
    """The object id of the custom locations app is known (`connectedk8s.md` B.1.24).

    Graph is asked only because the feature is wanted (trap 20); where it will not answer, the id
    that was given is used as it is.
    """

    name = "custom-locations"

    def __init__(self, given: str) -> None:
        self._given = given

    async def do(self, world: World, tell: Callable[[str], None]) -> str:
        state = (await world.sight.provider(EXTENDED_LOCATION)).state
        if state != "Registered":
            world.warn(f"{EXTENDED_LOCATION} is {state}, so custom locations stay off")
            return "off"
        world.custom_locations_oid = await self._object_id(world)
        return world.custom_locations_oid

    async def _object_id(self, world: World) -> str:
        from arcctl.clients.graph import custom_locations_app

        try:
            known = await custom_locations_app(await world.clients.arm())
        except (AccessError, AzureError):
            world.note("Graph may not be asked, so --custom-locations-oid is used as given")
            return self._given
        if known and self._given and known != self._given:
            world.note(f"the custom locations app has object id {known}; that one is used")
        return known or self._given
