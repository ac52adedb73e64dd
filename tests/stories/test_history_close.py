"""`arcctl history RUN --close` and `--export`: any run ends on a person's word, and nothing it had is lost."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
from typing import TYPE_CHECKING

import yaml
from tests import arm
from tests.stage import PATIENCE
from tests.stories import moving
from tests.stories.half_done import half_done, in_cluster
from tests.stories.moments import at, until
from tests.stories.moved import (
    CHILDREN,
    GIVEN,
    MOVE,
    asleep,
    changes_beyond,
    kept_in_cluster,
    region,
    resource,
    stopped,
)
from tests.stories.refusals import refused
from tests.stories.symptoms import merge
from tests.terminal import typed_at_a_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import Stage

RICH = (
    "connect -n harbor -g edge -l eastus --skip-prechecks --disable-auto-upgrade "
    "--tags team=edge 'note=two words' --distribution k3s --infrastructure azure "
    "--enable-oidc-issuer true --enable-workload-identity true "
    "--proxy-https http://proxy.example.com:3128 --proxy-skip-range 10.0.0.0/16"
)
MOVE_BARE = "move -n harbor -g edge --target-region westeurope --skip-prechecks --yes"
TARGET = "arm PUT .*/connectedClusters/harbor$"


def elsewhere(stage: Stage) -> dict[str, str]:
    """Another machine, with an empty disk."""
    return {"ARCCTL_HOME": str(stage.folder / "home" / "elsewhere")}


def homeless(stage: Stage) -> str:
    """A move that has stopped when harbor was gone from eastus, and westeurope took none."""
    moving.attached(stage)
    stage.seed(locks=[{"on": "edge/harbor", "name": "keep"}])
    stage.fault(
        "arm", {"deny_policy": True}, method="PUT", path="/connectedClusters/harbor$", times=None
    )
    run = stopped(stage.type(f"{MOVE} --accept locked-itself"), "RequestDisallowedByPolicy")
    stage.within(stage.world.faults.remove)
    return run


def contents(folder: Path) -> set[str]:
    """The files below a folder."""
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}


def test_a_move_that_cannot_end_is_closed(harbor: Stage) -> None:
    """Exit 5, what is lost by name, all it had in files; and then the cluster is connected again."""
    run = homeless(harbor)

    ended = harbor.type(f"history {run} --close --yes --export kept")

    assert (ended.code, "[closed-unfinished]" in ended.err) == (5, True), ended.err
    for each in ("harbor (group edge) is not in Azure", "extensions/monitor is not there", "lock"):
        assert each in ended.err
    readme = (harbor.folder / "kept" / "README.md").read_text()
    for each in (ended.err, readme):
        assert "arcctl connect -n harbor -g edge -l eastus" in each
        assert "arcctl connect -n harbor -g edge -l westeurope" not in each
    assert "the move to westeurope has made nothing there" in readme
    assert ended.data["saved"]["children"] == 4
    folder = harbor.folder / "kept"
    commands = (folder / "commands.sh").read_text()
    assert "az role assignment create --assignee-object-id" in commands
    assert "az lock create --name keep --lock-type CanNotDelete" in commands
    assert "diagnosticSettings/to-logs?api-version=2021-05-01-preview" in commands
    assert "hidden" not in "".join((folder / each).read_text() for each in contents(folder))
    assert stat.S_IMODE((folder / "resource.json").stat().st_mode) == 0o600
    assert (kept_in_cluster(harbor), harbor.well(f"history {run}").data["outcome"]) == (
        [],
        "closed by a person",
    )
    refused(harbor.type("resume"), "nothing-open", exit_code=3)
    harbor.well(moving.CONNECT.replace("eastus", "westeurope"))
    harbor.well(f"config apply -n harbor -g edge --file kept/configuration {GIVEN} --yes")
    assert sorted(arm.children(harbor)) == [
        "extensions/flux",
        "extensions/monitor",
        "fluxConfigurations/private",
        "fluxConfigurations/public",
    ]


def test_what_is_exported_is_enough_to_have_it_all_again(harbor: Stage) -> None:
    """Each command of the README is pasted as it stands; only the secrets are filled in."""
    before = resource(harbor)
    run = homeless(harbor)
    closed = harbor.type(f"history {run} --close --yes --export again")
    assert closed.code == 5, closed.err
    folder = harbor.folder / "again"
    typed = [
        line.strip()
        for line in (folder / "README.md").read_text().splitlines()
        if line.strip().startswith("arcctl ")
    ]
    wanted = yaml.safe_load((folder / "secrets.yaml").read_text())
    (folder / "secrets.yaml").write_text(yaml.safe_dump(moving.SECRETS))

    for line in typed:
        beside = re.sub(r"(--file|--protected-settings) ", r"\1 again/", line)
        harbor.well(f"{beside.removeprefix('arcctl ')} --yes")

    assert {key: set(each) for key, each in wanted.items()} == {
        key: set(each) for key, each in moving.SECRETS.items()
    }
    assert typed[0].startswith("arcctl connect -n harbor -g edge -l eastus --tags ")
    after = resource(harbor)
    assert (after["location"], after["tags"]) == (before["location"], before["tags"])
    assert sorted(arm.children(harbor)) == CHILDREN


def test_a_cluster_without_children_is_connected_again_from_its_export(quick: Stage) -> None:
    """With all that a flag of `connect` can say; what only the cluster held is named."""
    quick.after(RICH)
    quick.fault(
        "arm", {"deny_policy": True}, method="PUT", path="/connectedClusters/harbor$", times=None
    )
    before = resource(quick)
    run = stopped(quick.type(MOVE_BARE), "RequestDisallowedByPolicy")
    quick.within(quick.world.faults.remove)
    quick.type(f"history {run} --close --yes --export bare")
    readme = (quick.folder / "bare" / "README.md").read_text()
    [line] = [each.strip() for each in readme.splitlines() if "arcctl connect" in each]

    assert "--proxy-https URL" in line
    assert "fill them in: --proxy-https" in readme
    quick.well(line.removeprefix("arcctl ").replace("URL", "http://proxy.example.com:3128"))
    after = resource(quick)
    for name in ("distribution", "infrastructure", "arcAgentProfile", "securityProfile"):
        assert after["properties"].get(name) == before["properties"].get(name), name
    assert (after["location"], after["tags"]) == (before["location"], before["tags"])


def test_a_run_is_closed_and_exported_from_a_fresh_machine(harbor: Stage) -> None:
    """From the cluster's copy alone; exported twice, but never over what somebody else has."""
    run = homeless(harbor)
    shutil.rmtree(harbor.folder / "theirs", ignore_errors=True)
    (harbor.folder / "theirs").mkdir()
    (harbor.folder / "theirs" / "notes.txt").write_text("theirs")

    full = harbor.type(f"history {run} --export theirs", **elsewhere(harbor))
    harbor.well(f"history {run} --export twice", **elsewhere(harbor))
    harbor.well(f"history {run} --export twice", **elsewhere(harbor))
    ended = harbor.type(f"history {run} --close --yes", **elsewhere(harbor))

    refused(full, "folder", exit_code=2, said="is not empty")
    assert contents(harbor.folder / "theirs") == {"notes.txt"}
    assert contents(harbor.folder / "twice") == contents(harbor.folder / run)
    assert ended.code == 5
    assert kept_in_cluster(harbor) == []


