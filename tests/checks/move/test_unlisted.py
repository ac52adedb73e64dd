"""What the lists of Azure may have left out."""

from __future__ import annotations

from typing import Any

import pytest
from arcctl.checks.move import unlisted
from arcctl.checks.move.configs import Config
from arcctl.model.configuration.kinds import Kind
from tests.checks.move.sights import Told, child, codes, extension, flux

DAPR = Config(Kind.EXTENSION, "dapr", "azure-arc/dapr")
APPS = Config(Kind.FLUX, "apps", "apps/apps")
OLD = Config(Kind.SOURCE_CONTROL, "old", "apps/old")


async def test_an_object_without_a_child_blocks() -> None:
    """Each of the three kinds is compared with its own list, and the row names what is lacking."""
    sight = Told(configs=(DAPR, APPS, OLD), children=[extension("apps"), flux("old")])

    [row] = await unlisted.children(sight)

    assert row.code == "unlisted-child"
    for each in ("extensions/dapr", "fluxConfigurations/apps", "sourceControlConfigurations/old"):
        assert each in row.detail
    assert "--accept unlisted-child" in row.remedy


@pytest.mark.parametrize(
    "state",
    [{}, {"isSystemExtension": True}, {"managedBy": "x"}, {"provisioningState": "Deleting"}],
)
async def test_a_child_of_any_sort_explains_its_object(state: dict[str, Any]) -> None:
    """Also one that is not carried."""
    listed = [extension("dapr", state=state), flux(), child(Kind.SOURCE_CONTROL, "old")]

    assert await unlisted.children(Told(configs=(DAPR, APPS, OLD), children=listed)) == []


@pytest.mark.parametrize(
    ("kept", "name"),
    [
        ("dapr", "Dapr"),
        ("my-apps", "my_Apps"),
        ("my-apps-1a2b3c4d", "My.Apps"),
        ("a" * 54 + "-1a2b3c4d", "a" * 80),
    ],
)
async def test_names_are_those_that_kubernetes_takes(kept: str, name: str) -> None:
    """Case, odd letters and the end of a long name do not tell them apart."""
    config = Config(Kind.EXTENSION, kept, f"azure-arc/{kept}")

    assert await unlisted.children(Told(configs=(config,), children=[extension(name)])) == []


@pytest.mark.parametrize("name", ["azure-arc", "wiextension", "cluster-diagnostic-checks"])
async def test_arcs_own_never_count(name: str) -> None:
    """No list of Azure has them."""
    config = Config(Kind.EXTENSION, name, f"azure-arc/{name}")

    assert await unlisted.children(Told(configs=(config,))) == []


async def test_leftovers_are_noted() -> None:
    """What ends, or names another cluster, is no child that could be lost."""
    ending = Config(Kind.EXTENSION, "dapr", "azure-arc/dapr", "it is being deleted")

    [row] = await unlisted.children(Told(configs=(ending,)))

    assert (row.code, str(row.fate)) == ("leftover-child", "noted")
    assert "it is being deleted" in row.detail


@pytest.mark.parametrize(
    ("permissions", "complete"),
    [
        ([{"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Delete"]}], True),
        ([{"actions": ["*/read"]}], True),
        ([{"actions": ["*/read"], "notActions": ["Microsoft.Authorization/*/read"]}], False),
        ([{"actions": ["*"], "notActions": ["Microsoft.Authorization/*"]}], False),
        ([{"actions": ["Microsoft.Kubernetes/*"]}], False),
        ([], False),
        (None, False),
    ],
)
async def test_a_list_filtered_by_rights_is_whole_only_where_that_is_proved(
    permissions: Any, complete: bool
) -> None:
    """Else the plan says that it may not be."""
    rows = await unlisted.by_rights(Told(permissions=permissions))

    assert codes(rows) == ([] if complete else ["unlooked"])
