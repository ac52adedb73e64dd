"""Where names lead, and which names a cloud's identity service has."""

from __future__ import annotations

from ipaddress import ip_address

from arcctl.clients.cloud import BUILT_IN, from_metadata
from arcctl.clients.names import addresses

CLOUD = {"authentication": {"loginEndpoint": "https://login.example.edge.local"}}


async def test_an_address_leads_to_itself() -> None:
    """Nobody is asked for it."""
    assert await addresses("20.60.7.7") == (ip_address("20.60.7.7"),)


async def test_a_name_that_nobody_knows_leads_nowhere() -> None:
    """That is an answer, and no error."""
    assert await addresses("nobody.invalid") == ()


def test_the_identity_service_is_the_clouds_own() -> None:
    """As its metadata publish it, else by the end of the cloud's names."""
    published = {"arcHybridIdentityServiceEndpoint": "https://his.example.edge.local:444/"}
    own = from_metadata("https://arm.example", {**CLOUD, "dataplaneEndpoints": published})

    assert own.identity_service == "his.example.edge.local"
    assert BUILT_IN["AzureChinaCloud"].identity_service == "gbl.his.arc.azure.cn"
