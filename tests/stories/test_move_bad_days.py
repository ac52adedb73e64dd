"""Days on which a move is stopped in its midst: said plainly, taken up, or taken back."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.sandbox.kubernetes.api import Deletion
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests import arm
from tests.matrix.cutting import Cut, Place, asked_path, cut
from tests.stage import PATIENCE, Ended
from tests.stories import moving
from tests.stories.moments import Moment, at, fill_disk, until
from tests.stories.moved import (
    GIVEN,
    MOVE,
    asleep,
    changes_beyond,
    kept_in_cluster,
    region,
    resource,
    running,
    stopped,
    whole,
)
from tests.stories.refusals import refused
from tests.stories.symptoms import merge

if TYPE_CHECKING:
    import subprocess

    from tests.stage import Stage

HARBOR = "/connectedClusters/harbor$"
GONE = f"arm DELETE .*{HARBOR}"
MADE = f"arm PUT .*{HARBOR}"
HURRIED = f"{MOVE} --onboarding-timeout 3"
QUOTA = {"error": {"code": "QuotaExceeded", "message": "no more clusters in this region"}}


def elsewhere(stage: Stage) -> dict[str, str]:
    """Another machine: it has the kubeconfig and the secrets, and no state of arcctl's."""
    return {"ARCCTL_HOME": str(stage.folder / "home" / "elsewhere")}


