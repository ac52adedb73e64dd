"""Copies of a run that are damaged, torn or newer: the other copy serves, or nothing is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from arcctl.sandbox.kubernetes.kinds import KINDS
from tests.stories.moved import (
    GIVEN,
    MOVE,
    changes_beyond,
    kept_in_cluster,
    region,
    running,
    stopped,
    whole,
)
from tests.stories.refusals import refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stage import Stage

HARBOR = "/connectedClusters/harbor$"
DAMAGED = {"data": {"journal": "AAAA", "bundle": "AAAA"}}


def half_done(stage: Stage) -> tuple[str, Path]:
    """Let a move stop when the source is gone; return its name, and its folder here."""
    action = {"deny_policy": True}
    stage.fault("arm", action, method="PUT", path=HARBOR, region="westeurope", times=None)
    run = stopped(stage.type(MOVE), "RequestDisallowedByPolicy")
    stage.within(stage.world.faults.remove)
    stage.within(stage.world.journal.clear)
    return run, stage.folder / "home" / "arcctl" / "state" / "runs" / run


def damage_in_cluster(stage: Stage, part: str) -> None:
    """Let the cluster's copy of a part be read as something else than was written."""
    for action in ({"patch_body": DAMAGED}, {"patch_items": DAMAGED}):
        stage.fault("kubernetes", action, method="GET", path=f"-{part}$", times=None)
    if part == "journal":
        where = {"path": "/arcctl/secrets$", "query": "journal"}
        stage.fault("kubernetes", {"patch_items": DAMAGED}, method="GET", times=None, **where)


def garbage(file: Path) -> None:
    """Overwrite a file."""
    file.write_text("garbage\n")


def torn(file: Path) -> None:
    """Cut the last line in its middle, as a machine does that loses its power."""
    file.write_bytes(file.read_bytes()[:-20])


def newer(file: Path) -> None:
    """Let a later version have written it."""
    file.write_text(file.read_text().replace("arcctl.journal/1", "arcctl.journal/2"))


@pytest.mark.parametrize(
    ("file", "harm"),
    [("journal.jsonl", garbage), ("journal.jsonl", torn), ("bundle.json", garbage)],
    ids=["journal", "torn journal", "bundle"],
)
def test_the_clusters_copy_serves_where_this_machines_is_damaged(
    harbor: Stage, file: str, harm: Callable[[Path], None]
) -> None:
    """And the move is finished from it."""
    uids = running(harbor)
    run, folder = half_done(harbor)
    harm(folder / file)

    assert harbor.well(f"resume {run} {GIVEN}").data["clean"]

    whole(harbor, uids)


def test_this_machines_bundle_serves_where_the_clusters_is_damaged(harbor: Stage) -> None:
    """Digests in the journal tell which of the two is whole."""
    uids = running(harbor)
    run, _ = half_done(harbor)
    damage_in_cluster(harbor, "bundle")

    ended = harbor.type(f"resume {run} {GIVEN}")

    assert ended.code == 0, ended.err
    whole(harbor, uids)


@pytest.mark.parametrize(
    ("file", "part", "code"),
    [
        ("journal.jsonl", "journal", "journal-damaged"),
        ("bundle.json", "bundle", "document-damaged"),
    ],
)
def test_where_no_copy_is_whole_nothing_is_touched(
    harbor: Stage, file: str, part: str, code: str
) -> None:
    """Refused by name; put back from a copy, the file serves again."""
    uids = running(harbor)
    run, folder = half_done(harbor)
    copy = (folder / file).read_bytes()
    garbage(folder / file)
    damage_in_cluster(harbor, part)

    refused(harbor.type(f"resume {run} {GIVEN}"), code, said=run)

    assert (changes_beyond(harbor), region(harbor)) == ([], "")
    harbor.within(harbor.world.faults.remove)
    (folder / file).write_bytes(copy)
    assert harbor.well(f"resume {run} {GIVEN}").data["clean"]
    whole(harbor, uids)


def test_a_newer_journal_is_not_understood(harbor: Stage) -> None:
    """The cluster's copy is damaged, so the newer one here is all there is: refused."""
    run, folder = half_done(harbor)
    newer(folder / "journal.jsonl")
    damage_in_cluster(harbor, "journal")

    refused(harbor.type(f"resume {run} {GIVEN}"), "journal-newer", said="arcctl.journal/2")

    assert changes_beyond(harbor) == []


def forget(stage: Stage, run: str) -> None:
    """Let somebody delete the journal's Secret."""
    name = f"arcctl-run-{run}-journal"
    stage.within(lambda: stage.cluster.store.remove(KINDS["secrets"].key, "arcctl", name))


def test_a_run_whose_journal_is_gone_is_named(harbor: Stage) -> None:
    """By what it holds: other commands are refused and sweep nothing; closing keeps the key."""
    run, _ = half_done(harbor)
    forget(harbor, run)
    other = {"ARCCTL_HOME": str(harbor.folder / "home" / "elsewhere")}

    listed = harbor.well("history", **other).data
    told = [
        harbor.type(line, **other)
        for line in (
            "connect -n harbor -g edge -l westeurope --skip-prechecks --yes",
            "resume",
            "rollback --yes",
        )
    ]

    assert [(each["run"], each["outcome"][:11]) for each in listed] == [(run, "unreadable:")]
    for each in told:
        refused(each, "journal-gone", said=f"arcctl history {run} --close")
    assert f"arcctl-hold-{run}" in kept_in_cluster(harbor)
    assert changes_beyond(harbor) == []
    asked = harbor.type("check -n harbor -g edge --before connect", **other)
    assert "the journal of" in asked.out + asked.err, asked.err
    key = (KINDS["secrets"].key, "azure-arc", "azure-arc-connect-privatekey")
    harbor.within(lambda: harbor.cluster.store.remove(*key))
    ended = harbor.type(f"history {run} --close --yes", **other)
    assert (ended.code, kept_in_cluster(harbor)) == (5, [f"arcctl-key-{run}"]), ended.err
    assert "arcctl connect --private-key key.pem" in ended.err


def test_a_run_whose_journal_is_gone_goes_on_from_the_copy_here(harbor: Stage) -> None:
    """It has not ended, since arcctl itself removes the journal last."""
    uids = running(harbor)
    run, _ = half_done(harbor)
    forget(harbor, run)

    assert harbor.well(f"resume {run} {GIVEN}").data["clean"]

    whole(harbor, uids)
