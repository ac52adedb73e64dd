"""What others do while the question of `delete` stands: what was asked about is deleted, or nothing."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
from arcctl.model import keys
from tests import arm
from tests.stage import PATIENCE
from tests.stories import beside, changing, moved, moving
from tests.stories.moments import at, until
from tests.stories.refusals import FORBIDDEN, refused
from tests.stories.symptoms import merge
from tests.stories.test_changers_beside import under_way
from tests.stories.test_move_bad_days import elsewhere

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

DELETE = f"delete {changing.HARBOR}"
WHERE = "connectedClusters/harbor$"


@pytest.fixture
def plain(quick: Stage) -> Stage:
    """Connected harbor, without children."""
    quick.after("connect -n harbor -g edge -l eastus --skip-prechecks")
    return quick


def made_anew(stage: Stage) -> None:
    """Others delete harbor, and make it again for a cluster of theirs."""
    arm.ask(stage, "DELETE", arm.HARBOR, version="2024-01-01")
    stage.within(stage.world.azure.operations.settle)
    body = {
        "location": "eastus",
        "identity": {"type": "SystemAssigned"},
        "tags": {"whose": "theirs"},
        "properties": {"agentPublicKeyCertificate": keys.generate().public},
    }
    arm.ask(stage, "PUT", arm.HARBOR, body, version="2024-01-01")
    stage.within(stage.world.azure.operations.settle)


@pytest.mark.parametrize("flags", ["", " --azure-only", " --force"])
def test_a_resource_that_others_have_made_anew_is_left(plain: Stage, flags: str) -> None:
    """It bears the name, and is not the one that the question was about."""

    def meanwhile(_number: int) -> str:
        made_anew(plain)
        return "y"

    ended, _ = beside.converse(plain, f"{DELETE}{flags}", meanwhile)

    refused(ended, "resource-replaced", said="harbor in group edge is not the one")
    assert moved.resource(plain)["tags"] == {"whose": "theirs"}
    assert changing.agents(plain)


@pytest.mark.parametrize("flags", ["", " --azure-only"])
def test_a_resource_that_others_make_anew_at_the_last_moment_is_left(
    plain: Stage, flags: str
) -> None:
    """With --yes too it is looked at once more."""
    line = f"{DELETE}{flags} --yes"

    ended = beside.type_beside(
        plain, line, "deregister", lambda: made_anew(plain), events=("started",)
    )

    refused(ended, "resource-replaced", said="harbor in group edge is not the one")
    assert moved.resource(plain)["tags"] == {"whose": "theirs"}
    assert changing.agents(plain)


@pytest.mark.parametrize("flags", ["", " --azure-only"])
def test_a_resource_that_was_moved_while_the_question_stood_is_left(
    harbor: Stage, flags: str
) -> None:
    """The target and its agents stay; the question was about the source."""

    def meanwhile(_number: int) -> str:
        ended = harbor.type_apart(moved.MOVE)
        assert ended.code == 0, ended.err
        return "y"

    ended, _ = beside.converse(harbor, f"{DELETE}{flags}", meanwhile)

    refused(ended, "resource-replaced")
    assert moved.region(harbor) == "westeurope"
    assert changing.agents(harbor)


@pytest.mark.parametrize("flags", ["", " --azure-only", " --cluster-only"])
def test_a_run_that_has_begun_while_the_question_stood_is_named(harbor: Stage, flags: str) -> None:
    """It has stopped behind its point of no return: its agents are all that is left of harbor."""
    harbor.fault("arm", {"deny_policy": True}, method="PUT", path=WHERE, times=None)

    def meanwhile(_number: int) -> str:
        assert harbor.type_apart(moved.MOVE).code == 6
        return "y"

    ended, _ = beside.converse(harbor, f"{DELETE}{flags}", meanwhile)

    refused(ended, "run-unfinished", said="arcctl resume move-")
    harbor.within(harbor.world.faults.remove)
    assert harbor.type(f"resume --yes {moved.GIVEN}").code == 0
    assert moved.region(harbor) == "westeurope"


@pytest.mark.parametrize("flags", ["", " --azure-only"])
def test_a_child_that_others_add_while_the_question_stands_is_asked_about(
    plain: Stage, flags: str
) -> None:
    """A yes is for what it was said to; with --yes nothing was shown, so it goes with the rest."""

    def meanwhile(number: int) -> str:
        if number == 1:
            arm.put_child(plain, "extensions", "late", moving.extension("microsoft.dapr"))
        return "y" if number == 1 else "n"

    ended, asked = beside.converse(plain, f"{DELETE}{flags}", meanwhile)

    assert (ended.code, asked) == (130, 2), ended.err
    assert "with 1 extension" in ended.err
    assert sorted(arm.children(plain)) == ["extensions/late"]
    plain.well(f"{DELETE}{flags} --yes")
    assert not moved.resource(plain)


def test_an_undisturbed_question_is_asked_once(plain: Stage) -> None:
    """And what was agreed to is done."""
    ended, asked = beside.converse(plain, DELETE, lambda _number: "y")

    assert (ended.code, asked) == (0, 1), ended.err
    assert (moved.resource(plain), changing.agents(plain)) == ({}, set())


@pytest.mark.parametrize(
    "line",
    [
        "connect -n harbor -g edge -l eastus --skip-prechecks --proxy-https http://p.example:3128",
        "enable-features -n harbor -g edge --features azure-rbac",
        DELETE + " --yes",
    ],
)
def test_nothing_changes_the_agents_beside_a_delete(plain: Stage, line: str) -> None:
    """It is told what is under way, and the deletion has its way."""
    said: list[Ended] = []

    ended = beside.type_beside(
        plain,
        f"{DELETE} --yes",
        "uninstall-agents",
        lambda: said.append(plain.type_apart(line)),
        events=("started",),
    )

    assert ended.code == 0, ended.err
    under_way(said[0], "a delete of harbor")
    assert not changing.agents(plain)


def test_who_may_not_write_leases_may_delete(plain: Stage) -> None:
    """As with az; that others cannot be kept away is said."""
    plain.fault("kubernetes", FORBIDDEN, method="POST", path="/leases$", times=None)

    ended = plain.type(f"{DELETE} --yes")

    assert (ended.code, "other commands cannot be kept away" in ended.err) == (0, True), ended.err
    assert not changing.agents(plain)


def test_a_change_that_wakes_after_a_delete_ends_at_once(plain: Stage) -> None:
    """Its Lease was pushed aside: there is nothing left to wait for."""
    with plain.start("enable-features -n harbor -g edge --features azure-rbac") as process:
        asked = "kubernetes PATCH .*deployments"
        moment = at(plain, asked, "before", lambda: os.kill(process.pid, signal.SIGSTOP))
        until(lambda: moment.happened, "a change that falls asleep")
        slept = time.monotonic()
        old = {"renewTime": "2026-01-01T00:00:00.000000Z"}
        plain.within(lambda: merge(plain, "leases", "arcctl", "arcctl", spec=old))
        plain.well(f"{DELETE} --yes", **elsewhere(plain))
        until(lambda: time.monotonic() > slept + 3, "a nap that is long enough")
        process.send_signal(signal.SIGCONT)
        _, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, "lease-lost" in err) == (6, True), err
    assert not changing.agents(plain)
