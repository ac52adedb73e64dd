"""What becomes of extensions and configurations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from arcctl.checks.move import children
from arcctl.model.configuration.kinds import Kind
from arcctl.model.plan import Fate
from tests.checks.move.sights import Told, child, codes, extension, flux


async def test_each_kind_is_counted() -> None:
    """One row a kind, with the names of a few."""
    old = child(Kind.SOURCE_CONTROL, "v1", repositoryUrl="https://git.example/v1")
    many = [flux(f"apps-{number}") for number in range(20)]
    rows = await children.all_kinds(Told(children=[extension(), old, *many]))

    assert [row.subject for row in rows] == [
        "1 extension",
        "20 Flux configurations",
        "1 source control configuration",
    ]
    assert rows[1].detail.endswith("apps-4 … and 15 more")
    assert {row.fate for row in rows} == {Fate.CARRIED}


@pytest.mark.parametrize("state", [{"isSystemExtension": True}, {"managedBy": "/some/id"}])
async def test_others_children_are_left_alone(state: dict[str, Any]) -> None:
    """What another service makes it makes again."""
    rows = await children.all_kinds(Told(children=[extension(state=state)]))

    assert codes(rows) == ["not-ours"]


@pytest.mark.parametrize("state", ["Creating", "Failed", "Deleting"])
async def test_an_unsettled_child_blocks(state: str) -> None:
    """It may be let pass, and is then put back as it is written down."""
    [row] = await children.unsettled(Told(children=[flux(state={"provisioningState": state})]))

    assert row.code == "child-unsettled"
    assert "--accept child-unsettled" in row.remedy


async def test_unknown_fields_are_said() -> None:
    """What a newer api-version shows is not dropped in silence."""
    odd = replace(flux(), not_carried=("properties.sparse", "properties.kubeConfig"))
    [row] = await children.unknown_fields(Told(children=[odd]))

    assert row.fate is Fate.LOST
    assert "properties.sparse" in row.detail


@pytest.mark.parametrize(
    ("now", "pinned", "drifts"),
    [("1.0.0", None, True), ("1.1.0", None, False), ("1.0.0", "1.0.0", False)],
)
async def test_an_extension_that_upgrades_itself_may_come_back_newer(
    now: str, pinned: str | None, drifts: bool
) -> None:
    """Old and new version are named; a pinned one stays."""
    more = {"version": pinned} if pinned else {}
    sight = Told(
        children=[extension(state={"currentVersion": now}, **more)],
        offered_versions=["1.1.0", "1.0.0"],
    )
    rows = await children.drift(sight)

    assert codes(rows) == ["version-drift"] * drifts
    assert all("1.0.0 → 1.1.0" in row.detail for row in rows)


async def test_marketplace_terms_are_remembered() -> None:
    """The command that accepts them is ready to be typed."""
    plan = {"publisher": "contoso", "product": "backup", "name": "standard"}
    bought = replace(extension("backup"), body={"plan": plan, "properties": {}})
    [row] = await children.terms(Told(children=[bought]))

    assert row.remedy == (
        "az vm image terms accept --publisher contoso --offer backup --plan standard",
    )


async def test_settings_that_name_the_region_are_rewritten_or_reported() -> None:
    """What follows the cluster is rewritten; what may not is told, once for all who have it."""
    machine = child(
        Kind.EXTENSION,
        "ml",
        extensionType="microsoft.azureml.kubernetes",
        configurationSettings={"location": "eastus"},
    )
    others = [
        extension(name, configurationSettings={"endpoint": "eastus"}) for name in ("one", "two")
    ]
    rows = await children.bound_to_region(Told(children=[machine, *others]))
    rewritten = [row for row in rows if row.fate is Fate.CHANGES]
    reported = [row.subject for row in rows if "old region" in row.detail]

    assert [row.detail for row in rewritten] == ["location: eastus → westeurope"]
    assert reported == ["one, two"]


async def test_generated_keys_are_made_anew() -> None:
    """Only keys that Flux made; one that was given is carried with the secret."""
    source = {"url": "ssh://git@git.example/apps"}
    generated = flux("ours", gitRepository=source, state={"repositoryPublicKey": "ssh-rsa AAAA"})
    given = flux("theirs", gitRepository=source)
    [row] = await children.generated_keys(Told(children=[generated, given]))

    assert row.code == "deploy-key"
    assert row.detail == "ours"


async def test_pruning_is_named() -> None:
    """Whoever is afraid for the workloads is told why nothing is pruned."""
    prunes = flux("platform", kustomizations={"all": {"prune": True}})
    keeps = flux("apps", kustomizations={"all": {"prune": False}})
    [row] = await children.pruning(Told(children=[prunes, keeps]))

    assert row.code == "prune"
    assert "platform" in row.detail
    assert "apps" not in row.detail


async def test_a_cluster_without_children_has_nothing_to_say() -> None:
    """No row for what is not there."""
    assert [await ask(Told()) for ask in children.ASKED] == [[]] * len(children.ASKED)
