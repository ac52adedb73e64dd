"""Entra gives out tokens and ARM looks at them (`arm.md` 15.1; `az-on-the-wire.md` 4)."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from arcctl.sandbox.azure import entra
from tests.sandbox.azure.client import SUB

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client, Reply

TOKEN = f"/{entra.TENANT}/oauth2/v2.0/token"
APP = {"grant_type": "client_credentials", "client_id": entra.FULL_RIGHTS.client_id}


async def ask(azure: Client, form: dict[str, str], path: str = TOKEN) -> Reply:
    """Ask for a token for this Azure."""
    whole = {"scope": f"{azure.base}/.default"} | form
    return await azure.ask("POST", path, data=whole, version=None)


async def use(azure: Client, token: str) -> Reply:
    """Use a token."""
    return await azure.get(SUB, version="2022-12-01", headers={"Authorization": f"Bearer {token}"})


def claims(token: str) -> dict[str, Any]:
    """What a token says."""
    middle = token.split(".")[1]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return read


@pytest.mark.parametrize(
    "proof",
    [
        {"client_secret": entra.FULL_RIGHTS.secret},
        {"client_assertion": entra.FULL_RIGHTS.assertion},
    ],
)
async def test_an_app_signs_in(azure: Client, proof: dict[str, str]) -> None:
    """With its secret or with an assertion; the token names tenant, app and object."""
    answer = await ask(azure, APP | proof)
    said = claims(answer.body["access_token"])

    assert (answer.body["token_type"], answer.body["expires_in"]) == ("Bearer", 3599)
    assert (said["tid"], said["oid"]) == (entra.TENANT, entra.FULL_RIGHTS.object_id)
    assert said["appid"] == entra.FULL_RIGHTS.client_id
    assert (await use(azure, answer.body["access_token"])).status == 200


async def test_a_person_signs_in_and_refreshes(azure: Client) -> None:
    """Password, then refresh token; the id token says who it is."""
    form = {"username": entra.PERSON.client_id, "password": entra.PERSON.secret}
    first = await ask(azure, form | {"grant_type": "password", "client_id": "az"})
    again = {"grant_type": "refresh_token", "refresh_token": first.body["refresh_token"]}
    second = await ask(azure, again, "/organizations/oauth2/v2.0/token")

    assert claims(first.body["id_token"])["preferred_username"] == entra.PERSON.client_id
    assert (await use(azure, second.body["access_token"])).status == 200


@pytest.mark.parametrize(
    ("form", "number"),
    [
        (APP | {"client_secret": "wrong"}, 7000215),
        (APP, 7000218),
        (APP | {"client_id": "nobody", "client_secret": "x"}, 700016),
        (APP | {"client_assertion": "no-token"}, 50027),
        (APP | {"client_assertion": "head.body.signature"}, 70021),
        (APP | {"client_assertion": entra.ONBOARDING.assertion}, 70021),
        (APP | {"client_secret": entra.FULL_RIGHTS.secret, "scope": "x"}, 70011),
        ({"grant_type": "password", "username": "operator", "password": "x"}, 50126),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 9002313),
        ({"grant_type": "wish"}, 70003),
    ],
)
async def test_a_refusal_has_entras_number(
    azure: Client, form: dict[str, str], number: int
) -> None:
    """The body has the error, its number and a description that begins with it."""
    answer = await ask(azure, form)

    assert answer.status in {400, 401}
    assert answer.body["error_codes"] == [number]
    assert answer.body["error_description"].startswith(f"AADSTS{number}: ")


async def test_an_unknown_tenant_is_refused(azure: Client) -> None:
    """Both where a client discovers and where it asks for a token."""
    discovery = await azure.get("/nowhere/v2.0/.well-known/openid-configuration", version=None)
    token = await ask(azure, APP, "/nowhere/oauth2/v2.0/token")

    assert [reply.body["error_codes"] for reply in (discovery, token)] == [[90002], [90002]]


@pytest.mark.parametrize("tenant", [entra.TENANT, entra.TENANT_DOMAIN, "organizations"])
async def test_discovery_leads_to_the_token(azure: Client, tenant: str) -> None:
    """For the tenant's id, its domain, and the word for any."""
    path = f"/{tenant}/v2.0/.well-known/openid-configuration"
    found = await azure.get(path, version=None)
    answer = await ask(
        azure, APP | {"client_secret": entra.FULL_RIGHTS.secret}, found.body["token_endpoint"]
    )

    assert answer.status == 200


