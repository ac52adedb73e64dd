"""The report of a move repeats what its plan has noted: what nobody saw, and what a person has to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests import arm
from tests.stories import moved, moving

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

FAILS = {"operation_fails": {"code": "ExtensionOperationFailed", "message": "no memory"}}
PLAN = {"name": "standard", "publisher": "contoso", "product": "sensors"}
NOT_LOOKED = {"unlooked"}
EITHER_WAY = {"secret-note", "deploy-key"}
BY_HAND = {"terms", *EITHER_WAY}


@pytest.fixture
def noted(harbor: Stage) -> Stage:
    """Harbor with a plan that notes something of each kind."""
    sensors = {**moving.extension("contoso.sensors"), "plan": PLAN}
    arm.put_child(harbor, "extensions", "sensors", sensors)
    own = moving.git("ssh://git@git.example.com/edge/own", namespace="own")
    arm.put_child(harbor, "fluxConfigurations", "own", own)
    blob = moving.git("", namespace="blob", sourceKind="AzureBlob")
    del blob["properties"]["gitRepository"]
    place = {"url": "https://edge.blob.core.windows.net", "containerName": "apps"}
    blob["properties"]["azureBlob"] = place
    arm.put_child(harbor, "fluxConfigurations", "blob", blob)
    path = "/providers/Microsoft.KubernetesRuntime$"
    harbor.fault("arm", {"status": 403}, method="GET", path=path, times=None)
    return harbor


def said(rows: list[dict[str, Any]], codes: set[str]) -> list[str]:
    """The rows of a plan with these codes, as one line each; all codes must be there."""
    found = [row for row in rows if row["code"] in codes]
    assert {row["code"] for row in found} == codes
    return [
        ": ".join(filter(None, (row["subject"], row["detail"], "; ".join(row["remedy"]))))
        for row in found
    ]


def planned(lines: list[str]) -> list[str]:
    """The lines that the plan has told, without the time that nobody saw while Azure deleted."""
    return [each for each in lines if not each.startswith("changes to harbor")]


def repeats(ended: Ended, rows: list[dict[str, Any]], by_hand: set[str] = BY_HAND) -> None:
    """Assert that a report has the rows, each once, and that they make no difference to its end."""
    assert ended.code == 0, ended.err
    assert planned(ended.data["notLookedAt"]) == said(rows, NOT_LOOKED)
    assert ended.data["reminders"] == said(rows, by_hand)
    assert "not everything could be looked at" in ended.err.splitlines()[-1]


def test_the_report_has_what_the_plan_noted(noted: Stage) -> None:
    """As JSON and as a page, with the commands that the plan has named."""
    rows = noted.well(f"{moved.MOVE} --dry-run").data["rows"]

    ended = noted.type(f"{moved.MOVE} --report moved.md")

    repeats(ended, rows)
    page = (noted.folder / "moved.md").read_text(encoding="utf-8")
    for heading, codes in (("Not looked at", NOT_LOOKED), ("To be done by hand", BY_HAND)):
        part = page.partition(f"## {heading}\n")[2].partition("\n## ")[0]
        lines = [line[2:] for line in part.splitlines() if line.startswith("- ")]
        assert planned(lines) == said(rows, codes)
    assert "az vm image terms accept --publisher contoso" in page


def test_so_has_the_report_of_a_run_that_was_taken_up(noted: Stage) -> None:
    """The plan is kept with the run."""
    rows = noted.well(f"{moved.MOVE} --dry-run").data["rows"]
    fault = noted.fault("arm", FAILS, method="PUT", path="/extensions/monitor$", times=None)
    moved.stopped(noted.type(moved.MOVE), "children-failed")
    noted.within(lambda: noted.world.faults.remove(fault))

    repeats(noted.type(f"resume {moved.GIVEN}"), rows)


def test_the_way_back_repeats_what_holds_there_as_well(noted: Stage) -> None:
    """A deploy key is made anew there too; nobody has to accept terms for where it came from."""
    rows = noted.well(f"{moved.MOVE} --dry-run").data["rows"]
    noted.fault("arm", FAILS, method="PUT", path="/extensions/monitor$", times=1)
    moved.stopped(noted.type(moved.MOVE), "children-failed")

    repeats(noted.type(f"rollback {moved.GIVEN} --yes"), rows, EITHER_WAY)
