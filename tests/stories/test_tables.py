"""Every command's result as a table and as tsv: finished work never ends as a usage error."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

import pytest
from arcctl.commands.verbs import VERBS
from tests.stories import half_done, moving
from tests.stories.refusals import changes

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

HARBOR = "-n harbor -g edge"
GIVEN = "--protected-settings secrets.yaml"
APPLY = f"config apply {HARBOR} --file kept.yaml {GIVEN}"
MOVE = f"{moving.MOVE} {GIVEN}"
# What can be typed one after the other, with how it ends: 5 tells of findings, by design.
ALL = {
    moving.CONNECT: (0,),
    f"show {HARBOR}": (0,),
    f"show {HARBOR} --agents": (0,),
    "list -g edge": (0,),
    "list -g nowhere": (0, 3),
    f"wait {HARBOR} --created": (0,),
    f"check {HARBOR}": (0, 5),
    f"check {HARBOR} --before upgrade": (0, 5),
    f"troubleshoot {HARBOR}": (0, 5),
    f"config list {HARBOR}": (0,),
    f"config export {HARBOR}": (0,),
    f"config export {HARBOR} --output-file kept.yaml": (0,),
    "config diff kept.yaml edge/harbor": (0,),
    f"{APPLY} --dry-run": (0,),
    f"{APPLY} --yes": (0,),
    f"update {HARBOR} --tags site=pier8": (0,),
    f"update {HARBOR} --auto-upgrade false": (0,),
    f"upgrade {HARBOR}": (0,),
    f"enable-features {HARBOR} --features azure-rbac": (0,),
    f"disable-features {HARBOR} --features azure-rbac --yes": (0,),
    f"{MOVE} --dry-run": (0,),
    f"{MOVE} --dry-run --plan-out plan.json": (0,),
    MOVE: (0,),
    "history": (0,),
    f"delete {HARBOR} --yes": (0,),
    f"config apply {HARBOR} --file kept.yaml --dry-run": (3,),
}
# `proxy` and `sandbox` write sentences and files; a run that has stopped part-way is played below.
APART = {"proxy", "sandbox", "resume", "rollback"}


def typed(stage: Stage, line: str, output: str, *codes: int) -> Ended:
    """Type it with a format, and hold that no format stood in its way."""
    ended = stage.type(f"{line} -o {output}")
    assert ended.code in codes, f"{line}\n{ended.out}\n{ended.err}"
    assert "table" not in ended.err
    return ended


@pytest.mark.parametrize("output", ["table", "tsv"])
def test_every_result_can_be_a_table(harbor: Stage, output: str) -> None:
    """Each verb is typed once at least, so a new one is missed here."""
    for line, codes in ALL.items():
        typed(harbor, line, output, *codes)

    assert {line.split()[0] for line in ALL} | APART == set(VERBS)


@pytest.mark.parametrize("output", ["table", "tsv"])
def test_a_run_that_has_stopped_can_be_a_table(quick: Stage, output: str) -> None:
    """What is ahead, what is written out, and how it ends; taken up, taken back and closed."""
    run = half_done.half_done(quick)

    for line in (f"resume {run} --dry-run", f"rollback {run} --dry-run", f"history {run}"):
        assert typed(quick, line, output, 0).out
    typed(quick, f"history {run} --export saved", output, 0)
    typed(quick, f"resume {run} --yes", output, 0)
    for line in ("rollback {} --yes", "history {} --close --yes"):
        half_done.refusing(quick)
        arguments = half_done.APPLY.replace("harbor.yaml", other(quick))
        stopped = re.findall(r"arcctl resume ([\w-]+)", quick.type(arguments).err)[0]
        quick.within(quick.world.faults.remove)
        typed(quick, line.format(stopped), output, 0)


def other(stage: Stage) -> str:
    """Write a manifest with one extension more than there was, and return its name."""
    text = (stage.folder / "harbor.yaml").read_text().replace('"flux"', '"more"')
    (stage.folder / "more.yaml").write_text(text.replace("microsoft.flux", "microsoft.dapr"))
    return "more.yaml"


def test_a_table_of_what_was_applied_has_a_line_for_each_change(quick: Stage) -> None:
    """By the variable of az as well; and none where nothing was to be done."""
    quick.after(half_done.CONNECT)
    (quick.folder / "harbor.yaml").write_text(json.dumps(half_done.MANIFEST))

    made = quick.well(half_done.APPLY, AZURE_CORE_OUTPUT="table")
    again = quick.well(f"{half_done.APPLY} -o table")

    assert made.out.splitlines()[0].split() == ["Change", "Child", "Field", "From", "To"]
    assert made.out.splitlines()[2].split() == ["create", "extensions/flux"]
    assert (again.out, "Nothing to apply" in again.err) == ("", True)


def test_a_query_that_cannot_be_read_is_refused_before_the_work(quick: Stage) -> None:
    """Known only at the end, it would make a mistake in typing of a cluster that is connected."""
    ended = quick.type(f"{half_done.CONNECT} --query '[?'")

    assert (ended.code, "bad --query: [?" in ended.err, changes(quick)) == (2, True, [])


@pytest.mark.parametrize("query", ["nofunc(name)", "children[].nofunc(@)"])
def test_a_query_with_a_function_that_is_none_is_refused_before_the_work(
    quick: Stage, query: str
) -> None:
    """Its name tells, whatever the result will be."""
    ended = quick.type(f"{half_done.CONNECT} --query '{query}'")

    assert (ended.code, changes(quick)) == (2, []), ended.err
    assert "there is no function nofunc()" in ended.err


# A function that does not take what it is given, one that fails itself, and a slice that is none.
MISFITS = ("abs(@)", 'max_by([`{"a": 1}`, `{"a": "b"}`], &a)', "values(@)[::0]")


def test_a_query_that_does_not_fit_the_result_unmakes_no_work(harbor: Stage) -> None:
    """It is said, and all of the result is written; what only looks is refused."""
    for query in MISFITS:
        given = f"--query {shlex.quote(query)}"
        for line in (
            f"update {HARBOR} --tags site=pier8",
            f"{moving.CONNECT} --tags a=b",
        ):
            ended = harbor.well(f"{line} {given}")
            assert f"bad --query: {query}: " in ended.err, ended.err
            assert ended.data["name"] == "harbor"
        looked = harbor.type(f"show {HARBOR} {given}")
        assert (looked.code, looked.out) == (2, ""), looked.err
    given = f"--query '{MISFITS[0]}'"
    moved = harbor.well(f"{MOVE} {given} --report report.md")
    assert (moved.data["back"], (harbor.folder / "report.md").exists()) == (False, True)
    harbor.well(f"delete {HARBOR} --yes {given}")
