"""Whether a registry of charts can be reached at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arcctl.errors import ArcctlError, AzureError

if TYPE_CHECKING:
    from arcctl.settings import Settings


async def reach(settings: Settings, host: str) -> None:
    """Return if the registry answers at all; raise AzureError AZK8S0502 where it does not.

    An answer that asks for credentials is an answer; one that fails on the server's side is none.
    """
    from arcctl.clients.channel import Channel, Pace

    channel = Channel(settings, pace=Pace(retries=0))
    try:
        await channel.send("GET", f"https://{host}/v2/")
    except ArcctlError as error:
        status = getattr(error, "status", 0)
        if 0 < status < 500 or error.code == "azure-not-json":
            return
        raise AzureError(
            f"the registry {host} does not answer",
            code="AZK8S0502",
            status=status,
            why=(error.message, *error.why),
            hints=(f"allow https://{host} through, or set HTTPS_PROXY", *error.hints),
        ) from error
    finally:
        await channel.close()
