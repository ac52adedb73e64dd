"""Stories of `arcctl wait` (issue 5 section 2): what is awaited, what ends it, and what is said."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.stories.refusals import changes, refused
from tests.stories.test_interrupt import ended, stopped_politely, until
from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    import subprocess

    from tests.stage import Stage

WAIT = "wait -n harbor -g edge --interval 0.05"
PATH = "/harbor$"


def planted(stage: Stage, **more: Any) -> None:
    """Let harbor be in Azure, with no cluster behind it."""
    stage.seed(clusters=[{"name": "harbor", "group": "edge", "location": "westeurope", **more}])


def looks(stage: Stage) -> int:
    """How often somebody has looked at harbor."""
    return sum(each.endswith("/harbor") for each in stage.requests("arm", "GET"))


def begun(stage: Stage, line: str) -> subprocess.Popen[str]:
    """Start a wait, and return when it has looked twice."""
    process = stage.start(line)
    until(lambda: looks(stage) >= 2, "two looks at harbor")
    return process


def answering(stage: Stage, **properties: Any) -> None:
    """Let Azure show harbor with these properties."""
    action = {"patch_body": {"properties": properties}}
    stage.fault("arm", action, method="GET", path=PATH, times=None)


def test_what_is_so_already_is_not_waited_for(quick: Stage) -> None:
    """One look, nothing on stdout, one line for people, and nothing is changed."""
    planted(quick)

    done = quick.well(f"{WAIT} --connected")
    quick.well(f"{WAIT} --created -o json")
    quick.well(f"{WAIT} --updated")

    assert done.out == ""
    assert len(done.err.splitlines()) == 1
    assert "done     until connected  harbor: Connected, provisioningState Succeeded" in done.err
    assert changes(quick) == []


def test_a_cluster_that_is_made_meanwhile_is_waited_for(quick: Stage) -> None:
    """`--created` puts up with a resource, and a group, that are not there yet."""
    with begun(quick, f"{WAIT} --created") as process:
        planted(quick)
        last = ended(process)

    assert (last.code, last.out) == (0, "")
    first, *_, end = last.err.splitlines()
    assert "waiting  until created    harbor: not there" in first
    assert "done     until created    harbor: Connected" in end


def test_a_cluster_that_connects_is_waited_for(quick: Stage) -> None:
    """Agents that come up in another process, and the line of progress that changes with them."""
    planted(quick, state="Connecting")
    with begun(quick, f"{WAIT} --connected --progress json") as process:
        planted(quick)
        last = ended(process)

    events = [json.loads(line) for line in last.err.splitlines()]
    assert last.code == 0
    assert [each["event"] for each in events][:2] == ["started", "progressed"]
    assert events[1]["text"] == "harbor: Connecting, provisioningState Succeeded"
    assert events[-1]["detail"] == "harbor: Connected, provisioningState Succeeded"


def test_a_cluster_that_goes_is_waited_for(quick: Stage) -> None:
    """Not there is what was wanted, also where it has never been."""
    planted(quick)
    with begun(quick, f"{WAIT} --deleted") as process:
        quick.well("delete -n harbor -g edge --azure-only --yes")
        last = ended(process)

    assert (last.code, last.out) == (0, "")
    assert "done     until deleted    harbor: not there" in last.err
    quick.well("wait -n depot -g nowhere --deleted")


def test_any_query_can_be_waited_for(quick: Stage) -> None:
    """Asked of the keys that `show` prints."""
    planted(quick)
    with begun(quick, f"{WAIT} --custom \"tags.site == 'north'\"") as process:
        planted(quick, tags={"site": "north"})
        last = ended(process)

    assert (last.code, last.out) == (0, "")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (WAIT, "wait for what?"),
        (f"{WAIT} --created --deleted", "wait for one thing at a time"),
        (f"{WAIT} --created --custom name", "wait for one thing at a time"),
        (f"{WAIT} --custom 'a['", "bad --custom"),
        (f"{WAIT} --created --timeout 20ms", "not a length of time"),
        ("wait -n harbor -g edge --created --interval 0", "not a length of time"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(quick: Stage, line: str, said: str) -> None:
    """Exit 2, with the conditions named, before anybody is asked."""
    ended = quick.type(line)

    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert quick.requests("arm") == []


def test_a_time_out_says_what_was_seen_last(quick: Stage) -> None:
    """Exit 5, the last state, and the next command."""
    planted(quick, state="Offline")

    late = quick.type(f"{WAIT} --connected --timeout 1")

    refused(late, "not-in-time", exit_code=5, said="harbor: not connected within 1.0 s")
    assert "       harbor: Offline, provisioningState Succeeded\n" in late.err
    assert "try    arcctl show -n harbor -g edge --agents\n" in late.err
    assert late.err.count("waiting  ") == 1


def test_the_end_is_looked_at_however_long_the_interval(quick: Stage) -> None:
    """What has happened within the time counts, though the next look was due behind it."""
    planted(quick, state="Connecting")
    with quick.start("wait -n harbor -g edge --connected --timeout 3") as process:
        until(lambda: looks(quick) == 1, "the first look")
        planted(quick)
        last = ended(process)

    assert last.code == 0, last.err


@pytest.mark.parametrize("word", ["created", "updated", "connected"])
def test_what_has_failed_ends_the_wait(quick: Stage, word: str) -> None:
    """With what the resource says of it, and long before the time is over."""
    planted(quick)
    wrong = {"agentErrors": [{"component": "flux", "message": "no room"}]}
    answering(
        quick,
        provisioningState="Failed",
        connectivityStatus="Connecting",
        arcAgentProfile=wrong,
    )

    failed = quick.type(f"{WAIT} --{word}")

    refused(failed, "provisioning-failed", said="provisioning harbor has ended as Failed")
    assert "       flux: no room\n" in failed.err


def test_an_expired_cluster_is_not_waited_for(quick: Stage) -> None:
    """No agent can renew an expired identity."""
    planted(quick, state="Expired")

    refused(quick.type(f"{WAIT} --connected"), "AZK8S0309", said="has expired")


@pytest.mark.parametrize("word", ["updated", "connected"])
def test_a_cluster_that_must_be_there_is_not_waited_for(quick: Stage, word: str) -> None:
    """A wrong name is told at once, exit 3."""
    quick.seed(groups=[{"name": "edge"}])

    refused(quick.type(f"{WAIT} --{word}"), "AZK8S0405", exit_code=3)


def test_bad_days_are_outlasted(quick: Stage) -> None:
    """Throttling, an error of the service for longer than the client tries, a refused token."""
    planted(quick, state="Connecting")
    faults = [
        quick.fault("arm", {"status": status}, method="GET", path=PATH, times=times)
        for status, times in ((503, 7), (429, 1), (401, 1))
    ]
    with quick.start(f"{WAIT} --connected") as process:
        until(lambda: sum(map(quick.happened, faults)) == 9, "all of the bad days")
        planted(quick)
        last = ended(process)

    assert last.code == 0, last.err
    assert "asking again" in last.err


def test_a_wait_can_be_stopped(quick: Stage) -> None:
    """Ctrl-C: exit 130, one sentence."""
    planted(quick, state="Offline")
    with begun(quick, f"{WAIT} --connected") as process:
        process.terminate()
        stopped_politely(ended(process))


def test_a_person_sees_one_line(quick: Stage) -> None:
    """At a terminal it is redrawn in place, and ends with its time."""
    planted(quick)

    seen = typed_at_a_terminal(quick, f"{WAIT} --connected")

    assert seen.code == 0
    assert "until connected  harbor: Connected, provisioningState Succeeded" in seen.out
