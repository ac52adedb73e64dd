"""Who is signed in, in which order that is looked for, and what is said where nobody is."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from arcctl import settings as settings_module
from arcctl.clients.cloud import find_cloud
from arcctl.clients.identity import Identity
from arcctl.errors import AccessError, AzureError, UsageError
from arcctl.model.secret import Secret
from arcctl.settings import Flags
from tests.clients.arm.server import SUBSCRIPTION, TENANT, Azure

if TYPE_CHECKING:
    from pathlib import Path

    from arcctl.clients.cloud import Cloud
    from arcctl.settings import Settings


def forms(azure: Azure) -> list[dict[str, str]]:
    """What was posted to the token endpoint."""
    bodies = [each.body for each in azure.asked if each.target.endswith("/oauth2/v2.0/token")]
    return [{key: value[0] for key, value in parse_qs(body).items()} for body in bodies]


async def someone(azure: Azure) -> Identity:
    """Whoever the environment of the process describes now."""
    settings = settings_module.read(dict(os.environ), Flags())
    return Identity(settings, await find_cloud(settings))


async def test_a_token_of_the_environment_comes_first(azure: Azure, identity: Identity) -> None:
    """AZURE_ACCESS_TOKEN is used as it is, and nobody is asked."""
    assert await identity.token() == Secret("given-token")
    assert forms(azure) == []


@pytest.mark.parametrize("missing", ["AZURE_SUBSCRIPTION_ID", "AZURE_TENANT_ID"])
async def test_a_given_token_needs_its_companions(
    settings: Settings, cloud: Cloud, missing: str
) -> None:
    """Without subscription or tenant it is refused, as the peer does."""
    environ = {key: settings.environ[key] for key in settings.environ if key != missing}

    with pytest.raises(UsageError, match=missing) as caught:
        Identity(replace(settings, environ=environ), cloud)

    assert caught.value.exit_code == 2


async def test_a_given_token_is_not_for_graph(identity: Identity, cloud: Cloud) -> None:
    """It was made for ARM, and Graph is not shown it."""
    with pytest.raises(AccessError) as caught:
        await identity.token(cloud.graph)

    assert caught.value.code == "token-for-another-audience"


@pytest.mark.usefixtures("with_secret")
async def test_a_client_secret_signs_in_at_the_clouds_login(azure: Azure) -> None:
    """Authority and audience are those of the metadata; the scope keeps the audience's slash."""
    assert await (await someone(azure)).token() == Secret("token-1")
    assert forms(azure)[0]["client_secret"] == "a-secret"
    assert forms(azure)[0]["scope"] == f"{azure.url}//.default"


@pytest.mark.usefixtures("with_secret")
async def test_asked_many_times_at_once_it_signs_in_once(azure: Azure) -> None:
    """Checks that run side by side share one token."""
    identity = await someone(azure)

    tokens = await asyncio.gather(*(identity.token() for _ in range(10)))

    assert set(tokens) == {Secret("token-1")}
    assert len(forms(azure)) == 1


@pytest.mark.usefixtures("with_secret")
async def test_each_audience_has_its_own_token(azure: Azure) -> None:
    """Graph's token is not ARM's."""
    identity = await someone(azure)

    assert await identity.token() != await identity.token("https://graph.example")
    assert forms(azure)[1]["scope"] == "https://graph.example/.default"


@pytest.mark.usefixtures("with_secret")
async def test_a_fresh_token_can_be_had(azure: Azure) -> None:
    """`fresh` passes over what is kept, in memory and on disk."""
    identity = await someone(azure)

    assert [await identity.token(), await identity.token(fresh=True)] == [
        Secret("token-1"),
        Secret("token-2"),
    ]


async def test_a_federated_token_goes_to_the_clouds_login_and_is_read_again(
    azure: Azure, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pipeline's file is sent to this cloud, never to the public one, and re-read each time."""
    file = home / "federated"
    file.write_text("first-assertion", encoding="utf-8")
    monkeypatch.delenv("AZURE_ACCESS_TOKEN")
    monkeypatch.setenv("AZURE_CLIENT_ID", "the-client")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(file))
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "WorkloadIdentityCredential")
    identity = await someone(azure)

    await identity.token()
    file.write_text("second-assertion", encoding="utf-8")
    await identity.token(fresh=True)

    assert [form["client_assertion"] for form in forms(azure)] == [
        "first-assertion",
        "second-assertion",
    ]


