"""A command that is stopped while it waits for Azure ends at once."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
from arcctl.errors import AzureError
from tests.clients.arm.server import CLUSTER, Azure, Say

if TYPE_CHECKING:
    from arcctl.clients.arm import Arm


async def test_closing_ends_a_request_that_waits(azure: Azure, arm: Arm) -> None:
    """The thread that waits for a slow PUT is set free, so that the process can end."""
    azure.say("PUT", CLUSTER, Say({}, hold=asyncio.Event()))
    waiting = asyncio.create_task(arm.put(CLUSTER, {}))
    await asyncio.wait_for(azure.arrived.wait(), 10)

    await arm.close()

    with pytest.raises(AzureError, match="closed"):
        await asyncio.wait_for(waiting, 10)


async def test_a_stopped_task_leaves_no_thread_behind(azure: Azure, arm: Arm) -> None:
    """After cancel and close the executor can be joined without the server's answer."""
    azure.say("GET", CLUSTER, Say({}, hold=asyncio.Event()))
    waiting = asyncio.create_task(arm.get(CLUSTER))
    await asyncio.wait_for(azure.arrived.wait(), 10)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await arm.close()
    await asyncio.wait_for(asyncio.get_running_loop().shutdown_default_executor(), 10)

    assert not [each for each in threading.enumerate() if each.name.startswith("asyncio_")]


async def test_a_closed_client_asks_nothing_more(azure: Azure, arm: Arm) -> None:
    """What is asked after closing is an error, not a new connection."""
    await arm.close()

    with pytest.raises(AzureError) as caught:
        await arm.get(CLUSTER)

    assert caught.value.code == "azure-closed"
    assert azure.asked == []


async def test_a_client_that_never_asked_can_be_closed(arm: Arm) -> None:
    """Closing twice, or before the first request, is no error."""
    await arm.close()
    await arm.close()

    assert arm.correlation_id == "c0ffee00-0000-4000-8000-000000000000"