def test_before_the_point_of_no_return_rollback_is_offered(harbor: Stage) -> None:
    """Agents sleep; closing says so, and how each is woken."""
    path = "/deployments/clusterconnect-agent$"
    harbor.fault("kubernetes", {"status": 200, "body": {}}, method="PATCH", path=path, times=None)
    run = stopped(harbor.type(f"{MOVE} --onboarding-timeout 3"), "agents-not-quiet")
    harbor.within(harbor.world.faults.remove)

    unsaid = harbor.type(f"history {run} --close")
    ended = harbor.type(f"history {run} --close --yes")

    refused(unsaid, "no-terminal", exit_code=2, said=f"arcctl rollback {run} would undo it")
    assert (ended.code, "agents of azure-arc scaled to zero" in ended.err) == (5, True), ended.err
    assert (region(harbor), bool(asleep(harbor))) == ("eastus", True)
    assert "kubectl scale -n flux-system --replicas=1 deployment fluxconfig-agent" in ended.err
    harbor.well(moving.CONNECT)
    assert asleep(harbor) == ["fluxconfig-agent", "fluxconfig-controller"]


def test_a_living_run_is_not_closed(harbor: Stage) -> None:
    """Its Lease keeps a person out, too; once its process is dead, this machine knows at once."""
    harbor.fault("arm", {"operation_stuck": True}, method="PUT", path="/connectedClusters/harbor$")
    with harbor.start(MOVE) as process:
        moment = at(harbor, TARGET, "after", lambda: None)
        until(lambda: moment.happened, "a target that comes")
        run = harbor.well("history", **elsewhere(harbor)).data[0]["run"]
        other = harbor.type(f"history {run} --close --yes", **elsewhere(harbor))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE)

    refused(other, "run-in-progress")
    assert kept_in_cluster(harbor)
    assert harbor.type(f"history {run} --close --yes").code == 5
    assert kept_in_cluster(harbor) == []


