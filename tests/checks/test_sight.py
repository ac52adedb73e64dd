"""What is seen of a cluster and of its resource, each thing looked at once."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from arcctl.errors import UsageError
from arcctl.model import cluster as names
from arcctl.model import keys
from arcctl.settings import Settings
from cryptography.hazmat.primitives import serialization as how
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.checks.sights import HARBOR, Seen, World

SECRET = f"/api/v1/namespaces/azure-arc/secrets/{names.PRIVATE_KEY_SECRET}"
MAP = f"/api/v1/namespaces/azure-arc/configmaps/{names.IDENTITY_MAP}"
PEM = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .private_bytes(how.Encoding.PEM, how.PrivateFormat.PKCS8, how.NoEncryption())
    .decode()
)


def secret(text: bytes) -> dict[str, Any]:
    """The Secret of the private key, holding this."""
    return {SECRET: {"data": {names.PRIVATE_KEY_ENTRY: base64.b64encode(text).decode()}}}


@pytest.mark.parametrize(
    ("asked", "resource", "configured", "group", "region"),
    [
        ("East US", "westus", "northeurope", "westeurope", "eastus"),
        (None, "West US", "northeurope", "westeurope", "westus"),
        (None, None, "North Europe", "westeurope", "northeurope"),
        (None, None, None, "West Europe", "westeurope"),
    ],
)
async def test_the_region_is_looked_up_in_order(
    asked: str | None,
    resource: str | None,
    configured: str | None,
    group: str | None,
    region: str,
) -> None:
    """As asked, as it is, as configured, as the group's."""
    places = {HARBOR.path: resource, HARBOR.group_path: group}
    objects = {path: {"location": place} for path, place in places.items() if place}
    world = World(objects=objects, settings=Settings(environ={}, location=configured))

    assert await Seen(world, asked).region() == region


async def test_without_any_region_one_must_be_said() -> None:
    """A group that does not exist has none to take."""
    with pytest.raises(UsageError) as refused:
        await Seen(World()).region()

    assert refused.value.code == "AZK8S0104"
    assert "-l REGION" in refused.value.hints[0]


async def test_the_clusters_key_is_read_from_its_secret() -> None:
    """With it the cluster can prove whose it is."""
    assert await Seen(World(objects=secret(PEM.encode()))).key() == keys.read(PEM)


@pytest.mark.parametrize(
    "objects",
    [
        {},
        {SECRET: {}},
        {SECRET: {"data": {names.PRIVATE_KEY_ENTRY: "no base64!"}}},
        secret(b""),
        secret(b"no key"),
        secret(b"\xff\xfe"),
    ],
)
async def test_a_key_that_nobody_can_read_is_lost(objects: dict[str, Any]) -> None:
    """Whatever became of it."""
    assert await Seen(World(objects=objects)).key() is None


async def test_the_owner_is_read_from_the_config_map() -> None:
    """And without release or map there is none."""
    data = {
        "AZURE_SUBSCRIPTION_ID": "s-1",
        "AZURE_RESOURCE_GROUP": "edge",
        "AZURE_RESOURCE_NAME": "harbor",
    }
    found = await Seen(World(objects={MAP: {"data": data}})).onboarding()

    assert found is not None
    assert found.cluster == HARBOR
    assert await Seen(World()).onboarding() is None


async def test_a_thing_is_looked_at_once_until_it_is_forgotten() -> None:
    """What was changed is looked at again."""
    world = World(objects={HARBOR.path: {"location": "westeurope"}})
    sight = Seen(world)
    first = await sight.resource()
    world.objects[HARBOR.path] = {"location": "eastus"}

    assert await sight.resource() is first
    sight.forget()
    assert await sight.resource() == {"location": "eastus"}
