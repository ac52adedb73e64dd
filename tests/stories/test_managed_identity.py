"""A managed identity signs in: App Service's endpoint, told to processes by the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.azure import entra
from tests.stories.refusals import CONNECT, changes, refused

if TYPE_CHECKING:
    from tests.stage import Stage

IDENTITY = {
    "AZURE_CLIENT_ID": "",
    "AZURE_CLIENT_SECRET": "",
    "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
}


@pytest.mark.parametrize("client", ["", entra.FULL_RIGHTS.client_id])
def test_a_cluster_is_connected_by_a_managed_identity(quick: Stage, client: str) -> None:
    """No secret of an app is in the environment; the header is never printed."""
    ended = quick.well(f"{CONNECT} --debug", **IDENTITY | {"AZURE_CLIENT_ID": client})

    assert ended.data["connectivityStatus"] == "Connected"
    assert quick.requests("entra", "GET")[-1].startswith("GET /msi/token")
    assert quick.sandbox.environment["IDENTITY_HEADER"] not in ended.err + ended.out


def test_another_header_signs_nobody_in(quick: Stage) -> None:
    """As of another user of the machine, who can reach the port and cannot read the environment."""
    ended = quick.type(CONNECT, **IDENTITY, IDENTITY_HEADER="guessed")

    refused(ended, "not-signed-in", exit_code=4, said="ManagedIdentityCredential")
    assert changes(quick) == []
