"""What the shell offers behind an option, asked when a person presses Tab.

It comes at once or not at all: nobody is signed in, nothing is printed, and what goes wrong
offers nothing. Nothing is imported before an option is completed that needs it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from arcctl.clients import Clients
    from arcctl.settings import Settings

    Ask = Callable[[Clients, str, str | None], AsyncIterator[str]]

SECONDS = 2.0


def cluster_names(ctx: typer.Context) -> list[str]:
    """Offer the connected clusters of the group, or of the subscription."""
    return _asked(ctx, _names)


def cluster_ids(ctx: typer.Context) -> list[str]:
    """Offer their ids."""
    return _asked(ctx, _ids)


def groups(ctx: typer.Context) -> list[str]:
    """Offer the resource groups of the subscription."""
    return _asked(ctx, _groups)


def regions(ctx: typer.Context) -> list[str]:
    """Offer the regions in which a cluster can be connected."""
    return _asked(ctx, _regions)


def contexts(ctx: typer.Context) -> list[str]:
    """Offer the contexts of the kubeconfig; no cluster is asked."""
    try:
        from arcctl.clients.kubernetes import kubeconfig

        return kubeconfig.contexts(_settings(ctx))
    except Exception:  # noqa: BLE001 - an error would be printed into the line that is typed
        return []


def words(read: Callable[[], tuple[str, ...]]) -> Callable[[], list[str]]:
    """Offer what is known without asking, less what a shell would take for two words."""

    def offer() -> list[str]:
        return [each for each in read() if " " not in each]

    return offer


def outputs() -> tuple[str, ...]:
    from arcctl.settings import OUTPUTS

    return OUTPUTS


def progresses() -> tuple[str, ...]:
    return ("auto", "plain", "json", "none")


def distributions() -> tuple[str, ...]:
    from arcctl.model.distribution import DISTRIBUTIONS

    return tuple(DISTRIBUTIONS)


def infrastructures() -> tuple[str, ...]:
    from arcctl.model.distribution import INFRASTRUCTURES

    return tuple(INFRASTRUCTURES)


def _settings(ctx: typer.Context) -> Settings:
    from arcctl.model.surroundings import Surroundings
    from arcctl.settings import Flags, read

    flags = Flags(
        subscription=ctx.params.get("subscription"),
        cloud=ctx.params.get("cloud"),
        kube_config=ctx.params.get("kube_config"),
    )
    around = ctx.find_root().obj or Surroundings()  # a shell that asks gives none
    return read(around.environ, flags)


def _asked(ctx: typer.Context, ask: Ask) -> list[str]:
    import asyncio
    import logging

    logging.disable()
    found: list[str] = []
    try:
        asyncio.run(_in_time(_settings(ctx), ctx.params, ask, found))
    except Exception:  # noqa: BLE001 - an error would be printed into the line that is typed
        return found
    return found


async def _in_time(settings: Settings, given: dict[str, Any], ask: Ask, found: list[str]) -> None:
    """Put into `found` what comes in time."""
    import asyncio

    from arcctl.clients import Clients
    from arcctl.clients.subscriptions import resolve

    clients = Clients(settings, note=lambda _text: None, hurried=True)
    try:
        async with asyncio.timeout(SECONDS):
            subscription = await resolve(await clients.arm(), settings)
            group = given.get("resource_group") or settings.group
            async for each in ask(clients, subscription.id, group):
                found.append(each)  # noqa: PERF401 - what comes before the end is worth offering
    finally:
        await clients.close()


async def _names(clients: Clients, subscription: str, group: str | None) -> AsyncIterator[str]:
    from arcctl.operations.inventory import list_clusters

    async for each in list_clusters(clients, subscription, group):
        yield str(each["name"])


async def _ids(clients: Clients, subscription: str, group: str | None) -> AsyncIterator[str]:
    from arcctl.operations.inventory import list_clusters

    async for each in list_clusters(clients, subscription, group):
        yield str(each["id"])


async def _groups(clients: Clients, subscription: str, _group: str | None) -> AsyncIterator[str]:
    arm = await clients.arm()
    async for each in arm.items(f"/subscriptions/{subscription}/resourcegroups"):
        yield str(each["name"])


async def _regions(clients: Clients, subscription: str, _group: str | None) -> AsyncIterator[str]:
    from arcctl.clients import providers

    found = await providers.read(await clients.arm(), subscription, "Microsoft.Kubernetes")
    for each in sorted(found.regions("connectedClusters")):
        yield each
