"""Plans in files that cannot be trusted, or that the world has left behind: nothing is changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from arcctl.model import keys
from arcctl.model.plan import digest
from tests.stories import moving
from tests.stories.moved import GIVEN, MOVE, region
from tests.stories.pasting import tried
from tests.stories.refusals import refused
from tests.stories.test_move_bad_input import BARE, untouched

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stage import Stage


def plan_of(stage: Stage, **changed: Any) -> Path:
    """Store a plan, change its text, and return the file."""
    stage.well(f"{MOVE} --dry-run --plan-out plan.json")
    file = stage.folder / "plan.json"
    document = json.loads(file.read_text())
    file.write_text(json.dumps(document | changed))
    return file


@pytest.mark.parametrize(
    ("changed", "code", "said"),
    [
        ({"format": "arcctl.plan/3"}, "plan-newer", "arcctl.plan/2"),
        ({"format": "arcctl.plan/1"}, "plan-old", "plan again"),
        ({"rows": []}, "plan-damaged", "fingerprint"),
        ({"madeAt": "2020-01-01T00:00:00+00:00"}, "plan-damaged", "fingerprint"),
        ({"more": 1}, "plan-damaged", "fingerprint"),
        ({"format": "shopping"}, "plan-damaged", "plan again"),
        ({"observed": {}}, "plan-damaged", "fingerprint"),
        ({"rows": 7}, "plan-damaged", "plan again"),
        ({"source": "nowhere"}, "plan-damaged", "plan again"),
    ],
    ids=[
        "newer",
        "older",
        "other rows",
        "another day",
        "more",
        "none",
        "another world's",
        "wrong types",
        "no id",
    ],
)
def test_a_plan_that_cannot_be_trusted_is_refused(
    harbor: Stage, changed: dict[str, Any], code: str, said: str
) -> None:
    """Newer, damaged, or somebody's shopping list."""
    plan_of(harbor, **changed)

    refused(harbor.type(f"{BARE} {GIVEN} --plan plan.json"), code, exit_code=2, said=said)

    untouched(harbor)


def test_a_plan_alone_that_is_damaged_is_planned_again_with_all_that_is_needed(
    harbor: Stage,
) -> None:
    """What to move where stood in the file alone."""
    (harbor.folder / "plan.json").write_text("{}")

    ended = harbor.type("move -n harbor -g edge --plan plan.json")

    refused(ended, "plan-damaged", exit_code=2)
    line = "arcctl move -n harbor -g edge --target-region REGION --dry-run --plan-out plan.json"
    assert tried(ended.err) == [f"plan again: {line}"]


@pytest.mark.parametrize(
    "option",
    [{"target_region": "northeurope"}, {"accept": ["locked-itself"]}, {"diagnostics": True}],
    ids=["another region", "more let pass", "another way"],
)
def test_what_a_plan_asks_for_cannot_be_changed_in_its_file(
    harbor: Stage, option: dict[str, Any]
) -> None:
    """A person has seen another plan than the one that would be carried out."""
    file = plan_of(harbor)
    document = json.loads(file.read_text())
    file.write_text(json.dumps(document | {"options": document["options"] | option}))

    ended = harbor.type(f"{BARE} {GIVEN} --plan plan.json")

    refused(ended, "plan-damaged", exit_code=2, said="fingerprint")
    untouched(harbor)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"concurrency": "x"}, "concurrency is text"),
        ({"accept": None}, "accept is null"),
        ({"name": 7}, "name is a number"),
        ({"colour": "red"}, "colour"),
    ],
    ids=str,
)
def test_options_of_another_shape_are_refused(
    harbor: Stage, option: dict[str, Any], said: str
) -> None:
    """Also in a file whose fingerprint was made again."""
    file = plan_of(harbor)
    document = json.loads(file.read_text())
    del document["fingerprint"]
    document["options"] |= option
    file.write_text(json.dumps(document | {"fingerprint": digest(document)}))

    ended = harbor.type(f"{BARE} {GIVEN} --plan plan.json")

    refused(ended, "plan-damaged", exit_code=2, said=said)
    untouched(harbor)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe\x00", b"null"])
def test_a_plan_that_is_none_is_refused(harbor: Stage, content: bytes) -> None:
    """Empty, cut in the middle, or no text at all."""
    (harbor.folder / "plan.json").write_bytes(content)

    ended = harbor.type(f"{BARE} {GIVEN} --plan plan.json")

    assert (ended.code, "[plan-" in ended.err) == (2, True), ended.err
    untouched(harbor)


