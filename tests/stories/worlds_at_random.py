"""A connected cluster with whatever may hang on one, drawn by dice and put there by real requests."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests import arm
from tests.stories import children_at_random as children
from tests.stories.children_at_random import Drawn
from tests.stories.dice import Dice
from tests.stories.moving import ROLE, extension

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.stage import Stage

_PATIENCE = 60
_TAGS = ("team", "Größe", "with space", "k" * 100, "site")
_WORDS = ("edge", "", "港", "a, b = c", "v" * 200)
_UNKNOWN = ("sparseCheckout", "kubeConfig", "quotas")
_LOGS = "providers/Microsoft.Insights/diagnosticSettings"
_RULES = "providers/Microsoft.Insights/dataCollectionRuleAssociations"
_ROLES = "providers/Microsoft.Authorization/roleAssignments"


@dataclass
class Drawing:
    """All that hangs on harbor. `unknown` are fields of a future api-version, by child."""

    children: list[Drawn]
    tags: dict[str, str]
    settings: list[str]
    rules: list[str]
    grants: list[tuple[str, str]]
    unknown: dict[str, str] = field(default_factory=dict)

    @property
    def is_of_first_generation(self) -> bool:
        """Whether it has source control configurations, whose secrets are nowhere to be read."""
        return any(each.kind == "sourceControlConfigurations" for each in self.children)

    @property
    def secrets(self) -> dict[str, dict[str, str]]:
        """Every secret by child and name, as `--protected-settings` takes them."""
        return {each.key: each.secrets for each in self.children if each.secrets}


def drawn(seed: int) -> Drawing:
    """Return the world of a seed; about one in four has the first generation of Flux."""
    dice = Dice(seed)
    count = dice.choice((0, 3, 8, 15, 40))
    found = list(_children(dice, count))[:count]
    hosts = [f"/{arm.CHILDREN}/{each.key}" for each in found if each.kind == "extensions"]
    granted = dice.sample(["", *hosts], dice.randint(0, min(3, 1 + len(hosts))))
    future = [each.key for each in found if each.kind != "sourceControlConfigurations"]
    return Drawing(
        found,
        dice.texts(_TAGS, _WORDS, 4),
        dice.sample(("to-logs", "Größe", "with space"), dice.randint(0, 2)),
        dice.sample(("containers", "MSCI-eastus-harbor"), dice.randint(0, 2)),
        [
            (place, f"00000000-0000-0000-0000-00000000d{dice.randrange(1000):03}")
            for place in granted
        ],
        {key.lower(): dice.choice(_UNKNOWN) for key in dice.sample(future, min(len(future), 2))},
    )


def _children(dice: Dice, count: int) -> Iterator[Drawn]:
    share = dice.randint(0, count)
    if dice.happens(0.25):
        yield from children.source_controls(dice, min(share, 5))
        yield from children.extensions(dice, count)
        return
    flux = extension("microsoft.flux", configurationSettings={"helm-controller.enabled": "false"})
    yield Drawn("extensions", "flux", flux)
    yield from children.configurations(dice, share)
    yield from children.extensions(dice, count)


def plant(stage: Stage, drawing: Drawing) -> None:
    """Put all of it to harbor, and wait until its agents have settled the children."""
    _put(stage, "", {"tags": drawing.tags}, "2024-01-01", method="PATCH")
    for each in drawing.children:
        _put(stage, f"/{arm.CHILDREN}/{each.key}", each.body, arm.VERSIONS[each.kind])
    _settle(stage)
    for name in drawing.settings:
        body = {"workspaceId": f"{arm.GROUP}/workspaces/logs", "logs": []}
        _put(stage, f"/{_LOGS}/{name}", {"properties": body}, "2021-05-01-preview")
    for name in drawing.rules:
        body = {"dataCollectionRuleId": f"{arm.GROUP}/rules/{name}"}
        _put(stage, f"/{_RULES}/{name}", {"properties": body}, "2022-06-01")
    for number, (place, who) in enumerate(drawing.grants):
        name = f"11111111-0000-0000-0000-{number:012}"
        granted = {"roleDefinitionId": ROLE, "principalId": who, "principalType": "User"}
        _put(stage, f"{place}/{_ROLES}/{name}", {"properties": granted}, "2022-04-01")
    for key, name in drawing.unknown.items():
        stage.within(lambda key=key, name=name: _foresee(stage, key, name))


def _put(stage: Stage, below: str, body: Any, version: str, *, method: str = "PUT") -> None:
    from urllib.parse import quote

    path = quote(f"{arm.HARBOR}{below}")
    status, answer = arm.ask(stage, method, path, body, version=version)
    assert status in (200, 201), (below, status, answer)


def _settle(stage: Stage) -> None:
    deadline = time.monotonic() + _PATIENCE
    while waiting := [key for key, each in arm.children(stage).items() if not _settled(each)]:
        assert time.monotonic() < deadline, waiting
        time.sleep(0.1)


def _settled(child: dict[str, Any]) -> bool:
    properties = child["properties"]
    assert properties["provisioningState"] != "Failed", child
    pending = properties.get("complianceState") == "Pending"
    return properties["provisioningState"] == "Succeeded" and not pending


def _foresee(stage: Stage, key: str, name: str) -> None:
    """Let a child have a field that only a newer service than this arcctl could have set."""
    found = stage.world.azure.store.get(f"{arm.HARBOR}/{arm.CHILDREN}/{key}")
    assert found
    found.properties[name] = {"mode": "Größe"}
