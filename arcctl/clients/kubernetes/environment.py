"""What a kubeconfig's credential plug-in may know of the environment (`design.md` rule 9).

A plug-in is the person's own program and may read any variable, so everything goes through
except the secrets that arcctl itself signs in to Azure with. kubelogin is the one plug-in that
signs in with those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SECRETS = frozenset({
    "AZURE_ACCESS_TOKEN", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_PASSWORD", "ARM_CLIENT_SECRET", "ARM_CLIENT_CERTIFICATE_PASSWORD", "ARM_ACCESS_KEY",
    "ARM_SAS_TOKEN", "ARM_OIDC_TOKEN", "ARM_OIDC_REQUEST_TOKEN",
    "AAD_SERVICE_PRINCIPAL_CLIENT_SECRET", "AAD_USER_PRINCIPAL_PASSWORD",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "SYSTEM_ACCESSTOKEN", "IDENTITY_HEADER", "MSI_SECRET",
})  # fmt: skip


def for_plugin(environ: Mapping[str, str], plugin: str | None) -> dict[str, str]:
    """Return the part of the environment that the program called `plugin` gets."""
    if plugin == "kubelogin":
        return dict(environ)
    return {name: value for name, value in environ.items() if name not in SECRETS}
