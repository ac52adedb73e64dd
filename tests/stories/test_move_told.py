"""What a move leaves to be read: its report names all that the plan has promised, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests import arm
from tests.stories import beside, moved, moving

if TYPE_CHECKING:
    from tests.stage import Stage

AUTHORIZATION = "providers/Microsoft.Authorization"
MARK = "late"
HUNG = {
    f"{AUTHORIZATION}/policyAssignments/tagged": (
        "2022-06-01",
        {"policyDefinitionId": "/providers/Microsoft.Authorization/policyDefinitions/e56962a6"},
    ),
    f"{AUTHORIZATION}/policyExemptions/spared": (
        "2022-07-01-preview",
        {"policyAssignmentId": f"{arm.GROUP}/x", "exemptionCategory": "Waiver"},
    ),
    f"{AUTHORIZATION}/locks/keep": ("2020-05-01", {"level": "CanNotDelete"}),
}


def hung(stage: Stage) -> None:
    """Hang one thing of each kind on harbor."""
    moving.attached(stage)
    for place, (version, properties) in HUNG.items():
        body = {"properties": properties}
        status, answer = arm.ask(stage, "PUT", f"{arm.HARBOR}/{place}", body, version=version)
        assert status in (200, 201), answer


def of_fate(rows: list[dict[str, Any]], fate: str) -> list[dict[str, Any]]:
    """The rows of a plan with this fate."""
    return [row for row in rows if row["fate"] == fate]


def test_the_report_names_all_that_was_carried_and_restored(harbor: Stage) -> None:
    """Thing by thing, as data, on the screen's list and on the page, wherever the plan has a row."""
    hung(harbor)
    line = f"{moved.MOVE} --accept locked-itself"
    rows = harbor.well(f"{line} --dry-run").data["rows"]

    report = harbor.well(f"{line} --report moved.md").data

    restored = " ".join(report["restored"])
    counts = [int(row["subject"].partition(" ")[0]) for row in of_fate(rows, "restored")]
    assert (len(report["restored"]), sum(counts)) == (6, 5)
    for name in ("to-logs", "containers", "tagged", "spared", "keep"):
        assert f" {name}" in restored
    assert "the role assignment of 00000000-0000-0000-0000-00000000d001 at harbor" in restored
    told = "\n".join(report["carried"])
    for row in of_fate(rows, "carried"):
        kinds = ("extensions", "flux")
        words = row["detail"].split(", ") if row["code"] in kinds else [row["subject"]]
        assert all(word in told for word in words), row
    page = (harbor.folder / "moved.md").read_text(encoding="utf-8")
    assert all(f"\n- {each}\n" in page for each in (*report["carried"], *report["restored"]))


@pytest.mark.parametrize("kind", ["role", "tag", "extension", "diagnostics"])
def test_the_report_names_what_was_written_late_and_carried(harbor: Stage, kind: str) -> None:
    """A line that has scrolled away is no record."""
    harbor.world.delays = replace(harbor.world.delays, arm_delete=5)
    line = f"{moved.MOVE} --report moved.md"
    ended = beside.type_beside(
        harbor, line, "delete-source", lambda: assert_written(harbor, kind), events=("started",)
    )

    assert ended.code == 0, ended.err
    page = (harbor.folder / "moved.md").read_text(encoding="utf-8")
    part = page.partition("## Carried late\n")[2].partition("\n## ")[0]
    lines = [each for each in part.splitlines() if each.startswith("- ")]
    assert len(lines) == 1, page
    assert MARK in lines[0]


def assert_written(stage: Stage, kind: str) -> None:
    """Write it, and be sure that Azure has it."""
    assert beside.write(stage, kind, MARK) in (200, 201, 202)


def test_an_end_with_differences_names_what_stays_in_the_cluster(harbor: Stage) -> None:
    """A private key lies there until the run is closed; error and report say so, with the command."""
    failing = {"status": 400, "body": {"error": {"code": "No", "message": "not here"}}}
    harbor.fault("arm", failing, method="PUT", path="/extensions/monitor$", times=None)
    run = moved.stopped(harbor.type(moved.MOVE), "children-failed")

    ended = harbor.type(f"resume {run} {moved.GIVEN} --waive-child extensions/monitor")

    close = f"arcctl history {run} --close"
    assert (ended.code, "[moved-with-differences]" in ended.err) == (5, True), ended.err
    assert ("private key" in ended.err, close in ended.err) == (True, True)
    assert "1 child let go" in ended.err
    assert close in ended.data["keptInCluster"]
    assert moved.kept_in_cluster(harbor)
    harbor.well(f"{close.removeprefix('arcctl ')} --yes")
    assert moved.kept_in_cluster(harbor) == []


def test_a_clean_end_leaves_nothing_to_name(harbor: Stage) -> None:
    """Nothing is in the cluster any more; each time stands under a step of the plan."""
    plan = harbor.well(f"{moved.MOVE} --dry-run").data
    report = harbor.well(moved.MOVE).data

    assert (report["keptInCluster"], report["carriedLate"]) == ("", [])
    titles = [step["title"] for step in plan["steps"]]
    assert [each["step"] for each in report["steps"]] == [
        title
        for title in titles
        if title not in ("point of no return", "put back what hung on it", "compare")
    ]


def test_a_setting_that_nobody_needs_is_nothing_to_do(harbor: Stage) -> None:
    """The plan tells it; the report asks nobody to do anything."""
    given = {**moving.SECRETS, "extensions/flux": {"surplus": "x-22"}}
    (harbor.folder / "secrets.yaml").write_text(yaml.safe_dump(given), encoding="utf-8")
    rows = harbor.well(f"{moved.MOVE} --dry-run").data["rows"]
    report = harbor.well(moved.MOVE).data

    assert [row["subject"] for row in rows if "needed nowhere" in row["subject"]]
    assert report["reminders"] == []


def test_a_page_without_report_says_what_has_become_of_the_move(harbor: Stage) -> None:
    """A blocked plan, a no, a stop part-way, a rollback: each is told, and none is a guess."""
    page = harbor.folder / "moved.md"
    line = f"{moving.MOVE} --report moved.md"

    assert harbor.type(line).code == 5
    assert "secret" in page.read_text()
    assert "nothing was changed" in page.read_text()

    asking = f"{moved.MOVE.removesuffix(moved.GIVEN).replace(' --yes', '')} {moved.GIVEN}"
    ended, _ = beside.converse(harbor, f"{asking} --report moved.md", lambda _: "no")
    assert ended.code == 130
    assert "declined" in page.read_text()

    harbor.fault("arm", {"deny_policy": True}, method="PUT", path="/depot$", times=None)
    run = moved.stopped(
        harbor.type(f"{moved.MOVE} --target-name depot --report moved.md"),
        "RequestDisallowedByPolicy",
    )
    assert f"arcctl resume {run}" in page.read_text()

    harbor.within(harbor.world.faults.remove)
    harbor.well(f"rollback {run} --yes")
    assert "Rolled back" in page.read_text()
    assert run in page.read_text()
    assert "resume" not in page.read_text()
