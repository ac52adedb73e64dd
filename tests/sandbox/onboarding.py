"""Connects a cluster without arcctl: a resource planted in ARM, the agents installed by helm."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.sandbox.azure.seeds import SUBSCRIPTION
from tests.sandbox.programs import output

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from arcctl.model.keys import KeyPair
    from arcctl.sandbox.server import Sandbox

GROUP, NAME = "edge", "harbor"


@dataclass(frozen=True)
class Onboarding:
    """One cluster of a sandbox, and the helm that installs its agents."""

    sandbox: Sandbox
    helm: Path

    def register(self, pair: KeyPair, *, count_as: str = "Connecting") -> None:
        """Put the resource into ARM, with the public half of a pair."""
        entry = {
            "name": NAME,
            "group": GROUP,
            "state": count_as,
            "properties": {"agentPublicKeyCertificate": pair.public},
        }
        self.sandbox.world.azure.plant({"clusters": [entry]})

    async def install(self, pem: str, version: str = "1.36.1", **settings: Any) -> None:
        """Install or upgrade the agents, with the private half as a value."""
        place = {"subscriptionId": SUBSCRIPTION, "resourceGroupName": GROUP, "resourceName": NAME}
        values = {"global": {**place, "onboardingPrivateKey": pem}, "systemDefaultValues": settings}
        chart = self.sandbox.world.agent_charts["stable"].rpartition(":")[0]
        await self.run_helm(
            "upgrade", "--install", "azure-arc", f"oci://{chart}", "--version", version,
            "--create-namespace", "--values", "-", stdin=json.dumps(values),
        )  # fmt: skip

    async def run_helm(self, *arguments: str, stdin: str = "") -> str:
        environment = {**self.sandbox.environment, "HOME": str(self.sandbox.home.path)}
        return await output(
            self.helm, *arguments, "--namespace", "azure-arc-release",
            environment=environment, stdin=stdin,
        )  # fmt: skip

    @property
    def properties(self) -> dict[str, Any]:
        """What ARM says of the cluster now."""
        found = self.sandbox.world.azure.find_cluster(SUBSCRIPTION, GROUP, NAME)
        assert found is not None
        properties: dict[str, Any] = found["properties"]
        return properties

    @property
    def status(self) -> str:
        return str(self.properties["connectivityStatus"])

    def told(self, act: str, status: int) -> bool:
        """Tell whether the agents' exchange with Azure is in the journal."""
        entries = self.sandbox.world.journal.select(service="agents", method=act)
        return any(entry.status == status for entry in entries)

    async def connected(self) -> None:
        await until(lambda: self.status == "Connected")


async def until(happens: Callable[[], bool], seconds: float = 20) -> None:
    """Return when something has come true; fail when it does not within the time."""
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not come true in time"
        await asyncio.sleep(0.02)
