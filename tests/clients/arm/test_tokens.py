"""Which token goes with a request, and what happens when it is refused."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
from arcctl.errors import AccessError, AzureError
from tests.clients.arm.server import CLUSTER, FOUND, Azure, Say

if TYPE_CHECKING:
    from arcctl.clients.arm import Arm

EXPIRED = Say({"error": {"code": "ExpiredAuthenticationToken", "message": "It is over."}}, 401)


@pytest.mark.usefixtures("with_secret")
async def test_a_refused_token_is_replaced_once(azure: Azure, arm: Arm) -> None:
    """401 drops the kept token, and the request goes out again with a fresh one."""
    azure.say("GET", CLUSTER, EXPIRED, FOUND)

    assert await arm.get(CLUSTER) == FOUND
    assert [each.token for each in azure.asked if each.token] == ["token-1", "token-2"]


@pytest.mark.usefixtures("with_secret")
async def test_a_second_refusal_is_the_answer(azure: Azure, arm: Arm) -> None:
    """Not more than once: the error says what Azure said."""
    azure.say("GET", CLUSTER, EXPIRED)

    with pytest.raises(AccessError, match="It is over") as caught:
        await arm.get(CLUSTER)

    assert caught.value.code == "ExpiredAuthenticationToken"
    assert azure.tokens == 2


@pytest.mark.usefixtures("with_secret")
async def test_many_refusals_at_once_cost_one_sign_in(azure: Azure, arm: Arm) -> None:
    """Ten requests side by side share the new token."""
    azure.say("GET", CLUSTER, EXPIRED, EXPIRED, EXPIRED, FOUND)
    await arm.identity.token()

    await asyncio.gather(*(arm.get(CLUSTER) for _ in range(3)))

    assert azure.tokens == 2


@pytest.mark.usefixtures("with_secret")
async def test_a_claims_challenge_gets_a_token_with_the_claims(azure: Azure, arm: Arm) -> None:
    """The claims of the header reach the token request, and the request is repeated."""
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}'
    coded = base64.urlsafe_b64encode(claims.encode()).decode().rstrip("=")
    challenge = f'Bearer realm="", error="insufficient_claims", claims="{coded}"'
    azure.say("GET", CLUSTER, Say({}, 401, {"WWW-Authenticate": challenge}), FOUND)

    assert await arm.get(CLUSTER) == FOUND
    form = parse_qs([each.body for each in azure.asked if "/oauth2/" in each.target][-1])
    sent = json.loads(form["claims"][0])["access_token"]
    assert sent["nbf"] == {"essential": True, "value": "1700000000"}


@pytest.mark.usefixtures("with_secret")
async def test_a_token_that_ends_during_an_operation_is_replaced(azure: Azure, arm: Arm) -> None:
    """A long wait outlives its token: the look is repeated with a new one."""
    operation = {"Azure-AsyncOperation": f"{azure.url}/operations/1"}
    azure.say("PUT", CLUSTER, Say(FOUND, 201, operation))
    azure.say("GET", "/operations/1", {"status": "Running"}, EXPIRED, {"status": "Succeeded"})
    azure.say("GET", CLUSTER, FOUND)

    assert await arm.put(CLUSTER, {}) == FOUND
    assert [each.token for each in azure.asked if each.token][-1] == "token-2"


async def test_a_given_token_that_is_refused_is_told(azure: Azure, arm: Arm) -> None:
    """AZURE_ACCESS_TOKEN cannot be renewed, so Azure's words are passed on."""
    azure.say("GET", CLUSTER, EXPIRED)

    with pytest.raises(AccessError, match="It is over"):
        await arm.get(CLUSTER)

    assert len(azure.asked) == 1


async def test_a_wrong_tenant_is_told_with_its_remedy(azure: Azure, arm: Arm) -> None:
    """The hint names the tenant's variable and az's flag."""
    message = "The access token is from the wrong issuer 'https://sts.windows.net/a/'."
    error = {"code": "InvalidAuthenticationTokenTenant", "message": message}
    azure.say("GET", CLUSTER, Say({"error": error}, 401))

    with pytest.raises(AccessError, match="wrong issuer") as caught:
        await arm.get(CLUSTER)

    assert caught.value.exit_code == 4
    assert "AZURE_TENANT_ID" in caught.value.hints[0]


@pytest.mark.parametrize("url", ["https://elsewhere.example/x", "https://127.0.0.1:1/x"])
async def test_no_token_goes_to_another_host(arm: Arm, url: str) -> None:
    """Another name and another port are foreign, and nothing is sent at all."""
    with pytest.raises(AzureError) as caught:
        await arm.get(url)

    assert caught.value.code == "azure-foreign-host"


async def test_no_token_goes_out_in_clear(azure: Azure, arm: Arm) -> None:
    """The same host without TLS is foreign too."""
    with pytest.raises(AzureError) as caught:
        await arm.get(azure.url.replace("https://", "http://") + CLUSTER)

    assert caught.value.code == "azure-foreign-host"
    assert azure.asked == []
