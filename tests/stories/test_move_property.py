"""Whatever a cluster may have, a move there and back loses nothing of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests import arm
from tests.matrix.beginnings import Theatre
from tests.matrix.quick import quickened
from tests.matrix.worlds import differences, running, world
from tests.stage import staged
from tests.stories.worlds_at_random import drawn, plant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.stage import Stage
    from tests.stories.worlds_at_random import Drawing

SAMPLE = (0, 2, 3, 5)
MANY = [seed for seed in range(40) if seed not in SAMPLE]


@pytest.fixture(scope="session")
def theatre(tmp_path_factory: pytest.TempPathFactory, helm4: Path) -> Iterator[Theatre]:
    """One sandbox for all random worlds of a process."""
    folder = tmp_path_factory.mktemp("random")
    with staged(folder, helm4) as slow, quickened(slow) as stage:
        yield Theatre(stage)


def bare(stage: Stage) -> None:
    """Harbor connected, and nothing on it."""
    stage.well("connect -n harbor -g edge -l eastus --skip-prechecks")


@pytest.mark.parametrize("seed", SAMPLE)
def test_a_random_world_survives_a_move_there_and_back(theatre: Theatre, seed: int) -> None:
    """Children, tags, secrets, grants and settings are as they were; nothing was restarted."""
    there_and_back(theatre, seed)


@pytest.mark.matrix
@pytest.mark.parametrize("seed", MANY)
def test_many_random_worlds_survive_a_move_there_and_back(theatre: Theatre, seed: int) -> None:
    """The same for more seeds than a plain run has time for."""
    there_and_back(theatre, seed)


def there_and_back(theatre: Theatre, seed: int) -> None:
    """Move the world of a seed to another region and back, and compare it whole."""
    theatre.begin(bare)
    stage, drawing = theatre.stage, drawn(seed)
    plant(stage, drawing)
    before = whole(stage, drawing)
    secrets = given(stage, drawing, seed)
    for region in ("westeurope", "eastus"):
        move = f"move -n harbor -g edge --target-region {region} --skip-prechecks --yes"
        report = stage.well(f"{move} {secrets} --plan-out {region}.json").data
        assert (report["clean"], report["differences"], report["left"]) == (True, [], []), seed
        assert stage.well("show -n harbor -g edge").data["location"] == region
    told = differences(before, whole(stage, drawing))
    assert not told, "\n".join([f"seed {seed}", *told])
    assert unknown_to_plan(stage) == drawing.unknown, f"seed {seed}"


def given(stage: Stage, drawing: Drawing, seed: int) -> str:
    """Return the flag for the secrets: in a file, or where the cluster still holds them."""
    if seed % 3 == 2 and not drawing.is_of_first_generation:
        return "--secrets-from-cluster"
    path = stage.folder / "secrets.yaml"
    path.write_text(yaml.safe_dump(drawing.secrets, allow_unicode=True), encoding="utf-8")
    path.chmod(0o600)
    return f"--protected-settings {path.name}"


def whole(stage: Stage, drawing: Drawing) -> dict[str, Any]:
    """Return all that must be the same after every move: Azure, the cluster, its secrets."""
    found = world(stage)
    # Who wrote last is somebody else each time.
    del found["azure"][arm.HARBOR.lower()]["systemData"]
    below = f"{arm.HARBOR}/{arm.CHILDREN}/".lower()
    for key, resource in found["azure"].items():
        if key.startswith(below) and isinstance(resource, dict):
            _as_promised(resource, drawing.unknown.get(key.removeprefix(below)))
    for thing in found["cluster"].values():
        if isinstance(thing, dict) and "identity.pub" in (thing.get("data") or {}):
            thing["data"]["identity.pub"] = "made by Flux"
    found["running"] = running(stage)
    return found


def _as_promised(child: dict[str, Any], unknown: str | None) -> None:
    """Without what the plan says is lost or made anew; pinned where upgrades were only off."""
    properties = child["properties"]
    for name in (unknown, "statuses"):
        properties.pop(name, None)
    if properties.get("repositoryPublicKey"):
        properties["repositoryPublicKey"] = "made by Flux"
    if properties.get("autoUpgradeMinorVersion") is False:
        properties["version"] = properties["version"] or properties["currentVersion"]


def unknown_to_plan(stage: Stage) -> dict[str, str]:
    """Return the fields that the first plan said would be lost, by child."""
    plan = json.loads((stage.folder / "westeurope.json").read_text())
    rows = [row for row in plan["rows"] if row["code"] == "fields-not-carried"]
    return {row["subject"].partition(" of ")[2].lower(): row["detail"] for row in rows}
