"""The cloud's own description, `/metadata/endpoints` (`arm.md` 15.4; `az-on-the-wire.md` 4 T10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure.answers import Answer, ArmError

if TYPE_CHECKING:
    from arcctl.sandbox.azure.call import Call

CLOUD_NAME = "ArcctlSandbox"


def endpoints(call: Call) -> Answer:
    """Answer one object, a list of clouds, or the oldest shape, by api-version. No token needed."""
    version = call.version
    if not version:
        raise ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    if version.startswith("2015"):
        return Answer(body=_oldest(call.origin))
    cloud = _cloud(call.origin)
    return Answer(body=[cloud] if version < "2022" else cloud)


def _oldest(origin: str) -> dict[str, Any]:
    return {
        "galleryEndpoint": f"{origin}/gallery",
        "graphEndpoint": origin,
        "portalEndpoint": f"{origin}/portal",
        "authentication": {"loginEndpoint": f"{origin}/", "audiences": [f"{origin}/"]},
    }


def _cloud(origin: str) -> dict[str, Any]:
    host = origin.partition("//")[2]
    return {
        "name": CLOUD_NAME,
        "portal": f"{origin}/portal",
        "authentication": {
            "loginEndpoint": origin,
            "audiences": [f"{origin}/", origin],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": f"{origin}/",
        "graph": origin,
        "graphAudience": f"{origin}/",
        "microsoftGraphResourceId": f"{origin}/",
        "gallery": f"{origin}/gallery",
        "media": f"{origin}/",
        "batch": f"{origin}/",
        "sqlManagement": f"{origin}/",
        "vmImageAliasDoc": f"{origin}/",
        "activeDirectoryDataLake": f"{origin}/",
        "appInsightsResourceId": f"{origin}/",
        "suffixes": {
            "storage": "core.sandbox.invalid",
            "keyVaultDns": "vault.sandbox.invalid",
            "sqlServerHostname": "database.sandbox.invalid",
            "acrLoginServer": "azurecr.sandbox.invalid",
            "relayEndpointSuffix": host,
        },
        "dataplaneEndpoints": {
            "arcConfigEndpoint": origin,
            "arcGlobalNotificationServiceEndpoint": origin,
            "arcHybridIdentityServiceEndpoint": f"{origin}/",
        },
    }
