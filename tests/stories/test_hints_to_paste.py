"""What stands behind `try` is a command: the one that was typed, with what it lacked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stories.moved import stopped
from tests.stories.pasting import commands_in, mistakes, tried
from tests.stories.refusals import changes, refused

if TYPE_CHECKING:
    from tests.stage import Stage

OFFLINE = {"properties": {"connectivityStatus": "Offline"}}
GIVEN = "--protected-settings secrets.yaml"


@pytest.mark.parametrize(
    ("line", "code", "more"),
    [
        ("move -n harbor -g edge --target-region eastus --yes", "same-region", "ANOTHER"),
        ("move -n harbor --target-region westeurope", "usage", "-g GROUP"),
    ],
)
def test_the_next_command_is_what_was_typed(harbor: Stage, line: str, code: str, more: str) -> None:
    """With what was missing, or other; `--target-region ANOTHER` takes the place of the one."""
    ended = refused(harbor.type(line), code, exit_code=2 if code == "usage" else 5)

    first = ended.err.partition("\ntry  ")[2].splitlines()[0].strip()
    assert first.startswith("arcctl move -n harbor "), ended.err
    assert more in first
    assert first.count("--target-region") == 1
    assert changes(harbor) == []


def test_a_finding_that_may_pass_is_let_pass_by_the_whole_command(harbor: Stage) -> None:
    """A move of an offline source: what was typed stands before --accept, the secrets' file too."""
    harbor.fault("arm", {"patch_body": OFFLINE}, method="GET", path="/harbor$", times=None)
    line = f"move -n harbor -g edge --target-region westeurope --dry-run {GIVEN}"

    ended = harbor.type(line)

    assert f"arcctl {line} --accept source-offline\n" in ended.err, ended.err


def test_missing_secrets_are_waived_by_one_line(harbor: Stage) -> None:
    """All of them: each of three lines alone would be refused again."""
    line = "move -n harbor -g edge --target-region westeurope --dry-run"
    blocked = harbor.type(line)
    found = [each for each in tried(blocked.err) if each.startswith("to do without: arcctl ")]

    assert len(found) == 1, blocked.err
    assert mistakes(tried(blocked.err)) == []
    pasted = harbor.well(found[0].partition("arcctl ")[2])

    assert "secret-missing" not in pasted.err + pasted.out


def test_a_run_that_stopped_names_each_command_once(harbor: Stage) -> None:
    """A way back without its secrets: what it needs is not said again in other words."""
    line = f"move -n harbor -g edge --target-region westeurope --skip-prechecks --yes {GIVEN}"
    harbor.fault("arm", {"forbid": True}, method="PUT", path="/harbor$", times=None)
    run = stopped(harbor.type(line), "AuthorizationFailed")

    ended = harbor.type("rollback --yes")

    commands = commands_in(tried(ended.err))
    assert f"arcctl rollback {run} --protected-settings FILE" in commands, ended.err
    assert len(commands) == len(set(commands)), ended.err


def test_a_plan_that_cannot_be_read_is_made_again_without_it(harbor: Stage) -> None:
    """The hint does not hand the damaged file back in."""
    (harbor.folder / "plan.json").write_text("{}")

    ended = harbor.type(
        f"move -n harbor -g edge --target-region westeurope {GIVEN} --plan plan.json"
    )

    hint = ended.err.partition("plan again: arcctl ")[2].splitlines()[0]
    assert "--plan " not in hint, ended.err
    harbor.well(hint.replace("FILE", "new.json"))
