"""Manifests are not written while a run of the cluster has not ended, and no file goes unsaid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.stories.beside import type_beside
from tests.stories.half_done import half_done
from tests.stories.moved import MOVE, stopped
from tests.stories.refusals import DENIED, FORBIDDEN, refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import Ended, Stage

NAMED = "-n harbor -g edge"
EXPORT = f"config export {NAMED}"
CHILD = "/extensions/monitor$"
ELSEWHERE = "elsewhere"


@pytest.fixture
def kept(harbor: Stage) -> Stage:
    """Harbor with its manifests in a folder and in a file."""
    harbor.well(f"{EXPORT} --folder kept")
    harbor.well(f"{EXPORT} --output-file kept.yaml")
    return harbor


def half_moved(stage: Stage, *more: str) -> str:
    """Let a move stop once its target is there, with few of its children; return the run's name."""
    stage.fault("arm", DENIED, method="PUT", path=CHILD, times=None)
    run = stopped(stage.type(" ".join((MOVE, *more))), "children-failed")
    stage.within(stage.world.faults.remove)
    return run


def files(folder: Path) -> dict[str, str]:
    """Every manifest of a person, with its text."""
    found = [*(folder / "kept").rglob("*.yaml"), folder / "kept.yaml"]
    return {str(path): path.read_text(encoding="utf-8") for path in found}


@pytest.mark.parametrize("to", ["--folder kept", "--output-file kept.yaml", ""])
def test_an_unfinished_move_is_not_written_over_a_manifest(kept: Stage, to: str) -> None:
    """By what this machine knows, and on another machine by what the cluster knows."""
    run, before = half_moved(kept), files(kept.folder)
    elsewhere = {"ARCCTL_HOME": str(kept.folder / ELSEWHERE)}
    alone = {"KUBECONFIG": str(kept.folder / "nowhere")}

    for around in (elsewhere, alone):
        ended = refused(kept.type(f"{EXPORT} {to}", **around), "run-unfinished")
        assert f"try    arcctl resume {run}" in ended.err
        assert f"arcctl history {run} --export FOLDER" in ended.err
    assert files(kept.folder) == before
    kept.well("resume --protected-settings secrets.yaml")
    kept.well(f"{EXPORT} {to}")


def test_a_resource_that_is_nowhere_for_now_names_its_run(kept: Stage) -> None:
    """Between deletion and creation there is no resource at all."""
    kept.fault("arm", DENIED, method="PUT", path="/connectedClusters/harbor$", times=None)
    run = stopped(kept.type(MOVE), "AuthorizationFailed")
    kept.within(kept.world.faults.remove)

    refused(kept.type(f"{EXPORT} --folder kept"), "run-unfinished", said=f"arcctl resume {run}")
    for line in (f"config list {NAMED}", "config diff kept edge/harbor"):
        told = refused(kept.type(line), "AZK8S0405", exit_code=3)
        assert f"arcctl resume {run}" in told.err


def test_a_run_that_lives_is_waited_for(kept: Stage) -> None:
    """Known from this machine's lock, and elsewhere from the Lease."""
    said: list[Ended] = []

    def look() -> None:
        line = f"{EXPORT} --folder kept"
        said.append(kept.type_apart(line, KUBECONFIG=str(kept.folder / "nowhere")))
        said.append(kept.type_apart(line, ARCCTL_HOME=str(kept.folder / ELSEWHERE)))

    assert type_beside(kept, MOVE, "put-extensions", look).code == 0
    for each in said:
        refused(each, "run-in-progress", said="arcctl history move-")


def test_an_unfinished_apply_counts_too(quick: Stage) -> None:
    """Whatever verb it is of."""
    run = half_done(quick)

    refused(quick.type(EXPORT), "run-unfinished", said=f"arcctl resume {run}")


def test_the_targets_name_is_known_as_well(kept: Stage) -> None:
    """A move to another name is about both resources."""
    run = half_moved(kept, "--target-name depot")
    depot = "-n depot -g edge"

    refused(kept.type(f"config export {depot}"), "run-unfinished", said=f"arcctl resume {run}")
    assert f"arcctl resume {run}" in kept.well(f"show {depot}").err


def test_those_who_only_look_name_the_run_and_go_on(kept: Stage) -> None:
    """On stderr, as `show` does; other clusters' lists say nothing."""
    run = half_moved(kept)
    quiet = "list -g depot"
    kept.seed(groups=[{"name": "depot"}])

    for line in (f"config list {NAMED}", "list", "list -g edge", f"show {NAMED}"):
        told = kept.well(line)
        assert (f"arcctl resume {run}" in told.err, bool(told.data)) == (True, True), line
    differing = kept.type("config diff kept.yaml edge/harbor")
    assert (differing.code, f"arcctl resume {run}" in differing.err) == (5, True)
    assert differing.data["missing"]
    assert run not in kept.well(quiet).err


def test_a_cluster_that_cannot_tell_is_said_and_does_not_stop(kept: Stage) -> None:
    """None at hand is no news; one that was named must answer."""
    kept.fault("kubernetes", FORBIDDEN, method="GET", path="/secrets", times=None)

    noted = kept.well(f"{EXPORT} --folder kept")
    silent = kept.well(f"{EXPORT} --folder kept", KUBECONFIG=str(kept.folder / "nowhere"))
    named = kept.type(f"{EXPORT} --folder kept --kube-context sandbox")

    assert "only the runs of this machine are known" in noted.err
    assert "runs of this machine" not in silent.err
    assert (named.code, "[kube-forbidden]" in named.err) == (4, True), named.err


def test_the_runs_of_another_cluster_do_not_count(two_clusters: Stage) -> None:
    """The current context need not be that of the cluster whose configuration is written."""
    half_done(two_clusters)
    two_clusters.seed(clusters=[{"name": "depot", "group": "edge"}])

    two_clusters.well("config export -n depot -g edge --folder depot")


def test_every_file_that_goes_is_named(kept: Stage) -> None:
    """That of a child that is gone, and others stay."""
    old = kept.folder / "kept" / "extensions" / "old.yaml"
    other = kept.folder / "kept" / "README.md"
    old.write_text((old.parent / "flux.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    other.write_text("mine", encoding="utf-8")

    told = kept.well(f"{EXPORT} --folder kept")
    again = kept.well(f"{EXPORT} --folder kept")

    assert "note  kept/extensions/old.yaml is removed: it is not part of this export" in told.err
    assert (old.exists(), other.exists()) == (False, True)
    assert "is removed" not in again.err
