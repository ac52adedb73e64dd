"""The key pair of the agents in a move: it stays where it can, so that Terraform sees no change."""

from __future__ import annotations

import base64
import signal
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.model import keys
from tests import arm
from tests.matrix.cutting import Cut, Place, asked_path, cut
from tests.stories import moving
from tests.stories.spying import files

if TYPE_CHECKING:
    from tests.matrix.cutting import When
    from tests.stage import Stage

CLUSTERS = "2026-05-01"
MOVE = f"{moving.MOVE} --secrets-from-cluster"
RENAMED = f"{MOVE} --target-name quay"


def public(stage: Stage, name: str = "harbor") -> str:
    """The public key by which Azure knows the agents."""
    found: str = stage.well(f"show -n {name} -g edge").data["agentPublicKeyCertificate"]
    return found


def private(stage: Stage) -> str:
    """The private key that the agents hold."""
    place = ("", "secrets"), "azure-arc", "azure-arc-connect-privatekey"
    secret: dict[str, Any] = stage.within(lambda: stage.cluster.store.get(*place)) or {}
    return base64.b64decode(secret["data"]["privateKey"]).decode()


def changed(report: dict[str, Any]) -> set[str]:
    """What the report says is another now."""
    return {each["subject"] for each in report["changed"]}


def test_a_move_in_place_keeps_the_key(harbor: Stage) -> None:
    """In Azure and in the cluster; it is never on disk, and a file need only say the location."""
    before, held = public(harbor), private(harbor)
    report = harbor.well(f"{MOVE} --report report.md").data

    assert (public(harbor), private(harbor)) == (before, held)
    assert "public key" not in changed(report)
    assert 'Terraform: location = "westeurope"' in report["files"]
    line = held.splitlines()[20]
    assert not [str(path) for path, text in files(harbor.folder) if line in text]
    assert "ignore_changes = [location]" in (harbor.folder / "report.md").read_text()


def test_a_new_key_is_made_where_it_is_asked_for(harbor: Stage) -> None:
    """The report says so, and what a file must say now."""
    before, held = public(harbor), private(harbor)
    report = harbor.well(f"{MOVE} --new-key").data

    assert public(harbor) != before
    assert private(harbor) != held
    assert "public key" in changed(report)
    assert any("agent_public_key_certificate" in each for each in report["files"])


def test_a_key_may_be_brought(harbor: Stage) -> None:
    """The one of --private-key lies in the cluster afterwards, and its public half in Azure."""
    pair = keys.generate()
    (harbor.folder / "key.pem").write_text(pair.private.reveal())
    harbor.well(f"{MOVE} --private-key key.pem")

    assert (public(harbor), private(harbor)) == (pair.public, pair.private.reveal())


@pytest.mark.parametrize(("flags", "kept"), [("", False), ("--keep-key", True)])
def test_under_another_name_the_key_is_new_unless_it_is_kept(
    harbor: Stage, flags: str, kept: bool
) -> None:
    """Two resources would bear one key for a while."""
    before = public(harbor)
    harbor.well(f"{RENAMED} {flags}")

    assert (public(harbor, "quay") == before) is kept
    assert keys.read(private(harbor), proved=False).public == public(harbor, "quay")


def test_a_lost_key_is_replaced(harbor: Stage) -> None:
    """What cannot be read cannot stay; the plan says why."""
    before = public(harbor)
    secret = ("", "secrets"), "azure-arc", "azure-arc-connect-privatekey"
    harbor.within(lambda: harbor.cluster.store.remove(*secret))
    plan = harbor.well(f"{MOVE.replace('--yes', '')} --dry-run").data
    harbor.well(MOVE)

    [row] = [each for each in plan["rows"] if each["code"] == "certificate-key"]
    assert row["detail"] == "made anew: the private key cannot be read in the cluster"
    assert public(harbor) != before


@pytest.mark.parametrize(
    "flags", ["--new-key --keep-key", "--private-key key.pem --new-key", "--private-key none.pem"]
)
def test_flags_that_contradict_are_refused(harbor: Stage, flags: str) -> None:
    """Before anything is looked at."""
    (harbor.folder / "key.pem").write_text(keys.generate().private.reveal())
    assert harbor.type(f"{MOVE} {flags}").code == 2


def test_a_plan_with_a_brought_key_wants_that_key_again(harbor: Stage) -> None:
    """The plan holds its public half; another key, or none, is refused."""
    for name in ("right.pem", "wrong.pem"):
        (harbor.folder / name).write_text(keys.generate().private.reveal())
    dry = MOVE.replace("--yes", "--dry-run --plan-out plan.json")
    harbor.well(f"{dry} --private-key right.pem")
    carry = "move -n harbor -g edge --plan plan.json --skip-prechecks --yes"

    assert "[plan-other]" in harbor.type(carry).err
    assert "[plan-other]" in harbor.type(f"{carry} --private-key wrong.pem").err
    harbor.well(f"{carry} --private-key right.pem")


def killed_at(stage: Stage, request: str, line: str, when: When = "after") -> None:
    """Type a move that is killed before or after the server has acted on a request."""
    cutting = Cut(at=Place("arm", request, 1), when=when, signal=signal.SIGKILL)
    cut(stage, line, cutting)
    assert cutting.happened


DELETED = f"DELETE {asked_path(arm.HARBOR)}"
PUT_FLUX = f"PUT {asked_path(arm.HARBOR)}/{arm.CHILDREN}/extensions/flux"


@pytest.mark.parametrize(
    ("flags", "request_"),
    [
        ("", DELETED),
        ("", PUT_FLUX),
        ("--target-name quay", DELETED),
        ("--target-name quay", PUT_FLUX.replace("/harbor/", "/quay/")),
    ],
)
def test_the_way_back_has_the_sources_key_again(harbor: Stage, flags: str, request_: str) -> None:
    """Whatever the target's key was: a file that names the source's fits again."""
    before = public(harbor)
    killed_at(harbor, request_, f"{MOVE} {flags}")
    harbor.well("rollback --yes --take-over --protected-settings secrets.yaml")

    assert public(harbor) == before
    assert keys.read(private(harbor), proved=False).public == before


def test_a_source_made_again_with_the_same_key_is_not_deleted(harbor: Stage) -> None:
    """Terraform makes it so; the way back gives it its agents and its children again."""
    before = arm.children(harbor).keys()
    _, resource = arm.ask(harbor, "GET", arm.HARBOR, version=CLUSTERS)
    killed_at(harbor, DELETED, MOVE, "before")
    arm.ask(harbor, "DELETE", arm.HARBOR, version=CLUSTERS)
    again = {name: resource[name] for name in ("location", "properties", "tags")}
    again["identity"] = {"type": "SystemAssigned"}
    arm.ask(harbor, "PUT", arm.HARBOR, again, version=CLUSTERS)
    ended = harbor.type("resume --take-over --yes --protected-settings secrets.yaml")

    assert "[source-replaced]" in ended.err, ended.err
    assert arm.ask(harbor, "GET", arm.HARBOR, version=CLUSTERS)[0] == 200
    harbor.well("rollback --take-over --yes --protected-settings secrets.yaml")
    shown = harbor.well("show -n harbor -g edge").data
    assert (shown["location"], shown["connectivityStatus"]) == ("eastus", "Connected")
    assert arm.children(harbor).keys() == before