def healed(stage: Stage) -> None:
    """Let every fault be over."""
    stage.within(stage.world.faults.remove)


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for the end of a command."""
    out, err = process.communicate(timeout=PATIENCE)
    return Ended(process.returncode, out, err)


def refusing(stage: Stage, action: dict[str, Any], where: str = "westeurope") -> str:
    """Let the region take no cluster."""
    return stage.fault("arm", action, method="PUT", path=HARBOR, region=where, times=None)


# ── the target refuses, and the source is gone ──


@pytest.mark.parametrize(
    ("action", "code"),
    [
        ({"deny_policy": True}, "RequestDisallowedByPolicy"),
        ({"forbid": True}, "AuthorizationFailed"),
        ({"status": 409, "body": QUOTA}, "QuotaExceeded"),
        ({"not_registered": True}, "MissingSubscriptionRegistration"),
    ],
    ids=["policy", "permission", "quota", "registration"],
)
def test_a_target_that_refuses_leaves_two_ways(
    harbor: Stage, action: dict[str, Any], code: str
) -> None:
    """Exit 6: where things stand, how to go on, how to go back; and going on then ends well."""
    uids = running(harbor)
    refusing(harbor, action)

    ending = harbor.type(MOVE)

    run = stopped(ending, code, said="harbor is gone from eastus and not yet in westeurope")
    assert "its workloads run on, and all it had is saved" in ending.err
    assert f"arcctl resume {run} --protected-settings FILE\n" in ending.err
    assert f"the way back: arcctl rollback {run} --protected-settings FILE\n" in ending.err
    assert (region(harbor), running(harbor)) == ("", uids)
    healed(harbor)
    harbor.seed(providers={"Microsoft.Kubernetes": "Registered"})
    assert harbor.well(f"resume {run} {GIVEN}").data["clean"]
    whole(harbor, uids)


def test_the_way_back_brings_everything_back(harbor: Stage) -> None:
    """To the old region with its children, tags and workloads; `rollback` asks for the secrets."""
    uids = running(harbor)
    refusing(harbor, {"deny_policy": True})
    run = stopped(harbor.type(MOVE), "RequestDisallowedByPolicy")

    unsaid = harbor.type(f"rollback {run}")
    harbor.well(f"rollback {run} --yes {GIVEN}")

    assert unsaid.code != 0
    whole(harbor, uids, "eastus")
    refused(harbor.type("rollback"), "nothing-open", exit_code=3)


def test_the_way_back_sends_what_had_been_sent_there(harbor: Stage) -> None:
    """Cut when the children were well in the new region: the old one gets their secrets as well."""
    uids, secrets = running(harbor), moving.protected(harbor)
    moving.attached(harbor)
    with harbor.start(MOVE) as process:
        put = "arm PUT .*/roleAssignments/"
        at(harbor, put, "before", lambda: os.kill(process.pid, signal.SIGKILL))
        ended(process)

    unsaid = harbor.type("rollback --take-over --yes", **elsewhere(harbor))
    report = harbor.well(f"rollback --take-over --yes {GIVEN}", **elsewhere(harbor)).data

    assert "[secret-missing]" in unsaid.err
    assert (report["clean"], moving.protected(harbor)) == (True, secrets)
    whole(harbor, uids, "eastus")


def test_an_id_that_stays_taken_is_waited_for(harbor: Stage) -> None:
    """Azure may still be deleting; arcctl says so, and asks until it is done."""
    uids = running(harbor)
    busy = {"error": {"code": "Conflict", "message": "it is still being deleted"}}
    fault = harbor.fault("arm", {"status": 409, "body": busy}, method="PUT", path=HARBOR, times=2)

    ending = harbor.well(MOVE)

    assert harbor.happened(fault) == 2
    assert "Azure refuses for now: it is still being deleted" in ending.err
    whole(harbor, uids)


# ── children ──


def test_a_child_that_fails_holds_up_nothing_else(harbor: Stage) -> None:
    """Exit 6 with its name and why; the others are there, and resume needs only mend this one."""
    uids = running(harbor)
    failure = {"polls": 0, "code": "ExtensionOperationFailed", "message": "no memory left"}
    harbor.fault(
        "arm", {"operation_fails": failure}, method="PUT", path="/extensions/monitor$", times=None
    )

    ending = harbor.type(MOVE)

    run = stopped(ending, "children-failed", said="extensions/monitor")
    assert "no memory left" in ending.err
    states = {
        key: each["properties"]["provisioningState"] for key, each in arm.children(harbor).items()
    }
    assert states.pop("extensions/monitor") == "Failed"
    assert set(states.values()) == {"Succeeded"}
    healed(harbor)
    assert harbor.well(f"resume {run} {GIVEN}").data["clean"]
    whole(harbor, uids)


def test_a_policy_that_puts_the_same_is_welcome(harbor: Stage) -> None:
    """An extension that a policy has put back already is compared, and left."""
    deploy = {"extensionType": "microsoft.flux", "extensionName": "flux"}
    harbor.seed(policies=[{"name": "flux", "deploy": deploy}])
    uids = running(harbor)

    assert harbor.well(MOVE).data["clean"]

    whole(harbor, uids)


def test_a_policy_that_puts_something_else_is_not_overwritten(harbor: Stage) -> None:
    """Exit 5: the move is done, and the difference is for a person to judge."""
    deploy = {
        "extensionType": "microsoft.azuremonitor.containers",
        "extensionName": "monitor",
        "settings": {"amalogs.useAADAuth": "false"},
    }
    harbor.seed(policies=[{"name": "monitor", "deploy": deploy}])

    ending = harbor.type(MOVE)

    assert (ending.code, "[moved-with-differences]" in ending.err) == (5, True), ending.err
    assert "extensions/monitor was put there by somebody else" in ending.err
    found = arm.children(harbor)["extensions/monitor"]["properties"]
    assert found["configurationSettings"]["amalogs.useAADAuth"] == "false"


# ── the cluster ──


def away(stage: Stage) -> str:
    """Let the API server answer nobody."""
    return stage.world.faults.add(
        {"service": "kubernetes", "action": {"reset": "before"}, "times": None}
    ).id


@pytest.mark.parametrize("moment", [GONE, MADE], ids=["source going", "target coming"])
def test_an_api_server_that_comes_back_is_waited_for(harbor: Stage, moment: str) -> None:
    """The run says that it waits, and goes on by itself."""
    uids = running(harbor)
    faults: list[str] = []
    at(harbor, moment, "before", lambda: faults.append(away(harbor)))
    with harbor.start(MOVE) as process:
        until(lambda: faults and harbor.happened(faults[0]) > 3, "a cluster that is away")
        if moment == GONE:
            # While Azure deletes, the cluster is only looked at beside it; afterwards it is needed.
            until(lambda: not resource(harbor), "a source that is gone")
        before = harbor.happened(faults[0])
        until(lambda: harbor.happened(faults[0]) > before + 2, "a run that waits")
        healed(harbor)
        ending = ended(process)

    assert ending.code == 0, ending.err
    assert "trying" in ending.err
    whole(harbor, uids)


def test_an_api_server_that_stays_away_stops_the_run(harbor: Stage) -> None:
    """Exit 6 once patience is over; later, resume finishes it."""
    uids = running(harbor)
    at(harbor, GONE, "after", lambda: away(harbor))

    run = stopped(harbor.type(HURRIED), "AZK8S0202", said="the point of no return lies behind")

    healed(harbor)
    harbor.within(harbor.world.witnesses.clear)
    assert harbor.well(f"resume {run} {GIVEN}").data["clean"]
    whole(harbor, uids)


def test_agents_that_cannot_be_quieted_stop_the_run_in_time(harbor: Stage) -> None:
    """Before the point of no return: exit 6, and rollback wakes those that sleep."""
    uids = running(harbor)
    path = "/deployments/clusterconnect-agent$"
    harbor.fault("kubernetes", {"status": 200, "body": {}}, method="PATCH", path=path, times=None)

    ending = harbor.type(HURRIED)

    run = stopped(ending, "agents-not-quiet", said="clusterconnect-agent")
    assert f"arcctl rollback {run}" in ending.err
    assert region(harbor) == "eastus"
    healed(harbor)
    harbor.well(f"rollback {run} --yes")
    whole(harbor, uids, "eastus")


def test_agents_that_never_connect_stop_the_run(harbor: Stage) -> None:
    """Exit 6 within the time that was given; once they can, resume finishes."""
    uids = running(harbor)
    at(
        harbor, MADE, "before",
        lambda: harbor.world.faults.add(
            {"service": "agents", "action": {"never_connected": True}, "times": None}
        ),
    )  # fmt: skip

    run = stopped(harbor.type(HURRIED), "no-heartbeat")

    healed(harbor)
    assert harbor.well(f"resume {run} {GIVEN}").data["clean"]
    whole(harbor, uids)


def test_somebody_who_deletes_the_namespace_of_the_run_does_little_harm(harbor: Stage) -> None:
    """Behind the point of no return it goes on with the journal here, and says so."""
    uids = running(harbor)
    kubernetes = harbor.cluster

    def delete() -> None:
        kind = KINDS["namespaces"]
        kubernetes.api.delete(kind, kubernetes.api.get(kind, "", "arcctl"), Deletion())

    at(harbor, GONE, "after", delete)

    ending = harbor.type(MOVE)

    assert ending.code == 0, ending.err
    assert "going on" in ending.err
    whole(harbor, uids)


# ── this machine ──


def test_a_full_disk_before_the_point_of_no_return_stops(harbor: Stage) -> None:
    """What cannot be written down is not begun: exit 1, and nothing was changed."""
    with harbor.start(MOVE) as process:
        at(harbor, "kubernetes POST .*/leases$", "before", lambda: fill_disk(process.pid))
        ending = ended(process)

    refused(ending, "state-folder", said="ARCCTL_HOME")
    assert changes_beyond(harbor) == []
    assert (asleep(harbor), kept_in_cluster(harbor)) == ([], [])


def test_a_full_disk_behind_it_is_lived_with(harbor: Stage) -> None:
    """The cluster's copy is enough, which is said; with room again, this machine's is completed."""
    uids = running(harbor)
    with harbor.start(MOVE) as process:
        at(harbor, GONE, "before", lambda: fill_disk(process.pid))
        at(harbor, MADE, "after", lambda: fill_disk(process.pid, full=False))
        ending = ended(process)

    assert ending.code == 0, ending.err
    said = " ".join(ending.err.split())
    assert "cannot be written, going on" in said
    assert "is written again, and complete" in said
    whole(harbor, uids)


# ── stopped from outside ──

PLACES = {
    "source gone": Place("arm", f"DELETE {asked_path(arm.HARBOR)}", 1),
    "target made": Place("arm", f"PUT {asked_path(arm.HARBOR)}", 1),
    "extension sent": Place(
        "arm", f"PUT {asked_path(arm.HARBOR)}/{arm.CHILDREN}/extensions/flux", 1
    ),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_a_killed_move_is_taken_up_on_another_machine(harbor: Stage, place: Place) -> None:
    """SIGKILL, and all that the other machine has is the kubeconfig and the secrets."""
    uids = running(harbor)
    cutting = Cut(at=place, when="after", signal=signal.SIGKILL)
    killed = cut(harbor, MOVE, cutting)
    assert (cutting.happened, killed.code) == (True, -signal.SIGKILL)

    ending = harbor.well(f"resume --take-over {GIVEN}", **elsewhere(harbor))

    assert ending.data["clean"]
    whole(harbor, uids)


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_a_move_that_a_person_stops_says_how_to_go_on(harbor: Stage, place: Place) -> None:
    """Ctrl-C: exit 130, with both ways from here; resume finishes."""
    uids = running(harbor)
    cutting = Cut(at=place, when="after", signal=signal.SIGINT)
    ending = cut(harbor, MOVE, cutting)

    assert (cutting.happened, ending.code, ending.out) == (True, 130, ""), ending.err
    assert "is half done" in ending.err
    assert "arcctl resume move-" in ending.err
    assert "arcctl rollback move-" in ending.err
    assert "Traceback" not in ending.err
    assert harbor.well(f"resume {GIVEN}").data["clean"]
    whole(harbor, uids)


def test_a_run_that_was_taken_over_is_left_alone(harbor: Stage) -> None:
    """A machine that wakes up learns that another has gone on, and stops before its next change."""
    uids = running(harbor)
    failure = {"code": "ExtensionOperationFailed", "message": "no memory left"}
    harbor.fault(
        "arm", {"operation_fails": failure}, method="PUT", path="/extensions/monitor$", times=None
    )
    # Asked once before the run, as a proof, and again once the target is made.
    asked = "dataplane POST .*GetHelmSettings"
    with harbor.start(MOVE) as process:
        moment = Moment(asked, "before", lambda: os.kill(process.pid, signal.SIGSTOP))
        at(harbor, MADE, "after", lambda: harbor.world.witnesses.append(moment))
        until(lambda: moment.happened, "a machine that falls asleep")
        other = harbor.type(f"resume --take-over {GIVEN}", **elsewhere(harbor))
        process.send_signal(signal.SIGCONT)
        ending = ended(process)

    run = stopped(other, "children-failed")
    # It has slept long enough to ask its Lease first, or it finds the other's entry in the journal.
    assert ending.code == 6, ending.err
    assert "[run-taken-over]" in ending.err or "[lease-lost]" in ending.err, ending.err
    healed(harbor)
    assert harbor.well(f"resume {run} {GIVEN}", **elsewhere(harbor)).data["clean"]
    whole(harbor, uids)


def test_a_run_that_is_pushed_aside_while_it_waits_stops(harbor: Stage) -> None:
    """Its next sign of life finds another's Lease: exit 6, and whoever comes later goes on."""
    uids = running(harbor)
    harbor.fault("arm", {"operation_stuck": True}, method="PUT", path=HARBOR)
    other = {"holderIdentity": "move-another/1"}
    at(harbor, MADE, "after", lambda: merge(harbor, "leases", "arcctl", "arcctl", spec=other))

    ending = harbor.type(MOVE)

    refused(ending, "lease-lost", exit_code=6, said="how far it is: arcctl history")
    harbor.within(lambda: harbor.cluster.store.remove(KINDS["leases"].key, "arcctl", "arcctl"))
    assert harbor.well(f"resume {GIVEN}").data["clean"]
    whole(harbor, uids)
