"""What is tried again, and what is not (`arm.md` 1.3, `az-on-the-wire.md` 5)."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from arcctl.clients.arm import Arm
from arcctl.clients.arm_errors import unreachable
from arcctl.errors import AccessError, AzureError
from tests.clients.arm.conftest import FAST
from tests.clients.arm.server import CLUSTER, FOUND, Azure, Say

if TYPE_CHECKING:
    from pathlib import Path

    from arcctl.clients.cloud import Cloud
    from arcctl.clients.identity import Identity
    from arcctl.settings import Settings


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_passing_error_is_tried_again(azure: Azure, arm: Arm, status: int) -> None:
    """Twice the error, then the answer: nobody notices."""
    azure.say("GET", CLUSTER, Say(None, status), Say(raw="<html>", status=status), FOUND)

    assert await arm.get(CLUSTER) == FOUND
    assert len(azure.asked) == 3


async def test_a_throttled_post_is_tried_again(azure: Azure, arm: Arm) -> None:
    """A 429 was not acted upon, so even a POST may be repeated."""
    azure.say("POST", f"{CLUSTER}/listClusterUserCredential", Say(None, 429), {"done": 1})

    assert await arm.post(f"{CLUSTER}/listClusterUserCredential", {}) == {"done": 1}


@pytest.mark.parametrize("cut", ["before", "mid"])
async def test_a_cut_answer_is_asked_for_again(azure: Azure, arm: Arm, cut: str) -> None:
    """A reset before or in the middle of the answer is repeated for what is safe to repeat."""
    azure.say("GET", CLUSTER, Say({"long": "x" * 5000}, cut=cut), FOUND)

    assert await arm.get(CLUSTER) == FOUND


async def test_a_cut_put_is_sent_again_with_its_body(azure: Azure, arm: Arm) -> None:
    """PUT is idempotent, so a lost answer costs a second PUT of the same body."""
    azure.say("PUT", CLUSTER, Say({"long": "x" * 5000}, 201, cut="mid"), FOUND)

    assert await arm.put(CLUSTER, {"location": "eastus"}) == FOUND
    assert [each.body for each in azure.asked] == ['{"location": "eastus"}'] * 2


@pytest.mark.parametrize("status", [400, 409, 412])
async def test_a_refusal_is_not_tried_again(azure: Azure, arm: Arm, status: int) -> None:
    """Not even where Azure sends a Retry-After with it, as azure-core by itself would."""
    azure.say("GET", CLUSTER, Say(None, status, {"Retry-After": "1"}))

    with pytest.raises(AzureError) as caught:
        await arm.get(CLUSTER)

    assert caught.value.status == status
    assert caught.value.code == f"azure-{status}"
    assert len(azure.asked) == 1


async def test_retries_end(azure: Azure, arm: Arm) -> None:
    """After six tries the error is told, with its own words."""
    azure.say("GET", CLUSTER, Say({"error": {"code": "Down", "message": "Down."}}, 503))

    with pytest.raises(AzureError, match=r"^Down$") as caught:
        await arm.get(CLUSTER)

    assert caught.value.status == 503
    assert len(azure.asked) == 6


async def test_retry_after_is_obeyed(azure: Azure, arm: Arm) -> None:
    """A throttled request comes back no earlier than it was told to."""
    azure.say("GET", CLUSTER, Say(None, 429, {"Retry-After": "1"}), FOUND)
    began = time.monotonic()

    assert await arm.get(CLUSTER) == FOUND
    assert time.monotonic() - began >= 1  # a lower bound: it cannot fail on a slow machine


async def test_a_pause_longer_than_our_patience_is_an_error(azure: Azure, arm: Arm) -> None:
    """Nobody is kept waiting for an hour without being told."""
    throttled = {"error": {"code": "SubscriptionRequestsThrottled", "message": "Too many."}}
    azure.say("GET", CLUSTER, Say(throttled, 429, {"Retry-After": "3600"}))

    with pytest.raises(AzureError, match="Too many") as caught:
        await arm.get(CLUSTER)

    assert caught.value.hints
    assert len(azure.asked) == 1


async def test_an_unreachable_host_is_named(
    settings: Settings, cloud: Cloud, azure: Azure, identity: Identity
) -> None:
    """A refused connection is an error that names host and way out."""
    with closing(socket.socket()) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    arm = Arm(settings, replace(cloud, arm=f"https://127.0.0.1:{port}"), identity, pace=FAST)

    with pytest.raises(AzureError, match=f"cannot reach 127.0.0.1:{port}") as caught:
        await arm.get(CLUSTER)
    await arm.close()

    assert caught.value.code == "azure-unreachable"
    # This machine is no cloud: it is the sandbox, and stopped.
    assert caught.value.hints[0] == "if it is the sandbox: arcctl sandbox status"
    elsewhere = unreachable("https://management.azure.com/x", "connection refused")
    assert elsewhere.hints == ("where a proxy is the way out: export HTTPS_PROXY=URL",)


async def test_a_silent_host_is_given_up(
    azure: Azure, settings: Settings, cloud: Cloud, identity: Identity
) -> None:
    """A host that accepts and says nothing is an error after the reading time."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        pace = replace(FAST, connect=0.1, read=0.1)
        arm = Arm(settings, replace(cloud, arm=url), identity, pace=pace)

        with pytest.raises(AzureError) as caught:
            await arm.get(CLUSTER)
        await arm.close()

    assert caught.value.code == "azure-unreachable"


async def test_a_strange_certificate_is_told_with_its_remedy(
    azure: Azure, settings: Settings, cloud: Cloud, identity: Identity, home: Path
) -> None:
    """TLS is verified always; the hint names the variable that adds an authority."""
    environ = {key: settings.environ[key] for key in settings.environ if "BUNDLE" not in key}
    arm = Arm(replace(settings, environ=environ), cloud, identity, pace=FAST)
    azure.asked.clear()

    with pytest.raises(AzureError) as caught:
        await arm.get(CLUSTER)
    await arm.close()

    assert caught.value.code == "azure-tls"
    assert "REQUESTS_CA_BUNDLE" in caught.value.hints[0]
    assert azure.asked == []


@pytest.mark.usefixtures("with_secret")
async def test_a_refused_sign_in_is_not_tried_again(azure: Azure, arm: Arm) -> None:
    """A wrong secret stays wrong."""
    azure.sign_in_error = {"error": "invalid_client", "error_description": "AADSTS7000215: No."}

    with pytest.raises(AccessError):
        await arm.get(CLUSTER)

    assert len([each for each in azure.asked if "/oauth2/" in each.target]) == 1
