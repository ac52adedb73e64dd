"""What a command pays for: libraries are loaded when they are needed and not before."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

from arcctl.clients.token_cache import Token, TokenCache
from arcctl.model.secret import Secret
from tests.clients.arm.server import CLUSTER, FOUND, Azure

if TYPE_CHECKING:
    import pytest
    from arcctl.clients.cloud import Cloud
    from arcctl.settings import Settings

READ = """
import asyncio, os
from arcctl import settings
from arcctl.clients.arm import Arm
from arcctl.clients.cloud import find_cloud
from arcctl.clients.identity import Identity

async def main():
    told = settings.read(os.environ, settings.Flags())
    cloud = await find_cloud(told)
    arm = Arm(told, cloud, Identity(told, cloud))
    print((await arm.get(os.environ["ARCCTL_TEST_PATH"]))["name"])
    await arm.close()

asyncio.run(main())
"""
LIGHT = (
    "import arcctl.clients.arm, arcctl.clients.cloud, arcctl.clients.data_plane,"
    " arcctl.clients.graph, arcctl.clients.identity, arcctl.clients.providers,"
    " arcctl.clients.subscriptions"
)
TOO_MUCH = ("azure.identity", "msal", "aiohttp", "kubernetes", "azure.mgmt.resource", "rich")
HEAVY = (*TOO_MUCH, "azure.core", "requests", "urllib3", "cryptography", "yaml", "jmespath")


async def loaded(code: str) -> tuple[str, set[str]]:
    """Run code in a Python of its own; return its output and every module it loaded."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-X",
        "importtime",
        "-c",
        code,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    lines = [line for line in err.decode().splitlines() if line.startswith("import time:")]
    assert process.returncode == 0, err.decode()[-2000:]
    return out.decode().strip(), {line.rpartition("|")[2].strip() for line in lines}


def among(modules: set[str], names: tuple[str, ...]) -> list[str]:
    """Which of the packages are there, whole or in part."""
    return [
        name
        for name in names
        if any(module == name or module.startswith(f"{name}.") for module in modules)
    ]


async def test_a_read_with_a_kept_token_loads_little(
    azure: Azure, settings: Settings, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No sign-in library, no aiohttp, no Kubernetes, no generic client, no rich."""
    monkeypatch.delenv("AZURE_ACCESS_TOKEN")
    monkeypatch.setenv("ARCCTL_TEST_PATH", CLUSTER)
    signed_in = type(settings)(environ=dict(os.environ), cache_home=settings.cache_home)
    kept = Token(Secret("kept-token"), 4e9)
    TokenCache(signed_in, cloud).put(cloud.audience, kept)
    azure.say("GET", CLUSTER, FOUND | {"name": "harbor"})

    said, modules = await loaded(READ)

    assert said == "harbor"
    assert azure.asked[-1].token == "kept-token"
    assert among(modules, TOO_MUCH) == []


async def test_the_clients_load_nothing_heavy_by_themselves() -> None:
    """Commands may import them at the top."""
    _, modules = await loaded(LIGHT)

    assert among(modules, HEAVY) == []
