"""The journal tells what was asked and answered, and holds no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.sandbox.azure import entra
from arcctl.sandbox.journal import BODY_LIMIT, kept, redacted
from tests.sandbox.azure.client import HARBOR, body_of_cluster

if TYPE_CHECKING:
    from arcctl.sandbox.world import World
    from tests.sandbox.azure.client import Client

MARK = "marked-secret"


async def test_each_exchange_is_written_down(world: World, azure: Client) -> None:
    """Service, method, path, version, who asked, what came, how long it took."""
    headers = {"x-ms-client-request-id": "me", "User-Agent": "test"}
    await azure.put(HARBOR, body_of_cluster(), headers=headers)
    await azure.get("/metadata/endpoints", version="2022-09-01")
    await azure.post("/azure-arc-k8sagents/healthCheck", version="2024-07-01-preview")
    await azure.get("/v1.0/servicePrincipals?$filter=appId%20eq%20'x'", version=None)

    services = [entry.service for entry in world.journal.entries]
    assert services == ["arm", "arm", "dataplane", "graph"]
    entry = world.journal.select("arm", "PUT", "harbor$")[0]
    assert (entry.status, entry.client_request_id, entry.user_agent) == (201, "me", "test")
    assert '"agentPublicKeyCertificate"' in entry.request
    assert '"provisioningState": "Accepted"' in entry.response
    assert entry.seconds > 0


async def test_no_secret_is_in_it(world: World, azure: Client) -> None:
    """Passwords, tokens, protected settings and signed URLs are blotted out."""
    form = {"grant_type": "client_credentials", "client_id": entra.FULL_RIGHTS.client_id}
    form |= {"client_secret": entra.FULL_RIGHTS.secret, "scope": f"{azure.base}/.default"}
    signed_in = await azure.ask("POST", f"/{entra.TENANT}/oauth2/v2.0/token", data=form)
    entry = {"feature": "proxy", "protectedSettings": {"https_proxy": MARK}}
    made = await azure.put(HARBOR, body_of_cluster(arcAgentryConfigurations=[entry]))
    await azure.get(made.headers["Azure-AsyncOperation"])

    journal = (await azure.get("/_sandbox/journal")).text
    signature = made.headers["Azure-AsyncOperation"].partition("&s=")[2].partition("&")[0]
    for secret in (entra.FULL_RIGHTS.secret, signed_in.body["access_token"], MARK, signature):
        assert secret not in journal
    assert entra.FULL_RIGHTS.client_id in journal


def test_secrets_are_found_wherever_they_stand() -> None:
    """In forms, in JSON, in maps of protected settings, and as PEM."""
    texts = (
        f"a=b&client_assertion={MARK}&c=d",
        f'{{"sasToken": "{MARK}", "a": 1}}',
        f'{{"configurationProtectedSettings": {{"any": "{MARK}"}}}}',
        f'{{"password":"quo\\"ted{MARK}"}}',
        f"-----BEGIN RSA PRIVATE KEY-----\n{MARK}\n-----END RSA PRIVATE KEY-----",
    )

    assert [text for text in texts if MARK in redacted(text)] == []


def test_a_long_body_is_not_cut_but_left_out() -> None:
    """Half a secret would escape."""
    body = b"x" * (BODY_LIMIT + 1)

    assert kept(body) == f"({len(body)} bytes)"


async def test_the_journal_can_be_read_and_cleared(world: World, azure: Client) -> None:
    """Over the sandbox's own endpoints, which are not in it."""
    await azure.get(HARBOR)
    found = await azure.get("/_sandbox/journal?service=arm&method=GET", version=None)
    assert [entry["path"] for entry in found.body["entries"]] == [HARBOR]
    await azure.delete("/_sandbox/journal", version=None)

    assert list(world.journal.entries) == []