def test_a_plan_for_something_else_is_refused(harbor: Stage) -> None:
    """Another cluster, or another region than was typed."""
    plan_of(harbor)
    harbor.seed(clusters=[{"name": "pier", "group": "edge"}])

    other = harbor.type(f"move -n pier -g edge --yes {GIVEN} --plan plan.json")
    region_said = harbor.type(f"{BARE} {GIVEN} --plan plan.json --target-region northeurope")

    for each in (other, region_said):
        refused(each, "plan-other", exit_code=2, said="the plan is for harbor")
    untouched(harbor)


@pytest.mark.parametrize(
    "flag",
    [
        "--new-key",
        "--keep-key",
        "--reassign-identities",
        "--gateway-resource-id /subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/gateways/w",
        "--private-link-scope-resource-id /subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/privateLinkScopes/p",
        "--secrets-from-cluster",
        "--keep-secrets-in-cluster",
        "--waive-secret extensions/monitor/amalogs.secret.key",
        "--accept cluster-locked",
        "--target-name pier",
        "--target-group docks",
        "--private-key key.pem",
    ],
)
def test_what_a_plan_was_made_without_is_refused(harbor: Stage, flag: str) -> None:
    """A person who types more than was planned is not to believe that it was done."""
    (harbor.folder / "key.pem").write_text(keys.generate().private.reveal())
    plan_of(harbor)

    ended = harbor.type(f"{BARE} {GIVEN} --plan plan.json {flag}")

    refused(ended, "plan-other", exit_code=2, said="plan again: arcctl move -n harbor -g edge")
    untouched(harbor)


def test_what_a_plan_was_made_with_may_be_said_again(harbor: Stage) -> None:
    """Also how it is carried out, of which no plan speaks."""
    harbor.well(f"{MOVE} --dry-run --plan-out plan.json --new-key --concurrency 4")

    harbor.well(f"{BARE} {GIVEN} --plan plan.json --new-key --concurrency 16")

    assert region(harbor) == "westeurope"


def test_a_plan_is_refused_when_the_world_has_moved(harbor: Stage) -> None:
    """Exit 5, with what is new, gone and changed; nothing is done by halves."""
    plan_of(harbor)
    body = moving.git("https://git.example.com/edge/new", namespace="new")
    moving.arm.put_child(harbor, "fluxConfigurations", "new", body)
    harbor.within(harbor.world.journal.clear)

    ended = harbor.type(f"{BARE} {GIVEN} --plan plan.json")

    refused(ended, "plan-outdated", exit_code=5, said="fluxConfigurations/new: new")
    again = (
        "arcctl move -n harbor -g edge --target-region westeurope --skip-prechecks --dry-run"
        f" --plan-out plan.json {GIVEN}"
    )
    assert f": {again}\n" in ended.err
    assert "Nothing blocks this move" not in ended.err
    untouched(harbor)
    harbor.well(again.removeprefix("arcctl "))
    harbor.well(f"{BARE} {GIVEN} --plan plan.json")


def test_what_has_moved_is_named_field_by_field(harbor: Stage) -> None:
    """The key of a tag, and its value now; and all that was planned is in the next command."""
    waived = "--waive-secret private/httpsKey --keep-secrets-in-cluster --concurrency 3"
    harbor.well(f"{MOVE} {waived} --dry-run --plan-out plan.json")
    body = moving.arm.ask(harbor, "GET", moving.arm.HARBOR, version="2026-05-01")[1]
    tags = {"team": "quay", "floor": "2"}
    status, _ = moving.arm.ask(
        harbor, "PATCH", moving.arm.HARBOR, {"tags": tags}, version="2025-08-01-preview"
    )

    ended = harbor.type(f"{BARE} {GIVEN} --plan plan.json")

    assert (status, body["tags"]) == (200, {"team": "edge", "site": "pier7"})
    refused(ended, "plan-outdated", exit_code=5)
    assert "resource: tags changed (floor: new 2; site: gone; team: now quay)" in ended.err
    for each in ("--waive-secret private/httpsKey", "--keep-secrets-in-cluster", "--concurrency 3"):
        assert each in ended.err.partition("\ntry  ")[2]
