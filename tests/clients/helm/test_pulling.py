"""Charts come from a registry into a private folder."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from arcctl.clients.helm import Helm
from arcctl.errors import HelmError
from arcctl.sandbox import registry
from arcctl.settings import Flags, read
from tests.clients.serving import authority, serving, tls

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator
    from pathlib import Path

CHART = "azurearck8s/batch1/stable/v2/azure-arc-k8sagents"
VERSION = "1.36.1"


@pytest.fixture
async def helm(helm_path: Path, home: Path, environ: os._Environ[str]) -> Helm:
    """A helm without a cluster, which pulling does not need."""
    environment = dict(environ) | {"SSL_CERT_FILE": str(home / "authority.pem")}
    return await Helm.open(read(environment, Flags(helm=str(helm_path))), note=print)


@pytest.fixture
def shop() -> web.Application:
    """The sandbox's registry, at the root of a server."""
    application = web.Application()
    application.add_subapp("/v2", registry.application())
    return application


@asynccontextmanager
async def open_shop(shop: web.Application, helm: Helm, home: Path) -> AsyncIterator[str]:
    """Serve as each helm wants a loopback registry: 3 insists on plain HTTP, 4 on TLS."""
    context = tls(authority(home))
    async with serving(shop, None if helm.version[0] == 3 else context) as port:
        yield f"oci://127.0.0.1:{port}"


@pytest.fixture
async def address(shop: web.Application, helm: Helm, home: Path) -> AsyncIterator[str]:
    """The registry's address."""
    async with open_shop(shop, helm, home) as found:
        yield found


async def test_a_chart_is_unpacked_into_a_folder_of_its_own(
    helm: Helm, address: str, tmp_path: Path
) -> None:
    """Two pulls of the same chart do not meet, and nobody else can read them."""
    first = await helm.pull(f"{address}/{CHART}", VERSION, tmp_path)
    second = await helm.pull(f"{address}/{CHART}", VERSION, tmp_path)
    assert first != second
    assert first.name == "azure-arc-k8sagents"
    assert "version: 1.36.1" in (first / "Chart.yaml").read_text()
    assert first.parent.stat().st_mode & 0o777 == 0o700


async def test_plain_http_has_to_be_asked_for(
    helm: Helm, shop: web.Application, home: Path, tmp_path: Path
) -> None:
    """A registry on loopback without TLS works with both helms when told so."""
    authority(home)
    async with serving(shop) as port:
        reference = f"oci://127.0.0.1:{port}/{CHART}"
        assert await helm.pull(reference, VERSION, tmp_path, plain_http=True)


async def test_a_chart_that_is_not_there_has_a_code(
    helm: Helm, address: str, tmp_path: Path
) -> None:
    """A wrong name and a wrong version are both AZK8S0502."""
    for reference, version in ((f"{address}/none", VERSION), (f"{address}/{CHART}", "9.9.9")):
        with pytest.raises(HelmError) as raised:
            await helm.pull(reference, version, tmp_path)
        assert raised.value.code == "AZK8S0502"
        assert raised.value.why


async def test_a_registry_that_stumbles_is_asked_again(
    helm: Helm, home: Path, shop: web.Application, tmp_path: Path
) -> None:
    """One 503 does not end a connect."""
    failed: list[str] = []

    @web.middleware
    async def stumble(request: web.Request, handler: object) -> web.StreamResponse:
        if not failed:
            failed.append(request.path)
            return web.Response(status=503)
        return await handler(request)  # type: ignore[operator]  # aiohttp's own signature

    shop.middlewares.append(stumble)
    async with open_shop(shop, helm, home) as address:
        assert await helm.pull(f"{address}/{CHART}", VERSION, tmp_path)
    assert failed