async def test_time_and_audience_are_looked_at(world: World, azure: Client) -> None:
    """Expired by the sandbox's clock, meant for somebody else, or made by somebody else: 401."""
    good = world.azure.tokens.issue(entra.FULL_RIGHTS, azure.base, 60)
    other = world.azure.tokens.issue(entra.FULL_RIGHTS, "https://graph.example")
    forged = good[:-4] + "AAAA"
    codes = [(await use(azure, token)).code for token in (other, forged, "x")]
    assert (await use(azure, good)).status == 200
    world.clock.advance(61)
    codes.append((await use(azure, good)).code)

    assert codes == [
        "InvalidAuthenticationTokenAudience",
        "InvalidAuthenticationToken",
        "InvalidAuthenticationToken",
        "ExpiredAuthenticationToken",
    ]


async def test_the_static_token_outlives_a_reset(world: World, azure: Client) -> None:
    """It is what AZURE_ACCESS_TOKEN can hold."""
    token = world.azure.tokens.static()
    world.reset()
    world.clock.advance(365 * 24 * 3600)

    assert (await use(azure, token)).status == 200


async def test_an_error_of_entra_can_be_planned(world: World, azure: Client) -> None:
    """A secret that has expired, and a token that lives a minute."""
    world.faults.add({"service": "entra", "action": {"error": {"number": 7000222}}})
    world.faults.add({"service": "entra", "action": {"short_token": 60}})
    whole = APP | {"client_secret": entra.FULL_RIGHTS.secret}

    assert (await ask(azure, whole)).body["error_codes"] == [7000222]
    assert (await ask(azure, whole)).body["expires_in"] == 60


async def test_graph_knows_the_principal_of_custom_locations(world: World, azure: Client) -> None:
    """By app id; a plan makes it empty."""
    path = "/v1.0/servicePrincipals?$filter=appId%20eq%20'bc313c14-388c-4e7d-a58e-70017303ee3b'"
    world.faults.add({"service": "graph", "action": {"no_principal": True}, "skip": 1})
    found, none = [(await azure.get(path, version=None)).body["value"] for _ in range(2)]

    assert found[0]["id"]
    assert none == []


async def identity_of(azure: Client, header: str | None, **query: str) -> Reply:
    """Ask as a process in App Service does."""
    asked = {"api-version": "2019-08-01", "resource": azure.base} | query
    headers = {} if header is None else {"X-IDENTITY-HEADER": header}
    return await azure.ask("GET", f"/msi/token?{urlencode(asked)}", headers=headers, version=None)


async def test_a_managed_identity_gets_a_token(azure: Client) -> None:
    """In the form of App Service: the expiry as text, and whose identity it is."""
    answer = await identity_of(azure, entra.IDENTITY_HEADER)

    assert (answer.status, answer.body["token_type"]) == (200, "Bearer")
    assert answer.body["expires_on"].isdecimal()
    assert (answer.body["resource"], answer.body["client_id"]) == (
        azure.base,
        entra.FULL_RIGHTS.client_id,
    )
    assert (await use(azure, answer.body["access_token"])).status == 200


@pytest.mark.parametrize(
    ("header", "query"),
    [
        (None, {}),
        ("wrong", {}),
        ("", {}),
        (entra.IDENTITY_HEADER, {"resource": ""}),
        (entra.IDENTITY_HEADER, {"api-version": "2018-02-01"}),
        (entra.IDENTITY_HEADER, {"client_id": entra.NO_RIGHTS.client_id}),
    ],
    ids=["no header", "another header", "an empty one", "no resource", "version", "whose"],
)
async def test_without_the_secret_header_there_is_no_identity(
    azure: Client, header: str | None, query: dict[str, str]
) -> None:
    """Another user of the machine reaches the endpoint, and does not know the header."""
    answer = await identity_of(azure, header, **query)

    assert (answer.status, answer.body["statusCode"]) == (400, 400)
    assert "access_token" not in answer.body
