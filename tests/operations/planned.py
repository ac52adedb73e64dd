"""A connected cluster on a real sandbox, and plans made for it as the command makes them."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arcctl.checks.sight import Sight
from arcctl.clients import Clients
from arcctl.model.keys import generate
from arcctl.operations.moving.planning import plan
from arcctl.operations.moving.request import MoveRequest
from arcctl.operations.world import World
from arcctl.sandbox import mementos
from arcctl.sandbox.azure.attached import SUBSCRIPTION
from arcctl.settings import Flags, read
from tests.stage import PATIENCE, Stage, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from arcctl.model.bundle import Bundle
    from arcctl.model.plan import Plan

HARBOR = "edge/harbor"
ROLE = "Reader"
REGION = "westeurope"
SOMEBODY = "00000000-0000-0000-0000-00000000d001"
MONITOR = {"on": HARBOR, "name": "monitor", "type": "microsoft.azuremonitor.containers"}
FLUX = {"on": HARBOR, "name": "flux", "type": "microsoft.flux"}
APPS = {
    "on": HARBOR,
    "name": "apps",
    "namespace": "apps",
    "sourceKind": "GitRepository",
    "gitRepository": {"url": "https://git.example/apps", "repositoryRef": {"branch": "main"}},
    "kustomizations": {"all": {"path": "./", "prune": True}},
}


@dataclass
class Yard:
    """The stage with harbor connected, which comes back as it was for every test."""

    stage: Stage
    memento: mementos.Memento

    @contextmanager
    def fresh(self) -> Iterator[Yard]:
        """Put everything back as it was after connecting."""
        back = mementos.put_back(self.stage.sandbox, self.memento)
        asyncio.run_coroutine_threadsafe(back, self.stage.loop).result(PATIENCE)
        yield self

    def seed(self, **scenario: Any) -> None:
        """Plant more in Azure."""
        self.stage.seed(**scenario)

    @property
    def principal(self) -> str:
        """The managed identity of harbor."""
        found = self.stage.world.azure.store.resources[self.key]
        return str(found.body["identity"]["principalId"])

    @property
    def key(self) -> str:
        """Where harbor lies in Azure's store."""
        return MoveRequest("harbor", "edge", SUBSCRIPTION, "").source.path.lower()

    @asynccontextmanager
    async def world(self) -> AsyncIterator[World]:
        """Open the world as a command does, seen from harbor."""
        clients = Clients(read(self.stage.environment, Flags()), note=lambda _text: None)
        source = MoveRequest("harbor", "edge", SUBSCRIPTION, "").source
        try:
            yield World(
                clients,
                source,
                Sight(clients, source),
                observer=lambda _event: None,
                make_key=generate,
                confirm=lambda _question, _only="": None,
                folder=self.stage.folder,
            )
        finally:
            await clients.close()

    async def plan(self, given: Any = (), **asked: Any) -> tuple[Plan, Bundle]:
        """Plan to move harbor, to westeurope unless it is said otherwise."""
        async with self.world() as world:
            return await plan(self.request(**asked), world, given)

    def request(self, **asked: Any) -> MoveRequest:
        """Ask for harbor in westeurope, unless it is said otherwise."""
        said = {"name": "harbor", "group": "edge", "subscription": SUBSCRIPTION} | asked
        return MoveRequest(**({"target_region": "westeurope"} | said))


@contextmanager
def yard(folder: Path, helm: Path) -> Iterator[Yard]:
    """Connect harbor in eastus, and put the world aside."""
    with staged(folder, helm) as stage:
        stage.well("connect -n harbor -g edge -l eastus --skip-prechecks --tags team=edge")
        yield Yard(stage, stage.within(lambda: mementos.put_aside(stage.sandbox)))


def codes(made: Plan) -> set[str]:
    """The codes of a plan's rows."""
    return {row.code for row in made.rows}


def blocking(made: Plan) -> list[str]:
    """The codes that block, sorted."""
    return sorted({row.code for row in made.blocking})


def furnished(harbor: Yard) -> None:
    """Hang on harbor one of each thing that a move must carry."""
    workspace = {"workspaceId": "/subscriptions/x/workspaces/logs"}
    harbor.seed(
        extensions=[FLUX, MONITOR],
        fluxConfigurations=[APPS],
        assignments=[
            {"who": SOMEBODY, "role": ROLE, "on": HARBOR},
            {"who": SOMEBODY, "role": ROLE, "on": f"{HARBOR}/namespaces/shop"},
            {"who": harbor.principal, "role": ROLE, "on": "edge"},
        ],
        policies=[{"on": HARBOR, "name": "own", "allow": ["eastus", "westeurope"]}],
        diagnosticSettings=[{"on": HARBOR, **workspace}],
        dataCollection=[{"on": HARBOR, "dataCollectionRuleId": "/subscriptions/x/rules/r"}],
    )
