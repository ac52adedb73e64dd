"""Which Azure is meant: a name that everyone knows, az's own, or a URL (`connectedk8s.md` D.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from arcctl.clients.cloud import BUILT_IN, find_cloud, from_metadata
from arcctl.errors import AzureError, UsageError
from tests.clients.arm.server import Azure, Say

if TYPE_CHECKING:
    from pathlib import Path

    from arcctl.clients.cloud import Cloud
    from arcctl.settings import Settings


@pytest.mark.parametrize(
    ("name", "environment", "domain"),
    [
        ("AzureCloud", "AZUREPUBLICCLOUD", "com"),
        ("azureusgovernment", "AZUREUSGOVERNMENTCLOUD", "us"),
        ("AZURECHINACLOUD", "AZURECHINACLOUD", "cn"),
    ],
)
async def test_a_name_that_everyone_knows_needs_no_request(
    azure: Azure, settings: Settings, name: str, environment: str, domain: str
) -> None:
    """In any case, and without asking anyone."""
    cloud = await find_cloud(replace(settings, cloud=name))

    assert (cloud.environment, cloud.domain, cloud.builtin) == (environment, domain, True)
    assert azure.asked == []


async def test_a_url_describes_itself(azure: Azure, settings: Settings) -> None:
    """The metadata of the endpoint gives all hosts, and no token is sent for it."""
    cloud = await find_cloud(replace(settings, cloud=f"{azure.url}/"))

    assert cloud.arm == cloud.login == azure.url
    assert cloud.audience == f"{azure.url}/"
    assert cloud.graph == f"{azure.url}/graph"
    assert cloud.portal == f"{azure.url}/portal"
    assert cloud.data_plane_for("West Europe") == f"{azure.url}/dp"
    assert (cloud.name, cloud.environment, cloud.domain) == ("HarborCloud", "HARBORCLOUD", "com")
    assert cloud.metadata["authentication"]["tenant"] == "common"
    assert [each.target for each in azure.asked] == ["/metadata/endpoints?api-version=2022-09-01"]
    assert azure.asked[0].token is None


async def test_a_list_of_clouds_is_read_too(azure: Azure, settings: Settings) -> None:
    """Older endpoints answer with all clouds they know; ours is the one with this URL."""
    other = azure.metadata() | {"name": "Other", "resourceManager": "https://other.example/"}
    azure.say("GET", "/metadata/endpoints", Say([other, azure.metadata()]))

    assert (await find_cloud(replace(settings, cloud=azure.url))).name == "HarborCloud"


async def test_a_cloud_registered_with_az_is_known(
    azure: Azure, settings: Settings, home: Path
) -> None:
    """`az cloud register` stores the endpoint, which is then asked."""
    (home / ".azure").mkdir()
    (home / ".azure" / "clouds.config").write_text(
        f"[Harbor]\nendpoint_resource_manager = {azure.url}\n", encoding="utf-8"
    )

    assert (await find_cloud(replace(settings, cloud="Harbor"))).arm == azure.url


async def test_an_unknown_name_lists_what_is_known(settings: Settings) -> None:
    """A wrong name is a usage error."""
    with pytest.raises(UsageError, match="unknown cloud: Azur") as caught:
        await find_cloud(replace(settings, cloud="Azur"))

    assert "AzureCloud" in caught.value.why[0]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8443", "http://arm.example", "ftp://x"])
async def test_without_tls_there_is_no_cloud(settings: Settings, url: str) -> None:
    """Not even on loopback: azure-core refuses to send a token there."""
    with pytest.raises(UsageError) as caught:
        await find_cloud(replace(settings, cloud=url))

    assert caught.value.code == "cloud-not-https"


async def test_an_endpoint_that_describes_no_cloud_is_told(
    azure: Azure, settings: Settings
) -> None:
    """Metadata without a login endpoint is an error, not a guess."""
    azure.say("GET", "/metadata/endpoints", Say([]))

    with pytest.raises(AzureError) as caught:
        await find_cloud(replace(settings, cloud=azure.url))

    assert caught.value.code == "cloud-metadata"


def test_the_data_plane_of_a_public_region_is_composed() -> None:
    """Region and domain make the host where the cloud publishes none."""
    assert (
        BUILT_IN["AzureUSGovernment"].data_plane_for("USGov Virginia")
        == "https://usgovvirginia.dp.kubernetesconfiguration.azure.us"
    )


@pytest.mark.parametrize(
    ("login", "domain", "registry"),
    [
        ("https://login.microsoftonline.com", "com", "mcr.microsoft.com"),
        (
            "https://login.microsoftonline.microsoft.scloud",
            "microsoft.scloud",
            "mcr.microsoft.microsoft.scloud",
        ),
        ("https://localhost:8443", "com", "mcr.microsoft.com"),
    ],
)
def test_an_air_gapped_login_gives_the_domain(login: str, domain: str, registry: str) -> None:
    """Third label and what follows; a host without one counts as the public cloud's."""
    cloud: Cloud = from_metadata("https://arm", {"authentication": {"loginEndpoint": login}})

    assert (cloud.domain, cloud.registry) == (domain, registry)
