"""Two who change the same agents at once, or one beside a move: the later one is refused, and what
the earlier one was told to be done stays done.
"""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import pytest
from tests.stories import beside, changing, moved, moving
from tests.stories.changing import HARBOR, given, revisions
from tests.stories.moments import at, until
from tests.stories.refusals import changes, refused

if TYPE_CHECKING:
    from tests.stage import Ended, Stage

ENABLE = f"enable-features {HARBOR} --features azure-rbac"
DISABLE = f"disable-features {HARBOR} --features cluster-connect"
PROXY = f"update {HARBOR} --proxy-https http://p.example:3128"
UPGRADE = f"upgrade {HARBOR} --agent-version 1.36.1"


def place(stage: Stage) -> tuple[str, str]:
    """Whose agents they are, by their values, and in which region."""
    known = given(stage)["global"]
    return known["resourceName"], known["location"]


def under_way(ended: Ended, what: str, exit_code: int = 1) -> None:
    """Assert that somebody else's change was the reason, and that it can be waited for."""
    refused(ended, "run-in-progress", exit_code=exit_code, said=f"{what} is under way on ")
    assert "resume" not in ended.err
    assert "wait for it" in ended.err


@pytest.fixture
def quick_harbor(quick: Stage) -> Stage:
    """Harbor with its children in eastus, and the file that a move of it needs."""
    quick.after(moving.connected)
    moving.secrets_file(quick)
    return quick


@pytest.mark.parametrize(
    ("line", "step", "what"),
    [
        (ENABLE, "change-release", "an enable-features of harbor"),
        (f"{PROXY} --yes", "pull-chart", "an update of harbor"),
        (f"{PROXY} --yes", "change-release", "an update of harbor"),
        (f"{DISABLE} --yes", "change-release", "a disable-features of harbor"),
    ],
)
def test_no_move_begins_beside_a_change_of_the_agents(
    quick_harbor: Stage, line: str, step: str, what: str
) -> None:
    """The move is refused, and says what is under way where; once that has ended, it goes."""
    said: list[Ended] = []

    def act() -> None:
        said.append(quick_harbor.type_apart(moved.MOVE))

    ended = beside.type_beside(quick_harbor, line, step, act, events=("started",))

    assert ended.code == 0, ended.err
    under_way(said[0], what, exit_code=5)
    assert place(quick_harbor) == ("harbor", "eastus")
    assert moved.kept_in_cluster(quick_harbor) == []
    assert quick_harbor.type(moved.MOVE).code == 0
    assert place(quick_harbor) == ("harbor", "westeurope")


@pytest.mark.parametrize("to", ["", " --target-name depot"])
def test_a_move_while_the_question_stands_is_not_undone(quick_harbor: Stage, to: str) -> None:
    """It has ended by the time of the yes: what was read before it is nothing to go on with."""
    said: list[Ended] = []

    def meanwhile(_asked: int) -> str:
        said.append(quick_harbor.type_apart(moved.MOVE + to))
        return "y"

    ended, _ = beside.converse(quick_harbor, DISABLE, meanwhile)

    assert said[0].code == 0, said[0].err
    assert ended.code != 0, ended.err
    assert place(quick_harbor) == ("depot" if to else "harbor", "westeurope")
    assert moved.kept_in_cluster(quick_harbor) == []


@pytest.mark.parametrize("to", ["", " --target-name depot"])
def test_a_move_while_the_chart_is_fetched_is_not_undone(quick_harbor: Stage, to: str) -> None:
    """Nothing was changed by then, so it may begin; what was read before it is read again."""
    said: list[Ended] = []

    def act() -> None:
        said.append(quick_harbor.type_apart(moved.MOVE + to))

    ended = beside.type_beside(quick_harbor, ENABLE, "pull-chart", act, events=("started",))

    assert said[0].code == 0, said[0].err
    assert ended.code != 0, ended.err
    assert place(quick_harbor) == ("depot" if to else "harbor", "westeurope")
    assert moved.kept_in_cluster(quick_harbor) == []


@pytest.mark.parametrize("ours_first", [False, True])
def test_what_another_helm_has_made_is_not_rolled_back(quick: Stage, ours_first: bool) -> None:
    """Others have helm too, and ask no Lease: where ours fails, only its own revision is undone."""
    quick.after(changing.connected)
    script = quick.folder / "helm-beside"
    script.write_text(
        "#!/bin/sh\n"
        f'case " $* " in *" upgrade "*) ;; *) exec "{quick.helm}" "$@" ;; esac\n'
        + (f'"{quick.helm}" "$@" || exit 7\n' if ours_first else "")
        + f'"{quick.helm}" rollback azure-arc 1 -n azure-arc-release >&2\n'
        "exit 1\n"
    )
    script.chmod(0o755)

    ended = quick.type(ENABLE, ARCCTL_HELM=str(script))

    theirs = 3 if ours_first else 2
    refused(ended, "AZK8S0500", said=f"not rolled back: revision {theirs} is somebody else's")
    assert (len(revisions(quick)), changing.deployed(quick)["version"]) == (theirs, theirs)