@pytest.mark.usefixtures("with_secret")
async def test_a_refused_sign_in_says_its_first_sentence(azure: Azure) -> None:
    """The AADSTS code is the error's code; ids and traces are left out."""
    azure.sign_in_error = {
        "error": "invalid_client",
        "error_description": "AADSTS7000215: Invalid client secret provided. Ensure the secret "
        "is the value. Trace ID: 1 Correlation ID: 2",
        "error_codes": [7000215],
    }

    with pytest.raises(AccessError) as caught:
        await (await someone(azure)).token()

    assert caught.value.message == "sign-in refused: Invalid client secret provided"
    assert (caught.value.code, caught.value.exit_code) == ("AADSTS7000215", 4)


async def test_nobody_signed_in_is_told_in_a_line_for_each_way(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was tried, why each did not do, and what to type."""
    monkeypatch.delenv("AZURE_ACCESS_TOKEN")
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "dev")

    with pytest.raises(AccessError, match="not signed in to HarborCloud") as caught:
        await (await someone(azure)).token()

    assert caught.value.code == "not-signed-in"
    assert "AzureCliCredential: Azure CLI not found on path" in caught.value.why
    assert all("\n" not in line for line in caught.value.why)
    assert caught.value.hints[0] == "az login"


async def test_a_login_that_cannot_be_reached_is_not_a_missing_sign_in(
    settings: Settings, cloud: Cloud, with_secret: None
) -> None:
    """The host is named, and the way out, as for every other request."""
    told = settings_module.read(dict(os.environ), Flags())
    identity = Identity(told, replace(cloud, login="https://127.0.0.1:9"))

    with pytest.raises(AzureError, match=r"cannot reach 127\.0\.0\.1:9") as caught:
        await identity.token()

    assert caught.value.code == "azure-unreachable"
    assert caught.value.why == (
        "Failed to establish a new connection: [Errno 111] Connection refused",
    )


async def test_a_wrong_choice_of_credential_is_told(
    azure: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AZURE_TOKEN_CREDENTIALS with a value that azure-identity does not know."""
    monkeypatch.delenv("AZURE_ACCESS_TOKEN")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "NoSuchCredential")

    with pytest.raises(AccessError) as caught:
        await (await someone(azure)).token()

    assert "AZURE_TOKEN_CREDENTIALS" in caught.value.why[0]


@pytest.mark.usefixtures("with_secret")
async def test_no_secret_is_in_an_error(azure: Azure) -> None:
    """Neither the message nor what lies behind it shows the client secret."""
    azure.sign_in_error = {"error": "invalid_client", "error_description": "AADSTS1: No."}

    with pytest.raises(AccessError) as caught:
        await (await someone(azure)).token()

    assert "a-secret" not in "".join([str(caught.value), *caught.value.why, *caught.value.hints])


def jwt(claims: dict[str, Any]) -> str:
    """A token that can be read, with a signature that nobody checks."""
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).decode() for each in ({}, claims)]
    return ".".join(each.rstrip("=") for each in [*parts, "sig"])


async def test_the_claims_tell_who_it_is(settings: Settings, cloud: Cloud) -> None:
    """Tenant, object and application are read from the token."""
    claims = {"tid": TENANT, "oid": "o", "appid": "a"}
    environ = {**settings.environ, "AZURE_ACCESS_TOKEN": jwt(claims)}

    assert await Identity(replace(settings, environ=environ), cloud).whoami() == claims


@pytest.mark.parametrize("opaque", ["opaque", "a.b.c", "a.bnVsbA.c", "ä.ö.ü"])
async def test_an_opaque_token_tells_nothing(settings: Settings, cloud: Cloud, opaque: str) -> None:
    """No claims, and no error either."""
    environ = {**settings.environ, "AZURE_ACCESS_TOKEN": opaque}

    assert await Identity(replace(settings, environ=environ), cloud).whoami() == {}
    assert settings.environ["AZURE_SUBSCRIPTION_ID"] == SUBSCRIPTION
