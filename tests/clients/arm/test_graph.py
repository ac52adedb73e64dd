"""Microsoft Graph, for custom locations only (`connectedk8s.md` B.1.24)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from arcctl.clients.graph import custom_locations_app
from tests.clients.arm.server import Azure, Say

if TYPE_CHECKING:
    from arcctl.clients.arm import Arm

PATH = "/graph/v1.0/serviceprincipals"


@pytest.mark.usefixtures("with_secret")
async def test_the_app_is_found_by_its_id(azure: Azure, arm: Arm) -> None:
    """Graph is asked with a token of its own."""
    azure.say("GET", PATH, {"value": [{"id": "object-id"}]})
    await arm.identity.token()

    assert await custom_locations_app(arm) == "object-id"
    assert azure.asked[-1].token == "token-2"
    assert "$filter=appId%20eq%20'bc313c14-388c-4e7d-a58e-70017303ee3b'" in azure.asked[-1].target


@pytest.mark.usefixtures("with_secret")
@pytest.mark.parametrize(
    "answer", [Say({"value": []}), Say(None, 403), Say(None, 404), Say(None, 400)]
)
async def test_who_may_not_ask_gets_none(azure: Azure, arm: Arm, answer: Say) -> None:
    """A service principal without Application.Read.All is no reason to stop."""
    azure.say("GET", PATH, answer)

    assert await custom_locations_app(arm) is None


async def test_a_given_token_is_not_shown_to_graph(azure: Azure, arm: Arm) -> None:
    """AZURE_ACCESS_TOKEN was made for ARM: None, and nothing is sent."""
    assert await custom_locations_app(arm) is None
    assert azure.asked == []
    assert os.environ["AZURE_ACCESS_TOKEN"] == "given-token"