@pytest.mark.parametrize(
    ("line", "other"),
    [
        (ENABLE, f"{PROXY} --yes"),
        (f"{PROXY} --yes", f"{DISABLE} --yes"),
        (UPGRADE, ENABLE),
    ],
)
def test_a_second_change_beside_the_first_is_refused(quick: Stage, line: str, other: str) -> None:
    """The first one has its way; the other is told to wait, and goes after it."""
    quick.after(changing.older)
    said: list[Ended] = []

    def act() -> None:
        said.append(quick.type_apart(other))

    ended = beside.type_beside(quick, line, "change-release", act, events=("started",))

    assert ended.code == 0, ended.err
    under_way(said[0], f"{line.partition(' ')[0]} of harbor")
    before = json.dumps(given(quick), sort_keys=True)
    assert quick.type(other).code == 0
    assert json.dumps(given(quick), sort_keys=True) != before
    assert moved.kept_in_cluster(quick) == []


def test_a_change_while_the_question_stands_is_not_undone(quick: Stage) -> None:
    """Refused with what is different; the same command again does it, and loses nothing."""
    quick.after(changing.connected)

    def meanwhile(_asked: int) -> str:
        assert quick.type_apart(ENABLE).code == 0
        return "y"

    ended, _ = beside.converse(quick, DISABLE, meanwhile)

    refused(ended, "agents-changed", said="revision 1")
    assert "then the same command again" in ended.err
    system = given(quick)["systemDefaultValues"]
    assert system["guard"]["enabled"] is True
    assert len(revisions(quick)) == 2
    assert quick.well(f"{DISABLE} --yes").code == 0
    system = given(quick)["systemDefaultValues"]
    assert (system["guard"]["enabled"], system["clusterconnect-agent"]["enabled"]) == (True, False)


def test_what_is_so_already_takes_no_lease(quick: Stage) -> None:
    """Neither does a change in Azure alone: whoever changes no agents keeps nobody off."""
    quick.after(changing.connected)
    quick.within(quick.world.journal.clear)

    quick.well(f"enable-features {HARBOR} --features cluster-connect")
    quick.well(f"update {HARBOR} --tags site=pier8 --yes")

    assert [each for each in changes(quick) if each.startswith("kubernetes")] == []


@pytest.mark.parametrize("line", [ENABLE, f"{PROXY} --yes"])
def test_who_may_hold_no_lease_is_told_before_any_change(quick: Stage, line: str) -> None:
    """As by any run: exit 4, and Azure and agents are as they were."""
    quick.after(changing.connected)
    quick.fault("kubernetes", {"status": 403}, method="POST", path="/leases$", times=None)

    ended = quick.type(line)

    refused(ended, "kube-forbidden", exit_code=4)
    assert changing.written(quick) == []
    assert len(revisions(quick)) == 1


def test_a_killed_change_is_typed_again_at_once_on_the_same_machine(quick: Stage) -> None:
    """Its lock says that it has died; nobody waits until its Lease is stale."""
    quick.after(f"connect {HARBOR} -l eastus --skip-prechecks")
    line = f"enable-features {HARBOR} --features azure-rbac"
    with quick.start(line) as process:
        asked = "kubernetes PATCH .*deployments"
        moment = at(quick, asked, "before", lambda: os.kill(process.pid, signal.SIGKILL))
        until(lambda: moment.happened, "a change that is killed")
        process.wait()

    quick.well(line)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("when", ["before", "after"])
def test_who_is_stopped_while_taking_the_lease_holds_nobody_up(
    quick: Stage, how: signal.Signals, when: str
) -> None:
    """A request that is on its way arrives after its sender has gone."""
    line = f"connect {HARBOR} -l eastus --skip-prechecks"
    with quick.start(line) as process:
        asked = "kubernetes POST .*/leases"
        moment = at(quick, asked, when, lambda: os.kill(process.pid, how))
        until(lambda: moment.happened, "a Lease that is taken")
        process.wait()

    quick.well(line)


def test_who_is_stopped_while_letting_go_lets_go(quick: Stage) -> None:
    """The agents are installed, and the Lease is about to go."""
    line = f"connect {HARBOR} -l eastus --skip-prechecks"
    with quick.start(line) as process:
        asked = "kubernetes DELETE .*/leases/arcctl"
        moment = at(quick, asked, "before", lambda: os.kill(process.pid, signal.SIGTERM))
        until(lambda: moment.happened, "a Lease that is let go")
        process.wait()

    quick.well(line)


def test_one_bad_answer_on_the_way_out_is_no_reason_to_keep_the_lease(quick: Stage) -> None:
    """The others would wait for a minute."""
    line = f"connect {HARBOR} -l eastus --skip-prechecks"
    quick.fault("kubernetes", {"status": 500}, method="DELETE", path="/leases/arcctl$", times=1)

    quick.well(line)

    assert len([each for each in quick.requests("kubernetes", "DELETE") if "leases" in each]) == 2


def test_one_bad_answer_after_the_lease_was_written_leaves_none(quick: Stage) -> None:
    """The next one may come from another machine, which cannot tell that this process is dead."""
    line = f"connect {HARBOR} -l eastus --skip-prechecks"
    bad = {"service": "kubernetes", "action": {"status": 503}, "method": "GET"}
    asked = {**bad, "path": "/api/v1/namespaces/arcctl$", "times": 1}
    at(quick, "kubernetes POST .*/leases", "after", lambda: quick.world.faults.add(asked))

    quick.type(line)

    assert "arcctl" not in moved.kept_in_cluster(quick)
