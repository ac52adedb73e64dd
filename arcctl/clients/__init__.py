"""How arcctl reaches the world: ARM, Kubernetes, helm, identity; the only home of HTTP and subprocesses."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from arcctl.clients.once import Remembering, once

if TYPE_CHECKING:
    from collections.abc import Callable

    from arcctl.clients.arm import Arm
    from arcctl.clients.channel import Pace
    from arcctl.clients.cloud import Cloud
    from arcctl.clients.data_plane import DataPlane
    from arcctl.clients.helm import Helm
    from arcctl.clients.identity import Identity
    from arcctl.clients.kubernetes import Kubernetes
    from arcctl.settings import Settings


class Clients(Remembering):
    """The bundle an operation is given. Each client is made when first asked for, and once.

    `note` is told what a person should know, such as which helm was fetched, `warn` what may be
    dangerous. In a hurry, Azure is
    asked once, briefly, and only with a token that is there already.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        note: Callable[[str], None],
        warn: Callable[[str], None] | None = None,
        hurried: bool = False,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.note = note
        self._warn = warn or note
        self._hurried = hurried
        self.longest = inf
        """No wait of this command lasts longer, in seconds: a person has said how long they have"""
        _ask_no_uname()

    @once
    async def cloud(self) -> Cloud:
        """Which Azure this is; raise AzureError where its metadata cannot be read."""
        from arcctl.clients.cloud import find_cloud

        return await find_cloud(self.settings, pace=self._pace())

    @once
    async def identity(self) -> Identity:
        """Who is asking."""
        from arcctl.clients.identity import Identity

        return Identity(self.settings, await self.cloud(), may_sign_in=not self._hurried)

    @once
    async def arm(self) -> Arm:
        """Azure Resource Manager."""
        from arcctl.clients.arm import Arm

        cloud, identity = await self.cloud(), await self.identity()
        return Arm(self.settings, cloud, identity, pace=self._pace())

    async def within(self, seconds: float) -> None:
        """Let no wait of this command last longer, those for Azure's operations among them."""
        self.longest = seconds
        (await self.arm()).within(seconds)

    @once
    async def data_plane(self) -> DataPlane:
        """Arc's configuration service, which knows chart and values."""
        from arcctl.clients.data_plane import DataPlane

        return DataPlane(await self.arm())

    @once
    async def kubernetes(self) -> Kubernetes:
        """The cluster; raise ClusterError where the kubeconfig cannot be used."""
        from arcctl.clients.kubernetes import Kubernetes

        found = await Kubernetes.open(self.settings)
        if found.insecure:
            self._warn(f"the certificate of {found.server} is NOT verified")
        return found

    @once
    async def helm(self) -> Helm:
        """Helm, bound to the cluster; raise HelmError where none can be had."""
        from arcctl.clients.helm import Helm

        found = await Helm.open(self.settings, note=self.note)
        return found.for_cluster(await self.kubernetes())

    def _pace(self) -> Pace | None:
        from arcctl.clients.channel import HURRIED

        return HURRIED if self._hurried else None

    async def close(self) -> None:
        """End what is still being made, and close what was."""
        for client in await self.end():
            if hasattr(client, "close"):
                await client.close()


def _ask_no_uname() -> None:
    """Keep Python from running `uname -p` when azure-core makes up its User-Agent.

    That child would get arcctl's whole environment, secrets included, for a word nobody reads.
    """
    import platform

    vars(platform.uname()).setdefault("processor", "")