def test_an_apply_is_closed_by_its_name(quick: Stage) -> None:
    """A person types it; another name closes nothing. Nothing is lost, so the exit code is 0."""
    run = half_done(quick)

    wrong = typed_at_a_terminal(quick, f"history {run} --close", "yes\n")
    right = typed_at_a_terminal(quick, f"history {run} --close --export kept", f"{run}\n")

    assert (wrong.code, right.code) == (130, 0), right
    assert "extensions/flux is not as the manifest says" in right.out
    assert in_cluster(quick) == []
    [file] = [each for each in contents(quick.folder / "kept") if "flux" in each]
    assert yaml.safe_load((quick.folder / "kept" / file).read_text())["name"] == "flux"
    quick.well("delete -n harbor -g edge --yes")


def test_a_run_whose_journal_nobody_can_read_is_closed(quick: Stage) -> None:
    """What it left is not known, which is said with exit code 5; the cluster is free again."""
    run = half_done(quick)
    [file] = (quick.folder / "home" / "arcctl").rglob("journal.jsonl")
    file.write_text("nonsense\n")
    name = f"arcctl-run-{run}-journal"
    damaged = {"journal": "bm9uc2Vuc2U="}
    quick.within(lambda: merge(quick, "secrets", "arcctl", name, data=damaged))
    stuck = quick.type("config apply -n harbor -g edge --file harbor.yaml --yes")

    assert "[journal-damaged]" in stuck.err
    ended = quick.type(f"history {run} --close --yes")
    assert (ended.code, "nobody knows what it has left undone" in ended.err) == (5, True), ended.err
    assert in_cluster(quick) == []
    quick.well("config apply -n harbor -g edge --file harbor.yaml --yes")


def test_what_cannot_be_closed_is_refused(two_clusters: Stage) -> None:
    """A run nobody knows, one of another cluster, one that has ended, and none at all."""
    run = half_done(two_clusters)

    unknown = two_clusters.type("history move-of-nobody --close --yes")
    other = two_clusters.type(f"history {run} --close --yes --kube-context sandbox-2")
    nameless = two_clusters.type("history --close --yes")
    two_clusters.well(f"resume {run}")
    ended = two_clusters.type(f"history {run} --close --yes")

    refused(unknown, "run-unknown", exit_code=3)
    refused(other, "wrong-cluster")
    refused(nameless, "usage", exit_code=2)
    refused(ended, "run-ended")
    assert json.loads(two_clusters.well(f"history {run}").out)["outcome"] == "applied"


def test_a_run_that_has_ended_elsewhere_is_not_revived(harbor: Stage) -> None:
    """This machine's old copy is all that closing ends; unsaid or said, the cluster hears nothing."""
    run = homeless(harbor)
    harbor.well(f"resume {run} {GIVEN} --yes", **elsewhere(harbor))
    harbor.world.journal.clear()

    unsaid = harbor.type(f"history {run} --close")
    after = kept_in_cluster(harbor)
    [told] = harbor.well("history").data
    ended = harbor.type(f"history {run} --close --yes --export old")

    refused(unsaid, "no-terminal", exit_code=2, said="the cluster holds no copy of")
    assert (after, told["outcome"]) == ([], "finished elsewhere")
    assert "[closed-unfinished]" not in ended.err, ended.err
    assert ended.code == 0
    assert kept_in_cluster(harbor) == []
    refused(harbor.type("resume"), "nothing-open", exit_code=3)
    refused(harbor.type("rollback"), "nothing-open", exit_code=3)
    assert changes_beyond(harbor) == []


def test_copies_that_disagree_are_closed_only_on_a_persons_word(quick: Stage) -> None:
    """Even where one of them says that the run has ended well: exit 5, since nobody knows."""
    run = half_done(quick)
    [file] = (quick.folder / "home" / "arcctl").rglob("journal.jsonl")
    lines = file.read_text().splitlines()
    quick.fault("arm", {"status": 409, "body": {}}, method="PUT", path="/extensions/", times=None)
    assert quick.type(f"resume {run}", **elsewhere(quick)).code == 6
    quick.within(quick.world.faults.remove)
    ending = {"at": json.loads(lines[-1])["at"], "kind": "ended", "step": ""}
    ending |= {"detail": {"outcome": "applied", "clean": True}}
    file.write_text("\n".join([*lines, json.dumps(ending)]) + "\n")

    unsaid = quick.type(f"history {run} --close")
    before = in_cluster(quick)
    ended = quick.type(f"history {run} --close --yes")

    refused(unsaid, "no-terminal", exit_code=2, said="tell different stories")
    assert before != []
    assert (ended.code, "[closed-unfinished]" in ended.err) == (5, True), ended.err
    assert in_cluster(quick) == []
