"""A small Azure, and a client that talks to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from arcctl import settings as settings_module
from arcctl.clients.arm import Arm
from arcctl.clients.channel import Pace
from arcctl.clients.cloud import Cloud, find_cloud
from arcctl.clients.identity import Identity
from arcctl.settings import Flags, Settings
from tests.clients.arm import server
from tests.clients.arm.server import Azure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

FAST = Pace(polls=(0.01,), backoff=0.001, patience=5, again=0)


@pytest.fixture
async def azure(home: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Azure]:
    """A small Azure, trusted and signed in to with an access token from the environment."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.trust(home)))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("AZURE_ACCESS_TOKEN", "given-token")
    monkeypatch.setenv("AZURE_SUBSCRIPTION_ID", server.SUBSCRIPTION)
    monkeypatch.setenv("AZURE_TENANT_ID", server.TENANT)
    async with Azure() as azure:
        monkeypatch.setenv("ARCCTL_CLOUD", azure.url)
        yield azure


@pytest.fixture
def with_secret(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign in with a client secret instead, so that tokens can be renewed."""
    monkeypatch.delenv("AZURE_ACCESS_TOKEN")
    monkeypatch.setenv("AZURE_CLIENT_ID", "33333333-0000-4000-8000-0000000000cc")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "a-secret")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")


@pytest.fixture
def settings(azure: Azure) -> Settings:
    """What the environment says now."""
    return settings_module.read(
        dict(os.environ), Flags(correlation_id="c0ffee00-0000-4000-8000-000000000000")
    )


@pytest.fixture
async def cloud(settings: Settings) -> Cloud:
    """The small Azure as a cloud."""
    return await find_cloud(settings)


@pytest.fixture
def identity(settings: Settings, cloud: Cloud) -> Identity:
    """Whoever is signed in."""
    return Identity(settings, cloud)


@pytest.fixture
async def arm(
    azure: Azure, settings: Settings, cloud: Cloud, identity: Identity
) -> AsyncIterator[Arm]:
    """A client in a hurry, which has not asked anything yet."""
    client = Arm(settings, cloud, identity, pace=FAST)
    azure.forget()
    yield client
    await client.close()
